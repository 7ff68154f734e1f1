//! The server's side of replication: what other parts ask of it, and its work in the loop.

use super::Server;
use super::command::CommandId;
use crate::client::ClientId;
use crate::net::event_loop::Ready;
use crate::persist::rdb::load::ReplFields;
use crate::persist::rdb::save::ReplPosition;
use crate::persist::snapshot::Finished;
use crate::protocol::CmdError;

impl Server {
    /// Whether anybody reads, or may come to read, the replication stream.
    #[must_use]
    pub fn stream_wanted(&self) -> bool {
        false
    }

    /// Appends encoded commands for database `db` to the stream.
    pub fn feed_stream(&mut self, _db: usize, _bytes: &[u8]) {}

    /// Offset behind the last byte of the stream.
    #[must_use]
    pub fn stream_end(&self) -> Option<u64> {
        None
    }

    /// Whether the link to our primary is up; true when there is none.
    #[must_use]
    pub fn primary_link_up(&self) -> bool {
        !self.is_replica()
    }

    /// Replicas that acknowledged lately enough for min-replicas-to-write.
    #[must_use]
    pub fn good_replicas(&self) -> usize {
        0
    }

    /// A client is about to be closed: if it was a replica, or our primary, replication lets go of it.
    pub fn forget_replication_client(&mut self, _id: ClientId) {}

    /// Whether a full sync is loading beside the data that is still served.
    #[must_use]
    pub fn async_loading(&self) -> bool {
        false
    }

    /// A command of our primary's stream failed here.
    pub fn error_in_stream(&mut self, _id: ClientId, _command: CommandId, _error: &CmdError) {
        self.stats.unexpected_error_replies += 1;
    }

    /// A replica sent a bare newline: it is loading what we sent, and alive.
    pub fn replica_is_alive(&mut self, _id: ClientId) {}

    /// A client's socket takes more bytes. `waited`: replies were kept back for it.
    pub fn client_writable(&mut self, id: ClientId, waited: bool) {
        if waited {
            self.write_client(id);
        }
    }

    /// An event of a source that is neither a listener nor a client: the link to our primary, a child's pipe.
    pub fn internal_event(&mut self, _event: Ready) {}

    /// What replication must do before the loop sleeps: feed the replicas, answer WAIT.
    pub fn before_sleep_replication(&mut self) {}

    /// How many replicas have everything, and how many there are.
    #[must_use]
    pub fn replicas_in_sync(&self) -> (usize, usize) {
        (0, 0)
    }

    /// How many replicas acknowledged the stream up to this offset.
    #[must_use]
    pub fn replicas_at(&self, _offset: u64) -> usize {
        0
    }

    /// Bytes that the backlog takes.
    #[must_use]
    pub fn backlog_memory(&self) -> usize {
        0
    }

    /// The lines of INFO replication.
    #[must_use]
    pub fn replication_info(&self) -> String {
        let role = if self.is_replica() { "slave" } else { "master" };
        let zeros = "0".repeat(40);
        let backlog = self.config.repl_backlog_size;
        format!(
            "role:{role}\r\nconnected_slaves:0\r\nmaster_failover_state:no-failover\r\nmaster_replid:{zeros}\r\n\
             master_replid2:{zeros}\r\nmaster_repl_offset:0\r\nsecond_repl_offset:-1\r\nrepl_backlog_active:0\r\n\
             repl_backlog_size:{backlog}\r\nrepl_backlog_first_byte_offset:0\r\nrepl_backlog_histlen:0\r\n"
        )
    }

    /// Before a shutdown's end: says in the log which replicas lack what.
    pub fn log_lagging_replicas(&self) {}

    /// Has the replicas tell at once how far they are.
    pub fn ask_replicas_for_acks(&mut self) {}

    /// Writes to the replicas what their sockets take, before the process ends.
    pub fn flush_replicas(&mut self) {}

    /// repl-backlog-size changed.
    pub fn backlog_size_changed(&mut self) {}

    /// Once a second.
    pub fn replication_cron(&mut self) {}

    /// Where the stream stands, for a snapshot: none if there is no history worth keeping.
    #[must_use]
    pub fn repl_position(&self) -> Option<ReplPosition> {
        None
    }

    /// A background save has ended; replicas may have waited for it.
    pub fn snapshot_finished(&mut self, _finished: Finished) {}

    /// The dataset has been loaded at start, and this is what the file says of the stream it was taken from.
    pub fn loaded_at_start(&mut self, _fields: &ReplFields) {}
}
