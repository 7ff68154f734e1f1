//! What is known of members: GEOPOS, GEODIST, GEOHASH.

use super::{metres, reply_distance, reply_place};
use crate::commands::row::{access, acl, flags, key_at};
use crate::protocol::{CmdError, CmdResult, Reply};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::SortedSet;
use c_compat::geohash;

/// `GEOPOS`
pub static GEOPOS: Command = Command {
    name: "geopos",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geopos),
    subcommands: &[],
};

fn geopos(e: &mut Exec<'_>) -> CmdResult {
    each_score(e, |reply, score| match score {
        Some(score) => reply_place(reply, geohash::decode(score)),
        None => reply.null_array(),
    })
}

/// `GEOHASH`
pub static GEOHASH: Command = Command {
    name: "geohash",
    arity: -2,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geohash_of),
    subcommands: &[],
};

fn geohash_of(e: &mut Exec<'_>) -> CmdResult {
    each_score(e, |reply, score| match score {
        Some(score) => reply.bulk(&geohash::text(score)),
        None => reply.null(),
    })
}

fn each_score(e: &mut Exec<'_>, reply_score: fn(&mut Reply, Option<f64>)) -> CmdResult {
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    let members = e.args.rest(2);
    e.reply.array(members.len());
    for member in members.iter() {
        reply_score(e.reply, set.and_then(|set| set.get(member)));
    }
    Ok(())
}

/// `GEODIST`
pub static GEODIST: Command = Command {
    name: "geodist",
    arity: -4,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geodist),
    subcommands: &[],
};

fn geodist(e: &mut Exec<'_>) -> CmdResult {
    let metres = match e.args.len() {
        4 => 1.0,
        5 => metres(e.args.at(4))?,
        _ => return Err(CmdError::SYNTAX),
    };
    let set = e.ks.read_as::<SortedSet>(e.db, e.args.at(1))?;
    let place = |member| set.and_then(|set| set.get(member)).map(geohash::decode);
    match (place(e.args.at(2)), place(e.args.at(3))) {
        (Some(from), Some(to)) => reply_distance(e.reply, geohash::distance(from, to) / metres),
        _ => e.reply.null(),
    }
    Ok(())
}
