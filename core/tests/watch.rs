//! What only `watch` channels promise: the latest value, versions, and waiting for another one.

mod support;

use memlane::watch::{Channel, Options, Receiver, Sender};
use memlane::{
    CreateError, GetError, JoinError, Kind, OpenError, RecvError, RecvTimeoutError, Role, SendError, any, inspect,
};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};
use support::{PATIENCE, Scratch, child, eventually};

fn ends(options: &Options) -> (Channel, Sender, Receiver) {
    let channel = options.private().unwrap();
    let (sender, receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    (channel, sender, receiver)
}

#[test]
fn values_of_every_length_fit_up_to_the_longest() {
    // On both sides of where the number of slots changes, and of where copies are no longer made word by word.
    for max in [0, 1, 8, 256, 257, 4096, 4097, 65_536, 65_537, 1 << 20] {
        let (channel, mut tx, mut rx) = ends(&Options::new().max_message(max));
        for length in [0, 1, 7, 8, 9, 16, 31, 255, 256, 257, max / 2, max].into_iter().filter(|&length| length <= max) {
            let value: Vec<u8> = (0..length).map(|at| (at ^ length) as u8).collect();
            tx.set(&value).unwrap();
            assert_eq!(rx.get().unwrap(), value, "{length} of {max}");
            let mut buffer = vec![0xee; length + 1];
            assert_eq!(rx.get_into(&mut buffer), Ok(length));
            assert!(buffer[..length] == value && buffer[length] == 0xee, "{length} of {max}");
        }
        assert_eq!(tx.set(&vec![0; max + 1]), Err(SendError::TooLarge { length: max + 1, max }));
        assert_eq!((tx.max_message(), rx.max_message(), channel.max_message()), (max, max, max));
        let info = channel.info().value.unwrap();
        assert_eq!((info.version, info.length), (tx.version(), max as u64));
        assert_eq!(
            info.slots,
            if max <= 4096 {
                16
            } else if max <= 65_536 {
                8
            } else {
                4
            }
        );
    }
}

#[test]
fn a_value_that_does_not_fit_stays_unseen() {
    let (_channel, mut tx, mut rx) = ends(&Options::new());
    assert!(!rx.has_changed());
    tx.set(b"value").unwrap();
    let mut small = [0; 4];
    let needed = 5;
    assert_eq!(rx.get_into(&mut small), Err(GetError::BufferTooSmall { needed }));
    assert_eq!(rx.try_get_into(&mut small), Err(GetError::BufferTooSmall { needed }));
    assert_eq!(rx.changed_into(&mut small), Err(RecvError::BufferTooSmall { needed }));
    assert_eq!(rx.changed_into_timeout(&mut small, PATIENCE), Err(RecvTimeoutError::BufferTooSmall { needed }));
    assert_eq!((rx.version(), rx.has_changed()), (0, true));
    assert_eq!(rx.changed_into(&mut [0; 5]), Ok(5));
    assert_eq!((rx.version(), rx.has_changed()), (1, false));
}

#[test]
fn each_receiver_has_seen_what_it_returned() {
    let (channel, mut tx, mut one) = ends(&Options::new());
    let mut other = channel.receiver().unwrap();
    for version in 1..=40 {
        tx.set(&[version]).unwrap();
        if version % 3 == 0 {
            assert_eq!((one.changed().unwrap(), one.version()), (vec![version], version.into()));
        }
    }
    assert_eq!((other.get().unwrap(), other.version()), (vec![40], 40));
    assert_eq!(other.changed_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    assert!(one.has_changed() && !other.has_changed());
    let mut late = channel.receiver().unwrap();
    assert_eq!((late.changed().unwrap(), late.version()), (vec![40], 40), "a joiner gets what is there");
}

#[test]
fn a_wait_looks_at_what_is_there_and_then_at_each_change() {
    let (_channel, mut tx, mut rx) = ends(&Options::new());
    tx.set(&[3]).unwrap();
    assert_eq!(rx.get().unwrap(), [3]);
    assert_eq!(rx.wait_for(|value| value[0] >= 3).unwrap(), [3], "whether it was returned before or not");
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rx.wait_for_timeout(|value| value[0] >= 7, PATIENCE).unwrap());
        for number in 4..=9 {
            tx.set(&[number]).unwrap();
        }
        assert!(waiting.join().unwrap()[0] >= 7);
    });
    assert_eq!(rx.wait_for_timeout(|_| true, Duration::MAX).unwrap(), [9]);
    drop(tx);
    assert_eq!(rx.wait_for(|value| value[0] == 9).unwrap(), [9], "the last one is there");
    assert_eq!(rx.wait_for(|value| value[0] == 10), Err(RecvError::Disconnected));
}

/// Each look finds another value, and none is what the receiver waits for.
#[test]
fn a_wait_ends_at_its_deadline_though_the_value_changes_all_the_time() {
    let (_channel, mut tx, mut rx) = ends(&Options::new());
    tx.set(b"first").unwrap();
    let mut looks = 0;
    let waited = rx.wait_for_timeout(
        |_| {
            looks += 1;
            assert!(looks < 10_000_000, "it does not end");
            tx.set(b"other").unwrap();
            false
        },
        Duration::from_millis(5),
    );
    assert_eq!(waited, Err(RecvTimeoutError::Timeout));
}

/// A sender that has gone is looked at once, and then `get` takes the short way again; the next sender is noticed all the same.
#[test]
fn a_receiver_whose_sender_has_gone_goes_on_with_the_next_one() {
    let (channel, mut tx, mut rx) = ends(&Options::new());
    for number in 0..3 {
        tx.set(&[number]).unwrap();
        drop(tx);
        let mut buffer = [0; 1];
        assert_eq!((rx.get_into(&mut buffer), buffer), (Ok(1), [number]));
        assert_eq!(rx.changed_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        assert_eq!((rx.get_into(&mut buffer), buffer), (Ok(1), [number]));
        assert_eq!(rx.changed_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected), "and again");
        tx = channel.sender().unwrap();
        assert_eq!(rx.changed_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout), "there is one again");
    }
}

#[test]
fn a_sender_needs_no_receiver() {
    let channel = Options::new().private().unwrap();
    let mut tx = channel.sender().unwrap();
    tx.set(b"early").unwrap();
    drop(channel.receiver().unwrap());
    tx.set(b"late").unwrap();
    tx.leave().unwrap();
    assert_eq!(channel.receiver().unwrap().get().unwrap(), b"late");
}

#[test]
fn a_receiver_that_comes_behind_the_sender_waits_for_the_next_one() {
    let channel = Options::new().private().unwrap();
    drop(channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    assert_eq!(rx.changed_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    channel.sender().unwrap().set(b"value").unwrap();
    assert_eq!(rx.changed().unwrap(), b"value");
    assert_eq!(rx.changed(), Err(RecvError::Disconnected), "that one has left");
    let persistent = Options::new().persistent(true).private().unwrap();
    let mut rx = persistent.receiver().unwrap();
    drop(persistent.sender().unwrap());
    assert_eq!(rx.changed_timeout(Duration::from_millis(1)), Err(RecvTimeoutError::Timeout));
    let channel = Options::new().ends_when_drained(true).private().unwrap();
    drop(channel.sender().unwrap());
    assert_eq!(channel.receiver().unwrap().changed(), Err(RecvError::Disconnected));
}

#[test]
fn there_is_one_sender_and_as_many_receivers_as_were_asked_for() {
    let channel = Options::new().max_receivers(1023).private().unwrap();
    let _tx = channel.sender().unwrap();
    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { seats: 1, .. })));
    let receivers: Vec<_> = (0..1023).map(|_| channel.receiver().unwrap()).collect();
    assert!(matches!(channel.receiver(), Err(JoinError::RoleTaken { seats: 1023, .. })));
    assert_eq!((channel.peers().receivers, channel.free_seats(Role::Receiver)), (1023, 0));
    drop(receivers);
    let refused = Options::new().max_receivers(1024).private();
    assert!(matches!(refused, Err(CreateError::InvalidOption { option: "receivers", .. })), "{refused:?}");
}

/// A receiver copies values all the time, while the sender sets them all the time. Values of half a KiB: each fills eight lines.
#[test]
fn a_receiver_of_a_sender_that_never_pauses_gets_whole_values_and_newer_ones() {
    let (_channel, mut tx, mut rx) = ends(&Options::new().max_message(512));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 0u64;
            while !stop.load(Relaxed) {
                number += 1;
                let length = 8 + number as usize % 505;
                tx.set(&[number.to_le_bytes(); 64].concat()[..length]).unwrap();
            }
        });
        let (mut last, mut buffer, mut busy) = (0, [0; 512], 0);
        let until = Instant::now() + Duration::from_millis(200);
        while Instant::now() < until {
            let length = match rx.try_get_into(&mut buffer) {
                Ok(length) => length,
                Err(GetError::NoValue) => continue,
                Err(GetError::Busy) => {
                    busy += 1;
                    continue;
                }
                Err(other) => panic!("{other}"),
            };
            let number = u64::from_le_bytes(buffer[..8].try_into().unwrap());
            assert_eq!((number, length), (rx.version(), 8 + number as usize % 505));
            let wanted = number.to_le_bytes();
            assert!(buffer[..length].iter().enumerate().all(|(at, byte)| *byte == wanted[at % 8]), "torn: {number}");
            assert!(number >= last, "{number} after {last}");
            last = number;
        }
        stop.store(true, Relaxed);
        assert!(last > 0, "{busy} times busy");
    });
}

#[test]
fn a_watch_is_opened_as_what_it_is_and_carries_no_messages() {
    let scratch = Scratch::new();
    let name = scratch.name("limits");
    let channel = Options::new().create(&name).unwrap();
    channel.sender().unwrap().set(b"limit").unwrap();
    assert!(matches!(memlane::spsc::open(&name), Err(OpenError::WrongKind { .. })));
    let whatever = any::open(&name).unwrap();
    assert_eq!(whatever.kind(), Kind::Watch);
    for refused in [whatever.sender().map(drop), whatever.receiver().map(drop)] {
        let error = refused.unwrap_err();
        assert!(matches!(error, JoinError::NoMessages { kind: "watch", .. }), "{error:?}");
        assert_eq!(std::io::Error::from(error).kind(), std::io::ErrorKind::InvalidInput);
    }
    assert_eq!(whatever.to_watch().unwrap().receiver().unwrap().get().unwrap(), b"limit");
    assert!(any::Channel::from(channel.clone()).to_kind::<memlane::generic::Spsc>().is_none());
    assert!(any::Options::new(Kind::Spsc).private().unwrap().to_watch().is_none());
    let value = inspect(&name).unwrap().value.unwrap();
    assert_eq!((value.version, value.length, value.slots), (1, 5, 16));
    assert_eq!(channel.info().value, Some(value), "from inside as from outside");
    let refused = any::Options::new(Kind::Watch).slots(3).private();
    assert!(matches!(refused, Err(CreateError::NoSuchOption { option: "slots", .. })));
}

#[test]
fn a_removed_watch_keeps_what_its_receivers_have_mapped() {
    let scratch = Scratch::new();
    let name = scratch.name("limits");
    let channel = Options::new().create(&name).unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.set(b"last").unwrap();
    memlane::remove_forced(&name).unwrap();
    assert_eq!(rx.changed().unwrap(), b"last");
    assert_eq!(rx.changed(), Err(RecvError::Removed));
    assert_eq!(rx.get().unwrap(), b"last");
    eventually("the sender is told", || tx.set(b"too late") == Err(SendError::Removed));
    assert!(matches!(tx.leave(), Err(SendError::Removed)));
}

#[test]
fn a_forked_child_is_refused() {
    child::alone("a_forked_child_is_refused", || {
        let scratch = Scratch::new();
        let channel = Options::new().create(&scratch.name("limits")).unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.set(b"parent's").unwrap();
        child::join(child::fork(|| {
            assert_eq!(tx.set(b"child's"), Err(SendError::Forked));
            assert_eq!(rx.get(), Err(GetError::Forked));
            assert_eq!(rx.changed(), Err(RecvError::Forked));
            assert_eq!(rx.wait_for(|_| true), Err(RecvError::Forked));
        }));
        assert_eq!(rx.get().unwrap(), b"parent's");
        tx.set(b"again").unwrap();
    });
}

#[test]
fn handles_are_sent_and_not_shared_and_say_who_they_are() {
    fn is_send<T: Send>(_: &T) {}
    let (channel, tx, rx) = ends(&Options::new());
    is_send(&tx);
    is_send(&rx);
    assert_eq!(format!("{tx:?}"), "Sender { channel: \"(private)\", kind: Watch, seat: 0, .. }");
    assert_eq!(format!("{rx:?}"), "Receiver { channel: \"(private)\", kind: Watch, seat: 1, .. }");
    assert_eq!((tx.row(), rx.row(), tx.peers(), rx.peers()), (0, 1, channel.peers(), channel.peers()));
}

#[test]
fn errors_say_what_to_do_and_convert() {
    use std::io::{Error, ErrorKind};
    let kinds = [
        (GetError::NoValue, ErrorKind::WouldBlock),
        (GetError::Busy, ErrorKind::WouldBlock),
        (GetError::BufferTooSmall { needed: 9 }, ErrorKind::InvalidInput),
        (GetError::Disconnected, ErrorKind::BrokenPipe),
    ];
    for (error, kind) in kinds {
        assert_eq!(Error::from(error).kind(), kind);
    }
    assert_eq!(GetError::BufferTooSmall { needed: 9 }.to_string(), "the value needs a buffer of 9 bytes");
    let (channel, _tx, mut rx) = ends(&Options::new());
    channel.close();
    assert_eq!(rx.get(), Err(GetError::Disconnected), "none was set, and none will be");
}
