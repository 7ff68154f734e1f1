//! A blocking client that shows everything: what was sent is under the test's control to the byte, and each
//! reply comes both as bytes and as a tree.

use super::value::{self, Value};
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

pub struct Client {
    stream: TcpStream,
    buf: Vec<u8>,
    timeout: Duration,
}

/// One reply: its bytes as they came, and what they mean.
#[derive(Clone)]
pub struct Reply {
    pub raw: Vec<u8>,
    pub value: Value,
}

/// The multibulk request of `args`.
pub fn encode<A: AsRef<[u8]>>(args: &[A]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        let arg = arg.as_ref();
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

impl Client {
    pub fn try_connect(port: u16) -> io::Result<Client> {
        let addr = SocketAddr::from(([127, 0, 0, 1], port));
        let stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        let mut client = Client { stream, buf: Vec::new(), timeout: Duration::ZERO };
        client.set_timeout(Duration::from_secs(20));
        Ok(client)
    }

    #[track_caller]
    pub fn connect(port: u16) -> Client {
        Client::try_connect(port).unwrap_or_else(|e| panic!("connect to port {port}: {e}"))
    }

    /// How long a whole reply may take.
    pub fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = timeout;
        self.stream.set_write_timeout(Some(timeout)).expect("timeout above zero");
    }

    /// Ends our half of the connection; replies can still come.
    pub fn finish_sending(&self) {
        // A server that has closed already has said all it will.
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    /// A second handle of the connection, for a thread that only writes or only reads.
    pub fn try_clone(&self) -> io::Result<Client> {
        Ok(Client { stream: self.stream.try_clone()?, buf: Vec::new(), timeout: self.timeout })
    }

    pub fn local_port(&self) -> u16 {
        self.stream.local_addr().expect("connected").port()
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<()> {
        self.send_bytes(&encode(args))
    }

    /// Reads what has come into the buffer; 0 at the end of the stream.
    fn fill(&mut self, deadline: Instant) -> io::Result<usize> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut chunk = [0; 65536];
        match self.stream.read(&mut chunk) {
            Ok(n) => {
                self.buf.extend_from_slice(&chunk[..n]);
                Ok(n)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Err(io::ErrorKind::TimedOut.into()),
            Err(e) => Err(e),
        }
    }

    /// Whether some of a reply has come.
    pub fn has_reply(&self) -> bool {
        let peeked = self
            .stream
            .set_nonblocking(true)
            .and_then(|()| self.stream.peek(&mut [0]))
            .is_ok_and(|bytes| bytes > 0);
        self.stream.set_nonblocking(false).expect("a socket can block");
        peeked || !self.buf.is_empty()
    }

    pub fn read(&mut self) -> io::Result<Reply> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match value::parse(&self.buf) {
                Ok(Some((value, len))) => {
                    let raw = self.buf.drain(..len).collect();
                    return Ok(Reply { raw, value });
                }
                Ok(None) => {}
                Err(why) => {
                    let shown = value::show(&self.buf);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, format!("{why}: {shown}")));
                }
            }
            if self.fill(deadline)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Everything until the server closes the connection.
    pub fn read_to_end(&mut self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.timeout;
        loop {
            match self.fill(deadline) {
                Ok(0) => return Ok(std::mem::take(&mut self.buf)),
                Ok(_) => {}
                // Bytes the server never read turn its close into a reset; what it had written came before.
                Err(e) if e.kind() == io::ErrorKind::ConnectionReset => {
                    return Ok(std::mem::take(&mut self.buf));
                }
                Err(e) => return Err(e),
            }
        }
    }

    pub fn read_exact(&mut self, len: usize) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.timeout;
        while self.buf.len() < len {
            if self.fill(deadline)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buf.drain(..len).collect())
    }

    /// A line without its line end.
    pub fn read_line(&mut self) -> io::Result<Vec<u8>> {
        let deadline = Instant::now() + self.timeout;
        loop {
            if let Some(at) = self.buf.iter().position(|&b| b == b'\n') {
                let mut line: Vec<u8> = self.buf.drain(..=at).collect();
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            if self.fill(deadline)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub fn try_call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Value> {
        self.send(args)?;
        Ok(self.read()?.value)
    }

    #[track_caller]
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Value {
        self.try_call(args).unwrap_or_else(|e| {
            let shown: Vec<String> = args.iter().map(|a| value::show(a.as_ref())).collect();
            panic!("{}: {e}\n{}", shown.join(" "), super::server::describe_all())
        })
    }

    /// A command whose arguments hold no spaces, as one line.
    #[track_caller]
    pub fn cmd(&mut self, line: &str) -> Value {
        self.call(&line.split_whitespace().collect::<Vec<_>>())
    }

    pub fn try_cmd(&mut self, line: &str) -> io::Result<Value> {
        self.try_call(&line.split_whitespace().collect::<Vec<_>>())
    }

    #[track_caller]
    pub fn ok(&mut self, line: &str) {
        let reply = self.cmd(line);
        assert!(reply.is_ok(), "{line}: {reply:?}");
    }
}
