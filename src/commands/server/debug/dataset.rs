//! DEBUG's looks at the data, and POPULATE. Keys are seen as they lie, those whose time is over too.

use crate::client::ClientId;
use crate::commands::generic::object::references;
use crate::commands::parse::integer;
use crate::ds::table::dict_size;
use crate::keyspace::{ExpireChange, Keyspace, table_figures};
use crate::persist::rdb::VERSION_MAX;
use crate::persist::rdb::save_value::{save_value, type_id};
use crate::persist::rdb::writer::Writer;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use crate::value::stream::StreamId;
use crate::value::{Collection, Encoding, IntBuf, NewValue, ValueRef};
use c_compat::digest::{Digest, EXPIRE_MARK, FIELD_EXPIRE_MARK};
use c_compat::listpack::IntText;
use c_compat::number::double;
use std::fmt::Write;

pub(super) fn digest(server: &mut Server, id: ClientId) -> CmdResult {
    let ks = &server.keyspace;
    let mut all = Digest::default();
    for db in (0..ks.db_count()).filter(|db| !ks.is_empty(*db)) {
        all.mix_u32(db as u32);
        for entry in ks.iter(db) {
            let mut one = Digest::default();
            one.mix(entry.key());
            add_value(&mut one, entry.value(), entry.expire());
            all.xor_digest(&one);
        }
    }
    server.reply(id).simple(&all.to_string());
    Ok(())
}

pub(super) fn digest_value(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let (ks, db) = (&server.keyspace, client.db);
    client.reply.array(args.len() - 2);
    for key in args.rest(2).iter() {
        let mut digest = Digest::default();
        if let Some(value) = ks.peek(db, key) {
            add_value(&mut digest, value, ks.get_expire(db, key));
        }
        client.reply.simple(&digest.to_string());
    }
    Ok(())
}

fn add_value(digest: &mut Digest, value: ValueRef<'_>, expire: Option<i64>) {
    digest.mix_u32(value.kind() as u32);
    match value {
        ValueRef::Str(s) => digest.mix(s.bytes(&mut IntBuf::new())),
        ValueRef::Set(set) => {
            let mut room = IntText::new();
            set.iter().for_each(|member| digest.xor(member.text(&mut room)));
        }
        ValueRef::List(list) => list.each(|entry| digest.mix(entry.text(&mut IntText::new()))),
        ValueRef::Hash(hash) => {
            let (mut field_room, mut value_room) = (IntText::new(), IntText::new());
            for f in hash.iter() {
                let mut one = Digest::default();
                one.mix(f.field.text(&mut field_room));
                one.mix(f.value.text(&mut value_room));
                if f.expires.is_some() {
                    one.xor(FIELD_EXPIRE_MARK);
                }
                digest.xor_digest(&one);
            }
        }
        ValueRef::SortedSet(set) => {
            let (mut room, mut score) = (IntText::new(), Vec::new());
            for item in set.iter() {
                let mut pair = Digest::default();
                pair.mix(item.member.text(&mut room));
                score.clear();
                double::append(&mut score, item.score());
                pair.mix(&score);
                digest.xor_digest(&pair);
            }
        }
        ValueRef::Stream(stream) => {
            let mut room = IntText::new();
            for entry in stream.range(StreamId::MIN, StreamId::MAX) {
                digest.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                for (field, value) in entry.fields() {
                    digest.mix(field.text(&mut room));
                    digest.mix(value.text(&mut room));
                }
            }
        }
    }
    if expire.is_some() {
        digest.xor(EXPIRE_MARK);
    }
}

pub(super) fn object(server: &mut Server, id: ClientId, key: &[u8]) -> CmdResult {
    let db = server.client_mut(id).db;
    let ks = &server.keyspace;
    let (Some(value), Some(entry)) = (ks.peek(db, key), ks.entry_info(db, key)) else {
        return Err(CmdError::NO_SUCH_KEY);
    };
    let mut saved = Writer::in_memory(server.config.rdbcompression);
    save_value(&mut saved, value, type_id(value, VERSION_MAX)).expect("memory takes all");
    let mut text = format!(
        "Value at:{:#x} refcount:{} encoding:{} serializedlength:{} lru:{} lru_seconds_idle:{}",
        entry.address,
        references(value, &server.config),
        entry.encoding.name(),
        saved.into_bytes().len(),
        entry.lru,
        ks.idle_ms(db, key).unwrap_or(0) / 1000
    );
    if let ValueRef::List(list) = value
        && let Some(quick) = list.quick_figures()
    {
        let _ = write!(
            text,
            " ql_nodes:{} ql_avg_node:{:.2} ql_listpack_max:{} ql_compressed:{} ql_uncompressed_size:{}",
            quick.nodes,
            list.len() as f64 / quick.nodes as f64,
            quick.fill,
            i32::from(quick.compresses),
            quick.bytes
        );
    }
    server.reply(id).simple(&text);
    Ok(())
}

pub(super) fn htstats(server: &mut Server, id: ClientId, db: &[u8]) -> CmdResult {
    let db = usize::try_from(integer(db)?).ok().filter(|db| *db < server.keyspace.db_count());
    let db = db.ok_or_else(|| CmdError::err("Out of range database"))?;
    let text = server.keyspace.table_stats(db);
    server.reply(id).verbatim("txt", text.as_bytes());
    Ok(())
}

pub(super) fn htstats_key(server: &mut Server, id: ClientId, key: &[u8]) -> CmdResult {
    let db = server.client_mut(id).db;
    let len = match server.keyspace.lookup_read_no_touch(db, key).ok_or(CmdError::NO_SUCH_KEY)? {
        ValueRef::Set(set) => set.len(),
        ValueRef::Hash(hash) => hash.len(),
        ValueRef::SortedSet(set) => set.len(),
        _ => 0,
    };
    let encoding = server.keyspace.entry_info(db, key).map(|entry| entry.encoding);
    if !matches!(encoding, Some(Encoding::Hashtable | Encoding::Skiplist)) {
        return Err(CmdError::err(
            "The value stored at the specified key is not represented using an hash table",
        ));
    }
    server.reply(id).verbatim("txt", table_figures(dict_size(len), len).as_bytes());
    Ok(())
}

pub(super) fn populate(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let count = positive(args.at(2))?;
    let prefix = args.get(3).unwrap_or(b"key");
    let size = args.get(4).map_or(Ok(0), positive)?;
    let db = server.client_mut(id).db;
    fill(&mut server.keyspace, db, count, prefix, size);
    server.reply(id).ok();
    Ok(())
}

fn positive(arg: &[u8]) -> CmdResult<usize> {
    integer(arg).ok().and_then(|n| usize::try_from(n).ok()).ok_or(CmdError::NOT_POSITIVE)
}

fn fill(ks: &mut Keyspace, db: usize, count: usize, prefix: &[u8], size: usize) {
    ks.presize(db, count, 0);
    for n in 0..count {
        let key = [prefix, b":", n.to_string().as_bytes()].concat();
        if ks.peek(db, &key).is_some() {
            continue;
        }
        let mut value = format!("value:{n}").into_bytes();
        if size > 0 {
            value.resize(size, 0);
        }
        ks.set(db, &key, NewValue::Plain(&value), ExpireChange::Clear);
    }
}
