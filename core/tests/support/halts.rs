//! A thread that stands still at each of the engine's system calls, while something else happens: by a filter of its system
//! calls, which asks another thread about each.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::mpsc;

/// Between two looks whether the thread has ended, in milliseconds.
const BETWEEN: i32 = 10;

/// Runs `body` on a thread, and `meanwhile` whenever that thread, or one that it started, is about to make a system call from
/// the program's own code. Not from the C library's, whose locks it may hold then. Returns how often that was.
///
/// # Errors
/// The kernel or a sandbox has no such filters.
pub fn at_each_system_call(body: impl FnOnce() + Send, mut meanwhile: impl FnMut()) -> io::Result<usize> {
    std::thread::scope(|scope| {
        let (send, listener) = mpsc::channel();
        let thread = scope.spawn(move || {
            let listener = halt_at_own_calls();
            let is_filtered = listener.is_ok();
            send.send(listener).unwrap();
            if is_filtered {
                body();
            }
        });
        let listener = listener.recv().unwrap()?;
        let mut halts = 0;
        loop {
            let mut waiting = libc::pollfd { fd: listener.as_raw_fd(), events: libc::POLLIN, revents: 0 };
            // SAFETY: poll writes to the one entry.
            unsafe { libc::poll(&mut waiting, 1, BETWEEN) };
            if waiting.revents & libc::POLLIN != 0 {
                let halted = receive(&listener)?;
                meanwhile();
                go_on(&listener, halted)?;
                halts += 1;
            } else if thread.is_finished() {
                return Ok(halts);
            }
        }
    })
}

/// Has this thread, and those that it starts, ask before each system call of the program's own code. Returns where they ask.
fn halt_at_own_calls() -> io::Result<OwnedFd> {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let upper_half = if cfg!(target_endian = "little") { 4 } else { 0 };
    let caller = std::mem::offset_of!(libc::seccomp_data, instruction_pointer) + upper_half;
    // A program and its libraries stand far apart.
    let own = (halt_at_own_calls as *const () as u64 >> 32) as u32;
    let filter = [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, caller as u32),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, own),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_USER_NOTIF),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the program is valid for the duration of the calls, which copy it; what is returned is a fresh descriptor.
    unsafe {
        if libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
        let (mode, flags) = (libc::SECCOMP_SET_MODE_FILTER, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER);
        match libc::syscall(libc::SYS_seccomp, mode, flags, &program) {
            -1 => Err(io::Error::last_os_error()),
            listener => Ok(OwnedFd::from_raw_fd(listener as i32)),
        }
    }
}

/// Takes the question of a thread that stands still. Returns its number.
fn receive(listener: &OwnedFd) -> io::Result<u64> {
    // SAFETY: a question of zeros is what the kernel wants, and it writes one.
    unsafe {
        let mut question: libc::seccomp_notif = std::mem::zeroed();
        match libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &mut question) {
            0 => Ok(question.id),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Lets it make its call.
fn go_on(listener: &OwnedFd, id: u64) -> io::Result<()> {
    let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
    let mut answer = libc::seccomp_notif_resp { id, val: 0, error: 0, flags };
    // SAFETY: the kernel reads one answer.
    match unsafe { libc::ioctl(listener.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &mut answer) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
