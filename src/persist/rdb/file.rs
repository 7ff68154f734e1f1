//! A snapshot as a file: it appears under its name only when all of it is on the disk.
//!
//! The bytes go to `temp-<pid>.rdb` in the same folder, which is synced, renamed over the snapshot, and the folder
//! synced. Whatever fails on the way, the temporary file is removed and the old snapshot stays.

use super::save::{SaveOptions, save};
use crate::keyspace::Keyspace;
use crate::persist::child::Reporter;
use crate::persist::snapshot::DiskTarget;
use crate::sys::errno::strerror;
use crate::sys::file::write_back;
use crate::{log_notice, log_warning};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// With `rdb-save-incremental-fsync`, at most about twice this many bytes wait to be written to the disk.
const SYNC_EVERY: u64 = 4 << 20;

/// The save failed; why is in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SaveFailed;

/// Where the process `pid` writes what is to become the snapshot at `path`.
#[must_use]
pub fn temp_path(path: &Path, pid: i32) -> PathBuf {
    path.with_file_name(format!("temp-{pid}.rdb"))
}

/// Saves `keyspace` at `target`. Errors are logged as Redis logs them.
///
/// # Errors
/// Nothing was replaced, and nothing is left behind.
pub fn save_to_file(
    keyspace: &Keyspace,
    target: &DiskTarget,
    options: &SaveOptions<'_>,
    reporter: Option<&mut Reporter>,
) -> Result<(), SaveFailed> {
    let temp = temp_path(&target.path, std::process::id() as i32);
    crate::sys::fork::remove_on_stop(&temp);
    let file = File::create(&temp).map_err(|error| {
        let (name, dir, why) = (file_name(&temp), cwd(), strerror(&error));
        log_warning!("Failed opening the temp RDB file {name} (in server root dir {dir}) for saving: {why}");
        SaveFailed
    })?;
    let guard = RemoveOnDrop(&temp);
    write_and_publish(keyspace, target, options, reporter, file, &temp)
        .map_err(|Failed { step, error }| match step {
            Step::Rename => {
                let (from, to) = (file_name(&temp), file_name(&target.path));
                let (dir, why) = (cwd(), strerror(&error));
                log_warning!(
                    "Error moving temp DB file {from} on the final destination {to} (in server root dir {dir}): {why}"
                );
            }
            Step::Other(name) => log_warning!("Write error saving DB on disk({name}): {}", strerror(&error)),
        })
        .map_err(|()| SaveFailed)?;
    // Renamed: there is nothing to remove.
    std::mem::forget(guard);
    log_notice!("DB saved on disk");
    Ok(())
}

enum Step {
    Rename,
    Other(&'static str),
}

struct Failed {
    step: Step,
    error: io::Error,
}

fn at(name: &'static str) -> impl FnOnce(io::Error) -> Failed {
    move |error| Failed { step: Step::Other(name), error }
}

fn write_and_publish(
    keyspace: &Keyspace,
    target: &DiskTarget,
    options: &SaveOptions<'_>,
    mut reporter: Option<&mut Reporter>,
    file: File,
    temp: &Path,
) -> Result<(), Failed> {
    let mut sink = FileSink { file, incremental: target.incremental_fsync, written: 0, started: 0 };
    save(keyspace, &mut sink, options, reporter.as_deref_mut()).map_err(at("rdbSaveRio"))?;
    sink.file.sync_all().map_err(at("fsync"))?;
    drop(sink);
    // A child that outlives its server must not replace a file that a new server may have written since.
    if let Some(reporter) = reporter {
        reporter.check_parent().map_err(|gone| at("rdbSaveRio")(gone.into()))?;
    }
    std::fs::rename(temp, &target.path).map_err(|error| Failed { step: Step::Rename, error })?;
    sync_folder_of(&target.path).map_err(at("fsyncFileDir"))
}

/// Makes a rename in the folder of `path` last.
///
/// # Errors
/// As `open(2)` and `fsync(2)`.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder)?.sync_all() {
        // Some file systems cannot sync a folder and need not.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// A file whose bytes are sent to the disk as they come, so that the sync at the end is short.
struct FileSink {
    file: File,
    incremental: bool,
    written: u64,
    /// Up to here writing to the disk has been started.
    started: u64,
}

impl Write for FileSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        self.written += n as u64;
        if self.incremental && self.written - self.started >= SYNC_EVERY {
            let from = self.started;
            write_back(&self.file, from, self.written - from, false)?;
            // What was started the time before must be done now: so the kernel never holds much.
            if from > 0 {
                write_back(&self.file, from.saturating_sub(SYNC_EVERY), SYNC_EVERY.min(from), true)?;
            }
            self.started = self.written;
        }
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

struct RemoveOnDrop<'a>(&'a Path);

impl Drop for RemoveOnDrop<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.0);
    }
}

fn file_name(path: &Path) -> std::path::Display<'_> {
    Path::new(path.file_name().unwrap_or_default()).display()
}

fn cwd() -> String {
    std::env::current_dir().map_or_else(|_| "unknown".to_owned(), |dir| dir.display().to_string())
}
