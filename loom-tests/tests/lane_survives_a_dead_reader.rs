//! A reader that is killed before any of its shared operations costs nothing: its successor goes on while the writer
//! never stops, nothing is missing, and what is delivered again is exactly what the dead one had not published.

use loom::thread;
use memlane::ring::log::Reader;
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::lengths;
use memlane_loom_tests::readers::{Life, fast, in_batches, one_by_one, with_a_pause, with_second_thoughts};
use memlane_loom_tests::scenario::{Scenario, Shape, medium, receive, small};

/// After `prelude` has passed, a reader dies somewhere in its `polls`, while a writer sends `script`.
fn takeover<const P: usize, const N: usize>(
    model: Model,
    shape: Shape,
    prelude: [u64; P],
    script: [u64; N],
    polls: usize,
    read: fn(&mut Reader<LoomLane>, usize, &Life),
) {
    model.check_crashes(move |crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &lengths(prelude));
        let ledger = scenario.committed.clone();
        let writing = thread::spawn(move || {
            for message in lengths(script) {
                // Where there is no room, the readers have one more chance to make some.
                let _ = ledger.send(message, &mut writer) || ledger.send(message, &mut writer);
            }
            writer
        });
        let life = Life::of_the_reader(&scenario);
        crash.of(|| read(&mut reader, polls, &life));
        let mut reader = scenario.next_reader();
        let mut received = Vec::new();
        receive(&mut reader, 2, &mut received);
        let writer = writing.join().unwrap();
        let published = life.published();
        scenario.check(&life.into_received(), P);
        scenario.settle(P + published, writer, reader, received);
    });
}

#[test]
fn in_the_middle_of_the_ring() {
    takeover(Model::bounded("a reader dies in the middle of the ring", 3), small(), [0], [16, 0], 2, one_by_one);
}

#[test]
fn where_records_end_with_the_ring() {
    let model = Model::bounded("a reader dies where records end with the ring", 2);
    takeover(model, small(), [16], [16, 8, 16], 3, one_by_one);
}

#[test]
fn between_padding_and_record() {
    let model = Model::bounded("a reader dies between padding and record", 2);
    takeover(model, small(), [16, 16], [16, 8, 16], 3, one_by_one);
}

#[test]
fn with_a_released_but_unpublished_message() {
    // Eight bytes are not published at once here.
    let model = Model::bounded("a reader dies with a message released but not published", 2);
    takeover(model, medium(), [40, 32], [0, 0, 48], 3, one_by_one);
}

#[test]
fn before_the_frontier() {
    let model = Model::bounded("a reader dies before the frontier", 2);
    takeover(model, medium(), [40, 32], [0, 0, 0], 3, fast);
}

#[test]
fn in_the_middle_of_a_batch() {
    let model = Model::bounded("a reader dies in the middle of a batch", 2);
    takeover(model, medium(), [40, 32], [8, 40, 16], 2, in_batches);
}

#[test]
fn after_second_thoughts() {
    // It polls past the padding, hands back, polls again.
    let model = Model::bounded("a reader dies after second thoughts", 2);
    takeover(model, small(), [16, 16], [16, 0], 2, with_second_thoughts);
}

#[test]
fn between_a_look_and_the_copy() {
    // It publishes the padding in front of a message that it has not read.
    let model = Model::bounded("a reader dies between a look and the copy", 2);
    takeover(model, small(), [16, 16], [16, 0], 2, with_a_pause);
}

#[test]
fn where_the_number_in_the_headers_wraps() {
    let model = Model::bounded("a reader dies where the number in the headers wraps", 3);
    takeover(model, small().aged(), [16], [0, 0], 2, one_by_one);
}
