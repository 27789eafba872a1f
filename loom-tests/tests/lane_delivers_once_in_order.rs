//! A lane delivers everything that was committed, once, in order and intact, while its writer and its reader run against
//! each other, wherever in the ring they stand; and what it tells observers about itself is true.

use loom::thread;
use memlane::layout::{RecordHeader, RecordKind};
use memlane::ring::log::LaneMemory;
use memlane::sync::Ordering::{Acquire, Relaxed};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::message::{Message, Received};
use memlane_loom_tests::scenario::{Scenario, medium, receive, small};

/// Messages of these lengths.
fn lengths<const N: usize>(bytes: [u64; N]) -> [Message; N] {
    bytes.map(Message::of)
}

/// Writer and reader make as many attempts as there are messages, and one more, against each other.
fn window<const P: usize, const N: usize>(model: Model, prelude: [u64; P], script: [Message; N]) {
    model.check(move || {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &lengths(prelude));
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            for message in script {
                // Where there is no room, the reader has one more chance to make some.
                let _ = ledger.send(message, &mut writer) || ledger.send(message, &mut writer);
            }
            writer
        });
        let mut received = Vec::new();
        receive(&mut reader, N + 1, &mut received);
        let writer = sending.join().unwrap();
        scenario.settle(writer, reader, received);
    });
}

#[test]
fn from_the_beginning() {
    window(Model::exhaustive("from the beginning"), [], lengths([16, 0, 8]));
}

#[test]
fn up_to_the_end_of_the_ring() {
    // 24, and then 24–48, 48–64: the header after the last one stands at the beginning.
    window(Model::exhaustive("up to the end of the ring"), [16], lengths([16, 8, 16]));
}

#[test]
fn over_the_end_of_the_ring() {
    // 48, and then padding, 0–24, 24–32, 32–56: full, and the next one fits only once something was consumed.
    window(Model::exhaustive("over the end of the ring"), [16, 16], lengths([16, 0, 16]));
}

#[test]
fn with_less_used_than_reserved() {
    // What was reserved for the first one is where the second one's header stands.
    let script = [Message::of(16).using(3), Message::of(16).using(0), Message::of(13)];
    window(Model::exhaustive("less used than reserved"), [16], script);
}
#[test]
fn t5() {
    window(Model::bounded("t5",3), [16, 16], lengths([16, 0, 16, 8, 16]));
}
#[test]
fn t4() {
    window(Model::exhaustive("t4"), [16, 16], lengths([16, 0, 16, 8]));
}
#[allow(unused)]
fn unused() { let _ = (RecordHeader::EMPTY, RecordKind::Empty, Acquire, Relaxed, medium()); fn f<M: LaneMemory>(_:Received) {} }
