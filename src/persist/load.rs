//! A load under way: its bytes, its loader, its figures for INFO.
//!
//! Loading is done in slices of time, so that the event loop goes on between them: clients get their -LOADING, INFO
//! shows the progress, a replica keeps its link alive. The bytes come from a mapped file, or as a primary sends them.
//!
//! ```text
//!   open(path) ─┐                 ┌── More: call again
//!               ├─▶ load_slice ───┼── NeedBytes: feed, then call again           (never for a file)
//!   stream() ───┘        ▲        ├── Done(Loaded); what came after it is in rest()
//!              feed ─────┘        └── an error: the keyspace holds what was loaded before it
//! ```

use super::rdb::load::{Fed, LoadError, LoadOptions, Loaded, Loader, Reason, Target, Wants};
use crate::log_warning;
use crate::sys::file::FileMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// How much of a mapped file is read before the process's memory is rid of it.
const FORGET_EVERY: usize = 16 << 20;

/// What a slice came to.
#[derive(Debug, Clone, Copy)]
pub enum Progress {
    /// The time was up.
    More,
    /// All bytes that came are used up.
    NeedBytes,
    /// All is loaded.
    Done(Loaded),
}

#[derive(Debug)]
enum Source {
    File {
        map: FileMap,
        pos: usize,
        forgotten: usize,
    },
    /// Bytes that came and are not done with; from `start` on.
    ///
    /// Bound: one record and what one `feed` brings, as long as the owner feeds only after [`Progress::NeedBytes`].
    Stream {
        buffer: Vec<u8>,
        start: usize,
        need: usize,
    },
}

/// A load under way.
#[derive(Debug)]
pub struct Loading {
    source: Source,
    loader: Loader,
    started: Instant,
    started_s: i64,
    total: u64,
}

impl Loading {
    /// Begins to load a file.
    ///
    /// # Errors
    /// It cannot be opened or mapped; `NotFound` when there is none.
    pub fn open(path: &Path, options: LoadOptions) -> io::Result<Self> {
        let map = FileMap::new(&File::open(path)?)?;
        let total = map.len() as u64;
        Ok(Self::new(Source::File { map, pos: 0, forgotten: 0 }, options, Some(total)))
    }

    /// Begins to load bytes that are to come, `total` of them if that is known.
    #[must_use]
    pub fn stream(options: LoadOptions, total: Option<u64>) -> Self {
        let mut loading = Self::new(Source::Stream { buffer: Vec::new(), start: 0, need: 0 }, options, total);
        loading.loader = loading.loader.announced();
        loading
    }

    fn new(source: Source, options: LoadOptions, total: Option<u64>) -> Self {
        Loading {
            source,
            loader: Loader::new(options, total),
            started: Instant::now(),
            started_s: options.now_ms / 1000,
            total: total.unwrap_or(0),
        }
    }

    /// `key-load-delay`, which may change in the middle of a load.
    pub fn set_key_delay(&mut self, usec: i32) {
        self.loader.set_key_delay(usec);
    }

    /// Adds bytes that came.
    ///
    /// # Panics
    /// When this load is of a file.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Source::Stream { buffer, start, .. } = &mut self.source else {
            panic!("a file's bytes are all there");
        };
        if *start > 0 {
            buffer.drain(..*start);
            *start = 0;
        }
        buffer.extend_from_slice(bytes);
    }

    /// Loads for about `budget`.
    ///
    /// # Errors
    /// The data cannot be loaded.
    pub fn load_slice(&mut self, target: &mut Target<'_>, budget: Duration) -> Result<Progress, LoadError> {
        let deadline = Instant::now().checked_add(budget);
        match &mut self.source {
            Source::File { map, pos, forgotten } => {
                let Fed { used, wants } = self.loader.feed(&map[*pos..], target, deadline)?;
                *pos += used;
                if *pos - *forgotten >= FORGET_EVERY {
                    map.forget_until(*pos);
                    *forgotten = *pos;
                }
                match wants {
                    Wants::Turn => Ok(Progress::More),
                    Wants::Nothing => Ok(Progress::Done(*self.loader.loaded())),
                    Wants::Bytes(_) => Err(self.loader.truncated()),
                }
            }
            Source::Stream { buffer, start, need } => {
                if buffer.len() - *start < *need {
                    return Ok(Progress::NeedBytes);
                }
                let Fed { used, wants } = self.loader.feed(&buffer[*start..], target, deadline)?;
                *start += used;
                *need = 0;
                match wants {
                    Wants::Turn => Ok(Progress::More),
                    Wants::Nothing => Ok(Progress::Done(*self.loader.loaded())),
                    Wants::Bytes(len) => {
                        *need = len;
                        Ok(Progress::NeedBytes)
                    }
                }
            }
        }
    }

    /// What a stream's end means before [`Progress::Done`].
    #[must_use]
    pub fn cut_off(&self) -> LoadError {
        let mut error = self.loader.truncated();
        error.offset = self.loader.offset();
        error
    }

    /// The bytes behind what was loaded.
    #[must_use]
    pub fn rest(&self) -> &[u8] {
        match &self.source {
            Source::File { map, pos, .. } => &map[*pos..],
            Source::Stream { buffer, start, .. } => &buffer[*start..],
        }
    }

    /// The version in the header, once that has been read and found loadable.
    #[must_use]
    pub fn version(&self) -> Option<u16> {
        self.loader.version()
    }

    /// How long this load has taken so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The values of INFO persistence about this load.
    #[must_use]
    pub fn info(&self, now_s: i64) -> LoadInfo {
        let loaded_bytes = self.loader.offset();
        let rdb_used_mem = self.loader.loaded().used_memory;
        // Without a length, what the data took in the other server's memory is the best guess; a guess never says that
        // all is done.
        let (expected, percent_max) =
            if self.total > 0 { (self.total, 100.0) } else { (rdb_used_mem, 99.99) };
        let percent = match expected {
            0 => 0.0,
            _ => (loaded_bytes as f64 / expected as f64 * 100.0).min(percent_max),
        };
        let left = expected.saturating_sub(loaded_bytes).max(1);
        // In the first second there is too little to go by.
        let eta_s = match u64::try_from(now_s - self.started_s).unwrap_or(0) {
            0 => 1,
            elapsed => elapsed.saturating_mul(left) / (loaded_bytes + 1),
        };
        LoadInfo {
            start_time_s: self.started_s,
            total_bytes: self.total,
            rdb_used_mem,
            loaded_bytes,
            percent,
            eta_s,
            keys_loaded: self.loader.loaded().keys_loaded,
            keys_expired: self.loader.loaded().keys_expired,
        }
    }
}

/// What INFO persistence says while loading.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LoadInfo {
    /// loading_start_time
    pub start_time_s: i64,
    /// loading_total_bytes, 0 if not known
    pub total_bytes: u64,
    /// loading_rdb_used_mem
    pub rdb_used_mem: u64,
    /// loading_loaded_bytes
    pub loaded_bytes: u64,
    /// loading_loaded_perc
    pub percent: f64,
    /// loading_eta_seconds
    pub eta_s: u64,
    /// rdb_last_load_keys_loaded
    pub keys_loaded: u64,
    /// rdb_last_load_keys_expired
    pub keys_expired: u64,
}

/// Logs why a load failed, in the words that tools look for. `from_socket` is a load of bytes that a primary sends,
/// where an early end is a matter of the connection and not of the data.
pub fn log_failure(error: &LoadError, from_socket: bool) {
    if matches!(error.reason, Reason::Signature | Reason::Version(_)) {
        log_warning!("{}", error.reason);
        return;
    }
    if error.reason == Reason::Truncated {
        log_warning!("Short read or OOM loading DB. Unrecoverable error, aborting now.");
    }
    let LoadError { offset, reason } = error;
    let consequence = match (from_socket, reason) {
        (false, _) => "",
        (true, Reason::Truncated) => {
            ". Failure loading rdb format from socket, assuming connection error, resuming operation."
        }
        (true, _) => ". Failure loading rdb format",
    };
    log_warning!(
        "Internal error in RDB reading offset {offset}, function at rdb/load -> {reason}{consequence}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::Keyspace;
    use crate::persist::rdb::load::Duplicates;
    use crate::util::rng::Rng;

    // Saved by a real redis-server 7.0.15.
    const STRINGS: &[u8] = include_bytes!("../../tests/data/rdb/strings.rdb");
    const KEYS: u64 = 22;

    const OPTIONS: LoadOptions = LoadOptions {
        checksum: true,
        drop_expired: true,
        now_ms: 1_795_358_200_000,
        duplicates: Duplicates::Refuse,
    };
    const NOW_S: i64 = OPTIONS.now_ms / 1000;
    const LONG: Duration = Duration::from_secs(60);

    fn slice(
        loading: &mut Loading,
        keyspace: &mut Keyspace,
        budget: Duration,
    ) -> Result<Progress, LoadError> {
        loading.load_slice(&mut Target { keyspace, on_expired: &mut |_, _| {} }, budget)
    }

    #[test]
    fn a_stream_loads_whatever_the_chunks_it_comes_in() {
        for seed in 0..200 {
            let mut rng = Rng::seeded(seed);
            let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
            let mut loading = Loading::stream(OPTIONS, Some(STRINGS.len() as u64));
            let mut left: &[u8] = &[STRINGS, b"the stream goes on"].concat();
            let loaded = loop {
                match slice(&mut loading, &mut keyspace, LONG).expect("a good snapshot") {
                    Progress::Done(loaded) => break loaded,
                    Progress::More => {}
                    Progress::NeedBytes => {
                        let len = (1 + rng.below(300) as usize).min(left.len());
                        loading.feed(&left[..len]);
                        left = &left[len..];
                    }
                }
            };
            assert_eq!(loaded.keys_loaded, KEYS, "seed {seed}");
            assert_eq!([loading.rest(), left].concat(), b"the stream goes on", "seed {seed}");
            assert_eq!(loading.info(NOW_S).percent, 100.0);
        }
    }

    #[test]
    fn a_stream_that_ends_early_says_where() {
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let mut loading = Loading::stream(OPTIONS, None);
        assert_eq!(loading.version(), None);
        loading.feed(&STRINGS[..80]);
        assert!(matches!(slice(&mut loading, &mut keyspace, LONG), Ok(Progress::NeedBytes)));
        assert_eq!(loading.version(), Some(10));
        assert_eq!(loading.cut_off(), LoadError { offset: 80, reason: Reason::Truncated });
    }

    #[test]
    fn the_figures_move() {
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let mut loading = Loading::stream(OPTIONS, Some(STRINGS.len() as u64));
        loading.feed(STRINGS);
        loading.set_key_delay(1);
        let mut loaded_bytes = Vec::new();
        while let Progress::More =
            slice(&mut loading, &mut keyspace, Duration::ZERO).expect("a good snapshot")
        {
            let info = loading.info(NOW_S + 2);
            assert!(info.percent < 100.0 && info.total_bytes == STRINGS.len() as u64, "{info:?}");
            loaded_bytes.push(info.loaded_bytes);
        }
        assert!(loaded_bytes.len() > 20 && loaded_bytes.is_sorted(), "{loaded_bytes:?}");
        let info = loading.info(NOW_S);
        assert_eq!((info.keys_loaded, info.start_time_s, info.rdb_used_mem), (KEYS, NOW_S, 986_856));
    }

    #[test]
    fn without_a_length_memory_is_the_guess_and_never_says_all() {
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let mut loading = Loading::stream(OPTIONS, None);
        assert_eq!(loading.info(NOW_S).percent, 0.0);
        loading.feed(STRINGS);
        assert!(matches!(slice(&mut loading, &mut keyspace, LONG), Ok(Progress::Done(_))));
        let info = loading.info(NOW_S);
        assert!(info.percent > 0.0 && info.percent <= 99.99, "{info:?}");
    }

    #[test]
    fn an_impossible_time_of_making_is_only_shown() {
        const FILE: &[u8] = b"REDIS0010\xfa\x05ctime\x14-9223372036854775808\xff\0\0\0\0\0\0\0\0";
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let mut loading = Loading::stream(OPTIONS, None);
        loading.feed(FILE);
        assert!(matches!(slice(&mut loading, &mut keyspace, LONG), Ok(Progress::Done(_))));
    }

    #[test]
    fn a_length_that_is_only_announced_gets_no_room() {
        // 2^40 keys in a snapshot of 2^60 bytes.
        const LIE: &[u8] = b"REDIS0010\xfe\x00\xfb\x81\0\0\x01\0\0\0\0\0\0";
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let mut loading = Loading::stream(OPTIONS, Some(1 << 60));
        loading.feed(LIE);
        assert!(matches!(slice(&mut loading, &mut keyspace, LONG), Ok(Progress::NeedBytes)));
        assert!(keyspace.overhead(0).0 < 32 << 20, "{:?}", keyspace.overhead(0));
    }

    #[test]
    fn an_empty_file_is_a_truncated_one() {
        let path = std::env::temp_dir().join(format!("oxidis-empty-rdb-{}", std::process::id()));
        std::fs::write(&path, b"").expect("written");
        let mut loading = Loading::open(&path, OPTIONS).expect("opened");
        let mut keyspace = Keyspace::with_seeds(16, [1, 2, 3, 4]);
        let error = slice(&mut loading, &mut keyspace, LONG).expect_err("nothing there");
        assert_eq!(error, LoadError { offset: 0, reason: Reason::Truncated });
        std::fs::remove_file(&path).expect("removed");
    }
}
