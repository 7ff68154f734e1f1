//! The options with a syntax of their own.

use super::number::{format_memory, parse_whole};
use super::{Refusal, Special, WRONG_WORD_COUNT, is_word, until_nul};
use crate::config::error::os_reason;
use crate::config::rewrite::quote_if_needed;
use crate::config::settings::Config;
use crate::config::values::{NotifyFlags, OutputBufferLimit, OutputBufferLimits, Primary, SavePoint, Text};
use crate::log_warning;
use c_compat::number::{double, size};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// `bind ADDRESS...`
pub(super) static BIND: Special = Special {
    reset: |config| config.bind = default_bind(),
    set: |config, words| {
        if words.len() > BIND_MAX {
            return Err("Too many bind addresses specified.".into());
        }
        let none = matches!(words, [word] if word.is_empty());
        config.bind = words.iter().filter(|_| !none).map(|word| Text::from(until_nul(word))).collect();
        Ok(())
    },
    get: |config| join(&config.bind),
    rewrite: |config, name, rewriter| {
        if config.bind == default_bind() {
            rewriter.drop_lines(name);
        } else if config.bind.is_empty() {
            rewriter.line(name, b"\"\"", true);
        } else {
            let words: Vec<_> = config.bind.iter().map(|address| quote_if_needed(address)).collect();
            rewriter.line(name, &words.join(&b' '), true);
        }
    },
};

const BIND_MAX: usize = 16;

fn default_bind() -> Vec<Text> {
    vec![Text::from("*"), Text::from("-::*")]
}

fn join(words: &[Text]) -> Vec<u8> {
    words.iter().map(Text::as_bytes).collect::<Vec<_>>().join(&b' ')
}

/// `save SECONDS CHANGES [SECONDS CHANGES...]`, or `save ""`.
///
/// The words are added to the points there are: the file may say `save` many times. Who means to replace them empties
/// the list first.
pub(super) static SAVE: Special = Special {
    reset: |config| {
        config.save = [(3600, 1), (300, 100), (60, 10000)]
            .map(|(seconds, changes)| SavePoint { seconds, changes })
            .to_vec();
    },
    set: |config, words| {
        if matches!(words, [word] if word.is_empty()) {
            config.save.clear();
            return Ok(());
        }
        for pair in words.chunks(2) {
            config.save.push(parse_save_point(pair).ok_or("Invalid save parameters")?);
        }
        Ok(())
    },
    get: |config| {
        let points = config.save.iter().map(|point| format!("{} {}", point.seconds, point.changes));
        points.collect::<Vec<_>>().join(" ").into_bytes()
    },
    rewrite: |config, name, rewriter| {
        if config.save.is_empty() {
            rewriter.line(name, b"\"\"", true);
        }
        for point in &config.save {
            rewriter.line(name, format!("{} {}", point.seconds, point.changes).as_bytes(), true);
        }
    },
};

fn parse_save_point(pair: &[&[u8]]) -> Option<SavePoint> {
    let [seconds, changes] = pair else { return None };
    // Of the changes Redis takes the low 32 bits, even where those are below zero; that last is refused here.
    let (seconds, changes) =
        (parse_whole(seconds)?, parse_whole(changes).filter(|changes| *changes >= 0)? as i32);
    (seconds >= 1 && changes >= 0).then_some(SavePoint { seconds, changes })
}

/// `dir PATH`. Kept absolute; the process's working directory follows when the server applies the change.
pub(super) static DIR: Special = Special {
    reset: |config| {
        let here = std::env::current_dir().unwrap_or_default();
        config.dir = Text::from(here.as_os_str().as_bytes());
    },
    set: |config, words| {
        let [word] = words else { return Err(WRONG_WORD_COUNT.into()) };
        let word = Text::from(until_nul(word));
        let enter = |path: &Path| {
            // A folder that may not be entered has no visible "." in it.
            std::fs::metadata(path.join("."))?;
            path.canonicalize()
        };
        let path = match word.non_empty() {
            Some(word) => enter(&config.dir.as_path().join(word.as_path())),
            None => Path::new("").canonicalize(),
        };
        config.dir = Text::from(path.map_err(|error| os_reason(&error))?.as_os_str().as_bytes());
        Ok(())
    },
    get: |config| config.dir.to_vec(),
    rewrite: |config, name, rewriter| {
        rewriter.line(name, &crate::config::rewrite::quote(&config.dir), true);
    },
};

/// `replicaof HOST PORT`, or `replicaof no one`.
pub(super) static REPLICAOF: Special = Special {
    reset: |config| config.replicaof = None,
    set: |config, words| {
        let [host, port] = words else { return Err(WRONG_WORD_COUNT.into()) };
        if is_word(host, "no") && is_word(port, "one") {
            config.replicaof = None;
            return Ok(());
        }
        let port =
            parse_whole(port).and_then(|port| u16::try_from(port).ok()).ok_or("Invalid master port")?;
        config.replicaof = Some(Primary { host: Text::from(until_nul(host)), port });
        Ok(())
    },
    get: |config| config.replicaof.as_ref().map_or_else(Vec::new, primary_words),
    rewrite: |config, name, rewriter| match &config.replicaof {
        Some(primary) if !config.cluster_enabled => {
            let port = primary.port.to_string();
            rewriter.line(name, &[&*quote_if_needed(&primary.host), port.as_bytes()].join(&b' '), true);
        }
        _ => rewriter.drop_lines(name),
    },
};

fn primary_words(primary: &Primary) -> Vec<u8> {
    [primary.host.as_bytes(), primary.port.to_string().as_bytes()].join(&b' ')
}

/// `client-output-buffer-limit CLASS HARD SOFT SECONDS [CLASS ...]`. Classes not named keep their limits.
pub(super) static OUTPUT_BUFFER_LIMIT: Special = Special {
    reset: |config| config.client_output_buffer_limit = DEFAULT_LIMITS,
    set: |config, words| {
        if !words.len().is_multiple_of(4) {
            return Err("Wrong number of arguments in buffer limit configuration.".into());
        }
        for group in words.chunks(4) {
            let limits = &mut config.client_output_buffer_limit;
            let limit = match group[0] {
                class if is_word(class, "normal") => &mut limits.normal,
                class if is_word(class, "slave") || is_word(class, "replica") => &mut limits.replica,
                class if is_word(class, "pubsub") => &mut limits.pubsub,
                _ => return Err("Invalid client class specified in buffer limit configuration.".into()),
            };
            *limit = parse_limit(group)
                .ok_or("Error in hard, soft or soft_seconds setting in buffer limit configuration.")?;
        }
        Ok(())
    },
    get: |config| {
        let shown = limits_by_class(&config.client_output_buffer_limit, "slave")
            .map(|(class, limit)| format!("{class} {} {} {}", limit.hard, limit.soft, limit.soft_seconds));
        shown.join(" ").into_bytes()
    },
    rewrite: |config, name, rewriter| {
        let limits = limits_by_class(&config.client_output_buffer_limit, "replica");
        for ((class, limit), (_, default)) in
            limits.into_iter().zip(limits_by_class(&DEFAULT_LIMITS, "replica"))
        {
            let (hard, soft) = (format_memory(limit.hard.into()), format_memory(limit.soft.into()));
            let value = format!("{class} {hard} {soft} {}", limit.soft_seconds);
            rewriter.line(name, value.as_bytes(), limit != default);
        }
    },
};

const DEFAULT_LIMITS: OutputBufferLimits = OutputBufferLimits {
    normal: OutputBufferLimit { hard: 0, soft: 0, soft_seconds: 0 },
    replica: OutputBufferLimit { hard: 256 << 20, soft: 64 << 20, soft_seconds: 60 },
    pubsub: OutputBufferLimit { hard: 32 << 20, soft: 8 << 20, soft_seconds: 60 },
};

fn limits_by_class<'a>(limits: &OutputBufferLimits, replica: &'a str) -> [(&'a str, OutputBufferLimit); 3] {
    [("normal", limits.normal), (replica, limits.replica), ("pubsub", limits.pubsub)]
}

fn parse_limit(group: &[&[u8]]) -> Option<OutputBufferLimit> {
    let soft_seconds = u32::try_from(parse_whole(group[3])? as i32).ok()?;
    Some(OutputBufferLimit { hard: size::parse(group[1])?, soft: size::parse(group[2])?, soft_seconds })
}

/// `oom-score-adj-values PRIMARY REPLICA CHILD`
pub(super) static OOM_VALUES: Special = Special {
    reset: |config| config.oom_score_adj_values = DEFAULT_OOM_VALUES,
    set: |config, words| {
        let words: &[&[u8]; 3] = words.try_into().map_err(|_| WRONG_WORD_COUNT)?;
        let mut values = [0; 3];
        for (value, word) in values.iter_mut().zip(words) {
            *value = parse_whole(word)
                .filter(|value| (-2000..=2000).contains(value))
                .ok_or("Invalid oom-score-adj-values, elements must be between -2000 and 2000.")?
                as i32;
        }
        if !values.is_sorted() {
            log_warning!(
                "The oom-score-adj-values configuration may not work for non-privileged processes! \
                 Please consult the documentation."
            );
        }
        config.oom_score_adj_values = values;
        Ok(())
    },
    get: |config| config.oom_score_adj_values.map(|value| value.to_string()).join(" ").into_bytes(),
    rewrite: |config, name, rewriter| {
        let value = config.oom_score_adj_values.map(|value| value.to_string()).join(" ");
        rewriter.line(name, value.as_bytes(), config.oom_score_adj_values != DEFAULT_OOM_VALUES);
    },
};

const DEFAULT_OOM_VALUES: [i32; 3] = [0, 200, 800];

/// `notify-keyspace-events LETTERS`
pub(super) static NOTIFY: Special = Special {
    reset: |config| config.notify_keyspace_events = NotifyFlags::empty(),
    set: |config, words| {
        let [word] = words else { return Err(WRONG_WORD_COUNT.into()) };
        config.notify_keyspace_events = NotifyFlags::from_letters(until_nul(word))
            .ok_or("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.")?;
        Ok(())
    },
    get: |config| config.notify_keyspace_events.to_letters(),
    rewrite: |config, name, rewriter| {
        let flags = config.notify_keyspace_events;
        rewriter.line(name, &crate::config::rewrite::quote(&flags.to_letters()), !flags.is_empty());
    },
};

/// `latency-tracking-info-percentiles P...`
pub(super) static PERCENTILES: Special = Special {
    reset: |config| config.latency_tracking_info_percentiles = vec![50.0, 99.0, 99.9],
    set: |config, words| {
        let none = matches!(words, [word] if word.is_empty());
        let words = if none { &[] } else { words };
        let percentiles = words.iter().map(|word| parse_percentile(word)).collect::<Result<Vec<_>, _>>()?;
        config.latency_tracking_info_percentiles = percentiles;
        Ok(())
    },
    get: |config| format_percentiles(config).into_bytes(),
    rewrite: |config, name, rewriter| {
        let value = format_percentiles(config);
        rewriter.line(name, if value.is_empty() { b"\"\"" } else { value.as_bytes() }, true);
    },
};

fn parse_percentile(word: &[u8]) -> Result<f64, Refusal> {
    let value = double::parse(word).ok_or("Invalid latency-tracking-info-percentiles parameters")?;
    if (0.0..=100.0).contains(&value) {
        return Ok(value);
    }
    Err("latency-tracking-info-percentiles parameters should sit between [0.0,100.0]".into())
}

fn format_percentiles(config: &Config) -> String {
    let shown = config.latency_tracking_info_percentiles.iter().map(|value| {
        let digits = format!("{value:.6}");
        digits.trim_end_matches('0').trim_end_matches('.').to_string()
    });
    shown.collect::<Vec<_>>().join(" ")
}
