//! The commands: a folder is the group of COMMAND DOCS, a file the verb or family. Each command is one `static` row
//! above its handler; [`TABLE`] lists them all.

pub mod connection;
pub mod container;
pub mod docs;
pub mod generic;
pub mod hash;
pub mod list;
pub mod parse;
pub mod row;
pub mod server;
pub mod set;
pub mod string;
#[cfg(test)]
mod testing;

use crate::server::command::Command;

/// Every command, by name.
pub static TABLE: &[&Command] = &[
    &string::append::APPEND,
    &connection::auth::AUTH,
    &server::save::BGSAVE,
    &connection::client::CLIENT,
    &server::command::COMMAND,
    &server::config::CONFIG,
    &generic::copy::COPY,
    &server::flush::DBSIZE,
    &server::debug::DEBUG,
    &string::incr::DECR,
    &string::incr::DECRBY,
    &generic::del::DEL,
    &generic::dump::DUMP,
    &connection::ping::ECHO,
    &generic::exists::EXISTS,
    &generic::expire::EXPIRE,
    &generic::expire::EXPIREAT,
    &generic::ttl::EXPIRETIME,
    &server::flush::FLUSHALL,
    &server::flush::FLUSHDB,
    &string::get::GET,
    &string::get::GETDEL,
    &string::get::GETEX,
    &string::range::GETRANGE,
    &string::set::GETSET,
    &hash::set::HDEL,
    &connection::hello::HELLO,
    &hash::get::HEXISTS,
    &hash::get::HGET,
    &hash::all::HGETALL,
    &hash::incr::HINCRBY,
    &hash::incr::HINCRBYFLOAT,
    &hash::all::HKEYS,
    &hash::get::HLEN,
    &hash::get::HMGET,
    &hash::set::HMSET,
    &hash::random::HRANDFIELD,
    &hash::scan::HSCAN,
    &hash::set::HSET,
    &hash::set::HSETNX,
    &hash::get::HSTRLEN,
    &hash::all::HVALS,
    &string::incr::INCR,
    &string::incr::INCRBY,
    &string::incr::INCRBYFLOAT,
    &server::info::INFO,
    &generic::keys::KEYS,
    &server::save::LASTSAVE,
    &string::lcs::LCS,
    &list::read::LINDEX,
    &list::edit::LINSERT,
    &list::read::LLEN,
    &list::lmove::LMOVE,
    &list::pop::LMPOP,
    &server::lolwut::LOLWUT,
    &list::pop::LPOP,
    &list::read::LPOS,
    &list::push::LPUSH,
    &list::push::LPUSHX,
    &list::read::LRANGE,
    &list::edit::LREM,
    &list::edit::LSET,
    &list::edit::LTRIM,
    &server::memory::MEMORY,
    &string::multi::MGET,
    &generic::migrate::MIGRATE,
    &server::monitor::MONITOR,
    &generic::copy::MOVE,
    &string::multi::MSET,
    &string::multi::MSETNX,
    &generic::object::OBJECT,
    &generic::expire::PERSIST,
    &generic::expire::PEXPIRE,
    &generic::expire::PEXPIREAT,
    &generic::ttl::PEXPIRETIME,
    &connection::ping::PING,
    &string::set::PSETEX,
    &server::psync::PSYNC,
    &generic::ttl::PTTL,
    &connection::quit::QUIT,
    &generic::keys::RANDOMKEY,
    &generic::rename::RENAME,
    &generic::rename::RENAMENX,
    &server::psync::REPLCONF,
    &server::replicaof::REPLICAOF,
    &connection::quit::RESET,
    &generic::dump::RESTORE,
    &generic::dump::RESTORE_ASKING,
    &server::replicaof::ROLE,
    &list::pop::RPOP,
    &list::lmove::RPOPLPUSH,
    &list::push::RPUSH,
    &list::push::RPUSHX,
    &set::add::SADD,
    &server::save::SAVE,
    &generic::scan::SCAN,
    &set::member::SCARD,
    &set::algebra::SDIFF,
    &set::algebra::SDIFFSTORE,
    &connection::select::SELECT,
    &string::set::SET,
    &string::set::SETEX,
    &string::set::SETNX,
    &string::range::SETRANGE,
    &server::shutdown::SHUTDOWN,
    &set::algebra::SINTER,
    &set::algebra::SINTERCARD,
    &set::algebra::SINTERSTORE,
    &set::member::SISMEMBER,
    &server::replicaof::SLAVEOF,
    &server::slowlog::SLOWLOG,
    &set::member::SMEMBERS,
    &set::member::SMISMEMBER,
    &set::add::SMOVE,
    &set::random::SPOP,
    &set::random::SRANDMEMBER,
    &set::add::SREM,
    &set::scan::SSCAN,
    &string::append::STRLEN,
    &string::range::SUBSTR,
    &set::algebra::SUNION,
    &set::algebra::SUNIONSTORE,
    &server::flush::SWAPDB,
    &server::psync::SYNC,
    &server::time::TIME,
    &generic::exists::TOUCH,
    &generic::ttl::TTL,
    &generic::exists::TYPE,
    &generic::del::UNLINK,
    &generic::wait::WAIT,
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
