//! All clients: a slab, so that an event's token is a slot, and numbers that are never used twice, so that an id kept
//! anywhere either finds its client or nothing. A closed client's slot is freed only at the end of the turn: events
//! of this turn cannot reach a newcomer.

use super::{Client, ClientFlags, ClientId};
use crate::net::conn::Conn;
use slab::Slab;

/// The client table.
#[derive(Default)]
pub struct Clients {
    slab: Slab<Client>,
    last_number: u64,
    dead: Vec<usize>,
}

impl Clients {
    /// The id that the next client will have.
    #[must_use]
    pub fn next_id(&self) -> ClientId {
        ClientId { number: self.last_number + 1, slot: self.slab.vacant_key() }
    }

    /// Adds a client under [`Clients::next_id`].
    pub fn insert(&mut self, conn: Conn, now_ms: u64) -> ClientId {
        let id = self.next_id();
        self.last_number = id.number;
        let slot = self.slab.insert(Client::new(id, conn, now_ms));
        assert!(slot == id.slot, "the slab gave another slot than it announced");
        id
    }

    /// The client, unless it is gone.
    #[must_use]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.at_slot(id.slot).filter(|c| c.id == id)
    }

    /// The client, unless it is gone.
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        self.slab.get_mut(id.slot).filter(|c| c.id == id && !c.flags.contains(ClientFlags::DEAD))
    }

    /// The client in a slot.
    #[must_use]
    pub fn at_slot(&self, slot: usize) -> Option<&Client> {
        self.slab.get(slot).filter(|c| !c.flags.contains(ClientFlags::DEAD))
    }

    /// The client with this CLIENT ID number.
    #[must_use]
    pub fn by_number(&self, number: u64) -> Option<ClientId> {
        self.iter().find(|c| c.id.number == number).map(|c| c.id)
    }

    /// Marks a client as gone; its slot is free after [`Clients::free_dead`].
    pub fn kill(&mut self, id: ClientId) {
        if let Some(client) = self.get_mut(id) {
            client.flags.insert(ClientFlags::DEAD);
            self.dead.push(id.slot);
        }
    }

    /// Frees the slots of clients that are gone, at the end of a turn.
    pub fn free_dead(&mut self) {
        for slot in self.dead.drain(..) {
            self.slab.remove(slot);
        }
    }

    /// Every client.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.slab.iter().map(|(_, c)| c).filter(|c| !c.flags.contains(ClientFlags::DEAD))
    }

    /// Every client.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.slab.iter_mut().map(|(_, c)| c).filter(|c| !c.flags.contains(ClientFlags::DEAD))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slab.len() - self.dead.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Slots in use or once used: an upper bound for walking the table in slices.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slab.capacity()
    }
}
