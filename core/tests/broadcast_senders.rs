//! A broadcast with several senders: each receiver gets all of each, in order, or is told what it lost.

mod support;

use memlane::broadcast::{Channel, Options, Policy, Receiver, Sender, Start};
use memlane::{CreateError, JoinError, OpenError, RecvError, TryRecvError};
use std::collections::HashMap;
use support::{Scratch, Watchdog};

/// Lanes of 4 KiB hold 170 messages of 16 bytes.
fn small(senders: usize) -> Options {
    Options::new().capacity(4096).max_senders(senders)
}

/// The number of its sender, and how many that one sent before.
fn message(sender: u64, number: u64) -> [u8; 16] {
    let mut message = [0; 16];
    message[..8].copy_from_slice(&sender.to_le_bytes());
    message[8..].copy_from_slice(&number.to_le_bytes());
    message
}

fn send(tx: &mut Sender, sender: u64, numbers: std::ops::Range<u64>) {
    numbers.for_each(|number| tx.send(&message(sender, number)).unwrap());
}

/// What a receiver got: how many messages of each sender, which came in order, and how many of all it lost.
#[derive(Debug, Default, PartialEq)]
struct Account {
    next: HashMap<u64, u64>,
    received: u64,
    lost: u64,
}

impl Account {
    fn got(&mut self, bytes: &[u8], row: u32, sequence: u64) {
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let (sender, number) = (word(0), word(8));
        assert_eq!((u64::from(row), sequence), (sender, number), "who sent it is said");
        let next = self.next.entry(sender).or_default();
        assert!(number >= *next && (self.lost > 0 || number == *next), "{number} of {sender} where {next} was due");
        *next = number + 1;
        self.received += 1;
    }
}

/// Takes all until the end, one by one and in batches.
fn drain(rx: &mut Receiver) -> Account {
    let mut account = Account::default();
    for turn in 0.. {
        let ended = if turn % 2 == 0 {
            rx.recv().map(|message| account.got(&message.to_vec(), message.sender(), message.sequence()))
        } else {
            rx.recv_batch(50).map(|batch| {
                let first = batch.get(0).unwrap().sender();
                for message in &batch {
                    assert_eq!(message.sender(), first, "a batch is of one sender");
                    account.got(&message.to_vec(), message.sender(), message.sequence());
                }
            })
        };
        match ended {
            Ok(()) => {}
            Err(RecvError::Lagged { lost }) => account.lost += lost,
            Err(RecvError::Disconnected) => break,
            Err(error) => panic!("{error}"),
        }
    }
    account
}

/// So many senders send so many messages each to three receivers, who say what they got.
fn carry(channel: &Channel, senders: u64, each: u64) -> Vec<Account> {
    let _watchdog = Watchdog::new();
    let receivers: Vec<_> = (0..3).map(|_| channel.receiver().unwrap()).collect();
    let mut sending: Vec<_> = (0..senders).map(|_| channel.sender().unwrap()).collect();
    let accounts = std::thread::scope(|scope| {
        let draining: Vec<_> = receivers
            .into_iter()
            .map(|mut rx| {
                scope.spawn(move || {
                    let account = drain(&mut rx);
                    let info = channel.info();
                    let counters = info.participants.iter().find(|one| one.row == rx.row()).unwrap().counters;
                    assert_eq!((counters.messages, counters.bytes), (account.received, 16 * account.received));
                    assert_eq!(counters.lost, account.lost);
                    account
                })
            })
            .collect();
        for mut tx in sending.drain(..) {
            scope.spawn(move || {
                let row = tx.row().into();
                send(&mut tx, row, 0..each);
            });
        }
        draining.into_iter().map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    assert_eq!(channel.info().lanes.iter().map(|lane| lane.messages).sum::<u64>(), senders * each);
    accounts
}

#[test]
fn every_receiver_gets_all_of_every_sender_in_order() {
    const EACH: u64 = 20_000;
    let channel = small(5).private().unwrap();
    for account in carry(&channel, 4, EACH) {
        assert_eq!((account.received, account.lost), (4 * EACH, 0));
        assert!(account.next.len() == 4 && account.next.values().all(|&next| next == EACH));
    }
}

#[test]
fn what_is_lost_of_several_senders_is_told_exactly() {
    const EACH: u64 = 200_000;
    for policy in [Policy::Overwrite, Policy::Evict] {
        let channel = small(2).policy(policy).private().unwrap();
        for account in carry(&channel, 2, EACH) {
            assert_eq!(account.received + account.lost, 2 * EACH, "{policy:?}");
        }
    }
}

#[test]
fn no_lane_is_visited_twice_in_a_row_while_another_one_has_something() {
    let _watchdog = Watchdog::new();
    for policy in [Policy::Block, Policy::Overwrite] {
        let channel = small(3).policy(policy).private().unwrap();
        let mut rx = channel.receiver().unwrap();
        let mut senders = [0; 3].map(|_| channel.sender().unwrap());
        for (number, tx) in senders.iter_mut().enumerate() {
            send(tx, number as u64, 0..[100, 40, 10][number]);
        }
        let rows: Vec<_> = (0..150).map(|_| rx.recv().unwrap().sender()).collect();
        let visits: Vec<_> = rows.chunk_by(|one, other| one == other).map(|visit| (visit[0], visit.len())).collect();
        let expected = [(0, 16), (1, 16), (2, 10), (0, 16), (1, 16), (0, 16), (1, 8), (0, 52)];
        assert_eq!(visits, expected, "{policy:?}");
        assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty));
    }
}

#[test]
fn copies_into_a_buffer_take_turns_too() {
    let _watchdog = Watchdog::new();
    let channel = small(2).private().unwrap();
    let mut rx = channel.receiver().unwrap();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    for (number, tx) in senders.iter_mut().enumerate() {
        send(tx, number as u64, 0..40);
    }
    let mut buffer = [0; 16];
    let rows: Vec<_> = (0..64)
        .map(|_| {
            rx.recv_into(&mut buffer).unwrap();
            buffer[0]
        })
        .collect();
    let visits: Vec<_> = rows.chunk_by(|one, other| one == other).map(<[u8]>::len).collect();
    assert_eq!(visits, [16; 4]);
}

#[test]
fn a_sender_that_comes_later_and_its_successor_are_heard_by_those_that_are_there() {
    let _watchdog = Watchdog::new();
    let channel = small(3).private().unwrap();
    let (mut first, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let mut got = |expected: &[(u32, u64)]| {
        let found: Vec<_> =
            expected.iter().map(|_| rx.recv().map(|one| (one.sender(), one.sequence())).unwrap()).collect();
        assert_eq!(found, expected);
        assert_eq!(rx.try_recv().err(), Some(TryRecvError::Empty));
    };
    send(&mut first, 0, 0..2);
    got(&[(0, 0), (0, 1)]);
    let mut second = channel.sender().unwrap();
    send(&mut second, 1, 0..3);
    drop(second);
    let mut successor = channel.sender().unwrap();
    assert_eq!((successor.row(), successor.resumed_at()), (1, 3));
    send(&mut successor, 1, 3..4);
    got(&[(1, 0), (1, 1), (1, 2), (1, 3)]);
    drop((first, successor));
    assert_eq!(rx.recv().err(), Some(RecvError::Disconnected));
}

#[test]
fn a_message_that_is_given_back_comes_again_before_any_other() {
    let channel = small(2).private().unwrap();
    let mut rx = channel.receiver().unwrap();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    for (number, tx) in senders.iter_mut().enumerate() {
        send(tx, number as u64, 0..40);
    }
    (0..15).for_each(|_| drop(rx.recv().unwrap()));
    for _ in 0..3 {
        let message = rx.recv().unwrap();
        assert_eq!((message.sender(), message.sequence()), (0, 15));
        message.hand_back();
    }
    let batch = rx.recv_batch(64).unwrap();
    assert_eq!((batch.len(), batch.get(0).unwrap().sequence()), (25, 15));
    batch.hand_back();
    let batch = rx.recv_batch(64).unwrap();
    assert_eq!((batch.get(0).unwrap().sender(), batch.get(0).unwrap().sequence()), (0, 15));
    drop(batch);
    let next = rx.recv().unwrap();
    assert_eq!((next.sender(), next.sequence()), (1, 0), "a batch is a visit");
}

#[test]
fn the_slowest_receiver_is_the_one_that_lags_most_in_any_lane() {
    let channel = small(2).private().unwrap();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    let [mut one, mut other] = [0; 2].map(|_| channel.receiver().unwrap());
    send(&mut senders[0], 0, 0..5);
    assert_eq!(one.drain().count(), 5);
    send(&mut senders[1], 1, 0..20);
    assert_eq!(other.drain().count(), 25);
    let info = channel.info().broadcast.unwrap();
    let slowest = info.slowest().map(|slowest| (slowest.row, slowest.lane, slowest.consumed));
    assert_eq!(slowest, Some((one.row(), 1, 0)));
    assert_eq!((one.len(), other.len(), senders[0].len(), senders[1].len()), (20, 0, 0, 20));
}

#[test]
fn a_named_receiver_comes_back_to_its_place_in_every_lane() {
    for policy in [Policy::Block, Policy::Overwrite] {
        let channel = small(2).policy(policy).private().unwrap();
        let mut senders = [0; 2].map(|_| channel.sender().unwrap());
        let mut rx = channel.receiver_named("archive", Start::Now).unwrap();
        for (number, tx) in senders.iter_mut().enumerate() {
            send(tx, number as u64, 0..30);
        }
        // 16 of the first one, and 4 of the second one.
        (0..20).for_each(|_| drop(rx.recv().unwrap()));
        drop(rx);
        for (number, tx) in senders.iter_mut().enumerate() {
            send(tx, number as u64, 30..40);
        }
        let mut rx = channel.receiver_named("archive", Start::Now).unwrap();
        let mut next = [16, 4];
        assert_eq!(rx.len(), 60);
        for _ in 0..60 {
            let message = rx.recv().unwrap();
            assert_eq!(message.sequence(), next[message.sender() as usize], "{policy:?}");
            next[message.sender() as usize] += 1;
        }
        assert_eq!(next, [40, 40]);
    }
}

#[test]
fn receivers_begin_with_the_last_few_of_each_sender_and_with_no_number() {
    let scratch = Scratch::new();
    let name = scratch.name("several");
    let channel = small(2).create(&name).unwrap();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    for (number, tx) in senders.iter_mut().enumerate() {
        send(tx, number as u64, 0..40);
    }
    let count = |start| channel.receiver_from(start).unwrap().drain().count();
    assert_eq!([Start::Now, Start::Oldest, Start::Last(7)].map(count), [0, 80, 14]);
    let refused = channel.receiver_from(Start::At(3)).err();
    assert!(matches!(refused, Some(JoinError::SeveralSenders { senders: 2, .. })), "{refused:?}");
    let refused = Options::new().open_read_only_from(&name, Start::At(3)).err();
    assert!(matches!(refused, Some(OpenError::SeveralSenders { senders: 2, .. })), "{refused:?}");
}

#[test]
fn a_receiver_that_only_reads_goes_round_the_lanes() {
    let _watchdog = Watchdog::new();
    let scratch = Scratch::new();
    let name = scratch.name("several");
    let channel = small(3).create(&name).unwrap();
    let mut rx = memlane::broadcast::open_read_only(&name).unwrap();
    let mut senders = [0; 2].map(|_| channel.sender().unwrap());
    for (number, tx) in senders.iter_mut().enumerate() {
        send(tx, number as u64, 0..40);
    }
    assert_eq!((rx.len(), rx.is_empty()), (80, false));
    let got: Vec<_> = (0..80).map(|_| rx.recv().unwrap()).collect();
    let expected: Vec<_> = (0..80).map(|number| message(number % 2, number / 2).to_vec()).collect();
    assert_eq!(got, expected);
    send(&mut senders[1], 1, 40..1000);
    drop(senders);
    let (mut received, mut lost) = (0, 0);
    loop {
        match rx.recv() {
            Ok(_) => received += 1,
            Err(RecvError::Lagged { lost: more }) => lost += more,
            Err(error) => break assert_eq!(error, RecvError::Disconnected),
        }
    }
    assert_eq!(received + lost, 960);
    assert!(lost > 700, "{lost}");
}

#[test]
fn more_gates_than_there_can_be_are_refused() {
    let refused = Options::new().max_senders(17).max_receivers(1000).private().unwrap_err();
    let CreateError::InvalidOption { option, given, wanted, .. } = refused else { panic!("{refused}") };
    assert_eq!(
        (option, given.as_str(), wanted.as_str()),
        ("receivers", "1000", "has to be 963 at most beside 17 senders")
    );
}
