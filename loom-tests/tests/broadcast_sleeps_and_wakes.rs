//! A lossless writer sleeps until the reader that holds it back has moved on, left, or is proved dead. Only that reader wakes it.

use loom::thread;
use memlane::ring::broadcast::Retention;
use memlane::sync::{Ordering::SeqCst, fence};
use memlane_loom_tests::broadcast::{LoomBroadcast, Message, Receiver, Sender};
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::parking::{Backend, Event};
use std::rc::Rc;

/// The writer's next message, however long it has to wait for room.
fn send(sender: &mut Sender, space: &Event) {
    let message = Message::of(sender.count());
    // What it was told about the reader that it waits for is from before the flag; or it sets the flag once more.
    let attempt = |sender: &mut Sender| {
        if sender.send(message) {
            return Some(true);
        }
        (!sender.writer.names_blocker()).then_some(false)
    };
    while !space.wait(|| attempt(sender)) {}
}

/// Receives a message, and wakes the writer if that waits for this reader.
fn receive(receiver: &mut Receiver, space: &Event) {
    assert!(receiver.receive(), "it is there");
    // The waker's light fence, as loom knows it.
    fence(SeqCst);
    if receiver.is_blocker() {
        space.notify();
    }
}

/// The ring is full, and the writer has room for one message more once both readers have passed the first one.
fn full(readers: usize) -> (LoomBroadcast, Sender, Vec<Receiver>) {
    let broadcast = LoomBroadcast::new(Retention::Lossless);
    let mut sender = broadcast.writer();
    let receivers = (0..readers).map(|row| broadcast.join(row, 1 + row as u64)).collect();
    while sender.send_some(1) == 1 {}
    (broadcast, sender, receivers)
}

/// Two readers move on at the same time, and each of them is the one that holds the writer back.
#[test]
fn the_reader_that_holds_the_writer_back_wakes_it() {
    let sleep = Witness::of("the writer sleeps");
    let asleep = sleep.clone();
    Model::bounded("broadcast: the blocker wakes", 2).check(move || {
        let (_broadcast, mut sender, receivers) = full(2);
        let space = Rc::new(Event::new(Backend::Futex, &asleep));
        let reading = receivers.into_iter().map(|mut receiver| {
            let space = Rc::clone(&space);
            thread::spawn(move || receive(&mut receiver, &space))
        });
        let reading: Vec<_> = reading.collect();
        send(&mut sender, &space);
        reading.into_iter().for_each(|reading| reading.join().unwrap());
    });
    sleep.testifies();
}

/// A reader leaves, and so does not hold the writer back any more.
#[test]
fn a_reader_that_leaves_wakes_the_writer() {
    let sleep = Witness::of("the writer sleeps");
    let asleep = sleep.clone();
    Model::bounded("broadcast: a leaver wakes", 3).check(move || {
        let (_broadcast, mut sender, mut receivers) = full(1);
        let space = Rc::new(Event::new(Backend::Futex, &asleep));
        let its_space = Rc::clone(&space);
        let leaving = thread::spawn(move || {
            receivers.remove(0).leave();
            its_space.notify();
        });
        send(&mut sender, &space);
        leaving.join().unwrap();
    });
    sleep.testifies();
}

/// A reader dies anywhere, and one that reaps it wakes the writer.
#[test]
fn a_reader_that_dies_does_not_keep_the_writer_asleep() {
    let sleep = Witness::of("the writer sleeps");
    let asleep = sleep.clone();
    Model::bounded("broadcast: the blocker dies", 2).check_crashes(move |crash| {
        let (broadcast, mut sender, mut receivers) = full(1);
        let space = Rc::new(Event::new(Backend::Futex, &asleep));
        let (its_space, crash) = (Rc::clone(&space), crash.clone());
        let reading = thread::spawn(move || {
            crash.of(|| receive(&mut receivers[0], &its_space));
            broadcast.reap(0);
            its_space.notify();
        });
        send(&mut sender, &space);
        reading.join().unwrap();
    });
    sleep.testifies();
}
