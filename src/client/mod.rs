//! A connected client: its socket, its buffers and what it has asked of the server. Knows no command.

pub mod flags;
pub mod subscribed;
pub mod table;
pub mod tracking;
pub mod transaction;

pub use flags::ClientFlags;
pub use table::Clients;
pub use tracking::ClientTracking;
pub use transaction::{Queue, Watched};

use crate::acl::UserId;
use crate::net::conn::Conn;
use crate::protocol::parser::Parser;
use crate::protocol::{OwnedArgs, Reply};
use crate::value::Type;
use crate::value::stream::StreamId;
use smallvec::SmallVec;
use subscribed::Subscribed;

/// A client's name for life: the number that CLIENT ID answers, never used twice, and the slot it sits in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId {
    /// The number, from 1.
    pub number: u64,
    /// Index into the client table; holds another client once this one is gone.
    pub slot: usize,
}

/// What a client waits for. A blocked client's further requests stay in its query buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blocked {
    /// WAIT: for `replicas` replicas to acknowledge `offset`, until `deadline_ms` (monotonic; none waits for ever).
    Wait {
        /// Replication offset.
        offset: u64,
        /// How many replicas.
        replicas: usize,
        /// When it gives up.
        deadline_ms: Option<u64>,
    },
    /// A key that holds what its command wants.
    Keys(Box<KeyWait>),
    /// The server is paused, and the client's next command is one that must wait: a request of so many bytes in its query
    /// buffer, with so many of arguments.
    Paused {
        /// All of it; 0 if it came as a line.
        request: usize,
        /// Its arguments.
        arguments: usize,
    },
    /// SHUTDOWN waits for replicas to catch up.
    Shutdown,
}

/// A command that waits for one of several keys to hold a value of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyWait {
    /// Its place in the lines of these keys: who waits longer has a lower one.
    pub place: u64,
    /// Database of the keys.
    pub db: usize,
    /// The type.
    pub kind: Type,
    /// The keys, each once.
    pub keys: SmallVec<[Box<[u8]>; 1]>,
    /// What these take, here and in their lines, bytes.
    pub bytes: usize,
    /// What of a stream it waits for.
    pub news: Option<News>,
    /// When it gives up, monotonic microseconds.
    pub deadline_us: Option<u64>,
    /// The command by its number in the registry,
    pub command: u16,
    /// and its arguments: it runs again once a key is ready.
    pub args: OwnedArgs,
}

/// What a reader of streams has not seen yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// XREAD: entries with greater ids than these, one for each key.
    After(SmallVec<[StreamId; 1]>),
    /// XREADGROUP: what the consumer group of this name has not delivered.
    Group(Box<[u8]>),
}

/// Which of the client-output-buffer-limit classes applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientClass {
    /// A normal client, a monitor too.
    Normal,
    /// One of our replicas.
    Replica,
    /// In pub/sub.
    Pubsub,
    /// Our primary.
    Primary,
}

/// A client.
pub struct Client {
    /// Its id.
    pub id: ClientId,
    /// Its socket.
    pub conn: Conn,
    /// Bytes read that do not make a whole command yet.
    pub query: Vec<u8>,
    /// How far `query` has been parsed.
    pub parser: Parser,
    /// Replies not sent yet.
    pub reply: Reply,
    /// Index of the selected database.
    pub db: usize,
    /// CLIENT SETNAME.
    pub name: Option<Box<[u8]>>,
    /// CLIENT SETINFO LIB-NAME.
    pub lib_name: Option<Box<[u8]>>,
    /// CLIENT SETINFO LIB-VER.
    pub lib_ver: Option<Box<[u8]>>,
    /// What it is and what is to happen with it.
    pub flags: ClientFlags,
    /// Who it is; none may do everything: our primary.
    pub user: Option<UserId>,
    /// Logged in, or in no need of it when it connected.
    pub authenticated: bool,
    /// When it connected, monotonic milliseconds.
    pub created_ms: u64,
    /// When it last sent or was sent anything, monotonic milliseconds.
    pub active_ms: u64,
    /// The last command found, by its number in the registry.
    pub last_command: Option<u16>,
    /// What it waits for.
    pub blocked: Option<Blocked>,
    /// What it has queued since MULTI.
    pub queue: Option<Box<Queue>>,
    /// The keys that it watches.
    pub watched: Watched,
    /// CLIENT TRACKING.
    pub tracking: Option<Box<ClientTracking>>,
    /// How much it is subscribed to.
    pub subscribed: Subscribed,
    /// Replication offset when its last command had run: what WAIT waits for.
    pub written_offset: u64,
    /// Since when it is over its soft output limit, monotonic milliseconds.
    pub over_soft_limit_ms: Option<u64>,
    /// What its query buffer and parser take while they are elsewhere, its requests being run; bytes.
    pub lent: usize,
    /// What it was last counted to take, bytes: for maxmemory-clients.
    pub counted: u64,
    /// Query buffer bytes, those in the server's shared read buffer included: what CLIENT LIST shows.
    pub query_len: usize,
    /// Largest query buffer of late, bytes.
    pub query_peak: usize,
    /// Bytes of the current command's arguments.
    pub args_len: usize,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes sent.
    pub bytes_out: u64,
    /// Commands run.
    pub commands: u64,
}

impl Client {
    /// A client on a fresh connection.
    #[must_use]
    pub fn new(id: ClientId, conn: Conn, now_ms: u64) -> Self {
        Client {
            id,
            conn,
            query: Vec::new(),
            parser: Parser::default(),
            reply: Reply::new(),
            db: 0,
            name: None,
            lib_name: None,
            lib_ver: None,
            flags: ClientFlags::empty(),
            user: Some(UserId::DEFAULT),
            authenticated: false,
            created_ms: now_ms,
            active_ms: now_ms,
            last_command: None,
            blocked: None,
            queue: None,
            watched: Watched::default(),
            tracking: None,
            subscribed: Subscribed::default(),
            written_offset: 0,
            over_soft_limit_ms: None,
            lent: 0,
            counted: 0,
            query_len: 0,
            query_peak: 0,
            args_len: 0,
            bytes_in: 0,
            bytes_out: 0,
            commands: 0,
        }
    }

    /// Its class for output limits and CLIENT KILL TYPE.
    #[must_use]
    pub fn class(&self) -> ClientClass {
        if self.flags.contains(ClientFlags::PRIMARY) {
            ClientClass::Primary
        } else if self.flags.contains(ClientFlags::REPLICA) && !self.flags.contains(ClientFlags::MONITOR) {
            ClientClass::Replica
        } else if self.flags.contains(ClientFlags::PUBSUB) {
            ClientClass::Pubsub
        } else {
            ClientClass::Normal
        }
    }

    /// What it has sent and what it is to be sent: bytes that no snapshot needs.
    pub fn buffers_mut(&mut self) -> impl Iterator<Item = &mut Vec<u8>> {
        let arriving = self.parser.arriving_mut().map(|arriving| arriving.buffer_mut());
        self.reply.chunks_mut().chain(std::iter::once(&mut self.query)).chain(arriving)
    }

    /// Whether its commands are obeyed as they are: it is our primary.
    #[must_use]
    pub fn must_obey(&self) -> bool {
        self.flags.contains(ClientFlags::PRIMARY)
    }

    /// Whether it may be sent what it did not ask for: not behind its last reply. Our primary would take that for an answer
    /// of ours.
    #[inline]
    #[must_use]
    pub fn takes_messages(&self) -> bool {
        !self.closing() && !self.flags.contains(ClientFlags::PRIMARY)
    }

    /// The number of the client that its invalidations go to: 0 if it gets them itself, -1 if it does not track.
    #[must_use]
    pub fn redirects_to(&self) -> i64 {
        let to = |tracking: &ClientTracking| tracking.redirect.map_or(0, |to| to.number as i64);
        self.tracking.as_deref().map_or(-1, to)
    }

    /// A request of it is over: CLIENT REPLY SKIP ends or takes hold.
    pub fn request_over(&mut self) {
        if self.flags.intersects(ClientFlags::REPLY_SKIP | ClientFlags::REPLY_SKIP_NEXT) {
            self.flags.remove(ClientFlags::REPLY_SKIP);
            if self.flags.contains(ClientFlags::REPLY_SKIP_NEXT) {
                self.flags.remove(ClientFlags::REPLY_SKIP_NEXT);
                self.flags.insert(ClientFlags::REPLY_SKIP);
            }
            let muted = self.flags.intersects(ClientFlags::REPLY_SKIP | ClientFlags::REPLY_OFF);
            self.reply.set_muted(muted);
        }
    }

    /// Whether it is to be closed, now or once its replies are out.
    #[must_use]
    pub fn closing(&self) -> bool {
        self.flags.intersects(ClientFlags::CLOSE_ASAP | ClientFlags::CLOSE_AFTER_REPLY)
    }
}
