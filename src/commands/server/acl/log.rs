//! ACL LOG.

use crate::client::ClientId;
use crate::commands::container::misused;
use crate::commands::parse::{integer, is_word};
use crate::protocol::{Args, CmdResult};
use crate::server::Server;

/// Entries that are shown when nobody says how many.
const SHOWN: i64 = 10;

pub(super) fn log(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let count = match args.len() {
        2 => SHOWN,
        3 if is_word(args.at(2), "reset") => {
            server.acl.log.clear();
            server.reply(id).ok();
            return Ok(());
        }
        3 => integer(args.at(2))?,
        _ => return Err(misused(args)),
    };
    let now = server.clock.now_ms();
    let client = server.clients.get_mut(id).expect("a client lives while its command runs");
    let reply = &mut client.reply;
    let entries = server.acl.log.iter();
    let count = usize::try_from(count).unwrap_or(0).min(entries.len());
    reply.array(count);
    for entry in entries.take(count) {
        reply.map(7);
        reply.bulk(b"count");
        reply.int(entry.count as i64);
        let texts: [(&[u8], &[u8]); 4] = [
            (b"reason", entry.reason.name().as_bytes()),
            (b"context", entry.origin.name().as_bytes()),
            (b"object", &entry.object),
            (b"username", &entry.user),
        ];
        for (field, text) in texts {
            reply.bulk(field);
            reply.bulk(text);
        }
        reply.bulk(b"age-seconds");
        reply.double((now - entry.at_ms) as f64 / 1000.0);
        reply.bulk(b"client-info");
        reply.bulk(&entry.client);
    }
    Ok(())
}
