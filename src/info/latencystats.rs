//! INFO latencystats: how long commands took, by the percentiles of latency-tracking-info-percentiles.

use super::Info;
use super::human::safe;
use crate::server::Server;

pub(super) fn write(info: &mut Info, server: &Server) {
    info.heading("Latencystats");
    if !server.config.latency_tracking {
        return;
    }
    let percentiles = &server.config.latency_tracking_info_percentiles;
    for id in server.registry.ids() {
        let Some(latency) = &server.stats.commands[usize::from(id.0)].latency else { continue };
        let shown: Vec<String> = percentiles
            .iter()
            .map(|p| format!("p{}={:.3}", shortest(*p), latency.percentile(*p) as f64 / 1000.0))
            .collect();
        let name = safe(server.registry[id].full_name.as_bytes());
        info.field(&format!("latency_percentiles_usec_{name}"), shown.join(","));
    }
}

/// A number with at most six decimals and no zeros behind them.
fn shortest(n: f64) -> String {
    let text = format!("{n:.6}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
