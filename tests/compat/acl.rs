//! Users and their rights: what random rules allow, asked of both servers by ACL DRYRUN, and sessions of those who may not do
//! everything.

use crate::generate::{Generator, Step};
use crate::harness::rng::Rng;
use crate::harness::value::show;
use crate::harness::{Client, PATIENCE, Server, Value, seeds, wait_for};
use crate::sessions::{compare, servers};

const USERS: usize = 30;
const CALLS: usize = 2000;

const KEY_RULES: &[&str] = &[
    "~key:1*",
    "~key:?",
    "~*:1",
    "%R~key:*",
    "%W~key:*",
    "%RW~l*",
    "%R~[a-m]*",
    "%W~[h-z]*",
    "~*",
    "~k\\[e]y*",
    "resetkeys",
    "~",
    "~h*",
    "%R~*",
    "%W~*",
    "~*[0-4]",
];

fn rules(rng: &mut Rng, categories: &[String]) -> Vec<String> {
    let mut rules = Vec::new();
    for _ in 0..1 + rng.below(7) {
        rules.push(match rng.below(10) {
            0 => "+@all".to_owned(),
            1..5 => {
                let sign = if rng.chance(60) { '+' } else { '-' };
                format!("{sign}@{}", categories[rng.below(categories.len())])
            }
            5 => {
                rng.pick(&["+get", "-get", "+select|1", "+config|get", "-config", "+set", "-sort"]).to_owned()
            }
            _ => rng.pick(KEY_RULES).to_owned(),
        });
    }
    if rng.chance(30) {
        let nested = self::rules(rng, categories);
        rules.push(format!(
            "({})",
            nested.iter().filter(|rule| !rule.contains('(')).cloned().collect::<Vec<_>>().join(" ")
        ));
    }
    rules
}

#[test]
fn random_users_may_do_what_they_may_in_redis() {
    for seed in seeds(&[1, 2]) {
        let servers = servers();
        let mut clients = servers.each_ref().map(Server::client);
        let mut rng = Rng::new(seed);
        let categories: Vec<String> = clients[1].cmd("ACL CAT").items().iter().map(Value::text).collect();
        let mut call = |args: &[Vec<u8>]| {
            clients.each_mut().map(|client| {
                client.send(args).expect("the server reads");
                client.read().expect("an answer").raw
            })
        };
        for user in 0..USERS {
            let rules = rules(&mut rng, &categories);
            let mut words: Vec<Vec<u8>> = ["ACL", "SETUSER"].map(Into::into).to_vec();
            words.push(format!("u{user}").into());
            words.extend(rules.iter().map(|rule| rule.clone().into_bytes()));
            let [ours, real] = call(&words);
            assert_eq!(show(&ours), show(&real), "seed {seed}: {rules:?}");
        }
        let mut generator = Generator::new(seed);
        let (mut allowed, mut denied) = (0, 0);
        let mut different = Vec::new();
        while allowed + denied < CALLS {
            let Step::Call(args, _) = generator.step() else { continue };
            let user = format!("u{}", rng.below(USERS));
            let mut words: Vec<Vec<u8>> = ["ACL", "DRYRUN"].map(Into::into).to_vec();
            words.push(user.into());
            words.extend(args);
            let [ours, real] = call(&words);
            // Not in 7.0, or with other numbers of arguments.
            if real.starts_with(b"-ERR") {
                continue;
            }
            if real.starts_with(b"+OK") {
                allowed += 1;
            } else {
                denied += 1;
            }
            if ours != real {
                let words: Vec<_> = words.iter().map(|word| show(word)).collect();
                different.push(format!("{words:?}\n    ours {}\n    real {}", show(&ours), show(&real)));
            }
        }
        assert!(different.is_empty(), "seed {seed}: {} differ:\n{}", different.len(), different.join("\n"));
        assert!(
            allowed > CALLS / 10 && denied > CALLS / 10,
            "seed {seed}: {allowed} allowed, {denied} denied"
        );
    }
}

const ARGUMENTS: &str = "ACL;ACL FOO;ACL WHOAMI;ACL WHOAMI x;ACL CAT;ACL CAT nosuch;ACL CAT a b;ACL USERS;ACL LIST;ACL GETUSER nosuch
ACL SETUSER;ACL SETUSER a\tb;ACL SETUSER bob;ACL LIST;ACL GETUSER bob;ACL GETUSER default;ACL SETUSER bob on >pw >pw2 ~a* %R~b &c
ACL GETUSER bob;ACL SETUSER bob <none;ACL SETUSER bob +nosuch on;ACL SETUSER bob off +nosuch;ACL GETUSER bob
ACL SETUSER bob (+get ~x) (%W~y;ACL SETUSER bob (+get ~x) (%W~y -@all);ACL GETUSER bob;ACL LIST;ACL USERS;ACL DELUSER;ACL DELUSER x
ACL DELUSER x default bob;ACL USERS;ACL DELUSER bob bob x;ACL USERS;ACL LOAD;ACL SAVE;ACL LOAD x;ACL GENPASS 0;ACL GENPASS x
ACL GENPASS 4097;ACL GENPASS 1 2;ACL GENPASS -1;ACL LOG x;ACL LOG 1 2;ACL LOG RESET;ACL LOG;ACL LOG -1;ACL LOG 0;ACL DRYRUN
ACL DRYRUN nosuch get a;ACL DRYRUN default nosuch;ACL DRYRUN default get;ACL DRYRUN default config;ACL DRYRUN default config nosuch
ACL DRYRUN default get a;ACL DRYRUN default config get x;ACL SETUSER bob +@read ~a;ACL DRYRUN bob get b;ACL DRYRUN bob set a b
ACL DRYRUN bob config get a;ACL DRYRUN bob publish a b;ACL DRYRUN bob mget a b c;ACL DRYRUN bob ping;ACL DRYRUN bob auth x
ACL SETUSER bob +publish +subscribe +psubscribe;ACL DRYRUN bob publish a b;ACL DRYRUN bob subscribe x;ACL DRYRUN bob psubscribe x
CONFIG SET acl-pubsub-default allchannels;ACL SETUSER new;ACL SETUSER bob reset;ACL GETUSER bob;ACL GETUSER new
CONFIG SET acl-pubsub-default resetchannels;ACL SETUSER new reset (+get);ACL GETUSER new;CONFIG SET requirepass pw;ACL GETUSER default
CONFIG GET requirepass;ACL SETUSER default >pw2;CONFIG GET requirepass;CONFIG SET requirepass '';ACL GETUSER default
ACL SETUSER default off;AUTH pw;ACL SETUSER default on nopass;CLIENT KILL USER nosuch;CLIENT KILL USER new;ACL DELUSER new bob;ACL LIST";

#[test]
fn odd_arguments_of_acl_get_the_same_answers() {
    let servers = servers();
    for greeting in [&["HELLO 2"], &["HELLO 3"]] {
        let lines: Vec<&str> = ARGUMENTS.split([';', '\n']).collect();
        compare(&servers, greeting, &lines);
    }
}

#[test]
fn what_a_user_may_not_do_is_refused_in_the_same_words() {
    let servers = servers();
    for server in &servers {
        server.ok("ACL SETUSER bob on >pw ~k* %R~r* &c* +@read +set +multi +exec +publish +subscribe +client|id +acl|whoami +select|1 +sort");
    }
    let lines = "GET k;GET r;GET x;SET r 1;SET k 1;SET k 2 GET;MGET k r;MGET k x;DEL k;NOSUCH;CONFIG GET a;CLIENT ID x;CLIENT LIST
SELECT 1;SELECT 2;ACL WHOAMI;ACL LIST;PUBLISH c 1;PUBLISH d 1;SUBSCRIBE d;SORT k BY x* GET y*;SORT k BY nosort;SORT k GET #;GET
MULTI;GET x;EXEC;MULTI;GET k;DEL k;EXEC;MULTI;GET k;PUBLISH d 1;EXEC;OBJECT ENCODING x;OBJECT ENCODING k;EXISTS x;TTL r
AUTH bob no;AUTH nosuch pw;HELLO 3 AUTH bob no;AUTH bob pw;PING;RESET;ACL WHOAMI";
    let lines: Vec<&str> = lines.split([';', '\n']).collect();
    compare(&servers, &["AUTH bob pw"], &lines);
    let logs = servers.each_ref().map(|server| {
        let entries = server.cmd("ACL LOG 100");
        let fields = entries.items().iter().map(|entry| {
            let fields = entry.items().chunks(2).map(|pair| (pair[0].text(), pair[1].clone()));
            let told = fields.filter(|(name, _)| name != "age-seconds" && name != "client-info");
            told.map(|(name, value)| format!("{name}={value:?}")).collect::<Vec<_>>()
        });
        fields.collect::<Vec<_>>()
    });
    assert_eq!(logs[0], logs[1]);
    assert!(logs[0].len() > 10);
}

#[test]
fn rights_that_go_between_multi_and_exec_are_missed_at_exec() {
    let servers = servers();
    let replies = servers.each_ref().map(|server| {
        server.ok("ACL SETUSER bob on nopass ~* &* +@all");
        let mut bob = server.client();
        bob.ok("AUTH bob any");
        let mut seen = Vec::new();
        for change in ["-set", "resetkeys ~a", "resetchannels &x"] {
            for line in ["MULTI", "SET a 1", "SET b 1", "GET a", "PUBLISH y 1"] {
                bob.cmd(line);
            }
            server.ok(&format!("ACL SETUSER bob {change}"));
            bob.send(&["EXEC"]).expect("the server reads");
            seen.push(show(&bob.read().expect("an answer").raw));
            server.ok("ACL SETUSER bob resetkeys ~* allchannels +@all");
        }
        seen
    });
    assert_eq!(replies[0], replies[1]);
    assert!(replies[0].iter().all(|reply| reply.contains("ACLs rules changed")));
}

/// Whether the server has closed the connection.
fn is_closed(client: &mut Client) -> bool {
    client.try_cmd("PING").is_err()
}

#[test]
fn clients_are_cut_off_when_their_user_goes_or_their_channels_do() {
    for server in servers() {
        server.ok("ACL SETUSER bob on nopass ~* &a &b* +@all");
        server.ok("ACL SETUSER other on nopass ~* +@all");
        let [mut waits, mut listens, mut stays] = [0; 3].map(|_| server.client());
        for client in [&mut waits, &mut listens, &mut stays] {
            client.ok("AUTH bob any");
            client.cmd("HELLO 3");
        }
        listens.cmd("SUBSCRIBE a");
        stays.cmd("SUBSCRIBE b1");
        waits.send(&["BLPOP", "nosuch", "0"]).expect("the server reads");
        server.ok("ACL SETUSER bob &c");
        assert!(!is_closed(&mut listens) && !is_closed(&mut stays));
        server.ok("ACL SETUSER bob resetchannels &b*");
        wait_for("the listener to be cut off", PATIENCE, || is_closed(&mut listens));
        assert!(!is_closed(&mut stays));
        assert_eq!(server.cmd("ACL DELUSER bob other").int(), 2);
        wait_for("the others to be cut off", PATIENCE, || is_closed(&mut stays));
        assert!(waits.read().is_err());
        let mut suicidal = server.client();
        server.ok("ACL SETUSER own on nopass +@all");
        suicidal.ok("AUTH own x");
        assert_eq!(suicidal.cmd("ACL DELUSER own").int(), 1);
        wait_for("its own end", PATIENCE, || is_closed(&mut suicidal));
    }
}
