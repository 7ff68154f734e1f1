//! What streams and their groups are like, as XINFO STREAM FULL tells, so that two servers can be compared.

use super::value::show;
use super::{Server, Value};
use std::collections::BTreeMap;

/// What is a primary's own: consumers that have asked and got nothing, and when each was last heard of, and how far a group has
/// read, which replicas are told only now and then. Who has what, and since when, the group tells too.
pub const OF_THE_PRIMARY: &[&str] = &["consumers", "entries-read", "lag"];

/// What only servers since 7.2 tell, or reckon in another way.
pub const NEWER: &[&str] = &["active-time", "lag"];

/// By database and key what XINFO says, but for what has one of these names.
pub fn all(server: &Server, databases: usize, without: &[&str]) -> BTreeMap<(usize, String), String> {
    let mut client = server.client();
    assert!(!client.cmd("HELLO 3").is_error());
    let mut all = BTreeMap::new();
    for db in 0..databases {
        client.ok(&format!("SELECT {db}"));
        for key in client.cmd("SCAN 0 COUNT 1000000 TYPE stream").items()[1].items() {
            let Value::Bulk(key) = key else { panic!("a key that is {key:?}") };
            let words: [&[u8]; 6] = [b"XINFO", b"STREAM", key, b"FULL", b"COUNT", b"0"];
            let told = client.call(&words);
            // It may have expired.
            if !told.is_error() {
                all.insert((db, show(key)), format!("{:?}", stripped(&told, without)));
            }
        }
    }
    all
}

fn stripped(value: &Value, without: &[&str]) -> Value {
    let each = |items: &[Value]| items.iter().map(|item| stripped(item, without)).collect();
    match value {
        Value::Array(items) => Value::Array(each(items)),
        Value::Map(items) => {
            let named = |name: &Value| matches!(name, Value::Bulk(name) if without.iter().any(|word| word.as_bytes() == &name[..]));
            let kept: Vec<Value> =
                items.chunks_exact(2).filter(|pair| !named(&pair[0])).flat_map(<[Value]>::to_vec).collect();
            Value::Map(each(&kept))
        }
        other => other.clone(),
    }
}
