//! The options that are read, checked, shown and rewritten but change nothing yet, since what they are about is still
//! to come. README lists them too; a test compares the two. Whoever builds the feature takes its options off.

use super::options::{self, Row};
use super::settings::Config;

/// Names of the options, sorted.
pub const UNHONOURED: &[&str] = &[
    "active-defrag-cycle-max",
    "active-defrag-cycle-min",
    "active-defrag-ignore-bytes",
    "active-defrag-max-scan-fields",
    "active-defrag-threshold-lower",
    "active-defrag-threshold-upper",
    "activedefrag",
    "aof-disable-auto-gc",
    "aof-load-truncated",
    "aof-rewrite-incremental-fsync",
    "aof-timestamp-enabled",
    "aof-use-rdb-preamble",
    "aof_rewrite_cpulist",
    "appenddirname",
    "appendfilename",
    "appendfsync",
    "appendonly",
    "auto-aof-rewrite-min-size",
    "auto-aof-rewrite-percentage",
    "bgsave_cpulist",
    "bio_cpulist",
    "busy-reply-threshold",
    "cluster-allow-pubsubshard-when-down",
    "cluster-allow-reads-when-down",
    "cluster-allow-replica-migration",
    "cluster-announce-bus-port",
    "cluster-announce-hostname",
    "cluster-announce-ip",
    "cluster-announce-port",
    "cluster-announce-tls-port",
    "cluster-config-file",
    "cluster-enabled",
    "cluster-link-sendbuf-limit",
    "cluster-migration-barrier",
    "cluster-node-timeout",
    "cluster-port",
    "cluster-preferred-endpoint-type",
    "cluster-replica-no-failover",
    "cluster-replica-validity-factor",
    "cluster-require-full-coverage",
    "crash-memcheck-enabled",
    "enable-module-command",
    "ignore-warnings",
    "io-threads",
    "io-threads-do-reads",
    "loading-process-events-interval-bytes",
    "lua-enable-deprecated-api",
    "no-appendfsync-on-rewrite",
    "sanitize-dump-payload",
    "server_cpulist",
    "socket-mark-id",
];

impl Config {
    /// Options that are set to something and change nothing yet: worth a line in the log at start.
    pub fn unhonoured_in_use(&self) -> impl Iterator<Item = &'static Row> {
        let defaults = Config::default();
        let differs = move |row: &Row| row.get(self) != row.get(&defaults);
        options::all().filter(|row| UNHONOURED.contains(&row.name)).filter(move |row| differs(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// The sources that make options mean something.
    fn readers(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).expect("the sources are there") {
            let path = entry.expect("the sources can be listed").path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "config") {
                readers(&path, text);
            } else if path.extension().is_some_and(|end| end == "rs") {
                text.push_str(&std::fs::read_to_string(&path).expect("the sources can be read"));
            }
        }
    }

    #[test]
    fn an_option_that_nobody_reads_is_listed() {
        let mut text = include_str!("proc_title.rs").to_owned();
        readers(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let read: std::collections::HashSet<&str> =
            text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
        let unread: Vec<&str> = options::all()
            .map(|row| row.name)
            .filter(|name| !read.contains(name.replace('-', "_").as_str()) && !UNHONOURED.contains(name))
            .collect();
        assert_eq!(unread, Vec::<&str>::new());
    }

    #[test]
    fn the_readme_lists_them_all_and_no_others() {
        let readme = include_str!("../../README.md");
        let list = readme.split("<!-- unhonoured").nth(1).and_then(|rest| rest.split("<!-- end -->").next());
        let listed: Vec<&str> =
            list.expect("the README has the list").split('`').skip(1).step_by(2).collect();
        assert_eq!(listed, UNHONOURED);
    }
}
