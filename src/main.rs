//! The `oxidis-server` program. Started under another name of the family, it is that program.

use oxidis::run::startup;
use std::os::unix::ffi::OsStringExt;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args: Vec<Vec<u8>> = std::env::args_os().map(OsStringExt::into_vec).collect();
    let program = if args.is_empty() { Vec::new() } else { args.remove(0) };
    ExitCode::from(startup::start(&program, &args))
}
