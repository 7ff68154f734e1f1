//! The stream of our primary: its commands run like a client's, but a transaction is kept until its EXEC has come.
//!
//! A link that is cut inside a transaction is gone on from its MULTI, so nothing of it may have run before.

use crate::client::{Blocked, ClientId};
use crate::exec::{self, Outcome};
use crate::protocol::args::Args;
use crate::protocol::parser::{Limits, Parser, Step};
use crate::server::Server;

/// Runs one command of the stream, or keeps it for its transaction's end.
pub fn run(server: &mut Server, id: ClientId, args: Args<'_>) -> Outcome {
    if args.is(0, "exec") && server.pause.holds_writes() {
        server.block(id, Blocked::Paused { request: 0, arguments: 0 });
        return Outcome::Postponed;
    }
    let in_transaction = server.repl.in_transaction;
    if args.is(0, "multi") {
        server.repl.in_transaction = true;
    } else if args.is(0, "exec") {
        server.repl.in_transaction = false;
        run_held(server, id);
    } else if args.is(0, "discard") {
        server.repl.in_transaction = false;
    } else if !in_transaction {
        return exec::run(server, id, args);
    }
    // Whatever else comes within a transaction is held with the bytes of the stream.
    Outcome::Done
}

fn run_held(server: &mut Server, id: ClientId) {
    let Some(stream) = server.repl.machine.following_mut().and_then(|f| f.stream_mut()) else { return };
    let held = stream.lend_held();
    let limits = Limits { bulk_max: None, unauthenticated: false };
    let mut parser = Parser::default();
    // The bytes were parsed when they came, so that only commands are found here.
    loop {
        match parser.step(&held, limits) {
            Ok(Step::Command) => {
                let args = parser.args(&held);
                if !args.is(0, "multi") {
                    exec::run(server, id, args);
                }
            }
            Ok(Step::Empty { .. }) => {}
            _ => break,
        }
    }
    // None of the commands can have ended the link: it would have been closed at the turn's end.
    if let Some(stream) = server.repl.machine.following_mut().and_then(|f| f.stream_mut()) {
        stream.return_held(held);
    }
}
