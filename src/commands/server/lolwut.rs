//! LOLWUT: a drawing, and the version. Ours is of what oxidis does to iron: rust that spreads over a plate.

use crate::commands::parse::{integer, is_word};
use crate::commands::row::{acl, flags};
use crate::config::version::REDIS_VERSION;
use crate::protocol::CmdResult;
use crate::server::command::{Command, Exec, Group, Run};
use crate::util::rng::Rng;

/// `LOLWUT`
pub static LOLWUT: Command = Command {
    name: "lolwut",
    arity: -1,
    flags: flags!(READONLY | FAST),
    acl: acl!(READ | FAST),
    keys: &[],
    group: Group::Server,
    tips: &[],
    run: Run::Data(lolwut),
    subcommands: &[],
};

const COLUMNS: usize = 60;
const ROWS: usize = 12;
const SPOTS: usize = 7;
/// From bare iron to rust.
const SHADES: &[u8] = b" .:-=+*#%@";

fn lolwut(e: &mut Exec<'_>) -> CmdResult {
    // A version picks among the drawings of Redis; here there is one. What follows is for those drawings.
    if e.args.len() >= 3 && is_word(e.args.at(1), "version") {
        integer(e.args.at(2))?;
    }
    let mut text = plate(e.rng);
    text.push_str(&format!("\nRust never sleeps. Redis ver. {REDIS_VERSION}\n"));
    e.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// A plate of iron on which rust has spread from some spots.
fn plate(rng: &mut Rng) -> String {
    let spots: Vec<(f64, f64, f64)> = (0..SPOTS)
        .map(|_| {
            let mut below = |n: usize| rng.below(n as u64) as f64;
            (below(COLUMNS), below(ROWS), 2.0 + below(5))
        })
        .collect();
    let mut text = String::with_capacity((COLUMNS + 1) * ROWS);
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            let rust: f64 = spots
                .iter()
                .map(|(x, y, size)| {
                    // A character is about twice as high as it is wide.
                    let (dx, dy) = ((column as f64 - x) / 2.0, row as f64 - y);
                    (1.0 - (dx * dx + dy * dy).sqrt() / size).max(0.0)
                })
                .sum();
            let shade = (rust * SHADES.len() as f64) as usize;
            text.push(char::from(SHADES[shade.min(SHADES.len() - 1)]));
        }
        text.push('\n');
    }
    text
}
