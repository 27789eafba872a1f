//! Namespaces and limits of a process of its own: for tests that run `child::alone`.

use super::child;
use std::ffi::CString;
use std::path::Path;

/// Gives this thread mounts of its own, which nobody else sees and which go with the process. Where that is not allowed,
/// says so and returns false: the test ends then.
#[must_use]
pub fn private_mounts() -> bool {
    // SAFETY: unsharing the mount table concerns this thread's view of the filesystem, nothing in memory.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        child::skip(format_args!("no mount namespace: {}", std::io::Error::last_os_error()));
        return false;
    }
    mount_raw("none", "/", "none", libc::MS_REC | libc::MS_PRIVATE, "").expect("private propagation");
    true
}

/// Mounts a filesystem of this kind.
pub fn mount(kind: &str, target: &Path, options: &str) -> std::io::Result<()> {
    mount_raw(kind, target.to_str().unwrap(), kind, 0, options)
}

/// From now on, nobody can write to the filesystem that is mounted here.
pub fn remount_read_only(target: &Path) -> std::io::Result<()> {
    mount_raw("none", target.to_str().unwrap(), "none", libc::MS_REMOUNT | libc::MS_RDONLY, "")
}

fn mount_raw(source: &str, target: &str, kind: &str, flags: libc::c_ulong, options: &str) -> std::io::Result<()> {
    let [source, target, kind, options] = [source, target, kind, options].map(|text| CString::new(text).unwrap());
    // SAFETY: four zero-terminated strings that outlive the call.
    let mounted =
        unsafe { libc::mount(source.as_ptr(), target.as_ptr(), kind.as_ptr(), flags, options.as_ptr().cast()) };
    if mounted == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}

/// Limits a resource of this process.
pub fn limit(resource: rustix::process::Resource, to: u64) {
    let limits = rustix::process::Rlimit { current: Some(to), maximum: None };
    let maximum = rustix::process::getrlimit(resource).maximum;
    rustix::process::setrlimit(resource, rustix::process::Rlimit { maximum, ..limits }).expect("a lower limit");
}

/// Bytes of address space that this process uses.
pub fn address_space() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    pages * rustix::param::page_size() as u64
}

/// Makes the kernel refuse one system call to this process with EPERM, for good.
pub fn refuse_system_call(number: libc::c_long) {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let number = u32::try_from(number).unwrap();
    let filter = [
        // Load the system call's number; if it is this one, EPERM, else allow.
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, 0),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, number),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install(&filter);
}

/// Refuses this system call with this error.
pub fn refuse_call(call: libc::c_long, error: i32) {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let filter = [
        instruction(
            libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
            0,
            0,
            std::mem::offset_of!(libc::seccomp_data, nr) as u32,
        ),
        instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, 1, u32::try_from(call).unwrap()),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | error as u32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install(&filter);
}

fn install(filter: &[libc::sock_filter]) {
    let program = libc::sock_fprog { len: filter.len() as u16, filter: filter.as_ptr().cast_mut() };
    // SAFETY: the program is valid for the duration of the calls, which copy it.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_eq!(libc::prctl(libc::PR_SET_SECCOMP, libc::SECCOMP_MODE_FILTER, &program), 0, "seccomp");
    }
}

/// Refuses these two commands of `membarrier`, with `EPERM`, and no others.
pub fn refuse_membarrier([one, other]: [u32; 2]) {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: usize| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset as u32);
    let equals = |value: u32, jt, jf| instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, value);
    let filter = [
        load(std::mem::offset_of!(libc::seccomp_data, nr)),
        equals(u32::try_from(libc::SYS_membarrier).unwrap(), 0, 4),
        // The lower half of the first argument: the command.
        load(std::mem::offset_of!(libc::seccomp_data, args)),
        equals(one, 1, 0),
        equals(other, 0, 1),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EPERM as u32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install(&filter);
}

/// Makes the kernel know no open-file-description locks, as one before Linux 3.15: `EINVAL`.
pub fn refuse_locks() {
    let instruction = |code: u32, jt: u8, jf: u8, k: u32| libc::sock_filter { code: code as u16, jt, jf, k };
    let load = |offset: usize| instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, offset as u32);
    let equals =
        |value: libc::c_long, jt, jf| instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, jt, jf, value as u32);
    let filter = [
        load(std::mem::offset_of!(libc::seccomp_data, nr)),
        equals(libc::SYS_fcntl, 0, 4),
        // The lower half of the second argument: the command.
        load(std::mem::offset_of!(libc::seccomp_data, args) + 8),
        equals(libc::F_OFD_SETLK.into(), 1, 0),
        equals(libc::F_OFD_GETLK.into(), 0, 1),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | libc::EINVAL as u32),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW),
    ];
    install(&filter);
}

/// Becomes another user for good, in one group and no others.
pub fn become_user(user: u32, group: u32) {
    // SAFETY: these take integers, and an empty list.
    unsafe {
        assert_eq!(libc::setgroups(0, std::ptr::null()), 0);
        assert_eq!(libc::setresgid(group, group, group), 0);
        assert_eq!(libc::setresuid(user, user, user), 0);
    }
}

/// Gives bytes of a file back to its filesystem: they read as zeros, and are backed by nothing.
pub fn punch(file: &std::fs::File, at: u64, length: u64) {
    use rustix::fs::FallocateFlags;
    rustix::fs::fallocate(file, FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE, at, length).expect("a hole");
}

/// Fills the filesystem of this folder up.
pub fn fill(folder: &Path) {
    use std::io::Write;
    let mut file = std::fs::File::options().create(true).append(true).open(folder.join("filling")).unwrap();
    for size in [4096, 1] {
        while file.write_all(&vec![0x55; size]).is_ok() {}
    }
}

/// The same with what no filesystem can compress, written to the disk itself.
pub fn fill_incompressibly(folder: &Path) {
    use std::io::{Read, Write};
    let mut noise = vec![0; 64 << 10];
    std::fs::File::open("/dev/urandom").unwrap().read_exact(&mut noise).unwrap();
    let mut file = std::fs::File::options().create(true).append(true).open(folder.join("filling")).unwrap();
    for size in [noise.len(), 4096] {
        while file.write_all(&noise[..size]).is_ok() {}
        // What is not written yet may need less room than it was promised.
        let _ = file.sync_all();
        while file.write_all(&noise[..size]).is_ok() {}
    }
}

/// No core file for what this process is killed by.
pub fn no_core() {
    limit(rustix::process::Resource::Core, 0);
}
