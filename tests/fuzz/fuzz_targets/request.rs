//! Requests: whatever way their bytes are cut into reads, the same commands come out, or the same error; and whether their
//! big arguments, which are not that big here, are read apart from them or not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oxidis::protocol::parser::{Limits, Parser, Step};

/// The commands of a stream that comes in pieces of this size, and how it ends.
fn commands(data: &[u8], piece: usize, apart: bool, limits: Limits) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
    let mut parser = Parser::default();
    let mut buffer = Vec::new();
    let mut found = Vec::new();
    for mut piece in data.chunks(piece) {
        if let Some(arriving) = parser.arriving_mut() {
            piece = arriving.take(piece);
            assert!(parser.arrived().is_empty());
        }
        buffer.extend_from_slice(piece);
        loop {
            match parser.step(&buffer, limits) {
                Ok(Step::Command) => {
                    found.push(parser.args(&buffer).iter().map(<[u8]>::to_vec).collect());
                }
                Ok(Step::Inline(words)) => found.push(words.as_args().iter().map(<[u8]>::to_vec).collect()),
                Ok(Step::Empty { .. }) => {}
                Ok(Step::NeedMore) => break,
                Err(error) => return (found, Some(error.to_string())),
            }
        }
        let used = parser.consumed();
        buffer.drain(..used);
        parser.shift(used);
        if apart {
            parser.keep_apart(&mut buffer);
        }
    }
    (found, None)
}

fuzz_target!(|data: &[u8]| {
    let Some((first, data)) = data.split_first() else { return };
    let limits = Limits { bulk_max: Some(1 << 20), unauthenticated: first % 2 == 1 };
    let whole = commands(data, usize::MAX, false, limits);
    for apart in [false, true] {
        let pieces = commands(data, 1 + usize::from(first / 2), apart, limits);
        assert_eq!(whole.0, pieces.0);
        assert_eq!(whole.1.is_some(), pieces.1.is_some());
    }
});
