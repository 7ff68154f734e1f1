//! Big arguments, which are read apart from their requests: each into a string of its own, which SET then keeps as it is.
//!
//! ```text
//! what comes   *3..$3..SET..$1..k..$100000..<100000 bytes>..*1..$4..PING..
//! buffer       *3..$3..SET..$1..k..$100000..*1..$4..PING..
//! apart                                    ^ place of the 100000 bytes, and they
//! ```
//!
//! An argument that is not all there when its length has been read begins to arrive here. Until it has come, with the CRLF
//! behind it, nothing is added to the buffer, which ends at its place. The parser then finds it there, and again if the
//! request has to wait and is parsed anew.
//!
//! A length is only somebody's word. Room is made for [`TRUSTED`] bytes, and beyond that for [`AHEAD`] times what has
//! come: an argument of 512 MB begins in half a megabyte, has 16 MB when those are full, and all of the rest when these
//! are. What is moved then, a thirtieth of it, is moved in pieces, a turn of the loop for each.

use super::args::Span;
use crate::ds::long::{Draft, Shared};

/// From this length on an argument that is not all there is read apart: copying it takes more than the further reads and
/// a new block do. At 40 KB it takes as much, where one follows the other, and otherwise less. Fuzzers try short ones.
pub const APART_MIN: usize = if cfg!(fuzzing) { 32 } else { 48 * 1024 };
/// For so much there is room before any of it has come.
const TRUSTED: usize = 1 << 20;
const AHEAD: usize = 32;
/// So much is moved at once.
const PIECE: usize = 1 << 20;
/// Of what comes behind an argument no more is read with it.
const BEHIND_MAX: usize = 512;
/// CRLF, and a byte more: whoever reads less than there is room for knows that nothing is left.
const TAIL: usize = 2;
const SLACK: usize = TAIL + 1;

/// The big arguments of what stands in a client's buffer, or of what it has queued.
#[derive(Debug, Default)]
pub struct Apart {
    /// Where in the buffer each belongs, in order.
    places: Vec<usize>,
    parts: Vec<Shared>,
    /// The bytes of these, and what they take: summed up, as there may be thousands.
    len: usize,
    memory: usize,
    arriving: Option<Arriving>,
}

impl Apart {
    /// Those that have come whole.
    #[must_use]
    pub fn parts(&self) -> &[Shared] {
        &self.parts
    }

    /// Adds one that is in no buffer; returns its span.
    pub fn add(&mut self, part: Shared) -> Span {
        let span = Span::apart(self.parts.len(), part.len());
        self.len += part.len();
        self.memory += part.memory();
        self.parts.push(part);
        span
    }

    /// The argument that belongs here, if it has come.
    #[must_use]
    pub fn span_at(&self, place: usize, len: usize) -> Option<Span> {
        let number = self.places.binary_search(&place).ok()?;
        assert!(self.parts[number].len() == len, "an argument is as long as its header says");
        Some(Span::apart(number, len))
    }

    /// Whether an argument is arriving, or the one that belongs here has come.
    #[must_use]
    pub fn knows(&self, place: usize) -> bool {
        self.arriving.is_some() || self.places.binary_search(&place).is_ok()
    }

    /// An argument begins to arrive.
    pub fn begin(&mut self, len: usize, first: &[u8]) {
        assert!(self.arriving.is_none(), "arguments arrive one after the other");
        self.arriving = Some(Arriving::new(len, first));
    }

    /// The one that is arriving.
    #[must_use]
    pub fn arriving(&self) -> Option<&Arriving> {
        self.arriving.as_ref()
    }

    /// The same, to add what comes.
    pub fn arriving_mut(&mut self) -> Option<&mut Arriving> {
        self.arriving.as_mut()
    }

    /// If an argument has come whole it is kept at its place, the end of the buffer; returns what came behind it.
    pub fn arrived(&mut self, place: usize) -> Vec<u8> {
        let Some(whole) = self.arriving.take_if(|arriving| arriving.is_whole()) else { return Vec::new() };
        let (part, behind) = whole.finish();
        self.places.push(place);
        self.add(part);
        behind
    }

    /// The first `n` bytes of the buffer are done with; returns how many arguments went with them.
    pub fn shift(&mut self, n: usize) -> usize {
        // Before its place there is an argument's header at least, and what ends there is done with.
        let gone = self.places.partition_point(|place| *place <= n);
        self.places.drain(..gone);
        for part in self.parts.drain(..gone) {
            self.len -= part.len();
            self.memory -= part.memory();
        }
        self.places.iter_mut().for_each(|place| *place -= n);
        gone
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.arriving.is_none()
    }

    /// Bytes that have come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len + self.arriving.as_ref().map_or(0, Arriving::len)
    }

    /// What it takes, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let lists = self.places.capacity() * size_of::<usize>() + self.parts.capacity() * size_of::<Shared>();
        size_of::<Apart>() + lists + self.memory + self.arriving.as_ref().map_or(0, Arriving::memory)
    }
}

/// An argument of which bytes are missing.
#[derive(Debug)]
pub struct Arriving {
    /// How long it is to be.
    whole: usize,
    draft: Draft,
    /// The smaller one before it; what lies behind the draft's bytes is still to be moved there.
    before: Option<Draft>,
}

impl Arriving {
    fn new(len: usize, first: &[u8]) -> Arriving {
        let mut draft = Draft::with_room(room(len + SLACK, first.len()));
        draft.block_mut().extend_from_slice(first);
        Arriving { whole: len, draft, before: None }
    }

    /// Bytes of it that have come.
    #[must_use]
    pub fn len(&self) -> usize {
        self.before.as_ref().unwrap_or(&self.draft).len()
    }

    /// Whether none have.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it takes, bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.draft.memory() + self.before.as_ref().map_or(0, Draft::memory)
    }

    /// Room that nothing has come for yet, bytes.
    #[must_use]
    pub fn room(&self) -> usize {
        self.draft.room()
    }

    fn is_whole(&self) -> bool {
        self.len() >= self.whole + TAIL && self.before.is_none()
    }

    /// Sees to it that there is room for more. `false`: what has come is being moved, and it is to be called again.
    pub fn make_room(&mut self) -> bool {
        if self.draft.room() == 0 && self.before.is_none() {
            let larger = Draft::with_room(room(self.whole + SLACK, self.draft.len()));
            self.before = Some(std::mem::replace(&mut self.draft, larger));
        }
        if let Some(before) = &self.before {
            let rest = &before.bytes()[self.draft.len()..];
            let piece = &rest[..rest.len().min(PIECE)];
            self.draft.block_mut().extend_from_slice(piece);
            if piece.len() == rest.len() {
                self.before = None;
            }
        }
        self.before.is_none()
    }

    /// Has more of it, and little of what comes behind, read behind a vector's bytes: so many at most.
    pub fn read<T>(&mut self, read: impl FnOnce(&mut Vec<u8>, usize) -> T) -> T {
        assert!(self.before.is_none(), "what has come lies in one piece");
        let missing = (self.whole + TAIL).saturating_sub(self.draft.len());
        let max = self.draft.room().min(missing + BEHIND_MAX);
        read(self.draft.block_mut(), max)
    }

    /// Takes what was read elsewhere, as much of it as is missing; returns the rest.
    pub fn take<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while !self.is_whole() && !bytes.is_empty() {
            if !self.make_room() {
                continue;
            }
            let missing = self.whole + TAIL - self.draft.len();
            let (these, rest) = bytes.split_at(bytes.len().min(missing).min(self.draft.room()));
            self.draft.block_mut().extend_from_slice(these);
            bytes = rest;
        }
        bytes
    }

    /// Nothing has come for a while: room is only for what has.
    pub fn shrink(&mut self) {
        if self.before.is_none() {
            self.draft.shrink();
        }
    }

    /// What has come, which no snapshot needs.
    pub fn buffer_mut(&mut self) -> &mut Vec<u8> {
        self.draft.block_mut()
    }

    /// The argument, and what came behind it.
    fn finish(self) -> (Shared, Vec<u8>) {
        let behind = self.draft.bytes()[self.whole + TAIL..].to_vec();
        (self.draft.finish(self.whole), behind)
    }
}

/// How much room an argument is given that takes `whole` bytes and of which so many have come: more than those.
fn room(whole: usize, came: usize) -> usize {
    let trusted = TRUSTED.max(came.saturating_mul(AHEAD));
    let mut room = whole;
    while room > trusted {
        room = room.div_ceil(AHEAD);
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::parser::{Limits, Parser, ProtocolError, Step};

    const OPEN: Limits = Limits { bulk_max: Some(512 << 20), unauthenticated: false };

    type Commands = Vec<Vec<Vec<u8>>>;

    /// A client as the loop treats it: what is left over, and how far that is understood.
    #[derive(Default)]
    struct Reader {
        query: Vec<u8>,
        parser: Parser,
        commands: Commands,
    }

    impl Reader {
        /// Bytes come; those that are missing of a big argument are read to where it lies.
        fn read(&mut self, mut bytes: &[u8]) -> Result<(), ProtocolError> {
            while let Some(arriving) = self.parser.arriving_mut()
                && !bytes.is_empty()
            {
                if !arriving.make_room() {
                    continue;
                }
                let n = arriving.read(|block, max| {
                    let n = max.min(bytes.len());
                    block.extend_from_slice(&bytes[..n]);
                    n
                });
                bytes = &bytes[n..];
                let behind = self.parser.arrived();
                self.run(&behind)?;
            }
            if bytes.is_empty() { Ok(()) } else { self.run(bytes) }
        }

        fn run(&mut self, bytes: &[u8]) -> Result<(), ProtocolError> {
            self.query.extend_from_slice(bytes);
            loop {
                match self.parser.step(&self.query, OPEN)? {
                    Step::Command => {
                        let args = self.parser.args(&self.query);
                        assert_eq!(args.any_apart(), args.raw().is_none());
                        self.commands.push(args.iter().map(<[u8]>::to_vec).collect());
                    }
                    Step::Inline(words) => {
                        self.commands.push(words.as_args().iter().map(<[u8]>::to_vec).collect());
                    }
                    Step::Empty { .. } => {}
                    Step::NeedMore => break,
                }
            }
            let used = self.parser.consumed();
            self.query.drain(..used);
            self.parser.shift(used);
            self.parser.keep_apart(&mut self.query);
            Ok(())
        }
    }

    fn encode(parts: &[&[u8]]) -> Vec<u8> {
        let mut bytes = Vec::new();
        crate::protocol::args::encode_command(&mut bytes, parts.iter().copied());
        bytes
    }

    fn value(len: usize) -> Vec<u8> {
        (0..len).map(|i| (i * 7 + i / 251) as u8).collect()
    }

    #[test]
    fn big_arguments_are_the_same_wherever_the_bytes_are_cut() {
        let (below, at, above) = (value(APART_MIN - 1), value(APART_MIN), value(APART_MIN + 1));
        let input = [
            encode(&[b"MSET", b"a", &above, b"b", b"small", b"c", &at]),
            b"PING inline\r\n".to_vec(),
            encode(&[b"SET", b"d", &below]),
            encode(&[&at]),
            encode(&[b"PING"]),
        ]
        .concat();
        let all: Commands = vec![
            [b"MSET", b"a".as_slice(), &above, b"b", b"small", b"c", &at].map(<[u8]>::to_vec).to_vec(),
            vec![b"PING".to_vec(), b"inline".to_vec()],
            vec![b"SET".to_vec(), b"d".to_vec(), below],
            vec![at],
            vec![b"PING".to_vec()],
        ];
        // No value has a line's end in it.
        let lines: Vec<usize> = memchr::memmem::find_iter(&input, b"\r\n").collect();
        let near = |cut: usize| lines.iter().any(|line| cut.abs_diff(*line) < 8);
        for cut in (0..=input.len()).filter(|cut| cut % 61 == 0 || near(*cut)) {
            let mut reader = Reader::default();
            for part in [&input[..cut], &input[cut..]] {
                reader.read(part).expect("the protocol's");
            }
            assert!(reader.commands == all, "cut at {cut}");
            assert!(reader.query.is_empty() && reader.parser.memory() < 1 << 16, "cut at {cut}");
        }
        for piece in [1, 2, 3, 100, 511, 4096, 16_383, 16_385, 40_000] {
            let mut reader = Reader::default();
            input.chunks(piece).for_each(|part| reader.read(part).expect("the protocol's"));
            assert!(reader.commands == all, "pieces of {piece}");
        }
    }

    #[test]
    fn a_length_alone_gets_little_room_and_what_comes_gets_much_more() {
        for len in [APART_MIN, 1 << 20, 3 << 20, 100 << 20, 512 << 20] {
            let mut reader = Reader::default();
            reader.read(format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${len}\r\n").as_bytes()).expect("a header");
            assert!(reader.parser.memory() < 2 * TRUSTED, "{len}");
        }
        for whole in [1, TRUSTED, TRUSTED + 1, 40 << 20, (512 << 20) + SLACK, usize::MAX / 4] {
            let (mut came, mut moved) = (0, 0);
            while came < whole {
                let room = room(whole, came);
                assert!(room > came && room <= whole && room <= TRUSTED.max(AHEAD * came));
                moved += came;
                came = room;
            }
            assert!(moved <= whole / 30, "{moved} of {whole}");
        }
    }

    #[test]
    fn an_argument_grows_without_being_moved_at_once() {
        let value = value(65_521).repeat(640);
        let mut arriving = Arriving::new(value.len(), &value[..100]);
        let mut came = 100;
        let mut turns = 0;
        while !arriving.is_whole() {
            turns += 1;
            let before = arriving.draft.len();
            if arriving.make_room() {
                came += arriving.read(|block, max| {
                    let n = max.min(1 << 20).min(value.len() + TAIL - came);
                    let end = (came + n).min(value.len());
                    block.extend_from_slice(&value[came..end]);
                    block.resize(block.len() + n - (end - came), b'\n');
                    n
                });
            }
            assert!(arriving.len() == came && arriving.draft.len() <= before + PIECE + (1 << 20));
        }
        assert!(turns > 40);
        let (whole, behind) = arriving.finish();
        assert!(*whole == value && behind.is_empty());
    }

    #[test]
    fn a_request_that_is_parsed_again_finds_what_was_read_apart() {
        let big = value(50_000);
        let first = encode(&[b"MSET", b"a", &big, b"b", &big]);
        let mut reader = Reader::default();
        reader.read(&encode(&[b"PING"])).expect("a command");
        reader.read(&first[..20_000]).expect("the protocol's");
        let parser = &mut reader.parser;
        let rest = parser.arriving_mut().expect("bytes are missing").take(&first[20_000..]);
        assert!(parser.arrived().is_empty());
        reader.query.extend_from_slice(rest);
        assert_eq!(parser.step(&reader.query, OPEN), Ok(Step::Command));
        // As if the client had to wait before the command runs.
        let start = parser.request().raw.start;
        parser.rewind(start);
        reader.query.extend(encode(&[b"SET", b"c", &value(20_000)]));
        let parts = [b"MSET", b"a".as_slice(), &big, b"b", &big];
        assert_eq!(parser.step(&reader.query, OPEN), Ok(Step::Command));
        assert!(parser.args(&reader.query).iter().eq(parts));
        let first = parser.request();
        assert_eq!(parser.step(&reader.query, OPEN), Ok(Step::Command));
        assert!(parser.args(&reader.query).at(2) == value(20_000) && !parser.args(&reader.query).any_apart());
        assert!(parser.args_of(&reader.query, &first).iter().eq(parts));
        // The second has to wait: the first's are gone with it.
        let second = parser.request().raw.start;
        parser.rewind(second);
        let used = parser.consumed();
        reader.query.drain(..used);
        parser.shift(used);
        assert!(parser.memory() < 10_000);
        reader.run(b"").expect("the protocol's");
        assert_eq!(reader.commands.len(), 2);
    }

    #[test]
    fn what_is_idle_gives_its_room_back_and_goes_on() {
        let big = value(900_000);
        let request = encode(&[b"SET", b"k", &big]);
        let mut reader = Reader::default();
        reader.read(&request[..100_000]).expect("the protocol's");
        assert!(reader.parser.memory() > 900_000);
        reader.parser.release_idle();
        assert!((100_000..150_000).contains(&reader.parser.memory()));
        reader.read(&request[100_000..]).expect("the protocol's");
        assert!(reader.commands == [vec![b"SET".to_vec(), b"k".to_vec(), big]]);
    }
}
