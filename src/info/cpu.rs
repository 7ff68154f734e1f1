//! INFO cpu: processor time of this process, of its ended children, and of the main thread.

use super::Info;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;

pub(super) fn write(info: &mut Info) {
    info.heading("CPU");
    for (whose, who) in [
        ("", UsageWho::RUSAGE_SELF),
        ("_children", UsageWho::RUSAGE_CHILDREN),
        ("_main_thread", UsageWho::RUSAGE_THREAD),
    ] {
        let usage = getrusage(who).ok();
        for (kind, time) in
            [("sys", usage.as_ref().map(Usage::system_time)), ("user", usage.as_ref().map(Usage::user_time))]
        {
            let time = time.unwrap_or_else(|| TimeVal::new(0, 0));
            let value = format_args!("{}.{:06}", time.tv_sec(), time.tv_usec());
            info.field(&format!("used_cpu_{kind}{whose}"), value);
        }
    }
}
