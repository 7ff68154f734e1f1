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
    let Options { count, pattern, kind } = Options::parse(e.args)?;
    // The keys are gathered first: how many there are stands before them.
    let mut found = OwnedArgs::new();
    let next = e.ks.scan(e.db, cursor, count, |key, value| {
        if pattern.is_none_or(|pattern| glob::matches(pattern, key, false))
            && kind.is_none_or(|kind| is_word(kind, value.kind().name()))
        {
            found.push(key);
        }
    });
    e.reply.array(2);
    e.reply.bulk(itoa::Buffer::new().format(next).as_bytes());
    e.reply.bulks(found.as_args().iter());
    Ok(())
}

struct Options<'a> {
    count: u64,
    pattern: Option<&'a [u8]>,
    kind: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(args: Args<'a>) -> CmdResult<Self> {
        let mut options = Options { count: COUNT, pattern: None, kind: None };
        for i in (2..args.len()).step_by(2) {
            let (word, arg) = (args.at(i), args.get(i + 1).ok_or(CmdError::SYNTAX)?);
            if is_word(word, "count") {
                options.count =
                    u64::try_from(integer(arg)?).ok().filter(|n| *n > 0).ok_or(CmdError::SYNTAX)?;
            } else if is_word(word, "match") {
                options.pattern = Some(arg).filter(|pattern| *pattern != b"*");
            } else if is_word(word, "type") {
                options.kind = Some(arg);
            } else {
                return Err(CmdError::SYNTAX);
            }
        }
        Ok(options)
    }
}
