//! Geohash: places on earth as scores of a sorted set, so that those near each other lie, mostly, in few ranges of scores;
//! with the very scores, distances and order of search of Redis 7.0.
//!
//! The score is an integer of 52 bits. Longitude (-180 to 180) and latitude (-85.05112878 to 85.05112878, what a Mercator
//! map shows) are each cut into 2^26 steps, and the bits of the two numbers alternate, longitude's first:
//!
//! ```text
//! bit 51                                   bit 0
//! lon25 lat25 lon24 lat24 ...   ... lon0 lat0
//! ```
//!
//! So a prefix of `2 * step` bits is an area, a range of scores, and the areas around it are found by counting one of the
//! two numbers up or down. A search takes the areas whose size fits the shape, of which the nine around its center are
//! enough, leaves out those that lie beyond the shape, and looks at every member in their ranges.
//!
//! # Use
//!
//! - GEOADD: [`encode`] gives the score (`None`: not a valid place)
//! - GEOPOS, GEODIST, GEOHASH: [`decode`] a score into a [`Place`], [`distance`] in metres, [`text`]
//! - GEOSEARCH and GEORADIUS: [`Search::ranges`] gives the ranges of scores in Redis's order (from, including; to,
//!   excluding; a range may come twice when the shape is huge), and [`Search::within`] tests a score met in them
//!
//! Every operation on a double stands in Redis's order, since the digits that a client sees depend on it.

use std::f64::consts::PI;

pub const LONGITUDE_MIN: f64 = -180.0;
pub const LONGITUDE_MAX: f64 = 180.0;
pub const LATITUDE_MIN: f64 = -85.051_128_78;
pub const LATITUDE_MAX: f64 = 85.051_128_78;

/// How often a score halves each of the two.
const STEP_MAX: u32 = 26;

const EARTH_RADIUS_METRES: f64 = 6_372_797.560_856;
/// Half of the equator, as a Mercator map has it.
const MERCATOR_MAX: f64 = 20_037_726.37;
const RADIANS_PER_DEGREE: f64 = PI / 180.0;

/// The bits of latitude; those of longitude are the others.
const LATITUDE_BITS: u64 = 0x5555_5555_5555_5555;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub longitude: f64,
    pub latitude: f64,
}

impl Place {
    /// Whether it can be encoded.
    pub fn is_valid(self) -> bool {
        (LONGITUDE_MIN..=LONGITUDE_MAX).contains(&self.longitude)
            && (LATITUDE_MIN..=LATITUDE_MAX).contains(&self.latitude)
    }
}

/// The score of a place.
pub fn encode(place: Place) -> Option<u64> {
    place.is_valid().then(|| Cell::of(place, LATITUDE_MIN, LATITUDE_MAX, STEP_MAX).bits)
}

/// The middle of the smallest area that a score stands for. Scores that no place has give one at the edge.
pub fn decode(score: f64) -> Place {
    let area = Cell { bits: integer(score), step: STEP_MAX }.area();
    Place {
        longitude: ((area.west + area.east) / 2.0).clamp(LONGITUDE_MIN, LONGITUDE_MAX),
        latitude: ((area.south + area.north) / 2.0).clamp(LATITUDE_MIN, LATITUDE_MAX),
    }
}

/// What C on x86_64 makes of a score that is cast to an unsigned integer of 64 bits.
fn integer(score: f64) -> u64 {
    const HALF: f64 = (1u64 << 63) as f64;
    let signed = |x: f64| if (-HALF..HALF).contains(&x) { x as i64 as u64 } else { 1 << 63 };
    if score >= HALF { signed(score - HALF) ^ 1 << 63 } else { signed(score) }
}

/// The usual geohash text of a score. It counts latitude from -90 to 90, so the place is encoded anew. Its 52 bits are
/// ten letters; an eleventh, always 0, is what clients know.
pub fn text(score: f64) -> [u8; 11] {
    const LETTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";
    let bits = Cell::of(decode(score), -90.0, 90.0, STEP_MAX).bits;
    let mut out = [b'0'; 11];
    for (i, letter) in out[..10].iter_mut().enumerate() {
        *letter = LETTERS[(bits >> (52 - 5 * (i + 1))) as usize % 32];
    }
    out
}

/// The way over the earth's surface in metres, by the haversine formula.
pub fn distance(from: Place, to: Place) -> f64 {
    let half_longitude = ((radians(to.longitude) - radians(from.longitude)) / 2.0).sin();
    if half_longitude == 0.0 {
        return latitude_distance(from.latitude, to.latitude);
    }
    let (from, to) = (radians(from.latitude), radians(to.latitude));
    let half_latitude = ((to - from) / 2.0).sin();
    let a = half_latitude * half_latitude + from.cos() * to.cos() * half_longitude * half_longitude;
    2.0 * EARTH_RADIUS_METRES * a.sqrt().asin()
}

/// The distance of two places on one meridian.
fn latitude_distance(from: f64, to: f64) -> f64 {
    EARTH_RADIUS_METRES * (radians(to) - radians(from)).abs()
}

fn radians(degrees: f64) -> f64 {
    degrees * RADIANS_PER_DEGREE
}

fn degrees(radians: f64) -> f64 {
    radians / RADIANS_PER_DEGREE
}

/// What is searched, in the unit of the command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shape {
    Circle { radius: f64 },
    Box { width: f64, height: f64 },
}

#[derive(Clone, Copy, Debug)]
pub struct Search {
    pub center: Place,
    pub shape: Shape,
    /// How many metres the unit has.
    pub metres: f64,
}

/// A member that the shape contains.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub place: Place,
    /// From the center, in metres.
    pub distance: f64,
}

impl Search {
    /// Whether the place of this score is inside.
    pub fn within(&self, score: f64) -> Option<Found> {
        let place = decode(score);
        let center = self.center;
        match self.shape {
            Shape::Circle { radius } => {
                let distance = distance(center, place);
                let outside = distance > radius * self.metres;
                (!outside).then_some(Found { place, distance })
            }
            Shape::Box { width, height } => {
                let on_parallel = Place { latitude: place.latitude, ..center };
                let outside = latitude_distance(place.latitude, center.latitude) > height * self.metres / 2.0
                    || distance(place, on_parallel) > width * self.metres / 2.0;
                (!outside).then(|| Found { place, distance: distance(center, place) })
            }
        }
    }

    /// The ranges of scores that can have members inside, in the order in which Redis goes through them: the center's
    /// area, then north, south, east, west and the corners.
    pub fn ranges(&self) -> impl Iterator<Item = (u64, u64)> + use<> {
        let cells = self.cells();
        let mut last: Option<(usize, Cell)> = None;
        cells.into_iter().enumerate().filter_map(move |(i, cell)| {
            let cell = cell?;
            // When areas are huge, the next one around the world is the last one again. That is left out, but for what
            // repeats the center.
            if last.is_some_and(|(index, before)| index > 0 && before == cell) {
                return None;
            }
            last = Some((i, cell));
            Some(cell.scores())
        })
    }

    fn cells(&self) -> [Option<Cell>; 9] {
        let (min, max) = self.bounds();
        let reach = match self.shape {
            Shape::Circle { radius } => radius,
            Shape::Box { width, height } => {
                ((width / 2.0) * (width / 2.0) + (height / 2.0) * (height / 2.0)).sqrt()
            }
        };
        let mut step = step_for(reach * self.metres, self.center.latitude);
        let mut cell = self.center_cell(step);
        // The nine do not always reach the bounds, when the center is near the edge of its area.
        let too_small = cell.moved(0, 1).area().north < max.latitude
            || cell.moved(0, -1).area().south > min.latitude
            || cell.moved(1, 0).area().east < max.longitude
            || cell.moved(-1, 0).area().west > min.longitude;
        if step > 1 && too_small {
            step -= 1;
            cell = self.center_cell(step);
        }
        let area = cell.area();
        let exclude = step >= 2;
        let south = exclude && area.south < min.latitude;
        let north = exclude && area.north > max.latitude;
        let west = exclude && area.west < min.longitude;
        let east = exclude && area.east > max.longitude;
        [(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1)].map(|(x, y)| {
            let beyond = x > 0 && east || x < 0 && west || y > 0 && north || y < 0 && south;
            (!beyond).then(|| cell.moved(x, y))
        })
    }

    fn center_cell(&self, step: u32) -> Cell {
        Cell::of(self.center, LATITUDE_MIN, LATITUDE_MAX, step)
    }

    /// The least and the greatest longitude and latitude of the shape. Of the two parallels that bound it, the one that
    /// is nearer to a pole has the wider degrees; the one of the center's hemisphere is taken.
    fn bounds(&self) -> (Place, Place) {
        let Place { longitude, latitude } = self.center;
        let (width, height) = match self.shape {
            Shape::Circle { radius } => (self.metres * radius, self.metres * radius),
            Shape::Box { width, height } => (self.metres * (width / 2.0), self.metres * (height / 2.0)),
        };
        let lat = degrees(height / EARTH_RADIUS_METRES);
        let edge = if latitude < 0.0 { latitude - lat } else { latitude + lat };
        let lon = degrees(width / EARTH_RADIUS_METRES / radians(edge).cos());
        (
            Place { longitude: longitude - lon, latitude: latitude - lat },
            Place { longitude: longitude + lon, latitude: latitude + lat },
        )
    }
}

/// How small areas may be so that nine of them hold a circle of this radius, more or less.
fn step_for(metres: f64, latitude: f64) -> u32 {
    if metres <= 0.0 {
        return STEP_MAX;
    }
    let mut reach = metres;
    let mut step = -1;
    while reach < MERCATOR_MAX {
        reach *= 2.0;
        step += 1;
    }
    // Degrees of longitude get short towards the poles.
    if !(-66.0..=66.0).contains(&latitude) {
        step -= 1;
    }
    if !(-80.0..=80.0).contains(&latitude) {
        step -= 1;
    }
    step.clamp(1, STEP_MAX as i32) as u32
}

/// An area: the first `2 * step` bits of its scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell {
    bits: u64,
    step: u32,
}

struct Area {
    west: f64,
    east: f64,
    south: f64,
    north: f64,
}

impl Cell {
    /// The area of a place, on a map that goes from `south` to `north`.
    fn of(place: Place, south: f64, north: f64, step: u32) -> Self {
        let latitude = (place.latitude - south) / (north - south);
        let longitude = (place.longitude - LONGITUDE_MIN) / (LONGITUDE_MAX - LONGITUDE_MIN);
        let steps = (1u64 << step) as f64;
        Self { bits: spread((latitude * steps) as u32) | spread((longitude * steps) as u32) << 1, step }
    }

    fn area(self) -> Area {
        let steps = (1u64 << self.step) as f64;
        let (latitude, longitude) = (gather(self.bits), gather(self.bits >> 1));
        let edge = |min: f64, max: f64, number: u32| min + (f64::from(number) / steps) * (max - min);
        Area {
            west: edge(LONGITUDE_MIN, LONGITUDE_MAX, longitude),
            east: edge(LONGITUDE_MIN, LONGITUDE_MAX, longitude.wrapping_add(1)),
            south: edge(LATITUDE_MIN, LATITUDE_MAX, latitude),
            north: edge(LATITUDE_MIN, LATITUDE_MAX, latitude.wrapping_add(1)),
        }
    }

    /// The area so many to the east and to the north, around the world.
    fn moved(self, east: i32, north: i32) -> Self {
        let mask = LATITUDE_BITS >> (64 - 2 * self.step);
        // At longitude 180 the number has a bit more than it should, which stays where nothing is counted.
        let add = |number: u32, by: i32| match by {
            0 => spread(number),
            by => spread(number.wrapping_add_signed(by)) & mask,
        };
        let latitude = add(gather(self.bits), north);
        let longitude = add(gather(self.bits >> 1), east);
        Self { bits: latitude | longitude << 1, step: self.step }
    }

    /// The scores inside: from, including, and to, excluding.
    fn scores(self) -> (u64, u64) {
        let shift = 2 * (STEP_MAX - self.step);
        (self.bits << shift, (self.bits + 1) << shift)
    }
}

/// Puts a bit of 0 before each bit.
fn spread(number: u32) -> u64 {
    let mut bits = u64::from(number);
    bits = (bits | bits << 16) & 0x0000_ffff_0000_ffff;
    bits = (bits | bits << 8) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits << 2) & 0x3333_3333_3333_3333;
    (bits | bits << 1) & LATITUDE_BITS
}

/// Takes every other bit, from the lowest.
fn gather(bits: u64) -> u32 {
    let mut bits = bits & LATITUDE_BITS;
    bits = (bits | bits >> 1) & 0x3333_3333_3333_3333;
    bits = (bits | bits >> 2) & 0x0f0f_0f0f_0f0f_0f0f;
    bits = (bits | bits >> 4) & 0x00ff_00ff_00ff_00ff;
    bits = (bits | bits >> 8) & 0x0000_ffff_0000_ffff;
    (bits | bits >> 16) as u32
}
