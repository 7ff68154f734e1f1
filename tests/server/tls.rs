//! TLS: who is let in, what passes through a session, and options that change while sessions live.

use crate::harness::client::encode;
use crate::harness::server::free_port;
use crate::harness::tls::{Certificates, TlsClient, shown};
use crate::harness::{Client, PATIENCE, Program, Value, wait_for};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

fn bulk(bytes: &[u8]) -> Value {
    Value::Bulk(bytes.to_vec())
}

#[test]
fn the_tools_of_redis_speak_tls_with_us() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    assert_eq!(server.tool("redis-cli", &certificates, &["SET", "key", "value"]), "OK\n");
    assert_eq!(server.tool("redis-cli", &certificates, &["GET", "key"]), "value\n");
    let words = ["-t", "set,get", "-n", "2000", "-P", "16", "-c", "20", "-d", "3000", "--csv"];
    let report = server.tool("redis-benchmark", &certificates, &words);
    assert!(report.contains("\"SET\"") && report.contains("\"GET\""), "{report}");
}

#[test]
fn clients_are_asked_for_certificates_as_configured() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let anonymous = || {
        let files = ["--cacert".to_owned(), shown(&certificates.path("ca.crt"))];
        let port = server.tls_port.to_string();
        let mut command = std::process::Command::new("redis-cli");
        let output =
            command.args(["-p", &port, "--tls"]).args(files).arg("PING").output().expect("redis-cli");
        output.stdout == b"PONG\n"
    };
    let let_in = |name: &str| TlsClient::ping(server.tls_port, &certificates.context(name)).is_ok();
    assert!(let_in("client") && let_in("plain"));
    assert!(!let_in("stranger") && !let_in("server") && !anonymous());
    assert!(server.log().contains("Error accepting a client connection"), "{}", server.log());
    server.ok("CONFIG SET tls-auth-clients optional");
    assert!(let_in("client") && !let_in("stranger") && anonymous());
    server.ok("CONFIG SET tls-auth-clients no");
    assert!(let_in("client") && let_in("stranger") && anonymous());
    server.ok("CONFIG SET tls-auth-clients yes");
    assert!(let_in("client") && !let_in("stranger") && !anonymous());
}

#[test]
fn who_is_not_believed_is_told_why_and_so_is_the_log() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    for (name, told, logged) in [
        ("stranger", "UnknownCA", "unknown authority"),
        ("server", "UnsupportedCertificate", "unsuitable certificate purpose"),
    ] {
        for version in ["TLSv1.2", "TLSv1.3"] {
            let context = certificates.context_with(name, |options| options.protocols = Some(version));
            let refused = TlsClient::ping(server.tls_port, &context).err().expect("not let in");
            assert!(refused.to_string().contains(told), "{name}: {refused}");
        }
        let line = format!("Error accepting a client connection: certificate verify failed: {logged}");
        wait_for("both to be told of", PATIENCE, || server.log().matches(&line).count() == 2);
    }
}

#[test]
fn authorities_may_lie_in_a_folder_under_their_hashes() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let folder = certificates.path("authorities");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(certificates.path("stranger-ca.crt"), folder.join("s.pem")).expect("a copy");
    server.ok(&format!("CONFIG SET tls-ca-cert-dir {}", shown(&folder)));
    let stranger = certificates.context("stranger");
    assert!(TlsClient::ping(server.tls_port, &stranger).is_err());
    certificates.openssl(&["rehash", "authorities"]);
    assert!(TlsClient::ping(server.tls_port, &stranger).is_ok());
}

#[test]
fn who_does_not_speak_tls_is_closed_and_told_of_in_the_log() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let mut plain = Client::connect(server.tls_port);
    plain.send(&["PING"]).expect("a fresh connection");
    let answer = plain.read_to_end().expect("closed, not forgotten");
    assert!(!answer.starts_with(b"+"), "{answer:?}");
    let refused = || server.log().matches("Error accepting a client connection").count();
    assert_eq!(refused(), 1, "{}", server.log());
    // Neither does one that goes away in the middle of its handshake.
    let mut half = TcpStream::connect(("127.0.0.1", server.tls_port)).expect("listening");
    half.write_all(&[22, 3, 1, 1, 0, 1, 0]).expect("a fresh connection");
    half.shutdown(Shutdown::Write).expect("connected");
    let _ = half.read_to_end(&mut Vec::new());
    wait_for("the second to be told of", PATIENCE, || refused() == 2);
    wait_for("both to be gone", PATIENCE, || server.cmd("CLIENT LIST").text().lines().count() == 1);
    assert!(TlsClient::ping(server.tls_port, &certificates.context("client")).is_ok());
}

#[test]
fn a_handshake_that_does_not_end_counts_among_the_clients_and_times_out() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &["maxclients 3"]);
    let before = server.info_int("total_connections_received");
    let silent: Vec<TcpStream> =
        (0..2).map(|_| TcpStream::connect(("127.0.0.1", server.tls_port)).expect("listening")).collect();
    wait_for("them to be accepted", PATIENCE, || server.info_int("connected_clients") == 3);
    assert!(TlsClient::ping(server.tls_port, &certificates.context("client")).is_err());
    assert_eq!(server.info_int("rejected_connections"), 1);
    // Nobody has come in who has not shaken hands.
    assert_eq!(server.info_int("total_connections_received"), before);
    server.ok("CONFIG SET timeout 1");
    for mut stream in silent {
        assert_eq!(stream.read_to_end(&mut Vec::new()).expect("closed"), 0);
    }
}

#[test]
fn big_values_and_long_pipelines_pass_whole() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let mut client = TlsClient::ping(server.tls_port, &certificates.context("client")).expect("let in");
    let value: Vec<u8> = (0..100 << 20).map(|i: u32| (i ^ (i >> 7)) as u8).collect();
    assert!(client.call(&[b"SET", b"big".as_slice(), &value]).expect("stored").is_ok());
    assert!(client.call(&["GET", "big"]).expect("there") == bulk(&value));
    // A pipeline that is sent whole before the first reply is read.
    let requests: Vec<u8> = (0..100_000).flat_map(|i| encode(&["SET", "k", &i.to_string()])).collect();
    client.send_bytes(&requests).expect("taken");
    for _ in 0..100_000 {
        assert!(client.read().expect("a reply").is_ok());
    }
    for len in [1, 16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 300_000] {
        assert!(client.call(&[b"SET", b"k".as_slice(), &value[..len]]).expect("stored").is_ok());
        assert!(client.call(&["GET", "k"]).expect("there") == bulk(&value[..len]), "{len}");
    }
    let list: Vec<&[u8]> =
        [&b"RPUSH"[..], b"list"].into_iter().chain(value.chunks(70_000).take(50)).collect();
    assert_eq!(client.call(&list).expect("stored"), Value::Int(50));
    let items = client.cmd("LRANGE list 0 -1");
    assert_eq!(items.items().len(), 50);
    assert!(items.items().iter().zip(value.chunks(70_000)).all(|(item, sent)| *item == bulk(sent)));
}

#[test]
fn bytes_may_come_one_by_one_and_records_in_any_pieces() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let mut client = TlsClient::ping(server.tls_port, &certificates.context("client")).expect("let in");
    for byte in encode(&["SET", "key", "value"]) {
        client.send_bytes(&[byte]).expect("taken");
    }
    assert!(client.read().expect("a reply").is_ok());
    // Encrypted bytes, cut without regard to records.
    let mut sealed = Vec::new();
    let requests: Vec<u8> =
        (0..200).flat_map(|i| encode(&["SET", &format!("k{i}"), &"x".repeat(i * 10)])).collect();
    client.tls.conn.set_buffer_limit(None);
    client.tls.conn.writer().write_all(&requests).expect("room");
    while client.tls.conn.wants_write() {
        client.tls.conn.write_tls(&mut sealed).expect("memory");
    }
    for piece in sealed.chunks(997) {
        client.tls.sock.write_all(piece).expect("taken");
    }
    for _ in 0..200 {
        assert!(client.read().expect("a reply").is_ok());
    }
    assert_eq!(server.cmd("DBSIZE").int(), 201);
}

#[test]
fn requests_before_the_goodbye_are_answered() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let mut client = TlsClient::ping(server.tls_port, &certificates.context("client")).expect("let in");
    client.tls.conn.writer().write_all(&encode(&["SET", "last", "words"])).expect("room");
    client.tls.conn.send_close_notify();
    client.tls.flush().expect("sent");
    assert!(client.read().expect("a reply").is_ok());
    assert!(client.read().is_err());
    assert_eq!(server.cmd("GET last").text(), "words");
}

#[test]
fn the_server_says_goodbye_before_it_closes() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let context = certificates.context_with("client", |options| options.protocols = Some(version));
        let mut client = TlsClient::ping(server.tls_port, &context).expect("let in");
        assert!(client.cmd("QUIT").is_ok());
        // Without a goodbye this is an error.
        assert_eq!(client.tls.read(&mut [0]).expect("a proper end"), 0, "{version}");
    }
}

#[test]
fn half_a_record_and_the_end_close_one_client_and_no_other() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    for version in ["TLSv1.2", "TLSv1.3"] {
        let context = certificates.context_with("client", |options| options.protocols = Some(version));
        let mut other = TlsClient::ping(server.tls_port, &context).expect("let in");
        let mut client = TlsClient::ping(server.tls_port, &context).expect("let in");
        server.ok("FLUSHALL");
        let mut sealed = Vec::new();
        for key in ["whole", "half"] {
            client.tls.conn.writer().write_all(&encode(&["SET", key, "value"])).expect("room");
            while client.tls.conn.wants_write() {
                client.tls.conn.write_tls(&mut sealed).expect("memory");
            }
        }
        client.tls.sock.write_all(&sealed[..sealed.len() - 10]).expect("taken");
        client.tls.sock.shutdown(Shutdown::Write).expect("connected");
        assert!(client.read().expect("the first is answered").is_ok());
        assert!(client.read().is_err());
        assert_eq!(other.cmd("KEYS *"), Value::Array(vec![bulk(b"whole")]), "{version}");
        drop(other);
        wait_for("both to be gone", PATIENCE, || server.info_int("connected_clients") == 1);
    }
}

#[test]
fn who_asks_for_another_handshake_is_refused() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let mut other = TlsClient::ping(server.tls_port, &certificates.context("client")).expect("let in");
    let mut child = certificates.s_client(server.tls_port, &["-tls1_2"]);
    let mut input = child.stdin.take().expect("a pipe");
    let mut output = child.stdout.take().expect("a pipe");
    input.write_all(b"PING\r\n").expect("taken");
    let mut report = Vec::new();
    while !report.ends_with(b"+PONG\r\n") {
        let mut byte = [0];
        output.read_exact(&mut byte).expect("an answer");
        report.push(byte[0]);
    }
    // To openssl this is an order.
    input.write_all(b"R\n").expect("taken");
    report.clear();
    output.read_to_end(&mut report).expect("it ends");
    child.wait().expect("our own child");
    let mut said = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
    assert!(said.contains("RENEGOTIATING") && said.contains("no renegotiation"), "{said}");
    wait_for("it to be gone", PATIENCE, || server.info_int("connected_clients") == 2);
    assert!(other.cmd("SET key value").is_ok());
}

#[test]
fn garbage_within_a_session_ends_it_and_no_other() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let context = certificates.context("client");
    let mut good = TlsClient::ping(server.tls_port, &context).expect("let in");
    let mut bad = TlsClient::ping(server.tls_port, &context).expect("let in");
    bad.tls.sock.write_all(b"*1\r\n$4\r\nPING\r\n").expect("taken");
    assert!(bad.read().is_err());
    assert_eq!(good.cmd("PING"), Value::Simple(b"PONG".to_vec()));
}

#[test]
fn a_client_that_does_not_read_is_held_to_its_output_limit() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &["client-output-buffer-limit normal 10mb 0 0"]);
    let context = certificates.context("client");
    server.ok("DEBUG POPULATE 1 big 1000000");
    let mut client = TlsClient::ping(server.tls_port, &context).expect("let in");
    client.cmd("CLIENT SETNAME slow");
    // As much as the limit allows is kept for it, and comes.
    for _ in 0..9 {
        client.send(&["GET", "big:0"]).expect("taken");
    }
    let omem = |name: &str| -> Option<usize> {
        let list = server.cmd("CLIENT LIST").text();
        let line = list.lines().find(|line| line.contains(&format!("name={name} ")))?.to_owned();
        line.split_once(" tot-mem=")?.1.split(' ').next()?.parse().ok()
    };
    wait_for("its memory to be counted", PATIENCE, || omem("slow").is_some_and(|bytes| bytes > 100_000));
    for _ in 0..9 {
        assert_eq!(client.read().expect("a reply").text().len(), 1_000_000);
    }
    for _ in 0..60 {
        if client.send(&["GET", "big:0"]).is_err() {
            break;
        }
    }
    wait_for("it to be closed", PATIENCE, || omem("slow").is_none());
    assert!(server.log().contains("overcoming of output buffer limits"), "{}", server.log());
    assert!(TlsClient::ping(server.tls_port, &context).is_ok());
}

#[test]
fn keys_migrate_over_tls() {
    let certificates = Certificates::new();
    let all = "bind 127.0.0.1 127.0.0.2 127.0.0.3";
    let start = |program| certificates.start(program, &["tls-cluster yes", all]);
    let servers = [start(Program::Oxidis), start(Program::Redis)];
    for (from, to) in [(0, 1), (1, 0)] {
        let (from, to) = (&servers[from], &servers[to]);
        for i in 0..3 {
            from.ok(&format!("SET key:{i} value"));
            from.ok(&format!("MIGRATE 127.0.0.1 {} key:{i} 0 5000", to.tls_port));
            assert_eq!(to.cmd(&format!("GET key:{i}")), bulk(b"value"));
        }
        to.ok("FLUSHALL");
        assert!(from.cmd(&format!("MIGRATE 127.0.0.1 {} key 0 100", to.port)).text().contains("NOKEY"));
        from.ok("SET key value");
        let refused = from.cmd(&format!("MIGRATE 127.0.0.1 {} key 0 1000", to.port));
        assert!(refused.is_error(), "the plain port: {refused:?}");
    }
    // The files are read when the options change.
    let [ours, real] = &servers;
    std::fs::rename(certificates.path("client.crt"), certificates.path("away")).expect("it is there");
    real.ok("FLUSHALL");
    ours.ok("SET key value");
    // Not over the connection that is kept.
    let migrate = |host: &str| ours.cmd(&format!("MIGRATE {host} {} key 0 5000", real.tls_port));
    assert!(migrate("127.0.0.2").is_ok());
    ours.ok("SET key value");
    let stranger = ["crt", "key"].map(|end| shown(&certificates.path(&format!("stranger.{end}"))));
    ours.ok(&format!("CONFIG SET tls-client-cert-file {} tls-client-key-file {}", stranger[0], stranger[1]));
    assert!(migrate("127.0.0.3").is_error());
}

#[test]
fn certificates_are_renewed_while_sessions_live() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let context = certificates.context("client");
    let mut early = TlsClient::ping(server.tls_port, &context).expect("let in");
    let shown_by = |client: &TlsClient| client.tls.conn.peer_certificates().expect("it has one")[0].to_vec();
    certificates.issue("renewed", "EC", "ca", Some("extendedKeyUsage = serverAuth"));
    let file = |name: &str| shown(&certificates.path(name));
    server.ok(&format!(
        "CONFIG SET tls-cert-file {} tls-key-file {}",
        file("renewed.crt"),
        file("renewed.key")
    ));
    let late = TlsClient::ping(server.tls_port, &context).expect("let in");
    assert_ne!(shown_by(&early), shown_by(&late));
    // The same name again means that the file is new.
    std::fs::copy(certificates.path("server.crt"), certificates.path("renewed.crt")).expect("a copy");
    std::fs::copy(certificates.path("server.key"), certificates.path("renewed.key")).expect("a copy");
    server.ok(&format!("CONFIG SET tls-cert-file {}", file("renewed.crt")));
    let third = TlsClient::ping(server.tls_port, &context).expect("let in");
    assert_eq!(shown_by(&early), shown_by(&third));
    assert!(early.cmd("SET a b").is_ok());
}

#[test]
fn what_is_no_good_changes_nothing() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let context = certificates.context("client");
    let file = |name: &str| shown(&certificates.path(name));
    std::fs::write(certificates.path("garbage"), "-----BEGIN CERTIFICATE-----\nxxx\n").expect("a file");
    for (option, value, logged) in [
        ("tls-cert-file", file("none"), "Failed to load certificate"),
        ("tls-cert-file", file("garbage"), "Failed to load certificate"),
        ("tls-cert-file", file("client.crt"), "Failed to load private key"),
        ("tls-key-file", file("server.crt"), "Failed to load private key"),
        ("tls-key-file", String::new(), "No tls-key-file configured!"),
        ("tls-ca-cert-file", file("garbage"), "Failed to configure CA certificate(s) file/directory"),
        ("tls-ca-cert-file", String::new(), "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"),
        ("tls-dh-params-file", file("ca.crt"), "failed to read DH params."),
        ("tls-protocols", "TLSv1.1".into(), "TLSv1.1 is specified in tls-protocols but not supported."),
        ("tls-protocols", "SSLv3".into(), "Invalid tls-protocols specified."),
        ("tls-protocols", "TLSv1.2  TLSv1.3".into(), "Invalid tls-protocols specified."),
        ("tls-ciphers", "AES128-SHA256".into(), "Failed to configure ciphers: AES128-SHA256"),
        ("tls-ciphersuites", "X".into(), "Failed to configure ciphersuites: X"),
    ] {
        let before = server.cmd(&format!("CONFIG GET {option}"));
        let answer = server.client().call(&["CONFIG", "SET", option, &value]);
        let expected = format!(
            "ERR CONFIG SET failed (possibly related to argument '{option}') - Unable to update TLS configuration. \
             Check server logs."
        );
        assert_eq!(answer, Value::Error(expected.into_bytes()), "{option} {value}");
        assert!(server.log().contains(logged), "{option} {value}: {}", server.log());
        assert_eq!(server.cmd(&format!("CONFIG GET {option}")), before);
        assert!(TlsClient::ping(server.tls_port, &context).is_ok(), "{option} {value}");
    }
}

#[test]
fn keys_may_be_encrypted() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let context = certificates.context("client");
    let aes = ["-aes256", "-passout", "pass:secret"];
    let out = |name| ["-in", "server.key", "-out", name];
    certificates.openssl(&[&["rsa", "-traditional"], &aes[..], &out("old-style.key")].concat());
    let words = ["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-passout", "pass:secret"];
    certificates.openssl(&[&words[..], &out("pkcs8.key")].concat());
    for name in ["old-style.key", "pkcs8.key"] {
        let key = shown(&certificates.path(name));
        let refused = server.cmd(&format!("CONFIG SET tls-key-file {key}"));
        assert!(matches!(refused, Value::Error(_)), "{refused:?}");
        let refused = server.cmd(&format!("CONFIG SET tls-key-file {key} tls-key-file-pass wrong"));
        assert!(matches!(refused, Value::Error(_)), "{refused:?}");
        server.ok(&format!("CONFIG SET tls-key-file {key} tls-key-file-pass secret"));
        assert!(TlsClient::ping(server.tls_port, &context).is_ok());
        let plain = shown(&certificates.path("server.key"));
        let words = ["CONFIG", "SET", "tls-key-file", &plain, "tls-key-file-pass", ""];
        assert!(server.client().call(&words).is_ok());
    }
}

#[test]
fn versions_and_ciphers_are_those_configured() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let old = certificates.context_with("client", |options| options.protocols = Some("TLSv1.2"));
    let new = certificates.context_with("client", |options| options.protocols = Some("TLSv1.3"));
    let let_in = |context| TlsClient::ping(server.tls_port, context).is_ok();
    assert!(let_in(&old) && let_in(&new));
    server.ok("CONFIG SET tls-protocols TLSv1.2");
    assert!(let_in(&old) && !let_in(&new));
    server.ok("CONFIG SET tls-protocols TLSv1.3");
    assert!(!let_in(&old) && let_in(&new));
    server.client().call(&["CONFIG", "SET", "tls-protocols", ""]);
    let cipher = |context| {
        let client = TlsClient::ping(server.tls_port, context).ok()?;
        Some(format!("{:?}", client.tls.conn.negotiated_cipher_suite()?.suite()))
    };
    server.ok("CONFIG SET tls-ciphers ECDHE-RSA-AES128-GCM-SHA256");
    assert_eq!(cipher(&old).as_deref(), Some("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"));
    server.ok("CONFIG SET tls-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384");
    assert_eq!(cipher(&new).as_deref(), Some("TLS13_AES_256_GCM_SHA384"));
    server.ok("CONFIG SET tls-prefer-server-ciphers yes");
    assert_eq!(cipher(&new).as_deref(), Some("TLS13_AES_128_GCM_SHA256"));
}

#[test]
fn ports_are_switched_at_run_time_and_rewritten() {
    let certificates = Certificates::new();
    let mut server = certificates.start(Program::Oxidis, &[]);
    let context = certificates.context("client");
    let other = free_port();
    let mut session = TlsClient::ping(server.tls_port, &context).expect("let in");
    assert!(session.cmd(&format!("CONFIG SET tls-port {other}")).is_ok());
    assert!(session.cmd("PING") == Value::Simple(b"PONG".to_vec()));
    assert!(TlsClient::ping(server.tls_port, &context).is_err());
    assert!(TlsClient::ping(other, &context).is_ok());
    // No plain port, then no TLS port.
    let plain = server.port;
    assert!(session.cmd("CONFIG SET port 0").is_ok());
    assert!(Client::try_connect(plain).is_err());
    assert!(session.cmd("INFO server").text().contains(&format!("tcp_port:{other}\r\n")));
    assert!(session.cmd(&format!("CONFIG SET port {plain} tls-port 0")).is_ok());
    assert!(TlsClient::ping(other, &context).is_err());
    assert!(session.cmd(&format!("CONFIG SET tls-port {other}")).is_ok());
    assert!(session.cmd("CONFIG REWRITE").is_ok());
    drop(session);
    server.server.restart_as_is();
    assert!(TlsClient::ping(other, &context).is_ok());
    let taken = server.cmd(&format!("CONFIG SET tls-port {plain}"));
    assert!(taken.text().contains("Unable to listen on this port"), "{taken:?}");
    assert!(TlsClient::ping(other, &context).is_ok());
}

#[test]
fn sessions_are_resumed_if_they_are_kept() {
    let certificates = Certificates::new();
    let server = certificates.start(Program::Oxidis, &[]);
    let resumed = |version: &str| {
        let session = shown(&certificates.path("session.pem"));
        let mut reports = [["-sess_out", &session], ["-sess_in", &session]].map(|keep| {
            let mut child = certificates.s_client(server.tls_port, &[version, keep[0], keep[1]]);
            let mut input = child.stdin.take().expect("a pipe");
            input.write_all(b"PING\r\nQUIT\r\n").expect("taken");
            let mut report = String::new();
            child.stdout.take().expect("a pipe").read_to_string(&mut report).expect("text");
            child.wait().expect("our own child");
            report
        });
        assert!(reports[0].contains("New, TLSv1"), "{}", reports[0]);
        std::mem::take(&mut reports[1]).contains("Reused, TLSv1")
    };
    assert!(resumed("-tls1_2") && resumed("-tls1_3"));
    server.ok("CONFIG SET tls-session-caching no");
    assert!(!resumed("-tls1_2") && !resumed("-tls1_3"));
}

#[test]
fn a_start_without_what_tls_needs_fails_with_its_reason() {
    let certificates = Certificates::new();
    for (without, reason) in [
        ("tls-cert-file", "No tls-cert-file configured!"),
        ("tls-key-file", "No tls-key-file configured!"),
        ("tls-ca-cert-file", "Either tls-ca-cert-file or tls-ca-cert-dir must be specified"),
    ] {
        let config = certificates.config(free_port());
        let option = format!("{without} ");
        let lines: Vec<&str> =
            config.iter().map(String::as_str).filter(|l| !l.starts_with(&option)).collect();
        let dir = std::rc::Rc::new(crate::harness::server::Dir::new());
        let mut server = crate::harness::Server::prepare(Program::Oxidis, dir, &lines);
        server.spawn();
        assert!(!server.wait_exit().success());
        assert!(server.log().contains(reason), "{}", server.log());
        assert!(server.log().contains("Failed to configure TLS. Check logs for more info."));
    }
}
