//! A sender and a receiver that both sleep: the receiver on the word that a commit wakes, the sender on the word that a
//! release wakes. In a ring so small that both happen, nobody is left asleep, and everything arrives.
//!
//! The rules are those of `core/src/channel/spsc`: every commit is followed by a look for a sleeping receiver, every
//! publication by one for a sleeping sender, and a receiver that finds nothing publishes before it sleeps.

use loom::thread;
use memlane::ring::log::{Reader, Writer};
use memlane::sync::AtomicU32;
use memlane::sync::Ordering::{Acquire, Release};
use memlane::wait::eventcount::Wakes;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::{Message, Received, lengths};
use memlane_loom_tests::parking::{Backend, Event};
use memlane_loom_tests::scenario::{Ledger, Scenario, Shape, medium, small};
use std::rc::Rc;

/// The two words that a channel with one sender and one receiver sleeps on.
#[derive(Debug)]
struct Events {
    data: Event,
    space: Event,
}

/// Whether the receiver and the sender ever sleep.
#[derive(Debug, Clone)]
struct Sleeps {
    receiver: Witness,
    sender: Witness,
}

impl Sleeps {
    fn new() -> Self {
        Self { receiver: Witness::of("the receiver sleeps"), sender: Witness::of("the sender sleeps") }
    }
}

impl Events {
    fn new(sleeps: &Sleeps) -> Rc<Self> {
        let event = |sleep| Event::new(Backend::Futex, sleep);
        Rc::new(Self { data: event(&sleeps.receiver), space: event(&sleeps.sender) })
    }

    fn send(&self, writer: &mut Writer<LoomLane>, ledger: &Ledger, message: Message) {
        self.space.wait_taking(Wakes::All, || ledger.send(message, writer).then_some(()));
        self.data.notify();
    }

    fn receive(&self, reader: &mut Reader<LoomLane>) -> Received {
        self.receive_unless(reader, || false).expect("never gone")
    }

    /// `None` once the sender is gone and the lane is drained.
    fn receive_unless(&self, reader: &mut Reader<LoomLane>, gone: impl Fn() -> bool) -> Option<Received> {
        let received = self.data.wait(|| {
            let received = Received::poll(reader);
            if received.is_some() {
                return Some(received);
            }
            if reader.publish() {
                self.space.notify_one();
            }
            // A sender leaves after its last commit.
            gone().then(|| Received::poll(reader))
        });
        if received.as_ref().is_some_and(|copy| reader.release(copy.record())) {
            self.space.notify_one();
        }
        received
    }
}

fn transfer<const P: usize, const N: usize>(model: Model, shape: Shape, prelude: [u64; P], script: [u64; N]) -> Sleeps {
    let sleeps = Sleeps::new();
    let asleep = sleeps.clone();
    model.check(move || {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &lengths(prelude));
        let events = Events::new(&asleep);
        let (ledger, its_events) = (scenario.committed.clone(), Rc::clone(&events));
        let sending = thread::spawn(move || {
            for message in lengths(script) {
                its_events.send(&mut writer, &ledger, message);
            }
            writer
        });
        let received = lengths(script).map(|_| events.receive(&mut reader)).into();
        let writer = sending.join().unwrap();
        scenario.settle(P, writer, reader, received);
    });
    sleeps
}

#[test]
fn where_only_the_receiver_sleeps() {
    let sleeps = transfer(Model::bounded("only the receiver sleeps", 5), small(), [], [8, 0]);
    sleeps.receiver.testifies();
}

#[test]
fn where_both_sleep() {
    // From 48: padding, 0–24, 24–48 once something was consumed, padding, 0–24.
    let sleeps = transfer(Model::bounded("both sleep", 4), small(), [16, 16], [16, 16, 8]);
    sleeps.receiver.testifies();
    sleeps.sender.testifies();
}

#[test]
fn where_releases_are_published_late() {
    // From 80: 80–88, 88–96, padding, 0–56: the sender needs what the receiver did not publish at once.
    let model = Model::bounded("releases are published late", 3);
    let sleeps = transfer(model, medium(), [40, 24], [0, 0, 48, 48]);
    sleeps.sender.testifies();
}

#[test]
fn a_sleeping_receiver_outlives_its_sender() {
    // A sender that dies between its commit and its wake wakes nobody. The receiver's slice ends.
    let sleeps = Sleeps::new();
    let asleep = sleeps.clone();
    Model::bounded("a sender dies while its receiver sleeps", 3).check_crashes(move |crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &lengths([16, 16]));
        let events = Events::new(&asleep);
        let gone = Rc::new(AtomicU32::new(0));
        let (ledger, its_events, its_absence) = (scenario.committed.clone(), Rc::clone(&events), Rc::clone(&gone));
        let crash = crash.clone();
        let sending = thread::spawn(move || {
            crash.of(|| {
                for message in lengths([16, 8]) {
                    its_events.send(&mut writer, &ledger, message);
                }
            });
            // The thread that notices the death says so. From now on, sleeps end by themselves.
            its_absence.store(1, Release);
            its_events.data.slice_ends();
        });
        let mut received = Vec::new();
        while let Some(copy) = events.receive_unless(&mut reader, || gone.load(Acquire) == 1) {
            received.push(copy);
        }
        sending.join().unwrap();
        let writer = scenario.next_writer();
        scenario.committed.settle_doubt(&writer);
        assert_eq!(received.len() + 2, scenario.committed.certain(), "everything arrives before the end is announced");
        scenario.settle(2, writer, reader, received);
    });
    sleeps.receiver.testifies();
}
