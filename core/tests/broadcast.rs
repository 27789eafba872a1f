//! What only `broadcast` channels promise: every receiver gets everything from where it begins, and the slowest one holds the sender back,
//! for as long as it lives. What becomes of receivers that the sender does not wait for, `broadcast_lossy` tests.

mod support;

use memlane::broadcast::{self, Channel, Options, Policy, Receiver, Start};
use memlane::{JoinError, RecvError, SendError, SendTimeoutError, TryRecvError, TrySendError};
use std::time::Duration;
use support::child::{self, Child, Part};
use support::numbered::{all_of, number_of, numbers, send};
use support::{PATIENCE, Scratch, eventually};

const SHORT: Duration = Duration::from_millis(10);

/// A ring that 255 of the messages below fill.
fn small() -> Options {
    Options::new().capacity(4096)
}

#[test]
fn the_slowest_receiver_holds_the_sender_back_and_the_others_do_not() {
    let channel = small().private().unwrap();
    let mut tx = channel.sender().unwrap();
    let (mut fast, mut slow) = (channel.receiver().unwrap(), channel.receiver().unwrap());
    let mut sent = 0;
    while tx.try_send(&u64::to_le_bytes(sent)).is_ok() {
        assert_eq!(number_of(&fast.recv().unwrap()), sent);
        sent += 1;
    }
    assert_eq!(sent, 255, "a ring less a header");
    let info = channel.info().broadcast.unwrap();
    let slowest = info.slowest().map(|slowest| (slowest.row, slowest.consumed));
    assert_eq!((info.policy, slowest), (Policy::Block, Some((slow.row(), 0))));
    assert_eq!(tx.send_timeout(b"too early", SHORT), Err(SendTimeoutError::Timeout));
    assert_eq!((slow.len(), fast.len(), tx.len(), channel.is_full()), (255, 0, 255, true));
    assert_eq!(all_of(&mut slow), numbers(0..255));
    send(&mut tx, 255..300);
    assert_eq!((all_of(&mut slow), all_of(&mut fast)), (numbers(255..300), numbers(255..300)));
    drop(slow);
    send(&mut tx, 300..400);
    assert_eq!(all_of(&mut fast), numbers(300..400));
    drop(fast);
    assert_eq!(channel.info().broadcast.unwrap().slowest(), None);
}

#[test]
fn where_nobody_receives_the_last_messages_stay() {
    let channel = small().persistent(true).private().unwrap();
    let mut tx = channel.sender().unwrap();
    send(&mut tx, 0..10_000);
    let mut rx = channel.receiver_from(Start::Oldest).unwrap();
    let found = all_of(&mut rx);
    assert!((200..=255).contains(&found.len()), "{}", found.len());
    assert_eq!(found, numbers(10_000 - found.len() as u64..10_000));
}

#[test]
fn a_receiver_begins_where_it_wants() {
    let channel = Options::new().private().unwrap();
    let mut tx = channel.sender().unwrap();
    send(&mut tx, 0..1000);
    let from = |start| channel.receiver_from(start).unwrap();
    for (start, first) in [
        (Start::Now, 1000),
        (Start::Oldest, 0),
        (Start::Last(0), 1000),
        (Start::Last(1), 999),
        (Start::Last(77), 923),
        (Start::Last(u64::MAX), 0),
        (Start::At(0), 0),
        (Start::At(500), 500),
        (Start::At(1000), 1000),
    ] {
        let mut rx = from(start);
        assert_eq!(rx.next_sequence(), first, "{start:?}");
        assert_eq!(all_of(&mut rx), numbers(first..1000), "{start:?}");
    }
    let refused = channel.receiver_from(Start::At(1001)).unwrap_err();
    assert!(matches!(refused, JoinError::NoSuchMessage { number: 1001, sent: 1000, .. }), "{refused}");
    let mut now = from(Start::Now);
    send(&mut tx, 1000..1001);
    assert_eq!(all_of(&mut now), [1000]);
}

#[test]
fn what_is_overwritten_before_a_receiver_comes_is_told_once_and_exactly() {
    let channel = small().persistent(true).private().unwrap();
    let mut tx = channel.sender().unwrap();
    send(&mut tx, 0..10_000);
    let mut rx = channel.receiver_from(Start::At(17)).unwrap();
    let Err(TryRecvError::Lagged { lost }) = rx.try_recv() else { panic!("all of that is there?") };
    let found = all_of(&mut rx);
    assert_eq!(17 + lost + found.len() as u64, 10_000);
    assert_eq!(found, numbers(17 + lost..10_000));
    assert_eq!(channel.info().participants[1].counters.lost, lost);
}

#[test]
fn a_receiver_that_joins_from_the_oldest_holds_the_sender_back_from_there() {
    let channel = small().private().unwrap();
    let mut tx = channel.sender().unwrap();
    send(&mut tx, 0..100);
    let mut rx = channel.receiver_from(Start::At(50)).unwrap();
    let mut sent = 100;
    while tx.try_send(&u64::to_le_bytes(sent)).is_ok() {
        sent += 1;
    }
    assert_eq!(all_of(&mut rx), numbers(50..sent));
}

#[test]
fn a_receiver_that_joins_later_holds_the_sender_back_as_the_first_one_does() {
    let channel = small().private().unwrap();
    let (mut tx, mut first) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for lap in 0..40 {
        send(&mut tx, lap * 50..(lap + 1) * 50);
        assert_eq!(all_of(&mut first).len(), 50);
    }
    let mut second = channel.receiver().unwrap();
    let sent =
        (2000..3000).find(|number| tx.try_send(&u64::to_le_bytes(*number)).is_err() || all_of(&mut first) != [*number]);
    assert_eq!(all_of(&mut second), numbers(2000..sent.expect("it is never full")));
}

#[test]
fn a_sender_that_does_not_wait_fails_and_loses_nothing() {
    let channel = small().policy(Policy::Fail).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let message = [0; 100];
    let sent = (0..).find(|_| tx.send(&message) == Err(SendError::Full)).unwrap();
    assert_eq!(tx.try_send(&message), Err(TrySendError::Full));
    assert_eq!(tx.send_timeout(&message, PATIENCE), Err(SendTimeoutError::Full));
    assert_eq!(tx.reserve(100).unwrap_err(), SendError::Full);
    let stopped = tx.send_batch([&message; 3]).unwrap_err();
    assert_eq!((stopped.sent, stopped.error), (0, SendError::Full));
    assert_eq!(rx.try_iter().count(), sent);
    assert_eq!(tx.send(&message), Ok(()));
}

#[test]
fn only_the_receiver_that_the_sender_waits_for_wakes_it() {
    let channel = small().private().unwrap();
    let mut tx = channel.sender().unwrap();
    let (mut other, mut blocker) = (channel.receiver().unwrap(), channel.receiver().unwrap());
    tx.set_strategy(memlane::Strategy::Park);
    let row_of = |rx: &Receiver| rx.row() as usize;
    let (other_row, blocker_row) = (row_of(&other), row_of(&blocker));
    let counters = |row: usize| channel.info().participants[row].counters;
    send(&mut tx, 0..1);
    assert_eq!(all_of(&mut other), [0]);
    let sending = std::thread::spawn(move || send(&mut tx, 1..300));
    eventually("the sender sleeps", || counters(0).parks > 0);
    let taken: Vec<_> = (1..255).map(|_| number_of(&other.recv().unwrap())).collect();
    assert_eq!(taken, numbers(1..255));
    other.publish_released();
    assert_eq!(counters(other_row).wakes, 0, "the sender does not wait for it");
    for number in 0..300 {
        assert_eq!(number_of(&blocker.recv().unwrap()), number);
    }
    sending.join().unwrap();
    assert!(counters(blocker_row).wakes >= 1, "it was woken, or ended its sleep by itself");
    assert_eq!(all_of(&mut other), numbers(255..300));
}

#[test]
fn a_thousand_receivers_get_everything() {
    let channel = small().max_receivers(1023).private().unwrap();
    let mut tx = channel.sender().unwrap();
    let mut receivers: Vec<_> = (0..1023).map(|_| channel.receiver().unwrap()).collect();
    assert!(matches!(channel.receiver(), Err(JoinError::RoleTaken { seats: 1023, .. })));
    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { seats: 1, .. })));
    for round in 0..4 {
        let range = round * 200..(round + 1) * 200;
        send(&mut tx, range.clone());
        for rx in &mut receivers {
            assert_eq!(all_of(rx), numbers(range.clone()));
        }
    }
    // The one in the last row holds the sender back, too.
    let mut sent = 800;
    while sent < 2000 && tx.try_send(&u64::to_le_bytes(sent)).is_ok() {
        sent += 1;
        for rx in &mut receivers[..1022] {
            assert_eq!(all_of(rx), [sent - 1]);
        }
    }
    assert_eq!(all_of(&mut receivers[1022]), numbers(800..sent));
    drop(tx);
    assert!(receivers.iter_mut().all(|rx| rx.recv().unwrap_err() == RecvError::Disconnected));
}

const PARTS: [(&str, Part); 2] = [("receives from", receives_from), ("sends and stays", sends_and_stays)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

/// `[name, position, pause in microseconds]`: tells each number that it gets, and what it lost.
fn receives_from(arguments: &[String]) {
    let channel = broadcast::open(&arguments[0]).unwrap();
    let start = arguments[1].parse().map_or(Start::Now, Start::At);
    let pause = Duration::from_micros(arguments[2].parse().unwrap());
    let mut rx = channel.receiver_from(start).unwrap();
    child::tell("joined");
    loop {
        match rx.recv() {
            Ok(message) => child::tell(number_of(&message)),
            Err(RecvError::Lagged { lost }) => child::tell(format_args!("lost {lost}")),
            Err(RecvError::Disconnected) => break,
            Err(error) => panic!("{error}"),
        }
        if !pause.is_zero() {
            std::thread::sleep(pause);
        }
    }
    child::tell("end");
}

fn sends_and_stays(arguments: &[String]) {
    let mut tx = broadcast::open(&arguments[0]).unwrap().sender().unwrap();
    let first = tx.resumed_at();
    send(&mut tx, first..first + 3);
    child::tell("sent");
    child::stay();
}

/// What a receiver told: how many messages it got and lost, from this one on.
fn account(child: &Child, mut next: u64, until: impl Fn(u64) -> bool) -> (u64, u64, u64) {
    let (mut received, mut lost) = (0, 0);
    while !until(next) {
        let line = child.line();
        if line == "end" {
            break;
        }
        match line.strip_prefix("lost ") {
            Some(more) => {
                lost += more.parse::<u64>().unwrap();
                next += more.parse::<u64>().unwrap();
            }
            None => {
                assert_eq!(line.parse(), Ok(next), "in order, none missing");
                received += 1;
                next += 1;
            }
        }
    }
    (received, lost, next)
}

#[test]
fn three_processes_get_everything_though_one_is_slow_and_one_is_killed_and_comes_again() {
    const MESSAGES: u64 = 3000;
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let channel = small().create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let start = |pause: &str, at: &str| {
        let child = Child::start("receives from", &[&name, at, pause]);
        child.expect("joined");
        child
    };
    let (fast, slow, mut killed) = (start("0", "now"), start("50", "now"), start("0", "now"));
    let sending = std::thread::spawn(move || send(&mut tx, 0..MESSAGES));
    let (received, lost, next) = account(&killed, 0, |next| next >= MESSAGES / 3);
    assert_eq!((received, lost), (MESSAGES / 3, 0));
    killed.kill();
    // What it had released when it died is not kept for it: what the sender overwrote meanwhile, it is told.
    let again = start("0", &next.to_string());
    let accounts = [(&fast, 0), (&slow, 0), (&again, next)].map(|(child, from)| {
        let (received, lost, end) = account(child, from, |_| false);
        assert_eq!((received + lost, end), (MESSAGES - from, MESSAGES));
        lost
    });
    assert_eq!(accounts[..2], [0, 0], "nobody overwrites what an attached receiver has not passed");
    sending.join().unwrap();
}

#[test]
fn a_killed_receiver_blocks_nobody() {
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let channel = small().create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let mut rx = channel.receiver().unwrap();
    // It stands in front of its second message.
    let mut child = Child::start("receives from", &[&name, "now", "600000000"]);
    child.expect("joined");
    let sending = std::thread::spawn(move || send(&mut tx, 0..2000));
    child.expect("0");
    let mut taken = 0;
    while taken < 255 {
        assert_eq!(number_of(&rx.recv().unwrap()), taken);
        taken += 1;
    }
    assert!(channel.sender().is_err(), "the sender waits");
    child.kill();
    while taken < 2000 {
        assert_eq!(number_of(&rx.recv_timeout(PATIENCE).unwrap()), taken);
        taken += 1;
    }
    sending.join().unwrap();
}

#[test]
fn a_killed_senders_successor_goes_on_behind_what_it_committed() {
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let channel: Channel = small().create(&name).unwrap();
    let mut receivers = [0; 2].map(|_| channel.receiver().unwrap());
    for round in 0..3 {
        let mut child = Child::start("sends and stays", &[&name]);
        child.expect("sent");
        child.kill();
        for rx in &mut receivers {
            for number in round * 3..(round + 1) * 3 {
                assert_eq!(number_of(&rx.recv().unwrap()), number);
            }
        }
    }
    let mut tx = channel.sender().unwrap();
    assert_eq!(tx.resumed_at(), 9);
    send(&mut tx, 9..209);
    drop(tx);
    for rx in &mut receivers {
        assert_eq!(all_of(rx), numbers(9..209));
        assert_eq!(rx.recv().unwrap_err(), RecvError::Disconnected);
    }
}
