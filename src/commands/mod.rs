//! The commands: a folder is the group of COMMAND DOCS, a file the verb or family. Each command is one `static` row
//! above its handler; [`TABLE`] lists them all.

pub mod docs;
pub mod generic;
pub mod parse;
pub mod row;
pub mod string;
#[cfg(test)]
mod testing;

use crate::server::command::Command;

/// Every command, by name.
pub static TABLE: &[&Command] = &[
    &string::append::APPEND,
    &generic::copy::COPY,
    &string::incr::DECR,
    &string::incr::DECRBY,
    &generic::del::DEL,
    &generic::dump::DUMP,
    &generic::exists::EXISTS,
    &generic::expire::EXPIRE,
    &generic::expire::EXPIREAT,
    &generic::ttl::EXPIRETIME,
    &string::get::GET,
    &string::get::GETDEL,
    &string::get::GETEX,
    &string::range::GETRANGE,
    &string::set::GETSET,
    &string::incr::INCR,
    &string::incr::INCRBY,
    &string::lcs::LCS,
    &string::multi::MGET,
    &generic::migrate::MIGRATE,
    &generic::copy::MOVE,
    &string::multi::MSET,
    &string::multi::MSETNX,
    &generic::object::OBJECT,
    &generic::expire::PERSIST,
    &generic::expire::PEXPIRE,
    &generic::expire::PEXPIREAT,
    &generic::ttl::PEXPIRETIME,
    &string::set::PSETEX,
    &generic::ttl::PTTL,
    &generic::rename::RENAME,
    &generic::rename::RENAMENX,
    &generic::dump::RESTORE,
    &generic::dump::RESTORE_ASKING,
    &string::set::SET,
    &string::set::SETEX,
    &string::set::SETNX,
    &string::range::SETRANGE,
    &string::append::STRLEN,
    &string::range::SUBSTR,
    &generic::exists::TOUCH,
    &generic::ttl::TTL,
    &generic::exists::TYPE,
    &generic::del::UNLINK,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_and_each_container_are_sorted_by_name() {
        let sorted = |names: Vec<&str>| names.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(sorted(TABLE.iter().map(|c| c.name).collect()));
        for command in TABLE {
            assert!(sorted(command.subcommands.iter().map(|c| c.name).collect()), "{}", command.name);
        }
    }
}
