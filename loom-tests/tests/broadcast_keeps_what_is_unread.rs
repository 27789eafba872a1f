//! A lossless writer overwrites nothing that an attached reader has not passed: whoever joins, leaves or dies, and wherever.
//!
//! The ring has 32 bytes: one message, and the header behind it.

use loom::thread;
use memlane::ring::broadcast::{Retention, Start};
use memlane_loom_tests::broadcast::{LoomBroadcast, Receiver, Sender};
use memlane_loom_tests::explore::{Model, Witness};

/// So many messages were sent before anybody joined.
fn after(sent: u64) -> (LoomBroadcast, Sender) {
    let broadcast = LoomBroadcast::new(Retention::Lossless);
    let mut sender = broadcast.writer();
    assert_eq!(sender.send_some(sent), sent, "nobody holds the writer back");
    (broadcast, sender)
}

/// Nobody does anything else any more: each reader gets everything up to the last message, and goes on so.
fn settle<const N: usize>(sender: &mut Sender, mut receivers: [&mut Receiver; N]) {
    receivers.iter_mut().for_each(|receiver| receiver.drain());
    for _ in 0..4 {
        assert_eq!(sender.send_some(1), 1, "every reader has passed everything");
        for receiver in &mut receivers {
            assert!(receiver.receive());
            assert_eq!(receiver.next, sender.count(), "what is sent is received");
        }
    }
}

/// A reader that lags holds the writer back, and one that moves on lets it go on.
#[test]
fn nothing_is_overwritten_that_a_reader_has_not_passed() {
    let full = Witness::of("the writer finds no room");
    let held = full.clone();
    Model::bounded("broadcast: one reader", 4).check(move || {
        let (broadcast, mut sender) = after(1);
        let mut receiver = broadcast.join(0, 1);
        let sending = thread::spawn(move || {
            let sent = sender.send_some(3);
            (sender, sent)
        });
        receiver.attempts(2);
        let (mut sender, sent) = sending.join().unwrap();
        assert!(sent >= 1, "the ring holds one");
        if sent < 3 {
            held.sees_it();
        }
        settle(&mut sender, [&mut receiver]);
        assert_eq!(receiver.first, 1, "everything since it joined");
    });
    full.testifies();
}

/// A reader joins while the writer uses up what it may write.
#[test]
fn a_reader_joins_while_the_writer_takes_room() {
    Model::bounded("broadcast: a reader joins", 2).check(|| {
        let (broadcast, mut sender) = after(1);
        let sending = thread::spawn(move || {
            sender.send_some(2);
            sender
        });
        let mut receiver = broadcast.join(0, 1);
        receiver.attempts(1);
        let mut sender = sending.join().unwrap();
        settle(&mut sender, [&mut receiver]);
        assert!((1..=3).contains(&receiver.first), "{}", receiver.first);
    });
}

/// The same with what is still there: it keeps the writer from overwriting that from then on.
#[test]
fn a_reader_joins_from_the_oldest_while_the_writer_takes_room() {
    Model::bounded("broadcast: a reader joins from the oldest", 2).check(|| {
        let (broadcast, mut sender) = after(1);
        let sending = thread::spawn(move || {
            sender.send_some(1);
            sender
        });
        let mut receiver = broadcast.join_from(0, 1, Start::Oldest);
        receiver.attempts(1);
        let mut sender = sending.join().unwrap();
        settle(&mut sender, [&mut receiver]);
        assert!((0..=2).contains(&receiver.first), "{}", receiver.first);
    });
}

/// The same beside a reader that is there already, and moves on.
#[test]
fn a_reader_joins_beside_another_one() {
    Model::bounded("broadcast: a second reader joins", 2).check(|| {
        let (broadcast, mut sender) = after(1);
        let mut first = broadcast.join(0, 1);
        assert_eq!(sender.send_some(1), 1);
        let sending = thread::spawn(move || {
            sender.send_some(2);
            sender
        });
        let reading = thread::spawn(move || {
            first.attempts(2);
            first
        });
        let mut second = broadcast.join(1, 2);
        let mut sender = sending.join().unwrap();
        let mut first = reading.join().unwrap();
        settle(&mut sender, [&mut first, &mut second]);
        assert_eq!(first.first, 1, "everything since it joined");
    });
}

/// The writer dies anywhere, its successor goes on, and somebody joins meanwhile.
#[test]
fn a_writer_dies_while_a_reader_joins() {
    Model::bounded("broadcast: a writer dies, and a reader joins", 1).check_crashes(|crash| {
        let (broadcast, mut dying) = after(1);
        let theirs = broadcast.clone();
        let joining = thread::spawn(move || theirs.join(0, 1));
        crash.of(|| dying.send_some(2));
        let mut sender = broadcast.writer();
        let mut receiver = joining.join().unwrap();
        sender.send_some(2);
        settle(&mut sender, [&mut receiver]);
    });
}

/// The writer dies anywhere, beside a reader that lags; its successor is held back as it was.
#[test]
fn a_writer_dies_beside_a_reader() {
    Model::bounded("broadcast: a writer dies beside a reader", 3).check_crashes(|crash| {
        let (broadcast, mut dying) = after(1);
        let mut receiver = broadcast.join(0, 1);
        // One message more finds room without a look at the reader.
        assert_eq!(dying.send_some(1), 1);
        let crash = crash.clone();
        let sending = thread::spawn(move || {
            crash.of(|| dying.send_some(2));
            let mut sender = broadcast.writer();
            sender.send_some(2);
            sender
        });
        receiver.attempts(1);
        let mut sender = sending.join().unwrap();
        settle(&mut sender, [&mut receiver]);
        assert_eq!(receiver.first, 1, "everything since it joined");
    });
}

/// A reader dies anywhere, while it joins or reads. It holds the writer back until its row says that it is dead, and no longer.
#[test]
fn a_reader_dies() {
    Model::bounded("broadcast: a reader dies", 1).check_crashes(|crash| {
        let (broadcast, mut sender) = after(1);
        let (theirs, crash) = (broadcast.clone(), crash.clone());
        let reading = thread::spawn(move || {
            crash.of(|| theirs.join(0, 1).attempts(1));
            theirs.reap(0);
        });
        sender.send_some(1);
        reading.join().unwrap();
        assert_eq!(sender.send_some(4), 4, "the dead hold nothing back");
        let mut receiver = broadcast.join(0, 2);
        settle(&mut sender, [&mut receiver]);
    });
}

/// A reader leaves, having read what nobody overwrites before it did.
#[test]
fn a_reader_leaves() {
    let went_on = Witness::of("the writer goes on");
    let goes_on = went_on.clone();
    Model::bounded("broadcast: a reader leaves", 4).check(move || {
        let (broadcast, mut sender) = after(0);
        let mut receiver = broadcast.join(0, 1);
        assert_eq!(sender.send_some(4), 1, "the ring holds one");
        let reading = thread::spawn(move || {
            receiver.peek();
            receiver.leave();
        });
        if sender.send_some(1) == 1 {
            goes_on.sees_it();
        }
        reading.join().unwrap();
    });
    went_on.testifies();
}

/// A reader leaves, and another one takes its row and its gate.
#[test]
fn a_row_changes_hands() {
    Model::bounded("broadcast: a row changes hands", 1).check(|| {
        let (broadcast, mut sender) = after(1);
        let first = broadcast.join(0, 1);
        assert_eq!(sender.send_some(4), 1, "the ring holds one");
        let sending = thread::spawn(move || {
            sender.send_some(2);
            sender
        });
        first.leave();
        let mut second = broadcast.join(0, 2);
        second.attempts(1);
        let mut sender = sending.join().unwrap();
        settle(&mut sender, [&mut second]);
    });
}

/// A named reader leaves and comes back while the writer takes room: what it has not given back stays.
#[test]
fn a_named_reader_comes_back() {
    let full = Witness::of("the writer finds no room while the reader is away");
    let held = full.clone();
    Model::bounded("broadcast: a named reader comes back", 4).check(move || {
        let (broadcast, mut sender) = after(1);
        let mut receiver = broadcast.join_named(0, 1);
        assert_eq!(sender.send_some(1), 1);
        let theirs = broadcast.clone();
        let reading = thread::spawn(move || {
            receiver.attempts(1);
            receiver.leave();
            theirs
        });
        let sent = sender.send_some(2);
        let broadcast = reading.join().unwrap();
        if sent < 2 && sender.send_some(2) < 2 {
            held.sees_it();
        }
        let mut receiver = broadcast.come_back(0, 2).expect("it is away");
        assert_eq!(receiver.first, 2, "it gave back what it received");
        settle(&mut sender, [&mut receiver]);
    });
    full.testifies();
}

/// The same while the writer's next look at the rows is due, because another reader joins.
#[test]
fn a_reader_joins_while_a_named_one_is_away() {
    Model::bounded("broadcast: a reader joins while a named one is away", 1).check(|| {
        let (broadcast, mut sender) = after(1);
        let mut named = broadcast.join_named(0, 1);
        assert_eq!(sender.send_some(1), 1);
        let sending = thread::spawn(move || {
            sender.send_some(2);
            sender
        });
        named.leave();
        let mut other = broadcast.join(1, 2);
        named = broadcast.come_back(0, 3).expect("it is away");
        let mut sender = sending.join().unwrap();
        settle(&mut sender, [&mut named, &mut other]);
        assert_eq!(named.first, 1, "nothing was overwritten");
    });
}

/// A named reader dies anywhere while it joins. Either its row is kept, and whoever comes back to it goes on with the first message, or
/// it holds nothing back.
#[test]
fn a_named_reader_dies_while_it_joins() {
    let kept = Witness::of("it died with its row kept");
    let lost = Witness::of("it died before its row was kept");
    let (keeps, loses) = (kept.clone(), lost.clone());
    Model::bounded("broadcast: a named reader dies while it joins", 1).check_crashes(move |crash| {
        let (broadcast, mut sender) = after(1);
        let (theirs, crash) = (broadcast.clone(), crash.clone());
        let reading = thread::spawn(move || {
            crash.of(|| drop(theirs.join_named(0, 1)));
            theirs.reap(0);
        });
        sender.send_some(1);
        reading.join().unwrap();
        let Some(mut receiver) = broadcast.come_back(0, 2) else {
            loses.sees_it();
            assert_eq!(sender.send_some(4), 4, "the dead hold nothing back");
            return;
        };
        keeps.sees_it();
        settle(&mut sender, [&mut receiver]);
    });
    kept.testifies();
    lost.testifies();
}

/// A named reader dies anywhere while it reads, leaves or comes back. Whoever comes back after it goes on behind what it gave back.
#[test]
fn a_named_reader_dies() {
    Model::bounded("broadcast: a named reader dies", 1).check_crashes(move |crash| {
        let (broadcast, mut sender) = after(0);
        let mut receiver = broadcast.join_named(0, 1);
        assert_eq!(sender.send_some(1), 1);
        let (theirs, crash) = (broadcast.clone(), crash.clone());
        let reading = thread::spawn(move || {
            crash.of(|| {
                receiver.attempts(1);
                receiver.leave();
                drop(theirs.come_back(0, 2).expect("nobody else knows its name"));
            });
            theirs.reap(0);
        });
        sender.send_some(1);
        reading.join().unwrap();
        let mut receiver = broadcast.come_back(0, 3).expect("its row was kept all the time");
        let (first, sent) = (receiver.first, sender.count());
        assert!(first <= 1, "{first}");
        receiver.drain();
        assert_eq!(receiver.next, sent, "all that is there");
        assert_eq!(sender.send_some(1), 1, "and it lets the writer go on");
    });
}

/// The writer dies anywhere while a named reader is away. Its successor is held back as it was.
#[test]
fn a_writer_dies_while_a_named_reader_is_away() {
    Model::bounded("broadcast: a writer dies while a named reader is away", 1).check_crashes(|crash| {
        let (broadcast, mut dying) = after(1);
        let mut receiver = broadcast.join_named(0, 1);
        assert_eq!(dying.send_some(1), 1);
        let theirs = broadcast.clone();
        let reading = thread::spawn(move || {
            receiver.attempts(1);
            receiver.leave();
            theirs.come_back(0, 2).expect("it is away")
        });
        crash.of(|| dying.send_some(1));
        let mut sender = broadcast.writer();
        sender.send_some(1);
        let mut receiver = reading.join().unwrap();
        settle(&mut sender, [&mut receiver]);
        assert!((1..=2).contains(&receiver.first), "{}", receiver.first);
    });
}

/// A named reader is forgotten while the writer waits for it: one of the two that would come back and would forget does.
#[test]
fn a_named_reader_is_forgotten() {
    let forgotten = Witness::of("the writer goes on");
    let goes_on = forgotten.clone();
    Model::bounded("broadcast: a named reader is forgotten", 4).check(move || {
        let (broadcast, mut sender) = after(1);
        broadcast.join_named(0, 1).leave();
        sender.send_some(4);
        let theirs = broadcast.clone();
        let forgetting = thread::spawn(move || theirs.forget(0));
        let coming_back = broadcast.come_back(0, 2);
        let is_forgotten = forgetting.join().unwrap();
        assert_eq!(coming_back.is_some(), !is_forgotten);
        let Some(mut receiver) = coming_back else {
            goes_on.sees_it();
            assert_eq!(sender.send_some(4), 4, "nobody holds it back");
            return;
        };
        settle(&mut sender, [&mut receiver]);
        assert_eq!(receiver.first, 1, "it goes on where it was");
    });
    forgotten.testifies();
}
