//! Passwords, users and ACLs.

use super::{Flags, Row};
use crate::config::values::PubsubDefault;

pub(super) static ROWS: &[Row] = &[
    Row::new("requirepass", binary!(requirepass)).flags(Flags::SENSITIVE),
    Row::new("aclfile", text!(aclfile, "")).flags(Flags::IMMUTABLE),
    Row::new("acllog-max-len", int!(acllog_max_len, 128, 0, i64::MAX)),
    Row::new("acl-pubsub-default", choice!(acl_pubsub_default, PubsubDefault::Resetchannels)),
];
