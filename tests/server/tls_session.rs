//! A session of TLS without sockets beside one of the library's own: whatever pieces the bytes come in and go out in,
//! they are the same; and who breaks the rules is told so, and costs no memory.

use crate::harness::rng::Rng;
use crate::harness::tls::Certificates;
use oxidis::net::conn::Moved;
use oxidis::net::tls::context::Context;
use oxidis::net::tls::session::{Nowhere, Received, Room, Sealed, Session};
use oxidis::net::tls::verify::any_name;
use oxidis::net::tls::{TlsConn, blocking_tls};
use rustls::client::Resumption;
use rustls::crypto::CryptoProvider;
use rustls::{
    CipherSuiteCommon, ClientConnection, HandshakeKind, InvalidMessage, ServerConfig, ServerConnection,
    SupportedCipherSuite, Tls13CipherSuite, version,
};
use std::io::{IoSlice, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// Made once: openssl takes its time.
static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(Certificates::new);

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn context(name: &str, version: &'static str) -> Context {
    CERTIFICATES.context_with(name, |options| options.protocols = Some(version))
}

/// Room for so many bytes.
struct Taken {
    bytes: Vec<u8>,
    left: usize,
}

impl Room for Taken {
    fn left(&self) -> usize {
        self.left
    }

    fn put(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.left -= bytes.len();
    }
}

/// Our session, and what it has decrypted and encrypted.
struct Ours {
    session: Session,
    plain: Vec<u8>,
    sealed: Sealed,
}

impl Ours {
    fn new(session: Session) -> Ours {
        Ours { session, plain: Vec::new(), sealed: Sealed::default() }
    }

    /// Takes encrypted bytes; of what is in them no more than there is room for.
    fn receive(&mut self, bytes: &[u8], room: usize) -> Result<Received, rustls::Error> {
        let mut taken = Taken { bytes: std::mem::take(&mut self.plain), left: room };
        let received = self.session.receive(&mut bytes.to_vec(), &mut taken, &mut self.sealed);
        self.plain = taken.bytes;
        received
    }

    fn fetch(&mut self, room: usize) {
        let mut taken = Taken { bytes: std::mem::take(&mut self.plain), left: room };
        self.session.fetch(&mut taken);
        self.plain = taken.bytes;
    }

    fn seal(&mut self, bytes: &[u8]) {
        let mut slices = [IoSlice::new(bytes)];
        let mut rest = &mut slices[..];
        while !rest.is_empty() {
            let n = self.session.seal(rest, 1 << 16, &mut self.sealed).expect("open");
            IoSlice::advance_slices(&mut rest, n);
        }
    }
}

/// What the library's session wants to send.
macro_rules! sent_by {
    ($theirs:expr) => {{
        let mut bytes = Vec::new();
        while $theirs.wants_write() {
            $theirs.write_tls(&mut bytes).expect("memory");
        }
        bytes
    }};
}

/// Gives the library's session what ours wants to send; returns the plain bytes.
macro_rules! give {
    ($theirs:expr, $ours:expr) => {{
        let mut plain = Vec::new();
        let mut bytes = $ours.sealed.bytes();
        while !bytes.is_empty() {
            $theirs.read_tls(&mut bytes).expect("memory");
            $theirs.process_new_packets().expect("no complaint");
            let _ = $theirs.reader().read_to_end(&mut plain);
        }
        $ours.sealed.clear();
        plain
    }};
}

/// Shakes hands, each side getting the other's bytes in pieces of that length.
macro_rules! shake_hands {
    ($theirs:expr, $ours:expr, $piece:expr) => {
        while $ours.session.is_handshaking() || $theirs.is_handshaking() {
            for piece in sent_by!($theirs).chunks($piece) {
                $ours.receive(piece, usize::MAX).expect("no complaint");
            }
            $ours.session.start(&mut $ours.sealed).expect("no complaint");
            give!($theirs, $ours);
        }
    };
}

fn client(version: &'static str) -> ClientConnection {
    ClientConnection::new(context("client", version).client, any_name()).expect("a session")
}

fn server(version: &'static str) -> Ours {
    Ours::new(Session::server(context("server", version).server).expect("a session"))
}

/// Two that have shaken hands.
fn pair(version: &'static str) -> (ClientConnection, Ours) {
    let (mut theirs, mut ours) = (client(version), server(version));
    shake_hands!(theirs, ours, usize::MAX);
    theirs.set_buffer_limit(None);
    (theirs, ours)
}

#[test]
fn hands_are_shaken_in_pieces_of_any_length() {
    for version in VERSIONS {
        for piece in (1..40).chain([100, 1000, 5000]) {
            let (mut theirs, mut ours) = (client(version), server(version));
            shake_hands!(theirs, ours, piece);
            theirs.writer().write_all(b"ping").expect("room");
            ours.receive(&sent_by!(theirs), usize::MAX).expect("no complaint");
            ours.seal(b"pong");
            assert_eq!(give!(theirs, ours), b"pong", "{version}, {piece}");
            assert_eq!((&ours.plain[..], ours.session.kept()), (&b"ping"[..], 0));
        }
    }
}

#[test]
fn our_side_may_be_the_clients() {
    for version in VERSIONS {
        let mut theirs = ServerConnection::new(context("server", version).server).expect("a session");
        let session = Session::client(Arc::clone(&context("client", version).client)).expect("a session");
        let mut ours = Ours::new(session);
        ours.session.start(&mut ours.sealed).expect("no complaint");
        give!(theirs, ours);
        shake_hands!(theirs, ours, 13);
        ours.seal(&[7; 100_000]);
        assert_eq!(give!(theirs, ours), [7; 100_000]);
        theirs.set_buffer_limit(None);
        theirs.writer().write_all(&[8; 100_000]).expect("room");
        ours.receive(&sent_by!(theirs), usize::MAX).expect("no complaint");
        assert_eq!((&ours.plain[..], ours.session.kept()), (&[8; 100_000][..], 0));
    }
}

#[test]
fn what_comes_may_be_cut_anywhere() {
    for version in VERSIONS {
        let (mut theirs, mut ours) = pair(version);
        let mut expected = Vec::new();
        let mut cut = 0;
        loop {
            for len in [1, 300, 90] {
                let piece: Vec<u8> = (0..len).map(|i| (i + cut) as u8).collect();
                theirs.writer().write_all(&piece).expect("room");
                expected.extend(piece);
            }
            let bytes = sent_by!(theirs);
            if cut > bytes.len() {
                break;
            }
            ours.receive(&bytes[..cut], usize::MAX).expect("no complaint");
            ours.receive(&bytes[cut..], usize::MAX).expect("no complaint");
            assert_eq!(ours.session.kept(), 0, "{version}, {cut}");
            assert!(ours.plain == expected, "{version}, {cut}");
            cut += 1;
        }
        assert!(cut > 450);
    }
}

#[test]
fn any_pieces_and_any_room_make_the_same_bytes() {
    for seed in 0..40 {
        let mut rng = Rng::new(seed);
        let (mut theirs, mut ours) = pair(VERSIONS[seed as usize % 2]);
        // Mostly small, or up to the length given.
        let len = |rng: &mut Rng, max: usize| match rng.below(3) {
            0 => 1 + rng.below(20),
            1 => 1 + rng.below(2000.min(max)),
            _ => 1 + rng.below(max),
        };
        let expected = rng.bytes(400_000);
        let mut rest = &expected[..];
        let mut bytes = Vec::new();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(len(&mut rng, 60_000).min(rest.len()));
            rest = after;
            theirs.writer().write_all(piece).expect("room");
            if rng.chance(10) && seed % 2 == 1 {
                theirs.refresh_traffic_keys().expect("TLS 1.3");
            }
            bytes.extend(sent_by!(theirs));
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(len(&mut rng, 65_536).min(rest.len()));
            rest = after;
            let (before, room) = (ours.plain.len(), len(&mut rng, 65_536));
            ours.receive(piece, room).expect("no complaint");
            assert!(ours.plain.len() - before <= room, "seed {seed}");
            while rng.chance(70) {
                ours.fetch(len(&mut rng, 65_536));
            }
        }
        ours.fetch(usize::MAX);
        assert!(ours.plain == expected, "seed {seed}");
        assert_eq!(ours.session.kept(), 0, "seed {seed}");
        // And back, from slices of any lengths.
        let mut rest = &expected[..];
        let mut came = Vec::new();
        while !rest.is_empty() {
            let mut slices = Vec::new();
            let mut all = rest;
            for _ in 0..1 + rng.below(5) {
                let (slice, after) =
                    all.split_at(if rng.chance(10) { 0 } else { len(&mut rng, 60_000) }.min(all.len()));
                (all, slices) = (after, [slices, vec![IoSlice::new(slice)]].concat());
            }
            let max = len(&mut rng, 65_536);
            let n = ours.session.seal(&slices, max, &mut ours.sealed).expect("open");
            assert_eq!(n, max.min(rest.len() - all.len()), "seed {seed}");
            rest = &rest[n..];
            came.extend(give!(theirs, ours));
        }
        assert!(came == expected, "seed {seed}");
    }
}

#[test]
fn full_records_are_made_of_small_slices() {
    let (mut theirs, mut ours) = pair("TLSv1.3");
    let slices = [[b'a'; 9].as_slice(), &[b'b'; 40_000], &[b'c'; 2], &[]].map(IoSlice::new);
    let n = ours.session.seal(&slices, 1 << 16, &mut ours.sealed).expect("open");
    assert_eq!(n, 40_011);
    let lens: Vec<usize> = std::iter::successors(Some(ours.sealed.bytes()), |bytes| {
        let [_, _, _, a, b, ..] = **bytes else { return None };
        Some(&bytes[5 + usize::from(u16::from_be_bytes([a, b]))..])
    })
    .map(<[u8]>::len)
    .collect();
    assert_eq!(lens.len(), 4, "{lens:?}");
    assert_eq!(give!(theirs, ours), [&[b'a'; 9][..], &[b'b'; 40_000], b"cc"].concat());
}

#[test]
fn keys_are_changed_on_either_sides_wish() {
    let (mut theirs, mut ours) = pair("TLSv1.3");
    for i in 0..50_u8 {
        theirs.refresh_traffic_keys().expect("TLS 1.3");
        theirs.writer().write_all(&[i]).expect("room");
        ours.receive(&sent_by!(theirs), usize::MAX).expect("no complaint");
        ours.seal(&[i]);
        assert_eq!(give!(theirs, ours), [i]);
    }
    assert!(ours.plain.iter().copied().eq(0..50));
    // But not all the time.
    let mut refused = false;
    for _ in 0..200 {
        theirs.refresh_traffic_keys().expect("TLS 1.3");
        refused |= ours.receive(&sent_by!(theirs), usize::MAX).is_err();
        if refused {
            break;
        }
    }
    assert!(refused);
}

/// A server's side whose keys of TLS 1.3 are good for so few records.
fn short_lived_keys(records: u64) -> Arc<ServerConfig> {
    let config = context("server", "TLSv1.3").server;
    let provider = config.crypto_provider();
    let first = provider.cipher_suites[0].tls13().expect("those of TLS 1.3 come first");
    let CipherSuiteCommon { suite, hash_provider, .. } = first.common;
    let suite = Tls13CipherSuite {
        common: CipherSuiteCommon { suite, hash_provider, confidentiality_limit: records },
        hkdf_provider: first.hkdf_provider,
        aead_alg: first.aead_alg,
        quic: None,
    };
    let cipher_suites = vec![SupportedCipherSuite::Tls13(Box::leak(Box::new(suite)))];
    let provider = CryptoProvider { cipher_suites, ..CryptoProvider::clone(provider) };
    let builder = ServerConfig::builder_with_provider(Arc::new(provider));
    let builder = builder.with_protocol_versions(&[&version::TLS13]).expect("a suite of it");
    Arc::new(builder.with_no_client_auth().with_cert_resolver(Arc::clone(&config.cert_resolver)))
}

#[test]
fn keys_are_changed_before_they_have_encrypted_too_much() {
    let mut theirs = client("TLSv1.3");
    let mut ours = Ours::new(Session::server(short_lived_keys(100)).expect("a session"));
    shake_hands!(theirs, ours, usize::MAX);
    let (mut changes, mut sent, mut answered) = (0, 0_u64, Vec::new());
    for turn in 0..200_u8 {
        // Of one record, and of some in a row.
        for records in [1, 3, 30] {
            let plain = vec![turn; records * 16_384];
            ours.seal(&plain);
            let mut rest = ours.sealed.bytes();
            while let [_, _, _, a, b, after @ ..] = rest {
                let len = usize::from(u16::from_be_bytes([*a, *b]));
                changes += u64::from(len < 100);
                rest = &after[len..];
            }
            sent += records as u64;
            assert!(give!(theirs, ours) == plain, "{turn}");
            theirs.writer().write_all(&[turn]).expect("room");
            ours.receive(&sent_by!(theirs), usize::MAX).expect("no complaint");
            answered.push(turn);
        }
    }
    assert!(changes >= sent / 100 && changes <= sent / 60, "{changes} of {sent}");
    assert_eq!(ours.plain, answered);
}

#[test]
fn records_longer_than_allowed_are_refused_by_their_headers() {
    for version in VERSIONS {
        // More than anything that is encrypted takes.
        let too_long = 16_384 + 2048;
        for (len, refused) in [(too_long - 1, false), (too_long, true), (u16::MAX, true)] {
            let (mut theirs, mut ours) = pair(version);
            let [a, b] = len.to_be_bytes();
            let received = ours.receive(&[23, 3, 3, a, b], usize::MAX);
            if !refused {
                assert_eq!(received, Ok(Received::Open), "{version}, {len}");
                continue;
            }
            assert_eq!(received, Err(InvalidMessage::MessageTooLarge.into()), "{version}, {len}");
            assert!(ours.session.kept() < 100, "{version}, {len}");
            theirs.read_tls(&mut ours.sealed.bytes()).expect("memory");
            let told = theirs.process_new_packets().expect_err("a complaint");
            assert!(matches!(told, rustls::Error::AlertReceived(_)), "{told}");
        }
    }
}

#[test]
fn early_data_is_not_let_in() {
    let cached = |options: &mut oxidis::net::tls::context::Options<'_>| {
        options.protocols = Some("TLSv1.3");
        options.cache = Some((100, Duration::from_secs(600)));
    };
    let mut config = (*context("client", "TLSv1.3").client).clone();
    config.resumption = Resumption::in_memory_sessions(8);
    config.enable_early_data = true;
    let config = Arc::new(config);
    let ours = CERTIFICATES.context_with("server", cached).server;
    // A server with the same sessions, but one that invites early data.
    let mut generous = (*ours).clone();
    generous.max_early_data_size = 10_000;
    let connect = || ClientConnection::new(Arc::clone(&config), any_name()).expect("a session");
    for (server, early) in [(Arc::new(generous), false), (ours, true)] {
        let (mut theirs, mut ours) = (connect(), Ours::new(Session::server(server).expect("a session")));
        assert_eq!(theirs.early_data().is_some(), early);
        if let Some(mut data) = theirs.early_data() {
            assert_eq!(data.write(b"FLUSHALL\r\n").expect("room"), 10);
        }
        shake_hands!(theirs, ours, usize::MAX);
        ours.seal(b"welcome");
        assert_eq!(give!(theirs, ours), b"welcome");
        assert!(!theirs.is_early_data_accepted());
        theirs.writer().write_all(b"late").expect("room");
        ours.receive(&sent_by!(theirs), usize::MAX).expect("no complaint");
        assert_eq!((&ours.plain[..], ours.session.kept()), (&b"late"[..], 0));
        let kind = if early { HandshakeKind::Resumed } else { HandshakeKind::Full };
        assert_eq!(theirs.handshake_kind(), Some(kind));
    }
}

#[test]
fn goodbyes_come_after_the_last_bytes_and_are_returned() {
    for version in VERSIONS {
        let (mut theirs, mut ours) = pair(version);
        theirs.writer().write_all(b"last words").expect("room");
        theirs.send_close_notify();
        let mut bytes = sent_by!(theirs);
        bytes.extend_from_slice(b"whatever comes after");
        assert_eq!(ours.receive(&bytes, 4).expect("no complaint"), Received::Ended);
        ours.fetch(100);
        assert_eq!((&ours.plain[..], ours.session.kept()), (&b"last words"[..], 0));
        // The other direction is still open.
        ours.seal(b"answer");
        ours.session.close(&mut ours.sealed);
        assert_eq!(give!(theirs, ours), b"answer");
        assert_eq!(theirs.reader().read(&mut [0]).expect("a proper end"), 0);
    }
}

#[test]
fn what_is_not_tls_is_known_by_its_first_bytes() {
    for garbage in [&b"*1\r\n$4\r\nPING\r\n"[..], b"GET / HTTP/1.1\r\n", &[0; 5]] {
        for piece in [1, 5, 100] {
            let mut ours = server("TLSv1.3");
            let mut pieces = garbage.chunks(piece);
            let error = pieces.find_map(|piece| ours.receive(piece, usize::MAX).err());
            let expected = rustls::Error::InvalidMessage(rustls::InvalidMessage::InvalidContentType);
            assert_eq!(error, Some(expected), "{garbage:?}");
        }
    }
}

#[test]
fn bytes_that_were_changed_are_told_of_in_an_alert() {
    for version in VERSIONS {
        let (mut theirs, mut ours) = pair(version);
        theirs.writer().write_all(&[1; 1000]).expect("room");
        let mut bytes = sent_by!(theirs);
        bytes[500] ^= 1;
        assert_eq!(ours.receive(&bytes, usize::MAX), Err(rustls::Error::DecryptError));
        assert!(ours.plain.is_empty() && !ours.sealed.bytes().is_empty());
        theirs.read_tls(&mut ours.sealed.bytes()).expect("memory");
        let told = theirs.process_new_packets().expect_err("a complaint");
        assert_eq!(told, rustls::Error::AlertReceived(rustls::AlertDescription::BadRecordMac));
    }
}

#[test]
fn a_message_that_does_not_end_is_not_kept_for_ever() {
    let mut ours = server("TLSv1.3");
    // A greeting of 65,535 bytes, one in each record.
    let record = |byte: u8| [22, 3, 1, 0, 1, byte];
    let greeting: Vec<u8> = [1, 0, 255, 255].into_iter().chain([0; 60_000]).flat_map(record).collect();
    let mut refused = false;
    for piece in greeting.chunks(1000) {
        refused = ours.session.receive(&mut piece.to_vec(), &mut Nowhere, &mut ours.sealed).is_err();
        assert!(ours.session.kept() < 200_000);
        if refused {
            break;
        }
    }
    assert!(refused);
}

#[test]
fn records_without_data_do_not_come_without_end() {
    // In TLS 1.2 a record of one's own is easily repeated only as long as nothing is encrypted: these are warnings.
    let mut ours = server("TLSv1.2");
    let warning = [21, 3, 3, 0, 2, 1, 90];
    let refused = (0..1000).any(|_| ours.receive(&warning, usize::MAX).is_err());
    assert!(refused && ours.session.kept() < 1000);
}

#[test]
fn what_passes_through_sockets_in_any_pieces_comes_back() {
    for version in VERSIONS {
        let sent = Rng::new(1).bytes(3_000_000);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound");
        let (to_send, context_of_client) = (sent.clone(), context("client", version));
        let other = std::thread::spawn(move || {
            let stream = TcpStream::connect(address).expect("listening");
            let mut tls = blocking_tls(stream, &context_of_client).expect("let in");
            let mut rng = Rng::new(2);
            let mut rest = &to_send[..];
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((1 + rng.below(100_000)).min(rest.len()));
                tls.write_all(piece).expect("taken");
                rest = after;
            }
            tls.flush().expect("sent");
            let mut back = vec![0; to_send.len()];
            tls.read_exact(&mut back).expect("as many");
            back
        });
        let (stream, _) = listener.accept().expect("somebody comes");
        stream.set_nonblocking(true).expect("a socket");
        let stream = mio::net::TcpStream::from_std(stream);
        let mut conn = TlsConn::accept(stream, context("server", version).server).expect("a session");
        while !conn.handshake().expect("a good certificate") {
            std::thread::yield_now();
        }
        let mut rng = Rng::new(3);
        let (mut came, mut returned) = (Vec::new(), 0);
        while returned < sent.len() {
            let max = [1, 100, 5000, 20_000, 65_536][rng.below(5)];
            let room = 1 + rng.below(max);
            let before = came.len();
            let moved = if rng.chance(50) {
                came.resize(before + room, 0);
                let moved = conn.read(&mut came[before..]);
                came.truncate(before + if let Moved::Bytes(n) = moved { n } else { 0 });
                moved
            } else {
                came.reserve(room);
                conn.read_behind(&mut came, room)
            };
            match moved {
                Moved::Bytes(n) => assert!(n <= room && came.len() == before + n),
                Moved::WouldBlock => std::thread::yield_now(),
                other => panic!("{other:?} after {before} bytes"),
            }
            let (a, b) = came[returned..].split_at(rng.below(came.len() - returned + 1));
            match conn.write(&[IoSlice::new(a), IoSlice::new(b)]) {
                Moved::Bytes(n) => returned += n,
                Moved::WouldBlock => {}
                other => panic!("{other:?} after {returned} bytes returned"),
            }
        }
        assert!(came == sent && other.join().expect("no panic") == sent, "{version}");
    }
}
