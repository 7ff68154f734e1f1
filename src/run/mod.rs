//! The program: from arguments to a running server, and the loop that it then is.
//!
//! ```text
//! startup -> [ before_sleep -> poll -> events -> pending clients -> cron ] -> exit
//! ```

mod accept;
mod batch;
mod before_sleep;
mod crash;
mod process;
pub mod startup;
mod stream;
mod turn;
