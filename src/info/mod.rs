//! INFO.

use crate::server::Server;

/// Every section: what a crash report holds.
#[must_use]
pub fn everything(_server: &Server) -> String {
    String::new()
}
