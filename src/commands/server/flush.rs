//! Whole databases: DBSIZE, FLUSHALL, FLUSHDB, SWAPDB.

use crate::client::ClientId;
use crate::commands::parse::{integer32, is_word};
use crate::commands::row::{acl, flags};
use crate::keyspace::Flushed;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::server::command::{Command, Exec, Group, Run};

/// `DBSIZE`
pub static DBSIZE: Command = Command {
    name: "dbsize",
    arity: 1,
    flags: flags!(READONLY | FAST),
    acl: acl!(KEYSPACE | READ | FAST),
    keys: &[],
    group: Group::Server,
    tips: &["request_policy:all_shards", "response_policy:agg_sum"],
    run: Run::Data(dbsize),
    subcommands: &[],
};

fn dbsize(e: &mut Exec<'_>) -> CmdResult {
    e.reply.int(e.ks.len(e.db) as i64);
    Ok(())
}

/// `FLUSHALL`
pub static FLUSHALL: Command = Command {
    name: "flushall",
    arity: -1,
    flags: flags!(WRITE),
    acl: acl!(KEYSPACE | WRITE | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: Run::Server(flushall),
    subcommands: &[],
};

fn flushall(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let how = How::parse(args)?;
    let flushed = server.flush_data(None);
    server.keyspace.effects.dirty += flushed.len() as u64;
    dispose(server, flushed, how);
    // A snapshot under way, or the last one on disk, would bring the keys back.
    server.stop_snapshot_child();
    if !server.config.save.is_empty() && server.final_save().is_ok() {
        server.keyspace.effects.dirty = 0;
    }
    propagate_even_if_empty(server, args);
    server.reply(id).ok();
    Ok(())
}

/// `FLUSHDB`
pub static FLUSHDB: Command = Command {
    name: "flushdb",
    arity: -1,
    flags: flags!(WRITE),
    acl: acl!(KEYSPACE | WRITE | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &["request_policy:all_shards", "response_policy:all_succeeded"],
    run: Run::Server(flushdb),
    subcommands: &[],
};

fn flushdb(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let how = How::parse(args)?;
    let db = server.client_mut(id).db;
    let flushed = server.flush_data(Some(db));
    server.keyspace.effects.dirty += flushed.len() as u64;
    dispose(server, flushed, how);
    propagate_even_if_empty(server, args);
    server.reply(id).ok();
    Ok(())
}

/// When the memory is given back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// In the background.
    Async,
    /// Before the reply, however long that takes.
    Sync,
    /// As lazyfree-lazy-user-flush says.
    Unsaid,
}

impl How {
    fn parse(args: Args<'_>) -> CmdResult<How> {
        match args.get(1) {
            None => Ok(How::Unsaid),
            Some(word) if args.len() == 2 && is_word(word, "async") => Ok(How::Async),
            Some(word) if args.len() == 2 && is_word(word, "sync") => Ok(How::Sync),
            Some(_) => Err(CmdError::SYNTAX),
        }
    }
}

/// As with DEL, what all clients would wait for goes to the background even if the option is off.
fn dispose(server: &mut Server, flushed: Flushed, how: How) {
    let in_background = match how {
        How::Async => true,
        How::Sync => false,
        How::Unsaid => server.config.lazyfree_lazy_user_flush || flushed.takes_long(),
    };
    server.dispose(flushed, in_background);
}

/// Replicas may have keys where we have none any more, such as expired ones.
fn propagate_even_if_empty(server: &mut Server, args: Args<'_>) {
    if server.keyspace.effects.dirty == 0 {
        server.keyspace.effects.propagate_instead(args.iter());
    }
}

/// `SWAPDB`
pub static SWAPDB: Command = Command {
    name: "swapdb",
    arity: 3,
    flags: flags!(WRITE | FAST),
    acl: acl!(KEYSPACE | WRITE | FAST | DANGEROUS),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Data(swapdb),
    subcommands: &[],
};

fn swapdb(e: &mut Exec<'_>) -> CmdResult {
    let first = integer32(e.args.at(1)).map_err(|_| CmdError::err("invalid first DB index"))?;
    let second = integer32(e.args.at(2)).map_err(|_| CmdError::err("invalid second DB index"))?;
    let known = |index: i32| {
        usize::try_from(index).ok().filter(|db| *db < e.ks.db_count()).ok_or(CmdError::DB_OUT_OF_RANGE)
    };
    let (first, second) = (known(first)?, known(second)?);
    e.ks.swap(first, second);
    e.ks.effects.dirty += 1;
    e.reply.ok();
    Ok(())
}
