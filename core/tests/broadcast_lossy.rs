//! A broadcast whose sender never waits: what a receiver gets and what it is told that it lost are what was sent.

mod support;

use memlane::broadcast::{Options, Policy, Receiver, Start};
use memlane::{OnDrop, RecvError, TryRecvError};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use support::account::Account;
use support::eventually;
use support::numbered::send;

fn lossy() -> Options {
    small(Policy::Overwrite)
}

/// The lane holds 256 messages of 8 bytes.
fn small(policy: Policy) -> Options {
    Options::new().capacity(4096).policy(policy)
}

/// Takes all until the end, by these calls in turn.
fn drain(rx: &mut Receiver, pause: impl Fn(u64)) -> Account {
    let mut account = Account::default();
    let (mut exact, mut long) = ([0; 8], [0; 100]);
    for turn in 0.. {
        let error = match turn % 4 {
            0 => match rx.recv_into(&mut exact) {
                Ok(8) => {
                    account.got_bytes(&exact);
                    None
                }
                other => Some(other.unwrap_err()),
            },
            1 => match rx.recv_into(&mut long) {
                Ok(length) => {
                    account.got_bytes(&long[..length]);
                    None
                }
                Err(error) => Some(error),
            },
            2 => match rx.recv() {
                Ok(message) => {
                    assert_eq!(message.sequence(), account.next());
                    account.got(message.read().unwrap());
                    None
                }
                Err(error) => Some(error),
            },
            _ => match rx.recv_batch(50) {
                Ok(batch) => {
                    for message in &batch {
                        assert_eq!(message.sequence(), account.next());
                        account.got(message.read().unwrap());
                    }
                    None
                }
                Err(error) => Some(error),
            },
        };
        match error {
            None => {}
            Some(RecvError::Lagged { lost }) => account.told(lost),
            Some(RecvError::Disconnected) => break,
            Some(error) => panic!("{error}"),
        }
        assert_eq!(rx.next_sequence(), account.next());
        pause(turn);
    }
    account
}

#[test]
fn of_a_million_messages_each_is_received_or_counted_as_lost() {
    million(Policy::Overwrite);
}

#[test]
fn of_a_million_messages_each_is_received_or_the_receiver_was_evicted() {
    million(Policy::Evict);
}

fn million(policy: Policy) {
    const MESSAGES: u64 = 1_000_000;
    let channel = small(policy).private().unwrap();
    let mut tx = channel.sender().unwrap();
    let mut receivers = [0; 2].map(|_| channel.receiver().unwrap());
    let rows = receivers.each_ref().map(|rx| rx.row() as usize);
    let accounts = std::thread::scope(|scope| {
        let [one, other] = &mut receivers;
        let one = scope.spawn(|| drain(one, |_| {}));
        // It lags: a lap of the ring is 256 messages.
        let other = scope.spawn(|| {
            drain(other, |turn| {
                if turn % 16 == 0 {
                    std::thread::yield_now()
                }
            })
        });
        send(&mut tx, 0..MESSAGES);
        drop(tx);
        [one.join().unwrap(), other.join().unwrap()]
    });
    for (account, row) in accounts.iter().zip(rows) {
        assert_eq!(account.received + account.lost, MESSAGES, "{account:?}");
        let counters = channel.info().participants[row].counters;
        assert_eq!((counters.messages, counters.lost), (account.received, account.lost));
    }
}

#[test]
fn a_receiver_that_was_overtaken_is_told_once_and_goes_on_half_a_ring_behind() {
    let channel = lossy().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    send(&mut tx, 0..100_000);
    assert_eq!((tx.room() > 4000, tx.is_full(), rx.len() >= 255), (true, false, true));
    let Err(TryRecvError::Lagged { lost }) = rx.try_recv() else { panic!("a ring holds 256") };
    let rest: Vec<u64> = rx.drain().map(|message| u64::from_le_bytes(message.unwrap().try_into().unwrap())).collect();
    assert_eq!(rest, (lost..100_000).collect::<Vec<_>>());
    assert!((100..=160).contains(&rest.len()), "{}", rest.len());
    assert_eq!(rx.try_recv().unwrap_err(), TryRecvError::Empty);
}

#[test]
fn a_receiver_is_evicted_where_the_lane_has_no_other_room_and_nobody_else_loses_anything() {
    let channel = small(Policy::Evict).private().unwrap();
    let mut tx = channel.sender().unwrap();
    let [mut slow, mut quick] = [0; 2].map(|_| channel.receiver().unwrap());
    send(&mut tx, 0..255);
    assert_eq!((slow.len(), quick.drain().count()), (255, 255));
    for number in 0..5u64 {
        assert_eq!(slow.recv().unwrap().read(), Ok(number), "it lags by less than the lane");
    }
    send(&mut tx, 255..260);
    assert_eq!(slow.recv().unwrap().read(), Ok(5u64), "nor now");
    send(&mut tx, 260..262);
    let Err(TryRecvError::Lagged { lost }) = slow.try_recv().map(drop) else { panic!("it stood in the way") };
    assert_eq!(slow.recv().unwrap().read(), Ok(6 + lost));
    let rest: Vec<u64> = quick.drain().map(|one| u64::from_le_bytes(one.unwrap().try_into().unwrap())).collect();
    assert_eq!(rest, (255..262).collect::<Vec<_>>());
    let lost_by = |row: u32| channel.info().participants[row as usize].counters.lost;
    assert_eq!((lost_by(slow.row()), lost_by(quick.row())), (lost, 0));
}

#[test]
fn what_is_given_back_comes_again_though_it_is_overwritten() {
    let channel = lossy().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    rx.on_drop(OnDrop::GiveBack);
    send(&mut tx, 0..10);
    let texts = |batch: &memlane::broadcast::Batch<'_>| {
        batch.iter().map(|one| (one.sequence(), one.read::<u64>().unwrap())).collect::<Vec<_>>()
    };
    let expected = |range: std::ops::Range<u64>| range.map(|number| (number, number)).collect::<Vec<_>>();
    let mut batch = rx.recv_batch(6).unwrap();
    assert_eq!(texts(&batch), expected(0..6));
    batch.ack_first(2).unwrap();
    drop(batch);
    send(&mut tx, 10..1000);
    assert_eq!(rx.recv().unwrap().read(), Ok(2u64), "not acknowledged: it comes again");
    assert_eq!(rx.next_sequence(), 2);
    let batch = rx.recv_batch(3).unwrap();
    assert_eq!(texts(&batch), expected(2..5), "and no more than was asked for");
    batch.ack().unwrap();
    std::mem::forget(rx.recv_batch(64).unwrap());
    let batch = rx.recv_batch(64).unwrap();
    assert_eq!(texts(&batch), expected(5..6), "what comes behind is overwritten");
    batch.ack().unwrap();
    let Err(TryRecvError::Lagged { lost }) = rx.try_recv() else { panic!("what comes behind is there?") };
    assert_eq!(rx.next_sequence(), 6 + lost);
}

#[test]
fn a_buffer_that_is_too_small_leaves_the_message_though_it_is_overwritten() {
    let channel = lossy().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    tx.send(b"a message").unwrap();
    assert_eq!(rx.recv_into(&mut [0; 3]), Err(RecvError::BufferTooSmall { needed: 9 }));
    send(&mut tx, 1..1000);
    let mut buffer = [0; 9];
    assert_eq!(rx.recv_into(&mut buffer), Ok(9));
    assert_eq!(&buffer, b"a message");
}

#[test]
fn what_is_written_in_place_is_sent_as_it_is_committed() {
    let channel = lossy().max_message(64).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    // SAFETY: the channel is private, and nothing else in this process touches its memory.
    let trust = unsafe { memlane::TrustPeers::promise() };
    for round in 0..1000u32 {
        let mut grant = tx.reserve(16).unwrap();
        grant.write_at(8, b"behind").unwrap();
        grant.as_mut_slice(trust)[..4].copy_from_slice(&round.to_le_bytes());
        grant.write_at(4, b"four").unwrap();
        if round % 3 == 0 {
            drop(grant);
            tx.send(b"copied").unwrap();
            assert_eq!(rx.recv().unwrap().to_vec(), b"copied");
            continue;
        }
        grant.commit(14).unwrap();
        let expected = [&round.to_le_bytes()[..], b"four", b"behind"].concat();
        assert_eq!(rx.recv().unwrap().as_slice(trust), expected);
    }
}

#[test]
fn a_lossy_receiver_begins_where_it_wants() {
    let channel = lossy().persistent(true).private().unwrap();
    let mut tx = channel.sender().unwrap();
    send(&mut tx, 0..100);
    let first = |start| channel.receiver_from(start).unwrap().recv().unwrap().read::<u64>().unwrap();
    assert_eq!([Start::Oldest, Start::Last(7), Start::At(50)].map(first), [0, 93, 50]);
    send(&mut tx, 100..10_000);
    let mut rx = channel.receiver_from(Start::At(50)).unwrap();
    let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("that is overwritten") };
    assert_eq!(rx.recv().unwrap().read(), Ok(50 + lost));
    assert!(50 + lost >= 10_000 - 256 && first(Start::Oldest) >= 10_000 - 256);
    assert_eq!(first(Start::Last(7)), 9993);
}

#[test]
fn a_sleeping_receiver_is_woken_and_a_sender_never_sleeps() {
    let channel = lossy().private().unwrap();
    let mut tx = channel.sender().unwrap();
    let mut receivers = [0; 3].map(|_| channel.receiver().unwrap());
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let receiving = receivers.each_mut().map(|rx| {
            rx.set_strategy(memlane::Strategy::Park);
            scope.spawn(|| drain(rx, |_| {}))
        });
        for number in 0..100u64 {
            eventually("all sleep", || {
                let info = channel.info();
                info.participants[1..].iter().all(|one| one.counters.parks > number.min(5))
            });
            send(&mut tx, number..number + 1);
        }
        is_over.store(true, Relaxed);
        let counters = channel.info().participants[0].counters;
        assert!(counters.parks == 0 && counters.wakes >= 5, "{counters:?}");
        drop(tx);
        assert!(receiving.into_iter().all(|one| one.join().unwrap().next() == 100));
    });
}
