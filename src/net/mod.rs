//! Sockets and the event loop: `ae.c` in Rust, on mio. Knows nothing of Redis.
pub mod blocking;
pub mod conn;
pub mod event_loop;
pub mod kept;
pub mod listener;
pub mod tls;
