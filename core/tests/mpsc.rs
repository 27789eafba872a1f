//! What only `mpsc` channels promise: turns, a lane for each sender, and its reuse.

mod support;

use memlane::{JoinError, RecvError, RecvTimeoutError, TryRecvError, mpsc};
use std::collections::BTreeMap;
use std::time::Duration;
use support::child::{self, Child, Part};
use support::{PATIENCE, Scratch};

const SHORT: Duration = Duration::from_millis(10);

fn channel() -> mpsc::Channel {
    mpsc::Options::new().max_senders(8).private().unwrap()
}

fn sends(tx: &mut mpsc::Sender, numbers: std::ops::Range<u64>) {
    for number in numbers {
        tx.try_send(&number.to_le_bytes()).unwrap();
    }
}

fn number_of(message: &mpsc::Message<'_>) -> u64 {
    u64::from_le_bytes(message.to_vec().try_into().unwrap())
}

/// The senders' rows and the numbers of what there is now, in the order in which they came.
fn all_of(rx: &mut mpsc::Receiver) -> Vec<(u32, u64)> {
    std::iter::from_fn(|| rx.try_recv().ok().map(|message| (message.sender(), number_of(&message)))).collect()
}

#[test]
fn no_lane_is_visited_twice_in_a_row_while_another_has_something() {
    let channel = channel();
    let mut senders = [0; 3].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    let counts = [100, 40, 7];
    for (tx, count) in senders.iter_mut().zip(counts) {
        sends(tx, 0..count);
    }
    let received = all_of(&mut rx);
    let mut left = counts;
    let mut next = [0; 3];
    for visit in received.chunk_by(|one, other| one.0 == other.0) {
        let sender = visit[0].0 as usize;
        for (_, number) in visit {
            assert_eq!(*number, next[sender], "in order");
            next[sender] += 1;
        }
        let others = (0..3).filter(|&other| other != sender).map(|other| left[other]).sum::<u64>();
        assert!(visit.len() <= 16 || others == 0, "{} at once, with {left:?} left", visit.len());
        left[sender] -= visit.len() as u64;
    }
    assert_eq!(left, [0; 3]);
}

#[test]
fn long_messages_take_turns_as_well() {
    let channel = channel();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    for tx in &mut senders {
        for _ in 0..4 {
            tx.try_send(&[7; 5000]).unwrap();
        }
    }
    let rows: Vec<_> = std::iter::from_fn(|| rx.try_recv().ok().map(|message| message.sender())).collect();
    assert_eq!(rows, [0, 1, 0, 1, 0, 1, 0, 1]);
}

#[test]
fn a_lane_that_fills_is_found_while_another_is_never_empty() {
    let channel = channel();
    let mut senders = [0; 8].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
    let [flooding, .., quiet] = &mut senders;
    sends(flooding, 0..100);
    // It is the next one's turn behind the first message, so that all others are known to be idle.
    assert_eq!(rx.try_recv().unwrap().sender(), 0);
    sends(quiet, 0..1);
    let received = all_of(&mut rx);
    let found = received.iter().position(|(row, _)| *row == 7).unwrap();
    // A visit of 16, and another one: seven idle lanes are looked at by two fours.
    assert!(found <= 32, "behind {found} messages");
}

#[test]
fn a_batch_goes_round_the_lanes_and_comes_again_in_each() {
    let channel = channel();
    let mut senders = [0; 3].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    for tx in &mut senders {
        sends(tx, 0..40);
    }
    let seen = |batch: &mpsc::Batch<'_>| -> Vec<_> {
        batch.iter().map(|message| (message.sender(), message.sequence(), message.to_vec())).collect()
    };
    let batch = rx.try_recv_batch(100).unwrap();
    let first = seen(&batch);
    assert_eq!(first.len(), 100);
    assert_eq!(first.iter().map(|(row, ..)| row).collect::<std::collections::BTreeSet<_>>().len(), 3);
    batch.nack().unwrap();
    let batch = rx.try_recv_batch(100).unwrap();
    assert_eq!(seen(&batch), first, "the turn stays");
    batch.hand_back();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _batch = rx.try_recv_batch(100).unwrap();
        std::panic::resume_unwind(Box::new(()));
    }));
    assert!(panicked.is_err());
    let mut sequences = BTreeMap::new();
    while let Ok(batch) = rx.try_recv_batch(7) {
        for (row, sequence, bytes) in seen(&batch) {
            assert_eq!(bytes, sequence.to_le_bytes());
            assert_eq!(sequence, *sequences.entry(row).and_modify(|next| *next += 1).or_insert(0));
        }
    }
    assert_eq!(sequences.into_values().collect::<Vec<_>>(), [39; 3]);
}

#[test]
fn a_batch_that_was_forgotten_comes_again_though_it_is_another_lanes_turn() {
    let channel = channel();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    senders.iter_mut().for_each(|tx| sends(tx, 0..1));
    std::mem::forget(rx.recv_batch(1).unwrap());
    let mut rows: Vec<_> = rx.recv_batch(64).unwrap().iter().map(|message| message.sender()).collect();
    rows.sort_unstable();
    assert_eq!(rows, [0, 1]);
}

#[test]
fn what_was_taken_before_a_batch_found_its_lane_empty_is_counted() {
    let channel = channel();
    let [mut one, mut other] = [0; 2].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    sends(&mut one, 0..16);
    (0..16).for_each(|_| rx.recv().unwrap().ack().unwrap());
    sends(&mut other, 0..1);
    assert_eq!(rx.recv_batch(64).unwrap().len(), 1);
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
    rx.publish_released();
    assert_eq!(channel.info().participants.last().unwrap().counters.messages, 17);
}

#[test]
fn a_batch_takes_no_more_of_a_lane_at_a_time_than_a_visit() {
    let channel = mpsc::Options::new().max_senders(2).capacity(1 << 20).private().unwrap();
    let [mut one, mut other] = [0; 2].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    one.try_send(b"short").unwrap();
    (0..6).for_each(|_| one.try_send(&[7; 8000]).unwrap());
    other.try_send(b"short").unwrap();
    let seen = |batch: &mpsc::Batch<'_>| -> Vec<_> {
        batch.iter().map(|message| (message.sender(), message.sequence(), message.len())).collect()
    };
    let batch = rx.recv_batch(64).unwrap();
    let mut expected = vec![(0, 0, 5), (0, 1, 8000), (1, 0, 5)];
    expected.extend((2..7).map(|sequence| (0, sequence, 8000)));
    assert_eq!(seen(&batch), expected, "the one that makes it 4 KiB is the last");
    batch.nack().unwrap();
    assert_eq!(seen(&rx.recv_batch(64).unwrap()), expected, "again");
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
}

#[test]
fn the_turn_stays_after_a_message_that_was_given_back_or_did_not_fit() {
    let channel = channel();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    for tx in &mut senders {
        sends(tx, 0..20);
    }
    for _ in 0..3 {
        rx.try_recv().unwrap().nack().unwrap();
        assert_eq!(rx.recv_into(&mut [0; 3]), Err(RecvError::BufferTooSmall { needed: 8 }));
        let message = rx.try_recv().unwrap();
        assert_eq!((message.sender(), message.sequence()), (0, 0));
        message.hand_back();
    }
    assert_eq!(all_of(&mut rx)[..17], (0..16).map(|number| (0, number)).chain([(1, 0)]).collect::<Vec<_>>());
}

#[test]
fn a_sender_that_comes_and_goes_between_two_looks_leaves_its_messages() {
    let channel = channel();
    let mut rx = channel.receiver().unwrap();
    for turn in 0..3 {
        let mut tx = channel.sender().unwrap();
        assert_eq!((tx.row(), tx.resumed_at()), (0, 2 * turn));
        sends(&mut tx, 0..2);
    }
    assert_eq!(all_of(&mut rx).len(), 6);
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Disconnected);
    // The seats of senders whose messages nobody receives do not run out.
    for turn in 0..20 {
        sends(&mut channel.sender().unwrap(), turn..turn + 1);
    }
    assert_eq!(all_of(&mut rx), (0..20).map(|number| (0, number)).collect::<Vec<_>>());
}

#[test]
fn a_handover_is_not_the_end() {
    let channel = channel();
    let mut rx = channel.receiver().unwrap();
    let mut tx = channel.sender().unwrap();
    for turn in 0..10 {
        let next = tx.try_clone().unwrap();
        drop(std::mem::replace(&mut tx, next));
        assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty, "turn {turn}");
        assert!(matches!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout)));
    }
    sends(&mut tx, 0..1);
    drop(tx);
    assert_eq!(all_of(&mut rx).len(), 1);
    assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
}

#[test]
fn a_successor_of_the_receiver_gets_a_suffix_of_each_lane() {
    let channel = channel();
    let mut senders = [0; 3].map(|_| channel.sender().unwrap());
    let mut rx = channel.receiver().unwrap();
    for tx in &mut senders {
        sends(tx, 0..20);
    }
    for _ in 0..20 {
        rx.recv().unwrap().ack().unwrap();
    }
    drop(senders);
    drop(rx);
    let received = all_of(&mut channel.receiver().unwrap());
    assert_eq!(received.len(), 40);
    for row in 0..3 {
        let of_row: Vec<_> = received.iter().filter(|(of, _)| *of == row).map(|(_, number)| *number).collect();
        assert_eq!(of_row, (20 - of_row.len() as u64..20).collect::<Vec<_>>());
    }
}

#[test]
fn slow_and_fast_senders_both_get_on() {
    let channel = mpsc::Options::new().max_senders(2).capacity(4096).private().unwrap();
    let mut rx = channel.receiver().unwrap();
    let (mut fast, mut slow) = (channel.sender().unwrap(), channel.sender().unwrap());
    let flooding = std::thread::spawn(move || {
        for number in 0..20_000u64 {
            fast.send(&number.to_le_bytes()).unwrap();
        }
    });
    let mut received = [0; 2];
    for number in 0..50u64 {
        slow.send(&number.to_le_bytes()).unwrap();
        // A lane of 4 KiB holds 255: between a slow message's arrival and its receipt are two visits at most.
        let mut passed = 0;
        loop {
            let message = rx.recv().unwrap();
            let row = message.sender() as usize;
            assert_eq!(number_of(&message), received[row]);
            received[row] += 1;
            if row == 1 {
                break;
            }
            passed += 1;
        }
        assert!(passed <= 64, "the slow one waited for {passed} messages");
    }
    drop(slow);
    received[0] += rx.messages().map(Result::unwrap).count() as u64;
    flooding.join().unwrap();
    assert_eq!(received, [20_000, 50]);
}

#[test]
fn a_thousand_senders_at_once_are_all_heard_each_in_order() {
    const SENDERS: usize = 1000;
    const EACH: u64 = 1000;
    let channel = mpsc::Options::new().max_senders(SENDERS).capacity(4096).private().unwrap();
    let mut rx = channel.receiver().unwrap();
    // All have their lanes before the first one sends.
    let senders: Vec<_> = (0..SENDERS).map(|_| channel.sender().unwrap()).collect();
    let mut next = BTreeMap::new();
    std::thread::scope(|scope| {
        for mut tx in senders {
            let send = move || (0..EACH).for_each(|number| tx.send(&number.to_le_bytes()).unwrap());
            std::thread::Builder::new().stack_size(128 << 10).spawn_scoped(scope, send).unwrap();
        }
        while let Ok(message) = rx.recv() {
            let number = number_of(&message);
            assert_eq!(number, std::mem::replace(next.entry(message.sender()).or_insert(0), number + 1));
        }
    });
    assert_eq!(next.into_values().collect::<Vec<_>>(), [EACH; SENDERS]);
}

#[test]
fn a_sender_that_comes_or_goes_wakes_no_other_one() {
    let channel = channel();
    let mut rx = channel.receiver().unwrap();
    let mut full = channel.sender().unwrap();
    while full.try_send(&[0; 1000]).is_ok() {}
    let parks = || channel.info().participants[0].counters.parks;
    let waiting = std::thread::spawn(move || full.send(&[0; 1000]));
    while parks() == 0 {
        std::thread::yield_now();
    }
    let before = parks();
    for _ in 0..20 {
        drop(channel.sender().unwrap());
    }
    // Each sleep is a slice of 100 ms, unless somebody ends it.
    assert!(parks() <= before + 2, "it slept {} times", parks() - before);
    while rx.try_recv().is_ok() {}
    waiting.join().unwrap().unwrap();
}

#[test]
fn as_many_senders_as_there_are_seats_and_no_more() {
    let channel = mpsc::Options::new().max_senders(1023).capacity(4096).private().unwrap();
    let mut senders: Vec<_> = (0..1023).map(|_| channel.sender().unwrap()).collect();
    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { seats: 1023, .. })));
    let mut rx = channel.receiver().unwrap();
    assert!(matches!(channel.receiver(), Err(JoinError::RoleTaken { seats: 1, .. })));
    for tx in &mut senders {
        sends(tx, 0..2);
    }
    assert_eq!(all_of(&mut rx).len(), 2046);
    let info = channel.info();
    assert_eq!(info.lanes.len(), 1023);
    assert!(info.lanes.iter().all(|lane| lane.messages == 2 && lane.used_bytes() == 0));
}

const PARTS: [(&str, Part); 1] = [("sends to one of many lanes", sends_and_stays)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn sends_and_stays(arguments: &[String]) {
    let mut tx = mpsc::open(&arguments[0]).unwrap().sender().unwrap();
    sends(&mut tx, 0..3);
    child::tell("sent");
    child::stay();
}

#[test]
fn what_a_killed_sender_committed_is_received_and_its_lane_is_the_next_ones() {
    let scratch = Scratch::new();
    let name = scratch.name("many");
    let channel = mpsc::Options::new().max_senders(1).create(&name).unwrap();
    let mut rx = channel.receiver().unwrap();
    let mut child = Child::start("sends to one of many lanes", &[&name]);
    child.expect("sent");
    assert_eq!(rx.recv().unwrap().sequence(), 0);
    child.kill();
    let mut tx = channel.sender().unwrap();
    assert_eq!((tx.row(), tx.resumed_at()), (0, 3), "behind what was not received yet");
    sends(&mut tx, 3..5);
    assert_eq!(all_of(&mut rx), (1..5).map(|number| (0, number)).collect::<Vec<_>>());
    drop(tx);
    assert_eq!(rx.recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Disconnected);
}

#[test]
fn the_end_comes_behind_the_last_message_of_a_killed_sender() {
    let scratch = Scratch::new();
    let name = scratch.name("many");
    let channel = mpsc::Options::new().create(&name).unwrap();
    let mut rx = channel.receiver().unwrap();
    let mut child = Child::start("sends to one of many lanes", &[&name]);
    child.expect("sent");
    child.kill();
    let numbers: Vec<_> = rx.messages().map(|message| message.unwrap()[0]).collect();
    assert_eq!(numbers, [0, 1, 2]);
}
