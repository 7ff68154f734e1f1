//! Memory that is given back on a thread of its own: freeing millions of values takes long, and nobody waits for it.
//!
//! The thread starts with the first thing to free. It holds what it was given and nothing else, so a forked child
//! that lacks the thread lacks nothing.

use nix::sys::signal::SigSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Sender};

/// Something to be dropped, and how many values it is.
type Load = (usize, Box<dyn Send>);

/// The thread, and what is on its way through it.
#[derive(Default)]
pub struct Lazyfree {
    queue: Option<Sender<Load>>,
    pending: Arc<AtomicUsize>,
    freed: Arc<AtomicUsize>,
    /// What had been freed at the last reset.
    freed_before: usize,
}

impl Lazyfree {
    /// Drops something that holds so many values, soon.
    pub fn dispose(&mut self, values: usize, load: impl Send + 'static) {
        let queue = self.queue.get_or_insert_with(|| start(&self.pending, &self.freed));
        self.pending.fetch_add(values, Ordering::Relaxed);
        // With the thread gone the load comes back in the error and is dropped here.
        if queue.send((values, Box::new(load))).is_err() {
            self.pending.fetch_sub(values, Ordering::Relaxed);
        }
    }

    /// Values that wait to be freed.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::Relaxed)
    }

    /// Values freed since the start, or since [`Lazyfree::reset`].
    #[must_use]
    pub fn freed(&self) -> usize {
        self.freed_ever() - self.freed_before
    }

    /// Values freed since the start.
    #[must_use]
    pub fn freed_ever(&self) -> usize {
        self.freed.load(Ordering::Relaxed)
    }

    /// Counts from 0 again.
    pub fn reset(&mut self) {
        self.freed_before = self.freed_ever();
    }
}

fn start(pending: &Arc<AtomicUsize>, freed: &Arc<AtomicUsize>) -> Sender<Load> {
    let (queue, loads) = mpsc::channel::<Load>();
    let (pending, freed) = (Arc::clone(pending), Arc::clone(freed));
    let work = move || {
        // Signals are for the main thread, whose sleep they must interrupt.
        let _ = SigSet::all().thread_block();
        for (values, load) in loads {
            drop(load);
            freed.fetch_add(values, Ordering::Relaxed);
            pending.fetch_sub(values, Ordering::Relaxed);
        }
    };
    // Without a thread the receiver is gone, and loads are dropped by whoever brings them.
    let _ = std::thread::Builder::new().name("bio_lazy_free".into()).spawn(work);
    queue
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_disposed_of_is_counted_once_it_is_freed() {
        let mut lazyfree = Lazyfree::default();
        let (held, seen) = mpsc::channel::<()>();
        lazyfree.dispose(3, held);
        assert!(seen.recv().is_err(), "the load was dropped");
        while lazyfree.pending() > 0 {
            std::thread::yield_now();
        }
        assert_eq!(lazyfree.freed(), 3);
    }
}
