//! MIGRATE: keys handed over to another server, which gets each as a RESTORE. What it has taken is deleted here, unless
//! it was to be a copy, and goes to our own replicas as a DEL.
//!
//! As in Redis, the server does nothing else meanwhile: a key is at every moment at one place only. The timeout bounds
//! each step. A connection over which all was answered is kept for the next MIGRATE to the same place and with the same login.

use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at};
use crate::config::NotifyFlags;
use crate::net::blocking::BlockingStream;
use crate::persist::rdb::payload;
use crate::protocol::args::encode_command;
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::command::{BeginSearch, Command, Exec, FindKeys, Group, KeySpec, Run};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

/// What a timeout that is not positive stands for, ms.
const DEFAULT_TIMEOUT_MS: u64 = 1000;
/// How much of a reply line is read.
const LINE_MAX: usize = 1023;

/// `MIGRATE`
pub static MIGRATE: Command = Command {
    name: "migrate",
    arity: -6,
    flags: flags!(WRITE | MOVABLEKEYS),
    acl: acl!(KEYSPACE | WRITE | SLOW | DANGEROUS),
    keys: &[
        key_at(3, access!(RW | ACCESS | DELETE)),
        KeySpec {
            flags: access!(RW | ACCESS | DELETE | INCOMPLETE),
            begin: BeginSearch::Keyword("KEYS", -2),
            find: FindKeys::Range { last: -1, step: 1, limit: 0 },
            notes: "",
        },
    ],
    group: Group::Generic,
    tips: &["nondeterministic_output"],
    run: Run::Data(migrate),
    subcommands: &[],
};

fn migrate(e: &mut Exec<'_>) -> CmdResult {
    let request = Request::parse(e.args, e.redacted)?;
    let keys: Vec<&[u8]> =
        request.keys.iter().copied().filter(|key| e.ks.lookup_read(e.db, key).is_some()).collect();
    if keys.is_empty() {
        e.reply.simple("NOKEY");
        return Ok(());
    }
    let mut handed_over = hand_over(e, &request, &keys);
    if handed_over.may_try_again() {
        handed_over = hand_over(e, &request, &keys);
    }
    let Outcome { taken, failure } = handed_over;
    if !request.copy && !taken.is_empty() {
        for key in &taken {
            if e.ks.delete(e.db, key) {
                e.notify(NotifyFlags::GENERIC, "del", key);
            }
        }
        e.ks.effects.dirty += taken.len() as u64;
        e.ks.effects.propagate_instead([&b"DEL"[..]].into_iter().chain(taken));
    }
    match failure {
        None => e.reply.ok(),
        // Some keys may have gone over, so this is the reply of a command that has changed data.
        Some(failure) => e.reply.error(&failure.into_error()),
    }
    Ok(())
}

/// What is asked for.
struct Request<'a> {
    host: &'a [u8],
    port: &'a [u8],
    keys: Vec<&'a [u8]>,
    db: i64,
    timeout: Duration,
    copy: bool,
    replace: bool,
    /// AUTH and its arguments.
    login: Option<Vec<&'a [u8]>>,
    /// The name of its connection: another login is another connection, which may do other things.
    link: Vec<u8>,
}

impl<'a> Request<'a> {
    fn parse(args: Args<'a>, redacted: &mut Vec<usize>) -> CmdResult<Self> {
        let (mut copy, mut replace, mut username, mut password) = (false, false, None, None);
        let mut keys = vec![args.at(3)];
        let mut i = 6;
        while let Some(word) = args.get(i) {
            if is_word(word, "copy") {
                copy = true;
            } else if is_word(word, "replace") {
                replace = true;
            } else if is_word(word, "auth") {
                redacted.push(i + 1);
                password = Some(args.get(i + 1).ok_or(CmdError::SYNTAX)?);
                i += 1;
            } else if is_word(word, "auth2") {
                redacted.extend([i + 1, i + 2]);
                username = args.get(i + 1);
                password = Some(args.get(i + 2).ok_or(CmdError::SYNTAX)?);
                i += 2;
            } else if is_word(word, "keys") {
                if !args.at(3).is_empty() {
                    return Err(CmdError::err(concat!(
                        "When using MIGRATE KEYS option, the key argument",
                        " must be set to the empty string"
                    )));
                }
                keys = args.rest(i + 1).iter().collect();
                break;
            } else {
                return Err(CmdError::SYNTAX);
            }
            i += 1;
        }
        let timeout = integer(args.at(5))?;
        let db = integer(args.at(4))?;
        let timeout = u64::try_from(timeout).ok().filter(|ms| *ms > 0).unwrap_or(DEFAULT_TIMEOUT_MS);
        let login: Option<Vec<&[u8]>> = password.map(|password| {
            [b"AUTH"].into_iter().map(|word| &word[..]).chain(username).chain([password]).collect()
        });
        let link = [args.at(1), args.at(2)].into_iter().chain(login.iter().flatten().copied());
        let mut name = Vec::new();
        encode_command(&mut name, link.collect::<Vec<_>>().into_iter());
        Ok(Request {
            link: name,
            host: args.at(1),
            port: args.at(2),
            keys,
            db,
            timeout: Duration::from_millis(timeout),
            copy,
            replace,
            login,
        })
    }

    /// Everything that the other server is sent.
    fn encode(&self, e: &Exec<'_>, keys: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut digits = itoa::Buffer::new();
        if let Some(login) = &self.login {
            encode_command(&mut out, login.iter().copied());
        }
        encode_command(&mut out, [b"SELECT", digits.format(self.db).as_bytes()].into_iter());
        for key in keys {
            let value = e.ks.peek(e.db, key).expect("found a moment ago");
            let value = payload::dump(value, e.config.rdbcompression);
            let ttl = e.ks.get_expire(e.db, key).map_or(0, |at| (at - e.ks.now_ms()).max(1));
            let parts = [&b"RESTORE"[..], *key, digits.format(ttl).as_bytes(), &value, b"REPLACE"];
            let count = if self.replace { parts.len() } else { parts.len() - 1 };
            encode_command(&mut out, parts[..count].iter().copied());
        }
        out
    }
}

/// How far it came.
struct Outcome<'a> {
    /// The keys that the other server has taken.
    taken: Vec<&'a [u8]>,
    failure: Option<Failure>,
}

enum Failure {
    Connecting,
    /// The socket failed; `answered` tells that the other server has answered for a key before.
    Socket {
        doing: &'static str,
        timed_out: bool,
        answered: bool,
    },
    /// The other server refused: its reply, without the minus.
    Refused(Vec<u8>),
}

impl Failure {
    /// In Redis a refused connection shows only when it is written to.
    fn of_connecting(error: io::Error) -> Failure {
        match error.kind() {
            ErrorKind::ConnectionRefused => {
                Failure::Socket { doing: "writing", timed_out: false, answered: false }
            }
            _ => Failure::Connecting,
        }
    }

    fn into_error(self) -> CmdError {
        match self {
            Failure::Connecting => CmdError::new("IOERR error or timeout connecting to the client"),
            Failure::Socket { doing, .. } => {
                CmdError::new(format!("IOERR error or timeout {doing} to target instance"))
            }
            Failure::Refused(line) => {
                CmdError::err([b"Target instance replied with error: ", &*line].concat())
            }
        }
    }
}

impl Outcome<'_> {
    /// Whether nothing can have happened over there, and another connection may do better.
    fn may_try_again(&self) -> bool {
        matches!(self.failure, Some(Failure::Socket { timed_out: false, answered: false, .. }))
    }
}

fn hand_over<'a>(e: &mut Exec<'_>, request: &Request<'_>, keys: &[&'a [u8]]) -> Outcome<'a> {
    let mut taken = Vec::new();
    let target = match e.links.take(&request.link) {
        Some(stream) => Target::on(stream, request.timeout),
        None => Target::connect(e, request),
    };
    let failure = target.map_err(Failure::of_connecting).and_then(|mut target| {
        let failed = |doing, answered| {
            move |error: io::Error| {
                let timed_out = matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                Failure::Socket { doing, timed_out, answered }
            }
        };
        target.send(&request.encode(e, keys)).map_err(failed("writing", false))?;
        let mut refusal = None;
        for _ in 0..1 + usize::from(request.login.is_some()) {
            let line = target.read_line().map_err(failed("reading", false))?;
            refusal = refusal.or_else(|| refused(&line));
        }
        // With a wrong login or database, what the RESTOREs did is not for this key to tell.
        let usable = refusal.is_none();
        let mut all_answered = true;
        for (i, key) in keys.iter().enumerate() {
            let line = match target.read_line() {
                Ok(line) => line,
                Err(_) if refusal.is_some() => {
                    all_answered = false;
                    break;
                }
                Err(error) => return Err(failed("reading", i > 0)(error)),
            };
            match refused(&line) {
                Some(line) => refusal = refusal.or(Some(line)),
                None if usable => taken.push(*key),
                None => {}
            }
        }
        if all_answered && target.buffer.is_empty() {
            e.links.give(&request.link, target.stream);
        }
        refusal.map_or(Ok(()), |line| Err(Failure::Refused(line)))
    });
    Outcome { taken, failure: failure.err() }
}

/// An error reply's line without the minus.
fn refused(line: &[u8]) -> Option<Vec<u8>> {
    line.strip_prefix(b"-").map(<[u8]>::to_vec)
}

/// The connection to the other server.
struct Target {
    stream: BlockingStream,
    timeout: Duration,
    buffer: Vec<u8>,
}

impl Target {
    fn on(stream: BlockingStream, timeout: Duration) -> io::Result<Target> {
        stream.tcp().set_write_timeout(Some(timeout))?;
        Ok(Target { stream, timeout, buffer: Vec::new() })
    }

    fn connect(e: &Exec<'_>, request: &Request<'_>) -> io::Result<Target> {
        let invalid = |_| io::Error::from(ErrorKind::InvalidInput);
        let host = std::str::from_utf8(request.host).map_err(invalid)?;
        let port: u16 = std::str::from_utf8(request.port)
            .ok()
            .and_then(|port| port.parse().ok())
            .ok_or(ErrorKind::InvalidInput)?;
        let mut failed = io::Error::from(ErrorKind::NotFound);
        for address in (host, port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, request.timeout) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    if !e.config.tls_cluster {
                        return Target::on(BlockingStream::Plain(stream), request.timeout);
                    }
                    stream.set_write_timeout(Some(request.timeout))?;
                    stream.set_read_timeout(Some(request.timeout))?;
                    let context = e.links.tls.as_ref().ok_or(ErrorKind::Unsupported)?;
                    return Target::on(BlockingStream::tls(stream, context)?, request.timeout);
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// A line without its end, within the timeout.
    fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.timeout;
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer) {
                let mut line: Vec<u8> = self.buffer.drain(..=end).collect();
                line.truncate(line.len() - 1);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                line.truncate(LINE_MAX);
                return Ok(line);
            }
            if self.buffer.len() > LINE_MAX {
                return Err(ErrorKind::InvalidData.into());
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            self.stream.tcp().set_read_timeout(Some(left))?;
            let mut piece = [0; 4096];
            let n = self.stream.read(&mut piece)?;
            if n == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            self.buffer.extend_from_slice(&piece[..n]);
        }
    }
}
