//! CLIENT KILL: by address, as it was once, or by filters that all must fit.

use super::class;
use crate::acl::{UserId, Users};
use crate::client::{Client, ClientClass, ClientFlags, ClientId};
use crate::commands::container::c_str;
use crate::commands::parse::is_word;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;
use c_compat::number::int;

#[derive(Default)]
struct Filter<'a> {
    number: Option<u64>,
    class: Option<ClientClass>,
    address: Option<&'a [u8]>,
    local_address: Option<&'a [u8]>,
    user: Option<UserId>,
    /// Seconds for which it has been connected at least.
    age: Option<u64>,
    spare_me: bool,
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>, users: &Users) -> CmdResult<Self> {
        if args.len() == 3 {
            return Ok(Filter { address: Some(c_str(args.at(2))), ..Filter::default() });
        }
        let mut filter = Filter { spare_me: true, ..Filter::default() };
        let mut at = 2;
        while let Some(option) = args.get(at) {
            let value = args.get(at + 1).ok_or(CmdError::SYNTAX)?;
            match option {
                word if is_word(word, "id") => filter.number = Some(number(value)?),
                word if is_word(word, "type") => filter.class = Some(class(value)?),
                word if is_word(word, "addr") => filter.address = Some(c_str(value)),
                word if is_word(word, "laddr") => filter.local_address = Some(c_str(value)),
                word if is_word(word, "maxage") => filter.age = Some(age(value)?),
                word if is_word(word, "user") => filter.user = Some(user_of(value, users)?),
                word if is_word(word, "skipme") => {
                    filter.spare_me = match value {
                        word if is_word(word, "yes") => true,
                        word if is_word(word, "no") => false,
                        _ => return Err(CmdError::SYNTAX),
                    }
                }
                _ => return Err(CmdError::SYNTAX),
            }
            at += 2;
        }
        Ok(filter)
    }

    fn fits(&self, client: &Client, me: ClientId, now_ms: u64) -> bool {
        !client.flags.contains(ClientFlags::CLOSE_ASAP)
            && self.number.is_none_or(|number| client.id.number == number)
            && self.class.is_none_or(|class| client.class() == class)
            && self.address.is_none_or(|address| client.conn.peer_text().as_bytes() == address)
            && self.local_address.is_none_or(|address| client.conn.local_text().as_bytes() == address)
            && self.user.is_none_or(|user| client.user == Some(user))
            && self.age.is_none_or(|age| now_ms.saturating_sub(client.created_ms) / 1000 >= age)
            && !(self.spare_me && client.id == me)
    }
}

fn number(value: &[u8]) -> CmdResult<u64> {
    let number = int::parse(value).filter(|number| *number >= 1);
    number.map(|number| number as u64).ok_or_else(|| CmdError::err("client-id should be greater than 0"))
}

fn age(value: &[u8]) -> CmdResult<u64> {
    let age = int::parse(value).ok_or_else(|| CmdError::err("maxage is not an integer or out of range"))?;
    let positive = u64::try_from(age).ok().filter(|age| *age > 0);
    positive.ok_or_else(|| CmdError::err("maxage should be greater than 0"))
}

fn user_of(name: &[u8], users: &Users) -> CmdResult<UserId> {
    users.find(name).ok_or_else(|| CmdError::err([b"No such user '", c_str(name), b"'"].concat()))
}

pub(super) fn kill(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let filter = Filter::parse(args, &server.acl.users)?;
    let now_ms = server.clock.monotonic_ms();
    let fitting = server.clients.iter().filter(|client| filter.fits(client, id, now_ms));
    let killed: Vec<ClientId> = fitting.map(|client| client.id).collect();
    if args.len() > 3 {
        server.reply(id).int(killed.len() as i64);
    } else if killed.is_empty() {
        return Err(CmdError::err("No such client"));
    } else {
        server.reply(id).ok();
    }
    for victim in killed {
        let class = server.clients.get(victim).map(Client::class);
        if victim == id {
            server.close_after_reply(id);
        } else if matches!(class, Some(ClientClass::Normal | ClientClass::Pubsub)) {
            server.close_at_once(victim);
        } else {
            // Links end with the turn.
            server.close_later(victim);
        }
    }
    Ok(())
}
