//! The keys that a command touched, in order: one behind the other in one block of bytes, so that noting a key allocates
//! nothing.

/// How a key was touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was found to write to, added or taken out. Changed it is only if the command made the keyspace dirty.
    Written,
    /// It, or a field of it, was deleted because its time had passed.
    Expired,
}

#[derive(Debug, Clone, Copy)]
struct Note {
    db: u32,
    how: How,
    /// Where the key ends in the bytes; it begins where the one before it ends.
    end: usize,
}

/// Room that is kept for the next command, bytes.
const KEPT_MAX: usize = 64 * 1024;

/// Keys, each with its database.
#[derive(Debug, Default)]
pub struct Touched {
    bytes: Vec<u8>,
    notes: Vec<Note>,
}

impl Touched {
    #[inline]
    pub fn push(&mut self, db: usize, key: &[u8], how: How) {
        self.bytes.extend_from_slice(key);
        self.notes.push(Note { db: db as u32, how, end: self.bytes.len() });
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.notes.is_empty()
    }

    /// In the order in which they were touched.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &[u8], How)> {
        let mut begin = 0;
        self.notes.iter().map(move |note| {
            let key = &self.bytes[begin..note.end];
            begin = note.end;
            (note.db as usize, key, note.how)
        })
    }

    /// A key that was found to write to is as it was after all.
    pub fn take_back(&mut self, db: usize, key: &[u8]) {
        let all = std::mem::take(self);
        all.iter()
            .filter(|note| (note.0, note.1, note.2) != (db, key, How::Written))
            .for_each(|note| self.push(note.0, note.1, note.2));
    }

    /// A key that was found to write to is told of last.
    pub fn put_last(&mut self, db: usize, key: &[u8]) {
        if self.iter().any(|note| note == (db, key, How::Written)) {
            self.take_back(db, key);
            self.push(db, key, How::Written);
        }
    }

    pub fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_MAX);
        self.notes.clear();
        self.notes.shrink_to(KEPT_MAX / size_of::<Note>());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_back_in_order() {
        let mut touched = Touched::default();
        for (db, key, how) in [(3, "a", How::Written), (0, "", How::Expired), (0, "bc", How::Written)] {
            touched.push(db, key.as_bytes(), how);
        }
        let all: Vec<_> = touched.iter().collect();
        assert_eq!(
            all,
            [(3, &b"a"[..], How::Written), (0, &b""[..], How::Expired), (0, &b"bc"[..], How::Written)]
        );
        touched.put_last(3, b"a");
        touched.put_last(3, b"bc");
        let keys: Vec<_> = touched.iter().map(|note| note.1).collect();
        assert_eq!(keys, [&b""[..], b"bc", b"a"]);
        touched.clear();
        assert!(touched.is_empty() && touched.iter().next().is_none());
    }
}
