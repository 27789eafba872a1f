//! Standard input and output as the command finds them: closed, or open but not ready.
//!
//! - Rust's runtime opens `/dev/null` in place of a standard descriptor that is closed, before `main`. Whatever is written
//!   there is gone, and whatever is read from there has ended: `memlane recv >&-` would take messages and lose them. So the
//!   descriptors are looked at before the runtime starts.
//! - A descriptor may be set not to block, by whatever program it is shared with. These streams wait until it is ready.

use crate::failure::{Failure, Outcome};
use rustix::event::{PollFd, PollFlags, poll};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

static INPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);
static OUTPUT_WAS_CLOSED: AtomicBool = AtomicBool::new(false);

/// The C library calls what stands in this section once it is ready itself, and before `main`.
// SAFETY: the section holds pointers to functions of the C calling convention, and this is one. It is called when the C library
// is ready and Rust's runtime is not: it asks for the flags of two descriptors and stores to two atomics, which needs no runtime.
#[allow(unsafe_code, reason = "what stands in a section of the linker's is unsafe, and everything else here is not")]
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_THE_RUNTIME: extern "C" fn() = {
    extern "C" fn look() {
        let is_closed = |descriptor: BorrowedFd<'_>| rustix::io::fcntl_getfd(descriptor).is_err();
        INPUT_WAS_CLOSED.store(is_closed(rustix::stdio::stdin()), Relaxed);
        OUTPUT_WAS_CLOSED.store(is_closed(rustix::stdio::stdout()), Relaxed);
    }
    look
};

/// Standard input, without a buffer.
#[derive(Debug)]
pub struct Input(File);

/// Standard output, without a buffer. Unlike the standard library's, it reports every failure, `EBADF` too.
#[derive(Debug)]
pub struct Output(File);

impl Input {
    /// # Errors
    /// It was closed when the command started.
    pub fn standard() -> Outcome<Self> {
        let closed = || Failure::failed("standard input is closed; open it, or use </dev/null to send nothing");
        let input = duplicate(io::stdin().as_fd(), &INPUT_WAS_CLOSED).map_err(|_| closed())?;
        Ok(Self(input))
    }

    /// What it reads from.
    pub fn file(&self) -> &File {
        &self.0
    }
}

impl Output {
    /// # Errors
    /// It was closed when the command started.
    pub fn standard() -> Outcome<Self> {
        let closed = || Failure::failed("standard output is closed; open it, or use >/dev/null to drop what comes");
        let output = duplicate(io::stdout().as_fd(), &OUTPUT_WAS_CLOSED).map_err(|_| closed())?;
        Ok(Self(output))
    }
}

fn duplicate(descriptor: BorrowedFd<'_>, was_closed: &AtomicBool) -> io::Result<File> {
    if was_closed.load(Relaxed) {
        return Err(rustix::io::Errno::BADF.into());
    }
    Ok(descriptor.try_clone_to_owned()?.into())
}

/// Makes the call again, once the descriptor is ready, for as long as it is not.
fn when_ready<T>(file: &File, ready: PollFlags, mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                match poll(&mut [PollFd::new(file, ready)], None) {
                    Ok(_) | Err(rustix::io::Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            other => return other,
        }
    }
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self).read(buffer)
    }
}

impl Read for &Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        when_ready(&self.0, PollFlags::IN, || (&self.0).read(buffer))
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        when_ready(&self.0, PollFlags::OUT, || (&self.0).write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
