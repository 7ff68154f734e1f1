//! The order in which keys expire, beside a map that counts equal elements.
#![no_main]

#[path = "../input.rs"]
mod input;

use input::Input;
use libfuzzer_sys::fuzz_target;
use oxidis::ds::timeline::Timeline;
use std::collections::BTreeMap;

type Element = (i64, u32);

#[derive(Default)]
struct Twin(BTreeMap<Element, usize>);

impl Twin {
    fn add(&mut self, element: Element) {
        *self.0.entry(element).or_default() += 1;
    }

    fn remove(&mut self, element: Element) -> bool {
        let Some(count) = self.0.get_mut(&element) else { return false };
        *count -= 1;
        if *count == 0 {
            self.0.remove(&element);
        }
        true
    }

    fn first(&self) -> Option<Element> {
        self.0.first_key_value().map(|(element, _)| *element)
    }
}

/// Times close together, far apart, and at the ends of what there is.
fn ms(input: &mut Input<'_>) -> i64 {
    match input.byte() % 6 {
        0 => i64::from(input.byte()),
        1 => i64::from(input.short()) * 1000,
        2 => i64::from(input.short()) << 40,
        3 => -i64::from(input.short()) << 30,
        4 => i64::MAX - i64::from(input.byte()),
        _ => i64::MIN + i64::from(input.byte()),
    }
}

fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let (mut timeline, mut twin) = (Timeline::default(), Twin::default());
    while !input.is_used_up() {
        match input.byte() % 10 {
            0 => {
                let element = (ms(&mut input), u32::from(input.byte()));
                timeline.insert(element.0, element.1);
                twin.add(element);
            }
            1 => {
                let (first, step) = (ms(&mut input), i64::from(input.byte() as i8));
                for n in 0..i64::from(input.byte()) * 8 {
                    let element = (first.saturating_add(n * step), n as u32 % 3);
                    timeline.insert(element.0, element.1);
                    twin.add(element);
                }
            }
            2 => {
                let (first, step) = (ms(&mut input), i64::from(input.short() as i16));
                for n in 0..i64::from(input.byte()) * 4 {
                    let element = (first.saturating_add(n * step), n as u32 % 7);
                    timeline.gather(element.0, element.1);
                    twin.add(element);
                }
            }
            3 => timeline.settle(),
            4 => {
                let element = (ms(&mut input), u32::from(input.byte()));
                assert_eq!(timeline.remove(element.0, element.1), twin.remove(element));
            }
            5 => {
                // One that is there.
                let from = (ms(&mut input), 0);
                if let Some(element) = twin.0.range(from..).next().map(|(element, _)| *element) {
                    assert!(timeline.remove(element.0, element.1) && twin.remove(element));
                }
            }
            6 => {
                let now = ms(&mut input);
                for _ in 0..u32::from(input.byte()) * 4 {
                    let wanted = twin.first().filter(|element| element.0 < now);
                    assert_eq!(timeline.pop_before(now), wanted);
                    match wanted {
                        Some(element) => assert!(twin.remove(element)),
                        None => break,
                    }
                }
            }
            7 => {
                assert_eq!(timeline.first(), twin.first());
                assert_eq!(timeline.first_ms(), twin.first().map(|element| element.0));
            }
            8 => {
                let drawn = timeline.random(input.rng());
                assert_eq!(drawn.is_some(), !twin.0.is_empty());
                assert!(drawn.is_none_or(|element| twin.0.contains_key(&element)));
            }
            _ => {
                let now = ms(&mut input);
                let is_due = twin.first().is_some_and(|element| element.0 < now);
                assert_eq!(timeline.is_due(now), is_due);
            }
        }
    }
    timeline.settle();
    for (element, count) in twin.0 {
        for _ in 0..count {
            assert_eq!(timeline.first(), Some(element));
            assert!(timeline.remove(element.0, element.1));
        }
    }
    assert_eq!(timeline.first(), None);
});
