//! What XADD and XTRIM have in common: which entries are to go.

use super::ids::{invalid_id, strict_id};
use crate::commands::parse::{integer, is_word};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::Exec;
use crate::value::Stream;
use crate::value::stream::{NewId, StreamId, Trim};

/// Where stream-node-max-entries does not say how many entries are trimmed at once, and the most that it may say.
const LIMIT_DEFAULT: u64 = 10_000;
const LIMIT_MAX: u64 = 1_000_000;

/// What is to be trimmed, and how exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trimming {
    pub trim: Trim,
    /// Where the threshold stands among the arguments; of `~`, right behind it.
    pub at: usize,
    /// `~`: whole nodes only.
    pub whole_nodes: bool,
    pub limit: Option<u64>,
}

/// The arguments of XADD before the fields, or all of XTRIM's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub trimming: Option<Trimming>,
    pub no_mkstream: bool,
    /// XADD's id, if it is not `*`.
    pub id: Option<NewId>,
    /// Where it stands.
    pub id_at: usize,
}

impl Options {
    /// Parses the arguments of XADD (`adds`) or XTRIM.
    ///
    /// # Errors
    /// They are not right.
    pub fn parse(e: &Exec<'_>, adds: bool) -> CmdResult<Self> {
        let args = e.args;
        let mut options = Options { trimming: None, no_mkstream: false, id: None, id_at: args.len() };
        let mut limit = None;
        let mut at = 2;
        while at < args.len() {
            let word = args.at(at);
            let has_more = at + 1 < args.len();
            if adds && is_word(word, "*") {
                break;
            } else if has_more && (is_word(word, "maxlen") || is_word(word, "minid")) {
                if options.trimming.is_some() {
                    return Err(CmdError::err(
                        "syntax error, MAXLEN and MINID options at the same time are not compatible",
                    ));
                }
                let trimming = parse_threshold(args, at)?;
                at = trimming.at;
                options.trimming = Some(trimming);
            } else if has_more && is_word(word, "limit") {
                at += 1;
                let n = integer(args.at(at))?;
                let n = u64::try_from(n).map_err(|_| CmdError::err("The LIMIT argument must be >= 0."))?;
                limit = Some(n);
            } else if adds && is_word(word, "nomkstream") {
                options.no_mkstream = true;
            } else if adds {
                options.id = Some(StreamId::parse_new(word).ok_or_else(invalid_id)?);
                break;
            } else {
                return Err(CmdError::SYNTAX);
            }
            at += 1;
        }
        options.id_at = at;
        let Some(trimming) = &mut options.trimming else {
            if limit.is_some_and(|n| n > 0) {
                return Err(CmdError::err(
                    "syntax error, LIMIT cannot be used without specifying a trimming strategy",
                ));
            }
            if !adds {
                return Err(CmdError::err("syntax error, XTRIM must be called with a trimming strategy"));
            }
            return Ok(options);
        };
        // What our primary sends says exactly what is to go.
        if !e.must_obey {
            trimming.limit = match limit {
                Some(_) if !trimming.whole_nodes => {
                    return Err(CmdError::err(
                        "syntax error, LIMIT cannot be used without the special ~ option",
                    ));
                }
                Some(0) => None,
                Some(n) => Some(n),
                None if trimming.whole_nodes => Some(default_limit(e.ks.limits.stream.node_max_entries)),
                None => None,
            };
        }
        Ok(options)
    }
}

/// So that one command does not take long.
fn default_limit(node_max_entries: u64) -> u64 {
    match node_max_entries.saturating_mul(100) {
        0 => LIMIT_DEFAULT,
        limit => limit.min(LIMIT_MAX),
    }
}

/// `MAXLEN | MINID [= | ~] threshold`, the word standing at `at`.
fn parse_threshold(args: Args<'_>, at: usize) -> CmdResult<Trimming> {
    let operator = args.at(at + 1);
    let has_operator = at + 2 < args.len() && (is_word(operator, "~") || is_word(operator, "="));
    let whole_nodes = has_operator && is_word(operator, "~");
    let threshold = at + 1 + usize::from(has_operator);
    let trim = if is_word(args.at(at), "maxlen") {
        let max = integer(args.at(threshold))?;
        let max = u64::try_from(max).map_err(|_| CmdError::err("The MAXLEN argument must be >= 0."))?;
        Trim::MaxLen(max)
    } else {
        Trim::MinId(strict_id(args.at(threshold), 0)?)
    };
    Ok(Trimming { trim, at: threshold, whole_nodes, limit: None })
}

/// What the threshold comes to when whole nodes are trimmed: what is to travel in its place.
pub(super) fn exact_threshold(stream: &Stream, trim: Trim) -> String {
    match trim {
        Trim::MaxLen(_) => stream.entries().to_string(),
        Trim::MinId(_) => stream.first_id_in_nodes().to_string(),
    }
}
