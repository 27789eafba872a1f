//! Children that are made in a signal handler, wherever it interrupts its thread.
//!
//! `fork` itself takes locks of the C library, so where that was interrupted the handler uses what is made for handlers,
//! `_Fork`. Everywhere else, in the engine above all, `fork` has to be possible.

#![allow(unsafe_code, reason = "signal handlers are unsafe, and everything else here is not")]

use super::tally::Tally;
use super::ways::{self, Span, Way};
use anyhow::{Context, Result, ensure};
use std::io;
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;

/// How long one lives that a handler makes: the join waits for it that was interrupted, if it shares memory.
const CHILD_LIVES: Span = Span::Short(300_000);

/// What the handler needs.
struct Scene {
    ways: &'static [Way],
    tally: &'static Tally,
    /// Where this program's instructions are: not the C library's.
    own: std::ops::Range<usize>,
}

static SCENE: OnceLock<Scene> = OnceLock::new();

/// From now on, SIGUSR1 makes a child.
pub fn install(ways: &'static [Way], tally: &'static Tally) -> Result<()> {
    ensure!(SCENE.set(Scene { ways, tally, own: own_text()? }).is_ok(), "there is one handler");
    // SAFETY: the handler makes system calls, touches atomics, and restores `errno`. No SA_RESTART: interruptions are to be
    // seen, too.
    let set = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(_, _, _) as usize;
        action.sa_flags = libc::SA_SIGINFO;
        libc::sigaction(libc::SIGUSR1, &raw const action, std::ptr::null_mut())
    };
    ensure!(set == 0, "sigaction: {}", io::Error::last_os_error());
    Ok(())
}

/// Has that thread make one.
pub fn interrupt<T>(thread: &JoinHandle<T>) {
    // SAFETY: the thread was not joined yet, so its id is valid.
    unsafe { libc::pthread_kill(thread.as_pthread_t(), libc::SIGUSR1) };
}

extern "C" fn on_signal(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let Some(scene) = SCENE.get() else { return };
    // SAFETY: this thread's own, always there.
    let errno = unsafe { *libc::__errno_location() };
    // SAFETY: what the kernel passes to a handler with SA_SIGINFO.
    let is_own = scene.own.contains(&unsafe { instruction(context.cast()) });
    if scene.tally.has_room() {
        let made = scene.tally.made.load(Relaxed) as usize;
        scene.tally.made(ways::make(scene.ways[made % scene.ways.len()], CHILD_LIVES, is_own));
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

/// Where the thread was interrupted.
///
/// # Safety
/// `context` is what the kernel passed to a handler.
#[cfg(target_arch = "x86_64")]
unsafe fn instruction(context: *const libc::ucontext_t) -> usize {
    // SAFETY: by the caller.
    (unsafe { (*context).uc_mcontext.gregs[libc::REG_RIP as usize] }) as usize
}

#[cfg(target_arch = "aarch64")]
unsafe fn instruction(context: *const libc::ucontext_t) -> usize {
    // SAFETY: by the caller.
    (unsafe { (*context).uc_mcontext.pc }) as usize
}

/// Where this program's own instructions are mapped.
fn own_text() -> Result<std::ops::Range<usize>> {
    let program = std::env::current_exe()?.display().to_string();
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let line =
        maps.lines().find(|line| line.contains(" r-xp ") && line.ends_with(&program)).context("no text of ours")?;
    let (start, end) = line.split_once(' ').and_then(|(range, _)| range.split_once('-')).context("a range")?;
    Ok(usize::from_str_radix(start, 16)?..usize::from_str_radix(end, 16)?)
}
