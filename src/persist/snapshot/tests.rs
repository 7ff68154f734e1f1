//! Saves by real forks, ended in every way.

use super::*;
use crate::keyspace::Access;
use crate::persist::load::{Loading, Progress};
use crate::persist::rdb::load::{Duplicates, LoadOptions, Target};
use crate::persist::rdb::save::Usage;
use crate::sys::fork;
use crate::value::NewValue;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// A folder of its own, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("oxidis-snapshot-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new folder");
        Folder(path)
    }

    fn target(&self) -> DiskTarget {
        DiskTarget { path: self.0.join("dump.rdb"), incremental_fsync: true }
    }

    fn files(&self) -> Vec<String> {
        let name =
            |entry: io::Result<fs::DirEntry>| entry.expect("readable").file_name().display().to_string();
        fs::read_dir(&self.0).expect("readable").map(name).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options() -> SaveOptions<'static> {
    SaveOptions {
        version: super::super::rdb::VERSION,
        server_version: "7.0.15",
        now_ms: 0,
        used_memory: 1 << 30,
        repl: None,
        aof_base: false,
        compression: true,
        checksum: true,
        usage: Usage::None,
        key_save_delay: 0,
        data: true,
    }
}

fn keyspace_of(keys: i64) -> Keyspace {
    let mut keyspace = Keyspace::with_seeds(2, [1, 2, 3, 4]);
    for n in 0..keys {
        keyspace.insert_loaded(0, format!("key {n}").as_bytes(), NewValue::Int(n), None, Access::Fresh, true);
    }
    keyspace
}

fn keys_in(mut loading: Loading) -> u64 {
    let mut keyspace = Keyspace::with_seeds(2, [1, 2, 3, 4]);
    let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
    match loading.load_slice(&mut target, Duration::from_secs(60)).expect("a good snapshot") {
        Progress::Done(loaded) => loaded.keys_loaded,
        other => panic!("{other:?}"),
    }
}

const LOAD: LoadOptions =
    LoadOptions { checksum: true, drop_expired: true, now_ms: 0, duplicates: Duplicates::Refuse };

fn keys_at(path: &Path) -> u64 {
    keys_in(Loading::open(path, LOAD).expect("a snapshot"))
}

/// Polls until `done` gives something.
fn wait_for<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn finish(snapshots: &mut Snapshots, now_s: i64) -> Finished {
    wait_for("the child to end", || snapshots.poll(now_s))
}

#[test]
fn a_background_save_makes_the_file_and_nothing_else() {
    let folder = Folder::new();
    let keyspace = keyspace_of(5000);
    let mut snapshots = Snapshots::new(100);
    snapshots.start_disk(&keyspace, &folder.target(), &options(), 42, 110, || {}).expect("fork");
    assert_eq!(snapshots.running(), Some(SaveKind::Disk));
    let info = snapshots.info(113);
    assert!(info.in_progress);
    assert_eq!((info.current_duration_s, info.child.keys_total), (3, 5000));

    let finished = finish(&mut snapshots, 115);
    assert_eq!(
        finished,
        Finished { kind: SaveKind::Disk, end: ChildEnd::Ok, dirty_saved: 42, cleanup: None }
    );
    assert_eq!(folder.files(), ["dump.rdb"]);
    assert_eq!(keys_at(&folder.target().path), 5000);
    let info = snapshots.info(116);
    assert!(!info.in_progress && info.last_ok && info.last_cow_size > 0);
    assert_eq!((info.last_save_s, info.last_duration_s, info.current_duration_s), (115, 5, -1));
    assert_eq!((info.saves, info.child.keys_total), (1, 0));
    assert_eq!(snapshots.poll(116), None);
}

#[test]
fn a_save_in_this_process_makes_the_file_and_nothing_else() {
    let folder = Folder::new();
    let mut snapshots = Snapshots::new(100);
    snapshots.save_now(&keyspace_of(10), &folder.target(), &options(), 120).expect("saved");
    assert_eq!(folder.files(), ["dump.rdb"]);
    assert_eq!(keys_at(&folder.target().path), 10);
    assert_eq!((snapshots.last_save_s(), snapshots.info(120).saves), (120, 1));
}

/// Starts a save that takes very long, and waits until its temporary file is there.
fn start_slow(folder: &Folder, snapshots: &mut Snapshots) {
    let slow = SaveOptions { key_save_delay: 1_000_000, ..options() };
    snapshots.start_disk(&keyspace_of(1000), &folder.target(), &slow, 1, 110, || {}).expect("fork");
    let temp = temp_path(&folder.target().path, snapshots.child_pid().expect("a child"));
    wait_for("the temporary file", || temp.exists().then_some(()));
}

#[test]
fn a_killed_child_leaves_no_file_and_counts_as_failure() {
    let folder = Folder::new();
    fs::write(folder.target().path, b"the old snapshot").expect("written");
    let mut snapshots = Snapshots::new(100);
    start_slow(&folder, &mut snapshots);
    fork::kill(snapshots.child_pid().expect("a child"), libc::SIGKILL).expect("killed");
    let finished = finish(&mut snapshots, 111);
    assert_eq!((finished.end, finished.dirty_saved), (ChildEnd::Killed(libc::SIGKILL), 0));
    assert_eq!(folder.files(), ["dump.rdb"]);
    assert_eq!(fs::read(folder.target().path).expect("still there"), b"the old snapshot");
    assert!(!snapshots.info(111).last_ok);
    assert!(snapshots.refuses_writes(true, true));
    assert!(!snapshots.refuses_writes(false, true) && !snapshots.refuses_writes(true, false));
    // The next automatic one waits, counted from the last try.
    let point = SavePoint { seconds: 1, changes: 1 };
    assert_eq!(snapshots.save_point_due(&[point], 5, 115), None);
    assert_eq!(snapshots.save_point_due(&[point], 5, 116), Some(point));
    // One that works makes all well again.
    snapshots.save_now(&keyspace_of(1), &folder.target(), &options(), 117).expect("saved");
    assert!(!snapshots.refuses_writes(true, true));
}

/// Ends without unwinding, as by SIGKILL, once its own child's file is there.
fn run_and_vanish(folder: &Folder, ready: &PipeWriter) -> ! {
    let mut snapshots = Snapshots::new(100);
    start_slow(folder, &mut snapshots);
    let _ = (&*ready).write_all(&snapshots.child_pid().expect("a child").to_le_bytes());
    fork::exit_now(0)
}

#[test]
fn a_child_and_its_file_go_with_a_server_that_is_killed() {
    let folder = Folder::new();
    let (mut from_server, ready) = io::pipe().expect("pipe");
    let server = match fork::fork().expect("fork") {
        fork::Forked::Child(_) => run_and_vanish(&folder, &ready),
        fork::Forked::Parent(pid) => pid,
    };
    let mut pid = [0; 4];
    from_server.read_exact(&mut pid).expect("the server forked");
    fork::wait(server).expect("it ends");
    let process = format!("/proc/{}", i32::from_le_bytes(pid));
    wait_for("the file to go", || folder.files().is_empty().then_some(()));
    let gone = || !fs::read_to_string(format!("{process}/cmdline")).is_ok_and(|text| !text.is_empty());
    wait_for("the child to go", || gone().then_some(()));
}

#[test]
fn a_child_stopped_by_the_server_is_no_failure() {
    let folder = Folder::new();
    let mut snapshots = Snapshots::new(100);
    start_slow(&folder, &mut snapshots);
    snapshots.stop_child();
    let finished = finish(&mut snapshots, 111);
    assert!(finished.end.stopped_on_request());
    assert!(folder.files().is_empty());
    assert!(snapshots.info(111).last_ok);
    assert_eq!(snapshots.last_save_s(), 100);
}

#[test]
fn a_server_that_exits_takes_its_child_and_temporary_file_along() {
    let folder = Folder::new();
    let mut snapshots = Snapshots::new(100);
    start_slow(&folder, &mut snapshots);
    snapshots.stop_child_at_exit();
    assert!(folder.files().is_empty());
    // Unless the exit is called off.
    assert!(finish(&mut snapshots, 111).end.stopped_on_request());
    assert!(folder.files().is_empty());
}

#[test]
fn a_folder_that_cannot_be_written_fails_both_kinds_of_save() {
    let folder = Folder::new();
    let nowhere = DiskTarget { path: folder.0.join("missing").join("dump.rdb"), incremental_fsync: false };
    let mut snapshots = Snapshots::new(100);
    assert_eq!(snapshots.save_now(&keyspace_of(1), &nowhere, &options(), 101), Err(SaveFailed));
    assert!(snapshots.info(101).last_ok, "SAVE has told its client, and says nothing about BGSAVE");
    snapshots.start_disk(&keyspace_of(1), &nowhere, &options(), 1, 102, || {}).expect("fork");
    assert_eq!(finish(&mut snapshots, 103).end, ChildEnd::Failed);
    assert!(!snapshots.info(103).last_ok);
}

#[test]
fn a_rename_that_fails_leaves_no_temporary_file() {
    let folder = Folder::new();
    fs::create_dir(folder.target().path).expect("a folder in the way");
    let mut snapshots = Snapshots::new(100);
    assert_eq!(snapshots.save_now(&keyspace_of(1), &folder.target(), &options(), 101), Err(SaveFailed));
    assert_eq!(folder.files(), ["dump.rdb"]);
}

#[test]
fn a_big_file_is_written_back_as_it_grows() {
    let folder = Folder::new();
    let mut keyspace = keyspace_of(0);
    let mut rng = crate::util::rng::Rng::seeded(1);
    for n in 0..40u32 {
        let value: Vec<u8> = (0..40_000).flat_map(|_| rng.next_u64().to_le_bytes()).collect();
        keyspace.insert_loaded(0, &n.to_be_bytes(), NewValue::Raw(&value), None, Access::Fresh, true);
    }
    let mut snapshots = Snapshots::new(100);
    snapshots.save_now(&keyspace, &folder.target(), &options(), 101).expect("saved");
    assert!(fs::metadata(folder.target().path).expect("there").len() > 12 << 20);
    assert_eq!(keys_at(&folder.target().path), 40);
}

#[test]
fn a_socket_save_comes_framed_and_its_child_waits_to_be_let_go() {
    let mark = [b'e'; 40];
    let keyspace = keyspace_of(20_000);
    let mut snapshots = Snapshots::new(100);
    let (mut pipe, _) = snapshots.start_socket(&keyspace, &options(), &mark, 110, || {}).expect("fork");
    assert_eq!(snapshots.running(), Some(SaveKind::Socket));
    let mut bytes = Vec::new();
    let mut chunk = [0; 10_000];
    wait_for("the end of the pipe", || match pipe.read(&mut chunk) {
        Ok(0) => Some(()),
        Ok(n) => {
            bytes.extend_from_slice(&chunk[..n]);
            None
        }
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
            None
        }
    });
    assert_eq!(snapshots.poll(111), None, "it stays until the last byte is passed on");
    snapshots.let_child_exit();
    assert_eq!(finish(&mut snapshots, 112).end, ChildEnd::Ok);
    assert_eq!(snapshots.last_save_s(), 100, "nothing is on disk");

    let body =
        bytes.strip_prefix(b"$EOF:").and_then(|rest| rest.strip_prefix(&mark)).expect("the mark first");
    let mut loading = Loading::stream(LOAD, None);
    loading.feed(&body[2..]);
    let mut keyspace = keyspace_of(0);
    let mut target = Target { keyspace: &mut keyspace, on_expired: &mut |_, _| {} };
    let progress = loading.load_slice(&mut target, Duration::from_secs(60)).expect("a good snapshot");
    assert!(matches!(progress, Progress::Done(loaded) if loaded.keys_loaded == 20_000), "{progress:?}");
    assert_eq!(loading.rest(), mark);
}

#[test]
fn a_socket_save_that_nobody_reads_fails_by_itself() {
    let mut snapshots = Snapshots::new(100);
    let pipe =
        snapshots.start_socket(&keyspace_of(50_000), &options(), &[b'e'; 40], 110, || {}).expect("fork");
    drop(pipe);
    snapshots.let_child_exit();
    assert_eq!(finish(&mut snapshots, 112).end, ChildEnd::Failed);
    assert!(snapshots.info(112).last_ok, "a transfer says nothing about BGSAVE");
}

#[test]
fn a_save_point_needs_its_changes_and_its_seconds() {
    let points =
        [(3600, 1), (300, 100), (60, 10_000)].map(|(seconds, changes)| SavePoint { seconds, changes });
    let reached =
        |dirty, since| save_point_reached(&points, dirty, since).map(|point| (point.seconds, point.changes));
    assert_eq!(reached(0, 1_000_000), None);
    assert_eq!(reached(1, 3600), None);
    assert_eq!(reached(1, 3601), Some((3600, 1)));
    assert_eq!(reached(99, 3600), None);
    assert_eq!(reached(100, 301), Some((300, 100)));
    assert_eq!(reached(10_000, 60), None);
    assert_eq!(reached(10_000, 61), Some((60, 10_000)));
    assert_eq!(reached(10_000, -5), None, "the clock was set back");
}
