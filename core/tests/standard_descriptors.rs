//! Descriptors 0, 1 and 2 stay the host's, also those that it closed: what it prints afterwards never lands in a channel.

mod support;

use memlane::spsc::{self, Options};
use memlane::{Backend, mpmc};
use rustix::io::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use support::Scratch;
use support::child::{self, alone};
use support::stage::trust;

/// A standard descriptor, open or not.
fn standard(number: i32) -> BorrowedFd<'static> {
    // SAFETY: used for single system calls, which say so if it is not open.
    unsafe { BorrowedFd::borrow_raw(number) }
}

/// While `act` runs, 0, 1 and 2 are closed, and another thread does what hosts do that do not know it: it reads the first and
/// writes to the others all the time. Panics, once they are back, if one of these calls found a file.
fn with_standard_closed(act: impl FnOnce()) {
    let saved = [0, 1, 2].map(|number| rustix::io::fcntl_dupfd_cloexec(standard(number), 10).unwrap());
    let done = AtomicBool::new(false);
    let closed = |result: Result<usize, Errno>| result == Err(Errno::BADF);
    // What a panic prints would be lost.
    let said = Arc::new(Mutex::new(Vec::new()));
    let hook = Arc::clone(&said);
    std::panic::set_hook(Box::new(move |panic| hook.lock().unwrap().push(panic.to_string())));
    let (found, left) = std::thread::scope(|scope| {
        for number in [0, 1, 2] {
            // SAFETY: this process has one use for them, which is told about the end below, when they are back.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
        let host = scope.spawn(|| {
            let mut found = 0;
            while !done.load(Ordering::Acquire) {
                let read = rustix::io::read(standard(0), &mut [0; 8]);
                let written = [1, 2].map(|number| rustix::io::write(standard(number), b"hello\n"));
                found += [read, written[0], written[1]].into_iter().filter(|&result| !closed(result)).count();
            }
            found
        });
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(act));
        done.store(true, Ordering::Release);
        let found = host.join().unwrap();
        let left = [0, 1, 2].map(|number| rustix::io::fcntl_getfd(standard(number)) == Err(Errno::BADF));
        for (number, saved) in saved.iter().enumerate() {
            // SAFETY: puts the process's own files back where they were.
            assert!(unsafe { libc::dup2(saved.as_raw_fd(), number as i32) } >= 0);
        }
        let said = std::mem::take(&mut *said.lock().unwrap());
        drop(std::panic::take_hook());
        assert!(outcome.is_ok(), "{said:#?}");
        (found, left)
    });
    assert_eq!(found, 0, "calls of the host that met a file");
    assert_eq!(left, [true; 3], "closed as they were");
}

/// Everything that opens something: creating, opening, joining, sending, receiving, looking, listing, removing.
fn use_named(name: &str) {
    let channel = Options::new().capacity(4096).create(name).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), spsc::open(name).unwrap().receiver().unwrap());
    sender.send(b"one").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"one");
    assert!(Options::new().open_or_create(name).unwrap().sender().is_err());
    assert_eq!(memlane::inspect(name).unwrap().name, name);
    memlane::list().unwrap();
    drop((sender, receiver));
    memlane::remove(name).unwrap();
}

fn use_anonymous(backend: Backend) {
    let channel = mpmc::Options::new().slots(2).backend(backend).trust_peers(trust()).anonymous().unwrap();
    let (region, locks) = channel.descriptors().unwrap();
    assert!(region.as_raw_fd() > 2 && locks.as_raw_fd() > 2, "{region:?}, {locks:?}");
    let [region, locks] = [region, locks].map(|descriptor| descriptor.try_clone_to_owned().unwrap());
    let again = mpmc::Options::new().trust_peers(trust()).open_descriptors(region, locks).unwrap();
    let (mut sender, mut receiver) = (channel.sender().unwrap(), again.receiver().unwrap());
    sender.send(b"two").unwrap();
    receiver.recv().unwrap().ack().unwrap();
}

#[test]
fn a_host_that_closed_its_standard_descriptors_writes_into_no_channel() {
    alone("a_host_that_closed_its_standard_descriptors_writes_into_no_channel", || {
        let scratch = Scratch::new();
        let names = [scratch.name("prices"), scratch.name("orders")];
        with_standard_closed(|| {
            std::thread::scope(|scope| {
                // Two threads: neither is in the other's way, nor takes away what keeps its files out of the three places.
                for name in &names {
                    scope.spawn(move || {
                        for _ in 0..100 {
                            use_named(name);
                            use_anonymous(Backend::Futex);
                        }
                        use_anonymous(Backend::Semaphore);
                    });
                }
            });
        });
        assert_eq!(scratch.files(), [""; 0]);
    });
}

/// A descriptor that the host received while its standard output was closed has that number.
#[test]
fn descriptors_handed_over_under_a_standard_number_are_moved() {
    alone("descriptors_handed_over_under_a_standard_number_are_moved", || {
        let channel = Options::new().capacity(4096).anonymous().unwrap();
        let (region, locks) = channel.descriptors().unwrap();
        let locks = locks.try_clone_to_owned().unwrap();
        let saved = rustix::io::fcntl_dupfd_cloexec(standard(1), 10).unwrap();
        // SAFETY: the number is this process's standard output, which is put back below.
        let region = unsafe {
            assert_eq!(libc::dup2(region.as_raw_fd(), 1), 1);
            OwnedFd::from_raw_fd(1)
        };
        let opened = Options::new().open_descriptors(region, locks);
        let written = rustix::io::write(standard(1), b"hello\n");
        // SAFETY: as above.
        assert_eq!(unsafe { libc::dup2(saved.as_raw_fd(), 1) }, 1);
        assert_eq!(written, Err(Errno::BADF));
        let (mut sender, mut receiver) = (opened.unwrap().sender().unwrap(), channel.receiver().unwrap());
        sender.send(b"three").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"three");
    });
}

/// In the middle of a call the plugs are an own thread's; a child that is forked then has nobody who takes them away.
#[test]
fn a_child_forked_while_a_thread_opens_goes_on() {
    alone("a_child_forked_while_a_thread_opens_goes_on", || {
        let scratch = Scratch::new();
        let names = [scratch.name("prices"), scratch.name("orders")];
        with_standard_closed(|| {
            let done = AtomicBool::new(false);
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    while !done.load(Ordering::Acquire) {
                        use_named(&names[0]);
                    }
                });
                for _ in 0..100 {
                    child::join(child::fork(|| use_named(&names[1])));
                }
                done.store(true, Ordering::Release);
            });
        });
    });
}
