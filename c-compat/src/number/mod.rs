//! Numbers as text, both ways, by the rules that C Redis has from `strtoll`, `strtod`, `strtold` and `printf`.

mod big;
mod binary;
pub mod double;
pub mod int;
pub mod long_double;
pub mod size;
mod strtod;

pub use long_double::LongDouble;
