//! A traced process that stops at each of its system calls, any of which can be made to fail.
//!
//! ```text
//! … ── entry ─┬─ execute ── the kernel does it ─────────┬─ exit ── …
//!             └─ fail ───── the kernel does nothing ────┘  the result is replaced
//! ```

use super::forked::Forked;
use anyhow::{Result, bail, ensure};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Which call, with what.
#[derive(Debug, Clone, Copy)]
pub struct SystemCall {
    pub number: i64,
    pub arguments: [u64; 6],
}

/// Where a process came to that was let go on.
#[derive(Debug, Clone, Copy)]
pub enum Event {
    /// It is about to make this call.
    Call(SystemCall),
    /// It stands at a mark.
    Mark,
    /// Its own alarm went off.
    Alarm,
    Ended(End),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
}

/// What a stop for a system call looks like, with `PTRACE_O_TRACESYSGOOD`.
const AT_A_CALL: i32 = libc::SIGTRAP | 0x80;

impl Forked {
    /// Lets it go on to its next system call, or mark.
    pub fn next_call(&mut self) -> Result<Event> {
        let mut signal = 0;
        loop {
            self.resume(libc::PTRACE_SYSCALL, signal)?;
            match self.wait_for_any()? {
                Ok(AT_A_CALL) => return self.call().map(Event::Call),
                Ok(libc::SIGSTOP) => return Ok(Event::Mark),
                Ok(libc::SIGALRM) => return Ok(Event::Alarm),
                Ok(other) => signal = other,
                Err(end) => return Ok(Event::Ended(end)),
            }
        }
    }

    /// Lets the kernel do the call at which it stands. Returns how it ended, if it did.
    pub fn execute(&mut self) -> Result<Option<End>> {
        self.resume(libc::PTRACE_SYSCALL, 0)?;
        match self.wait_for_any()? {
            Ok(AT_A_CALL) => Ok(None),
            Ok(other) => bail!("signal {other} instead of a system call's end"),
            Err(end) => Ok(Some(end)),
        }
    }

    /// Makes the call at which it stands return this error. `done`: after the kernel has done it, as for a `close`, whose
    /// descriptor is gone whatever it returns.
    pub fn fail(&mut self, errno: i32, done: bool) -> Result<Option<End>> {
        if !done {
            // No call has this number.
            self.set_register(registers::CALL, u64::MAX)?;
        }
        let ended = self.execute()?;
        if ended.is_none() {
            self.set_register(registers::RESULT, -i64::from(errno) as u64)?;
        }
        Ok(ended)
    }

    /// No longer traces it, and waits for its end.
    pub fn let_go(&mut self) -> Result<End> {
        self.resume(libc::PTRACE_DETACH, 0)?;
        self.wait_for_end()
    }

    /// Waits for its end. It is not traced.
    pub fn wait_for_end(&mut self) -> Result<End> {
        match self.wait_for_any()? {
            Ok(signal) => bail!("stopped by signal {signal}, instead of ending"),
            Err(end) => Ok(end),
        }
    }

    /// The zero-terminated string at this address of its memory, as far as it can be read.
    pub fn string_at(&self, address: u64) -> Result<String> {
        let mut bytes = [0; 256];
        let read = File::open(format!("/proc/{}/mem", self.id))?.read_at(&mut bytes, address)?;
        let length = bytes[..read].iter().position(|&byte| byte == 0).unwrap_or(read);
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    /// Whether one of its descriptors is open on a folder.
    pub fn is_folder(&self, descriptor: u64) -> bool {
        std::fs::metadata(format!("/proc/{}/fd/{descriptor}", self.id)).is_ok_and(|at| at.is_dir())
    }

    /// Waits until it stops, with which signal, or ends.
    fn wait_for_any(&mut self) -> Result<Result<i32, End>> {
        let mut status = 0;
        // SAFETY: our own child; the status is ours to be written to.
        let waited = unsafe { libc::waitpid(self.id, &raw mut status, libc::WUNTRACED) };
        ensure!(waited == self.id, "waitpid: {}", io::Error::last_os_error());
        if libc::WIFSTOPPED(status) {
            return Ok(Ok(libc::WSTOPSIG(status)));
        }
        self.gone = true;
        Ok(Err(if libc::WIFSIGNALED(status) {
            End::Signal(libc::WTERMSIG(status))
        } else {
            End::Exit(libc::WEXITSTATUS(status))
        }))
    }

    fn call(&self) -> Result<SystemCall> {
        let number = self.register(registers::CALL)? as i64;
        let mut arguments = [0; 6];
        for (argument, at) in arguments.iter_mut().zip(registers::ARGUMENTS) {
            *argument = self.register(at)?;
        }
        Ok(SystemCall { number, arguments })
    }

    fn register(&self, at: usize) -> Result<u64> {
        // SAFETY: clears this thread's error number, which tells a failure from a register that is -1.
        unsafe { *libc::__errno_location() = 0 };
        // SAFETY: our own child, which stands still; reads one of its registers.
        let word = unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, self.id, at, 0) };
        let error = io::Error::last_os_error();
        ensure!(word != -1 || error.raw_os_error() == Some(0), "PTRACE_PEEKUSER: {error}");
        Ok(word as u64)
    }

    fn set_register(&mut self, at: usize, value: u64) -> Result<()> {
        // SAFETY: our own child, which stands still; writes one of its registers.
        let asked = unsafe { libc::ptrace(libc::PTRACE_POKEUSER, self.id, at, value) };
        ensure!(asked == 0, "PTRACE_POKEUSER: {}", io::Error::last_os_error());
        Ok(())
    }
}

/// Where a system call's number, arguments and result are.
#[cfg(target_arch = "x86_64")]
mod registers {
    use std::mem::offset_of;

    const fn at(register: usize) -> usize {
        offset_of!(libc::user, regs) + register
    }

    pub const CALL: usize = at(offset_of!(libc::user_regs_struct, orig_rax));
    pub const RESULT: usize = at(offset_of!(libc::user_regs_struct, rax));
    pub const ARGUMENTS: [usize; 6] = [
        at(offset_of!(libc::user_regs_struct, rdi)),
        at(offset_of!(libc::user_regs_struct, rsi)),
        at(offset_of!(libc::user_regs_struct, rdx)),
        at(offset_of!(libc::user_regs_struct, r10)),
        at(offset_of!(libc::user_regs_struct, r8)),
        at(offset_of!(libc::user_regs_struct, r9)),
    ];
}

/// Nowhere that `PTRACE_PEEKUSER` reaches: the first call says so.
#[cfg(not(target_arch = "x86_64"))]
mod registers {
    pub const CALL: usize = usize::MAX;
    pub const RESULT: usize = usize::MAX;
    pub const ARGUMENTS: [usize; 6] = [usize::MAX; 6];
}
