//! Channels of whatever kind: every kind goes through the same calls, and what a kind does not have is told.

mod support;

use memlane::any::{self, Options};
use memlane::broadcast::Policy;
use memlane::mpmc::OnDeath;
use memlane::{
    AckAtError, CreateError, JoinError, Kind, OpenError, Origin, RecvTimeoutError, Role, SendTimeoutError,
    TryRecvError, TrySendError, WaitForPeerError,
};
use std::io::Write;
use std::time::{Duration, Instant};
use support::Scratch;

/// Options that not every kind has: by name, and set.
const OPTIONAL: [(&str, fn(Options) -> Options); 11] = [
    ("capacity", |options| options.capacity(4096)),
    ("record_alignment", |options| options.record_alignment(64)),
    ("slots", |options| options.slots(8)),
    ("priorities", |options| options.priorities(2)),
    ("senders", |options| options.max_senders(1)),
    ("receivers", |options| options.max_receivers(1)),
    ("on_death", |options| options.on_death(OnDeath::Discard)),
    ("delivery_limit", |options| options.delivery_limit(3)),
    ("policy", |options| options.policy(Policy::Overwrite)),
    ("permits", |options| options.permits(2)),
    ("max_held", |options| options.max_held(2)),
];

/// A channel of this kind that is soon full, in this process's memory.
fn small(kind: Kind) -> any::Channel {
    let mut options = Options::new(kind);
    for (name, set) in OPTIONAL.into_iter().filter(|&(name, _)| kind.has_option(name)) {
        if matches!(name, "capacity" | "slots") {
            options = set(options);
        }
    }
    if kind.has_option("senders") {
        options = options.max_senders(4);
    }
    options.max_message(64).private().unwrap()
}

#[test]
fn the_list_of_kinds_has_every_kind_by_its_name() {
    macro_rules! listed {
        ({} $($Kind:ident $face:ident;)*) => {
            vec![$((Kind::$Kind, stringify!($face))),*]
        };
    }
    let listed: Vec<(Kind, &str)> = any::with_kinds!(listed {});
    let known: Vec<(Kind, &str)> = any::KINDS.iter().map(|kind| (*kind, kind.name())).collect();
    assert_eq!(listed, known);
    let others: Vec<_> = Kind::ALL.iter().filter(|kind| !any::KINDS.contains(kind)).collect();
    assert_eq!(others, [&Kind::Watch, &Kind::Rpc, &Kind::Semaphore, &Kind::Event], "those without messages");
}

#[test]
fn a_channel_is_opened_as_what_it_is() {
    let scratch = Scratch::new();
    for &kind in any::KINDS {
        let name = scratch.name(kind.name());
        let created = Options::new(kind).create(&name).unwrap();
        let opened = any::open(&name).unwrap();
        assert_eq!((created.kind(), opened.kind(), opened.origin()), (kind, kind, Origin::Opened));
        let mut rx = opened.receiver().unwrap();
        created.sender().unwrap().send(kind.name().as_bytes()).unwrap();
        assert_eq!(rx.recv().unwrap().to_vec(), kind.name().as_bytes());
        let other = any::KINDS.iter().copied().find(|&other| other != kind).unwrap();
        assert!(matches!(Options::new(other).open(&name), Err(OpenError::WrongKind { .. })));
    }
    assert!(matches!(any::open(&scratch.name("nothing")), Err(OpenError::NotFound { .. })));
}

#[test]
fn what_exists_keeps_its_kind_and_what_is_new_becomes_spsc() {
    let scratch = Scratch::new();
    for &kind in Kind::ALL {
        let name = scratch.name(kind.name());
        Options::new(kind).create(&name).unwrap();
        let channel = Options::default().open_or_create(&name).unwrap();
        assert_eq!((channel.kind(), channel.origin()), (kind, Origin::Opened));
    }
    let channel = Options::default().open_or_create(&scratch.name("new")).unwrap();
    assert_eq!((channel.kind(), channel.origin()), (Kind::default(), Origin::Created));
    assert_eq!(channel.kind(), Kind::Spsc);
}

#[test]
fn an_option_that_a_kind_does_not_have_is_refused_by_name() {
    let scratch = Scratch::new();
    for &kind in Kind::ALL {
        let name = scratch.name(kind.name());
        Options::new(kind).create(&name).unwrap();
        for (option, set) in OPTIONAL {
            let refused = |error: CreateError| matches!(error, CreateError::NoSuchOption { option: found, kind: of, .. } if (found, of) == (option, kind.name()));
            let outcome = set(Options::new(kind)).private();
            assert_eq!(outcome.is_ok(), kind.has_option(option), "{kind}, {option}: {outcome:?}");
            if let Err(error) = outcome {
                assert!(refused(error), "{kind}, {option}");
                // Whether the kind was chosen or found.
                for options in [Options::new(kind), Options::default()] {
                    let options = set(options);
                    for outcome in [options.open(&name), options.open_or_create(&name)] {
                        let Err(OpenError::Create(error)) = outcome else { panic!("{kind}, {option}: {outcome:?}") };
                        assert!(refused(error), "{kind}, {option}");
                    }
                }
            }
        }
        assert!(!kind.has_option("colour"));
    }
}

#[test]
fn every_way_to_send_meets_every_way_to_receive() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        assert_eq!((tx.max_message(), rx.max_message(), channel.max_message()), (64, 64, 64));
        tx.send(b"one").unwrap();
        tx.try_send(b"two").unwrap();
        assert_eq!(tx.send_batch(["three", "four"]).unwrap(), 2);
        let mut grant = tx.reserve(10).unwrap();
        assert_eq!((grant.len(), grant.is_empty()), (10, false));
        grant.write_at(0, b"five").unwrap();
        grant.commit(4).unwrap();
        drop(tx.try_reserve(1).unwrap());

        let mut buffer = [0; 64];
        let length = rx.recv_into(&mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"one");
        rx.recv().unwrap().hand_back();
        let message = rx.try_recv().unwrap();
        assert_eq!((message.to_vec(), message.len()), (b"two".to_vec(), 3));
        message.ack().unwrap();
        let batch = rx.recv_batch(2).unwrap();
        let texts: Vec<Vec<u8>> = batch.iter().map(|message| message.to_vec()).collect();
        assert_eq!((texts, batch.len()), (vec![b"three".to_vec(), b"four".to_vec()], 2));
        assert_eq!(batch.get(1).map(|message| message.try_to_vec().unwrap()), Some(b"four".to_vec()));
        drop(batch);
        drop(tx);
        let rest: Vec<Vec<u8>> = rx.messages().map(Result::unwrap).collect();
        assert_eq!(rest, [b"five"], "{kind}");
        assert_eq!(rx.try_recv_into(&mut buffer), Err(TryRecvError::Disconnected));
    }
}

#[test]
fn a_receiver_waits_in_four_forms() {
    let moment = Duration::from_millis(1);
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut buffer = [0; 64];
        let timed_out = Err(RecvTimeoutError::Timeout);
        assert_eq!(rx.try_recv_into(&mut buffer), Err(TryRecvError::Empty));
        assert_eq!(rx.recv_into_timeout(&mut buffer, moment), timed_out);
        assert_eq!(rx.recv_into_deadline(&mut buffer, Instant::now()), timed_out);
        assert_eq!(rx.recv_timeout(moment).err(), timed_out.err());
        assert_eq!(rx.recv_deadline(Instant::now()).err(), timed_out.err());
        assert_eq!(rx.recv_batch_timeout(4, moment).err(), timed_out.err());
        assert_eq!(rx.recv_batch_deadline(4, Instant::now()).err(), timed_out.err());
        tx.send_batch(["a"; 5]).unwrap();
        assert_eq!(rx.recv_into_timeout(&mut buffer, moment), Ok(1));
        assert_eq!(rx.recv_into_deadline(&mut buffer, Instant::now()), Ok(1), "one look is enough");
        assert_eq!(rx.recv_deadline(Instant::now()).unwrap().len(), 1);
        assert_eq!(rx.recv_batch_timeout(1, moment).unwrap().len(), 1);
        assert_eq!(rx.recv_batch_deadline(9, Instant::now()).unwrap().len(), 1, "{kind}");
    }
}

#[test]
fn a_sender_waits_in_four_forms() {
    let moment = Duration::from_millis(1);
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_timeout(b"a", moment).unwrap();
        tx.send_deadline(b"b", Instant::now()).unwrap();
        assert_eq!(tx.try_send_batch(["c"]), Ok(1));
        assert_eq!(tx.send_batch_timeout(["d"], moment), Ok(1));
        assert_eq!(tx.send_batch_deadline(["e"], Instant::now()), Ok(1));
        let mut grant = tx.reserve_deadline(8, Instant::now()).unwrap();
        grant.write_all(b"f").unwrap();
        assert_eq!(grant.written(), 1);
        grant.commit_written().unwrap();
        tx.reserve_timeout(8, moment).unwrap().commit(0).unwrap();
        let texts: Vec<Vec<u8>> = rx.recv_batch(9).unwrap().iter().map(|message| message.to_vec()).collect();
        assert_eq!(texts.concat(), b"abcdef", "{kind}");
        assert_eq!(texts.len(), 7);

        let message = [7; 64];
        let filled = tx.try_send_batch(std::iter::repeat_n(message, 1000)).unwrap_err();
        assert!(filled.sent > 0 && filled.error == TrySendError::Full);
        let timed_out = Err(SendTimeoutError::Timeout);
        assert_eq!(tx.send_timeout(&message, moment), timed_out);
        assert_eq!(tx.send_deadline(&message, Instant::now()), timed_out);
        assert_eq!(tx.send_batch_timeout([message], moment).unwrap_err().error, SendTimeoutError::Timeout);
        assert_eq!(tx.send_batch_deadline([message], Instant::now()).unwrap_err().sent, 0);
        assert!(tx.reserve_timeout(64, moment).is_err() && tx.reserve_deadline(64, Instant::now()).is_err());
    }
}

#[test]
fn a_full_channel_is_full_whatever_its_kind() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let refusal = (0..1000).find_map(|_| tx.try_send(&[7; 64]).err());
        assert_eq!(refusal, Some(TrySendError::Full), "{kind}");
        // Two, since what stays free before a ring's end takes as much as a message.
        rx.recv_batch(2).unwrap().ack().unwrap();
        rx.publish_released();
        tx.try_send(&[8; 64]).unwrap();
    }
}

#[test]
fn a_message_tells_what_its_kind_knows() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["first", "second"]).unwrap();
        rx.recv().unwrap().ack().unwrap();
        let message = rx.recv().unwrap();
        let counts = kind.has_option("delivery_limit");
        let priority = kind.has_option("priorities").then_some(0);
        assert_eq!(message.priority(), priority, "{kind}: one priority, where there are any");
        assert_eq!(message.sequence(), (!counts).then_some(1), "{kind}: lanes number, queues count deliveries");
        assert_eq!((message.redelivered(), message.deliveries()), (counts.then_some(false), counts.then_some(1)));
        message.nack().unwrap();
        let batch = rx.recv_batch(8).unwrap();
        let message = batch.get(0).unwrap();
        assert_eq!(message.sequence(), (!counts).then_some(1));
        assert_eq!((message.redelivered(), message.deliveries()), (counts.then_some(true), counts.then_some(2)));
        assert_eq!(message.priority(), priority);
        assert_eq!((tx.resumed_at(), tx.sent()), if counts { (None, None) } else { (Some(0), Some(2)) });
    }
}

#[test]
fn a_message_of_a_batch_is_done_with_alone_where_nothing_is_released_in_order() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["a", "b", "c", "d"]).unwrap();
        let mut batch = rx.recv_batch(8).unwrap();
        let in_order = kind.has_option("capacity"); // lanes are so many bytes
        let outcomes = [batch.nack_at(1), batch.hand_back_at(2), batch.ack_at(3)];
        assert_eq!(outcomes, [if in_order { Err(AckAtError::InOrder) } else { Ok(()) }; 3], "{kind}");
        let gone = if in_order { AckAtError::InOrder } else { AckAtError::NotLeft { index: 3, length: 4 } };
        assert_eq!(batch.ack_at(3), Err(gone));
        assert_eq!(batch.len(), if in_order { 4 } else { 1 });
        batch.ack_first(1).unwrap();
        batch.hand_back();
        let mut rest: Vec<Vec<u8>> = rx.recv_batch(8).unwrap().iter().map(|message| message.to_vec()).collect();
        rest.sort();
        assert_eq!(rest.concat(), if in_order { b"bcd".as_slice() } else { b"bc" }, "{kind}");
    }
}

#[test]
fn a_kind_without_priorities_has_one() {
    for &kind in any::KINDS {
        let mut tx = small(kind).sender().unwrap();
        assert_eq!(tx.set_priority(0), Ok(()));
        let refused = tx.set_priority(1).unwrap_err();
        assert_eq!((refused.given, refused.priorities), (1, 1), "{kind}");
    }
}

#[test]
fn a_clone_takes_a_seat_where_there_is_one_more() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (tx, rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        match tx.try_clone() {
            Ok(other) => assert_ne!(other.row(), tx.row()),
            Err(error) => assert!(matches!(error, JoinError::RoleTaken { .. }) && kind.max_seats(Role::Sender) == 1),
        }
        match rx.try_clone() {
            Ok(other) => assert_ne!(other.row(), rx.row()),
            Err(error) => assert!(matches!(error, JoinError::RoleTaken { .. }) && kind.max_seats(Role::Receiver) == 1),
        }
    }
}

#[test]
fn a_channel_of_a_kind_and_one_of_any_are_one() {
    let lane = memlane::spsc::Options::new().private().unwrap();
    let channel = any::Channel::from(lane.clone());
    let mut tx = any::Sender::from(lane.sender().unwrap());
    tx.send(b"hello").unwrap();
    assert!(channel.to_kind::<memlane::generic::Mpmc>().is_none());
    let lane = channel.to_kind::<memlane::generic::Spsc>().unwrap();
    assert_eq!(lane.receiver().unwrap().recv().unwrap().to_vec(), b"hello");
    let any::Sender::Spsc(tx) = tx else { panic!("{tx:?}") };
    assert_eq!(tx.sent(), 1);
}

#[test]
fn a_channel_that_is_closed_ends_whatever_its_kind() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send(b"last").unwrap();
        rx.close();
        assert_eq!(tx.try_send(b"late"), Err(TrySendError::Disconnected));
        assert_eq!(rx.messages().map(Result::unwrap).collect::<Vec<_>>(), [b"last"]);
        tx.leave().unwrap();
        rx.leave();
    }
}

#[test]
fn a_handle_tells_how_full_its_channel_is_and_who_takes_part() {
    for &kind in any::KINDS {
        let (channel, other) = (small(kind), small(kind));
        let mut tx = channel.sender().unwrap();
        assert_eq!(tx.wait_for_peer(Duration::ZERO), Err(WaitForPeerError::Timeout));
        assert_eq!(tx.wait_for_peer_deadline(Instant::now()), Err(WaitForPeerError::Timeout));
        let mut rx = channel.receiver().unwrap();
        assert_eq!((tx.wait_for_peer(Duration::ZERO), rx.wait_for_peer_deadline(Instant::now())), (Ok(()), Ok(())));
        assert_eq!(rx.wait_for_peer(Duration::ZERO), Ok(()));
        let (peers, room) = (tx.peers(), tx.room());
        assert_eq!((peers.senders, peers.receivers), (1, 1));
        assert_eq!((rx.peers(), channel.peers()), (peers, peers));
        assert!(tx.is_empty() && rx.is_empty() && !tx.is_full() && !rx.is_full() && rx.room() > 0 && rx.capacity() > 0);
        tx.send(b"one").unwrap();
        assert_eq!((tx.len(), rx.len(), channel.len()), (1, 1, 1), "{kind}");
        assert!(tx.room() < room && room <= tx.capacity());
        let _ = tx.try_send_batch(std::iter::repeat_n([7; 64], 1000));
        assert!(tx.is_full());
        assert!(!tx.same_channel(&other.sender().unwrap()) && !rx.same_channel(&other.receiver().unwrap()));
        assert!(tx.same_channel(&tx) && rx.same_channel(&rx));
        assert!(!tx.is_disconnected() && !rx.is_disconnected());
        drop(rx);
        assert!(tx.is_disconnected());
        drop((tx, channel.receiver().unwrap()));
    }
}

#[test]
fn a_receiver_is_drained_and_becomes_an_iterator() {
    for &kind in any::KINDS {
        let channel = small(kind);
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["a", "b", "c"]).unwrap();
        let mut drain = rx.drain();
        tx.send(b"d").unwrap();
        let drained: Vec<Vec<u8>> = drain.by_ref().map(Result::unwrap).collect();
        assert_eq!((drained.concat(), drain.next()), (b"abc".to_vec(), None), "{kind}");
        assert_eq!(rx.try_iter().map(Result::unwrap).collect::<Vec<_>>(), [b"d"]);
        tx.send_batch(["e", "f", "g"]).unwrap();
        drop(tx);
        let mut messages = rx.messages();
        assert_eq!(messages.next_message().unwrap().unwrap().to_vec(), b"e");
        assert_eq!((&mut rx).into_iter().next(), Some(Ok(b"f".to_vec())));
        let mut rest = rx.into_iter();
        assert_eq!((rest.next(), rest.next(), rest.next()), (Some(Ok(b"g".to_vec())), None, None));
        drop(rest);
        assert!(channel.receiver().is_ok(), "the receiver left with the iterator");
    }
}
