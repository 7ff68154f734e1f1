//! A replica that only listens: it shakes hands, takes the snapshot as bytes and then shows the command stream
//! exactly as the primary wrote it.

use super::client::{Client, encode};
use super::value::{self, Value};
use std::io;
use std::time::{Duration, Instant};

pub struct RawReplica {
    client: Client,
    pub replid: String,
    pub offset: u64,
    /// The snapshot as it was sent.
    pub rdb: Vec<u8>,
    /// True when the snapshot came with `$EOF` framing.
    pub diskless: bool,
}

impl RawReplica {
    /// Full sync with `PSYNC ? -1` (or a bare `SYNC`).
    pub fn attach(mut client: Client, sync: &str) -> io::Result<RawReplica> {
        client.try_cmd("REPLCONF listening-port 1")?;
        client.try_cmd("REPLCONF capa eof capa psync2")?;
        client.send(&sync.split_whitespace().collect::<Vec<_>>())?;
        let (mut replid, mut offset) = (String::new(), 0);
        let header = loop {
            let line = String::from_utf8_lossy(&client.read_line()?).into_owned();
            if line.is_empty() {
                continue;
            }
            if let Some(rest) = line.strip_prefix("+FULLRESYNC ") {
                let (id, off) = rest.split_once(' ').expect("an id and an offset");
                (replid, offset) = (id.to_string(), off.parse().expect("an offset"));
                continue;
            }
            break line;
        };
        let (rdb, diskless) = if let Some(mark) = header.strip_prefix("$EOF:") {
            let mut bytes = Vec::new();
            while !bytes.ends_with(mark.as_bytes()) {
                bytes.extend(client.read_exact(1)?);
            }
            bytes.truncate(bytes.len() - mark.len());
            (bytes, true)
        } else if let Some(len) = header.strip_prefix('$') {
            (client.read_exact(len.parse().expect("a length"))?, false)
        } else {
            return Err(io::Error::other(format!("{sync} was answered with {header}")));
        };
        let mut replica = RawReplica { client, replid, offset, rdb, diskless };
        replica.ack(offset)?;
        Ok(replica)
    }

    /// Partial sync: the reply line to PSYNC, the stream follows.
    pub fn psync(client: &mut Client, replid: &str, offset: u64) -> io::Result<String> {
        client.try_cmd("REPLCONF listening-port 1")?;
        client.try_cmd("REPLCONF capa eof capa psync2")?;
        client.send(&["PSYNC", replid, &offset.to_string()])?;
        loop {
            let line = client.read_line()?;
            if !line.is_empty() {
                return Ok(String::from_utf8_lossy(&line).into_owned());
            }
        }
    }

    pub fn ack(&mut self, offset: u64) -> io::Result<()> {
        self.client.send_bytes(&encode(&["REPLCONF", "ACK", &offset.to_string()]))
    }

    /// Reads, acknowledging what came as a replica does each second: a primary starts the stream after a diskless
    /// transfer with the first acknowledgement it gets once its child has ended.
    fn read_acking<T>(&mut self, mut read: impl FnMut(&mut Client) -> io::Result<T>) -> io::Result<T> {
        self.client.set_timeout(Duration::from_millis(200));
        for _ in 0..100 {
            match read(&mut self.client) {
                Err(e) if e.kind() == io::ErrorKind::TimedOut => self.ack(self.offset)?,
                other => return other,
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// The next command of the stream, keepalive PINGs left out, as bytes.
    pub fn next_command(&mut self) -> io::Result<(Vec<u8>, Vec<Vec<u8>>)> {
        loop {
            let reply = self.read_acking(Client::read)?;
            self.offset += reply.raw.len() as u64;
            let Value::Array(items) = reply.value else {
                return Err(io::Error::other(format!("not a command: {}", value::show(&reply.raw))));
            };
            let args: Vec<Vec<u8>> = items
                .into_iter()
                .map(|item| match item {
                    Value::Bulk(b) => b,
                    other => panic!("a command made of {other:?}"),
                })
                .collect();
            if !args[0].eq_ignore_ascii_case(b"ping") {
                return Ok((reply.raw, args));
            }
        }
    }

    /// The stream from here to this offset.
    pub fn bytes_until(&mut self, end: u64) -> io::Result<Vec<u8>> {
        let len = (end - self.offset) as usize;
        let bytes = self.read_acking(|client| client.read_exact(len))?;
        self.offset = end;
        Ok(bytes)
    }

    /// Every command up to the one that sets `marker`, without it.
    pub fn until_marker(&mut self, marker: &[u8], timeout: Duration) -> io::Result<Vec<Vec<Vec<u8>>>> {
        let end = Instant::now() + timeout;
        let mut commands = Vec::new();
        while Instant::now() < end {
            let (_, args) = self.next_command()?;
            if args.len() > 1 && args[1] == marker {
                return Ok(commands);
            }
            commands.push(args);
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}
