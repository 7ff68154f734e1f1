//! INFO replication: our role, who follows us and whom we follow.

use super::Info;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Replication");
    info.text.push_str(&server.replication_info());
}
