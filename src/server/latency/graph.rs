//! LATENCY GRAPH: the samples of an event as columns of characters, four rows high, each with how long ago it was,
//! written downwards, below it.

use super::Series;

/// Columns of a strip; more samples than that go on below.
const COLUMNS: usize = 80;
const ROWS: usize = 4;
/// A row shows three heights, and a bar where the column is higher.
const HEIGHTS: [u8; 3] = *b"_o#";

/// The graph.
#[must_use]
pub fn draw(series: &Series, now_s: i64) -> String {
    let values: Vec<u32> = series.samples.iter().map(|sample| sample.ms).collect();
    let labels: Vec<String> = series.samples.iter().map(|sample| ago(now_s - sample.time_s)).collect();
    let (low, high) = (values.iter().copied().min().unwrap_or(0), values.iter().copied().max().unwrap_or(0));
    let mut text = format!(
        "{} - high {high} ms, low {low} ms (all time high {} ms)\n{}\n",
        series.event,
        series.max_ms,
        "-".repeat(COLUMNS)
    );
    let strips = values.chunks(COLUMNS).zip(labels.chunks(COLUMNS));
    for (i, (values, labels)) in strips.enumerate() {
        if i > 0 {
            text.push('\n');
        }
        strip(values, labels, (low, high), &mut text);
    }
    text
}

fn strip(values: &[u32], labels: &[String], (low, high): (u32, u32), text: &mut String) {
    let range = f64::from((high - low).max(1));
    let steps = ROWS * HEIGHTS.len();
    let height = |value: u32| {
        let step = f64::from((value - low) * steps as u32) / range;
        (step as usize).min(steps - 1)
    };
    for row in (0..ROWS).rev() {
        for value in values {
            let within = height(*value).checked_sub(row * HEIGHTS.len());
            text.push(match within {
                None => ' ',
                Some(within) => HEIGHTS.get(within).map_or('|', |c| char::from(*c)),
            });
        }
        text.push('\n');
    }
    text.push_str(&" ".repeat(values.len()));
    text.push('\n');
    let lines = labels.iter().map(String::len).max().unwrap_or(0);
    for line in 0..lines {
        text.extend(labels.iter().map(|label| label.as_bytes().get(line).map_or(' ', |c| char::from(*c))));
        text.push('\n');
    }
}

fn ago(seconds: i64) -> String {
    match seconds {
        s if s < 60 => format!("{s}s"),
        s if s < 3600 => format!("{}m", s / 60),
        s if s < 86400 => format!("{}h", s / 3600),
        s => format!("{}d", s / 86400),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Latency, Sample};
    use super::*;

    #[test]
    fn columns_of_samples_with_their_age_below() {
        let mut latency = Latency::default();
        for (time_s, ms) in [(1000, 1), (90_000, 40), (99_940, 100), (99_999, 60)] {
            latency.add("command", Sample { time_s, ms });
        }
        let graph = draw(latency.get(b"command").expect("samples"), 100_000);
        let expected = "command - high 100 ms, low 1 ms (all time high 100 ms)\n".to_owned()
            + &"-".repeat(80)
            + "\n  # \n  |o\n o||\n_|||\n    \n1211\ndhms\n";
        assert_eq!(graph, expected);
    }
}
