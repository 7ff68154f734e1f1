//! Certificates made for a test by the `openssl` command, and clients that speak TLS.
//!
//! ```text
//!   ca.crt -------- server.crt   for servers only, RSA
//!          |------- client.crt   for clients only
//!          +------- plain.crt    of version 1, for anything, as Redis's own script for tests makes them
//!   stranger-ca.crt --- stranger.crt
//! ```

use super::server::{Dir, free_port};
use super::value::{self, Value};
use super::{Program, Server};
use oxidis::net::tls::context::{ClientAuth, Context, KeyPair, Options};
use oxidis::net::tls::{BlockingTls, blocking_tls};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A folder of certificates and keys.
pub struct Certificates(Dir);

impl Certificates {
    pub fn new() -> Certificates {
        let made = Certificates(Dir::new());
        for name in ["ca", "stranger-ca"] {
            let subject = format!("/O=Oxidis Test/CN={name}");
            let (key, certificate) = (format!("{name}.key"), format!("{name}.crt"));
            made.key(&key, "EC");
            let words = ["-x509", "-new", "-sha256", "-days", "30", "-subj", &subject, "-key", &key];
            made.openssl(&[&["req"], &words[..], &["-out", &certificate]].concat());
        }
        made.issue("server", "RSA", "ca", Some("nsCertType = server\nextendedKeyUsage = serverAuth"));
        made.issue("client", "EC", "ca", Some("nsCertType = client\nextendedKeyUsage = clientAuth"));
        made.issue("plain", "EC", "ca", None);
        made.issue("stranger", "EC", "stranger-ca", None);
        made
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.0.0.join(file)
    }

    pub fn openssl(&self, words: &[&str]) {
        let output = Command::new("openssl").args(words).current_dir(&self.0.0).output();
        let output = output.expect("openssl is installed (tests/setup)");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn key(&self, file: &str, kind: &str) {
        let option = if kind == "RSA" { "rsa_keygen_bits:2048" } else { "ec_paramgen_curve:P-256" };
        self.openssl(&["genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", file]);
    }

    /// A certificate with its key, from an authority.
    pub fn issue(&self, name: &str, kind: &str, authority: &str, extensions: Option<&str>) {
        let file = |end: &str| format!("{name}.{end}");
        let subject = format!("/O=Oxidis Test/CN={name}");
        self.key(&file("key"), kind);
        self.openssl(&[
            "req",
            "-new",
            "-sha256",
            "-subj",
            &subject,
            "-key",
            &file("key"),
            "-out",
            &file("csr"),
        ]);
        let (ca, ca_key, csr, crt) =
            (format!("{authority}.crt"), format!("{authority}.key"), file("csr"), file("crt"));
        let mut words = vec!["x509", "-req", "-sha256", "-days", "30", "-in", &csr, "-out", &crt];
        words.extend(["-CA", &ca, "-CAkey", &ca_key, "-set_serial", "7"]);
        let ext = file("ext");
        if let Some(text) = extensions {
            std::fs::write(self.path(&ext), text).expect("a file of extensions");
            words.extend(["-extfile", &ext]);
        }
        self.openssl(&words);
    }

    /// redis.conf lines of a server with TLS on a port.
    pub fn config(&self, tls_port: u16) -> Vec<String> {
        let file = |option: &str, name: &str| format!("{option} {}", self.path(name).display());
        vec![
            format!("tls-port {tls_port}"),
            file("tls-cert-file", "server.crt"),
            file("tls-key-file", "server.key"),
            file("tls-client-cert-file", "client.crt"),
            file("tls-client-key-file", "client.key"),
            file("tls-ca-cert-file", "ca.crt"),
        ]
    }

    /// Starts a server with TLS beside its plain port; more lines of redis.conf may follow.
    #[track_caller]
    pub fn start(&self, program: Program, more: &[&str]) -> TlsServer {
        let tls_port = free_port();
        let config = self.config(tls_port);
        let lines: Vec<&str> = config.iter().map(String::as_str).chain(more.iter().copied()).collect();
        TlsServer { server: Server::start(program, &lines), tls_port }
    }

    /// What a client makes sessions with: it shows the certificate of that name and believes `ca.crt`.
    pub fn context(&self, name: &str) -> Context {
        self.context_with(name, |_| {})
    }

    pub fn context_with(&self, name: &str, change: impl FnOnce(&mut Options<'_>)) -> Context {
        let (certificate, key) = (self.path(&format!("{name}.crt")), self.path(&format!("{name}.key")));
        let ca = self.path("ca.crt");
        let mut options = Options {
            server: KeyPair { certificate: &certificate, key: &key, password: None },
            client: None,
            ca_file: Some(&ca),
            ca_folder: None,
            dh_params: None,
            auth: ClientAuth::No,
            protocols: None,
            ciphers: None,
            ciphersuites: None,
            our_order: false,
            cache: None,
        };
        change(&mut options);
        Context::new(&options).expect("our own certificates")
    }

    /// `openssl s_client` as our client, with more words.
    pub fn s_client(&self, port: u16, words: &[&str]) -> Child {
        let mut command = Command::new("openssl");
        command.args(["s_client", "-connect", &format!("127.0.0.1:{port}"), "-CAfile", "ca.crt"]);
        command.args(["-cert", "client.crt", "-key", "client.key"]).args(words).current_dir(&self.0.0);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        child.expect("openssl is installed (tests/setup)")
    }

    /// The words that make redis-cli and redis-benchmark speak TLS.
    pub fn tool_words(&self) -> Vec<String> {
        let file = |name: &str| self.path(name).display().to_string();
        let [cert, key, ca] = ["client.crt", "client.key", "ca.crt"].map(file);
        ["--tls", "--cert", &cert, "--key", &key, "--cacert", &ca].map(str::to_owned).to_vec()
    }
}

pub struct TlsServer {
    pub server: Server,
    pub tls_port: u16,
}

impl std::ops::Deref for TlsServer {
    type Target = Server;
    fn deref(&self) -> &Server {
        &self.server
    }
}

impl TlsServer {
    /// A tool of Redis's against our TLS port: what it prints.
    #[track_caller]
    pub fn tool(&self, tool: &str, certificates: &Certificates, words: &[&str]) -> String {
        let mut command = Command::new(tool);
        command.args(["-h", "127.0.0.1", "-p", &self.tls_port.to_string()]);
        let output = command.args(certificates.tool_words()).args(words).stdin(Stdio::null()).output();
        let output = output.expect("redis-tools are installed (tests/setup)");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{tool} {words:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }
}

/// A client within TLS.
pub struct TlsClient {
    pub tls: BlockingTls,
    buffer: Vec<u8>,
}

impl TlsClient {
    /// Connects and shakes hands.
    pub fn connect(port: u16, context: &Context) -> io::Result<TlsClient> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(20)))?;
        stream.set_write_timeout(Some(Duration::from_secs(20)))?;
        Ok(TlsClient { tls: blocking_tls(stream, context)?, buffer: Vec::new() })
    }

    /// Connects and pings: in TLS 1.3 a client learns only from the first answer whether it was let in.
    pub fn ping(port: u16, context: &Context) -> io::Result<TlsClient> {
        let mut client = TlsClient::connect(port, context)?;
        match client.call(&["PING"])? {
            Value::Simple(text) if text == b"PONG" => Ok(client),
            other => Err(io::Error::other(format!("{other:?}"))),
        }
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tls.write_all(bytes)?;
        self.tls.flush()
    }

    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<()> {
        self.send_bytes(&super::client::encode(args))
    }

    pub fn read(&mut self) -> io::Result<Value> {
        let start = Instant::now();
        loop {
            match value::parse(&self.buffer) {
                Ok(Some((value, len))) => {
                    self.buffer.drain(..len);
                    return Ok(value);
                }
                Ok(None) if start.elapsed() < super::PATIENCE => {}
                Ok(None) => return Err(io::ErrorKind::TimedOut.into()),
                Err(why) => return Err(io::Error::new(io::ErrorKind::InvalidData, why)),
            }
            let mut chunk = [0; 65536];
            match self.tls.read(&mut chunk)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => self.buffer.extend_from_slice(&chunk[..n]),
            }
        }
    }

    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> io::Result<Value> {
        self.send(args)?;
        self.read()
    }

    #[track_caller]
    pub fn cmd(&mut self, line: &str) -> Value {
        let words: Vec<&str> = line.split_whitespace().collect();
        self.call(&words).unwrap_or_else(|e| panic!("{line}: {e}\n{}", super::server::describe_all()))
    }
}

/// The path as an option's value.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}
