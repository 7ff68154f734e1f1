//! Patterns of KEYS, SCAN, PSUBSCRIBE, CONFIG GET and ACL rules.
//!
//! ```text
//! *        any bytes, none too     [abc] [a-z]  one byte of a set; a range may be written backwards
//! ?        one byte                [^abc]       one byte that is not in it
//! \x       the byte x              a set that is not closed ends with the pattern
//! ```
//!
//! Redis's matcher recurses at each `*` and tries the rest of the pattern at every place of the rest of the text. When the
//! rest fails everywhere, no earlier `*` needs to be tried again, as it could only make the rest start later; so going back
//! to the last `*` alone is enough and takes no recursion. What users can see of the original is kept:
//!
//! - A text of no bytes is matched by the empty pattern alone, not by `*`.
//! - More than 1000 stars, counted by groups and without one that ends the pattern, match nothing.
//! - Ranges compare bytes as signed, so that 0x80 to 0xff come before 0x00. When case is ignored the bytes pass through C's
//!   `tolower`, which makes 0x80 to 0xfe come after 0x7f, but 0xff, being its EOF, still before 0x00.
//! - An escaped byte in a set is compared as it is even when case is ignored; case is that of ASCII.

use memchr::memchr;

/// After this many stars the original gives up.
const STARS_MAX: u32 = 1000;

/// Whether `text` as a whole matches `pattern`.
pub fn matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }
    let (mut p, mut t) = (0, 0);
    // Where the pattern goes on after the last star, and where in the text that was last tried.
    let mut last_star: Option<(usize, usize)> = None;
    let mut stars = 0;

    loop {
        // Here at least one byte of the text is left.
        if pattern.get(p) == Some(&b'*') {
            p = skip_stars(pattern, p);
            if p == pattern.len() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            let Some(start) = next_start(pattern, p, text, t, ignore_case) else { return false };
            t = start;
            last_star = Some((p, t));
        } else if p < pattern.len() && one_matches(pattern, &mut p, text[t], ignore_case) {
            t += 1;
            if t == text.len() && skip_stars(pattern, p) == pattern.len() {
                return true;
            }
        } else {
            t = text.len();
        }

        if t == text.len() {
            // The rest of the pattern did not fit where it was tried: one place further.
            let Some((after_star, tried)) = last_star else { return false };
            let Some(start) = next_start(pattern, after_star, text, tried + 1, ignore_case) else {
                return false;
            };
            (p, t) = (after_star, start);
            last_star = Some((p, t));
        }
    }
}

fn skip_stars(pattern: &[u8], from: usize) -> usize {
    from + pattern[from..].iter().take_while(|&&byte| byte == b'*').count()
}

/// The first place in `text`, from `from` on, where the pattern at `p` could start to match.
fn next_start(pattern: &[u8], p: usize, text: &[u8], from: usize, ignore_case: bool) -> Option<usize> {
    let rest = &text[from..];
    match pattern[p] {
        b'?' | b'[' | b'\\' => (!rest.is_empty()).then_some(from),
        _ if ignore_case => (!rest.is_empty()).then_some(from),
        literal => memchr(literal, rest).map(|at| from + at),
    }
}

/// Whether the one-byte element of the pattern at `*p`, which is no star, matches `byte`; moves `*p` behind it.
fn one_matches(pattern: &[u8], p: &mut usize, byte: u8, ignore_case: bool) -> bool {
    match pattern[*p] {
        b'?' => {
            *p += 1;
            true
        }
        b'[' => set_matches(pattern, p, byte, ignore_case),
        _ => {
            if pattern[*p] == b'\\' && *p + 1 < pattern.len() {
                *p += 1;
            }
            let literal = pattern[*p];
            *p += 1;
            same(literal, byte, ignore_case)
        }
    }
}

fn set_matches(pattern: &[u8], p: &mut usize, byte: u8, ignore_case: bool) -> bool {
    let mut rest = &pattern[*p + 1..];
    let negated = rest.first() == Some(&b'^');
    if negated {
        rest = &rest[1..];
    }
    let mut found = false;
    loop {
        match *rest {
            [b'\\', escaped, ref after @ ..] => {
                found |= escaped == byte;
                rest = after;
            }
            [b']', ref after @ ..] => {
                rest = after;
                break;
            }
            [] => break,
            [start, b'-', end, ref after @ ..] => {
                found |= in_range(start, end, byte, ignore_case);
                rest = after;
            }
            [literal, ref after @ ..] => {
                found |= same(literal, byte, ignore_case);
                rest = after;
            }
        }
    }
    *p = pattern.len() - rest.len();
    found != negated
}

fn in_range(start: u8, end: u8, byte: u8, ignore_case: bool) -> bool {
    // The ends are put in order before their case is dropped, which may put them out of order again.
    let (low, high) = if start as i8 <= end as i8 { (start, end) } else { (end, start) };
    let place = |byte: u8| match ignore_case && byte != 0xff {
        true => i16::from(byte.to_ascii_lowercase()),
        false => i16::from(byte as i8),
    };
    (place(low)..=place(high)).contains(&place(byte))
}

fn same(a: u8, b: u8, ignore_case: bool) -> bool {
    if ignore_case { a.eq_ignore_ascii_case(&b) } else { a == b }
}
