//! `--version` and its like.

use super::words;
use crate::config::cli::{answer, version};

#[test]
fn version_has_the_fields_of_redis() {
    let line = version();
    let fields: Vec<&str> =
        line.trim_end().split(' ').skip(2).filter_map(|word| Some(word.split_once('=')?.0)).collect();
    assert!(line.starts_with("Oxidis server v="), "{line}");
    assert_eq!(fields, ["v", "sha", "malloc", "bits", "build"]);
    assert!(line.contains(" malloc=jemalloc-5.") && line.ends_with('\n'), "{line}");
    for option in ["-v", "--version"] {
        let answer = answer(&words(option)).expect("an answer");
        assert_eq!((answer.out.as_str(), answer.err.as_str(), answer.code), (line.as_str(), "", 0));
    }
}

#[test]
fn help_goes_to_standard_error_and_counts_as_a_failure() {
    for option in ["-h", "--help"] {
        let answer = answer(&words(option)).expect("an answer");
        assert!(answer.err.starts_with("Usage: ./oxidis-server [/path/to/redis.conf] [options] [-]\n"));
        assert_eq!((answer.out.as_str(), answer.code), ("", 1));
    }
}

#[test]
fn memory_is_not_tested() {
    let asked = answer(&words("--test-memory")).expect("an answer");
    assert!(asked.err.starts_with("Please specify the amount of memory to test in megabytes.\n"));
    assert_eq!(answer(&words("--test-memory 10")).expect("an answer").code, 1);
}

#[test]
fn only_the_first_argument_counts() {
    for arguments in ["", "--port 1 --version", "x.conf -v", "-"] {
        assert_eq!(answer(&words(arguments)), None, "{arguments}");
    }
}
