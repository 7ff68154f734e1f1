//! Connections to other servers that outlive their use for a while, since the next use mostly comes soon.
//!
//! A connection is known by a name that its user chooses, and is either in use or kept, never both: who takes it gives it
//! back when all that was asked over it has been answered, and lets it fall otherwise.

use super::blocking::BlockingStream;
use super::tls::context::Context;
use std::io;
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How many are kept. One more, and the one that has lain longest is closed.
const KEPT_MAX: usize = 64;
/// One of a longer name is not kept, bytes.
const NAME_MAX: usize = 1024;
/// For how long one is kept that nobody uses.
const KEPT_FOR: Duration = Duration::from_secs(10);

/// The connections that nobody uses at present, those that have lain longest first.
#[derive(Debug, Default)]
pub struct Kept {
    idle: Vec<Idle>,
    /// What sessions of TLS are made with, if they can be.
    pub tls: Option<Context>,
}

#[derive(Debug)]
struct Idle {
    name: Box<[u8]>,
    stream: BlockingStream,
    since: Instant,
}

impl Kept {
    /// A connection of this name, if one is kept and the other side has not closed it since.
    pub fn take(&mut self, name: &[u8]) -> Option<BlockingStream> {
        let at = self.idle.iter().position(|idle| &*idle.name == name)?;
        let stream = self.idle.remove(at).stream;
        is_quiet(stream.tcp()).then_some(stream)
    }

    /// Keeps a connection that has been used.
    pub fn give(&mut self, name: &[u8], stream: BlockingStream) {
        if name.len() > NAME_MAX {
            return;
        }
        self.idle.retain(|idle| &*idle.name != name);
        if self.idle.len() == KEPT_MAX {
            self.idle.remove(0);
        }
        self.idle.push(Idle { name: name.into(), stream, since: Instant::now() });
    }

    /// Closes those that have not been used for long.
    pub fn close_old(&mut self) {
        self.close_unused_since(Instant::now());
    }

    fn close_unused_since(&mut self, now: Instant) {
        self.idle.retain(|idle| now.saturating_duration_since(idle.since) <= KEPT_FOR);
    }

    /// How many are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.idle.len()
    }

    /// Whether none is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.idle.is_empty()
    }
}

/// Whether a connection that waits for nothing has been told nothing: neither its end nor bytes that nobody asked for.
fn is_quiet(stream: &TcpStream) -> bool {
    let would_block = |e: io::Error| e.kind() == io::ErrorKind::WouldBlock;
    stream.set_nonblocking(true).is_ok()
        && stream.peek(&mut [0]).is_err_and(would_block)
        && stream.set_nonblocking(false).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn a_connection_is_found_by_its_name_until_it_is_taken_or_old() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let connect = || BlockingStream::Plain(TcpStream::connect(address).expect("somebody listens"));
        let mut kept = Kept::default();
        for i in 0..KEPT_MAX + 2 {
            kept.give(i.to_string().as_bytes(), connect());
        }
        assert_eq!(kept.len(), KEPT_MAX);
        assert!(kept.take(b"0").is_none() && kept.take(b"1").is_none());
        assert!(kept.take(b"2").is_some() && kept.take(b"2").is_none());
        kept.give(b"3", connect());
        assert_eq!(kept.len(), KEPT_MAX - 1, "one of a name");
        kept.give(&[b'x'; NAME_MAX + 1], connect());
        assert_eq!(kept.len(), KEPT_MAX - 1);
        let given = Instant::now();
        kept.close_unused_since(given);
        assert_eq!(kept.len(), KEPT_MAX - 1);
        kept.close_unused_since(given + KEPT_FOR + Duration::from_secs(1));
        assert!(kept.is_empty());
    }

    #[test]
    fn a_connection_that_the_other_side_closed_is_not_given() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let mut kept = Kept::default();
        let connect = || BlockingStream::Plain(TcpStream::connect(address).expect("somebody listens"));
        kept.give(b"a", connect());
        kept.give(b"b", connect());
        drop(listener.accept().expect("the first"));
        assert!(kept.take(b"a").is_none());
        assert!(kept.take(b"b").is_some());
    }
}
