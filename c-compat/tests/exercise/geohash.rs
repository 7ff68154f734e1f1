//! What may be asked of any numbers, for the tests and the fuzz target.

use c_compat::geohash::{Place, Search, Shape, decode, text};

/// Nothing may panic or hang, and what comes of it lies on the map.
pub fn exercise(center: Place, [a, b, metres, at]: [f64; 4]) {
    let shapes = [Shape::Circle { radius: a }, Shape::Box { width: a, height: b }];
    for shape in shapes {
        let search = Search { center, shape, metres };
        let ranges: Vec<_> = search.ranges().collect();
        assert!((1..=9).contains(&ranges.len()));
        assert!(ranges.iter().all(|(from, to)| from < to));
        if let Some(found) = search.within(at) {
            assert!(found.place.is_valid());
        }
    }
    text(at);
    assert!(decode(at).is_valid());
}
