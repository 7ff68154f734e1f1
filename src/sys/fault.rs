//! Signals that mean that the process is broken (a wrong memory access, abort): a report is made, then the signal ends
//! the process as if nobody had looked.
//!
//! The report is made where the fault happened and may need what is broken, such as the allocator. So it is tried once
//! only, on a stack of its own, and a timer ends the process should it hang.

use std::sync::OnceLock;

/// What is known of the fault.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    /// The signal.
    pub signal: i32,
    /// Why it was sent: `si_code`.
    pub code: i32,
    /// The address that could not be accessed, where the signal is about one.
    pub address: Option<usize>,
    /// The process that sent it, and its user.
    pub sender: Option<(i32, u32)>,
}

impl Fault {
    /// Has the process ended itself?
    #[must_use]
    pub fn is_own_abort(&self) -> bool {
        self.signal == libc::SIGABRT && self.sender.is_none()
    }
}

static REPORT: OnceLock<fn(&Fault)> = OnceLock::new();

const SIGNALS: [libc::c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT];
/// Room for looking up the names of a stack's functions; also when it was the stack that ran out.
const STACK: usize = 1 << 20;
/// A report that takes longer will not be made any more.
const PATIENCE_S: libc::c_uint = 10;

/// Names the function that makes the reports. The first one named counts.
pub fn report_by(report: fn(&Fault)) {
    if REPORT.set(report).is_ok() {
        give_stack();
    }
}

/// Has faults reported from now on, or end the process without a word.
pub fn report(on: bool) {
    let reported = on_fault as extern "C" fn(_, _, _) as libc::sighandler_t;
    for signal in SIGNALS {
        set(signal, if on { reported } else { libc::SIG_DFL });
    }
}

fn give_stack() {
    let stack = Box::leak(vec![0u8; STACK].into_boxed_slice());
    let stack = libc::stack_t { ss_sp: stack.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK };
    // SAFETY: the memory is never freed. When the call fails the handler runs on the usual stack.
    unsafe { libc::sigaltstack(&stack, std::ptr::null_mut()) };
}

fn set(signal: libc::c_int, handler: libc::sighandler_t) {
    // SAFETY: `action` is fully initialised (zero is a value for each field); the handler is SIG_DFL or `on_fault`, which
    // does not return to what was interrupted.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER | libc::SA_RESETHAND;
        libc::sigemptyset(&mut action.sa_mask);
        libc::sigaction(signal, &action, std::ptr::null_mut());
    }
}

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // A second fault, in the report, is the end.
    report(false);
    // SAFETY: a signal's default action and alarm are async-signal-safe.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(PATIENCE_S);
    }
    // SAFETY: the kernel gives a handler with SA_SIGINFO what it knows; each part is read only of a signal that has it.
    let fault = unsafe {
        let code = (*info).si_code;
        let sent = code == libc::SI_USER;
        let has_address = code > 0 && signal != libc::SIGABRT;
        Fault {
            signal,
            code,
            address: has_address.then(|| (*info).si_addr() as usize),
            sender: sent.then(|| ((*info).si_pid(), (*info).si_uid())),
        }
    };
    if let Some(make) = REPORT.get() {
        make(&fault);
    }
    // SAFETY: raise is async-signal-safe. The signal is not blocked and has its default action: this does not return.
    unsafe { libc::raise(signal) };
}
