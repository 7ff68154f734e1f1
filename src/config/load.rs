//! Reading the configuration at start: `oxidis-server [file] [--option value ...] [-]`.
//!
//! The command line is turned into lines of redis.conf, which count after those of the file and of standard input; the
//! last line about an option decides. A line is words with quotes; the first names an option of the table or one of
//! the few directives that are no options (`include`, `rename-command`, `user`).

use super::error::{LoadError, os_reason};
use super::options::{self, Flags, Refusal, Row};
use super::rewrite::quote;
use super::settings::Config;
use super::values::Text;
use crate::log_warning;
use crate::protocol::inline::split_words;
use crate::sys::glob::glob;
use std::io::Read;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// Files that include each other in a circle end here, not on the stack.
const INCLUDE_DEPTH_MAX: usize = 64;

/// Options of the past that are read and ignored, if they have one value.
const IGNORED: &[&str] = &["list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"];

/// Checks of directives by those who know what they are about; `()` takes everything.
pub trait Directives {
    /// `rename-command OLD NEW`, in the order of the file; the renames before it are in force.
    fn rename_command(&mut self, old: &[u8], new: &[u8]) -> Result<(), String>;
    /// `user NAME RULE...`: words from NAME on. A refusal names the word, `user` itself being number 0.
    fn user(&mut self, words: &[&[u8]]) -> Result<(), (usize, String)>;
}

impl Directives for () {
    fn rename_command(&mut self, _: &[u8], _: &[u8]) -> Result<(), String> {
        Ok(())
    }

    fn user(&mut self, _: &[&[u8]]) -> Result<(), (usize, String)> {
        Ok(())
    }
}

impl Config {
    /// Reads the configuration that the command line asks for. `args` are the arguments without the program's name;
    /// what is not about configuration (`--version` and the like) has been dealt with.
    pub fn load(
        args: &[Vec<u8>],
        stdin: &mut dyn Read,
        directives: &mut dyn Directives,
    ) -> Result<Config, LoadError> {
        let mut loader = Loader { config: Config::default(), save_seen: false, directives };
        if args.is_empty() {
            return Ok(loader.config);
        }
        let command_line = CommandLine::parse(args);
        let mut lines_before = 0;
        if let Some(file) = &command_line.file {
            let path = absolute(file, &loader.config.dir);
            loader.config.config_file = Some(path.clone());
            lines_before += loader.files(&path, 0)?;
        }
        if command_line.stdin {
            log_warning!("Reading config from stdin");
            let mut text = Vec::new();
            stdin.read_to_end(&mut text).map_err(|error| LoadError::Unreadable {
                file: Text::from("-"),
                reason: os_reason(&error),
            })?;
            lines_before += loader.lines(None, &text, lines_before, 0)?;
        }
        loader.lines(None, &command_line.options, lines_before + 1, 0)?;
        loader.check_whole()?;
        Ok(loader.config)
    }
}

/// The command line, sorted.
struct CommandLine {
    file: Option<Vec<u8>>,
    stdin: bool,
    /// The options as lines of redis.conf.
    options: Vec<u8>,
}

impl CommandLine {
    fn parse(args: &[Vec<u8>]) -> CommandLine {
        let file = args.first().filter(|arg| !arg.starts_with(b"-")).cloned();
        let mut line = CommandLine { stdin: false, options: Vec::new(), file };
        // An option name is one only where the option before it has got a value.
        let mut name_may_follow = true;
        for (i, arg) in args.iter().enumerate().skip(usize::from(line.file.is_some())) {
            let last = i == args.len() - 1;
            if arg == b"-" && (i == 0 || last) {
                line.stdin = true;
            } else if let Some(name) = arg.strip_prefix(b"--").filter(|_| name_may_follow) {
                if !line.options.is_empty() {
                    line.options.push(b'\n');
                }
                line.options.extend_from_slice(name);
                line.options.push(b' ');
                let name_alone = split_words(arg).is_some_and(|words| words.len() == 1);
                let name_next = !last && args[i + 1].starts_with(b"--");
                name_may_follow = !name_alone;
                // `--save` without a value means `--save ""`: what a script gives that has an empty list of points.
                if name_alone && name.eq_ignore_ascii_case(b"save") && (last || name_next) {
                    line.options.extend_from_slice(b"\"\"");
                    name_may_follow = true;
                } else if name_alone && name.eq_ignore_ascii_case(b"sentinel") && name_next {
                    name_may_follow = true;
                }
            } else {
                line.options.extend_from_slice(&quote(arg));
                line.options.push(b' ');
                name_may_follow = true;
            }
        }
        line
    }
}

struct Loader<'a> {
    config: Config,
    /// A `save` line was read: the default save points are gone.
    save_seen: bool,
    directives: &'a mut dyn Directives,
}

impl Loader<'_> {
    /// Reads a file, or those that match a pattern, of which there may be none. Returns the number of lines.
    fn files(&mut self, name: &Text, depth: usize) -> Result<usize, LoadError> {
        if !name.iter().any(|byte| b"*?[".contains(byte)) {
            return self.file(name, depth);
        }
        glob(name).iter().try_fold(0, |count, path| {
            Ok(count + self.file(&Text::from(path.as_os_str().as_bytes()), depth)?)
        })
    }

    fn file(&mut self, name: &Text, depth: usize) -> Result<usize, LoadError> {
        let text = std::fs::read(name.as_path())
            .map_err(|error| LoadError::Unreadable { file: name.clone(), reason: os_reason(&error) })?;
        self.lines(Some(name), &text, 0, depth)
    }

    /// Takes all lines of a text, the first of which has number `lines_before + 1`. Returns how many line ends it has.
    fn lines(
        &mut self,
        file: Option<&Text>,
        text: &[u8],
        lines_before: usize,
        depth: usize,
    ) -> Result<usize, LoadError> {
        for (i, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = trim(line);
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let refused = |reason: &str| LoadError::Line {
                file: file.cloned(),
                number: lines_before + i + 1,
                line: Text::from(line),
                reason: reason.to_string(),
            };
            let words =
                split_words(line).ok_or_else(|| refused("Unbalanced quotes in configuration line"))?;
            let words: Vec<&[u8]> = words.as_args().iter().collect();
            let [name, values @ ..] = &words[..] else { continue };
            if let (true, [path]) = (name.eq_ignore_ascii_case(b"include"), values) {
                if depth == INCLUDE_DEPTH_MAX {
                    return Err(refused("Too many files that include each other"));
                }
                self.files(&in_dir(path, &self.config.dir), depth + 1)?;
            } else {
                self.directive(name, values).map_err(|reason| refused(&reason))?;
            }
        }
        Ok(text.iter().filter(|byte| **byte == b'\n').count())
    }

    fn directive(&mut self, name: &[u8], values: &[&[u8]]) -> Result<(), Refusal> {
        if let Some((row, _)) = options::lookup(name) {
            return self.option(row, values);
        }
        let known = |word: &&str| name.eq_ignore_ascii_case(word.as_bytes());
        match (&name.to_ascii_lowercase()[..], values) {
            (_, [_]) if IGNORED.iter().any(known) => {}
            (b"rename-command", [old, new]) => {
                self.directives.rename_command(old, new)?;
                self.config.rename_commands.push((Text::from(*old), Text::from(*new)));
            }
            (b"user", [user, ..]) => self.user(user, values)?,
            (b"loadmodule", [_, ..]) => {
                return Err("Modules can't be loaded: Oxidis has no module API".into());
            }
            (b"sentinel", []) => {}
            (b"sentinel", _) => return Err("sentinel directive while not in sentinel mode".into()),
            (name, []) if name.contains(&b'.') => return Err("Module config specified without value".into()),
            (name, _) if name.contains(&b'.') => {
                return Err("Option of a module: Oxidis has no module API".into());
            }
            _ => return Err("Bad directive or wrong number of arguments".into()),
        }
        Ok(())
    }

    fn option(&mut self, row: &Row, values: &[&[u8]]) -> Result<(), Refusal> {
        if row.name == "save" && !self.save_seen {
            self.save_seen = true;
            self.config.save.clear();
        }
        match values {
            // A list may be given as one word with blanks in it.
            [list] if row.flags.contains(Flags::MULTI_ARG) && !list.is_empty() => {
                let words = split_words(list).unwrap_or_default();
                row.set(&mut self.config, &words.as_args().iter().collect::<Vec<_>>())
            }
            _ => row.set(&mut self.config, values),
        }
    }

    fn user(&mut self, name: &[u8], words: &[&[u8]]) -> Result<(), Refusal> {
        let refused = |word: &[u8], reason: &str| {
            format!("Error in user declaration '{}': {reason}", String::from_utf8_lossy(word))
        };
        if self.config.users.iter().any(|user| *user[0] == *name) {
            let reason = "Duplicate user found. A user can only be defined once in config files";
            return Err(refused(name, reason).into());
        }
        self.directives.user(words).map_err(|(at, reason)| {
            let word = if at == 0 { b"user" } else { words.get(at - 1).copied().unwrap_or_default() };
            refused(word, &reason)
        })?;
        self.config.users.push(words.iter().map(|word| Text::from(*word)).collect());
        Ok(())
    }

    /// What can only be seen when every line was read.
    fn check_whole(&self) -> Result<(), LoadError> {
        if !self.config.logfile.is_empty() {
            // Later there would be nowhere to say that the log cannot be written.
            let path = in_dir(&self.config.logfile, &self.config.dir);
            std::fs::OpenOptions::new().append(true).create(true).open(path.as_path()).map_err(|error| {
                LoadError::Whole(format!("Can't open the log file: {}", os_reason(&error)))
            })?;
        }
        if self.config.cluster_enabled && self.config.replicaof.is_some() {
            return Err(LoadError::Whole("replicaof directive not allowed in cluster mode".into()));
        }
        Ok(())
    }
}

fn trim(line: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| b" \t\r\n".contains(byte);
    let start = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &line[start..end]
}

/// A path as seen from `dir`, where the server is going to run.
fn in_dir(path: &[u8], dir: &Text) -> Text {
    if path.starts_with(b"/") {
        return Text::from(path);
    }
    let is_pattern = path.iter().any(|byte| b"*?[".contains(byte));
    let mut joined = Vec::new();
    for &byte in dir.iter() {
        if is_pattern && b"*?[\\".contains(&byte) {
            joined.push(b'\\');
        }
        joined.push(byte);
    }
    joined.push(b'/');
    joined.extend_from_slice(path);
    Text::from(joined)
}

/// The absolute path of the configuration file; `../` in front is resolved, the rest stays as written.
fn absolute(path: &[u8], dir: &Text) -> Text {
    let mut path = trim(path);
    if path.starts_with(b"/") {
        return Text::from(path);
    }
    let mut base = dir.as_path();
    while let Some(rest) = path.strip_prefix(b"../") {
        base = base.parent().unwrap_or(Path::new("/"));
        path = rest;
    }
    Text::from(base.join(Text::from(path).as_path()).as_os_str().as_bytes())
}
