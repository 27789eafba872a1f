//! Calls that wait, and calls that do not.

use crate::case::Case;
use crate::kinds::Kind;
use crate::stage::{FEW, MAX_MESSAGE, SHORT, create, ends, fill, longest, message, start};
use crate::support::eventually;
use memlane::generic::Channel;
use memlane::{RecvTimeoutError, Role, SendBatchError, SendTimeoutError, Strategy, TryRecvError, TrySendError};
use std::time::{Duration, Instant};

over_all! {
    a_sleeping_receiver_is_woken_by_every_message
    a_sleeping_sender_is_woken_by_room
    a_call_with_a_deadline_ends_then
    a_receiver_waits_until_its_deadline_and_no_longer
    a_sender_waits_until_its_deadline_and_no_longer
    a_sender_whose_time_is_endless_waits
    a_receiver_whose_time_is_endless_waits
    a_call_that_does_not_wait_says_so
}

/// How often participants of this role went to sleep, and woke somebody.
pub fn parks_and_wakes<K: Kind>(channel: &Channel<K>, role: Role) -> (u64, u64) {
    let participants = channel.info().participants;
    let counters = participants.iter().filter(|one| one.role == role).map(|one| one.counters);
    counters.fold((0, 0), |(parks, wakes), one| (parks + one.parks, wakes + one.wakes))
}

/// Waits until somebody of this role has gone to sleep once more.
pub fn until_asleep<K: Kind>(channel: &Channel<K>, role: Role, parks_before: u64) {
    eventually("somebody sleeps", || parks_and_wakes(channel, role).0 > parks_before);
}

fn a_sleeping_receiver_is_woken_by_every_message<K: Kind>(case: &Case) {
    const ROUNDS: u64 = 30;
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "sleeps for every message");
    peer.expect("joined");
    for round in 0..ROUNDS {
        let (parks, _) = parks_and_wakes(&channel, Role::Receiver);
        until_asleep(&channel, Role::Receiver, parks);
        sender.send(&message(0)).unwrap();
        peer.expect(message(0).len());
        assert_eq!(parks_and_wakes(&channel, Role::Sender).1, round + 1, "each message wakes its receiver");
    }
    drop(sender);
    peer.finish();
}

fn a_sleeping_sender_is_woken_by_room<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    sender.set_strategy(Strategy::Park);
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    let filled = fill(&mut sender);
    let (parks, _) = parks_and_wakes(&channel, Role::Sender);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| (filled..2 * filled).try_for_each(|number| sender.send(&longest(number))));
        until_asleep(&channel, Role::Sender, parks);
        for _ in 0..2 * filled {
            peer.say("next");
            peer.expect(MAX_MESSAGE);
        }
        sending.join().unwrap().unwrap();
    });
    assert!(parks_and_wakes(&channel, Role::Receiver).1 > 0, "the receiver woke the sender");
    peer.finish();
}

fn a_call_with_a_deadline_ends_then<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Timeout);
    assert_eq!(receiver.recv_batch_timeout(3, Duration::ZERO).unwrap_err(), RecvTimeoutError::Timeout);
    let filled = fill(&mut sender);
    assert_eq!(sender.send_timeout(&longest(0), SHORT), Err(SendTimeoutError::Timeout));
    assert_eq!(sender.reserve_timeout(MAX_MESSAGE, Duration::ZERO).unwrap_err(), SendTimeoutError::Timeout);
    for number in 0..filled {
        assert_eq!(receiver.recv_timeout(SHORT).unwrap().to_vec(), longest(number), "nothing was lost meanwhile");
    }
    assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Timeout);
}

fn a_receiver_waits_until_its_deadline_and_no_longer<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let mut buffer = [0; MAX_MESSAGE];
    let start = Instant::now();
    let deadlines = [start, start + SHORT, start + 2 * SHORT, start + 3 * SHORT];
    for deadline in deadlines {
        assert_eq!(receiver.recv_deadline(deadline).unwrap_err(), RecvTimeoutError::Timeout);
        assert_eq!(receiver.recv_batch_deadline(3, deadline).unwrap_err(), RecvTimeoutError::Timeout);
        assert_eq!(receiver.recv_into_deadline(&mut buffer, deadline), Err(RecvTimeoutError::Timeout));
        assert!(Instant::now() >= deadline);
    }
    assert_eq!(receiver.recv_into_timeout(&mut buffer, SHORT), Err(RecvTimeoutError::Timeout));
    // What is there comes, though the time is over.
    (0..FEW).for_each(|number| sender.send(&message(number)).unwrap());
    assert_eq!(receiver.recv_deadline(start).unwrap().to_vec(), message(0));
    assert_eq!(receiver.recv_batch_deadline(1, start).unwrap().get(0).unwrap().to_vec(), message(1));
    let needed = message(2).len();
    let too_small = RecvTimeoutError::BufferTooSmall { needed };
    assert_eq!(receiver.recv_into_deadline(&mut buffer[..needed - 1], start), Err(too_small));
    assert_eq!(receiver.recv_into_deadline(&mut buffer, start), Ok(needed), "it was left");
    assert_eq!(buffer[..needed], message(2));
    assert_eq!(receiver.recv_into_timeout(&mut buffer, Duration::ZERO), Ok(message(3).len()));
}

fn a_sender_waits_until_its_deadline_and_no_longer<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let filled = fill(&mut sender);
    let start = Instant::now();
    let in_vain = SendBatchError { sent: 0, error: SendTimeoutError::Timeout };
    for deadline in [start, start + SHORT, start + 2 * SHORT, start + 3 * SHORT] {
        assert_eq!(sender.send_deadline(&longest(0), deadline), Err(SendTimeoutError::Timeout));
        assert_eq!(sender.reserve_deadline(MAX_MESSAGE, deadline).unwrap_err(), SendTimeoutError::Timeout);
        assert_eq!(sender.send_batch_deadline([longest(0)], deadline), Err(in_vain));
        assert!(Instant::now() >= deadline);
    }
    let before = Instant::now();
    assert_eq!(sender.send_batch_timeout([longest(0)], SHORT), Err(in_vain));
    assert!(before.elapsed() >= SHORT);
    for number in 0..filled {
        assert_eq!(receiver.recv().unwrap().to_vec(), longest(number));
    }
    // What finds room is sent, though the time is over.
    sender.send_deadline(&message(0), start).unwrap();
    sender.reserve_deadline(1, start).unwrap().commit(1).unwrap();
    assert_eq!(sender.send_batch_deadline((1..FEW).map(message), start), Ok(FEW as usize - 1));
    assert_eq!(receiver.recv().unwrap().to_vec(), message(0));
    assert_eq!(receiver.recv().unwrap().len(), 1);
    for number in 1..FEW {
        assert_eq!(receiver.recv().unwrap().to_vec(), message(number));
    }
}

fn a_sender_whose_time_is_endless_waits<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    sender.set_strategy(Strategy::Park);
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    let filled = fill(&mut sender);
    let (parks, _) = parks_and_wakes(&channel, Role::Sender);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| sender.send_batch_timeout((filled..2 * filled).map(longest), Duration::MAX));
        until_asleep(&channel, Role::Sender, parks);
        for _ in 0..2 * filled {
            peer.say("next");
            peer.expect(MAX_MESSAGE);
        }
        assert_eq!(sending.join().unwrap(), Ok(filled as usize));
    });
    peer.finish();
}

fn a_receiver_whose_time_is_endless_waits<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    receiver.set_strategy(Strategy::Park);
    std::thread::scope(|scope| {
        let receiving = scope.spawn(move || {
            let first = receiver.recv_timeout(Duration::MAX).unwrap().to_vec();
            let mut buffer = [0; MAX_MESSAGE];
            let length = receiver.recv_into_timeout(&mut buffer, Duration::MAX).unwrap();
            [first, buffer[..length].to_vec()]
        });
        for number in 0..2 {
            let (parks, _) = parks_and_wakes(&channel, Role::Receiver);
            until_asleep(&channel, Role::Receiver, parks);
            sender.send(&message(number)).unwrap();
        }
        assert_eq!(receiving.join().unwrap(), [message(0), message(1)]);
    });
}

fn a_call_that_does_not_wait_says_so<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    let filled = fill(&mut sender);
    assert!(filled >= FEW);
    assert_eq!(sender.try_reserve(MAX_MESSAGE).unwrap_err(), TrySendError::Full);
    for number in 0..filled {
        assert_eq!(receiver.try_recv().unwrap().to_vec(), longest(number));
    }
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    sender.try_send(b"room again").unwrap();
}
