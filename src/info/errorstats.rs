//! INFO errorstats: error replies by their first word.

use super::Info;
use super::human::safe;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Errorstats");
    for (code, count) in &server.stats.errors {
        info.field(&format!("errorstat_{}", safe(code)), format_args!("count={count}"));
    }
}
