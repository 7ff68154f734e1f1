//! Numbers as text, both ways, by the rules that C Redis has from `strtoll`, `strtod`, `strtold` and `printf`.

pub mod int;
