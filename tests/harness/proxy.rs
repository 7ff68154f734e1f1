//! A TCP proxy between a replica and its primary that cuts, holds and refuses, as a bad network does.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Default)]
struct State {
    /// Bytes stay where they are, the connections stay open: a half-open link.
    held: AtomicBool,
    /// New connections are closed at once.
    refusing: AtomicBool,
    stopped: AtomicBool,
    accepted: AtomicU64,
    /// Bytes passed from the primary since the last `cut_after`.
    down: AtomicU64,
    /// Cut when this many bytes have come from the primary; negative: never.
    cut_after: AtomicI64,
    links: Mutex<Vec<TcpStream>>,
}

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub fn start(target: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("bound").port();
        let state = Arc::new(State { cut_after: AtomicI64::new(-1), ..State::default() });
        let shared = state.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                if shared.refusing.load(Ordering::Relaxed) {
                    continue;
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else { continue };
                shared.accepted.fetch_add(1, Ordering::Relaxed);
                let clone = |s: &TcpStream| s.try_clone().expect("a second handle");
                shared.links.lock().expect("no panic holds it").extend([clone(&near), clone(&far)]);
                let (up, down) = (shared.clone(), shared.clone());
                let (near2, far2) = (clone(&near), clone(&far));
                std::thread::spawn(move || pump(near, far, &up, false));
                std::thread::spawn(move || pump(far2, near2, &down, true));
            }
        });
        Proxy { port, state }
    }

    /// Cuts every connection; new ones are let through.
    pub fn cut(&self) {
        for link in self.state.links.lock().expect("no panic holds it").drain(..) {
            let _ = link.shutdown(Shutdown::Both);
        }
    }

    /// Cuts once, when the primary has sent this many more bytes.
    pub fn cut_after(&self, bytes: u64) {
        self.state.down.store(0, Ordering::Relaxed);
        self.state.cut_after.store(bytes as i64, Ordering::Relaxed);
    }

    /// True once the cut that `cut_after` asked for has happened.
    pub fn has_cut(&self) -> bool {
        self.state.cut_after.load(Ordering::Relaxed) < 0
    }

    pub fn hold(&self, held: bool) {
        self.state.held.store(held, Ordering::Relaxed);
    }

    pub fn refuse(&self, refusing: bool) {
        self.state.refusing.store(refusing, Ordering::Relaxed);
    }

    pub fn accepted(&self) -> u64 {
        self.state.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        self.cut();
        // Wakes the accepting thread, which then ends.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, state: &State, down: bool) {
    let mut buf = [0; 16384];
    while let Ok(n @ 1..) = from.read(&mut buf) {
        while state.held.load(Ordering::Relaxed) && !state.stopped.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut pass = n;
        let mut cut = false;
        if down {
            let limit = state.cut_after.load(Ordering::Relaxed);
            let passed = state.down.fetch_add(n as u64, Ordering::Relaxed);
            if limit >= 0 && passed + n as u64 >= limit as u64 {
                pass = (limit as u64).saturating_sub(passed) as usize;
                cut = true;
            }
        }
        if to.write_all(&buf[..pass]).is_err() {
            break;
        }
        if cut {
            state.cut_after.store(-1, Ordering::Relaxed);
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
