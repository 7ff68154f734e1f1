//! INFO modules.

use super::Info;

pub(super) fn write(info: &mut Info) {
    info.heading("Modules");
}
