//! What the operating system gives and the standard library does not: the only place, with `ds`, for `unsafe`.
#![allow(unsafe_code)]

pub mod alloc;
pub mod errno;
pub mod fault;
pub mod file;
pub mod fork;
pub mod give_back;
pub mod glob;
mod heap_growth;
pub mod huge_pages;
pub mod locale;
pub mod memory;
pub mod mmap;
pub mod pipe;
pub mod process;
pub mod signal;
pub mod socket;
pub mod syslog;
pub mod ticks;
pub mod time;
pub mod watchdog;
pub mod x509;
