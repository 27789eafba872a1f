//! Receivers of a `broadcast` that come back by their names: what was sent while they were away, they get; and the sender waits for them.

mod support;

use memlane::broadcast::{self, Channel, Options, Policy, Receiver, Start};
use memlane::{ForgetError, JoinError, ParticipantState, RecvError, Role, SendError, SendTimeoutError, TryRecvError};
use std::time::Duration;
use support::child::{self, Child, Part};
use support::numbered::{all_of, number_of, numbers, send};
use support::{PATIENCE, Scratch, eventually};

const SHORT: Duration = Duration::from_millis(10);

const NAME: &str = "archive";

/// A ring that 255 of the messages below fill.
fn small(policy: Policy) -> Options {
    Options::new().capacity(4096).policy(policy).max_receivers(4)
}

fn named(channel: &Channel) -> Receiver {
    channel.receiver_named(NAME, Start::Now).unwrap()
}

const PARTS: [(&str, Part); 2] = [
    ("receives so many by its name, and waits", receives_by_name),
    ("is told what it lost, and waits", is_told_what_it_lost),
];

#[test]
fn child_part() {
    child::play(&PARTS);
}

/// Receives so many messages, and holds another one.
fn receives_by_name(arguments: &[String]) {
    let mut rx = named(&broadcast::open(&arguments[0]).unwrap());
    for _ in 0..arguments[1].parse::<u64>().unwrap() {
        let message = rx.recv().unwrap();
        child::tell(number_of(&message));
    }
    let taken = rx.recv().unwrap();
    child::tell("holds one more");
    child::stay();
    drop(taken);
}

fn is_told_what_it_lost(arguments: &[String]) {
    let mut rx = named(&broadcast::open(&arguments[0]).unwrap());
    child::tell("joined");
    child::hear();
    let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("all of that is there?") };
    child::tell(lost);
    child::stay();
}

#[test]
fn it_goes_on_behind_what_it_gave_back() {
    for policy in [Policy::Block, Policy::Fail, Policy::Overwrite, Policy::Evict] {
        let channel = small(policy).private().unwrap();
        let mut tx = channel.sender().unwrap();
        send(&mut tx, 0..10);
        let mut rx = named(&channel);
        assert_eq!(rx.next_sequence(), 10, "it begins with what is to come");
        send(&mut tx, 10..20);
        for number in 10..15 {
            assert_eq!(number_of(&rx.recv().unwrap()), number);
        }
        let _ = std::mem::ManuallyDrop::new(rx.recv().unwrap()); // taken, and never given back
        drop(rx);
        send(&mut tx, 20..30);
        let mut rx = channel.receiver_named(NAME, Start::Oldest).unwrap();
        assert_eq!(rx.next_sequence(), 15, "{policy:?}");
        let batch = rx.recv_batch(3).unwrap();
        assert_eq!(batch.iter().map(|message| message.sequence()).collect::<Vec<_>>(), [15, 16, 17]);
        batch.ack().unwrap();
        drop(rx);
        let mut rx = named(&channel);
        assert_eq!(all_of(&mut rx), numbers(18..30), "{policy:?}");
        drop(rx);
        let mut rx = named(&channel);
        assert_eq!((all_of(&mut rx), rx.next_sequence()), (vec![], 30));
        drop(tx);
        let mut tx = channel.sender().unwrap();
        drop(rx);
        send(&mut tx, 30..31);
        assert_eq!(all_of(&mut named(&channel)), [30], "of another sender");
    }
}

#[test]
fn a_lossless_sender_waits_for_one_that_is_away() {
    let channel = small(Policy::Block).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), named(&channel));
    send(&mut tx, 0..5);
    assert_eq!(number_of(&rx.recv().unwrap()), 0);
    let (row, left) = (rx.row(), channel.info().participants[1].left_unix_ns);
    assert_eq!(left, 0, "it is there");
    drop(rx);
    let mut sent = 5;
    let refused = loop {
        match tx.send_timeout(&u64::to_le_bytes(sent), SHORT) {
            Ok(()) => sent += 1,
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, SendTimeoutError::Timeout, "and it is not told that all receivers have left");
    assert!(!tx.is_disconnected() && tx.peers().receivers == 0);
    assert_eq!(channel.free_seats(Role::Receiver), 3, "one is kept");
    let info = channel.info();
    let reader = &info.broadcast.as_ref().unwrap().readers[0];
    assert_eq!((reader.row, reader.name.as_deref(), reader.is_away), (row, Some(NAME), true));
    assert_eq!(
        (reader.behind, info.broadcast.as_ref().unwrap().slowest().map(|one| one.row)),
        (Some(sent - 1), Some(row))
    );
    let participant = &info.participants[row as usize];
    assert_eq!((participant.state, participant.alive, participant.named), (ParticipantState::Away, Some(false), true));
    assert!(participant.left_unix_ns >= participant.started_unix_ns);
    // It comes back, and the sender goes on.
    std::thread::scope(|scope| {
        scope.spawn(|| send(&mut tx, sent..1000));
        let mut rx = named(&channel);
        assert_eq!(rx.row(), row, "to its row");
        for number in 1..1000 {
            assert_eq!(number_of(&rx.recv().unwrap()), number);
        }
    });
}

#[test]
fn a_sender_that_sleeps_in_front_of_one_that_is_away_is_woken_when_that_is_forgotten() {
    let channel = small(Policy::Block).private().unwrap();
    let mut tx = channel.sender().unwrap();
    let mut other = channel.receiver().unwrap();
    drop(named(&channel));
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| {
            tx.set_strategy(memlane::Strategy::Park);
            send(&mut tx, 0..1000);
            tx
        });
        for number in 0..255 {
            assert_eq!(number_of(&other.recv().unwrap()), number);
        }
        eventually("the sender sleeps", || channel.info().participants[0].counters.parks > 0);
        channel.forget(NAME).unwrap();
        for number in 255..1000 {
            assert_eq!(number_of(&other.recv().unwrap()), number);
        }
        drop(sending.join().unwrap());
    });
    assert_eq!(named(&channel).next_sequence(), 1000, "it begins anew");
}

#[test]
fn once_the_last_receiver_is_forgotten_the_sender_is_told_that_all_have_left() {
    for policy in [Policy::Block, Policy::Overwrite] {
        let channel = small(policy).private().unwrap();
        let mut tx = channel.sender().unwrap();
        drop(named(&channel));
        tx.send(b"kept for it").unwrap();
        channel.forget(NAME).unwrap();
        assert_eq!(tx.send(b"for nobody"), Err(SendError::Disconnected), "{policy:?}");
        // One that joins while another one is away counts that one, too.
        drop(tx);
        drop(named(&channel));
        let mut tx = channel.sender().unwrap();
        tx.send(b"kept for it").unwrap();
        channel.forget(NAME).unwrap();
        assert_eq!(tx.send(b"for nobody"), Err(SendError::Disconnected), "{policy:?}");
    }
}

#[test]
fn what_is_overwritten_while_it_is_away_is_told_once_and_exactly() {
    for policy in [Policy::Overwrite, Policy::Evict] {
        let channel = small(policy).persistent(true).private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), named(&channel));
        send(&mut tx, 0..10);
        for number in 0..7 {
            assert_eq!(number_of(&rx.recv().unwrap()), number);
        }
        drop(rx);
        send(&mut tx, 10..10_000);
        assert_eq!(channel.info().broadcast.unwrap().readers[0].behind, Some(9993));
        drop(named(&channel)); // it comes and goes, and was told of nothing
        let mut rx = named(&channel);
        let Err(TryRecvError::Lagged { lost }) = rx.try_recv() else { panic!("all of that is there?") };
        drop(rx);
        let mut rx = named(&channel);
        let found = all_of(&mut rx);
        assert_eq!(found, numbers(7 + lost..10_000), "{policy:?}");
        assert!(found.len() > 100);
    }
}

#[test]
fn a_sender_that_evicts_leaves_one_that_is_away_the_whole_lane() {
    let channel = small(Policy::Evict).private().unwrap();
    let mut tx = channel.sender().unwrap();
    drop(named(&channel));
    send(&mut tx, 0..255);
    assert_eq!(all_of(&mut named(&channel)), numbers(0..255));
}

#[test]
fn one_that_is_killed_once_it_was_told_what_it_lost_is_not_told_again() {
    for policy in [Policy::Overwrite, Policy::Evict] {
        let scratch = Scratch::new();
        let name = scratch.name("feed");
        let channel = small(policy).create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        let mut child = Child::start(PARTS[1].0, &[&name]);
        child.expect("joined");
        send(&mut tx, 0..10_000);
        child.say("look");
        let lost: u64 = child.line().parse().unwrap();
        child.kill();
        assert_eq!(number_of(&named(&channel).recv().unwrap()), lost, "{policy:?}");
    }
}

#[test]
fn a_lossy_one_that_was_lapped_while_it_was_there_is_not_told_again() {
    let channel = small(Policy::Overwrite).persistent(true).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), named(&channel));
    send(&mut tx, 0..10_000);
    let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("all of that is there?") };
    drop(rx);
    let mut rx = named(&channel);
    assert_eq!(number_of(&rx.recv().unwrap()), lost);
    assert_eq!(rx.recv_into(&mut [0; 8]).unwrap(), 8);
    drop(rx);
    assert_eq!(named(&channel).next_sequence(), lost + 2);
}

#[test]
fn it_is_killed_and_comes_back() {
    for policy in [Policy::Block, Policy::Overwrite, Policy::Evict] {
        let scratch = Scratch::new();
        let name = scratch.name("feed");
        let channel = small(policy).create(&name).unwrap();
        let mut tx = channel.sender().unwrap();
        let mut passed = 0;
        for round in 0..4u64 {
            let mut child = Child::start(PARTS[0].0, &[&name, &round.to_string()]);
            eventually("it has joined", || tx.peers().receivers == 1);
            eventually("by its name", || {
                channel.info().broadcast.unwrap().readers.iter().any(|reader| reader.name.is_some())
            });
            send(&mut tx, 8 * round..8 * (round + 1));
            for _ in 0..round {
                child.expect(&passed.to_string());
                passed += 1;
            }
            child.expect("holds one more");
            child.kill();
        }
        let mut rx = named(&channel);
        assert_eq!(all_of(&mut rx), numbers(passed..32), "{policy:?}");
    }
}

#[test]
fn the_dead_hold_the_sender_back_by_their_names() {
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let channel = small(Policy::Block).create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let mut child = Child::start(PARTS[0].0, &[&name, "0"]);
    eventually("it has joined by its name", || {
        channel.info().broadcast.unwrap().readers.iter().any(|reader| reader.name.is_some())
    });
    send(&mut tx, 0..1);
    child.expect("holds one more");
    let in_use = channel.forget(NAME).unwrap_err();
    assert!(matches!(in_use, ForgetError::InUse { pid, .. } if pid == child.id()), "{in_use}");
    let taken = channel.receiver_named(NAME, Start::Now).unwrap_err();
    assert!(matches!(taken, JoinError::NameTaken { pid, .. } if pid == child.id()), "{taken}");
    child.kill();
    let mut sent = 1;
    while tx.send_timeout(&u64::to_le_bytes(sent), 10 * SHORT).is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 255, "also once it was found dead");
    eventually("it is away", || channel.info().participants[1].state == ParticipantState::Away);
    channel.forget(NAME).unwrap();
    assert_eq!(tx.send_timeout(b"for nobody", PATIENCE), Err(SendTimeoutError::Disconnected));
}

#[test]
fn others_do_not_take_its_seat() {
    let channel = small(Policy::Block).max_receivers(2).private().unwrap();
    let other = channel.receiver().unwrap();
    let row = {
        let rx = named(&channel);
        rx.row()
    };
    let Err(JoinError::RoleTaken { seats: 2, away: 1, pid, .. }) = channel.receiver() else {
        panic!("it was given away")
    };
    assert_eq!(pid, std::process::id());
    let refused = channel.receiver_named("another", Start::Now).unwrap_err();
    assert!(refused.to_string().contains("1 of which are away"), "{refused}");
    let rx = named(&channel);
    assert_eq!(rx.row(), row);
    drop((rx, other));
    channel.forget(NAME).unwrap();
    let _both = (channel.receiver().unwrap(), channel.receiver().unwrap());
}

#[test]
fn a_name_is_one_receivers() {
    let channel = small(Policy::Block).private().unwrap();
    let rx = named(&channel);
    let taken = channel.receiver_named(NAME, Start::Now).unwrap_err();
    assert!(matches!(&taken, JoinError::NameTaken { name, pid, .. } if name == NAME && *pid == std::process::id()));
    let in_use = channel.forget(NAME).unwrap_err();
    assert!(matches!(in_use, ForgetError::InUse { .. }), "{in_use}");
    let unknown = channel.forget("nobody").unwrap_err();
    assert!(matches!(&unknown, ForgetError::UnknownName { name, .. } if name == "nobody"), "{unknown}");
    let clone = rx.try_clone().unwrap();
    let _other = channel.receiver_named("another", Start::Now).unwrap();
    assert_eq!(channel.info().broadcast.unwrap().readers.len(), 3);
    drop(clone);
    assert_eq!(channel.info().broadcast.unwrap().readers.len(), 2, "a clone is nobody by name");
}

#[test]
fn a_name_stands_in_its_row_as_it_is() {
    let channel = small(Policy::Block).private().unwrap();
    let longest = "é".repeat(32);
    drop(channel.receiver_named(&longest, Start::Now).unwrap());
    assert_eq!(channel.info().broadcast.unwrap().readers[0].name.as_deref(), Some(&*longest));
    channel.forget(&longest).unwrap();
    for (name, reason) in [("", "is empty"), (&*"x".repeat(65), "is too long"), ("a\0b", "has a zero byte")] {
        let refused = channel.receiver_named(name, Start::Now).unwrap_err();
        assert!(matches!(refused, JoinError::InvalidReaderName { reason: said, .. } if said == reason), "{refused}");
        let refused = channel.forget(name).unwrap_err();
        assert!(matches!(refused, ForgetError::Channel(JoinError::InvalidReaderName { .. })), "{refused}");
    }
    // A participant's name is none: nobody comes back by it.
    let scratch = Scratch::new();
    let channel = small(Policy::Block).participant_name(NAME).create(&scratch.name("feed")).unwrap();
    drop(channel.receiver().unwrap());
    assert!(matches!(channel.forget(NAME), Err(ForgetError::UnknownName { .. })));
}

#[test]
fn a_channel_can_be_removed_though_one_is_away() {
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let channel = small(Policy::Block).create(&name).unwrap();
    let rx = named(&channel);
    memlane::remove(&name).unwrap_err();
    drop(rx);
    assert!(memlane::inspect(&name).unwrap().broadcast.unwrap().readers[0].is_away, "seen from outside");
    memlane::remove(&name).unwrap();
    assert!(matches!(channel.forget(NAME), Err(ForgetError::Channel(JoinError::Removed { .. }))));
}

#[test]
fn one_of_many_that_join_by_one_name_has_it() {
    let channel = small(Policy::Block).max_receivers(16).private().unwrap();
    for _ in 0..200 {
        let joined = std::thread::scope(|scope| {
            let joining: Vec<_> =
                (0..4).map(|_| scope.spawn(|| channel.receiver_named(NAME, Start::Now).ok())).collect();
            joining.into_iter().filter_map(|one| one.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(joined.len(), 1);
        drop(joined);
        let readers = channel.info().broadcast.unwrap().readers;
        assert_eq!(readers.len(), 1, "{readers:?}");
        channel.forget(NAME).unwrap();
    }
}
