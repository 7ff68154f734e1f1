//! GEOADD: a ZADD, as which it travels too, of scores that places are encoded as.

use super::place;
use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at};
use crate::commands::sorted_set::add::{Options, add_members};
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use c_compat::geohash;

/// `GEOADD`
pub static GEOADD: Command = Command {
    name: "geoadd",
    arity: -5,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | GEO | SLOW),
    keys: &[key_at(1, access!(RW | UPDATE))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geoadd),
    subcommands: &[],
};

fn geoadd(e: &mut Exec<'_>) -> CmdResult {
    let mut options = Options::default();
    let mut from = 2;
    while let Some(word) = e.args.get(from) {
        match () {
            () if is_word(word, "nx") => options.nx = true,
            () if is_word(word, "xx") => options.xx = true,
            () if is_word(word, "ch") => options.ch = true,
            () => break,
        }
        from += 1;
    }
    let places = e.args.rest(from);
    if !places.len().is_multiple_of(3) || options.nx && options.xx {
        return Err(CmdError::SYNTAX);
    }
    let mut members = Vec::with_capacity(places.len() / 3);
    for at in (0..places.len()).step_by(3) {
        let score = geohash::encode(place(places.at(at), places.at(at + 1))?).expect("the place is valid");
        members.push((score as f64, places.at(at + 2)));
    }
    if members.is_empty() {
        return Err(CmdError::SYNTAX);
    }
    add_members(e, e.args.at(1), &members, options)?;
    if e.ks.effects.dirty > 0 {
        let mut command: Vec<Vec<u8>> = vec![b"zadd".to_vec()];
        command.extend((1..from).map(|at| e.args.at(at).to_vec()));
        for (score, member) in &members {
            command.push((*score as u64).to_string().into_bytes());
            command.push(member.to_vec());
        }
        e.ks.effects.propagate_instead(&command);
    }
    Ok(())
}
