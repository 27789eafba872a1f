//! A writer that is killed before any of its shared operations leaves nothing behind that hurts: its successor goes on
//! while the reader never stops, everything committed is delivered once and in order, nothing else is, and the count is
//! the number of messages.
//!
//! The successor starts after the dead thread was joined. That stands for the kernel's proof of death: the lock that went
//! with the dead process.

use loom::thread;
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::message::lengths;
use memlane_loom_tests::scenario::{Scenario, Shape, aligned, medium, receive, small};

/// After `prelude` has passed, a writer dies somewhere in `script`, and its successor writes `sequel`.
fn takeover<const P: usize, const N: usize, const S: usize>(
    model: Model,
    shape: Shape,
    prelude: [u64; P],
    script: [u64; N],
    sequel: [u64; S],
) {
    let (script, sequel) = (lengths(script), lengths(sequel).map(|message| message.by(1)));
    model.check_crashes(move |crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &lengths(prelude));
        let reading = thread::spawn(move || {
            let mut received = Vec::new();
            receive(&mut reader, N.max(2), &mut received);
            (reader, received)
        });
        crash.of(|| scenario.committed.send_all(&script, &mut writer));
        let mut writer = scenario.next_writer();
        scenario.committed.settle_doubt(&writer);
        scenario.committed.send_all(&sequel, &mut writer);
        let (reader, received) = reading.join().unwrap();
        scenario.settle(P, writer, reader, received);
    });
}

#[test]
fn in_the_middle_of_the_ring() {
    takeover(Model::exhaustive("a writer dies in the middle of the ring"), small(), [0], [16, 0], [8]);
}

#[test]
fn where_records_end_with_the_ring() {
    let model = Model::exhaustive("a writer dies where records end with the ring");
    takeover(model, small(), [16], [16, 8], [8, 16]);
}

#[test]
fn between_padding_and_record() {
    takeover(Model::exhaustive("a writer dies between padding and record"), small(), [16, 16], [16, 8], [8, 16]);
}

#[test]
fn where_its_successor_needs_no_padding() {
    // The dead one's record stands at the beginning of the ring, invisible; the successor's fits before the end.
    let model = Model::exhaustive("a writer dies where its successor needs no padding");
    takeover(model, small(), [16, 16], [16], [8, 16, 0]);
}

#[test]
fn in_a_lane_with_aligned_payloads() {
    // From 80: 80–112, padding, 0–48.
    let model = Model::exhaustive("a writer dies in a lane with aligned payloads");
    takeover(model, aligned(), [32, 8], [16, 32], [32]);
}

#[test]
fn where_the_number_in_the_headers_wraps() {
    let model = Model::exhaustive("a writer dies where the number in the headers wraps");
    takeover(model, small().aged(), [16], [0, 0], [0]);
}

#[test]
fn and_its_successor_dies_as_well() {
    // Wherever in its own takeover, too.
    let (script, second, third) = (lengths([16]), lengths([8, 8]).map(|it| it.by(1)), lengths([16]).map(|it| it.by(2)));
    Model::exhaustive("a writer dies, and its successor too").check_double_crashes(move |first_crash, second_crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &lengths([16, 16]));
        let reading = thread::spawn(move || {
            let mut received = Vec::new();
            receive(&mut reader, 2, &mut received);
            (reader, received)
        });
        let committed = &scenario.committed;
        first_crash.of(|| committed.send_all(&script, &mut writer));
        second_crash.of(|| {
            let mut writer = scenario.next_writer();
            committed.settle_doubt(&writer);
            committed.send_all(&second, &mut writer);
        });
        let mut writer = scenario.next_writer();
        committed.settle_doubt(&writer);
        committed.send_all(&third, &mut writer);
        let (reader, received) = reading.join().unwrap();
        scenario.settle(2, writer, reader, received);
    });
}

#[test]
fn and_observers_see_only_what_is_there() {
    Model::bounded("a writer dies, observed", 3).check_crashes(|crash| {
        let (scenario, mut writer, reader) = Scenario::after(medium(), &[]);
        let observed = scenario.clone();
        let observing = thread::spawn(move || observed.observe());
        crash.of(|| scenario.committed.send_all(&lengths([8, 0]), &mut writer));
        let writer = scenario.next_writer();
        scenario.committed.settle_doubt(&writer);
        observing.join().unwrap();
        scenario.settle(0, writer, reader, Vec::new());
    });
}
