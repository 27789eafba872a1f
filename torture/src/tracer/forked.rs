//! A forked process: its marks, its steps of one instruction, and its end.

use anyhow::{Context, Result, bail, ensure};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Where a traced process stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// After one instruction.
    Step,
    /// At a mark.
    Mark,
}

/// What became of a process that runs by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// It stands still at a mark.
    Mark,
    /// It ended, with this status; `None` if a signal ended it.
    Ended(Option<i32>),
}

/// A forked process, killed when dropped.
pub struct Forked {
    pub(super) id: libc::pid_t,
    pub(super) gone: bool,
    /// Stopped by [`Forked::stop`].
    stopped: bool,
}

/// Called by the traced process where its operation starts, and where it has ended.
pub fn mark() {
    // SAFETY: raises a signal that the tracer waits for; touches no memory.
    unsafe { libc::raise(libc::SIGSTOP) };
}

/// Has this process get SIGALRM in so many seconds, unless it asks again before. Its tracer sees that, whatever the process
/// does; an untraced one ends.
pub fn set_alarm(seconds: u32) {
    // SAFETY: sets a timer of this process; touches no memory.
    unsafe { libc::alarm(seconds) };
}

/// Called by a process that is to be there and do nothing.
pub fn stand_by() -> ! {
    loop {
        // SAFETY: waits for a signal; touches no memory.
        unsafe { libc::pause() };
    }
}

impl Forked {
    /// Forks this process. The child does `act`, and ends.
    pub fn start(act: impl FnOnce() -> Result<()>) -> Result<Self> {
        // SAFETY: this program has one thread, so the child finds no lock held and no memory half written. It leaves by
        // `_exit` alone, so nothing of the parent's is dropped or flushed twice.
        let id = unsafe { libc::fork() };
        ensure!(id >= 0, "fork: {}", io::Error::last_os_error());
        if id > 0 {
            return Ok(Self { id, gone: false, stopped: false });
        }
        // SAFETY: has the kernel end this process when its parent ends; touches no memory.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let status = match catch_unwind(AssertUnwindSafe(act)) {
            Ok(Ok(())) => 0,
            Ok(Err(error)) => {
                eprintln!("the forked process failed: {error:#}");
                1
            }
            Err(_) => 2,
        };
        // SAFETY: ends the child at once; see above.
        unsafe { libc::_exit(status) }
    }

    /// The same, traced. Returns when it stands at its first mark.
    pub fn start_traced(act: impl FnOnce() -> Result<()>) -> Result<Self> {
        let child = Self::start(|| {
            // SAFETY: asks the kernel for what the parent's `step` needs; touches no memory.
            let asked = unsafe { libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) };
            ensure!(asked == 0, "PTRACE_TRACEME: {}", io::Error::last_os_error());
            act()
        })?;
        let mut child = child;
        loop {
            match child.wait_for_stop()? {
                libc::SIGSTOP => break,
                // A process of its own ended, for example: that is its own business.
                other => child.resume(libc::PTRACE_CONT, other)?,
            }
        }
        let options = libc::PTRACE_O_EXITKILL | libc::PTRACE_O_TRACESYSGOOD;
        // SAFETY: our own child, which stands still: it dies with us.
        unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, child.id, 0, options) };
        Ok(child)
    }

    /// Lets it go on in this way, with this signal (0: none).
    pub(super) fn resume(&mut self, request: libc::c_uint, signal: libc::c_int) -> Result<()> {
        // SAFETY: our own child, which stands still; no memory of ours is touched.
        let asked = unsafe { libc::ptrace(request, self.id, 0, signal) };
        ensure!(asked == 0, "ptrace request {request}: {}", io::Error::last_os_error());
        Ok(())
    }

    /// Lets it execute one instruction; a system call is one.
    pub fn step(&mut self) -> Result<Stop> {
        self.resume(libc::PTRACE_SINGLESTEP, 0)?;
        match self.wait_for_stop()? {
            libc::SIGTRAP => Ok(Stop::Step),
            libc::SIGSTOP => Ok(Stop::Mark),
            other => bail!("the stepped process got signal {other} at {}", self.place()),
        }
    }

    /// Steps it no more: it runs by itself from then on, or is first stopped where it stands, by SIGSTOP.
    pub fn release(&mut self, stopped: bool) -> Result<()> {
        let signal = if stopped { libc::SIGSTOP } else { 0 };
        // SAFETY: our own child, which stands still; no memory of ours is touched.
        let asked = unsafe { libc::ptrace(libc::PTRACE_DETACH, self.id, 0, signal) };
        ensure!(asked == 0, "PTRACE_DETACH: {}", io::Error::last_os_error());
        if stopped {
            ensure!(self.wait_for_stop()? == libc::SIGSTOP, "another signal than SIGSTOP");
        }
        Ok(())
    }

    /// SIGCONT.
    pub fn go_on(&self) {
        // SAFETY: our own child, not yet waited for, so the id is its own.
        unsafe { libc::kill(self.id, libc::SIGCONT) };
    }

    /// Whether it stands still, or has ended, since this was asked last. Does not wait.
    pub fn rests(&mut self) -> Result<Option<Rest>> {
        let mut status = 0;
        // SAFETY: our own child; the status is ours to be written to.
        let waited = unsafe { libc::waitpid(self.id, &raw mut status, libc::WUNTRACED | libc::WNOHANG) };
        ensure!(waited == 0 || waited == self.id, "waitpid: {}", io::Error::last_os_error());
        if waited == 0 {
            return Ok(None);
        }
        if libc::WIFSTOPPED(status) {
            return Ok(Some(Rest::Mark));
        }
        self.gone = true;
        Ok(Some(Rest::Ended(libc::WIFEXITED(status).then_some(libc::WEXITSTATUS(status)))))
    }

    /// The address of its next instruction, as `addr2line -e torture` takes it; beyond that program's length, a library's.
    pub fn place(&self) -> String {
        instruction_pointer(self.id).map_or_else(
            || "an unknown place".to_owned(),
            |address| {
                let start = image_start().unwrap_or(0);
                format!("{:#x}", address.wrapping_sub(start))
            },
        )
    }

    /// Whether it sleeps in the kernel.
    pub fn is_asleep(&self) -> Result<bool> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id))?;
        let after_name = stat.rsplit(')').next().context("a line without a name")?;
        Ok(after_name.trim_start().starts_with('S'))
    }

    /// SIGSTOP. Returns when it stands still, and it does so from then on.
    pub fn stop(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.stopped, true) {
            return Ok(());
        }
        // SAFETY: our own child, not yet waited for, so the id is its own.
        unsafe { libc::kill(self.id, libc::SIGSTOP) };
        self.wait_for_stop().map(drop)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.id as u32
    }

    /// SIGKILL. Returns when it is gone, and with it its locks.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if !self.gone {
            self.gone = true;
            // SAFETY: our own child, not yet waited for, so the id is its own; a null status is not written to.
            unsafe {
                libc::kill(self.id, libc::SIGKILL);
                libc::waitpid(self.id, std::ptr::null_mut(), 0);
            }
        }
    }

    /// Waits until it stops. Returns the signal that stopped it.
    fn wait_for_stop(&mut self) -> Result<i32> {
        let mut status = 0;
        // SAFETY: our own child; the status is ours to be written to.
        let waited = unsafe { libc::waitpid(self.id, &raw mut status, libc::WUNTRACED) };
        ensure!(waited == self.id, "waitpid: {}", io::Error::last_os_error());
        if !libc::WIFSTOPPED(status) {
            self.gone = true;
            bail!("the stepped process ended by itself (status {status:#x})");
        }
        Ok(libc::WSTOPSIG(status))
    }
}

impl Drop for Forked {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(target_arch = "x86_64")]
fn instruction_pointer(id: libc::pid_t) -> Option<u64> {
    let at = std::mem::offset_of!(libc::user, regs) + std::mem::offset_of!(libc::user_regs_struct, rip);
    // SAFETY: our own child, which stands still; reads one of its registers.
    let word = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, id, at, 0) };
    (word != -1).then_some(word as u64)
}

#[cfg(not(target_arch = "x86_64"))]
fn instruction_pointer(_: libc::pid_t) -> Option<u64> {
    None
}

/// Where this program's image starts in memory: the same in its forked children.
fn image_start() -> Option<u64> {
    let maps = std::fs::read_to_string("/proc/self/maps").ok()?;
    u64::from_str_radix(maps.split('-').next()?, 16).ok()
}
