//! The `oxidis-server` program.
fn main() {}
