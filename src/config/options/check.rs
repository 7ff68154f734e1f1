//! Checks of single options beyond the type of their value.

use super::Refusal;
use crate::config::proc_title;
use crate::config::settings::Config;

/// The longest host name, with the NUL that C ends it by.
const HOSTNAME_LIMIT: usize = 256;

pub(super) fn any_flag(_: bool) -> Result<(), Refusal> {
    Ok(())
}

pub(super) fn any_text(_: &Config, _: &[u8]) -> Result<(), Refusal> {
    Ok(())
}

/// Redis refuses it on a build without its own jemalloc, and clients know that answer.
pub(super) fn activedefrag(value: bool) -> Result<(), Refusal> {
    refuse_if(
        value,
        "Active defragmentation cannot be enabled: it requires a Redis server compiled with a modified Jemalloc \
         like the one shipped by default with the Redis source distribution",
    )
}

pub(super) fn proc_title(config: &Config, value: &[u8]) -> Result<(), Refusal> {
    refuse_if(
        !proc_title::is_valid(value, config),
        "template format is invalid or contains unknown variables",
    )
}

pub(super) fn dbfilename(_: &Config, value: &[u8]) -> Result<(), Refusal> {
    refuse_if(is_path(value), "dbfilename can't be a path, just a filename")
}

pub(super) fn appendfilename(_: &Config, value: &[u8]) -> Result<(), Refusal> {
    refuse_if(value.is_empty(), "appendfilename can't be empty")?;
    refuse_if(is_path(value), "appendfilename can't be a path, just a filename")
}

pub(super) fn appenddirname(_: &Config, value: &[u8]) -> Result<(), Refusal> {
    refuse_if(value.is_empty(), "appenddirname can't be empty")?;
    refuse_if(is_path(value), "appenddirname can't be a path, just a dirname")
}

pub(super) fn hostname(_: &Config, value: &[u8]) -> Result<(), Refusal> {
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    refuse_if(value.len() >= HOSTNAME_LIMIT, "Hostnames must be less than 256 characters")?;
    refuse_if(
        !value.iter().all(allowed),
        "Hostnames may only contain alphanumeric characters, hyphens or dots",
    )
}

fn refuse_if(wrong: bool, reason: &'static str) -> Result<(), Refusal> {
    if wrong { Err(reason.into()) } else { Ok(()) }
}

fn is_path(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}
