//! The arguments of XREAD and XREADGROUP, which are read alike, and waiting for entries.

use crate::client::News;
use crate::commands::parse::{integer, is_word};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Exec, Wait};
use crate::value::Type;
use std::ops::Range;

/// One who has waited without a COUNT gets no more entries than this at once.
pub(super) const COUNT_AFTER_WAIT: usize = 1000;

/// What is asked for.
#[derive(Debug)]
pub(super) struct ReadArgs<'a> {
    /// The consumer group and the consumer.
    pub group: Option<(&'a [u8], &'a [u8])>,
    /// How many entries of each stream, if that is limited.
    pub count: Option<usize>,
    /// The times for which to wait, if at all; none is for ever.
    pub block_ms: Option<Option<u64>>,
    pub no_ack: bool,
    /// Where the keys are. So many ids are behind them.
    pub keys: Range<usize>,
}

impl<'a> ReadArgs<'a> {
    /// Reads the arguments of XREAD, or XREADGROUP if it is `of_group`.
    ///
    /// # Errors
    /// As Redis has them.
    pub fn parse(args: Args<'a>, of_group: bool) -> CmdResult<Self> {
        let mut read = ReadArgs { group: None, count: None, block_ms: None, no_ack: false, keys: 0..0 };
        let mut at = 1;
        while at < args.len() {
            let word = args.at(at);
            let more = args.len() - at - 1;
            if is_word(word, "BLOCK") && more > 0 {
                at += 1;
                let ms = integer(args.at(at)).map_err(|_| CmdError::TIMEOUT_NOT_INTEGER)?;
                let ms = u64::try_from(ms).map_err(|_| CmdError::TIMEOUT_NEGATIVE)?;
                read.block_ms = Some((ms > 0).then_some(ms));
            } else if is_word(word, "COUNT") && more > 0 {
                at += 1;
                let count = integer(args.at(at))?;
                read.count = usize::try_from(count).ok().filter(|count| *count > 0);
            } else if is_word(word, "STREAMS") && more > 0 {
                if !more.is_multiple_of(2) {
                    return Err(CmdError::err(
                        "Unbalanced XREAD list of streams: for each stream key an ID or '$' must be specified.",
                    ));
                }
                read.keys = at + 1..at + 1 + more / 2;
                break;
            } else if is_word(word, "GROUP") && more >= 2 {
                if !of_group {
                    return Err(only_of_group("GROUP"));
                }
                read.group = Some((args.at(at + 1), args.at(at + 2)));
                at += 2;
            } else if is_word(word, "NOACK") {
                if !of_group {
                    return Err(only_of_group("NOACK"));
                }
                read.no_ack = true;
            } else {
                return Err(CmdError::SYNTAX);
            }
            at += 1;
        }
        if read.keys.is_empty() {
            return Err(CmdError::SYNTAX);
        }
        if of_group && read.group.is_none() {
            return Err(CmdError::err("Missing GROUP option for XREADGROUP"));
        }
        Ok(read)
    }

    /// Nothing was found: waits for news, if that is asked for and may be, or says so. Who has waited before still waits
    /// for what it did then.
    pub fn wait(&self, e: &mut Exec<'_>, news: News) {
        match self.block_ms {
            Some(timeout_ms) if e.blocking.allowed => {
                let (kind, keys, news) = (Type::Stream, self.keys.clone(), Some(news));
                e.blocking.wait = Some(Wait { kind, keys, timeout_ms, news });
            }
            _ => e.reply.null_array(),
        }
    }
}

fn only_of_group(option: &str) -> CmdError {
    CmdError::err(format!("The {option} option is only supported by XREADGROUP. You called XREAD instead."))
}
