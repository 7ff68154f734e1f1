//! The command line and redis.conf.

use super::{Config, Folder, get, load, load_text};
use crate::config::options::{self, Flags};
use crate::config::{Directives, LoadError};

#[test]
fn bad_arguments_get_the_words_of_redis() {
    let mut lines =
        include_str!("refused_at_start.txt").lines().filter(|line| !line.starts_with('#')).peekable();
    let mut cases = 0;
    while let Some(line) = lines.next() {
        let command_line = line.strip_prefix("$ ").expect("a command line");
        let mut expected = String::new();
        while let Some(text) = lines.next_if(|line| !line.starts_with("$ ")) {
            expected = expected + "\n" + text;
        }
        let error = load(command_line).expect_err(command_line).to_string();
        let (head, reason) = error.trim_start().split_once('\n').expect("several lines");
        assert!(head.starts_with("*** FATAL CONFIG FILE ERROR (Redis "), "{head}");
        assert_eq!(reason, expected.trim_start(), "{command_line}");
        cases += 1;
    }
    assert!(cases > 100, "{cases} cases");
}

#[test]
fn arguments_become_options() {
    for (command_line, option, value) in [
        ("--port 6380", "port", "6380"),
        ("'--maxmemory 700mb' '--maxmemory-policy volatile-lru'", "maxmemory", "734003200"),
        ("--port 1 loglevel 2 --port 3 --loglevel verbose", "loglevel", "verbose"),
        (
            "--proc-title-template --my--title--template --loglevel verbose",
            "proc-title-template",
            "--my--title--template",
        ),
        ("'--proc-title-template --my--title--template' '--loglevel verbose'", "loglevel", "verbose"),
        ("--save --loglevel verbose", "save", ""),
        ("--loglevel verbose --save", "save", ""),
        ("--save '' --loglevel verbose", "save", ""),
        ("--loglevel verbose --save ''", "save", ""),
        ("--proc-title-template --save --save '' --loglevel verbose", "proc-title-template", "--save"),
        ("--save 100 100", "save", "100 100"),
        ("--save 100 100 --save 200 '200'", "save", "100 100 200 200"),
        ("--save '100 100 200 200'", "save", "100 100 200 200"),
        ("--shutdown-on-sigint nosave force now", "shutdown-on-sigint", "nosave now force"),
        ("--shutdown-on-sigterm 'nosave force'", "shutdown-on-sigterm", "nosave force"),
        ("--slaveof 127.0.0.1 1", "replicaof", "127.0.0.1 1"),
        ("--replicaof a 1 --replicaof no one", "replicaof", ""),
        ("--bind 127.0.0.1 -::1", "bind", "127.0.0.1 -::1"),
        ("--bind ''", "bind", ""),
        ("--PORT 7", "port", "7"),
    ] {
        let config = load(command_line);
        if command_line.contains("loglevel 2") {
            assert!(config.is_err(), "a name without dashes is a value of the option before it");
            continue;
        }
        assert_eq!(get(&config.expect(command_line), option), value, "{command_line}");
    }
}

#[test]
fn the_last_line_about_an_option_counts() {
    let folder = Folder::new("order");
    let file = folder.write("a.conf", "port 1\nsave 900 1\nloglevel debug\n");
    let args = [file.as_bytes().to_vec(), b"--port".to_vec(), b"3".to_vec(), b"-".to_vec()];
    let mut stdin = &b"port 2\nloglevel warning\n"[..];
    let config = Config::load(&args, &mut stdin, &mut ()).expect("good lines");
    assert_eq!((config.port, get(&config, "loglevel")), (3, "warning".into()));
    assert_eq!(get(&config, "save"), "900 1");
    assert_eq!(config.config_file.as_deref(), Some(file.as_bytes()));
}

#[test]
fn words_without_dashes_behind_the_file_are_a_line_too() {
    let folder = Folder::new("nodash");
    let file = folder.write("a.conf", "");
    let config = load(&format!("{file} loglevel verbose \"--maxmemory '700mb'\"")).expect("good lines");
    assert_eq!((get(&config, "loglevel"), config.maxmemory), ("verbose".into(), 700 << 20));
}

#[test]
fn redis_conf_has_comments_quotes_and_lists() {
    let config = load_text(
        "# comment\n\n  \t# another\r\n PORT 7777\r\nappendfilename \"a \\x62\\n\"\nrequirepass 'it\\'s'\n\
         client-output-buffer-limit normal 1kb 2kb 3\nclient-output-buffer-limit replica 1 1 1 pubsub 2 2 2\n\
         save 1 2\nsave 3 4 5 6\nlatency-tracking-info-percentiles 1.5 2\noom-score-adj-values 1 2 3\n\
         list-max-ziplist-value 3\nuser alice on nopass\nuser bob off\nrename-command CONFIG \"\"\n",
    )
    .expect("good lines");
    assert_eq!(config.port, 7777);
    assert_eq!(config.appendfilename, "a b\n");
    assert_eq!(config.requirepass, "it's");
    assert_eq!(get(&config, "client-output-buffer-limit"), "normal 1024 2048 3 slave 1 1 1 pubsub 2 2 2");
    assert_eq!(get(&config, "save"), "1 2 3 4 5 6");
    assert_eq!(config.latency_tracking_info_percentiles, [1.5, 2.0]);
    assert_eq!(config.oom_score_adj_values, [1, 2, 3]);
    assert_eq!(config.users.iter().map(|user| user.len()).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(config.rename_commands, [("CONFIG".into(), "".into())]);
}

#[test]
fn included_files_count_where_they_stand() {
    let folder = Folder::new("include");
    folder.write("b1.conf", "port 11\n");
    folder.write("b2.conf", "port 12");
    folder.write("deep.conf", "include b*.conf\ntimeout 9");
    let main = format!("dir {}\nport 1\ninclude deep.conf\ninclude none-*.conf\nhz 7\n", folder.path("."));
    let file = folder.write("main.conf", &main);
    let config = load(&file).expect("good files");
    assert_eq!((config.port, config.timeout, config.hz), (12, 9, 7));
}

#[test]
fn an_error_names_the_file_and_the_line_in_it() {
    let folder = Folder::new("error");
    let bad = folder.write("bad.conf", "port 1\n\nfoo  bar \n");
    let file = folder.write("main.conf", &format!("port 1\ninclude {bad}\n"));
    let expected = LoadError::Line {
        file: Some(bad.as_str().into()),
        number: 3,
        line: "foo  bar".into(),
        reason: "Bad directive or wrong number of arguments".into(),
    };
    let error = load(&file).unwrap_err();
    assert_eq!(error, expected);
    assert!(error.to_string().contains(&format!("at line 3 of '{bad}'\n>>> 'foo  bar'\nBad directive")));
    // What follows from the command line counts on below the file, as if it stood there.
    let good = folder.write("good.conf", "port 1\n");
    assert!(
        load(&format!("{good} --foo bar")).unwrap_err().to_string().contains("at line 3\n>>> 'foo \"bar\"'")
    );
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    for command_line in ["/nonexistent/a.conf", "--include /nonexistent/a.conf"] {
        assert_eq!(
            load(command_line).unwrap_err().to_string(),
            "Fatal error, can't open config file '/nonexistent/a.conf': No such file or directory"
        );
    }
}

#[test]
fn files_that_include_each_other_are_refused() {
    let folder = Folder::new("circle");
    let path = folder.path("a.conf");
    folder.write("a.conf", &format!("include {path}\n"));
    assert!(load(&path).unwrap_err().to_string().contains("include each other"));
}

#[test]
fn the_config_file_is_kept_absolute() {
    let folder = Folder::new("absolute");
    let file = folder.write("a.conf", "");
    let here = std::env::current_dir().expect("a working directory");
    let up = "../".repeat(here.components().count());
    let config = load(&format!("{up}{}", &file[1..])).expect("the file is there");
    assert_eq!(config.config_file.as_deref(), Some(file.as_bytes()));
}

#[test]
fn modules_are_refused_with_a_reason() {
    for line in ["loadmodule /x.so", "redisearch.workers 4"] {
        assert!(load_text(line).unwrap_err().to_string().contains("no module API"), "{line}");
    }
}

#[test]
fn directives_about_commands_and_users_are_checked_by_those_who_know_them() {
    struct Strict;
    impl Directives for Strict {
        fn rename_command(&mut self, _: &[u8], _: &[u8]) -> Result<(), String> {
            Err("No such command in rename-command".into())
        }
        fn user(&mut self, words: &[&[u8]]) -> Result<(), (usize, String)> {
            Err((words.len(), "Syntax error".into()))
        }
    }
    for (line, reason) in [
        ("rename-command a b", "No such command in rename-command"),
        ("user foo bar", "Error in user declaration 'bar': Syntax error"),
    ] {
        let error = Config::load(&[b"-".to_vec()], &mut line.as_bytes(), &mut Strict).unwrap_err();
        assert!(error.to_string().ends_with(reason), "{error}");
    }
}

/// redis.conf.example, as it is and with the options that are off turned on.
fn example() -> (&'static str, String) {
    let text = include_str!("../../../redis.conf.example");
    let shown_off =
        |line: &str| line.starts_with('#') && line.as_bytes().get(1).is_some_and(u8::is_ascii_alphabetic);
    let turn_on = |line: &'static str| if shown_off(line) { &line[1..] } else { line };
    (text, text.lines().map(turn_on).collect::<Vec<_>>().join("\n"))
}

#[test]
fn the_example_file_says_the_defaults() {
    let config = load_text(example().0).expect("the example is good");
    let expected = Config { bind: vec!["127.0.0.1".into(), "-::1".into()], ..Config::default() };
    assert_eq!(config, expected);
}

#[test]
fn the_example_file_names_every_option() {
    let (_, text) = example();
    let text = text.replace("include ", "#");
    load_text(&text).expect("what is off in the example is good, too");
    for row in options::all().filter(|row| !row.flags.contains(Flags::HIDDEN)) {
        let named = text.lines().any(|line| line.split(' ').next() == Some(row.name));
        assert!(named, "{} is missing", row.name);
    }
}
