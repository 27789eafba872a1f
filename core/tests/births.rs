//! Processes that make others, in every way and at awkward moments: nobody hangs, and a child keeps no seat.
//!
//! A child that hangs is ended by its alarm, and the test fails.

mod support;

use memlane::mpmc;
use memlane::spsc::{self, Options};
use std::ffi::CString;
use std::fs::File;
use std::ops::Range;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::thread::JoinHandleExt;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::OnceLock;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU32};
use support::child::{self, Child, alone, fork, join};
use support::halts::at_each_system_call;
use support::{Scratch, lock_file};

/// Longer than any step of a child takes, in seconds.
const ALARM: u32 = 60;

#[test]
fn child_part() {
    child::play(&[("forks while it is first used", forks_while_it_is_first_used)]);
}

/// A child hangs no longer than this.
fn set_alarm() {
    // SAFETY: alarm takes an integer. Its signal ends the process.
    unsafe { libc::alarm(ALARM) };
}

/// A child by the bare system call, of which no library hears.
fn bare_clone(body: impl FnOnce()) -> i32 {
    // SAFETY: a clone without shared memory and with a copy of this stack is a fork that runs no handlers.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    if child == 0 {
        set_alarm();
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        // SAFETY: ends the child, and runs nothing of the parent's.
        unsafe { libc::_exit(if outcome.is_ok() { 0 } else { 101 }) };
    }
    assert!(child > 0, "clone: {}", std::io::Error::last_os_error());
    child as i32
}

/// Opens a channel anew, and sends and receives in it.
fn use_channel(name: &str) {
    let channel = mpmc::open(name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"x").unwrap();
    receiver.recv().unwrap().ack().unwrap();
}

fn queue(scratch: &Scratch) -> String {
    let name = scratch.name("jobs");
    mpmc::Options::new().slots(1024).max_message(16).create(&name).unwrap();
    name
}

/// Whether nobody holds a lock where lives are, by the kernel.
fn nobody_lives(channel: &str) -> bool {
    let file = File::options().read(true).write(true).open(lock_file(channel)).unwrap();
    // SAFETY: an all-zero flock is a valid one: from byte 0 to the end.
    let mut lock: libc::flock = unsafe { std::mem::zeroed() };
    lock.l_type = libc::F_WRLCK as _;
    // SAFETY: fcntl reads and writes one flock of ours.
    assert_eq!(unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_GETLK, &mut lock) }, 0);
    i32::from(lock.l_type) == libc::F_UNLCK
}

/// How many signals were handled, and in how many of the handlers `fork` itself could be called.
static HANDLED: AtomicU32 = AtomicU32::new(0);
static FORKED: AtomicU32 = AtomicU32::new(0);

/// Where this program's own instructions stand.
static OWN_CODE: OnceLock<Range<usize>> = OnceLock::new();

fn own_code() -> Range<usize> {
    let here = own_code as *const () as usize;
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mut ranges = maps.lines().map(|line| {
        let (start, end) = line.split(' ').next().unwrap().split_once('-').unwrap();
        usize::from_str_radix(start, 16).unwrap()..usize::from_str_radix(end, 16).unwrap()
    });
    ranges.find(|range| range.contains(&here)).unwrap()
}

/// The instruction that a signal interrupted.
///
/// # Safety
/// The context is the one that a handler got.
unsafe fn interrupted(context: *mut libc::c_void) -> usize {
    // SAFETY: the caller's promise.
    let machine = unsafe { &(*context.cast::<libc::ucontext_t>()).uc_mcontext };
    #[cfg(target_arch = "x86_64")]
    let instruction = machine.gregs[libc::REG_RIP as usize];
    #[cfg(target_arch = "aarch64")]
    let instruction = machine.pc;
    instruction as usize
}

/// Makes a child in a signal handler, and waits for it.
extern "C" fn fork_in_handler(_: i32, _: *mut libc::siginfo_t, context: *mut libc::c_void) {
    unsafe extern "C" {
        /// `fork` without the C library's own locks, which a handler may have interrupted, and without fork handlers.
        fn _Fork() -> libc::pid_t;
    }
    // SAFETY: both calls may be made in a handler, `fork` where none of the C library's functions is interrupted: between two
    // instructions of the program's own. The child ends at once. `errno` is put back.
    unsafe {
        let errno = *libc::__errno_location();
        let outside_the_library = OWN_CODE.get().is_some_and(|code| code.contains(&interrupted(context)));
        let child = if outside_the_library { libc::fork() } else { _Fork() };
        if child == 0 {
            libc::_exit(0);
        }
        libc::waitpid(child, null_mut(), 0);
        *libc::__errno_location() = errno;
        FORKED.fetch_add(u32::from(outside_the_library), Relaxed);
    }
    HANDLED.fetch_add(1, Relaxed);
}

#[test]
fn a_fork_in_a_signal_handler_hangs_nobody_while_threads_join_and_leave() {
    alone("a_fork_in_a_signal_handler_hangs_nobody_while_threads_join_and_leave", || {
        let scratch = Scratch::new();
        let name = queue(&scratch);
        OWN_CODE.set(own_code()).unwrap();
        // SAFETY: a zeroed sigaction with a handler is a valid one.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = fork_in_handler as *const () as usize;
            action.sa_flags = libc::SA_RESTART | libc::SA_SIGINFO;
            assert_eq!(libc::sigaction(libc::SIGUSR1, &action, null_mut()), 0);
        }
        static IS_OVER: AtomicBool = AtomicBool::new(false);
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let name = name.clone();
                std::thread::spawn(move || {
                    let mut joins = 0;
                    while !IS_OVER.load(Relaxed) {
                        use_channel(&name);
                        joins += 1;
                    }
                    joins
                })
            })
            .collect();
        for sent in 0..1000 {
            let thread = threads[sent % threads.len()].as_pthread_t();
            // SAFETY: the thread has not been joined.
            assert_eq!(unsafe { libc::pthread_kill(thread, libc::SIGUSR1) }, 0);
            // Two signals to a thread that has not taken the first one are one.
            while (HANDLED.load(Relaxed) as usize) < sent {
                std::thread::yield_now();
            }
        }
        IS_OVER.store(true, Relaxed);
        for thread in threads {
            assert!(thread.join().unwrap() > 0);
        }
        assert!(FORKED.load(Relaxed) > 0, "some interrupted the engine");
        assert!(nobody_lives(&name));
    });
}

#[test]
fn a_child_of_a_bare_clone_opens_and_uses_a_channel() {
    alone("a_child_of_a_bare_clone_opens_and_uses_a_channel", || {
        let scratch = Scratch::new();
        let name = queue(&scratch);
        let here = mpmc::open(&name).unwrap();
        let _seat = here.sender().unwrap();
        for _ in 0..50 {
            join(bare_clone(|| {
                assert!(matches!(here.sender(), Err(memlane::JoinError::Forked { .. })));
                use_channel(&name);
            }));
        }
    });
}

/// A process that uses the engine for the first time, on a thread that stands still at each of the engine's system calls while
/// a child is made.
fn forks_while_it_is_first_used(arguments: &[String]) {
    let name = &arguments[0];
    let fork_one = || {
        join(fork(|| {
            set_alarm();
            use_channel(name);
        }))
    };
    match at_each_system_call(|| use_channel(name), fork_one) {
        Ok(children) => child::tell(children),
        Err(error) => child::skip(format_args!("no filter that asks: {error}")),
    }
}

#[test]
fn a_child_that_is_forked_while_a_thread_uses_the_engine_first_does_not_wait_for_it() {
    let scratch = Scratch::new();
    let name = queue(&scratch);
    let mut child = Child::start("forks while it is first used", &[&name]);
    let said = child.line();
    let children = said.parse::<usize>();
    assert!(said.starts_with("skipped: ") || children.is_ok_and(|children| children > 20), "{said}");
    child.finish();
}

static USED_BY_HANDLERS: OnceLock<String> = OnceLock::new();

extern "C" fn use_in_handler() {
    use_channel(USED_BY_HANDLERS.get().expect("set before it is registered"));
}

#[test]
fn a_fork_handler_of_the_program_may_call_the_engine() {
    alone("a_fork_handler_of_the_program_may_call_the_engine", || {
        let scratch = Scratch::new();
        let name = queue(&scratch);
        USED_BY_HANDLERS.set(name.clone()).unwrap();
        // Before the engine's first use, and so before any handler that it might register.
        for _ in 0..2 {
            // SAFETY: the handlers are functions of this program.
            let registered =
                unsafe { libc::pthread_atfork(Some(use_in_handler), Some(use_in_handler), Some(use_in_handler)) };
            assert_eq!(registered, 0);
            let is_over = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !is_over.load(Relaxed) {
                        use_channel(&name);
                    }
                });
                for _ in 0..20 {
                    join(fork(|| {
                        set_alarm();
                        use_channel(&name);
                    }));
                }
                is_over.store(true, Relaxed);
            });
        }
        assert!(nobody_lives(&name));
    });
}

/// A program that is started by `posix_spawn`, and whose child has to open two FIFOs before it executes it: the first tells that
/// it is there, the second lets it go on.
fn spawn_slowly(there: &Path, gate: &Path) {
    let [there, gate] = [there, gate].map(|path| CString::new(path.to_str().unwrap()).unwrap());
    let arguments = [c"true".as_ptr().cast_mut(), null_mut()];
    let environment = [null_mut()];
    let mut child = 0;
    // SAFETY: all strings end with a zero and live longer than the calls; the actions are made, used and destroyed here.
    let spawned = unsafe {
        let mut actions = std::mem::zeroed();
        libc::posix_spawn_file_actions_init(&mut actions);
        let without_waiting = libc::O_RDONLY | libc::O_NONBLOCK;
        libc::posix_spawn_file_actions_addopen(&mut actions, 100, there.as_ptr(), without_waiting, 0);
        libc::posix_spawn_file_actions_addopen(&mut actions, 101, gate.as_ptr(), libc::O_RDONLY, 0);
        let program = c"/bin/true".as_ptr();
        let spawned = libc::posix_spawn(
            &mut child,
            program,
            &actions,
            std::ptr::null(),
            arguments.as_ptr(),
            environment.as_ptr(),
        );
        libc::posix_spawn_file_actions_destroy(&mut actions);
        spawned
    };
    assert_eq!(spawned, 0);
    join(child);
}

#[test]
fn a_spawned_child_that_is_slow_before_it_executes_its_program_keeps_no_seat() {
    alone("a_spawned_child_that_is_slow_before_it_executes_its_program_keeps_no_seat", || {
        let scratch = Scratch::new();
        let name = queue(&scratch);
        let [there, gate] = ["there", "gate"].map(|file| scratch.join(file));
        for fifo in [&there, &gate] {
            rustix::fs::mkfifoat(rustix::fs::CWD, fifo, 0o600.into()).unwrap();
        }
        let has_reader = |fifo: &Path| File::options().write(true).custom_flags(libc::O_NONBLOCK).open(fifo).is_ok();
        // Each has a block of lives of its own, and locks it anew at each join.
        let channels = [(); 3].map(|()| mpmc::open(&name).unwrap());
        for trial in 0..200 {
            let is_there = AtomicBool::new(false);
            std::thread::scope(|scope| {
                let join_and_leave = |channel: &mpmc::Channel| {
                    while !is_there.load(Relaxed) {
                        drop(channel.sender().unwrap());
                    }
                };
                let joiners = channels.each_ref().map(|channel| scope.spawn(move || join_and_leave(channel)));
                scope.spawn(|| spawn_slowly(&there, &gate));
                // The child is born at any moment of this.
                while !has_reader(&there) {
                    std::thread::yield_now();
                }
                is_there.store(true, Relaxed);
                for joiner in joiners {
                    joiner.join().unwrap();
                }
                let is_kept = !nobody_lives(&name);
                File::options().write(true).open(&gate).unwrap();
                assert!(!is_kept, "in trial {trial}, a child keeps what was left");
            });
        }
        // With one seat: what was left can be taken at once.
        let name = scratch.name("prices");
        let channel = Options::new().capacity(4096).create(&name).unwrap();
        let elsewhere = spsc::open(&name).unwrap();
        for trial in 0..200 {
            std::thread::scope(|scope| {
                scope.spawn(|| spawn_slowly(&there, &gate));
                while !has_reader(&there) {
                    drop(channel.sender().unwrap_or_else(|error| panic!("in trial {trial}: {error}")));
                }
                let seat = elsewhere.sender().map(drop);
                File::options().write(true).open(&gate).unwrap();
                seat.unwrap_or_else(|error| panic!("in trial {trial}: {error}"));
            });
        }
    });
}
