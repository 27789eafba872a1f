//! Calls that wait, and are ended from outside: by another thread, or by the handler of a signal. Nothing is lost by it.

mod support;

use memlane::{
    Backend, Interrupter, RecvError, RecvTimeoutError, SendError, SendTimeoutError, Strategy, TryRecvError,
    WaitForPeerError, broadcast, mpmc, mpsc, pipe, spsc, watch,
};
use std::ffi::c_int;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};
use support::{PATIENCE, Scratch, Watchdog, eventually};

const STRATEGIES: [Strategy; 4] = [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park];

/// Interrupts until the call has ended: at least once, wherever the call is at that moment.
fn ends<T: Send>(interrupter: &Interrupter, call: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let calling = scope.spawn(call);
        interrupter.interrupt();
        calling.join().unwrap()
    })
}

#[test]
fn an_interruption_ends_one_call_that_receives_and_takes_nothing() {
    let _watchdog = Watchdog::new();
    for backend in Backend::ALL.iter().copied() {
        for strategy in STRATEGIES {
            let channel = mpmc::Options::new().backend(backend).private().unwrap();
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            rx.set_strategy(strategy);
            let interrupter = rx.interrupter();
            assert_eq!(
                ends(&interrupter, || rx.recv().err()),
                Some(RecvError::Interrupted),
                "{backend:?} {strategy:?}"
            );
            let waited = ends(&interrupter, || rx.recv_timeout(PATIENCE).err());
            assert_eq!(waited, Some(RecvTimeoutError::Interrupted));
            assert_eq!(ends(&interrupter, || rx.recv_batch(9).err()), Some(RecvError::Interrupted));
            tx.send(b"kept").unwrap();
            assert_eq!(rx.recv().unwrap().to_vec(), b"kept");
        }
    }
}

#[test]
fn an_interruption_stays_until_a_call_would_wait() {
    let _watchdog = Watchdog::new();
    let channel = spsc::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"there").unwrap();
    let interrupter = rx.interrupter();
    interrupter.interrupt();
    interrupter.clone().interrupt();
    assert_eq!(rx.recv().unwrap().to_vec(), b"there", "a call that finds a message returns it");
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "a call that does not wait is not interrupted");
    assert_eq!(rx.recv().unwrap_err(), RecvError::Interrupted, "several are one");
    assert_eq!(rx.recv_timeout(Duration::from_millis(1)).unwrap_err(), RecvTimeoutError::Timeout, "it is used up");
}

#[test]
fn an_interruption_ends_a_send_that_waits_for_room() {
    let _watchdog = Watchdog::new();
    for backend in Backend::ALL.iter().copied() {
        let channel = mpmc::Options::new().slots(2).backend(backend).private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let interrupter = tx.interrupter();
        let batch = ends(&interrupter, || tx.send_batch(["one", "two", "three"]).unwrap_err());
        assert_eq!((batch.sent, batch.error), (2, SendError::Interrupted), "{backend:?}");
        assert_eq!(ends(&interrupter, || tx.send(b"more")), Err(SendError::Interrupted));
        assert_eq!(ends(&interrupter, || tx.send_timeout(b"more", PATIENCE)), Err(SendTimeoutError::Interrupted));
        assert_eq!(ends(&interrupter, || tx.reserve(4).map(drop)), Err(SendError::Interrupted));
        let left: Vec<_> = rx.try_iter().map(Result::unwrap).collect();
        assert_eq!(left, [b"one".to_vec(), b"two".to_vec()], "what was not sent is not there");
    }
}

#[test]
fn senders_of_lanes_are_interrupted_on_their_own_words() {
    let _watchdog = Watchdog::new();
    let fill = |send: &mut dyn FnMut() -> bool| while send() {};
    let channel = mpsc::Options::new().capacity(4096).private().unwrap();
    let (mut one, mut other, _rx) = (channel.sender().unwrap(), channel.sender().unwrap(), channel.receiver().unwrap());
    for tx in [&mut one, &mut other] {
        fill(&mut || tx.try_send(&[0; 64]).is_ok());
        let interrupter = tx.interrupter();
        assert_eq!(ends(&interrupter, || tx.send(&[0; 64])), Err(SendError::Interrupted));
    }
    let channel = broadcast::Options::new().capacity(4096).private().unwrap();
    let (mut tx, _rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    fill(&mut || tx.try_send(&[0; 64]).is_ok());
    let interrupter = tx.interrupter();
    assert_eq!(ends(&interrupter, || tx.send(&[0; 64])), Err(SendError::Interrupted));
}

#[test]
fn an_interruption_ends_waiting_for_peers() {
    let _watchdog = Watchdog::new();
    for backend in Backend::ALL.iter().copied() {
        let channel = spsc::Options::new().backend(backend).private().unwrap();
        let mut tx = channel.sender().unwrap();
        let interrupter = tx.interrupter();
        assert_eq!(ends(&interrupter, || tx.wait_for_peer(Duration::MAX)), Err(WaitForPeerError::Interrupted));
        drop(tx);
        let mut rx = channel.receiver().unwrap();
        let interrupter = rx.interrupter();
        assert_eq!(ends(&interrupter, || rx.wait_for_peer(Duration::MAX)), Err(WaitForPeerError::Interrupted));
    }
}

#[test]
fn handles_without_messages_and_without_seats_are_interrupted_too() {
    let scratch = Scratch::new();
    let (latest, feed) = (scratch.name("latest"), scratch.name("feed"));
    let channel = watch::Options::new().create(&latest).unwrap();
    let mut rx = channel.receiver().unwrap();
    let interrupter = rx.interrupter();
    assert_eq!(ends(&interrupter, || rx.changed()), Err(RecvError::Interrupted));
    assert_eq!(ends(&interrupter, || rx.wait_for(|_| false)), Err(RecvError::Interrupted));
    let mut rx = watch::open_read_only(&latest).unwrap();
    let interrupter = rx.interrupter();
    assert_eq!(ends(&interrupter, || rx.changed()), Err(RecvError::Interrupted));
    let mut tx = broadcast::Options::new().create(&feed).unwrap().sender().unwrap();
    let mut rx = broadcast::open_read_only(&feed).unwrap();
    let interrupter = rx.interrupter();
    assert_eq!(ends(&interrupter, || rx.recv()), Err(RecvError::Interrupted));
    assert_eq!(ends(&interrupter, || rx.recv_timeout(PATIENCE)), Err(RecvTimeoutError::Interrupted));
    tx.send(b"kept").unwrap();
    assert_eq!(rx.recv().unwrap(), b"kept");
}

#[test]
fn a_pipe_says_it_by_an_error_that_the_standard_library_does_not_swallow() {
    let _watchdog = Watchdog::new();
    let (mut writer, mut reader) = pipe::pair().unwrap();
    let interrupter = reader.get_ref().interrupter();
    let mut buffer = [0; 3];
    let error = ends(&interrupter, || reader.read_exact(&mut buffer).unwrap_err());
    let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<RecvError>());
    assert_eq!((error.kind(), reason), (ErrorKind::Other, Some(&RecvError::Interrupted)));
    writer.write_all(b"yes").unwrap();
    reader.read_exact(&mut buffer).unwrap();
    assert_eq!(&buffer, b"yes");
    let interrupter = writer.get_ref().interrupter();
    let error = ends(&interrupter, || {
        loop {
            if let Err(error) = writer.write_all(&[0; 4096]) {
                break error;
            }
        }
    });
    let reason = error.get_ref().and_then(|reason| reason.downcast_ref::<SendError>());
    assert_eq!((error.kind(), reason), (ErrorKind::Other, Some(&SendError::Interrupted)));
}

static INTERRUPTER: OnceLock<Interrupter> = OnceLock::new();
static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn interrupt(_: c_int) {
    // SAFETY: the place is this thread's.
    unsafe { *libc::__errno_location() = 4711 };
    INTERRUPTER.get().unwrap().interrupt();
    // SAFETY: as above.
    assert_eq!(unsafe { *libc::__errno_location() }, 4711);
    HANDLED.fetch_add(1, Relaxed);
}

extern "C" fn count(_: c_int) {
    HANDLED.fetch_add(1, Relaxed);
}

fn handle(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: zero is an action without flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handler as usize;
    // SAFETY: the handlers do what may be done there.
    assert_eq!(unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) }, 0);
}

#[test]
fn the_handler_of_a_signal_ends_the_call_of_the_thread_that_it_runs_in() {
    let _watchdog = Watchdog::new();
    let mut rx = spsc::Options::new().private().unwrap().receiver().unwrap();
    rx.set_strategy(Strategy::Park);
    INTERRUPTER.set(rx.interrupter()).unwrap();
    handle(libc::SIGUSR2, interrupt);
    for _ in 0..100 {
        let waiting = std::thread::spawn(move || {
            assert_eq!(rx.recv().unwrap_err(), RecvError::Interrupted);
            rx
        });
        // SAFETY: the thread has not been joined.
        assert_eq!(unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR2) }, 0);
        rx = waiting.join().unwrap();
    }
}

#[test]
fn a_thousand_signals_a_second_neither_end_a_wait_nor_shorten_it() {
    let _watchdog = Watchdog::new();
    handle(libc::SIGUSR1, count);
    for backend in Backend::ALL.iter().copied() {
        let mut rx = spsc::Options::new().backend(backend).private().unwrap().receiver().unwrap();
        rx.set_strategy(Strategy::Park);
        let _keeps_it_interruptible = rx.interrupter();
        let wait = Duration::from_millis(100);
        HANDLED.store(0, Relaxed);
        // How many signals one wait gets is the machine's affair.
        while HANDLED.load(Relaxed) < 100 {
            rx = waits_as_long_as_told_under_signals(rx, wait);
        }
    }
}

fn waits_as_long_as_told_under_signals(mut rx: spsc::Receiver, wait: Duration) -> spsc::Receiver {
    let waiting = std::thread::spawn(move || {
        let began = Instant::now();
        assert_eq!(rx.recv_timeout(wait).err(), Some(RecvTimeoutError::Timeout));
        (rx, began.elapsed())
    });
    while !waiting.is_finished() {
        // SAFETY: the thread has not been joined.
        unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR1) };
        let handled = HANDLED.load(Relaxed);
        eventually("the handler runs, or the wait is over", || {
            HANDLED.load(Relaxed) != handled || waiting.is_finished()
        });
    }
    let (rx, took) = waiting.join().unwrap();
    assert!(took >= wait, "{took:?}");
    rx
}

#[test]
fn others_that_sleep_on_the_same_word_sleep_on() {
    let _watchdog = Watchdog::new();
    let channel = mpmc::Options::new().private().unwrap();
    let (mut tx, mut rx, mut other) =
        (channel.sender().unwrap(), channel.receiver().unwrap(), channel.receiver().unwrap());
    let interrupter = rx.interrupter();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| other.recv().map(|message| message.to_vec()));
        for _ in 0..100 {
            assert_eq!(ends(&interrupter, || rx.recv().err()), Some(RecvError::Interrupted));
        }
        assert!(!waiting.is_finished());
        tx.send(b"at last").unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), b"at last");
    });
}
