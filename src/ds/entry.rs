//! One key with its value, expiry and access clock: what a keyspace table points at.

/// How a string value is kept, as OBJECT ENCODING names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Encoding {
    Int,
    Embstr,
    Raw,
}

/// A value as commands see it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueRef<'a> {
    /// A string kept as an integer.
    Int(i64),
    Str(&'a [u8]),
}

/// A value to store, its encoding decided.
#[derive(Clone, Copy, Debug)]
pub enum Stored<'a> {
    Int(i64),
    /// At most [`EMBSTR_MAX`] bytes.
    Embstr(&'a [u8]),
    Raw(&'a [u8]),
}

/// The longest string that is embstr and not raw.
pub const EMBSTR_MAX: usize = 44;

enum Body {
    Int(i64),
    Embstr(Box<[u8]>),
    Raw(Vec<u8>),
}

/// One key of the keyspace.
pub struct Entry(Box<Inner>);

struct Inner {
    key: Box<[u8]>,
    body: Body,
    expire: Option<i64>,
    lru: u32,
}

impl Body {
    fn new(value: Stored) -> Body {
        match value {
            Stored::Int(n) => Body::Int(n),
            Stored::Embstr(s) => Body::Embstr(s.into()),
            Stored::Raw(s) => Body::Raw(s.to_vec()),
        }
    }
}

impl Entry {
    pub fn new(key: &[u8], value: Stored, expire: Option<i64>, lru: u32) -> Entry {
        Entry(Box::new(Inner { key: key.into(), body: Body::new(value), expire, lru }))
    }

    pub fn key(&self) -> &[u8] {
        &self.0.key
    }

    pub fn value(&self) -> ValueRef<'_> {
        match &self.0.body {
            Body::Int(n) => ValueRef::Int(*n),
            Body::Embstr(s) => ValueRef::Str(s),
            Body::Raw(s) => ValueRef::Str(s),
        }
    }

    /// The value in the form that makes an equal entry, encoding included.
    pub fn stored(&self) -> Stored<'_> {
        match &self.0.body {
            Body::Int(n) => Stored::Int(*n),
            Body::Embstr(s) => Stored::Embstr(s),
            Body::Raw(s) => Stored::Raw(s),
        }
    }

    pub fn encoding(&self) -> Encoding {
        match self.0.body {
            Body::Int(_) => Encoding::Int,
            Body::Embstr(_) => Encoding::Embstr,
            Body::Raw(_) => Encoding::Raw,
        }
    }

    /// Unix time in ms at which the key expires.
    pub fn expire(&self) -> Option<i64> {
        self.0.expire
    }

    pub fn set_expire(&mut self, expire: Option<i64>) {
        self.0.expire = expire;
    }

    /// The 24 bits of the LRU or LFU clock.
    pub fn lru(&self) -> u32 {
        self.0.lru
    }

    pub fn set_lru(&mut self, lru: u32) {
        self.0.lru = lru;
    }

    pub fn address(&self) -> usize {
        &raw const *self.0 as usize
    }

    pub fn set_value(&mut self, value: Stored, expire: Option<i64>) {
        self.0.body = Body::new(value);
        self.0.expire = expire;
    }

    pub fn set_key(&mut self, key: &[u8]) {
        self.0.key = key.into();
    }

    /// Makes the value raw if it is not, at least `min_len` long (filled with zeros), and gives its bytes.
    pub fn string_mut(&mut self, min_len: usize) -> &mut [u8] {
        let raw = self.raw_mut();
        if raw.len() < min_len {
            raw.resize(min_len, 0);
        }
        raw
    }

    /// Adds `tail` to the value, which becomes raw; returns the new length.
    pub fn append(&mut self, tail: &[u8]) -> usize {
        let raw = self.raw_mut();
        raw.extend_from_slice(tail);
        raw.len()
    }

    fn raw_mut(&mut self) -> &mut Vec<u8> {
        match &mut self.0.body {
            Body::Int(n) => self.0.body = Body::Raw(n.to_string().into_bytes()),
            Body::Embstr(s) => self.0.body = Body::Raw(s.to_vec()),
            Body::Raw(_) => {}
        }
        match &mut self.0.body {
            Body::Raw(raw) => raw,
            _ => unreachable!("made raw above"),
        }
    }
}
