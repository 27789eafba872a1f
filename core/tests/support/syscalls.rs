//! Counting the system calls of a piece of work.

use super::child::fork;

/// How many system calls `work` makes, in a forked child that is traced.
pub fn count(work: impl FnOnce()) -> u64 {
    let child = fork(|| {
        // SAFETY: asks to be traced by the parent, and stops until that goes on.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
        }
        work();
    });
    let mut status = 0;
    let mut stops = 0;
    let mut wait = || {
        // SAFETY: waits for our own child.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        status
    };
    assert!(libc::WIFSTOPPED(wait()), "the child stands");
    // SAFETY: the child is ours, traced, and stands.
    unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, child, 0, libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL) };
    loop {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, child, 0, 0) }, 0);
        let status = wait();
        if !libc::WIFSTOPPED(status) {
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child failed: {status:#x}");
            return stops / 2;
        }
        stops += u64::from(libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80);
    }
}
