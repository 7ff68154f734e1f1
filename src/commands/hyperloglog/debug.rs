//! PFDEBUG and PFSELFTEST: what a HyperLogLog is made of, and whether its arithmetic works on this machine.

use super::{corrupt, of};
use crate::commands::parse::is_word;
use crate::commands::row::{access, acl, flags, key_at};
use crate::keyspace::ExpireChange;
use crate::protocol::args::c_str;
use crate::protocol::{CmdError, CmdResult};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::NewValue;
use c_compat::hyperloglog::{EMPTY, Encoding, Registers, add, count, decode, encoding, to_dense};

/// `PFDEBUG`
pub static PFDEBUG: Command = Command {
    name: "pfdebug",
    arity: 3,
    flags: flags!(WRITE | DENYOOM | ADMIN),
    acl: acl!(WRITE | HYPERLOGLOG | ADMIN | SLOW | DANGEROUS),
    keys: &[key_at(2, access!(RW | ACCESS))],
    group: Group::Hyperloglog,
    tips: &[],
    run: Run::Data(pfdebug),
    subcommands: &[],
};

fn pfdebug(e: &mut Exec<'_>) -> CmdResult {
    let word = e.args.at(1);
    let Some(value) = e.ks.read_str_to_write(e.db, e.args.at(2))? else {
        return Err(CmdError::err("The specified key does not exist"));
    };
    let bytes = of(value)?;
    let encoding = encoding(bytes);
    if is_word(word, "getreg") {
        let mut registers = Registers::new();
        registers.merge(bytes).map_err(corrupt)?;
        make_dense(e)?;
        e.reply.array(registers.iter().len());
        registers.iter().for_each(|register| e.reply.int(register.into()));
    } else if is_word(word, "decode") {
        if encoding != Encoding::Sparse {
            return Err(CmdError::err("HLL encoding is not sparse"));
        }
        let text = decode(bytes);
        e.reply.bulk(&text);
    } else if is_word(word, "encoding") {
        e.reply.simple(if encoding == Encoding::Dense { "dense" } else { "sparse" });
    } else if is_word(word, "todense") {
        let made = make_dense(e)?;
        e.reply.int(i64::from(made));
    } else {
        return Err(CmdError::err([b"Unknown PFDEBUG subcommand '", c_str(word), b"'"].concat()));
    }
    Ok(())
}

/// Makes the HyperLogLog at the key dense; true if it was not.
fn make_dense(e: &mut Exec<'_>) -> CmdResult<bool> {
    let key = e.args.at(2);
    let Some(value) = e.ks.read_str_to_write(e.db, key)? else { return Ok(false) };
    let bytes = of(value)?;
    if encoding(bytes) == Encoding::Dense {
        return Ok(false);
    }
    let mut bytes = bytes.to_vec();
    to_dense(&mut bytes).map_err(corrupt)?;
    e.ks.set(e.db, key, NewValue::Raw(&bytes), ExpireChange::Keep);
    e.ks.effects.dirty += 1;
    Ok(true)
}

/// `PFSELFTEST`
pub static PFSELFTEST: Command = Command {
    name: "pfselftest",
    arity: 1,
    flags: flags!(ADMIN),
    acl: acl!(HYPERLOGLOG | ADMIN | SLOW | DANGEROUS),
    keys: &[],
    group: Group::Hyperloglog,
    tips: &[],
    run: Run::Data(pfselftest),
    subcommands: &[],
};

/// Adds random elements to a sparse and a dense one: they must agree, and be about right, at each power of ten.
fn pfselftest(e: &mut Exec<'_>) -> CmdResult {
    const ELEMENTS: u64 = 1_000_000;
    const STANDARD_ERROR: f64 = 1.04 / 128.0;
    let failed = |text: String| CmdError::new(format!("TESTFAILED {text}"));
    let sparse_max = e.config.hll_sparse_max_bytes;
    let (mut grows, mut dense) = (EMPTY.to_vec(), EMPTY.to_vec());
    to_dense(&mut dense).map_err(corrupt)?;
    let seed = e.rng.next_u64();
    let mut checkpoint = 1;
    for n in 1..=ELEMENTS {
        let element = (n ^ seed).to_le_bytes();
        add(&mut grows, &element, sparse_max).map_err(corrupt)?;
        add(&mut dense, &element, sparse_max).map_err(corrupt)?;
        if n != checkpoint {
            continue;
        }
        if n < sparse_max as u64 / 2 && encoding(&grows) != Encoding::Sparse {
            return Err(failed("sparse encoding not used".into()));
        }
        let estimate = count(&dense).map_err(corrupt)?;
        if estimate != count(&grows).map_err(corrupt)? {
            return Err(failed("dense/sparse disagree".into()));
        }
        // Of ten elements two may share a register, of one none can.
        let most = if n == 10 { 1 } else { (STANDARD_ERROR * 6.0 * n as f64).ceil() as u64 };
        let error = estimate.abs_diff(n);
        if error > most {
            return Err(failed(format!("Too big error. card:{n} abserr:{error}")));
        }
        checkpoint *= 10;
    }
    e.reply.ok();
    Ok(())
}
