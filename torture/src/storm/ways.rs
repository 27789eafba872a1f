//! Ways of making a child, from a thread or from a signal handler.
//!
//! Each child lives for a moment, makes raw system calls only, and ends. What is asked is what it keeps of its parent meanwhile.

#![allow(unsafe_code, reason = "making processes is unsafe, and everything else here is not")]

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use std::cell::UnsafeCell;
use std::ffi::CString;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::AtomicI32;
use std::sync::atomic::Ordering::{AcqRel, Relaxed};

/// How a process makes another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Way {
    /// `fork`, with its handlers.
    Fork,
    /// `clone` without shared memory: a fork of which no library hears.
    BareClone,
    /// What `vfork` is: the child runs in its parent's memory, and the calling thread waits.
    Vfork,
    /// `posix_spawn` of a child that has to wait before it executes its program.
    SlowSpawn,
    /// `clone` with shared memory and no program to execute, beside its parent.
    SharedMemory,
    /// `fork`, `setsid`, `fork`: a daemon, whose parent has gone.
    Daemon,
}

impl Way {
    pub const ALL: [Self; 6] =
        [Self::Fork, Self::BareClone, Self::Vfork, Self::SlowSpawn, Self::SharedMemory, Self::Daemon];

    pub fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::BareClone => "bare-clone",
            Self::Vfork => "vfork",
            Self::SlowSpawn => "slow-spawn",
            Self::SharedMemory => "shared-memory",
            Self::Daemon => "daemon",
        }
    }

    /// Whether the child runs in its parent's memory, as long as it executes no program.
    pub fn shares_memory(self) -> bool {
        matches!(self, Self::Vfork | Self::SlowSpawn | Self::SharedMemory)
    }
}

/// How long a child lives.
#[derive(Clone, Copy)]
pub enum Span {
    /// So many nanoseconds.
    Short(i64),
    /// Until it is killed.
    Endless,
}

/// Makes a child. `is_own`: the caller interrupted nothing of the C library, so that `fork` can take what locks it likes.
/// Returns how many processes there are now that somebody has to wait for: none if there is no room for one.
pub fn make(way: Way, span: Span, is_own: bool) -> i32 {
    let child = match way {
        Way::Fork => fork(is_own, || live(span)),
        Way::BareClone => bare_clone(|| live(span)),
        Way::Vfork => on_another_stack(libc::CLONE_VM | libc::CLONE_VFORK, span),
        Way::SharedMemory => on_another_stack(libc::CLONE_VM, span),
        Way::SlowSpawn if is_own => spawn(span),
        Way::SlowSpawn => 0,
        Way::Daemon => {
            let child = fork(is_own, || {
                // SAFETY: makes this child the leader of a session; touches no memory.
                unsafe { libc::setsid() };
                fork(is_own, || live(span));
            });
            return if child > 0 { 2 } else { 0 };
        }
    };
    i32::from(child > 0)
}

/// Makes a child that does `act` and ends. Returns its id to the parent.
pub fn fork(is_own: bool, act: impl FnOnce()) -> i32 {
    unsafe extern "C" {
        /// `fork` without handlers and locks, for signal handlers: POSIX has it since 2024, glibc since 2.34.
        fn _Fork() -> libc::pid_t;
    }
    // SAFETY: the child does what may be done between a fork and its end in a process of many threads, or what the caller
    // wants to see tried; it leaves by `_exit` alone.
    let child = if is_own { unsafe { libc::fork() } } else { unsafe { _Fork() } };
    if child == 0 {
        act();
        end(0);
    }
    child
}

/// The same by the bare system call.
pub fn bare_clone(act: impl FnOnce()) -> i32 {
    // SAFETY: a clone without shared memory and with a copy of this stack is a fork that runs no handlers; as above.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    if child == 0 {
        act();
        end(0);
    }
    child as i32
}

/// Ends a child.
pub fn end(status: i32) -> ! {
    // SAFETY: ends this process, and runs nothing of the parent's.
    unsafe { libc::_exit(status) }
}

fn live(span: Span) {
    let (time, is_endless) = match span {
        Span::Short(nanoseconds) => (libc::timespec { tv_sec: 0, tv_nsec: nanoseconds }, false),
        Span::Endless => (libc::timespec { tv_sec: 1000, tv_nsec: 0 }, true),
    };
    loop {
        // SAFETY: sleeps; reads a variable of ours. The bare call touches no memory of the C library's but `errno`.
        unsafe { libc::syscall(libc::SYS_nanosleep, &raw const time, null_mut::<libc::timespec>()) };
        if !is_endless {
            return;
        }
    }
}

const STACK_BYTES: usize = 32 << 10;

/// A stack for a child that shares its parent's memory, and whether it is taken: its child's id, or 0.
#[repr(align(64))]
struct Stack {
    taken: AtomicI32,
    bytes: UnsafeCell<[u8; STACK_BYTES]>,
}

// SAFETY: the bytes belong to the one child for which `taken` was set, until the kernel clears that at its end.
unsafe impl Sync for Stack {}

static STACKS: [Stack; 16] =
    [const { Stack { taken: AtomicI32::new(0), bytes: UnsafeCell::new([0; STACK_BYTES]) } }; 16];

/// A child in this process's memory. 0 if all stacks are taken.
fn on_another_stack(flags: i32, span: Span) -> i32 {
    extern "C" fn act(span: *mut libc::c_void) -> i32 {
        live(if span.is_null() { Span::Endless } else { Span::Short(span as i64) });
        0
    }
    let is_free = |stack: &&Stack| stack.taken.compare_exchange(0, -1, AcqRel, Relaxed).is_ok();
    let Some(stack) = STACKS.iter().find(is_free) else { return 0 };
    let flags = flags | libc::SIGCHLD | libc::CLONE_PARENT_SETTID | libc::CLONE_CHILD_CLEARTID;
    let span = match span {
        Span::Short(nanoseconds) => nanoseconds as *mut libc::c_void,
        Span::Endless => null_mut(),
    };
    let taken = stack.taken.as_ptr();
    // SAFETY: the stack is this child's until the kernel clears `taken` at its end, and in static memory. The child makes
    // raw system calls and ends; it shares thread-local memory with its parent's thread, of which it touches only `errno`.
    let child = unsafe {
        let top = stack.bytes.get().cast::<u8>().add(STACK_BYTES).cast();
        libc::clone(act, top, flags, span, taken, null_mut::<libc::c_void>(), taken)
    };
    if child < 0 {
        stack.taken.store(0, Relaxed);
    }
    child
}

/// A FIFO that children open before they execute their program, which lets them wait until somebody opens its other end.
static GATE: OnceLock<(PathBuf, CString)> = OnceLock::new();

/// Makes the FIFO in this folder. Before the first child of `SlowSpawn` is made.
pub fn make_gate(folder: &Path) -> Result<()> {
    let path = folder.join(format!("gate-{}", std::process::id()));
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: makes a file of a name of ours.
    let made = unsafe { libc::mkfifo(name.as_ptr(), 0o600) };
    ensure!(made == 0, "mkfifo: {}", io::Error::last_os_error());
    ensure!(GATE.set((path, name)).is_ok(), "there is one gate");
    Ok(())
}

/// Lets those through that wait, and those that come.
pub fn open_gate() -> Result<()> {
    let (path, _) = GATE.get().context("no gate")?;
    std::fs::OpenOptions::new().write(true).open(path)?;
    Ok(())
}

/// A child that waits at the gate, and then executes `sleep`.
fn spawn(span: Span) -> i32 {
    let Some((_, gate)) = GATE.get() else { return 0 };
    let time = match span {
        Span::Short(_) => c"0",
        Span::Endless => c"1000",
    };
    let arguments = [c"sleep".as_ptr().cast_mut(), time.as_ptr().cast_mut(), null_mut()];
    let mut child = 0;
    // SAFETY: all strings are of C's, and live longer than the call; the actions are made, used and destroyed here.
    unsafe {
        let mut actions = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&raw mut actions);
        libc::posix_spawn_file_actions_addopen(&raw mut actions, 20, gate.as_ptr(), libc::O_RDONLY, 0);
        let environment = [null_mut()];
        let program = c"/bin/sleep".as_ptr();
        libc::posix_spawn(
            &raw mut child,
            program,
            &raw const actions,
            std::ptr::null(),
            arguments.as_ptr(),
            environment.as_ptr(),
        );
        libc::posix_spawn_file_actions_destroy(&raw mut actions);
    }
    child
}

/// Waits for children that have ended, without waiting for one to end. Returns how many there were.
pub fn reap() -> i32 {
    let mut count = 0;
    loop {
        let mut status = 0;
        // SAFETY: takes the status of a child that has ended; writes to a variable of ours.
        if unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) } <= 0 {
            return count;
        }
        count += 1;
    }
}

/// Makes children of children that have lost their parent this process's.
pub fn adopt_orphans() -> Result<()> {
    // SAFETY: sets a flag of this process.
    let set = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    ensure!(set == 0, "prctl: {}", io::Error::last_os_error());
    Ok(())
}
