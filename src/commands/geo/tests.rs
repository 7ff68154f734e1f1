//! The geo commands over a bare keyspace. The figures are redis-server's.

use crate::commands::testing::Bench;

fn sicily() -> Bench {
    let mut b = Bench::new();
    b.run("GEOADD Sicily 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
    b
}

#[test]
fn geoadd_travels_as_zadd() {
    let mut b = Bench::new();
    let outcome = b.run("GEOADD g CH 13.361389 38.115556 Palermo");
    assert_eq!(outcome.reply, ":1\\r\\n");
    assert_eq!(outcome.propagated, ["zadd g CH 3479099956230698 Palermo"]);
    assert_eq!(outcome.events, ["zadd g"]);
    assert!(b.run("GEOADD g NX 1 1 Palermo").propagated.is_empty());
    for (line, error) in [
        ("GEOADD g 200 10 x", "invalid longitude,latitude pair 200.000000,10.000000"),
        ("GEOADD g x 10 x", "value is not a valid float"),
        ("GEOADD g NX XX 1 1 x", "syntax error"),
        ("GEOADD g NX CH CH", "syntax error"),
        ("GEOADD g 1 1 x 2", "syntax error"),
    ] {
        assert_eq!(b.reply(line), format!("-ERR {error}\\r\\n"), "{line}");
    }
}

#[test]
fn places_and_distances_have_the_digits_of_redis() {
    let mut b = sicily();
    assert_eq!(b.reply("GEODIST Sicily Palermo Catania"), "$11\\r\\n166274.1516\\r\\n");
    assert_eq!(b.reply("GEODIST Sicily Palermo Catania km"), "$8\\r\\n166.2742\\r\\n");
    assert_eq!(b.reply("GEODIST Sicily Palermo Palermo"), "$6\\r\\n0.0000\\r\\n");
    assert_eq!(b.reply("GEODIST Sicily Palermo x"), "$-1\\r\\n");
    assert_eq!(
        b.reply("GEOPOS Sicily Palermo x"),
        "*2\\r\\n*2\\r\\n$20\\r\\n13.36138933897018433\\r\\n$20\\r\\n38.11555639549629859\\r\\n*-1\\r\\n"
    );
    assert_eq!(b.reply("GEOHASH Sicily Palermo"), "*1\\r\\n$11\\r\\nsqc8b49rny0\\r\\n");
}

#[test]
fn a_search_finds_what_is_inside_in_the_order_asked_for() {
    let mut b = sicily();
    assert_eq!(
        b.reply("GEOSEARCH Sicily FROMLONLAT 15 37 BYRADIUS 200 km ASC WITHDIST"),
        "*2\\r\\n*2\\r\\n$7\\r\\nCatania\\r\\n$7\\r\\n56.4413\\r\\n*2\\r\\n$7\\r\\nPalermo\\r\\n$8\\r\\n190.4424\\r\\n"
    );
    assert_eq!(b.reply("GEORADIUS Sicily 15 37 200 km COUNT 1 DESC"), "*1\\r\\n$7\\r\\nPalermo\\r\\n");
    assert_eq!(
        b.reply("GEORADIUSBYMEMBER_RO Sicily Catania 1 m WITHHASH"),
        "*1\\r\\n*2\\r\\n$7\\r\\nCatania\\r\\n:3479447370796909\\r\\n"
    );
    assert_eq!(
        b.reply("GEOSEARCH Sicily FROMMEMBER Palermo BYBOX 10 10 km"),
        "*1\\r\\n$7\\r\\nPalermo\\r\\n"
    );
    assert_eq!(b.reply("GEOSEARCH nokey FROMMEMBER x BYRADIUS 1 m"), "*0\\r\\n");
    for (line, error) in [
        ("GEOSEARCH Sicily FROMMEMBER x BYRADIUS 1 m", "could not decode requested zset member"),
        (
            "geosearch Sicily FROMMEMBER Palermo ASC DESC ASC",
            "exactly one of BYRADIUS and BYBOX can be specified for geosearch",
        ),
        (
            "GEOSEARCH Sicily BYRADIUS 1 m ASC ASC",
            "exactly one of FROMMEMBER or FROMLONLAT can be specified for GEOSEARCH",
        ),
        ("GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS -1 m", "radius cannot be negative"),
        (
            "GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS 1 x",
            "unsupported unit provided. please use M, KM, FT, MI",
        ),
        ("GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS 1 m COUNT 0", "COUNT must be > 0"),
        ("GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS 1 m ANY", "the ANY argument requires COUNT argument"),
        ("GEOSEARCH Sicily FROMLONLAT 1 1 BYRADIUS 1 m BYBOX 1 1 m", "syntax error"),
        ("GEORADIUS_RO Sicily 1 1 1 m STORE x", "syntax error"),
        (
            "GEORADIUS Sicily 1 1 1 m STORE x WITHDIST",
            "STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options",
        ),
    ] {
        assert_eq!(b.reply(line), format!("-ERR {error}\\r\\n"), "{line}");
    }
}

#[test]
fn a_stored_search_replaces_what_was_there() {
    let mut b = sicily();
    b.run("SET d x");
    let outcome = b.run("GEOSEARCHSTORE d Sicily FROMLONLAT 15 37 BYRADIUS 100 km STOREDIST");
    assert_eq!((outcome.reply.as_str(), outcome.dirty), (":1\\r\\n", 1));
    assert_eq!(outcome.events, ["geosearchstore d"]);
    assert_eq!(
        b.reply("ZRANGE d 0 -1 WITHSCORES"),
        "*2\\r\\n$7\\r\\nCatania\\r\\n$18\\r\\n56.441257870158204\\r\\n"
    );
    assert_eq!(b.run("GEORADIUS Sicily 15 37 200 km STORE d").events, ["georadiusstore d"]);
    assert_eq!(b.reply("ZCARD d"), ":2\\r\\n");
    assert_eq!(b.run("GEORADIUS Sicily 1 1 1 km STORE d").events, ["del d"]);
    assert_eq!(b.reply("EXISTS d"), ":0\\r\\n");
}
