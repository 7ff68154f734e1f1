//! The commands: a folder is the group of COMMAND DOCS, a file the verb or family. Each command is one `static` row
//! above its handler; [`TABLE`] lists them all.

pub mod bitmap;
pub mod connection;
pub mod container;
pub mod docs;
pub mod generic;
pub mod geo;
pub mod hash;
pub mod hyperloglog;
pub mod list;
pub mod parse;
pub mod pubsub;
pub mod row;
pub mod server;
pub mod set;
pub mod sorted_set;
pub mod stream;
pub mod string;
#[cfg(any(test, fuzzing))]
pub mod testing;
pub mod transactions;

use crate::server::command::Command;

/// Every command, by name.
pub static TABLE: &[&Command] = &[
    &server::acl::ACL,
    &string::append::APPEND,
    &connection::auth::AUTH,
    &server::save::BGSAVE,
    &bitmap::range::BITCOUNT,
    &bitmap::bitfield::BITFIELD,
    &bitmap::bitfield::BITFIELD_RO,
    &bitmap::bitop::BITOP,
    &bitmap::range::BITPOS,
    &list::blocking::BLMOVE,
    &list::blocking::BLMPOP,
    &list::blocking::BLPOP,
    &list::blocking::BRPOP,
    &list::blocking::BRPOPLPUSH,
    &sorted_set::blocking::BZMPOP,
    &sorted_set::blocking::BZPOPMAX,
    &sorted_set::blocking::BZPOPMIN,
    &connection::client::CLIENT,
    &server::command::COMMAND,
    &server::config::CONFIG,
    &generic::copy::COPY,
    &server::flush::DBSIZE,
    &server::debug::DEBUG,
    &string::incr::DECR,
    &string::incr::DECRBY,
    &generic::del::DEL,
    &transactions::exec::DISCARD,
    &generic::dump::DUMP,
    &connection::ping::ECHO,
    &transactions::exec::EXEC,
    &generic::exists::EXISTS,
    &generic::expire::EXPIRE,
    &generic::expire::EXPIREAT,
    &generic::ttl::EXPIRETIME,
    &server::failover::FAILOVER,
    &server::flush::FLUSHALL,
    &server::flush::FLUSHDB,
    &geo::add::GEOADD,
    &geo::member::GEODIST,
    &geo::member::GEOHASH,
    &geo::member::GEOPOS,
    &geo::search::GEORADIUS,
    &geo::search::GEORADIUS_RO,
    &geo::search::GEORADIUSBYMEMBER,
    &geo::search::GEORADIUSBYMEMBER_RO,
    &geo::search::GEOSEARCH,
    &geo::search::GEOSEARCHSTORE,
    &string::get::GET,
    &bitmap::bit::GETBIT,
    &string::get::GETDEL,
    &string::get::GETEX,
    &string::range::GETRANGE,
    &string::set::GETSET,
    &hash::set::HDEL,
    &connection::hello::HELLO,
    &hash::get::HEXISTS,
    &hash::expire::HEXPIRE,
    &hash::expire::HEXPIREAT,
    &hash::ttl::HEXPIRETIME,
    &hash::get::HGET,
    &hash::all::HGETALL,
    &hash::getex::HGETDEL,
    &hash::getex::HGETEX,
    &hash::incr::HINCRBY,
    &hash::incr::HINCRBYFLOAT,
    &hash::all::HKEYS,
    &hash::get::HLEN,
    &hash::get::HMGET,
    &hash::set::HMSET,
    &hash::expire::HPERSIST,
    &hash::expire::HPEXPIRE,
    &hash::expire::HPEXPIREAT,
    &hash::ttl::HPEXPIRETIME,
    &hash::ttl::HPTTL,
    &hash::random::HRANDFIELD,
    &hash::scan::HSCAN,
    &hash::set::HSET,
    &hash::setex::HSETEX,
    &hash::set::HSETNX,
    &hash::get::HSTRLEN,
    &hash::ttl::HTTL,
    &hash::all::HVALS,
    &string::incr::INCR,
    &string::incr::INCRBY,
    &string::incr::INCRBYFLOAT,
    &server::info::INFO,
    &generic::keys::KEYS,
    &server::save::LASTSAVE,
    &server::latency::LATENCY,
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
    &transactions::exec::MULTI,
    &generic::object::OBJECT,
    &generic::expire::PERSIST,
    &generic::expire::PEXPIRE,
    &generic::expire::PEXPIREAT,
    &generic::ttl::PEXPIRETIME,
    &hyperloglog::add::PFADD,
    &hyperloglog::count::PFCOUNT,
    &hyperloglog::debug::PFDEBUG,
    &hyperloglog::merge::PFMERGE,
    &hyperloglog::debug::PFSELFTEST,
    &connection::ping::PING,
    &string::set::PSETEX,
    &pubsub::subscribe::PSUBSCRIBE,
    &server::psync::PSYNC,
    &generic::ttl::PTTL,
    &pubsub::publish::PUBLISH,
    &pubsub::PUBSUB,
    &pubsub::unsubscribe::PUNSUBSCRIBE,
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
    &bitmap::bit::SETBIT,
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
    &generic::sort::SORT,
    &generic::sort::SORT_RO,
    &set::random::SPOP,
    &pubsub::publish::SPUBLISH,
    &set::random::SRANDMEMBER,
    &set::add::SREM,
    &set::scan::SSCAN,
    &pubsub::subscribe::SSUBSCRIBE,
    &string::append::STRLEN,
    &pubsub::subscribe::SUBSCRIBE,
    &string::range::SUBSTR,
    &set::algebra::SUNION,
    &set::algebra::SUNIONSTORE,
    &pubsub::unsubscribe::SUNSUBSCRIBE,
    &server::flush::SWAPDB,
    &server::psync::SYNC,
    &server::time::TIME,
    &generic::exists::TOUCH,
    &generic::ttl::TTL,
    &generic::exists::TYPE,
    &generic::del::UNLINK,
    &pubsub::unsubscribe::UNSUBSCRIBE,
    &transactions::watch::UNWATCH,
    &generic::wait::WAIT,
    &transactions::watch::WATCH,
    &stream::ack::XACK,
    &stream::add::XADD,
    &stream::claim::XAUTOCLAIM,
    &stream::claim::XCLAIM,
    &stream::remove::XDEL,
    &stream::group::XGROUP,
    &stream::info::XINFO,
    &stream::range::XLEN,
    &stream::pending::XPENDING,
    &stream::range::XRANGE,
    &stream::read::XREAD,
    &stream::read_group::XREADGROUP,
    &stream::range::XREVRANGE,
    &stream::setid::XSETID,
    &stream::remove::XTRIM,
    &sorted_set::add::ZADD,
    &sorted_set::score::ZCARD,
    &sorted_set::score::ZCOUNT,
    &sorted_set::algebra::ZDIFF,
    &sorted_set::algebra::ZDIFFSTORE,
    &sorted_set::add::ZINCRBY,
    &sorted_set::algebra::ZINTER,
    &sorted_set::algebra::ZINTERCARD,
    &sorted_set::algebra::ZINTERSTORE,
    &sorted_set::score::ZLEXCOUNT,
    &sorted_set::pop::ZMPOP,
    &sorted_set::score::ZMSCORE,
    &sorted_set::pop::ZPOPMAX,
    &sorted_set::pop::ZPOPMIN,
    &sorted_set::random::ZRANDMEMBER,
    &sorted_set::range::ZRANGE,
    &sorted_set::range::ZRANGEBYLEX,
    &sorted_set::range::ZRANGEBYSCORE,
    &sorted_set::range::ZRANGESTORE,
    &sorted_set::score::ZRANK,
    &sorted_set::remove::ZREM,
    &sorted_set::remove::ZREMRANGEBYLEX,
    &sorted_set::remove::ZREMRANGEBYRANK,
    &sorted_set::remove::ZREMRANGEBYSCORE,
    &sorted_set::range::ZREVRANGE,
    &sorted_set::range::ZREVRANGEBYLEX,
    &sorted_set::range::ZREVRANGEBYSCORE,
    &sorted_set::score::ZREVRANK,
    &sorted_set::scan::ZSCAN,
    &sorted_set::score::ZSCORE,
    &sorted_set::algebra::ZUNION,
    &sorted_set::algebra::ZUNIONSTORE,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::command::Registry;
    use crate::util::rng::Rng;

    #[test]
    fn the_table_and_each_container_are_sorted_by_name() {
        let sorted = |names: Vec<&str>| names.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(sorted(TABLE.iter().map(|c| c.name).collect()));
        for command in TABLE {
            assert!(sorted(command.subcommands.iter().map(|c| c.name).collect()), "{}", command.name);
        }
    }

    #[test]
    fn rules_of_users_mean_the_same_commands_whatever_is_renamed_or_hidden() {
        let mut registry = Registry::new(TABLE);
        registry.rename(b"CONFIG", b"").expect("there is CONFIG");
        registry.rename(b"GET", b"fetch").expect("there is GET");
        registry.rename(b"SET", b"get").expect("the name is free");
        let known = crate::server::acl::commands(&registry);
        for (number, entry) in registry.all().enumerate() {
            assert_eq!(known.find(entry.full_name.as_bytes()), Some(number as u16), "{}", entry.full_name);
        }
        let called = |name: &[u8]| registry.find(name).map(|id| id.0);
        assert_eq!(known.find(b"get"), called(b"fetch"));
        assert_eq!(known.find(b"set"), called(b"get"));
    }

    #[test]
    fn every_command_is_found_in_any_case_and_nothing_else_is() {
        let registry = Registry::new(TABLE);
        let found = |name: &[u8]| registry.find(name).map(|id| registry[id].command.name);
        let mut rng = Rng::seeded(7);
        for command in TABLE {
            let name = command.name.as_bytes();
            assert_eq!(found(name), Some(command.name));
            for _ in 0..200 {
                let mut other = name.to_vec();
                let at = rng.below(other.len() as u64) as usize;
                match rng.below(4) {
                    0 => other[at] = rng.next_u64() as u8,
                    1 => other[at] ^= 1 << rng.below(8),
                    2 => other.insert(at, rng.next_u64() as u8),
                    _ => drop(other.remove(at)),
                }
                let meant = TABLE.iter().find(|c| c.name.as_bytes().eq_ignore_ascii_case(&other));
                assert_eq!(found(&other), meant.map(|c| c.name), "{}", other.escape_ascii());
            }
            let mut mixed = name.to_vec();
            mixed.iter_mut().filter(|_| rng.below(2) == 0).for_each(|b| *b = b.to_ascii_uppercase());
            assert_eq!(found(&mixed), Some(command.name));
        }
    }
}
