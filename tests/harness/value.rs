//! A reply as a tree, and the parser of RESP2 and RESP3 that builds it from bytes.

use std::fmt;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Simple(Vec<u8>),
    Error(Vec<u8>),
    Int(i64),
    Bulk(Vec<u8>),
    /// `$-1`
    NullBulk,
    /// `*-1`
    NullArray,
    /// `_`
    Null,
    Bool(bool),
    Double(Vec<u8>),
    BigNumber(Vec<u8>),
    BlobError(Vec<u8>),
    Verbatim(Vec<u8>),
    Array(Vec<Value>),
    /// Keys and values in turn.
    Map(Vec<Value>),
    Set(Vec<Value>),
    Push(Vec<Value>),
}

/// Parses one reply at the start of `buf`: the reply and its length, `None` when more bytes are needed.
pub fn parse(buf: &[u8]) -> Result<Option<(Value, usize)>, String> {
    let mut pos = 0;
    Ok(parse_at(buf, &mut pos)?.map(|value| (value, pos)))
}

fn parse_at(buf: &[u8], pos: &mut usize) -> Result<Option<Value>, String> {
    let rest = &buf[*pos..];
    let Some(end) = rest.windows(2).position(|w| w == b"\r\n") else { return Ok(None) };
    let (kind, line) = (rest[0], &rest[1..end.max(1)]);
    *pos += end + 2;
    let number = || -> Result<i64, String> {
        let text = std::str::from_utf8(line).map_err(|e| e.to_string())?;
        text.parse().map_err(|_| format!("bad number {text:?} after '{}'", kind as char))
    };
    Ok(Some(match kind {
        b'+' => Value::Simple(line.to_vec()),
        b'-' => Value::Error(line.to_vec()),
        b':' => Value::Int(number()?),
        b',' => Value::Double(line.to_vec()),
        b'(' => Value::BigNumber(line.to_vec()),
        b'_' => Value::Null,
        b'#' => Value::Bool(line == b"t"),
        b'$' | b'=' | b'!' => {
            let len = number()?;
            if len < 0 {
                return Ok(Some(Value::NullBulk));
            }
            let len = len as usize;
            if buf.len() < *pos + len + 2 {
                return Ok(None);
            }
            let bytes = buf[*pos..*pos + len].to_vec();
            if &buf[*pos + len..*pos + len + 2] != b"\r\n" {
                return Err("a bulk that does not end in CRLF".into());
            }
            *pos += len + 2;
            match kind {
                b'$' => Value::Bulk(bytes),
                b'=' => Value::Verbatim(bytes),
                _ => Value::BlobError(bytes),
            }
        }
        b'*' | b'%' | b'~' | b'>' => {
            let len = number()?;
            if len < 0 {
                return Ok(Some(Value::NullArray));
            }
            let count = if kind == b'%' { len * 2 } else { len };
            let mut items = Vec::new();
            for _ in 0..count {
                let Some(item) = parse_at(buf, pos)? else { return Ok(None) };
                items.push(item);
            }
            match kind {
                b'*' => Value::Array(items),
                b'%' => Value::Map(items),
                b'~' => Value::Set(items),
                _ => Value::Push(items),
            }
        }
        other => return Err(format!("no reply type starts with {:?}", other as char)),
    }))
}

impl Value {
    pub fn is_ok(&self) -> bool {
        matches!(self, Value::Simple(s) if s == b"OK")
    }

    pub fn is_error(&self) -> bool {
        matches!(self, Value::Error(_) | Value::BlobError(_))
    }

    /// The text of a string, status, error or number reply.
    pub fn text(&self) -> String {
        match self {
            Value::Int(n) => n.to_string(),
            Value::Bulk(b) | Value::Simple(b) | Value::Error(b) | Value::Double(b) | Value::BlobError(b) => {
                String::from_utf8_lossy(b).into_owned()
            }
            Value::Verbatim(b) => String::from_utf8_lossy(&b[4..]).into_owned(),
            other => format!("{other:?}"),
        }
    }

    #[track_caller]
    pub fn int(&self) -> i64 {
        match self {
            Value::Int(n) => *n,
            other => panic!("not an integer reply: {other:?}"),
        }
    }

    #[track_caller]
    pub fn items(&self) -> &[Value] {
        match self {
            Value::Array(items) | Value::Map(items) | Value::Set(items) | Value::Push(items) => items,
            other => panic!("not an aggregate reply: {other:?}"),
        }
    }
}

/// Bytes as a reader of a failing test wants them: printable text, escapes for the rest, cut when long.
pub fn show(bytes: &[u8]) -> String {
    const LIMIT: usize = 600;
    let cut = &bytes[..bytes.len().min(LIMIT)];
    let mut text = format!("\"{}\"", cut.escape_ascii());
    if bytes.len() > LIMIT {
        text.push_str(&format!("... ({} bytes)", bytes.len()));
    }
    text
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Simple(s) => write!(f, "+{}", s.escape_ascii()),
            Value::Error(s) => write!(f, "-{}", s.escape_ascii()),
            Value::Int(n) => write!(f, ":{n}"),
            Value::Bulk(b) => write!(f, "{}", show(b)),
            Value::NullBulk => write!(f, "$-1"),
            Value::NullArray => write!(f, "*-1"),
            Value::Null => write!(f, "_"),
            Value::Bool(b) => write!(f, "#{b}"),
            Value::Double(s) => write!(f, ",{}", s.escape_ascii()),
            Value::BigNumber(s) => write!(f, "({}", s.escape_ascii()),
            Value::BlobError(s) => write!(f, "!{}", s.escape_ascii()),
            Value::Verbatim(s) => write!(f, "={}", show(s)),
            Value::Array(items) => f.debug_list().entries(items).finish(),
            Value::Map(items) => {
                write!(f, "%")?;
                f.debug_list().entries(items).finish()
            }
            Value::Set(items) => {
                write!(f, "~")?;
                f.debug_list().entries(items).finish()
            }
            Value::Push(items) => {
                write!(f, ">")?;
                f.debug_list().entries(items).finish()
            }
        }
    }
}
