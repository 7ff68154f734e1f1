//! INFO keyspace: the databases that have keys.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Keyspace");
    let ks = &server.keyspace;
    for db in (0..ks.db_count()).filter(|db| !ks.is_empty(*db)) {
        let avg_ttl = ks.avg_ttl_ms(db, server.clock.now_ms());
        let (keys, expires) = (ks.len(db), ks.expires_len(db));
        let mut text = format!("keys={keys},expires={expires},avg_ttl={avg_ttl}");
        // Redis 7.0, which has no such hashes, does not show their number.
        let hashes = ks.expiring_hashes(db);
        if hashes > 0 {
            text += &format!(",subexpiry={hashes}");
        }
        info.field(&format!("db{db}"), text);
    }
}
