//! Descriptors: programs that poll them, by level and by edge, miss nothing.

mod support;

use memlane::generic::{ChannelKind, Receiver, Sender};
use memlane::{
    Backend, RecvError, TrustPeers, TryRecvError, TrySendError, Waitable, broadcast, mpmc, mpsc, pipe, spsc, watch,
};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::time::Duration;
use support::Watchdog;

/// Whether the handle's descriptor is readable now.
fn is_readable(handle: &mut impl Waitable) -> bool {
    is_readable_within(handle, Duration::ZERO)
}

/// Whether it becomes readable within this time.
fn is_readable_within(handle: &mut impl Waitable, time: Duration) -> bool {
    let descriptor = handle.descriptor().unwrap();
    poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&time.try_into().unwrap())).unwrap() == 1
}

fn await_readable(handle: &mut impl Waitable) {
    assert!(is_readable_within(handle, Duration::from_secs(60)), "a wake-up was lost");
}

/// Makes calls that find nothing until it is not readable: it may be for nothing, but not again and again.
fn grows_quiet<H: Waitable>(handle: &mut H, mut finds_nothing: impl FnMut(&mut H)) {
    finds_nothing(handle);
    while is_readable(handle) {
        finds_nothing(handle);
    }
}

/// Receives `count` messages as an event loop does that acts on edges.
fn receive_by_edges<K: ChannelKind>(rx: &mut Receiver<K>, count: u64) -> Vec<u64> {
    let mut poll = Poll::new().unwrap();
    let descriptor = rx.descriptor().unwrap();
    poll.registry().register(&mut SourceFd(&descriptor.as_raw_fd()), Token(7), Interest::READABLE).unwrap();
    let (mut events, mut received) = (Events::with_capacity(8), Vec::new());
    while (received.len() as u64) < count {
        poll.poll(&mut events, Some(Duration::from_secs(60))).unwrap();
        assert_eq!(events.iter().map(|event| event.token()).collect::<Vec<_>>(), [Token(7)], "a wake-up was lost");
        loop {
            match rx.try_recv() {
                Ok(message) => received.push(number_of(&message.to_vec())),
                Err(TryRecvError::Empty) => break,
                Err(error) => panic!("{error}"),
            }
        }
    }
    received
}

/// Receives `count` messages, one each time that the descriptor is readable.
fn receive_by_level<K: ChannelKind>(rx: &mut Receiver<K>, count: u64) -> Vec<u64> {
    let mut received = Vec::new();
    while (received.len() as u64) < count {
        await_readable(rx);
        match rx.try_recv() {
            Ok(message) => received.push(number_of(&message.to_vec())),
            Err(TryRecvError::Empty) => {}
            Err(error) => panic!("{error}"),
        }
    }
    received
}

fn number_of(message: &[u8]) -> u64 {
    u64::from_ne_bytes(message.try_into().unwrap())
}

fn everything_comes<K: ChannelKind>(mut tx: Sender<K>, mut rx: Receiver<K>) {
    let _watchdog = Watchdog::new();
    const EACH: u64 = 3_000;
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..2 * EACH {
                tx.send(&number.to_ne_bytes()).unwrap();
                if number % 3 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut received = receive_by_edges(&mut rx, EACH);
        let left = 2 * EACH - received.len() as u64;
        received.extend(receive_by_level(&mut rx, left));
        assert!(received.into_iter().eq(0..2 * EACH), "each once, in order");
    });
    grows_quiet(&mut rx, |rx| assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty)));
    drop(tx);
    await_readable(&mut rx);
    assert_eq!(rx.recv().err(), Some(RecvError::Disconnected));
}

#[test]
fn everything_comes_by_edge_and_by_level_for_every_kind() {
    let channel = spsc::Options::new().private().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = mpsc::Options::new().private().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = mpmc::Options::new().private().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    let channel = broadcast::Options::new().private().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
}

#[test]
fn everything_comes_between_processes_and_on_semaphores() {
    let channel = mpmc::Options::new().anonymous().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
    // SAFETY: the peers are this test's own.
    let trust = unsafe { TrustPeers::promise() };
    let channel = mpmc::Options::new().backend(Backend::Semaphore).trust_peers(trust).anonymous().unwrap();
    everything_comes(channel.sender().unwrap(), channel.receiver().unwrap());
}

#[test]
fn it_is_readable_from_the_start_and_until_a_call_finds_nothing() {
    let _watchdog = Watchdog::new();
    let channel = spsc::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    assert!(is_readable(&mut rx));
    grows_quiet(&mut rx, |rx| assert!(rx.try_recv().is_err()));
    tx.send(b"one").unwrap();
    tx.send(b"two").unwrap();
    await_readable(&mut rx);
    for _ in 0..2 {
        rx.try_recv().unwrap();
        assert!(is_readable(&mut rx), "it may be worth another call");
    }
    grows_quiet(&mut rx, |rx| assert!(rx.recv_timeout(Duration::from_millis(1)).is_err()));
}

#[test]
fn a_handle_has_one_descriptor_which_outlives_it_and_is_silent_then() {
    let channel = spsc::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let descriptor = rx.descriptor().unwrap();
    assert_eq!(descriptor.as_raw_fd(), rx.descriptor().unwrap().as_raw_fd());
    assert!(rx.try_recv().is_err());
    drop(rx);
    let _ = tx.try_send(b"nobody");
    let now = poll(&mut [PollFd::new(&descriptor, PollFlags::IN)], Some(&Duration::ZERO.try_into().unwrap()));
    assert_eq!(now, Ok(0), "open, and not readable");
}

#[test]
fn a_sender_is_told_of_room() {
    let _watchdog = Watchdog::new();
    let channel = mpmc::Options::new().slots(2).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.descriptor().unwrap();
    for _ in 0..100 {
        while tx.try_send(b"message").is_ok() {}
        grows_quiet(&mut tx, |tx| assert_eq!(tx.try_send(b"message"), Err(TrySendError::Full)));
        rx.recv().unwrap().ack().unwrap();
        await_readable(&mut tx);
        assert_eq!(tx.try_send(b"message"), Ok(()));
    }
}

#[test]
fn a_watch_and_a_pipe_have_one_and_a_receiver_without_a_seat_has_none() {
    let _watchdog = Watchdog::new();
    let channel = watch::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    rx.descriptor().unwrap();
    for value in [b"one", b"two"] {
        grows_quiet(&mut rx, |rx| assert!(rx.changed_timeout(Duration::ZERO).is_err()));
        tx.set(value).unwrap();
        await_readable(&mut rx);
        assert_eq!(rx.changed().unwrap(), value);
    }

    let (mut writer, mut reader) = pipe::pair().unwrap();
    reader.descriptor().unwrap();
    writer.write_all(b"bytes").unwrap();
    await_readable(&mut reader);
    reader.read_exact(&mut [0; 5]).unwrap();

    let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    let name = folder.path().join("seatless").display().to_string();
    let _tx = watch::Options::new().create(&name).unwrap().sender().unwrap();
    let mut seatless = watch::open_read_only(&name).unwrap();
    assert_eq!(seatless.descriptor().unwrap_err().kind(), std::io::ErrorKind::Unsupported);
}

#[test]
fn more_handles_than_one_thread_sleeps_for() {
    let _watchdog = Watchdog::new();
    let channels: Vec<_> = (0..300).map(|_| spsc::Options::new().capacity(4096).private().unwrap()).collect();
    let mut ends: Vec<_> = channels.iter().map(|it| (it.sender().unwrap(), it.receiver().unwrap())).collect();
    for (_, rx) in &mut ends {
        rx.descriptor().unwrap();
        assert!(rx.try_recv().is_err());
    }
    for (tx, rx) in ends.iter_mut().rev() {
        grows_quiet(rx, |rx| assert!(rx.try_recv().is_err()));
        tx.send(b"to this one").unwrap();
        await_readable(rx);
        rx.try_recv().unwrap();
    }
}
