//! The configuration held against what redis-server 7.0.15 was seen to do: the recordings beside this file say how
//! they were made.

mod cli;
mod commands;
mod defaults;
mod load;
mod properties;
mod rewrite;

use super::{Config, LoadError, SetRights};
use crate::protocol::inline::split_words;

const ALL_RIGHTS: SetRights = SetRights { loading: false, protected: true };

fn words(line: &str) -> Vec<Vec<u8>> {
    split_words(line.as_bytes()).expect("balanced quotes").as_args().iter().map(<[u8]>::to_vec).collect()
}

/// Loads from a command line written with quotes as in redis.conf.
fn load(command_line: &str) -> Result<Config, LoadError> {
    Config::load(&words(command_line), &mut std::io::empty(), &mut ())
}

/// Loads from lines of redis.conf.
fn load_text(text: &str) -> Result<Config, LoadError> {
    Config::load(&[b"-".to_vec()], &mut text.as_bytes(), &mut ())
}

fn get(config: &Config, name: &str) -> String {
    let found = config.get(&[name.as_bytes()]);
    assert_eq!(found.len(), 1, "CONFIG GET {name}");
    String::from_utf8_lossy(&found[0].1).into_owned()
}

fn set(config: &mut Config, name: &str, value: &str) {
    if let Err(error) = config.set(&[(name.as_bytes(), value.as_bytes())], ALL_RIGHTS) {
        panic!("CONFIG SET {name} {value}: {}", String::from_utf8_lossy(&error.text()));
    }
}

/// A folder of one test, gone when it ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn new(test: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("oxidis-config-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path.canonicalize().expect("it was just made"))
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a writable temporary folder");
        path
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("a readable file")
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a temporary folder with a plain name").to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
