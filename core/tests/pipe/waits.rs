//! How long a call may take, and what does not end a wait.

use crate::support::eventually;
use crate::{everywhere, pipe, stream};
use memlane::{Backend, Strategy, spsc};
use std::ffi::c_int;
use std::io::{BufRead, ErrorKind, IoSlice, Read, Write};
use std::os::unix::thread::JoinHandleExt;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::JoinHandle;
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(5);

#[test]
fn an_end_that_does_not_wait_says_that_it_would() {
    everywhere(|channel| {
        let (mut writer, mut reader) = pipe(&channel());
        writer.set_nonblocking(true);
        reader.set_nonblocking(true);
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(reader.fill_buf().unwrap_err().kind(), ErrorKind::WouldBlock);
        let mut written = 0;
        let error = loop {
            match writer.write(&stream(written, 10_000)) {
                Ok(count) => written += count,
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), written), (ErrorKind::WouldBlock, 7 * 504));
        let slices = [IoSlice::new(&[0; 300]), IoSlice::new(&[0; 300])];
        assert_eq!(writer.write_vectored(&slices).unwrap_err().kind(), ErrorKind::WouldBlock);
        let mut bytes = Vec::new();
        assert_eq!(reader.read_to_end(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(bytes == stream(0, written), "what was refused was not written");
        writer.write_all(b"room").unwrap();
    });
}

#[test]
fn an_end_with_a_timeout_waits_for_so_long() {
    everywhere(|channel| {
        let (mut writer, mut reader) = pipe(&channel());
        writer.set_write_timeout(Some(SHORT)).unwrap();
        reader.set_read_timeout(Some(SHORT)).unwrap();
        assert_eq!((writer.write_timeout(), reader.read_timeout()), (Some(SHORT), Some(SHORT)));
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        let error = writer.write_all(&stream(0, 10_000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let slices = [IoSlice::new(&[0; 300]), IoSlice::new(&[0; 300])];
        assert_eq!(writer.write_vectored(&slices).unwrap_err().kind(), ErrorKind::TimedOut);
        // Records without bytes are no reason to begin anew.
        let mut bytes = vec![0; 7 * 504];
        reader.read_exact(&mut bytes).unwrap();
        writer.get_mut().send(b"").unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap_err().kind(), ErrorKind::TimedOut);
        writer.write_all(b"in time").unwrap();
        assert_eq!(reader.fill_buf().unwrap(), b"in time");
    });
}

#[test]
fn a_timeout_of_zero_is_refused_and_changes_nothing() {
    let (mut writer, mut reader) = memlane::pipe::pair().unwrap();
    writer.set_write_timeout(Some(SHORT)).unwrap();
    assert_eq!(writer.set_write_timeout(Some(Duration::ZERO)).unwrap_err().kind(), ErrorKind::InvalidInput);
    assert_eq!(writer.write_timeout(), Some(SHORT));
    let error = reader.set_read_timeout(Some(Duration::ZERO)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "a timeout of zero: use set_nonblocking to wait not at all, or None to wait for ever"
    );
    reader.set_read_timeout(Some(Duration::MAX)).unwrap();
    writer.set_write_timeout(None).unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
}

static HANDLED: AtomicU32 = AtomicU32::new(0);

extern "C" fn handle(_: c_int) {
    HANDLED.fetch_add(1, Relaxed);
}

/// Interrupts a thread that waits, again and again. It goes on waiting.
fn interrupt<T>(waiting: &JoinHandle<T>) {
    HANDLED.store(0, Relaxed);
    for wanted in 1..=20 {
        // SAFETY: the thread has not been joined.
        assert_eq!(unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR2) }, 0);
        eventually("the handler runs", || HANDLED.load(Relaxed) == wanted);
    }
    assert!(!waiting.is_finished());
}

#[test]
fn a_handled_signal_ends_neither_a_read_nor_a_write() {
    // SAFETY: zero is an action without flags: a system call that waits ends with EINTR.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = handle as extern "C" fn(c_int) as usize;
    // SAFETY: the handler only counts.
    assert_eq!(unsafe { libc::sigaction(libc::SIGUSR2, &action, std::ptr::null_mut()) }, 0);
    for backend in [Backend::Futex, Backend::Semaphore] {
        let channel = spsc::Options::new().capacity(4096).backend(backend).private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.set_strategy(Strategy::Park);
        rx.set_strategy(Strategy::Park);
        let (mut writer, mut reader) = (memlane::pipe::Writer::from(tx), memlane::pipe::Reader::from(rx));
        let writing = std::thread::spawn(move || {
            // No retry: `write_all` would hide an interruption.
            (0..20).for_each(|at| assert_eq!(writer.write(&stream(at * 504, 504)).unwrap(), 504));
            writer
        });
        eventually("it waits for room", || channel.info().participants[0].counters.parks > 0);
        interrupt(&writing);
        let mut bytes = vec![0; 20 * 504];
        reader.read_exact(&mut bytes).unwrap();
        assert!(bytes == stream(0, 20 * 504));
        let mut writer = writing.join().unwrap();
        let reading = std::thread::spawn(move || reader.read(&mut [0; 8]).unwrap());
        interrupt(&reading);
        writer.write_all(b"at last").unwrap();
        assert_eq!(reading.join().unwrap(), 7);
    }
}
