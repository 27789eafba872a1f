//! Sending, over named, anonymous and private channels: every way to send, and every reason not to.

mod support;

use memlane::spsc::{Options, Receiver, Sender};
use memlane::{GrantError, SendBatchError, SendError, SendTimeoutError, Strategy, TrustPeers, TrySendError};
use std::time::{Duration, Instant};
use support::eventually;
use support::stage::everywhere;

fn next(receiver: &mut Receiver) -> Vec<u8> {
    receiver.recv().unwrap().to_vec()
}

/// Sends until nothing more fits; returns how many messages that were.
fn fill(sender: &mut Sender, message: &[u8]) -> usize {
    let mut sent = 0;
    loop {
        match sender.try_send(message) {
            Ok(()) => sent += 1,
            Err(error) => {
                assert_eq!(error, TrySendError::Full);
                return sent;
            }
        }
    }
}

#[test]
fn a_message_of_no_bytes_is_a_message() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        sender.send(b"").unwrap();
        sender.send(b"x").unwrap();
        sender.reserve(0).unwrap().commit(0).unwrap();
        assert_eq!((next(&mut receiver), next(&mut receiver), next(&mut receiver)), (vec![], vec![b'x'], vec![]));
        receiver.publish_released();
        assert_eq!(fill(&mut sender, b""), 4096 / 8 - 1, "8 bytes each, and one place stays free");
    });
}

#[test]
fn messages_up_to_the_largest_go_and_longer_ones_do_not() {
    everywhere(|stage| {
        for (options, max) in [
            (Options::new().capacity(4096), 1784),
            (Options::new().capacity(4096).max_message(100), 100),
            (Options::new().capacity(4096).max_message(0), 0),
            (Options::new().capacity(4096).payload_alignment(64), 1728),
            (Options::new().capacity(4096).record_alignment(64), 1784),
            (Options::new().capacity(4096).record_alignment(128), 1784),
            (Options::new().capacity(4096).payload_alignment(16).record_alignment(128), 1776),
            (Options::new().max_message(5_000_000), 5_000_000),
        ] {
            let (_, mut sender, mut receiver) = stage.pair(&options);
            assert_eq!((sender.max_message(), receiver.max_message()), (max, max));
            let largest: Vec<u8> = (0..max).map(|at| at as u8).collect();
            let longer = vec![0; max + 1];
            for _ in 0..3 {
                sender.send(&largest).unwrap();
                assert_eq!(next(&mut receiver), largest);
                let length = max + 1;
                assert_eq!(sender.send(&longer), Err(SendError::TooLarge { length, max }));
                assert_eq!(sender.try_send(&longer), Err(TrySendError::TooLarge { length, max }));
                let timeout = sender.send_timeout(&longer, Duration::MAX);
                assert_eq!(timeout, Err(SendTimeoutError::TooLarge { length, max }));
                assert_eq!(sender.reserve(length).unwrap_err(), SendError::TooLarge { length, max });
                assert_eq!(sender.try_reserve(length).unwrap_err(), TrySendError::TooLarge { length, max });
                let huge = SendError::TooLarge { length: usize::MAX, max };
                assert_eq!(sender.reserve(usize::MAX).unwrap_err(), huge);
            }
        }
    });
}

#[test]
fn a_full_channel_takes_nothing_until_something_is_released() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        let fitted = fill(&mut sender, &[7; 504]);
        assert_eq!(fitted, 7, "512 bytes each, and one header stays free");
        assert_eq!(sender.try_reserve(504).unwrap_err(), TrySendError::Full);
        let message = receiver.recv().unwrap();
        assert_eq!(sender.try_send(&[7; 504]), Err(TrySendError::Full), "the receiver still holds it");
        drop(message);
        sender.try_send(&[7; 504]).unwrap();
        assert_eq!(sender.try_send(&[7; 504]), Err(TrySendError::Full));
        assert_eq!(sender.sent(), 8);
    });
}

#[test]
fn a_full_channel_blocks_until_something_is_released() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        let fitted = fill(&mut sender, &[7; 504]);
        std::thread::scope(|scope| {
            let sending = scope.spawn(move || {
                sender.send(b"at last").unwrap();
                sender.send_timeout(&[8; 1000], Duration::from_secs(3600)).unwrap();
                sender
            });
            eventually("the sender sleeps", || channel.info().participants[0].counters.parks > 0);
            for _ in 0..fitted {
                assert_eq!(next(&mut receiver), [7; 504]);
            }
            assert_eq!(next(&mut receiver), b"at last");
            assert_eq!(next(&mut receiver), [8; 1000]);
            sending.join().unwrap();
        });
    });
}

#[test]
fn a_sleeping_sender_is_not_woken_for_every_small_batch() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        sender.set_strategy(Strategy::Park);
        let counters = |row: u32| channel.info().participants[row as usize].counters;
        let (sender_row, row) = (sender.row(), receiver.row());
        let filled = fill(&mut sender, &[7; 8]);
        // Each takes 16 bytes.
        let eighth = channel.info().capacity as usize / 8 / 16;
        let mut wakes = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..2 * filled).try_for_each(|_| sender.send(&[8; 8])).unwrap());
            eventually("the sender sleeps", || counters(sender_row).parks > 0);
            for _ in 0..eighth {
                drop(receiver.recv_batch(1).unwrap());
                wakes.push(counters(row));
            }
            let parks = counters(sender_row).parks;
            eventually("the sender sleeps again", || counters(sender_row).parks > parks);
            drop(receiver.recv_batch(1).unwrap());
            receiver.publish_released();
            wakes.push(counters(row));
            (eighth + 1..3 * filled).for_each(|_| drop(receiver.recv_batch(1).unwrap()));
        });
        assert_eq!(wakes[0].messages, 1, "a batch is published when it is dropped");
        let wakes: Vec<u64> = wakes.iter().map(|counters| counters.wakes).collect();
        assert!(wakes[..eighth - 1].iter().all(|&wakes| wakes == 0), "{wakes:?}: less than an eighth is no room");
        assert_eq!(wakes[eighth - 1..], [1, 2], "an eighth is, and whatever the receiver says");
    });
}

#[test]
fn a_sender_that_waits_for_plenty_of_room_takes_what_there_is() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        fill(&mut sender, &[7; 8]);
        for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
            sender.set_strategy(strategy);
            drop(receiver.recv_batch(1).unwrap());
            sender.send(&[7; 8]).unwrap();
            drop(receiver.recv_batch(1).unwrap());
            sender.send_timeout(&[7; 8], Duration::ZERO).unwrap();
            drop(receiver.recv_batch(1).unwrap());
            assert_eq!(sender.send_batch([[7; 8]]), Ok(1), "{strategy:?}");
            assert_eq!(sender.try_send(&[7; 8]), Err(TrySendError::Full));
        }
    });
}

#[test]
fn a_timeout_does_not_come_before_its_time() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        fill(&mut sender, &[7; 504]);
        for timeout in [0, 1, 20, 130].map(Duration::from_millis) {
            let started = Instant::now();
            assert_eq!(sender.send_timeout(&[7; 504], timeout), Err(SendTimeoutError::Timeout));
            assert!(started.elapsed() >= timeout, "{timeout:?}");
            let started = Instant::now();
            assert_eq!(sender.reserve_timeout(504, timeout).unwrap_err(), SendTimeoutError::Timeout);
            assert!(started.elapsed() >= timeout, "{timeout:?}");
        }
        drop(receiver.recv().unwrap());
        sender.send_timeout(&[7; 504], Duration::ZERO).unwrap();
        drop(receiver.recv().unwrap());
        sender.reserve_timeout(504, Duration::MAX).unwrap().commit(0).unwrap();
    });
}

#[test]
fn a_batch_arrives_in_order_and_waits_while_the_channel_is_full() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        assert_eq!(sender.send_batch([""; 0]), Ok(0));
        assert_eq!(sender.send_batch(["one", "two"]), Ok(2));
        assert_eq!(sender.send_batch(vec![vec![b'3'; 3]]), Ok(1));
        assert_eq!(
            [next(&mut receiver), next(&mut receiver), next(&mut receiver)],
            ["one", "two", "333"].map(Vec::from)
        );
        std::thread::scope(|scope| {
            scope.spawn(move || assert_eq!(sender.send_batch((0..10_000u32).map(u32::to_le_bytes)), Ok(10_000)));
            for number in 0..10_000u32 {
                assert_eq!(next(&mut receiver), number.to_le_bytes());
            }
        });
    });
}

#[test]
fn a_batch_that_stops_says_how_far_it_came() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        let error = sender.send_batch([&[1; 10][..], &[2; 10], &[3; 2000], &[4; 10]]).unwrap_err();
        assert_eq!(error, SendBatchError { sent: 2, error: SendError::TooLarge { length: 2000, max: 1784 } });
        assert_eq!([next(&mut receiver), next(&mut receiver)], [[1; 10], [2; 10]]);
        assert!(receiver.try_recv().is_err());
    });
}

#[test]
fn what_a_batch_had_sent_when_its_iterator_panicked_arrives() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        std::thread::scope(|scope| {
            let receiving = scope.spawn(move || (next(&mut receiver), receiver));
            eventually("the receiver sleeps", || channel.info().participants[1].counters.parks > 0);
            let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                sender.send_batch((0..2).map(|number| match number {
                    0 => "sent",
                    _ => std::panic::resume_unwind(Box::new("on purpose")),
                }))
            }));
            assert!(unwound.is_err());
            let (message, mut receiver) = receiving.join().unwrap();
            assert_eq!(message, b"sent");
            assert_eq!(channel.info().participants[0].counters.wakes, 1, "the receiver was woken");
            sender.send(b"goes on").unwrap();
            assert_eq!(next(&mut receiver), b"goes on");
        });
    });
}

#[test]
fn a_grant_is_filled_in_pieces_and_sent_in_part() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        let mut grant = sender.reserve(100).unwrap();
        assert_eq!((grant.len(), grant.is_empty()), (100, false));
        grant.write_at(4, b"tail").unwrap();
        grant.write_at(0, b"head").unwrap();
        grant.write_at(100, b"").unwrap();
        grant.commit(8).unwrap();
        assert_eq!(next(&mut receiver), b"headtail");
        let grant = sender.try_reserve(0).unwrap();
        assert!(grant.is_empty());
        grant.commit(0).unwrap();
        assert_eq!(next(&mut receiver), b"");
        let mut grant = sender.reserve(1784).unwrap();
        for at in 0..1784 {
            grant.write_at(at, &[at as u8]).unwrap();
        }
        grant.commit(1784).unwrap();
        assert_eq!(next(&mut receiver), (0..1784).map(|at| at as u8).collect::<Vec<_>>());
    });
}

#[test]
fn nothing_is_written_or_sent_beyond_a_grant() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        let mut grant = sender.reserve(10).unwrap();
        for (at, bytes, end) in [(8, &b"abc"[..], 11), (11, b"", 11), (usize::MAX, b"a", usize::MAX), (0, &[0; 11], 11)]
        {
            assert_eq!(grant.write_at(at, bytes), Err(GrantError::OutOfBounds { length: 10, end }));
        }
        assert_eq!(grant.commit(11), Err(GrantError::OutOfBounds { length: 10, end: 11 }));
        assert!(receiver.try_recv().is_err(), "a grant that was not committed sends nothing");
        assert_eq!(sender.sent(), 0);
    });
}

#[test]
fn a_grant_that_is_dropped_or_forgotten_takes_no_room() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        for round in 0..100u32 {
            drop(sender.reserve(1784).unwrap());
            let _ = sender.reserve(1000).unwrap();
            sender.send(&round.to_le_bytes()).unwrap();
            assert_eq!(next(&mut receiver), round.to_le_bytes());
        }
        assert_eq!(sender.sent(), 100);
    });
}

#[test]
fn a_grant_can_be_filled_in_place() {
    everywhere(|stage| {
        // SAFETY: every participant of these channels is in this process, and none touches what another one holds.
        let trust = unsafe { TrustPeers::promise() };
        let (_, mut sender, mut receiver) = stage.small();
        for round in 0..20u8 {
            let mut grant = sender.reserve(300).unwrap();
            grant.as_mut_slice(trust).fill(round);
            grant.commit(299).unwrap();
            assert_eq!(receiver.recv().unwrap().as_slice(trust), [round; 299]);
        }
    });
}

#[test]
fn messages_of_every_length_survive_many_laps() {
    everywhere(|stage| {
        for (payloads, records) in [(8, 8), (16, 16), (32, 32), (64, 64), (8, 64), (8, 128), (16, 64)] {
            let options = Options::new().capacity(4096).payload_alignment(payloads).record_alignment(records);
            let (_, mut sender, mut receiver) = stage.pair(&options);
            let max = sender.max_message();
            for length in (0..=max).chain((0..=max).rev().step_by(7)).chain((0..1000).map(|n| n * 617 % (max + 1))) {
                let message: Vec<u8> = (0..length).map(|at| (at * 31 + length) as u8).collect();
                sender.send(&message).unwrap();
                assert_eq!(next(&mut receiver), message);
            }
        }
    });
}
/// How a receiver receives one message and is done with it.
type OneWay = fn(&mut Receiver);

#[test]
fn every_message_that_was_received_is_room_at_once() {
    let ways: [OneWay; 6] = [
        |rx| drop(rx.recv().unwrap()),
        |rx| drop(rx.try_recv().unwrap()),
        |rx| drop(rx.recv_timeout(Duration::MAX).unwrap()),
        |rx| assert_eq!(rx.recv_into(&mut [0; 8]), Ok(8)),
        |rx| assert_eq!(rx.recv_into(&mut [0; 100]), Ok(8)),
        |rx| drop(rx.recv_batch(1).unwrap()),
    ];
    for way in ways {
        everywhere(|stage| {
            let (_, mut sender, mut receiver) = stage.small();
            let fits = (0..).find(|_| sender.try_send(&[7; 8]).is_err()).unwrap();
            assert_eq!(fits, 255, "4 KiB less what stays free");
            for _ in 0..1000 {
                // The receiver takes one, and then looks no more.
                way(&mut receiver);
                assert_eq!(sender.try_send(&[7; 8]), Ok(()));
                assert_eq!(sender.try_send(&[7; 8]), Err(TrySendError::Full));
            }
            // A sender that waits gets on, too, though less than an eighth is free.
            way(&mut receiver);
            sender.send(&[7; 8]).unwrap();
            way(&mut receiver);
            sender.send_timeout(&[7; 8], Duration::MAX).unwrap();
        });
    }
}
