//! INFO keyspace: the databases that have keys.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Keyspace");
    let ks = &server.keyspace;
    for db in (0..ks.db_count()).filter(|db| !ks.is_empty(*db)) {
        let avg_ttl = ks.avg_ttl_ms(db, server.clock.now_ms());
        let (keys, expires) = (ks.len(db), ks.expires_len(db));
        info.field(&format!("db{db}"), format_args!("keys={keys},expires={expires},avg_ttl={avg_ttl}"));
    }
}
