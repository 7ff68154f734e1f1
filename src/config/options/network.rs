//! The TCP and Unix sockets that clients reach the server by.

use super::{Flags, INT_MAX, Row, UINT_MAX, special};

pub(super) static ROWS: &[Row] = &[
    Row::new("bind", special!(special::BIND)).flags(Flags::MULTI_ARG.union(Flags::VOLATILE)),
    Row::new("bind-source-addr", text!(bind_source_addr)),
    Row::new("port", int!(port, 6379, 0, 65535)),
    Row::new("tcp-backlog", int!(tcp_backlog, 511, 0, INT_MAX)).flags(Flags::IMMUTABLE),
    Row::new("tcp-keepalive", int!(tcp_keepalive, 300, 0, INT_MAX)),
    Row::new("timeout", int!(timeout, 0, 0, INT_MAX)),
    Row::new("unixsocket", text!(unixsocket)).flags(Flags::IMMUTABLE),
    Row::new("unixsocketperm", octal!(unixsocketperm, 0, 0, 0o777)).flags(Flags::IMMUTABLE),
    Row::new("protected-mode", flag!(protected_mode, true)),
    Row::new("socket-mark-id", int!(socket_mark_id, 0, 0, UINT_MAX)).flags(Flags::IMMUTABLE),
];
