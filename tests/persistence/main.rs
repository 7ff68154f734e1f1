//! Snapshots: what is saved is what is loaded, by Oxidis and by redis-server; and nothing is lost when a process is
//! killed, the disk is full or a file is damaged.

mod damage;
mod disk_full;
mod kill;
mod loading;
mod save;
mod streams;

#[path = "../harness/mod.rs"]
mod harness;

use harness::{PATIENCE, Server, wait_for};

/// redis-server looks at its clients each so many bytes of a load; Oxidis does by time.
pub const EVENTS: &str = "loading-process-events-interval-bytes 1024";

/// Waits for the end of a BGSAVE and returns INFO's verdict.
#[track_caller]
pub fn wait_bgsave(server: &Server) -> String {
    wait_for("the end of the background save", PATIENCE, || server.info("rdb_bgsave_in_progress") == "0");
    server.info("rdb_last_bgsave_status")
}

/// What is in the server's folder besides its log and config, sorted.
pub fn files(server: &Server) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(&server.dir.0)
        .expect("the server's folder")
        .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.ends_with(".log") && !name.ends_with(".conf"))
        .collect();
    names.sort();
    names
}
