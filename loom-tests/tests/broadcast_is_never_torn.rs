//! A lossy reader believes only what was not overwritten, whatever it is that it read instead, and counts exactly what it lost. A writer
//! never waits for it, and may die anywhere.
//!
//! Four messages fill the ring of 64 bytes when a model begins: their records start at 0, 16, 32 and 48.

use loom::thread;
use memlane::ring::broadcast::Retention;
use memlane_loom_tests::broadcast::{LoomBroadcast, Lossy, Message, Sender};
use memlane_loom_tests::explore::{Model, Witness};

/// Four messages were sent, of which the reader has received so many.
fn after(received: u64) -> (LoomBroadcast, Sender, Lossy) {
    let broadcast = LoomBroadcast::new(Retention::Lossy);
    let mut lossy = broadcast.lossy();
    let mut sender = broadcast.writer();
    for number in 0..4 {
        assert_eq!(sender.send_some(1), 1);
        if number < received {
            lossy.look(Message::of);
        }
    }
    assert_eq!((lossy.next(), lossy.lost), (received, 0));
    (broadcast, sender, lossy)
}

/// Once nobody writes any more, a reader comes to the end of what was sent.
fn settle(lossy: &mut Lossy, count: u64, expected: impl Fn(u64) -> Message) {
    while !lossy.look(&expected) {}
    assert_eq!(lossy.next(), count, "everything is received, or lost");
    assert_eq!(lossy.received + lossy.lost, count);
}

/// Message number 4 has two words. The second one lies over the header of message number 1, and looks like it.
const LONG: Message = Message { words: 2, feigned: 1, author: 4 };

fn with_a_long_one(number: u64) -> Message {
    if number == 4 { LONG } else { Message::of(number) }
}

/// Message number 4 takes less room than what its dead author's would have taken.
const SHORT: Message = Message { words: 0, feigned: 0, author: 0 };

fn with_a_short_one(number: u64) -> Message {
    if number == 4 { SHORT } else { Message::of(number) }
}

/// What lies over a header looks like that header.
#[test]
fn payload_is_not_taken_for_a_header() {
    let lapped = Witness::of("the reader is lapped");
    let lags = lapped.clone();
    Model::bounded("broadcast: payload like a header", 3).check(move || {
        let (_, mut sender, mut lossy) = after(1);
        let sending = thread::spawn(move || {
            sender.send(LONG);
        });
        for _ in 0..2 {
            let nothing = lossy.look(with_a_long_one);
            assert!(!nothing || lossy.next() >= 4, "message 3 had been committed");
        }
        sending.join().unwrap();
        settle(&mut lossy, 5, with_a_long_one);
        if lossy.lost > 0 {
            lags.sees_it();
        }
    });
    lapped.testifies();
}

/// The header behind a record is zeroed, over the header of an earlier one: that does not mean that nothing is there.
#[test]
fn a_zero_is_not_taken_for_the_end() {
    Model::bounded("broadcast: a zero is not the end", 2).check(|| {
        let (_, mut sender, mut lossy) = after(2);
        let sending = thread::spawn(move || {
            sender.send_some(2);
        });
        for _ in 0..3 {
            let nothing = lossy.look(Message::of);
            assert!(!nothing || lossy.next() >= 4, "message 3 had been committed");
        }
        sending.join().unwrap();
        settle(&mut lossy, 6, Message::of);
    });
}

/// The writer comes round while the reader looks for a place to go on from.
#[test]
fn what_was_lost_is_counted() {
    let lapped = Witness::of("the reader loses something");
    let lags = lapped.clone();
    Model::bounded("broadcast: lost and counted", 2).check(move || {
        let (_, mut sender, mut lossy) = after(1);
        // Over message 0, and a zero over the header of message 1. The header of message 5 comes there next.
        sender.send_some(1);
        let sending = thread::spawn(move || {
            sender.send_some(2);
        });
        for _ in 0..2 {
            lossy.look(Message::of);
            lossy.next();
        }
        sending.join().unwrap();
        settle(&mut lossy, 7, Message::of);
        if lossy.lost > 0 {
            lags.sees_it();
        }
    });
    lapped.testifies();
}

/// Message number 7 has two words, so that the payload of the next one lies over the header of message number 6.
const SHIFTING: Message = Message { words: 2, feigned: 11, author: 7 };

fn with_a_shift(number: u64) -> Message {
    if number == 7 { SHIFTING } else { Message::of(number) }
}

/// The writer comes round over the entry at which a lapped reader is about to go on: what it finds there looks like the header of a later
/// message.
#[test]
fn an_entry_is_overwritten_while_its_number_is_read() {
    let (in_time, late) = (Witness::of("the reader goes on there"), Witness::of("the reader goes on behind it"));
    let (goes_on, goes_further) = (in_time.clone(), late.clone());
    Model::bounded("broadcast: an entry is overwritten", 1).check(move || {
        let (_, mut sender, mut lossy) = after(1);
        // The last of these, at the beginning of the ring's second half, is where the reader goes on.
        sender.send_some(3);
        let sending = thread::spawn(move || {
            sender.send(SHIFTING);
            sender.send_some(1);
        });
        lossy.look(with_a_shift);
        if lossy.next() == 6 {
            goes_on.sees_it()
        } else {
            goes_further.sees_it()
        }
        sending.join().unwrap();
        settle(&mut lossy, 9, with_a_shift);
    });
    in_time.testifies();
    late.testifies();
}

/// The same by a reader that has read no header yet: it would take any number for the first one.
#[test]
fn what_was_lost_from_the_beginning_is_counted() {
    Model::bounded("broadcast: lost from the beginning", 2).check(|| {
        let (_, mut sender, mut lossy) = after(0);
        let sending = thread::spawn(move || {
            sender.send_some(1);
        });
        lossy.look(Message::of);
        lossy.next();
        sending.join().unwrap();
        settle(&mut lossy, 5, Message::of);
    });
}

/// A reader begins while the writer goes on.
#[test]
fn a_reader_begins_with_what_comes_next() {
    Model::bounded("broadcast: a lossy reader begins", 2).check(|| {
        let (broadcast, mut sender, _) = after(0);
        let sending = thread::spawn(move || {
            sender.send_some(2);
        });
        let mut lossy = broadcast.lossy();
        let first = lossy.next();
        assert!((4..=6).contains(&first), "four messages were there before: {first}");
        lossy.look(Message::of);
        sending.join().unwrap();
        while !lossy.look(Message::of) {}
        assert_eq!(lossy.next(), 6);
        assert_eq!(first + lossy.received + lossy.lost, 6);
    });
}

/// The writer dies anywhere, and its successor writes something shorter over what it left.
#[test]
fn a_writer_dies() {
    Model::bounded("broadcast: a writer dies", 2).check_crashes(|crash| {
        let (broadcast, mut dying, mut lossy) = after(1);
        let crash = crash.clone();
        let sending = thread::spawn(move || {
            crash.of(|| dying.send(LONG));
            let mut sender = broadcast.writer();
            let is_there = sender.count() == 5;
            assert!(is_there || sender.count() == 4);
            if !is_there {
                assert!(sender.send(SHORT));
            }
            is_there
        });
        // What is expected of message number 4 is not known yet.
        lossy.look(Message::of);
        let is_there = sending.join().unwrap();
        settle(&mut lossy, 5, |number| if is_there { with_a_long_one(number) } else { with_a_short_one(number) });
    });
}

/// A writer that evicts overtakes a reader that stands in its way. One that has told that it does not loses nothing.
#[test]
fn a_reader_is_evicted() {
    let (evicted, kept) = (Witness::of("the reader is evicted"), Witness::of("the reader keeps up"));
    let (lags, keeps_up) = (evicted.clone(), kept.clone());
    Model::bounded("broadcast: a reader is evicted", 2).check(move || {
        let broadcast = LoomBroadcast::new(Retention::Evicting);
        let mut reader = broadcast.evictable(0);
        let mut sender = broadcast.writer();
        assert_eq!(sender.send_some(3), 3);
        reader.look(Message::of);
        let sending = thread::spawn(move || assert_eq!(sender.send_some(2), 2));
        for _ in 0..2 {
            reader.look(Message::of);
        }
        sending.join().unwrap();
        settle(&mut reader, 5, Message::of);
        if reader.lost > 0 { lags.sees_it() } else { keeps_up.sees_it() }
    });
    evicted.testifies();
    kept.testifies();
}
