//! The records of pending entries: a group's, with who has the entry and since when, and a consumer's, which are ids.
//!
//! ```text
//! packed pending entry, 16 bytes:  key u64 | delivered, ms after the base u32 | consumer 20 bits, deliveries 12 bits
//! packed id, 8 bytes:              key u64
//! ```

use super::runs::{Record, pack_id, unpack_id};
use crate::value::stream::StreamId;

/// An entry that a consumer was given and has not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub id: StreamId,
    /// The number of the consumer in its group.
    pub consumer: u32,
    /// When it was last delivered, unix time in ms.
    pub delivered_ms: i64,
    /// How often it was delivered.
    pub deliveries: u64,
}

const DELIVERIES_BITS: u32 = 12;
const CONSUMER_BITS: u32 = 20;
const _: () = assert!(DELIVERIES_BITS + CONSUMER_BITS == u32::BITS);

#[derive(Clone, Copy, Debug)]
pub struct PackedPending {
    key: u64,
    delivered: u32,
    rest: u32,
}

#[derive(Clone, Copy, Debug)]
pub struct Base {
    ms: u64,
    delivered_ms: i64,
}

impl Record for Pending {
    type Base = Base;
    type Packed = PackedPending;

    #[inline]
    fn id(&self) -> StreamId {
        self.id
    }

    fn base(records: &[Self]) -> Base {
        let delivered_ms = records.iter().map(|record| record.delivered_ms).min().unwrap_or(0);
        Base { ms: records[0].id.ms, delivered_ms }
    }

    #[inline]
    fn pack(&self, base: Base) -> Option<PackedPending> {
        let key = pack_id(self.id, base.ms)?;
        let delivered = u32::try_from(self.delivered_ms.checked_sub(base.delivered_ms)?).ok()?;
        let fits = self.consumer >> CONSUMER_BITS == 0 && self.deliveries >> DELIVERIES_BITS == 0;
        let rest = self.consumer << DELIVERIES_BITS | self.deliveries as u32;
        fits.then_some(PackedPending { key, delivered, rest })
    }

    #[inline]
    fn unpack(packed: PackedPending, base: Base) -> Self {
        Pending {
            id: unpack_id(packed.key, base.ms),
            consumer: packed.rest >> DELIVERIES_BITS,
            delivered_ms: base.delivered_ms + i64::from(packed.delivered),
            deliveries: u64::from(packed.rest & ((1 << DELIVERIES_BITS) - 1)),
        }
    }

    #[inline]
    fn base_ms(base: Base) -> u64 {
        base.ms
    }

    #[inline]
    fn key(packed: PackedPending) -> u64 {
        packed.key
    }
}

impl Record for StreamId {
    type Base = u64;
    type Packed = u64;

    #[inline]
    fn id(&self) -> StreamId {
        *self
    }

    fn base(records: &[Self]) -> u64 {
        records[0].ms
    }

    #[inline]
    fn pack(&self, base: u64) -> Option<u64> {
        pack_id(*self, base)
    }

    #[inline]
    fn unpack(packed: u64, base: u64) -> Self {
        unpack_id(packed, base)
    }

    #[inline]
    fn base_ms(base: u64) -> u64 {
        base
    }

    #[inline]
    fn key(packed: u64) -> u64 {
        packed
    }
}
