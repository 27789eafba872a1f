//! Receiving, over named, anonymous and private channels: every way to receive, and what is given back when.

mod support;

use memlane::spsc::{Receiver, Sender, WrongSize};
use memlane::{BufferTooSmall, RecvError, RecvTimeoutError, Strategy, TrustPeers, TryRecvError};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};
use support::eventually;
use support::stage::everywhere;

fn next(receiver: &mut Receiver) -> Vec<u8> {
    receiver.recv().unwrap().to_vec()
}

fn send(sender: &mut Sender, texts: &[&str]) {
    sender.send_batch(texts).unwrap();
}

#[test]
fn an_empty_channel_gives_nothing() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        for _ in 0..3 {
            assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
            assert_eq!(receiver.try_recv_into(&mut [0; 8]), Err(TryRecvError::Empty));
            assert_eq!(receiver.try_recv_batch(8).unwrap_err(), TryRecvError::Empty);
            sender.send(b"x").unwrap();
            assert_eq!(next(&mut receiver), b"x");
        }
    });
}

#[test]
fn a_timeout_does_not_come_before_its_time() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        for timeout in [0, 1, 20, 130].map(Duration::from_millis) {
            let started = Instant::now();
            assert_eq!(receiver.recv_timeout(timeout).unwrap_err(), RecvTimeoutError::Timeout);
            assert!(started.elapsed() >= timeout, "{timeout:?}");
            let started = Instant::now();
            assert_eq!(receiver.recv_batch_timeout(2, timeout).unwrap_err(), RecvTimeoutError::Timeout);
            assert!(started.elapsed() >= timeout, "{timeout:?}");
        }
        send(&mut sender, &["one", "two"]);
        assert_eq!(receiver.recv_timeout(Duration::ZERO).unwrap().to_vec(), b"one");
        assert_eq!(receiver.recv_batch_timeout(2, Duration::MAX).unwrap().len(), 1);
    });
}

#[test]
fn a_buffer_that_is_too_small_leaves_the_message() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["twelve bytes", "next"]);
        let mut buffer = [b'-'; 12];
        assert_eq!(receiver.recv_into(&mut buffer[..11]), Err(RecvError::BufferTooSmall { needed: 12 }));
        assert_eq!(receiver.try_recv_into(&mut []), Err(TryRecvError::BufferTooSmall { needed: 12 }));
        let message = receiver.recv().unwrap();
        assert_eq!(message.copy_to(&mut buffer[..5]), Err(BufferTooSmall { needed: 12 }));
        assert_eq!(buffer, [b'-'; 12], "nothing was copied");
        assert_eq!(message.copy_to(&mut buffer), Ok(12));
        assert_eq!(&buffer, b"twelve bytes");
        drop(message);
        let mut larger = [b'-'; 8];
        assert_eq!(receiver.recv_into(&mut larger), Ok(4));
        assert_eq!(&larger, b"next----", "what is behind the message stays");
        send(&mut sender, &["", "x"]);
        assert_eq!(receiver.try_recv_into(&mut []), Ok(0));
        assert_eq!(receiver.try_recv_into(&mut larger), Ok(1));
    });
}

#[test]
fn a_message_can_be_copied_in_every_form() {
    everywhere(|stage| {
        // SAFETY: every participant of these channels is in this process, and none touches what another one holds.
        let trust = unsafe { TrustPeers::promise() };
        let (_, mut sender, mut receiver) = stage.small();
        sender.send(&7u64.to_le_bytes()).unwrap();
        let message = receiver.recv().unwrap();
        assert_eq!((message.len(), message.is_empty()), (8, false));
        assert_eq!(message.read::<u64>(), Ok(7));
        assert_eq!(message.read::<[u16; 4]>(), Ok([7, 0, 0, 0]));
        assert_eq!(message.read::<u32>(), Err(WrongSize { expected: 4, found: 8 }));
        assert_eq!(message.read::<()>(), Err(WrongSize { expected: 0, found: 8 }));
        let mut vector = vec![1];
        message.append_to(&mut vector).unwrap();
        message.append_to(&mut vector).unwrap();
        assert_eq!(vector, [1, 7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(message.as_slice(trust), message.to_vec());
        drop(message);
        sender.send(b"").unwrap();
        let message = receiver.recv().unwrap();
        assert!(message.is_empty() && message.read::<()>().is_ok());
        assert_eq!(message.as_slice(trust), b"");
    });
}

#[test]
fn copies_of_every_length_are_exact() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        for length in 0..300 {
            let message: Vec<u8> = (0..length).map(|at| (at % 251) as u8 + 1).collect();
            sender.send(&message).unwrap();
            // Unaligned on purpose, and longer by one byte that has to stay.
            let mut buffer = [0xee; 303];
            assert_eq!(receiver.recv_into(&mut buffer[1..]), Ok(length));
            assert_eq!(&buffer[1..=length], message);
            assert!(buffer[0] == 0xee && buffer[length + 1..].iter().all(|&byte| byte == 0xee));
        }
    });
}

#[test]
fn a_batch_takes_what_is_there_up_to_its_size() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["one", "two", "three", "four"]);
        let batch = receiver.recv_batch(3).unwrap();
        assert_eq!(batch.len(), 3);
        let texts: Vec<_> = batch.iter().map(|message| message.to_vec()).collect();
        assert_eq!(texts, ["one", "two", "three"].map(Vec::from));
        assert_eq!(batch.iter().len(), 3);
        assert_eq!((&batch).into_iter().map(|message| message.sequence()).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(batch.get(2).unwrap().read::<[u8; 5]>(), Ok(*b"three"));
        assert!(batch.get(3).is_none());
        drop(batch);
        assert_eq!(receiver.try_recv_batch(100).unwrap().len(), 1);
        assert!(receiver.try_recv_batch(100).is_err());
        send(&mut sender, &["five", "six"]);
        assert_eq!(receiver.recv_batch(0).unwrap().len(), 1, "at least one");
        assert_eq!(receiver.recv_batch(usize::MAX).unwrap().len(), 1);
    });
}

#[test]
fn a_batch_goes_across_the_end_of_the_ring() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        for round in 0..50u8 {
            let count = sender.send_batch((0..4).map(|_| [round; 700])).unwrap();
            assert_eq!(count, 4);
            let batch = receiver.recv_batch(10).unwrap();
            assert_eq!(batch.len(), 4);
            assert!(batch.iter().all(|message| message.to_vec() == [round; 700]));
            drop(batch);
            let lane = channel.info().lanes[0];
            assert_eq!(lane.used_bytes(), 0, "a batch is published when it is dropped");
        }
    });
}

#[test]
fn iteration_goes_on_until_the_sender_has_left() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        std::thread::scope(|scope| {
            scope.spawn(move || (0..5000u32).for_each(|number| sender.send(&number.to_le_bytes()).unwrap()));
            let mut messages = receiver.messages();
            for number in 0..5000u32 {
                assert_eq!(messages.next(), Some(Ok(number.to_le_bytes().to_vec())));
            }
            assert_eq!((messages.next(), messages.next()), (None, None));
        });
    });
}

#[test]
fn a_message_in_hand_when_a_panic_comes_is_handed_back() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["one", "two", "three"]);
        assert_eq!(next(&mut receiver), b"one");
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let message = receiver.recv().unwrap();
            assert_eq!(message.to_vec(), b"two");
            resume_unwind(Box::new("on purpose"));
        }));
        assert!(unwound.is_err());
        assert_eq!(next(&mut receiver), b"two", "it comes again");
        let unwound = catch_unwind(AssertUnwindSafe(|| {
            let _batch = receiver.recv_batch(8).unwrap();
            resume_unwind(Box::new("on purpose"));
        }));
        assert!(unwound.is_err());
        assert_eq!(next(&mut receiver), b"three");
        receiver.publish_released();
        assert_eq!(channel.info().participants[1].counters.messages, 3, "each counted once");
    });
}

#[test]
fn what_is_handed_back_comes_again() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["one", "two", "three"]);
        receiver.recv().unwrap().hand_back();
        assert_eq!(next(&mut receiver), b"one");
        receiver.recv_batch(2).unwrap().hand_back();
        receiver.recv().unwrap().hand_back();
        assert_eq!(receiver.recv_batch(1).unwrap().get(0).unwrap().to_vec(), b"two");
        receiver.recv_batch(8).unwrap().hand_back();
        drop(receiver);
        let info = channel.info();
        assert_eq!(info.participants[1].counters.messages, 2, "what came twice is counted once");
        assert_eq!(info.lanes[0].consumed, 32);
        assert_eq!(next(&mut channel.receiver().unwrap()), b"three", "to the successor, too");
    });
}

#[test]
fn a_receiver_that_unwinds_with_a_message_leaves_it_to_its_successor() {
    everywhere(|stage| {
        let (channel, mut sender, receiver) = stage.small();
        send(&mut sender, &["one", "two"]);
        let unwound = catch_unwind(AssertUnwindSafe(move || {
            let mut receiver = receiver;
            drop(receiver.recv().unwrap());
            let _message = receiver.recv().unwrap();
            resume_unwind(Box::new("on purpose"));
        }));
        assert!(unwound.is_err());
        assert_eq!(next(&mut channel.receiver().unwrap()), b"two");
    });
}

#[test]
fn a_forgotten_message_stays_in_the_channel() {
    everywhere(|stage| {
        let (_, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["one", "two"]);
        std::mem::forget(receiver.recv().unwrap());
        assert_eq!(next(&mut receiver), b"one");
        assert_eq!(next(&mut receiver), b"two");
    });
}

#[test]
fn sequence_numbers_go_on_over_successors_of_both_sides() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        assert_eq!((sender.resumed_at(), sender.sent()), (0, 0));
        let mut expected = 0;
        for round in 0..50 {
            for _ in 0..7 {
                sender.send(&[0; 300]).unwrap();
                let message = receiver.recv().unwrap();
                assert_eq!(message.sequence(), expected);
                expected += 1;
            }
            assert_eq!(sender.sent(), expected);
            if round % 2 == 0 {
                drop(sender);
                sender = channel.sender().unwrap();
                assert_eq!((sender.resumed_at(), sender.sent()), (expected, expected));
            }
            if round % 3 == 0 {
                drop(receiver);
                receiver = channel.receiver().unwrap();
            }
        }
    });
}

#[test]
fn released_messages_are_room_at_once_and_counted_when_asked_and_when_leaving() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        send(&mut sender, &["one", "two", "three", "four"]);
        let consumed = || channel.info().lanes[0].consumed;
        let counted = || channel.info().participants[1].counters.messages;
        let held = receiver.recv().unwrap();
        assert_eq!((consumed(), counted()), (0, 0), "it is held");
        drop(held);
        assert_eq!((consumed(), counted()), (16, 0), "its room comes at once, its count does not");
        receiver.publish_released();
        assert_eq!((consumed(), counted()), (16, 1));
        drop(receiver.recv().unwrap());
        drop(receiver);
        assert_eq!((consumed(), counted()), (32, 2));
        let mut receiver = channel.receiver().unwrap();
        assert_eq!(next(&mut receiver), b"three");
        assert_eq!(next(&mut receiver), b"four");
        assert_eq!((consumed(), counted()), (64, 0), "of a successor, too");
        assert!(receiver.try_recv().is_err());
        assert_eq!(counted(), 2, "when the channel is found empty");
    });
}

#[test]
fn every_strategy_waits_on_both_sides() {
    everywhere(|stage| {
        for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
            let (there, mut there_sender, mut there_receiver) = stage.small();
            let (_, mut back_sender, mut back_receiver) = stage.small();
            there_sender.set_strategy(strategy);
            there_receiver.set_strategy(strategy);
            back_receiver.set_strategy(strategy);
            std::thread::scope(|scope| {
                scope.spawn(move || {
                    for message in there_receiver.messages() {
                        back_sender.send(&message.unwrap()).unwrap();
                    }
                });
                for number in 0..50u32 {
                    there_sender.send(&number.to_le_bytes()).unwrap();
                    assert_eq!(next(&mut back_receiver), number.to_le_bytes(), "{strategy:?}");
                }
                if strategy == Strategy::Park {
                    eventually("it sleeps", || there.info().participants[1].counters.parks > 0);
                }
                drop(there_sender);
                assert_eq!(back_receiver.recv().unwrap_err(), RecvError::Disconnected);
            });
        }
    });
}

#[test]
fn a_destructor_that_runs_in_a_panic_drains_the_channel_and_ends() {
    struct Worker(Receiver, std::sync::Arc<std::sync::Mutex<Vec<Vec<u8>>>>);
    impl Drop for Worker {
        fn drop(&mut self) {
            let mut drained = self.1.lock().unwrap();
            drained.push(self.0.try_recv().unwrap().to_vec());
            drained.extend(self.0.try_recv_batch(1).unwrap().iter().map(|message| message.to_vec()));
            while let Ok(message) = self.0.try_recv() {
                drained.push(message.to_vec());
            }
        }
    }
    let channel = memlane::spsc::Options::new().private().unwrap();
    channel.sender().unwrap().send_batch(["one", "two", "three", "four"]).unwrap();
    let drained = std::sync::Arc::default();
    let worker = Worker(channel.receiver().unwrap(), std::sync::Arc::clone(&drained));
    let panicked = std::thread::spawn(move || {
        let _worker = worker;
        panic!("for a reason that has nothing to do with the messages");
    });
    assert!(panicked.join().is_err());
    assert_eq!(*drained.lock().unwrap(), ["one", "two", "three", "four"].map(|text| text.as_bytes().to_vec()));
}
