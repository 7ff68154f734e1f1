//! Waiting for sockets: a thin wrapper that keeps mio's poll and its event list together.

use mio::{Events, Poll, Token};
use std::io;
use std::time::Duration;

/// Events taken from the kernel at once.
const EVENTS_MAX: usize = 1024;

/// The poll and the events of the last wait.
pub struct EventLoop {
    poll: Poll,
    events: Events,
}

/// What happened to one registered source.
#[derive(Debug, Clone, Copy)]
pub struct Ready {
    /// The source.
    pub token: Token,
    /// It can be read, or was closed.
    pub readable: bool,
    /// It can be written, or was closed.
    pub writable: bool,
    /// The other side sends no more: what is left can be read, and then its end. No further event tells of it.
    pub ended: bool,
}

impl EventLoop {
    /// An event loop, with no sources yet.
    ///
    /// # Errors
    /// The system has no epoll to give.
    pub fn new() -> io::Result<Self> {
        Ok(EventLoop { poll: Poll::new()?, events: Events::with_capacity(EVENTS_MAX) })
    }

    /// A handle to register sources with.
    ///
    /// # Errors
    /// Out of file descriptors.
    pub fn registry(&self) -> io::Result<mio::Registry> {
        self.poll.registry().try_clone()
    }

    /// Waits for events, at most so long; `ready` gets them. A signal ends the wait early.
    ///
    /// # Errors
    /// The poll itself is broken.
    pub fn wait(&mut self, timeout: Duration, ready: &mut Vec<Ready>) -> io::Result<()> {
        ready.clear();
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        ready.extend(self.events.iter().map(|e| Ready {
            token: e.token(),
            readable: e.is_readable() || e.is_read_closed() || e.is_error(),
            writable: e.is_writable() || e.is_write_closed() || e.is_error(),
            ended: e.is_read_closed() || e.is_error(),
        }));
        Ok(())
    }
}
