//! Ranges of scores and of members, with their ends taken in or left out.

use std::cmp::Ordering;

use c_compat::number::double;

/// What a range command asks for.
#[derive(Clone, Copy, Debug)]
pub enum Bounds<'a> {
    Score(ScoreRange),
    Lex(LexRange<'a>),
}

impl Bounds<'_> {
    /// Whether a place in the order is before the range. The member is asked for only if it matters.
    #[inline]
    pub fn below<'m>(&self, score: f64, member: impl FnOnce() -> &'m [u8]) -> bool {
        match self {
            Bounds::Score(range) => score < range.min || score == range.min && range.min_open,
            Bounds::Lex(range) => {
                let side = range.min.side(member());
                side.is_lt() || side.is_eq() && range.min.is_open()
            }
        }
    }

    /// Whether a place in the order is behind the range.
    #[inline]
    pub fn above<'m>(&self, score: f64, member: impl FnOnce() -> &'m [u8]) -> bool {
        match self {
            Bounds::Score(range) => score > range.max || score == range.max && range.max_open,
            Bounds::Lex(range) => {
                let side = range.max.side(member());
                side.is_gt() || side.is_eq() && range.max.is_open()
            }
        }
    }

    /// Whether nothing can be in the range, as Redis decides it.
    pub fn is_empty(&self) -> bool {
        match self {
            Bounds::Score(range) => {
                range.min > range.max || range.min == range.max && (range.min_open || range.max_open)
            }
            Bounds::Lex(range) => match range.min.cmp(&range.max) {
                Ordering::Less => false,
                Ordering::Equal => range.min.is_open() || range.max.is_open(),
                Ordering::Greater => true,
            },
        }
    }
}

/// Scores from `min` to `max`; an open end is left out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScoreRange {
    pub min: f64,
    pub max: f64,
    pub min_open: bool,
    pub max_open: bool,
}

impl ScoreRange {
    /// `1.5`, `(1.5`, `-inf`, `+inf`; `None` if an end is no such thing.
    pub fn parse(min: &[u8], max: &[u8]) -> Option<ScoreRange> {
        let end = |text: &[u8]| {
            // As a text of C ends.
            let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
            match text {
                [b'(', number @ ..] => double::parse_lenient(number).map(|n| (n, true)),
                number => double::parse_lenient(number).map(|n| (n, false)),
            }
        };
        let ((min, min_open), (max, max_open)) = (end(min)?, end(max)?);
        Some(ScoreRange { min, max, min_open, max_open })
    }
}

/// Members from `min` to `max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LexRange<'a> {
    pub min: LexBound<'a>,
    pub max: LexBound<'a>,
}

/// An end of a range of members, ordered as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// `-`
    Least,
    /// `[abc`
    Closed(&'a [u8]),
    /// `(abc`
    Open(&'a [u8]),
    /// `+`
    Greatest,
}

impl<'a> LexRange<'a> {
    /// `None` if an end is no such thing.
    pub fn parse(min: &'a [u8], max: &'a [u8]) -> Option<LexRange<'a>> {
        let end = |text: &'a [u8]| match text {
            [b'-'] | [b'-', 0, ..] => Some(LexBound::Least),
            [b'+'] | [b'+', 0, ..] => Some(LexBound::Greatest),
            [b'[', member @ ..] => Some(LexBound::Closed(member)),
            [b'(', member @ ..] => Some(LexBound::Open(member)),
            _ => None,
        };
        Some(LexRange { min: end(min)?, max: end(max)? })
    }
}

impl LexBound<'_> {
    /// On which side of this end a member is.
    #[inline]
    fn side(&self, member: &[u8]) -> Ordering {
        match self {
            LexBound::Least => Ordering::Greater,
            LexBound::Greatest => Ordering::Less,
            LexBound::Closed(end) | LexBound::Open(end) => member.cmp(end),
        }
    }

    fn is_open(&self) -> bool {
        !matches!(self, LexBound::Closed(_))
    }

    fn cmp(&self, other: &LexBound<'_>) -> Ordering {
        match (self, other) {
            (LexBound::Least, LexBound::Least) | (LexBound::Greatest, LexBound::Greatest) => Ordering::Equal,
            (LexBound::Least, _) | (_, LexBound::Greatest) => Ordering::Less,
            (LexBound::Greatest, _) | (_, LexBound::Least) => Ordering::Greater,
            (LexBound::Closed(a) | LexBound::Open(a), LexBound::Closed(b) | LexBound::Open(b)) => a.cmp(b),
        }
    }
}
