//! INFO commandstats: how often each command was called, and how long that took.

use super::Info;
use super::human::safe;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Commandstats");
    for id in server.registry.ids() {
        let figures = &server.stats.commands[usize::from(id.0)];
        if figures.calls == 0 && figures.rejected == 0 && figures.failed == 0 {
            continue;
        }
        // In single precision, as Redis divides.
        let per_call = if figures.calls == 0 { 0.0 } else { figures.usec as f32 / figures.calls as f32 };
        info.field(
            &format!("cmdstat_{}", safe(server.registry[id].full_name.as_bytes())),
            format_args!(
                "calls={},usec={},usec_per_call={per_call:.2},rejected_calls={},failed_calls={}",
                figures.calls, figures.usec, figures.rejected, figures.failed
            ),
        );
    }
}
