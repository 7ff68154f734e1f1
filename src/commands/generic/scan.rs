//! SCAN.

use crate::commands::parse::{integer, is_word};
use crate::commands::row::{acl, flags};
use crate::protocol::args::OwnedArgs;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use c_compat::glob;
use c_compat::number::int;

/// How many keys a step visits when COUNT does not say.
const COUNT: u64 = 10;

/// `SCAN`
pub static SCAN: Command = Command {
    name: "scan",
    arity: -2,
    flags: flags!(READONLY | TOUCHES_ARBITRARY_KEYS),
    acl: acl!(KEYSPACE | READ | SLOW),
    keys: &[],
    group: Group::Generic,
    tips: &["nondeterministic_output", "request_policy:special"],
    run: Run::Data(scan),
    subcommands: &[],
};

fn scan(e: &mut Exec<'_>) -> CmdResult {
    let cursor = int::parse_cursor(e.args.at(1)).ok_or(CmdError::INVALID_CURSOR)?;
    let options = ScanOptions::of_keys(e.args.rest(2))?;
    // The keys are gathered first: how many there are stands before them.
    let mut found = OwnedArgs::new();
    let next = e.ks.scan(e.db, cursor, options.count, |key, value| {
        if options.matches(key) && options.kind.is_none_or(|kind| is_word(kind, value.kind().name())) {
            found.push(key);
        }
    });
    e.reply.array(2);
    e.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    e.reply.bulks(found.as_args().iter());
    Ok(())
}

/// The options of SCAN, SSCAN, HSCAN and ZSCAN.
pub(in crate::commands) struct ScanOptions<'a> {
    /// COUNT: how many to visit.
    pub count: u64,
    pattern: Option<&'a [u8]>,
    /// TYPE, of SCAN alone.
    kind: Option<&'a [u8]>,
    /// NOVALUES, of HSCAN alone.
    pub no_values: bool,
}

/// What is gone over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Of {
    Keys,
    Collection,
    Hash,
}

impl<'a> ScanOptions<'a> {
    fn of_keys(options: Args<'a>) -> CmdResult<Self> {
        Self::parse(options, Of::Keys)
    }

    /// Those behind the cursor of SSCAN and its like.
    pub fn of_collection(options: Args<'a>) -> CmdResult<Self> {
        Self::parse(options, Of::Collection)
    }

    /// Those behind the cursor of HSCAN.
    pub fn of_hash(options: Args<'a>) -> CmdResult<Self> {
        Self::parse(options, Of::Hash)
    }

    fn parse(args: Args<'a>, of: Of) -> CmdResult<Self> {
        let mut options = ScanOptions { count: COUNT, pattern: None, kind: None, no_values: false };
        let mut i = 0;
        while let Some(word) = args.get(i) {
            if of == Of::Hash && is_word(word, "novalues") {
                options.no_values = true;
                i += 1;
                continue;
            }
            let arg = args.get(i + 1).ok_or(CmdError::SYNTAX)?;
            i += 2;
            if is_word(word, "count") {
                options.count =
                    u64::try_from(integer(arg)?).ok().filter(|n| *n > 0).ok_or(CmdError::SYNTAX)?;
            } else if is_word(word, "match") {
                options.pattern = Some(arg).filter(|pattern| *pattern != b"*");
            } else if of == Of::Keys && is_word(word, "type") {
                options.kind = Some(arg);
            } else {
                return Err(CmdError::SYNTAX);
            }
        }
        Ok(options)
    }

    /// Whether MATCH lets a name through.
    pub fn matches(&self, name: &[u8]) -> bool {
        self.pattern.is_none_or(|pattern| glob::matches(pattern, name, false))
    }
}
