//! Small things every layer may use: the clock, the log, random numbers.
pub mod clock;
pub mod log;
pub mod rng;
