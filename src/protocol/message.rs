//! A message to many clients, encoded once: see [`Message`].

use crate::ds::long::Shared;

/// Payloads from this length on are shared by the outputs that they stand in: less is copied in less time than it takes
/// to keep a chunk of its own for it.
const SHARED_MIN: usize = 8 * 1024;
/// Room that is kept for the next message, bytes.
const KEPT_MAX: usize = 16 * 1024;

/// A message, an array of strings of which the last is the payload. In RESP3 it is a push, whose first byte alone differs.
///
/// ```text
/// *3..$7..message..$4..news..$5..hello..          short: all in one
/// *3..$7..message..$4..news..$100000.. | hello..  long: the payload is a chunk of every output it goes to
/// ```
#[derive(Debug, Default)]
pub struct Message {
    head: Vec<u8>,
    body: Option<Shared>,
}

impl Message {
    /// Encodes a message of these strings and a payload. Those that follow with other strings, up to [`Message::sent`],
    /// have the same payload.
    pub fn compose(&mut self, strings: &[&[u8]], payload: &[u8]) {
        let head = &mut self.head;
        head.clear();
        head.extend_from_slice(&[b'*', b'1' + strings.len() as u8]);
        head.extend_from_slice(b"\r\n");
        for string in strings {
            length(head, string.len());
            head.extend_from_slice(string);
            head.extend_from_slice(b"\r\n");
        }
        length(head, payload.len());
        if payload.len() < SHARED_MIN {
            head.extend_from_slice(payload);
            head.extend_from_slice(b"\r\n");
        } else if self.body.is_none() {
            self.body = Some(Shared::of(&[payload, b"\r\n"]));
        }
    }

    /// It has gone to all: what comes next is another message.
    pub fn sent(&mut self) {
        self.body = None;
        self.head.clear();
        self.head.shrink_to(KEPT_MAX);
    }

    /// What every output has for itself, and what they share.
    #[inline]
    pub(super) fn parts(&self) -> (&[u8], Option<&Shared>) {
        (&self.head, self.body.as_ref())
    }
}

fn length(out: &mut Vec<u8>, n: usize) {
    out.push(b'$');
    out.extend_from_slice(itoa::Buffer::new().format(n).as_bytes());
    out.extend_from_slice(b"\r\n");
}
