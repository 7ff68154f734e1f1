//! Files: a whole file as memory, and telling the kernel when to write and when to forget.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::fd::AsRawFd;

/// A file mapped read-only. Snapshot files are replaced by `rename` and never written in place, so what is mapped
/// does not change; a file that another program cuts short while it is being read ends the process with SIGBUS.
#[derive(Debug)]
pub struct FileMap {
    // None for an empty file: there is nothing to map.
    map: Option<memmap2::Mmap>,
}

impl FileMap {
    /// Maps all of `file`, to be read from front to back.
    ///
    /// # Errors
    /// As `mmap(2)`.
    pub fn new(file: &File) -> io::Result<Self> {
        if file.metadata()?.len() == 0 {
            return Ok(FileMap { map: None });
        }
        // SAFETY: the type's doc says why the bytes do not change under the slice; no one here writes to the file.
        let map = unsafe { memmap2::Mmap::map(file)? };
        let _ = map.advise(memmap2::Advice::Sequential);
        Ok(FileMap { map: Some(map) })
    }

    /// Tells the kernel that the first `end` bytes will not be read again, so that what was read does not count as
    /// this process's memory.
    pub fn forget_until(&self, end: usize) {
        let page = super::memory::page_size();
        let end = end / page * page;
        if let Some(map) = &self.map
            && end > 0
            && end <= map.len()
        {
            // SAFETY: the map is read-only and shared with the file: pages that are dropped come back from the file
            // with the same bytes.
            let _ = unsafe { map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, 0, end) };
        }
    }
}

impl Deref for FileMap {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or(&[])
    }
}

/// Starts writing a range of `file` to the disk, and if `wait` is set waits until it is there.
///
/// # Errors
/// As `sync_file_range(2)`.
pub fn write_back(file: &File, from: u64, len: u64, wait: bool) -> io::Result<()> {
    let mut flags = libc::SYNC_FILE_RANGE_WRITE;
    if wait {
        flags |= libc::SYNC_FILE_RANGE_WAIT_BEFORE | libc::SYNC_FILE_RANGE_WAIT_AFTER;
    }
    // SAFETY: sync_file_range takes numbers; the descriptor is borrowed from an open file.
    let done = unsafe { libc::sync_file_range(file.as_raw_fd(), from as i64, len as i64, flags) };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_map_shows_the_file_and_survives_forgetting() {
        let path = std::env::temp_dir().join(format!("oxidis-file-map-{}", std::process::id()));
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .expect("temp file");
        let bytes: Vec<u8> = (0..100_000u32).map(|n| n as u8).collect();
        file.write_all(&bytes).expect("write");
        write_back(&file, 0, 65_536, true).expect("write back");
        let map = FileMap::new(&file).expect("map");
        assert_eq!(&map[..], &bytes[..]);
        map.forget_until(50_000);
        assert_eq!(&map[..], &bytes[..]);
        std::fs::remove_file(&path).expect("remove");
    }

    #[test]
    fn an_empty_file_is_an_empty_slice() {
        let path = std::env::temp_dir().join(format!("oxidis-empty-map-{}", std::process::id()));
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .expect("temp file");
        assert!(FileMap::new(&file).expect("map").is_empty());
        std::fs::remove_file(&path).expect("remove");
    }
}
