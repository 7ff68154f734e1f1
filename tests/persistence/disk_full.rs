//! A disk that is full: the save fails and says so, the old file and the data stay, and a later try succeeds.
//!
//! The disk is a small tmpfs where the test may mount one; elsewhere a limit on the size of files, which gives
//! another errno by the same path.

use crate::harness::load::fill;
use crate::harness::server::Dir;
use crate::harness::{PATIENCE, Program, Server, wait_for, wait_in_sync};
use crate::{files, wait_bgsave};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;

const DISK_BYTES: usize = 2 << 20;

/// A folder on a small disk, or what to tell the shell instead.
struct SmallDisk {
    dir: Rc<Dir>,
    mounted: bool,
}

impl SmallDisk {
    fn new() -> SmallDisk {
        let dir = Rc::new(Dir::new());
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={DISK_BYTES}"), "tmpfs"])
            .arg(&dir.0)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        SmallDisk { dir, mounted }
    }

    /// A server whose snapshots go to the small disk; its log does not.
    fn start(&self, program: Program, config: &[&str]) -> Server {
        let mut config = config.to_vec();
        let dir_line = format!("dir {}", self.dir.0.display());
        let home = if self.mounted { Rc::new(Dir::new()) } else { Rc::clone(&self.dir) };
        config.push(&dir_line);
        let mut server = Server::prepare(program, home, &config);
        if !self.mounted {
            server.shell_setup(&format!("trap '' XFSZ; ulimit -f {}", DISK_BYTES / 512));
        }
        server.launch();
        server
    }

    fn files(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(&self.dir.0)
            .expect("the folder")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().into_owned())
            .filter(|name| !name.ends_with(".log") && !name.ends_with(".conf"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.mounted {
            // Lazily: a server of a failing test may still be there.
            let _ = Command::new("umount").arg("-l").arg(&self.dir.0).status();
        }
    }
}

#[test]
fn a_save_on_a_full_disk_fails_and_loses_nothing() {
    let disk = SmallDisk::new();
    let server = disk.start(Program::Oxidis, &["save 3600 1000000", "rdbcompression no"]);
    let mut client = server.client();
    fill(&mut client, 1, 300, 1000);
    server.ok("SAVE");
    let good = fs::read(disk.dir.0.join("dump.rdb")).expect("saved");
    fill(&mut client, 2, 10_000, 1000);
    let digest = server.digest();
    assert!(server.cmd("SAVE").is_error());
    assert_eq!(disk.files(), ["dump.rdb"], "after SAVE");
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "err");
    assert_eq!(disk.files(), ["dump.rdb"], "after BGSAVE");
    assert!(fs::read(disk.dir.0.join("dump.rdb")).expect("there") == good, "the old file was touched");
    let log = server.log();
    assert!(log.contains("Write error saving DB on disk") || log.contains("rdbSaveRio"), "{log}");
    assert!(log.contains("No space left on device") || log.contains("File too large"), "{log}");
    assert!(log.contains("Background saving error"), "{log}");
    assert!(server.cmd("SET a b").text().starts_with("MISCONF"));
    assert_eq!(server.digest(), digest);
    // SHUTDOWN must not throw away what could not be saved.
    let refused = server.cmd("SHUTDOWN SAVE").text();
    assert!(refused.starts_with("ERR Errors trying to SHUTDOWN. Check logs."), "{refused}");
    assert_eq!(disk.files(), ["dump.rdb"], "after SHUTDOWN");
    server.ok("CONFIG SET stop-writes-on-bgsave-error no");
    server.ok("FLUSHALL");
    server.ok("SET a b");
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "ok");
    drop(server);
    let again = disk.start(Program::Redis, &[]);
    assert_eq!(again.cmd("GET a").text(), "b");
}

#[test]
fn a_primary_whose_disk_is_full_tries_again() {
    let disk = SmallDisk::new();
    let primary = disk.start(Program::Oxidis, &["repl-diskless-sync no", "rdbcompression no"]);
    fill(&mut primary.client(), 3, 10_000, 1000);
    let replica = Server::start(Program::Redis, &[]);
    replica.ok("SET old data");
    replica.replicate(&primary);
    wait_for("a failed save", PATIENCE, || primary.info("rdb_last_bgsave_status") == "err");
    wait_for("no temp file between two tries", PATIENCE, || disk.files().is_empty());
    assert_eq!(replica.cmd("GET old").text(), "data");
    primary.ok("CONFIG SET repl-diskless-sync yes");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("DBSIZE").int(), 10_000);
}

#[test]
fn a_replica_whose_disk_is_full_keeps_its_data_and_tries_again() {
    let disk = SmallDisk::new();
    let primary = Server::start(Program::Redis, &["rdbcompression no"]);
    fill(&mut primary.client(), 4, 10_000, 1000);
    let replica = disk.start(Program::Oxidis, &["repl-diskless-load disabled"]);
    replica.ok("SET old data");
    replica.replicate(&primary);
    wait_for("the write error in the log", PATIENCE, || {
        replica.log().contains("needed for MASTER <-> REPLICA synchronization")
    });
    wait_for("the temp file to be removed", PATIENCE, || disk.files().is_empty());
    replica.ok("CONFIG SET repl-diskless-load swapdb");
    wait_in_sync(&primary, &[&replica]);
    assert_eq!(replica.cmd("DBSIZE").int(), 10_000);
}

/// A folder that cannot be written to is an error too, not an end.
#[test]
fn a_save_to_a_missing_folder_fails() {
    let server = Server::start(Program::Oxidis, &[]);
    let folder = server.path("gone");
    fs::create_dir(&folder).expect("a folder");
    server.ok(&format!("CONFIG SET dir {}", folder.display()));
    fs::remove_dir(&folder).expect("removed");
    server.ok("SET a b");
    assert!(server.cmd("SAVE").is_error());
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "err");
    server.ok(&format!("CONFIG SET dir {}", Path::new(&server.dir.0).display()));
    server.cmd("BGSAVE");
    assert_eq!(wait_bgsave(&server), "ok");
    assert_eq!(files(&server), ["dump.rdb"]);
}
