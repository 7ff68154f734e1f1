//! One replica of ours: what it said of itself, and where its synchronisation stands.
//!
//! ```text
//!     PSYNC that can continue ------------------------------------------------.
//!                                                                              |
//!     PSYNC/SYNC --> WaitBgsaveStart --disk child--> WaitBgsaveEnd             |
//!                      ^   |                            | file is complete     |
//!                      |   |                            v                      v
//!                      |   |                         SendBulk --all sent--> Online
//!                      |   '--diskless child--> Streaming --child ended well--> Online (silent until the first ACK)
//!                      |
//!              (waits for the next child when the running one does not suit)
//!
//!     any state --> Closing                 its connection is to be closed
//!     SendBulk, Streaming --> Closing       when it wanted the snapshot only, and has it
//! ```
//!
//! | transition | function |
//! |---|---|
//! | into WaitBgsaveStart, Online by PSYNC; attaching to a running child | `psync::sync`, `full_sync::attach` |
//! | WaitBgsaveStart -> WaitBgsaveEnd, Streaming | `full_sync::snapshot_started` |
//! | WaitBgsaveEnd -> SendBulk, Streaming -> Online | `full_sync::snapshot_ended` |
//! | SendBulk -> Online | `Primary::sent` |
//! | Online silent -> Online | `acks::ack` |
//!
//! What holds in each state:
//! - **WaitBgsaveStart**: no cursor; nothing of the stream concerns it. It gets a newline each second, so that it knows
//!   we live. It has not been told `+FULLRESYNC`.
//! - **WaitBgsaveEnd**: it has been told `+FULLRESYNC id offset` and its cursor is `offset + 1`: what is written while
//!   the child writes the file waits for it in the backlog. Newlines go on.
//! - **Streaming**: as before, but the child's bytes pass through us to it. No newline may get between them.
//! - **SendBulk**: the file is on its way; `position` bytes of it have been sent.
//! - **Online**: everything before `cursor` has been given to its socket. While `awaiting_ack`, nothing is sent: after a
//!   streamed snapshot the replica finds its end most easily when nothing follows, so the stream waits for its first ACK.
//! - **Closing**: no cursor; it holds nothing in the backlog any more.
//! - A replica that wants the snapshot only (`rdb-only`) never has a cursor and never gets Online.

use super::field_times::FieldTimes;
use crate::client::ClientId;
use crate::repl::Millis;
use std::fmt;

/// What a client has said of itself by REPLCONF.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PeerConf {
    pub listening_port: i64,
    /// The address it wants to be known by, instead of the one its connection comes from.
    pub announced_ip: Option<Vec<u8>>,
    pub capa: Capa,
    /// It has said that it reads when fields of hashes expire, as Redis 7.4 and later write it.
    pub field_times: bool,
    /// The major version, if it is Valkey.
    pub valkey_version: Option<u32>,
    pub rdb_only: bool,
    pub filter: Filter,
}

/// What a replica understands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capa {
    /// A snapshot of unknown length, ended by a mark.
    pub eof: bool,
    /// `+CONTINUE` with a new replication id.
    pub psync2: bool,
}

impl Capa {
    pub fn and(self, other: Capa) -> Capa {
        Capa { eof: self.eof && other.eof, psync2: self.psync2 && other.psync2 }
    }

    /// Whether it understands all that `other` does.
    pub fn covers(self, other: Capa) -> bool {
        self.and(other) == other
    }
}

/// What a replica does not want in its snapshot, or in another form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter {
    pub exclude_data: bool,
    pub exclude_functions: bool,
    pub field_times: FieldTimes,
}

impl Filter {
    /// Whether anything is left out or different: such a snapshot never goes through the file that also serves as our own.
    pub fn is_partial(self) -> bool {
        self.exclude_data || self.exclude_functions || self.field_times != FieldTimes::default()
    }
}

/// A connection that has asked for the stream or the snapshot.
#[derive(Debug)]
pub struct Replica {
    pub id: ClientId,
    /// The address its connection comes from; None when it has none (a Unix socket).
    pub peer_ip: Option<String>,
    pub conf: PeerConf,
    /// It asked by SYNC, as before Redis 2.8: it sends no ACKs, so it is not timed out for lack of them.
    pub pre_psync: bool,
    pub state: State,
    /// Bytes to be sent before anything that the state has to send: a status line or newlines. Never more than a line.
    pub(super) head: Vec<u8>,
    /// Its snapshot has times of fields, and it has not confirmed anything since: it may be too old for them.
    pub(super) field_times_in_doubt: bool,
    /// The highest offset it has confirmed.
    pub ack_offset: i64,
    /// When it last confirmed anything.
    pub ack_at: Millis,
    /// Since when its unread part has been over the soft limit.
    pub(super) over_soft_since: Option<Millis>,
}

#[derive(Debug, PartialEq, Eq)]
pub enum State {
    WaitBgsaveStart {
        since: Millis,
    },
    WaitBgsaveEnd {
        offset: i64,
        cursor: Option<i64>,
    },
    Streaming {
        cursor: Option<i64>,
        /// Bytes of the present chunk that it has been sent.
        sent: usize,
        /// Since when its socket has taken only a part of the chunk.
        stalled_since: Option<Millis>,
        /// It has confirmed the snapshot before we knew the child's end.
        acked: bool,
    },
    SendBulk {
        cursor: Option<i64>,
        /// What is left of `$<len>\r\n`.
        preamble: Vec<u8>,
        size: u64,
        position: u64,
    },
    Online {
        cursor: i64,
        awaiting_ack: bool,
    },
    Closing,
}

impl State {
    /// The next byte of the stream that it has to be sent: nothing from there on may leave the backlog.
    pub fn cursor(&self) -> Option<i64> {
        match self {
            State::WaitBgsaveEnd { cursor, .. }
            | State::Streaming { cursor, .. }
            | State::SendBulk { cursor, .. } => *cursor,
            State::Online { cursor, .. } => Some(*cursor),
            State::WaitBgsaveStart { .. } | State::Closing => None,
        }
    }

    /// The state's name in INFO and ROLE; None when it is not shown.
    pub fn name(&self) -> Option<&'static str> {
        match self {
            State::WaitBgsaveStart { .. } | State::WaitBgsaveEnd { .. } | State::Streaming { .. } => {
                Some("wait_bgsave")
            }
            State::SendBulk { .. } => Some("send_bulk"),
            State::Online { .. } => Some("online"),
            State::Closing => None,
        }
    }

    pub fn is_online(&self) -> bool {
        matches!(self, State::Online { .. })
    }
}

impl Replica {
    /// The address to show: the announced one, else the connection's.
    pub fn shown_ip(&self) -> Option<String> {
        match &self.conf.announced_ip {
            Some(ip) => Some(String::from_utf8_lossy(ip).into_owned()),
            None => self.peer_ip.clone(),
        }
    }

    pub fn name(&self) -> PeerName<'_> {
        PeerName { id: self.id, peer_ip: self.peer_ip.as_deref(), conf: &self.conf }
    }

    /// What it can be known by when it comes back: its address and the port it listens on.
    pub(super) fn known_as(&self) -> Option<String> {
        PeerName { id: self.id, peer_ip: self.peer_ip.as_deref(), conf: &self.conf }.known_as()
    }

    /// Whole seconds since it last confirmed anything; 0 before it is online.
    pub fn lag_s(&self, now: Millis) -> u64 {
        if self.state.is_online() { now.saturating_sub(self.ack_at) / 1000 } else { 0 }
    }
}

/// How the log calls a replica: `ip:port`, the port being the one it listens on.
#[derive(Clone, Copy)]
pub struct PeerName<'a> {
    pub id: ClientId,
    pub peer_ip: Option<&'a str>,
    pub conf: &'a PeerConf,
}

impl PeerName<'_> {
    /// What it can be known by when it comes back.
    pub(super) fn known_as(&self) -> Option<String> {
        (self.peer_ip.is_some() && self.conf.listening_port != 0).then(|| self.to_string())
    }
}

impl fmt::Display for PeerName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let announced = self.conf.announced_ip.as_deref().map(String::from_utf8_lossy);
        let Some(ip) = announced.as_deref().or(self.peer_ip) else {
            return write!(f, "client id #{}", self.id.number);
        };
        match self.conf.listening_port {
            0 => write!(f, "{ip}:<unknown-replica-port>"),
            port if ip.contains(':') => write!(f, "[{ip}]:{port}"),
            port => write!(f, "{ip}:{port}"),
        }
    }
}
