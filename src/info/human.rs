//! Figures in the forms that people read.

/// Bytes with a unit: `512B`, `1.35M`.
#[must_use]
pub fn bytes(n: u64) -> String {
    const UNITS: &[(u32, char)] = &[(50, 'P'), (40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    // Above petabytes there is no unit.
    match UNITS.iter().find(|(power, _)| n >> power > 0) {
        Some((power, unit)) if n >> 60 == 0 => format!("{:.2}{unit}", n as f64 / (1u64 << power) as f64),
        _ => format!("{n}B"),
    }
}

/// How many times one figure is the other; 0 when there is nothing to compare with.
#[must_use]
pub fn ratio(n: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { n as f64 / of as f64 }
}

/// What would break a line of INFO becomes an underscore: names may come from clients.
#[must_use]
pub fn safe(name: &[u8]) -> String {
    let safe: Vec<u8> =
        name.iter().map(|b| if matches!(b, b'#' | b':' | b'\r' | b'\n') { b'_' } else { *b }).collect();
    String::from_utf8_lossy(&safe).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_carry_the_largest_unit_that_they_fill() {
        for (n, text) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.00K"),
            (1_411_808, "1.35M"),
            (25_276_510_208, "23.54G"),
            (1 << 40, "1.00T"),
            (3 << 49, "1.50P"),
            (1 << 60, "1152921504606846976B"),
        ] {
            assert_eq!(bytes(n), text);
        }
    }
}
