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
        server.block(id, Blocked::Paused);
        return Outcome::Postponed;
    }
    let transaction = server.stream_transaction();
    if args.is(0, "multi") {
        *transaction = Some(Vec::new());
    } else if args.is(0, "exec") {
        let queued = transaction.take().unwrap_or_default();
        run_queued(server, id, &queued);
    } else if args.is(0, "discard") {
        *transaction = None;
    } else {
        match (transaction, args.raw()) {
            (Some(queued), Some(raw)) => queued.extend_from_slice(raw),
            _ => return exec::run(server, id, args),
        }
    }
    Outcome::Done
}

fn run_queued(server: &mut Server, id: ClientId, queued: &[u8]) {
    let limits = Limits { bulk_max: None, unauthenticated: false };
    let mut parser = Parser::default();
    // The bytes were parsed when they were queued, so that only commands are found here.
    while let Ok(Step::Command) = parser.step(queued, limits) {
        exec::run(server, id, parser.args(queued));
    }
}
