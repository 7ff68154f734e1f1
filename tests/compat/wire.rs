//! The protocol below the commands: malformed requests, requests cut at any byte, replies switched off.

use crate::harness::client::encode;
use crate::harness::value::show;
use crate::harness::{Client, Program, Rng, Server};

fn servers(config: &[&str]) -> [Server; 2] {
    [Server::start(Program::Oxidis, config), Server::start(Program::Redis, config)]
}

/// All a server says to these bytes on a new connection, until it closes or, the bytes being at their end, has
/// nothing more to say.
fn answer(server: &Server, bytes: &[u8]) -> Vec<u8> {
    let mut client = Client::connect(server.port);
    client.send_bytes(bytes).expect("the server reads");
    client.finish_sending();
    client.read_to_end().unwrap_or_else(|e| panic!("{:?} after {}: {e}", server.program, show(bytes)))
}

#[track_caller]
fn compare(servers: &[Server; 2], requests: &[Vec<u8>]) {
    let mut different = Vec::new();
    for request in requests {
        let [ours, real] = [0, 1].map(|i| answer(&servers[i], request));
        if ours != real {
            different.push(format!("{}\n    ours {}\n    real {}", show(request), show(&ours), show(&real)));
        }
    }
    assert!(
        different.is_empty(),
        "{} of {} differ:\n{}",
        different.len(),
        requests.len(),
        different.join("\n")
    );
}

const MALFORMED: &[&str] = &[
    "\r\n",
    "\n",
    "\r\n\r\nPING\r\n",
    "   \r\nPING\r\n",
    "PING\n",
    "PING\r\nPING",
    "ping \"hello\\x41\\n\"\r\nQUIT\r\n",
    "ping 'it\\'s'\r\n",
    "ping \"unbalanced\r\nPING\r\n",
    "ping 'unbalanced\r\nPING\r\n",
    "ping \"quoted\"tail\r\nPING\r\n",
    "ping \"\\xzz\\q\\\\\"\r\n",
    "ping \"\"\r\n",
    "\0\r\n",
    "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "POST / HTTP/1.1\r\n\r\n",
    "POST\r\nPING\r\n",
    "host: x\r\nPING\r\n",
    "Host:\r\nPING\r\n",
    "*0\r\nPING\r\n",
    "*-1\r\nPING\r\n",
    "*-10\r\nPING\r\n",
    "*\r\nPING\r\n",
    "*x\r\nPING\r\n",
    "*1x\r\nPING\r\n",
    "* 1\r\n$4\r\nPING\r\n",
    "*+1\r\n$4\r\nPING\r\n",
    "*01\r\n$4\r\nPING\r\n",
    "*3000000000\r\n",
    "*2147483648\r\n",
    "*99999999999999999999\r\n",
    "*9223372036854775808\r\n",
    "*1\r\nPING\r\n",
    "*1\r\n4\r\nPING\r\n",
    "*1\r\n\r\n",
    "*1\r\n+PING\r\n",
    "*1\r\n:4\r\nPING\r\n",
    "*1\r\n\x01\r\n",
    "*1\r\n$\r\n",
    "*1\r\n$x\r\n",
    "*1\r\n$-1\r\n",
    "*1\r\n$-2\r\n",
    "*1\r\n$4x\r\nPING\r\n",
    "*1\r\n$ 4\r\nPING\r\n",
    "*1\r\n$536870913\r\n",
    "*1\r\n$9223372036854775807\r\n",
    "*1\r\n$99999999999999999999999\r\n",
    "*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n",
    "*1\r\n$0\r\n\r\n*1\r\n$4\r\nPING\r\n",
    "*1\r\n$4\nPING\r\n",
    "*1\n$4\r\nPING\r\n",
    "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*1\r\n$3\r\nFOO\r\n*x\r\n*1\r\n$4\r\nPING\r\n",
    "PING\r\n*1\r\n$4\r\nPING\r\nPING\r\n*bad\r\nPING\r\n",
    "*1\r\n$4\r\nQUIT\r\n*1\r\n$4\r\nPING\r\n",
    "QUIT x\r\nPING\r\n",
    "$4\r\nPING\r\n",
    "*2\r\n$4\r\nPING\r\n",
    "*3\r\n$3\r\nSET\r\n$1\r\na\r\n$5\r\nabc",
];

#[test]
fn malformed_requests_get_redis_protocol_errors() {
    let servers = servers(&[]);
    let mut requests: Vec<Vec<u8>> = MALFORMED.iter().map(|s| s.as_bytes().to_vec()).collect();
    for len in [65535, 65536, 65537, 65539] {
        requests.push(vec![b'a'; len]);
        requests.push([b"*".as_slice(), &vec![b'1'; len]].concat());
        requests.push([b"*1\r\n$".as_slice(), &vec![b'1'; len]].concat());
    }
    for len in [100, 16384, 30000] {
        requests.push([b"ping ", vec![b'a'; len].as_slice(), b"\r\n"].concat());
    }
    requests.push([b"*1\r\n$3000\r\n", vec![b'X'; 3000].as_slice(), b"\r\n"].concat());
    requests.push(encode(&[b"nosuch".as_slice(), &[b'X'; 200], &[b'Y'; 200], b"z"]));
    requests.push(encode(&[b"bad\r\nname".as_slice(), b"a\r\nb"]));
    compare(&servers, &requests);
}

#[test]
fn a_client_that_has_not_authenticated_may_send_only_little() {
    let servers = servers(&["requirepass secret"]);
    let raw = [
        "PING\r\n",
        "GET a\r\n",
        "nosuch\r\n",
        "GET\r\n",
        "*10\r\n",
        "*11\r\n",
        "*1\r\n$16384\r\n",
        "*1\r\n$16385\r\n",
        "AUTH wrong\r\nAUTH default wrong\r\nAUTH\r\nAUTH a b c\r\nPING\r\n",
        "AUTH secret\r\nPING\r\nAUTH wrong\r\nPING\r\n",
        "AUTH default secret\r\nPING\r\nRESET\r\nPING\r\n",
        "HELLO 3\r\nHELLO\r\nHELLO 9\r\nHELLO 3 AUTH default wrong\r\n",
        "HELLO 3 SETNAME x\r\nQUIT\r\n",
        "CLIENT ID\r\nCOMMAND\r\nCONFIG GET x\r\n",
        "RESET\r\n",
        "QUIT\r\n",
    ];
    compare(&servers, &raw.map(|s| s.as_bytes().to_vec()));
}

/// A pipeline with every way to end a request: inline, multibulk, empty, binary, errors.
fn pipeline() -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(encode(&["SET", "k", "v"]));
    bytes.extend(b"PING\r\n*0\r\n\r\n");
    bytes.extend(encode(&[b"SET".as_slice(), b"b\0\r\n$3\r\n", b"\xff*1\r\n\0"]));
    bytes.extend(encode(&[b"GET".as_slice(), b"b\0\r\n$3\r\n"]));
    bytes.extend(b"echo \"in\\tline\"\nINCR n\r\n");
    bytes.extend(encode(&["GET", "k"]));
    bytes.extend(encode(&["GET"]));
    bytes.extend(encode(&["ECHO", ""]));
    bytes.extend(encode(&["DEL", "k", "n"]));
    bytes.extend(encode(&["nosuchcommand", "a"]));
    bytes
}

#[test]
fn a_pipeline_may_be_cut_at_any_byte() {
    let servers = servers(&[]);
    let bytes = pipeline();
    let expected = answer(&servers[1], &bytes);
    assert!(expected.len() > 100, "{}", show(&expected));
    let mut turn = servers[0].client();
    for at in 1..bytes.len() {
        let mut client = Client::connect(servers[0].port);
        client.send_bytes(&bytes[..at]).expect("the server reads");
        // An answer to another client shows that the first part has been seen alone.
        turn.cmd("PING");
        client.send_bytes(&bytes[at..]).expect("the server reads");
        client.finish_sending();
        let got = client.read_to_end().expect("closed by the server");
        assert_eq!(show(&got), show(&expected), "cut at byte {at}");
    }
    let mut client = Client::connect(servers[0].port);
    for byte in &bytes {
        client.send_bytes(&[*byte]).expect("the server reads");
        turn.cmd("PING");
    }
    client.finish_sending();
    assert_eq!(show(&client.read_to_end().expect("closed by the server")), show(&expected), "byte by byte");
}

/// Values around the size from which Redis gives an argument its own buffer, whole and in odd pieces.
#[test]
fn big_arguments_arrive_whole_in_any_pieces() {
    let servers = servers(&[]);
    for len in [32767, 32768, 32769, 49151, 49152, 49153, 100_000, 3_000_000] {
        let value = Rng::new(7).bytes(len);
        let mut bytes = encode(&[b"SET".as_slice(), b"big", &value]);
        bytes.extend(encode(&["STRLEN", "big"]));
        bytes.extend(encode(&[b"APPEND".as_slice(), b"big", &value]));
        bytes.extend(encode(&["GET", "big"]));
        bytes.extend(encode(&[b"MSET".as_slice(), b"one", &value, b"two", &value[1..], b"small", b"x"]));
        bytes.extend(encode(&[b"GETSET".as_slice(), b"one", &value[7..]]));
        bytes.extend(encode(&["MULTI"]));
        bytes.extend(encode(&[b"SETEX".as_slice(), b"two", b"1000", &value]));
        bytes.extend(encode(&[b"SET".as_slice(), b"three", &value, b"NX"]));
        bytes.extend(encode(&["EXEC"]));
        bytes.extend(encode(&["DEBUG", "DIGEST"]));
        let [ours, real] = [0, 1].map(|i| answer_to_pieces(&servers[i], bytes.clone(), 50_000));
        assert!(real.len() > 2 * len, "{} bytes for {len}", real.len());
        assert!(ours == real, "{len}: {} bytes, not {}", ours.len(), real.len());
    }
}

#[test]
fn a_long_pipeline_is_answered_in_order() {
    let servers = servers(&[]);
    let mut bytes = Vec::new();
    for i in 0..20_000 {
        bytes.extend(encode(&["SET", &format!("key:{}", i % 997), &i.to_string()]));
        bytes.extend(encode(&["INCRBY", &format!("key:{}", i % 997), "7"]));
    }
    bytes.extend(encode(&["DEBUG", "DIGEST"]));
    let [ours, real] = [0, 1].map(|i| answer_to_pieces(&servers[i], bytes.clone(), 1_000_000));
    assert!(real.len() > 240_000, "{}", real.len());
    assert!(ours == real, "{} bytes, not {}", ours.len(), real.len());
}

/// The answers to requests sent in pieces while they are read. QUIT ends them: a server owes a client that only
/// stops sending nothing of a long reply.
fn answer_to_pieces(server: &Server, mut bytes: Vec<u8>, piece_max: usize) -> Vec<u8> {
    bytes.extend(encode(&["QUIT"]));
    let mut reader = Client::connect(server.port);
    let mut writer = reader.try_clone().expect("a second handle");
    let sending = std::thread::spawn(move || {
        let mut rng = Rng::new(bytes.len() as u64);
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            let n = (1 + rng.below(piece_max)).min(rest.len());
            writer.send_bytes(&rest[..n]).expect("the server reads");
            rest = &rest[n..];
        }
    });
    let got = reader.read_to_end().expect("closed by the server");
    sending.join().expect("the sender does not panic");
    got
}

#[test]
fn client_reply_silences_what_it_should() {
    let servers = servers(&[]);
    let scripts = [
        "CLIENT REPLY OFF\r\nPING\r\nSET a b\r\nCLIENT REPLY ON\r\nGET a\r\n",
        "CLIENT REPLY SKIP\r\nPING\r\nPING x\r\n",
        "CLIENT REPLY SKIP\r\nCLIENT REPLY SKIP\r\nPING y\r\nPING z\r\n",
        "CLIENT REPLY OFF\r\nCLIENT REPLY SKIP\r\nPING\r\nPING\r\nCLIENT REPLY ON\r\n",
        "CLIENT REPLY OFF\r\nnosuch\r\nGET\r\nHELLO 3\r\nCLIENT REPLY ON\r\nGET nokey\r\n",
        "CLIENT REPLY OFF\r\n*bad\r\n",
        "CLIENT REPLY OFF\r\nQUIT\r\n",
        "CLIENT REPLY OFF\r\nRESET\r\nPING\r\n",
    ];
    compare(&servers, &scripts.map(|s| s.as_bytes().to_vec()));
}
