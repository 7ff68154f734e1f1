//! What a replica says before it gets the stream: REPLCONF, and PSYNC or SYNC.

use super::state::{PeerConf, PeerName, Replica, State};
use super::{Child, Primary};
use crate::client::ClientId;
use crate::protocol::args::c_str;
use crate::protocol::error::CmdError;
use crate::protocol::inline::split_words;
use crate::repl::Millis;
use crate::repl::id::{FullReason, Verdict, verdict};

/// Said by ourselves: whoever does not know it lets it be.
pub const CAPA_FIELD_TIMES: &[u8] = b"hash-field-ttl";

/// The longest address that `REPLCONF ip-address` may announce.
const ANNOUNCED_IP_MAX: usize = 255;

/// How REPLCONF is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplconfReply {
    Ok,
    Error(CmdError),
    /// Nothing is said, as the ACK of a replica is never answered.
    Silent,
    /// Our primary asks how far we are; nothing else is said.
    SendAck,
}

/// A PSYNC or SYNC, with what only the owner of the connection knows.
#[derive(Debug, Clone, Copy)]
pub struct SyncRequest<'a> {
    pub id: ClientId,
    pub peer_ip: Option<&'a str>,
    /// The id and the offset, as sent; None for SYNC.
    pub psync: Option<(&'a [u8], &'a [u8])>,
    /// Replies to earlier commands have not been sent.
    pub has_pending_replies: bool,
    /// We are a replica ourselves, and our own link is not up.
    pub link_is_down: bool,
    /// A FAILOVER is under way.
    pub failing_over: bool,
    pub child: Child,
    pub now: Millis,
}

/// What became of a PSYNC or SYNC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyncOutcome {
    /// The connection is a replica's now: it gets no replies, only what `outgoing` says.
    Accepted,
    /// It was one already; nothing is said.
    Ignored,
    Refused(CmdError),
}

impl Primary {
    /// REPLCONF option value [option value ...]; `args` is what follows the command's name.
    pub fn replconf<'a>(
        &mut self,
        id: ClientId,
        args: impl ExactSizeIterator<Item = &'a [u8]>,
        now: Millis,
    ) -> ReplconfReply {
        if !args.len().is_multiple_of(2) {
            return ReplconfReply::Error(CmdError::SYNTAX);
        }
        let mut args = args;
        while let (Some(option), Some(value)) = (args.next(), args.next()) {
            let is = |name: &str| option.eq_ignore_ascii_case(name.as_bytes());
            if is("ack") {
                if let Some(offset) = parse_i64(value) {
                    self.ack(id, offset, now);
                }
                return ReplconfReply::Silent;
            }
            if is("getack") {
                return ReplconfReply::SendAck;
            }
            if self.is_replica(id) && (is("rdb-only") || is("rdb-filter-only")) {
                // What it asked for is on its way.
                continue;
            }
            let conf = self.conf_mut(id);
            let set = if is("listening-port") {
                set_listening_port(conf, value)
            } else if is("ip-address") {
                set_ip_address(conf, value)
            } else if is("capa") {
                // What we do not know may be said as well: newer replicas do.
                conf.capa.eof |= value.eq_ignore_ascii_case(b"eof");
                conf.capa.psync2 |= value.eq_ignore_ascii_case(b"psync2");
                conf.field_times |= value.eq_ignore_ascii_case(CAPA_FIELD_TIMES)
                    || value.eq_ignore_ascii_case(b"rdb-channel-repl");
                Ok(())
            } else if is("version") {
                set_valkey_version(conf, value)
            } else if is("rdb-only") {
                set_rdb_only(conf, value)
            } else if is("rdb-filter-only") {
                set_filter(conf, value)
            } else {
                Err(CmdError::err([b"Unrecognized REPLCONF option: ", c_str(option)].concat()))
            };
            if let Err(error) = set {
                return ReplconfReply::Error(error);
            }
        }
        ReplconfReply::Ok
    }

    /// What the connection has said of itself, be it a replica's already or not.
    fn conf_mut(&mut self, id: ClientId) -> &mut PeerConf {
        match self.replicas.iter().position(|r| r.id == id) {
            Some(at) => &mut self.replicas[at].conf,
            None => self.announced.entry(id).or_default(),
        }
    }

    /// PSYNC or SYNC: the connection becomes a replica's, unless it is refused.
    pub fn sync(&mut self, request: &SyncRequest<'_>) -> SyncOutcome {
        let id = request.id;
        if self.is_replica(id) {
            return SyncOutcome::Ignored;
        }
        if request.failing_over {
            return refused("NOMASTERLINK Can't SYNC while failing over");
        }
        if request.link_is_down {
            return refused("NOMASTERLINK Can't SYNC while not connected with my master");
        }
        if request.has_pending_replies {
            return refused("ERR SYNC and PSYNC are invalid with pending output");
        }
        let conf = self.announced.get(&id).cloned().unwrap_or_default();
        if conf.filter.is_partial() && !conf.capa.eof {
            return refused("ERR Filtered replica requires EOF capability");
        }
        let name = PeerName { id, peer_ip: request.peer_ip, conf: &conf }.to_string();
        self.log.notice(format!("Replica {name} asks for synchronization"));
        if let Some((replid, offset)) = request.psync {
            let Some(from) = parse_i64(offset) else {
                self.log.warning(format!("Replica {name} asks for synchronization but with a wrong offset"));
                return SyncOutcome::Refused(CmdError::NOT_INTEGER);
            };
            match verdict(&self.history, self.window(), replid, from) {
                Verdict::Continue { from } => {
                    self.continue_from(request, conf, &name, from);
                    return SyncOutcome::Accepted;
                }
                Verdict::Full(reason) => {
                    self.explain_full(&name, &reason);
                    if reason != FullReason::Requested {
                        self.stats.partial_err += 1;
                    }
                }
            }
        }
        self.stats.full += 1;
        if let Err(error) = self.first_backlog() {
            self.log.warning(format!("Can't create the replication backlog: {error}"));
            return refused("ERR Can't create the replication backlog");
        }
        let mut conf = conf;
        let known_as = PeerName { id, peer_ip: request.peer_ip, conf: &conf }.known_as();
        conf.filter.field_times = self.field_times_for(&conf, known_as.as_deref(), request.now);
        self.add(request, conf, State::WaitBgsaveStart { since: request.now });
        self.full_sync(id, request.child, request.now);
        SyncOutcome::Accepted
    }

    fn continue_from(&mut self, request: &SyncRequest<'_>, conf: PeerConf, name: &str, from: i64) {
        let window = self.window().expect("the verdict saw a backlog");
        let line = if conf.capa.psync2 {
            format!("+CONTINUE {}\r\n", self.history.replid)
        } else {
            "+CONTINUE\r\n".to_owned()
        };
        let replica = self.add(request, conf, State::Online { cursor: from, awaiting_ack: false });
        replica.head.extend_from_slice(line.as_bytes());
        self.refresh_hold();
        self.stats.partial_ok += 1;
        let behind = window.end - from;
        self.log.notice(format!(
            "Partial resynchronization request from {name} accepted. Sending {behind} bytes of backlog starting from offset {from}."
        ));
    }

    fn add(&mut self, request: &SyncRequest<'_>, conf: PeerConf, state: State) -> &mut Replica {
        self.announced.remove(&request.id);
        self.replicas.push(Replica {
            id: request.id,
            peer_ip: request.peer_ip.map(str::to_owned),
            conf,
            pre_psync: request.psync.is_none(),
            state,
            head: Vec::new(),
            field_times_in_doubt: false,
            ack_offset: 0,
            ack_at: request.now,
            over_soft_since: None,
        });
        self.replicas.last_mut().expect("just pushed")
    }

    /// The backlog of a server that had none begins a new history: what was before has not been counted.
    fn first_backlog(&mut self) -> std::io::Result<()> {
        if self.backlog.is_some() {
            return Ok(());
        }
        self.ensure_backlog()?;
        let id = (self.new_id)();
        self.history.restart(id);
        self.log.notice(format!(
            "Replication backlog created, my new replication IDs are '{}' and '{}'",
            self.history.replid, self.history.replid2
        ));
        Ok(())
    }

    fn explain_full(&mut self, name: &str, reason: &FullReason) {
        match reason {
            FullReason::Requested => self.log.notice(format!("Full resync requested by replica {name}")),
            FullReason::UnknownHistory { asked } => self.log.notice(format!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '{}', my replication IDs are '{}' and '{}')",
                String::from_utf8_lossy(asked), self.history.replid, self.history.replid2
            )),
            FullReason::BeyondSecondId { asked, limit } => self.log.notice(format!(
                "Partial resynchronization not accepted: Requested offset for second ID was {asked}, but I can reply up to {limit}"
            )),
            FullReason::NoBacklog { asked, offset } | FullReason::OutsideBacklog { asked, offset, .. } => {
                self.log.notice(format!(
                    "Unable to partial resync with replica {name} for lack of backlog (Replica request was: {asked})."
                ));
                if asked > offset {
                    self.log.warning(format!(
                        "Warning: replica {name} tried to PSYNC with an offset that is greater than the master replication offset."
                    ));
                }
            }
        }
    }
}

fn refused(text: &str) -> SyncOutcome {
    SyncOutcome::Refused(CmdError::new(text))
}

fn set_listening_port(conf: &mut PeerConf, value: &[u8]) -> Result<(), CmdError> {
    conf.listening_port = parse_i64(value).ok_or(CmdError::NOT_INTEGER)?;
    Ok(())
}

/// Valkey says `9.1.2` of itself.
fn set_valkey_version(conf: &mut PeerConf, value: &[u8]) -> Result<(), CmdError> {
    let numbers: Option<Vec<u32>> =
        std::str::from_utf8(value).ok().and_then(|v| v.split('.').map(|n| n.parse().ok()).collect());
    match numbers.as_deref() {
        Some([major, _, _]) => {
            conf.valkey_version = Some(*major);
            Ok(())
        }
        _ => Err(CmdError::err([b"Unrecognized version format: ", c_str(value)].concat())),
    }
}

fn set_ip_address(conf: &mut PeerConf, value: &[u8]) -> Result<(), CmdError> {
    if value.len() > ANNOUNCED_IP_MAX {
        let n = value.len();
        return Err(CmdError::err(format!(
            "REPLCONF ip-address provided by replica instance is too long: {n} bytes"
        )));
    }
    // It stands in the log and in INFO, where it must not begin lines of its own.
    if !value.iter().all(u8::is_ascii_graphic) {
        return Err(CmdError::err("REPLCONF ip-address provided by replica instance is no address"));
    }
    conf.announced_ip = Some(value.to_vec());
    Ok(())
}

fn set_rdb_only(conf: &mut PeerConf, value: &[u8]) -> Result<(), CmdError> {
    conf.rdb_only = match parse_i64(value).ok_or(CmdError::NOT_INTEGER)? {
        0 => false,
        1 => true,
        _ => return Err(CmdError::err("value is out of range, value must between 0 and 1")),
    };
    Ok(())
}

/// `rdb-filter-only "functions"` keeps the functions and leaves the data out; an empty list leaves both out.
fn set_filter(conf: &mut PeerConf, value: &[u8]) -> Result<(), CmdError> {
    let words = split_words(value).ok_or_else(|| CmdError::err("Missing rdb-filter-only values"))?;
    conf.filter.exclude_data = true;
    conf.filter.exclude_functions = true;
    for word in words.as_args().iter() {
        if !word.eq_ignore_ascii_case(b"functions") {
            return Err(CmdError::err([b"Unsupported rdb-filter-only option: ", c_str(word)].concat()));
        }
        conf.filter.exclude_functions = false;
    }
    Ok(())
}

/// A number as Redis takes it: no plus sign, no leading zeros, no spaces.
pub(crate) fn parse_i64(text: &[u8]) -> Option<i64> {
    let number: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    let mut digits = itoa::Buffer::new();
    (digits.format(number).as_bytes() == text).then_some(number)
}
