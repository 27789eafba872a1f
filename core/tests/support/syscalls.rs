//! Counting what a piece of work asks the kernel for.

use super::child::fork;

/// What a piece of work costs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// System calls.
    pub calls: u64,
    /// Bytes of names that were read from folders.
    pub folder_bytes: u64,
}

/// What `work` costs, in a forked child that is traced.
pub fn cost(work: impl FnOnce()) -> Cost {
    let child = fork(|| {
        // SAFETY: asks to be traced by the parent, and stops until that goes on.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
            libc::raise(libc::SIGSTOP);
        }
        work();
    });
    assert!(libc::WIFSTOPPED(wait(child)), "the child stands");
    // SAFETY: the child is ours, traced, and stands.
    unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, child, 0, libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL) };
    let mut cost = Cost::default();
    let mut called = 0;
    loop {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SYSCALL, child, 0, 0) }, 0);
        let status = wait(child);
        if !libc::WIFSTOPPED(status) {
            assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child failed: {status:#x}");
            return cost;
        }
        if libc::WSTOPSIG(status) == libc::SIGTRAP | 0x80 {
            // SAFETY: an all-zero structure is valid; the kernel fills it in, and `op` says which part of the union.
            let (op, number, returned) = unsafe {
                let mut info: libc::ptrace_syscall_info = std::mem::zeroed();
                libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, child, size_of_val(&info), &mut info);
                (info.op, info.u.entry.nr, info.u.exit.sval)
            };
            if op == libc::PTRACE_SYSCALL_INFO_ENTRY {
                called = number as libc::c_long;
                cost.calls += 1;
            } else if op == libc::PTRACE_SYSCALL_INFO_EXIT && called == libc::SYS_getdents64 {
                cost.folder_bytes += u64::try_from(returned).unwrap_or(0);
            }
        }
    }
}

fn wait(child: i32) -> i32 {
    let mut status = 0;
    // SAFETY: waits for our own child.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    status
}
