//! INFO cluster.

use super::Info;

pub(super) fn write(info: &mut Info) {
    info.heading("Cluster");
    info.flag("cluster_enabled", false);
}
