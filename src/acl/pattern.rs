//! Glob patterns of keys and channels, made ready to be tried against many texts.
//!
//! Most are a literal, or a literal and a star. Those need no matcher, and for all of them the first eight bytes decide
//! mostly: they are compared as one number, which the caller makes of its text once for all patterns.

use bitflags::bitflags;
use c_compat::glob;

bitflags! {
    /// What may be done with keys, or is.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Access: u8 {
        /// Their data is read.
        const READ = 1 << 0;
        /// Their data is added to, changed or removed.
        const WRITE = 1 << 1;
    }
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    text: Box<[u8]>,
    head: u64,
    head_mask: u64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The text itself.
    Literal,
    /// What begins with so many bytes of it, and is not empty.
    Prefix(usize),
    /// Begins with so many literal bytes.
    Glob(usize),
}

/// A text that patterns are tried against.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    text: &'a [u8],
    head: u64,
}

impl<'a> Subject<'a> {
    /// Makes a text ready.
    #[inline]
    #[must_use]
    pub fn new(text: &'a [u8]) -> Self {
        Subject { text, head: head(text) }
    }
}

/// The first eight bytes as a number, as if zeros followed the text.
#[inline]
fn head(text: &[u8]) -> u64 {
    match text.first_chunk() {
        Some(bytes) => u64::from_le_bytes(*bytes),
        None => text.iter().rev().fold(0, |head, byte| head << 8 | u64::from(*byte)),
    }
}

impl Pattern {
    /// Reads a pattern.
    #[must_use]
    pub fn new(text: &[u8]) -> Self {
        let special = text.iter().position(|byte| b"*?[\\".contains(byte));
        let (kind, literal) = match special {
            None => (Kind::Literal, text.len()),
            Some(at) if text[at..].iter().all(|byte| *byte == b'*') => (Kind::Prefix(at), at),
            Some(at) => (Kind::Glob(at), at),
        };
        let head_mask = match literal {
            0 => 0,
            1..8 => u64::MAX >> (64 - 8 * literal),
            _ => u64::MAX,
        };
        Pattern { head: head(text) & head_mask, head_mask, kind, text: text.into() }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether a text fits.
    #[inline]
    #[must_use]
    pub fn matches(&self, subject: Subject<'_>) -> bool {
        if (subject.head ^ self.head) & self.head_mask != 0 {
            return false;
        }
        let text = subject.text;
        match self.kind {
            Kind::Literal => *text == *self.text,
            Kind::Prefix(literal) => {
                text.len() >= literal.max(1) && (literal <= 8 || text[8..literal] == self.text[8..literal])
            }
            Kind::Glob(literal) => {
                text.starts_with(&self.text[..literal]) && glob::matches(&self.text, text, false)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fits(pattern: &[u8], text: &[u8]) -> bool {
        Pattern::new(pattern).matches(Subject::new(text))
    }

    #[test]
    fn nothing_but_the_empty_pattern_matches_an_empty_text() {
        assert!(fits(b"", b""));
        assert!(!fits(b"*", b"") && !fits(b"**", b"") && !fits(b"a", b""));
        assert!(fits(b"*", b"a"));
    }

    proptest! {
        #[test]
        fn a_prepared_pattern_matches_what_the_glob_matches(
            pattern in "[ab0:]{0,10}[ab*?\\[\\]\\\\-]{0,4}", text in "[ab0:\\x00]{0,12}"
        ) {
            let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
            prop_assert_eq!(fits(pattern, text), glob::matches(pattern, text, false));
        }

        #[test]
        fn a_prefix_and_a_star_match_what_begins_so(prefix in "[ab]{0,12}", rest in "[ab]{0,5}", len in 0usize..17) {
            let pattern = format!("{prefix}*");
            let whole = format!("{prefix}{rest}");
            let text = &whole.as_bytes()[..whole.len().min(len)];
            prop_assert_eq!(fits(pattern.as_bytes(), text), glob::matches(pattern.as_bytes(), text, false));
        }
    }
}
