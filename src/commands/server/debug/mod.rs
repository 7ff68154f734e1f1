//! DEBUG: looks inside, and levers that tests pull.

mod dataset;
mod protocol;

use crate::client::ClientId;
use crate::commands::container::{self, c_str, misused};
use crate::commands::parse::is_word;
use crate::commands::row::{acl, flags};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Group, Run};
use crate::server::persistence::Reload;
use crate::sys::errno::strerror;
use crate::value::list::PACKED_THRESHOLD;
use crate::{log_warning, sys};
use c_compat::glob;
use c_compat::number::size;
use std::ffi::CString;
use std::time::Duration;

/// `DEBUG`
pub static DEBUG: Command = Command {
    name: "debug",
    arity: -2,
    flags: flags!(ADMIN | NOSCRIPT | LOADING | STALE),
    acl: acl!(ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Server(debug),
    subcommands: &[],
};

const HELP: &[&str] = &[
    "CHANGE-REPL-ID",
    "    Begin a replication history of our own: no replica can go on from where it is.",
    "CONFIG-REWRITE-FORCE-ALL",
    "    As CONFIG REWRITE, with every option, also those that have their default.",
    "DIGEST",
    "    A digest of the whole data set.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    A digest of each key's value.",
    "ERROR <string>",
    "    Reply <string> as an error.",
    "HTSTATS <dbid>",
    "    The hash tables of a database, in figures.",
    "LOG <message>",
    "    Write <message> to the log.",
    "MALLCTL <key>",
    "    The value of one of the allocator's controls: a number, or 1 and 0.",
    "MALLCTL-STR thread.tcache.flush VOID",
    "    Have the allocator take back what it keeps at hand for this thread.",
    "OBJECT <key>",
    "    How a key's value lies in memory.",
    "PANIC",
    "    Crash as the server does when it finds itself broken.",
    "PAUSE-CRON <0|1>",
    "    Stop the periodic work, or let it go on.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Make <count> string keys <prefix>:<n>, `key` being the usual prefix, with values of",
    "    <size> bytes. Replicas are not told of them.",
    "PROTOCOL <type>",
    "    Reply a value of a type: string, integer, double, bignum, null, array, set, map,",
    "    attrib, push, verbatim, true or false.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    List elements from <size> on lie in nodes of their own; 0 stands for the usual 1 GB.",
    "RELOAD [option ...]",
    "    Save the data set and load it again. Options:",
    "    * MERGE: what is loaded replaces keys that are there.",
    "    * NOFLUSH: keep the data set while loading; a key that is there already is an error.",
    "    * NOSAVE: load the file that is there.",
    "REPLICATE <command> [<arg> ...]",
    "    Send a command to the replicas without running it here.",
    "REPLYBUFFER RESIZING <0|1>",
    "    Whether idle clients give back the room of their output.",
    "SEGFAULT",
    "    Crash by a wrong memory access.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Whether expired keys are deleted before somebody asks for them.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Whether the checksums of RDB files and of RESTORE's payloads are ignored.",
    "SLEEP <seconds>",
    "    Do nothing for <seconds>, which may have decimals.",
    "STRINGMATCH-LEN <pattern> <string>",
    "    Whether a glob matches.",
];

fn debug(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let is = |word: &str, len: usize| args.len() == len && is_word(args.at(1), word);
    match args.len() {
        2 if is("help", 2) => container::help(server.reply(id), args, HELP),
        _ if is("digest", 2) => dataset::digest(server, id),
        _ if is_word(args.at(1), "digest-value") => dataset::digest_value(server, id, args),
        _ if is("object", 3) => dataset::object(server, id, args.at(2)),
        _ if is("htstats", 3) => dataset::htstats(server, id, args.at(2)),
        _ if is("htstats-key", 3) => dataset::htstats_key(server, id, args.at(2)),
        _ if is("mallctl", 3) => mallctl(server, id, args.at(2)),
        3..=5 if is_word(args.at(1), "populate") => dataset::populate(server, id, args),
        _ if is("protocol", 3) => protocol::reply(server.reply(id), args.at(2)),
        _ if is_word(args.at(1), "reload") => reload(server, id, args),
        _ if is("stringmatch-len", 4) => {
            let matches = glob::matches(args.at(2), args.at(3), false);
            server.reply(id).int(matches.into());
            Ok(())
        }
        _ if is("panic", 2) => panic!("DEBUG PANIC called at Unix time {}", server.clock.now_s()),
        _ if is("error", 3) => {
            let error = CmdError::new(c_str(args.at(2)));
            server.reply(id).raw(&[b"-", error.text(), b"\r\n"].concat());
            Ok(())
        }
        _ => {
            lever(server, id, args)?;
            server.reply(id).ok();
            Ok(())
        }
    }
}

/// The subcommands that answer OK.
fn lever(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let is = |word: &str, len: usize| args.len() == len && is_word(args.at(1), word);
    if is("sleep", 3) {
        std::thread::sleep(seconds(args.at(2)));
    } else if is("log", 3) {
        log_warning!("DEBUG LOG: {}", String::from_utf8_lossy(c_str(args.at(2))));
    } else if is("set-active-expire", 3) {
        server.expiry.enabled = truth(args.at(2));
    } else if is("pause-cron", 3) {
        server.cron_paused = truth(args.at(2));
    } else if is("replybuffer", 4) && is_word(args.at(2), "resizing") {
        server.keeps_idle_buffers = !truth(args.at(3));
    } else if is("set-skip-checksum-validation", 3) {
        server.persist.skip_checksum = truth(args.at(2));
    } else if is("quicklist-packed-threshold", 3) {
        server.keyspace.limits.list.packed_threshold = packed_threshold(args.at(2))?;
    } else if is("config-rewrite-force-all", 2) {
        config_rewrite(server)?;
    } else if is("change-repl-id", 2) {
        log_warning!("Changing replication IDs after receiving DEBUG change-repl-id");
        server.change_replication_id();
    } else if is("mallctl-str", 4)
        && is_word(args.at(2), "thread.tcache.flush")
        && is_word(args.at(3), "void")
    {
        sys::memory::flush_thread_cache().map_err(|error| CmdError::err(strerror(&error)))?;
    } else if is("segfault", 2) {
        sys::signal::crash();
    } else if args.len() >= 3 && is_word(args.at(1), "replicate") {
        let db = server.client_mut(id).db;
        server.feed_command(db, args.rest(2).iter());
    } else {
        return Err(misused(args));
    }
    Ok(())
}

/// Elements of nearly 4 GB would not fit in a listpack, whose length has 32 bits.
fn packed_threshold(arg: &[u8]) -> CmdResult<usize> {
    const MAX: u64 = (1 << 32) - (1 << 20);
    match size::parse(arg) {
        Some(0) => Ok(PACKED_THRESHOLD),
        Some(bytes) if bytes <= MAX => Ok(bytes as usize),
        _ => Err(CmdError::err("argument must be a memory value bigger than 1 and smaller than 4gb")),
    }
}

fn mallctl(server: &mut Server, id: ClientId, name: &[u8]) -> CmdResult {
    let name = CString::new(c_str(name)).expect("a C string has no NUL within");
    let value = sys::memory::allocator_control(&name).map_err(|error| CmdError::err(strerror(&error)))?;
    server.reply(id).int(value);
    Ok(())
}

fn reload(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let mut how = Reload { save: true, flush: true, merge: false };
    for option in args.rest(2).iter() {
        match option {
            word if is_word(word, "merge") => how.merge = true,
            word if is_word(word, "noflush") => how.flush = false,
            word if is_word(word, "nosave") => how.save = false,
            _ => {
                return Err(CmdError::err(
                    "DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.",
                ));
            }
        }
    }
    server.debug_reload(how)?;
    server.reply(id).ok();
    Ok(())
}

fn config_rewrite(server: &Server) -> CmdResult {
    let failed = |why: &str| CmdError::err(format!("CONFIG-REWRITE-FORCE-ALL failed: {why}"));
    if server.config.config_file.is_none() {
        return Err(failed("No such file or directory"));
    }
    server.config.rewrite(&[], true).map_err(|error| failed(&strerror(&error)))
}

/// A number as C's atoi reads it, and whether it is not 0.
fn truth(arg: &[u8]) -> bool {
    let arg = arg.trim_ascii_start();
    let digits = arg.strip_prefix(b"-").or(arg.strip_prefix(b"+")).unwrap_or(arg);
    digits.iter().take_while(|b| b.is_ascii_digit()).any(|b| *b != b'0')
}

/// A time in seconds; 0 when it is none.
fn seconds(arg: &[u8]) -> Duration {
    let seconds = std::str::from_utf8(arg).ok().and_then(|text| text.trim().parse::<f64>().ok());
    seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).unwrap_or_default()
}
