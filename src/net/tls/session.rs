//! A session without its socket: encrypted bytes come in and plain ones go out, and the other way round.
//!
//! **Coming in.** [`Session::receive`] is given what was read, in any pieces. Whole records are decrypted where they lie,
//! and what is in them goes to the caller's [`Room`]; what does not fit waits here for the next call. Of a record that is
//! not whole the part that came is kept, and no more than what completes it is copied behind it:
//!
//! ```text
//!   behind            fresh
//!   +--------------+  +-----------+----------------+-----------+--------+
//!   | a record ... |  | ... ends  | header  record | ...       | a part |
//!   +--------------+  +-----------+----------------+-----------+--------+
//!                 <----- copied     decrypted in place           kept, the next `behind`
//! ```
//!
//! Handshake messages may be longer than a record; then all records of one are kept until it is complete, 64 KB at most.
//!
//! **Going out.** [`Session::seal`] encrypts into a buffer that all sessions share, [`Sealed`], and so does whatever the
//! session has to say itself: its part of the handshake, alerts, new keys.

use rustls::client::UnbufferedClientConnection;
use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus, WriteTraffic};
use rustls::{ClientConfig, Error, ServerConfig};
use std::io::{self, IoSlice};
use std::sync::Arc;

/// Plain bytes of a full record.
const RECORD: usize = 16 * 1024;
/// What a record has beside its plain bytes, bytes; rather more.
const OVERHEAD: usize = 64;
/// Bytes of a record's header.
const HEADER: usize = 5;
/// What is kept of records that are not complete, bytes.
const BEHIND_MAX: usize = 64 * 1024;

/// One end of a session.
pub struct Session {
    side: Side,
    /// Received, and not enough to be decrypted.
    behind: Vec<u8>,
    /// Decrypted, from `fetched` on not fetched yet.
    plain: Vec<u8>,
    fetched: usize,
}

enum Side {
    Client(UnbufferedClientConnection),
    Server(UnbufferedServerConnection),
}

/// Where plain bytes go.
pub trait Room {
    /// How many it takes yet.
    fn left(&self) -> usize;

    /// Puts bytes there, no more than there is room for.
    fn put(&mut self, bytes: &[u8]);
}

/// What is encrypted and to be sent, and room to make it in.
#[derive(Debug, Default)]
pub struct Sealed {
    bytes: Vec<u8>,
    len: usize,
    /// Where pieces that are too small for a record of their own are joined.
    joined: Vec<u8>,
}

impl Sealed {
    /// What is to be sent.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// It has been sent, or is kept elsewhere.
    pub fn clear(&mut self) {
        self.len = 0;
    }

    fn room(&mut self, len: usize) -> &mut [u8] {
        if self.bytes.len() < self.len + len {
            self.bytes.resize(self.len + len, 0);
        }
        &mut self.bytes[self.len..]
    }
}

/// What became of bytes that were received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// More may come.
    Open,
    /// The other side has said that nothing more comes.
    Ended,
}

/// What a step of the session asks for.
enum Step {
    /// Another step.
    Again,
    /// More bytes.
    Idle,
    /// No more bytes.
    Ended,
}

/// What is to be done when the session has nothing more urgent to do.
enum Task<'a> {
    Nothing,
    Seal { slices: &'a [IoSlice<'a>], max: usize, taken: &'a mut usize },
    Close,
}

/// No room: what comes waits in the session.
#[derive(Debug)]
pub struct Nowhere;

impl Room for Nowhere {
    fn left(&self) -> usize {
        0
    }

    fn put(&mut self, _: &[u8]) {}
}

impl Session {
    /// The server's side.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn server(config: Arc<ServerConfig>) -> io::Result<Session> {
        UnbufferedServerConnection::new(config)
            .map(|c| Session::new(Side::Server(c)))
            .map_err(io::Error::other)
    }

    /// The client's side.
    ///
    /// # Errors
    /// The session cannot be made.
    pub fn client(config: Arc<ClientConfig>) -> io::Result<Session> {
        let made = UnbufferedClientConnection::new(config, super::verify::any_name());
        made.map(|c| Session::new(Side::Client(c))).map_err(io::Error::other)
    }

    fn new(side: Side) -> Session {
        Session { side, behind: Vec::new(), plain: Vec::new(), fetched: 0 }
    }

    /// Whether hands are still being shaken.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        match &self.side {
            Side::Client(c) => c.is_handshaking(),
            Side::Server(c) => c.is_handshaking(),
        }
    }

    /// Bytes that it keeps, of incomplete records and of what nobody has fetched.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.behind.capacity() + self.plain.capacity()
    }

    /// Gives out what was decrypted before and has not been fetched.
    pub fn fetch(&mut self, room: &mut impl Room) {
        if self.plain.is_empty() {
            return;
        }
        let waiting = &self.plain[self.fetched..];
        let n = waiting.len().min(room.left());
        room.put(&waiting[..n]);
        self.fetched += n;
        if self.fetched == self.plain.len() {
            (self.plain, self.fetched) = (Vec::new(), 0);
        }
    }

    /// Has the session say what it has to say unasked: a client begins the handshake.
    ///
    /// # Errors
    /// As [`Session::receive`].
    pub fn start(&mut self, sealed: &mut Sealed) -> Result<(), Error> {
        let mut behind = std::mem::take(&mut self.behind);
        let processed = self.process(&mut behind, &mut Nowhere, &mut Task::Nothing, sealed);
        self.behind = behind;
        processed.map(|_| ())
    }

    /// Takes encrypted bytes, which are written over.
    ///
    /// # Errors
    /// The other side broke the rules, or said that we did. An alert to be sent may lie in `sealed`; the session is of no
    /// use any more.
    pub fn receive(
        &mut self,
        fresh: &mut [u8],
        room: &mut impl Room,
        sealed: &mut Sealed,
    ) -> Result<Received, Error> {
        let mut rest = fresh;
        while !self.behind.is_empty() && !rest.is_empty() {
            let take = match missing(&self.behind) {
                // Records that are whole, of a message that is not.
                0 => rest.len(),
                missing => missing.min(rest.len()),
            };
            self.behind.reserve_exact(take);
            self.behind.extend_from_slice(&rest[..take]);
            rest = &mut rest[take..];
            let mut behind = std::mem::take(&mut self.behind);
            let (used, ended) = self.process(&mut behind, room, &mut Task::Nothing, sealed)?;
            if ended {
                return Ok(Received::Ended);
            }
            if used < behind.len() {
                behind.drain(..used);
                self.keep(behind)?;
            }
        }
        if rest.is_empty() {
            return Ok(Received::Open);
        }
        let (used, ended) = self.process(rest, room, &mut Task::Nothing, sealed)?;
        if ended {
            return Ok(Received::Ended);
        }
        if used < rest.len() {
            self.keep(rest[used..].to_vec())?;
        }
        Ok(Received::Open)
    }

    fn keep(&mut self, behind: Vec<u8>) -> Result<(), Error> {
        if behind.len() > BEHIND_MAX {
            return Err(Error::General("a message of the handshake is too long".into()));
        }
        self.behind = behind;
        Ok(())
    }

    /// Encrypts the first bytes of several slices, `max` at most; returns how many.
    ///
    /// # Errors
    /// The session has failed, or its keys have been used as often as they may be.
    pub fn seal(&mut self, slices: &[IoSlice<'_>], max: usize, sealed: &mut Sealed) -> Result<usize, Error> {
        let mut taken = 0;
        self.work(&mut Task::Seal { slices, max, taken: &mut taken }, sealed)?;
        Ok(taken)
    }

    /// Says goodbye.
    pub fn close(&mut self, sealed: &mut Sealed) {
        // Whoever cannot say it goes without.
        let _ = self.work(&mut Task::Close, sealed);
    }

    fn work(&mut self, task: &mut Task<'_>, sealed: &mut Sealed) -> Result<(), Error> {
        // What is kept belongs to every step: of a message in several records the session knows the places.
        let mut behind = std::mem::take(&mut self.behind);
        let processed = self.process(&mut behind, &mut Nowhere, task, sealed);
        self.behind = behind;
        processed.map(|_| ())
    }

    /// Makes of encrypted bytes what can be made of them. Returns how many are done with, and whether no more are wanted.
    fn process(
        &mut self,
        bytes: &mut [u8],
        room: &mut impl Room,
        task: &mut Task<'_>,
        sealed: &mut Sealed,
    ) -> Result<(usize, bool), Error> {
        let plain = &mut self.plain;
        let mut give = |bytes: &[u8]| {
            let n = if plain.is_empty() { bytes.len().min(room.left()) } else { 0 };
            room.put(&bytes[..n]);
            plain.extend_from_slice(&bytes[n..]);
        };
        let mut used = 0;
        loop {
            let rest = &mut bytes[used..];
            let (done, step) = match &mut self.side {
                Side::Client(c) => step(c.process_tls_records(rest), &mut give, task, sealed),
                Side::Server(c) => step(c.process_tls_records(rest), &mut give, task, sealed),
            };
            used += done;
            match step {
                Ok(Step::Again) => {}
                Ok(Step::Idle) => return Ok((used, false)),
                Ok(Step::Ended) => return Ok((used, true)),
                Err(error) => {
                    self.last_words(&mut bytes[used..], sealed);
                    return Err(error);
                }
            }
        }
    }

    /// After an error: encodes the alert that tells the other side, if there is one.
    fn last_words(&mut self, rest: &mut [u8], sealed: &mut Sealed) {
        let wants_write = |side: &Side| match side {
            Side::Client(c) => c.wants_write(),
            Side::Server(c) => c.wants_write(),
        };
        while wants_write(&self.side) {
            let (_, step) = match &mut self.side {
                Side::Client(c) => step(c.process_tls_records(rest), &mut |_| {}, &mut Task::Nothing, sealed),
                Side::Server(c) => step(c.process_tls_records(rest), &mut |_| {}, &mut Task::Nothing, sealed),
            };
            if !matches!(step, Ok(Step::Again)) {
                return;
            }
        }
    }
}

/// How many bytes the record lacks that these begin with; of its header, as long as that is not complete.
fn missing(bytes: &[u8]) -> usize {
    match bytes {
        [_, _, _, a, b, ..] => {
            let len = HEADER + usize::from(u16::from_be_bytes([*a, *b]));
            len.saturating_sub(bytes.len())
        }
        _ => HEADER - bytes.len(),
    }
}

/// One step. Returns how many bytes are done with.
fn step<Data>(
    status: UnbufferedStatus<'_, '_, Data>,
    give: &mut dyn FnMut(&[u8]),
    task: &mut Task<'_>,
    sealed: &mut Sealed,
) -> (usize, Result<Step, Error>) {
    let UnbufferedStatus { mut discard, state } = status;
    let step = match state {
        Err(error) => Err(error),
        Ok(ConnectionState::ReadTraffic(mut traffic)) => loop {
            match traffic.next_record() {
                Some(Ok(record)) => {
                    discard += record.discard;
                    give(record.payload);
                }
                Some(Err(error)) => break Err(error),
                None => break Ok(Step::Again),
            }
        },
        Ok(ConnectionState::EncodeTlsData(mut data)) => {
            let needed = match data.encode(&mut []) {
                Err(EncodeError::InsufficientSize(size)) => size.required_size,
                _ => 0,
            };
            sealed.len += data.encode(sealed.room(needed)).unwrap_or(0);
            Ok(Step::Again)
        }
        Ok(ConnectionState::TransmitTlsData(data)) => {
            // It lies in `sealed`, in front of whatever comes next.
            data.done();
            Ok(Step::Again)
        }
        Ok(ConnectionState::PeerClosed) => Ok(Step::Ended),
        Ok(ConnectionState::WriteTraffic(traffic)) => perform(traffic, task, sealed).map(|()| Step::Idle),
        Ok(_) => Ok(Step::Idle),
    };
    (discard, step)
}

/// Does what is to be done of a session that can write.
fn perform<Data>(
    mut traffic: WriteTraffic<'_, Data>,
    task: &mut Task<'_>,
    sealed: &mut Sealed,
) -> Result<(), Error> {
    match task {
        Task::Nothing => Ok(()),
        Task::Close => {
            let room = sealed.room(OVERHEAD);
            sealed.len += traffic.queue_close_notify(room).unwrap_or(0);
            Ok(())
        }
        Task::Seal { slices, max, taken } => {
            let mut joined = std::mem::take(&mut sealed.joined);
            joined.clear();
            let mut left = *max;
            for (i, slice) in slices.iter().enumerate() {
                let mut rest = &slice[..slice.len().min(left)];
                left -= rest.len();
                let last = left == 0 || i + 1 == slices.len();
                while !rest.is_empty() {
                    let (piece, after) = rest.split_at(rest.len().min(RECORD - joined.len()));
                    rest = after;
                    if joined.is_empty() && (last || piece.len() == RECORD) {
                        encrypt(&mut traffic, piece, sealed)?;
                        continue;
                    }
                    joined.extend_from_slice(piece);
                    if joined.len() == RECORD {
                        encrypt(&mut traffic, &joined, sealed)?;
                        joined.clear();
                    }
                }
            }
            if !joined.is_empty() {
                encrypt(&mut traffic, &joined, sealed)?;
            }
            sealed.joined = joined;
            **taken = *max - left;
            Ok(())
        }
    }
}

/// Encrypts what makes one record.
fn encrypt<Data>(
    traffic: &mut WriteTraffic<'_, Data>,
    plain: &[u8],
    sealed: &mut Sealed,
) -> Result<(), Error> {
    let mut len = plain.len() + OVERHEAD;
    loop {
        match traffic.encrypt(plain, sealed.room(len)) {
            Ok(n) => {
                sealed.len += n;
                return Ok(());
            }
            // New keys go before it.
            Err(EncryptError::InsufficientSize(size)) if size.required_size > len => len = size.required_size,
            Err(_) => return Err(Error::General("the keys of the session are used up".into())),
        }
    }
}
