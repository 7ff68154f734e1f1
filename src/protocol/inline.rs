//! Inline requests: a line of words, as typed into telnet, with the quoting that redis.conf has too.
//!
//! `"..."` takes `\n \r \t \b \a \\ \" \xHH`; `'...'` takes only `\'`. A closing quote must be followed by a space or
//! the end.

use super::args::OwnedArgs;
use std::io::Write;

/// Splits a line into words; `None` when quotes do not balance.
#[must_use]
pub fn split_words(line: &[u8]) -> Option<OwnedArgs> {
    let mut words = OwnedArgs::new();
    let mut word = Vec::new();
    let mut i = 0;
    loop {
        while i < line.len() && is_space(line[i]) {
            i += 1;
        }
        if i >= line.len() || line[i] == 0 {
            return Some(words);
        }
        word.clear();
        while i < line.len() && !is_space(line[i]) && line[i] != 0 {
            match line[i] {
                b'"' => i = double_quoted(line, i + 1, &mut word)?,
                b'\'' => i = single_quoted(line, i + 1, &mut word)?,
                byte => {
                    word.push(byte);
                    i += 1;
                }
            }
        }
        words.push(&word);
    }
}

fn double_quoted(line: &[u8], mut i: usize, word: &mut Vec<u8>) -> Option<usize> {
    loop {
        match *line.get(i)? {
            b'\\' if line.get(i + 1) == Some(&b'x') && hex_pair(line, i + 2).is_some() => {
                word.push(hex_pair(line, i + 2)?);
                i += 4;
            }
            b'\\' if i + 1 < line.len() => {
                word.push(match line[i + 1] {
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'b' => 8,
                    b'a' => 7,
                    other => other,
                });
                i += 2;
            }
            b'"' => return closes(line, i + 1),
            byte => {
                word.push(byte);
                i += 1;
            }
        }
    }
}

fn single_quoted(line: &[u8], mut i: usize, word: &mut Vec<u8>) -> Option<usize> {
    loop {
        match *line.get(i)? {
            b'\\' if line.get(i + 1) == Some(&b'\'') => {
                word.push(b'\'');
                i += 2;
            }
            b'\'' => return closes(line, i + 1),
            byte => {
                word.push(byte);
                i += 1;
            }
        }
    }
}

/// The position behind a closing quote, if a space or the end follows.
fn closes(line: &[u8], i: usize) -> Option<usize> {
    match line.get(i) {
        None => Some(i),
        Some(&byte) if is_space(byte) || byte == 0 => Some(i),
        Some(_) => None,
    }
}

fn hex_pair(line: &[u8], i: usize) -> Option<u8> {
    let digit = |at: usize| (*line.get(at)? as char).to_digit(16);
    Some((digit(i)? * 16 + digit(i + 1)?) as u8)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}

/// Appends bytes in double quotes, with escapes for what cannot be printed: [`split_words`] reads the same bytes back.
pub fn quote(out: &mut Vec<u8>, bytes: &[u8]) {
    out.push(b'"');
    for &byte in bytes {
        match byte {
            b'\\' | b'"' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            7 => out.extend_from_slice(b"\\a"),
            8 => out.extend_from_slice(b"\\b"),
            0x20..=0x7e => out.push(byte),
            _ => {
                let _ = write!(out, "\\x{byte:02x}");
            }
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Option<Vec<String>> {
        split_words(line.as_bytes())
            .map(|w| w.as_args().iter().map(|a| String::from_utf8_lossy(a).into_owned()).collect())
    }

    #[test]
    fn splits_on_space_and_honours_both_quotes() {
        assert_eq!(words("  set  a\tb ").unwrap(), ["set", "a", "b"]);
        assert_eq!(words(r#"set "a\x41\n" 'it\'s'"#).unwrap(), ["set", "aA\n", "it's"]);
        assert_eq!(words(r#"set """#).unwrap(), ["set", ""]);
        assert_eq!(words("").unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_is_quoted_is_read_back() {
        let all: Vec<u8> = (0..=255).collect();
        let mut line = Vec::new();
        quote(&mut line, &all);
        assert_eq!(split_words(&line).unwrap().as_args().at(0), all);
    }

    #[test]
    fn refuses_unbalanced_quotes() {
        for bad in [r#"set "a"#, "set 'a", r#"set "a"b"#, r#"set 'a'b"#, r#"set "a\"#] {
            assert_eq!(words(bad), None, "{bad}");
        }
    }
}
