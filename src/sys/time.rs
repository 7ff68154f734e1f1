//! Local time for log lines.
//!
//! The C library's local time takes a lock, which a child forked while another thread holds it would wait for in vain.
//! So only the offset from UTC is asked of it, once a quarter of an hour (offsets change at quarters), and a child
//! keeps what its parent knew.

use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::Relaxed};

const QUARTER_S: i64 = 15 * 60;

static OFFSET_S: AtomicI64 = AtomicI64::new(0);
static ASKED_IN_QUARTER: AtomicI64 = AtomicI64::new(i64::MIN);
static FROZEN: AtomicBool = AtomicBool::new(false);

/// Stops asking for the offset, in a forked child.
pub fn freeze_offset() {
    FROZEN.store(true, Relaxed);
}

/// Writes `22 Nov 2026 14:05:09.123`, local time.
pub fn write_log_stamp(out: &mut Vec<u8>) {
    let us = crate::util::clock::wall_us();
    write_stamp(out, us + offset_s(us / 1_000_000) * 1_000_000);
}

fn offset_s(now_s: i64) -> i64 {
    let quarter = now_s.div_euclid(QUARTER_S);
    if !FROZEN.load(Relaxed) && ASKED_IN_QUARTER.load(Relaxed) != quarter {
        OFFSET_S.store(ask_offset_s(now_s), Relaxed);
        ASKED_IN_QUARTER.store(quarter, Relaxed);
    }
    OFFSET_S.load(Relaxed)
}

fn ask_offset_s(now_s: i64) -> i64 {
    let seconds: libc::time_t = now_s;
    // SAFETY: `tm` is plain data for which all zeros is a value.
    let mut tm: libc::tm = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are to live values of the right types; localtime_r keeps neither.
    unsafe { libc::localtime_r(&seconds, &mut tm) };
    tm.tm_gmtoff
}

fn write_stamp(out: &mut Vec<u8>, local_us: i64) {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    const DAY_S: i64 = 24 * 60 * 60;
    let seconds = local_us.div_euclid(1_000_000);
    let (days, in_day) = (seconds.div_euclid(DAY_S), seconds.rem_euclid(DAY_S));
    let (year, month, day) = civil_from_days(days);
    let _ = write!(
        out,
        "{day:02} {} {year} {:02}:{:02}:{:02}.{:03}",
        MONTHS[month],
        in_day / 3600,
        in_day / 60 % 60,
        in_day % 60,
        local_us.rem_euclid(1_000_000) / 1000
    );
}

/// Year, month (from 0) and day (from 1) of a day counted from 1 January 1970.
///
/// Years are taken to begin in March, so that the leap day is the last, in eras of 400 years, which all have the same
/// number of days.
fn civil_from_days(days: i64) -> (i64, usize, i64) {
    const ERA_DAYS: i64 = 146_097;
    let from_march_of_0 = days + 719_468;
    let era = from_march_of_0.div_euclid(ERA_DAYS);
    let day_of_era = from_march_of_0.rem_euclid(ERA_DAYS);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / (ERA_DAYS - 1)) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // Months from March on have 153 days in five.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = ((month_from_march + 2) % 12) as usize;
    (era * 400 + year_of_era + i64::from(month < 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(seconds: i64) -> String {
        let mut out = Vec::new();
        write_stamp(&mut out, seconds * 1_000_000 + 7_000);
        String::from_utf8(out).expect("ASCII")
    }

    #[test]
    fn stamps_are_those_of_the_calendar() {
        assert_eq!(stamp(0), "01 Jan 1970 00:00:00.007");
        assert_eq!(stamp(951_782_400), "29 Feb 2000 00:00:00.007");
        assert_eq!(stamp(951_868_799), "29 Feb 2000 23:59:59.007");
        assert_eq!(stamp(951_868_800), "01 Mar 2000 00:00:00.007");
        assert_eq!(stamp(1_735_689_599), "31 Dec 2024 23:59:59.007");
        assert_eq!(stamp(1_795_358_176), "22 Nov 2026 14:36:16.007");
        assert_eq!(stamp(4_107_542_400), "01 Mar 2100 00:00:00.007", "2100 is no leap year");
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil_from_days(-1);
        assert_eq!(before, (1969, 11, 31));
        for days in 0..200_000 {
            let (year, month, day) = civil_from_days(days);
            let next_day = (year, month) == (before.0, before.1) && day == before.2 + 1;
            let next_month = day == 1 && before.2 >= 28 && month == (before.1 + 1) % 12;
            assert!(next_day || next_month, "{before:?} then {:?}", (year, month, day));
            before = (year, month, day);
        }
    }
}
