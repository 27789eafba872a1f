//! Threads that C code cancels (`pthread_cancel`), and threads whose signals are handled. No call of the engine is a
//! cancellation point: one that were would end the process, because the C library cannot unwind frames of Rust. And no wait
//! ends because a handler ran. What C programs see of both is in `ffi/tests/interruptions.c`.

mod support;

use memlane::{Backend, RecvTimeoutError, Strategy, TrustPeers, mpmc, spsc};
use std::ffi::c_int;
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use support::child::{self, Child, alone};
use support::{Scratch, eventually};

/// Longer than a slice of a wait, behind which a waiting call looks at files and locks.
const LONG: Duration = Duration::from_millis(110);

unsafe extern "C" {
    // The `libc` crate does not have it for every C library.
    fn pthread_setcancelstate(state: c_int, before: *mut c_int) -> c_int;
}

const ENABLE: c_int = 0;
const DISABLE: c_int = 1;

fn set(state: c_int) {
    // SAFETY: changes this thread's state, and wants nothing told.
    assert_eq!(unsafe { pthread_setcancelstate(state, std::ptr::null_mut()) }, 0);
}

/// Runs `calls` in a thread that is cancelled already: its first cancellation point would be the end of the process.
fn cancelled(calls: impl FnOnce() + Send) {
    // What an assertion prints is written at a cancellation point.
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        set(DISABLE);
        print(panic);
    }));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            set(DISABLE);
            // SAFETY: the thread is this one; nothing comes of it while that is disabled.
            assert_eq!(unsafe { libc::pthread_cancel(libc::pthread_self()) }, 0);
            set(ENABLE);
            calls();
            // The standard library ends the thread.
            set(DISABLE);
        });
    });
}

#[test]
fn child_part() {
    child::play(&[("hold", |arguments| {
        let mut receiver = mpmc::open(&arguments[0]).unwrap().receiver().unwrap();
        let message = receiver.recv().unwrap();
        child::tell("held");
        child::stay();
        drop(message);
    })]);
}

#[test]
fn a_cancelled_thread_comes_out_of_every_call() {
    alone("a_cancelled_thread_comes_out_of_every_call", || {
        let scratch = Scratch::new();
        let name = "prices";
        // SAFETY: no other thread of this process looks at its environment now.
        unsafe { std::env::set_var("MEMLANE_DIR", scratch.path()) };
        for backend in [Backend::Futex, Backend::Semaphore] {
            // SAFETY: only this test writes to the channel.
            let options = spsc::Options::new().backend(backend).trust_peers(unsafe { TrustPeers::promise() });
            cancelled(|| {
                let channel = options.create(name).unwrap();
                let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
                sender.send(b"one").unwrap();
                assert_eq!(receiver.recv().unwrap().to_vec(), b"one");
                assert_eq!(receiver.recv_timeout(LONG).unwrap_err(), RecvTimeoutError::Timeout);
                assert!(options.open(name).is_ok() && options.open_or_create(name).is_ok());
                assert_eq!(memlane::inspect(name).unwrap().participants.len(), 2);
                assert_eq!(memlane::list().unwrap(), [name]);
                assert!(channel.remove().is_err(), "it is in use");
                drop((sender, receiver));
                memlane::remove(name).unwrap();
            });
        }
        assert_eq!(scratch.files(), [""; 0]);
    });
}

#[test]
fn a_cancelled_thread_finds_the_dead() {
    alone("a_cancelled_thread_finds_the_dead", || {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = mpmc::Options::new().slots(4).create(&name).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send(b"job").unwrap();
        drop(receiver);
        let holder = Child::start("hold", &[&name]);
        holder.expect("held");
        receiver = channel.receiver().unwrap();
        drop(holder);
        cancelled(|| {
            let message = receiver.recv().unwrap();
            assert!(message.redelivered());
            message.ack().unwrap();
            drop((sender, receiver));
            channel.remove().unwrap();
        });
        assert_eq!(scratch.files(), [""; 0]);
    });
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handle(_: c_int) {
    HANDLED.fetch_add(1, Relaxed);
}

#[test]
fn a_handled_signal_ends_no_wait() {
    // SAFETY: zero is an action without flags: a system call that waits ends with EINTR.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as extern "C" fn(c_int) as usize;
    // SAFETY: the handler only counts.
    assert_eq!(unsafe { libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()) }, 0);
    for backend in [Backend::Futex, Backend::Semaphore] {
        let channel = spsc::Options::new().backend(backend).private().unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        receiver.set_strategy(Strategy::Park);
        let waiting = std::thread::spawn(move || receiver.recv_timeout(Duration::MAX).map(|message| message.to_vec()));
        HANDLED.store(0, Relaxed);
        for wanted in 1..=100 {
            // SAFETY: the thread has not been joined.
            assert_eq!(unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR1) }, 0);
            eventually("the handler runs", || HANDLED.load(Relaxed) == wanted);
        }
        assert!(!waiting.is_finished());
        sender.send(b"at last").unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), b"at last");
    }
}
