//! Vectors: scores, positions, texts, distances and searches of a real server (vectors/geohash.txt).
mod common;
#[path = "exercise/geohash.rs"]
mod exercise;

use c_compat::geohash::{
    LATITUDE_MAX, LATITUDE_MIN, LONGITUDE_MAX, LONGITUDE_MIN, Place, Search, Shape, decode, distance, encode,
    text,
};
use common::{Rng, cases};
use exercise::exercise;

/// As GEODIST and WITHDIST show a distance.
fn shown(distance: f64) -> String {
    let fixed = (distance * 10_000.0).round_ties_even() as u64;
    format!("{}.{:04}", fixed / 10_000, fixed % 10_000)
}

fn score(field: &str) -> f64 {
    field.parse().unwrap()
}

fn place(longitude: &str, latitude: &str) -> Place {
    Place { longitude: longitude.parse().unwrap(), latitude: latitude.parse().unwrap() }
}

/// GEOPOS shows 17 digits after the point.
fn assert_shown(place: Place, longitude: &str, latitude: &str) {
    let same = |number: f64, text: &str| {
        let shown = format!("{number:.17}");
        let shown = shown.trim_end_matches('0').trim_end_matches('.');
        assert!(shown == text || (number == 0.0 && text == "0"), "{number} {text}");
    };
    same(place.longitude, longitude);
    same(place.latitude, latitude);
}

#[test]
fn places_have_the_scores_and_texts_of_redis() {
    let (mut places, mut scores) = (0, 0);
    for case in cases(include_str!("vectors/geohash.txt")) {
        let (at, rest) = match case[0] {
            "place" => {
                places += 1;
                assert_eq!(encode(place(case[1], case[2])), Some(case[3].parse().unwrap()), "{case:?}");
                (score(case[3]), &case[4..])
            }
            "score" => {
                scores += 1;
                (score(case[1]), &case[2..])
            }
            _ => continue,
        };
        assert_shown(decode(at), rest[0], rest[1]);
        assert_eq!(std::str::from_utf8(&text(at)), Ok(rest[2]), "{case:?}");
    }
    assert!(places > 200 && scores > 40);
}

#[test]
fn distances_are_those_of_redis_to_the_last_digit() {
    let mut compared = 0;
    for case in cases(include_str!("vectors/geohash.txt")).filter(|case| case[0] == "distance") {
        assert_eq!(shown(distance(decode(score(case[1])), decode(score(case[2])))), case[3], "{case:?}");
        compared += 1;
    }
    assert!(compared > 150, "{compared}");
}

/// What a command does with [`Search`]: goes through the ranges and tests every member.
fn search(search: &Search, members: &[f64]) -> Vec<(usize, f64)> {
    let mut found = Vec::new();
    for (from, to) in search.ranges() {
        for (index, score) in members.iter().enumerate() {
            if (from as f64..to as f64).contains(score)
                && let Some(inside) = search.within(*score)
            {
                found.push((index, inside.distance));
            }
        }
    }
    found
}

#[test]
fn searches_find_what_redis_finds_in_its_order() {
    let mut members = Vec::new();
    let (mut searches, mut hits) = (0, 0);
    for case in cases(include_str!("vectors/geohash.txt")) {
        match case[0] {
            "members" => members = case[1].split(',').map(score).collect(),
            "search" => {
                let number = |i: usize| case[i].parse::<f64>().unwrap();
                let shape = match case[3] {
                    "byradius" => Shape::Circle { radius: number(4) },
                    _ => Shape::Box { width: number(4), height: number(5) },
                };
                let metres = match case[case.len() - 2] {
                    "m" => 1.0,
                    "km" => 1000.0,
                    "ft" => 0.3048,
                    _ => 1609.34,
                };
                let this = Search { center: place(case[1], case[2]), shape, metres };
                let found = search(&this, &members);
                hits += found.len();
                let shown: Vec<String> = found
                    .iter()
                    .map(|(index, distance)| format!("{index}:{}", shown(distance / metres)))
                    .collect();
                let shown = if shown.is_empty() { "-".to_string() } else { shown.join(",") };
                assert_eq!(shown, case[case.len() - 1], "{case:?}");
                searches += 1;
            }
            _ => {}
        }
    }
    assert!(searches > 250 && hits > 5000, "{searches} {hits}");
}

fn any_place(rng: &mut Rng) -> Place {
    let mut between = |min: f64, max: f64| match rng.below(20) {
        0 => min,
        1 => max,
        _ => min + (max - min) * (rng.next() as f64 / u64::MAX as f64),
    };
    Place { longitude: between(LONGITUDE_MIN, LONGITUDE_MAX), latitude: between(LATITUDE_MIN, LATITUDE_MAX) }
}

#[test]
fn a_score_gives_back_its_place_nearly() {
    let mut rng = Rng(51);
    for _ in 0..20_000 {
        let place = any_place(&mut rng);
        let score = encode(place).unwrap();
        let back = decode(score as f64);
        // At the edge a score has more bits than a double.
        if place.longitude < LONGITUDE_MAX && place.latitude < LATITUDE_MAX {
            assert!(score < 1 << 52);
            assert!((back.longitude - place.longitude).abs() < 360.0 / (1 << 26) as f64, "{place:?}");
            assert!((back.latitude - place.latitude).abs() < 180.0 / (1 << 26) as f64, "{place:?}");
            assert!(distance(place, back) < 1.0);
            // Bit by bit: which half of what is left.
            let (mut west, mut east, mut south, mut north) = (-180.0, 180.0, LATITUDE_MIN, LATITUDE_MAX);
            for bit in (0..52).rev() {
                let (low, high, x) = if bit % 2 == 1 {
                    (&mut west, &mut east, back.longitude)
                } else {
                    (&mut south, &mut north, back.latitude)
                };
                let middle = (*low + *high) / 2.0;
                assert_eq!(score >> bit & 1 == 1, x >= middle);
                *(if x >= middle { low } else { high }) = middle;
            }
        }
    }
}

#[test]
fn places_off_the_map_have_no_score() {
    for (longitude, latitude) in
        [(180.1, 0.0), (-180.1, 0.0), (0.0, 85.1), (0.0, -85.1), (f64::NAN, 0.0), (0.0, f64::NAN)]
    {
        assert_eq!(encode(Place { longitude, latitude }), None);
    }
}

#[test]
fn no_number_makes_a_search_hang_or_panic() {
    let mut rng = Rng(52);
    let odd = [0.0, -0.0, 1e-300, -1.0, 1e9, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX];
    for _ in 0..20_000 {
        let mut number = || match rng.below(3) {
            0 => f64::from_bits(rng.next()),
            1 => odd[rng.below(odd.len())],
            _ => rng.below(10_000_000) as f64,
        };
        let (a, b, metres, at) = (number(), number(), number(), number());
        exercise(any_place(&mut rng), [a, b, metres, at]);
    }
}

/// Small shapes away from the edges of the map: no member inside is missed.
#[test]
fn a_search_finds_all_that_a_look_at_every_member_finds() {
    let mut rng = Rng(53);
    let members: Vec<f64> = (0..2000)
        .map(|_| {
            let spread = |rng: &mut Rng| rng.below(1_000_000) as f64 / 100_000.0 - 5.0;
            let place = Place { longitude: 20.0 + spread(&mut rng), latitude: 40.0 + spread(&mut rng) };
            encode(place).unwrap() as f64
        })
        .collect();
    for _ in 0..300 {
        let center = decode(members[rng.below(members.len())]);
        let mut size = || (1 + rng.below(800_000)) as f64;
        let shape = if size() > 400_000.0 {
            Shape::Circle { radius: size() / 2.0 }
        } else {
            Shape::Box { width: size(), height: size() }
        };
        let this = Search { center, shape, metres: 1.0 };
        let mut found: Vec<usize> = search(&this, &members).iter().map(|(index, _)| *index).collect();
        found.sort();
        let all: Vec<usize> =
            (0..members.len()).filter(|&index| this.within(members[index]).is_some()).collect();
        assert_eq!(found, all, "{this:?}");
    }
}
