//! LATENCY DOCTOR: the samples summed up for people, with what can be done about each kind of event.

use super::{Sample, Series};
use crate::server::Server;
use std::fmt::Write;

/// What can be done.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    FasterForks,
    TurnSlowlogOn,
    TuneSlowlog,
    ReadSlowlog,
    Scheduler,
    Disk,
    LessExpiry,
    MaxmemorySteps,
    BigValues,
}

/// The report.
#[must_use]
pub fn write(server: &Server, now_s: i64) -> String {
    let all = server.latency.all();
    if all.is_empty() {
        return if server.config.latency_monitor_threshold == 0 {
            "Latency monitoring is off. Turn it on with CONFIG SET latency-monitor-threshold <milliseconds>: what takes \
             that long or longer is sampled from then on.\n"
                .to_owned()
        } else {
            "Nothing has taken as long as latency-monitor-threshold says: there is nothing to advise.\n"
                .to_owned()
        };
    }
    let mut text = "Latency spikes were observed:\n\n".to_owned();
    let mut advices = Vec::new();
    for (i, series) in all.iter().enumerate() {
        let _ = write!(text, "{}. {}", i + 1, Analysis::of(series, now_s));
        if series.event == "fork" {
            let rate = server.stats.fork_rate;
            let _ = write!(text, " Fork rate is {rate:.2} GB/sec ({}).", judge(rate));
        }
        text.push('\n');
        advices.extend(advices_for(server, series.event));
    }
    advices.sort_unstable();
    advices.dedup();
    text.push('\n');
    if advices.is_empty() {
        text.push_str("There is no easy advice on events of these kinds.\n");
        return text;
    }
    text.push_str("What may help:\n\n");
    for advice in advices {
        let _ = writeln!(text, "- {}", say(server, advice));
    }
    text
}

fn judge(gb_a_second: f64) -> &'static str {
    match gb_a_second {
        r if r < 10.0 => "terrible",
        r if r < 25.0 => "poor",
        r if r < 100.0 => "good",
        _ => "excellent",
    }
}

fn advices_for(server: &Server, event: &str) -> Vec<Advice> {
    use Advice::*;
    let slower_than = server.config.slowlog_log_slower_than;
    let slowlog = match slower_than {
        ..0 => Some(TurnSlowlogOn),
        us if us / 1000 > server.config.latency_monitor_threshold => Some(TuneSlowlog),
        _ => None,
    };
    match event {
        "command" => [ReadSlowlog, BigValues].into_iter().chain(slowlog).collect(),
        "fast-command" => vec![Scheduler],
        "fork" if server.stats.fork_rate < 25.0 => vec![FasterForks],
        "rdb-unlink-temp-file" => vec![Disk],
        "expire-cycle" => vec![LessExpiry, BigValues],
        "eviction-del" => vec![BigValues],
        "eviction-cycle" => vec![MaxmemorySteps],
        _ => Vec::new(),
    }
}

fn say(server: &Server, advice: Advice) -> String {
    let threshold_us = server.config.latency_monitor_threshold * 1000;
    match advice {
        Advice::FasterForks => "Forks copy the tables of all pages: a bigger machine, another hypervisor or less data \
                                for each server makes them shorter."
            .to_owned(),
        Advice::TurnSlowlogOn => format!(
            "Commands were slow, and the slow log is off. CONFIG SET slowlog-log-slower-than {threshold_us} has it \
             name them."
        ),
        Advice::TuneSlowlog => format!(
            "The slow log keeps only commands slower than those seen here. CONFIG SET slowlog-log-slower-than \
             {threshold_us} has it keep these too."
        ),
        Advice::ReadSlowlog => "SLOWLOG GET names the commands that were slow.".to_owned(),
        Advice::Scheduler => "Commands that need next to no time took long: the system did not let the server run. \
                              Look for load, for neighbours on the same host, and at redis-cli --intrinsic-latency 100."
            .to_owned(),
        Advice::Disk => "Deleting a file took long. Look at what else uses the disk, and whether it is a local one."
            .to_owned(),
        Advice::LessExpiry => "Many keys expire at once. Spread their times, or lower active-expire-effort.".to_owned(),
        Advice::MaxmemorySteps => "Much had to be evicted at once. Lower maxmemory in steps, and keep from storing very \
                                   large results; maxmemory-eviction-tenacity bounds each go."
            .to_owned(),
        Advice::BigValues => "Very large values take long to read, copy and delete: several smaller ones do not."
            .to_owned(),
    }
}

/// The figures of one event.
struct Analysis<'a> {
    series: &'a Series,
    average: u64,
    deviation: u64,
    period_s: i64,
}

impl<'a> Analysis<'a> {
    fn of(series: &'a Series, now_s: i64) -> Self {
        let mean = |values: &dyn Fn(&Sample) -> u64| {
            series.samples.iter().map(values).sum::<u64>() / (series.samples.len() as u64).max(1)
        };
        let average = mean(&|sample| u64::from(sample.ms));
        let deviation = mean(&|sample| u64::from(sample.ms).abs_diff(average));
        let oldest = series.samples.front().map_or(now_s, |sample| sample.time_s);
        Analysis { series, average, deviation, period_s: (now_s - oldest).max(1) }
    }
}

impl std::fmt::Display for Analysis<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Analysis { series, average, deviation, period_s } = self;
        let spikes = series.samples.len();
        write!(
            f,
            "{}: {spikes} latency spikes (average {average}ms, mean deviation {deviation}ms, period {:.2} sec). Worst \
             all time event {}ms.",
            series.event,
            *period_s as f64 / spikes as f64,
            series.max_ms
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::Latency;
    use super::*;

    #[test]
    fn an_event_is_summed_up() {
        let mut latency = Latency::default();
        for (time_s, ms) in [(100, 10), (110, 20), (130, 60)] {
            latency.add("fork", Sample { time_s, ms });
        }
        let text = Analysis::of(latency.get(b"fork").expect("samples"), 160).to_string();
        let expected = "fork: 3 latency spikes (average 30ms, mean deviation 20ms, period 20.00 sec). Worst all time event \
                        60ms.";
        assert_eq!(text, expected);
    }
}
