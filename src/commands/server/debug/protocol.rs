//! DEBUG PROTOCOL: a value of each type that the protocol has, for those who write clients.

use crate::commands::parse::is_word;
use crate::protocol::{CmdError, CmdResult, Reply};

type Example = fn(&mut Reply) -> CmdResult;

const EXAMPLES: &[(&str, Example)] = &[
    ("string", |reply| {
        reply.bulk(b"Hello World");
        Ok(())
    }),
    ("integer", |reply| {
        reply.int(12345);
        Ok(())
    }),
    ("double", |reply| {
        reply.double_text("3.141");
        Ok(())
    }),
    ("bignum", |reply| {
        reply.big_number("1234567999999999999999999999999999999");
        Ok(())
    }),
    ("null", |reply| {
        reply.null();
        Ok(())
    }),
    ("array", |reply| {
        reply.array(3);
        (0..3).for_each(|n| reply.int(n));
        Ok(())
    }),
    ("set", |reply| {
        reply.set(3);
        (0..3).for_each(|n| reply.int(n));
        Ok(())
    }),
    ("map", |reply| {
        reply.map(3);
        for n in 0..3 {
            reply.int(n);
            reply.bool(n == 1);
        }
        Ok(())
    }),
    ("attrib", attribute),
    ("push", push),
    ("verbatim", |reply| {
        reply.verbatim("txt", b"This is a verbatim\nstring");
        Ok(())
    }),
    ("true", |reply| {
        reply.bool(true);
        Ok(())
    }),
    ("false", |reply| {
        reply.bool(false);
        Ok(())
    }),
];

/// Replies the example called `name`.
pub fn reply(reply: &mut Reply, name: &[u8]) -> CmdResult {
    let example = EXAMPLES.iter().find(|(known, _)| is_word(name, known));
    let (_, example) = example.ok_or_else(|| {
        CmdError::err(
            "Wrong protocol type name. Please use one of the following: \
             string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false",
        )
    })?;
    example(reply)
}

fn attribute(reply: &mut Reply) -> CmdResult {
    if reply.resp3() {
        reply.attribute(1);
        reply.bulk(b"key-popularity");
        reply.array(2);
        reply.bulk(b"key:123");
        reply.int(90);
    }
    // An attribute is about the reply that follows it.
    reply.bulk(b"Some real reply following the attribute");
    Ok(())
}

fn push(reply: &mut Reply) -> CmdResult {
    if !reply.resp3() {
        return Err(CmdError::err("RESP2 is not supported by this command"));
    }
    reply.unmuted(|reply| {
        reply.push(2);
        reply.bulk(b"server-cpu-usage");
        reply.int(42);
    });
    // A push answers nothing: the command's own reply comes behind it.
    reply.bulk(b"Some real reply following the push reply");
    Ok(())
}
