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
}

impl<'a> ScanOptions<'a> {
    fn of_keys(options: Args<'a>) -> CmdResult<Self> {
        Self::parse(options, true)
    }

    /// Those behind the cursor of SSCAN and its like.
    pub fn of_collection(options: Args<'a>) -> CmdResult<Self> {
        Self::parse(options, false)
    }

    fn parse(args: Args<'a>, of_keys: bool) -> CmdResult<Self> {
        let mut options = ScanOptions { count: COUNT, pattern: None, kind: None };
        for i in (0..args.len()).step_by(2) {
            let (word, arg) = (args.at(i), args.get(i + 1).ok_or(CmdError::SYNTAX)?);
            if is_word(word, "count") {
                options.count =
                    u64::try_from(integer(arg)?).ok().filter(|n| *n > 0).ok_or(CmdError::SYNTAX)?;
            } else if is_word(word, "match") {
                options.pattern = Some(arg).filter(|pattern| *pattern != b"*");
            } else if of_keys && is_word(word, "type") {
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
