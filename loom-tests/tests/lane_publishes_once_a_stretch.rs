//! `count` and `committed` tell how far a writer has come once a stretch only. A successor or an observer, which
//! starts from there, finds the rest in the headers, whenever the writer publishes, overwrites what it published before, or
//! dies in between.

use loom::thread;
use memlane::ring::log::{Reader, Writer};
use memlane_loom_tests::explore::{CrashPoint, Model};
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::{Message, Received, lengths};
use memlane_loom_tests::readers::{Life, fast};
use memlane_loom_tests::scenario::{Scenario, lines, medium, receive, short_stretches};

/// Every message that one thread sends and receives after its prelude, before the model begins.
fn pass(
    scenario: &Scenario,
    messages: &[Message],
    writer: &mut Writer<LoomLane>,
    reader: &mut Reader<LoomLane>,
) -> Vec<Received> {
    let mut received = Vec::new();
    let before = scenario.committed.certain();
    scenario.committed.send_all(messages, writer);
    assert_eq!(scenario.committed.certain(), before + messages.len(), "there is room");
    receive(reader, messages.len() + 1, &mut received);
    received
}

#[test]
fn observers_see_what_is_not_published() {
    Model::exhaustive("observers of a stretch").check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([0]));
        // Nothing of this is published, and all of it was committed before the observer comes.
        let received = pass(&scenario, &lengths([8, 16]), &mut writer, &mut reader);
        let (observed, known) = (scenario.clone(), scenario.committed.count());
        let observing = thread::spawn(move || {
            let first = observed.observe();
            assert!(first >= known, "what was there before is seen");
            assert!(observed.observe() >= first, "nothing that was seen disappears");
        });
        let committed = &scenario.committed;
        committed.send_all(&lengths([0]), &mut writer);
        writer.publish();
        committed.send_all(&lengths([8]), &mut writer);
        observing.join().unwrap();
        scenario.settle(1, writer, reader, received);
    });
}

#[test]
fn observers_see_what_is_published_meanwhile() {
    // Nothing stands behind `committed`: it is `count` alone that tells the number, and the header has to come with it.
    Model::exhaustive("observers of a publication").check(|| {
        let (scenario, mut writer, reader) = Scenario::after(lines(), &lengths([0]));
        writer.publish();
        let (observed, known) = (scenario.clone(), scenario.committed.count());
        let observing = thread::spawn(move || assert!(observed.observe() >= known, "what was there before is seen"));
        let committed = &scenario.committed;
        committed.send_all(&lengths([0]), &mut writer);
        writer.publish();
        committed.send_all(&lengths([8]), &mut writer);
        observing.join().unwrap();
        scenario.settle(1, writer, reader, Vec::new());
    });
}

#[test]
fn a_reader_misses_nothing_that_is_only_on_its_way() {
    // Where it sees nothing though `committed` is ahead, something was taken away: never here.
    Model::bounded("a reader that looks for what is gone", 3).check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([0]));
        let reading = thread::spawn(move || {
            let mut received = Vec::new();
            for _ in 0..2 {
                assert!(!reader.misses_records(), "everything that is published stands there");
                receive(&mut reader, 1, &mut received);
            }
            (reader, received)
        });
        scenario.committed.send_all(&lengths([8]), &mut writer);
        writer.publish();
        scenario.committed.send_all(&lengths([0]), &mut writer);
        writer.publish();
        let (reader, received) = reading.join().unwrap();
        scenario.settle(1, writer, reader, received);
    });
}

/// A lane in which the next message publishes what came before it, finds that everything was given back, and warms the
/// line where the record stands that `committed` pointed to.
///
/// 0–112, 112–120, 120–192 and, behind padding, 256–328. `committed` is 192, where the padding stands: so is the start of
/// the line at 448.
fn before_warming_over_what_is_published() -> (Scenario, Writer<LoomLane>, Reader<LoomLane>, Vec<Received>) {
    let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([104, 0]));
    let received = pass(&scenario, &lengths([64, 64]), &mut writer, &mut reader);
    (scenario, writer, reader, received)
}

#[test]
fn observers_see_through_warming_over_what_was_published() {
    Model::exhaustive("observers of warming").check(|| {
        let (scenario, mut writer, reader, received) = before_warming_over_what_is_published();
        let (observed, known) = (scenario.clone(), scenario.committed.count());
        let observing = thread::spawn(move || assert!(observed.observe() >= known, "what was there before is seen"));
        scenario.committed.send_all(&lengths([40]), &mut writer);
        observing.join().unwrap();
        scenario.settle(2, writer, reader, received);
    });
}

#[test]
fn observers_see_through_a_lap_over_what_was_published() {
    // `committed` is 256; 440–512 zeroes the header there, and 512–560 writes over the records behind it.
    Model::bounded("observers of a lap", 3).check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([104, 104, 24]));
        let received = pass(&scenario, &lengths([16, 16, 16, 104]), &mut writer, &mut reader);
        let (observed, known) = (scenario.clone(), scenario.committed.count());
        let observing = thread::spawn(move || assert!(observed.observe() >= known, "what was there before is seen"));
        scenario.committed.send_all(&[Message::of(64), Message::of(40).feigning(4)], &mut writer);
        observing.join().unwrap();
        scenario.settle(3, writer, reader, received);
    });
}

/// A lane in which the next message opens a stretch and warms the line behind the message that opened the last one.
///
/// 0–112, 112–224, 256–296; 296–384, which opened a stretch, 384–448, 448–512. `committed` is 296. The next message is
/// 512–560, and the line at 640 is warmed after it.
fn before_warming_over_the_last_stretch() -> (Scenario, Writer<LoomLane>, Reader<LoomLane>, Vec<Received>) {
    let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([104]));
    let mut received = pass(&scenario, &lengths([104, 32]), &mut writer, &mut reader);
    received.extend(pass(&scenario, &lengths([80, 56, 56]), &mut writer, &mut reader));
    (scenario, writer, reader, received)
}

/// A writer dies in `before`'s next stretch. Its successor finds `committed` beyond what was warmed or written, or what it
/// covers as it was; so does an observer.
fn dies_in_the_next_stretch(
    model: Model,
    prelude: usize,
    before: fn() -> (Scenario, Writer<LoomLane>, Reader<LoomLane>, Vec<Received>),
) {
    model.check_crashes(move |crash| {
        let (scenario, mut writer, reader, received) = before();
        let (observed, known) = (scenario.clone(), scenario.committed.count());
        let observing = thread::spawn(move || assert!(observed.observe() >= known, "what was there before is seen"));
        crash.of(|| scenario.committed.send_all(&lengths([40]), &mut writer));
        let mut writer = scenario.next_writer();
        scenario.committed.settle_doubt(&writer);
        scenario.committed.send_all(&lengths([16]).map(|message| message.by(1)), &mut writer);
        observing.join().unwrap();
        scenario.settle(prelude, writer, reader, received);
    });
}

#[test]
fn a_writer_dies_while_it_warms_what_it_published() {
    let model = Model::bounded("a writer dies while it warms what it published", 2);
    dies_in_the_next_stretch(model, 2, before_warming_over_what_is_published);
}

#[test]
fn a_writer_dies_while_it_warms_the_last_stretch() {
    let model = Model::bounded("a writer dies while it warms the last stretch", 2);
    dies_in_the_next_stretch(model, 1, before_warming_over_the_last_stretch);
}

/// A lane in which a stretch ends in the middle of the ring, and the next one warms a line there, in the second lap.
///
/// 0–112, 112–224, padding, 256–296; 296–328 opened a stretch up to 360. The next message is 328–376, and the line at 384 is
/// warmed after it.
fn before_a_stretch_in_the_middle_of_the_ring() -> (Scenario, Writer<LoomLane>, Reader<LoomLane>, Vec<Received>) {
    let prelude = lengths([104, 104, 32]);
    let (scenario, mut writer, mut reader) = Scenario::after(short_stretches(), &prelude);
    let received = pass(&scenario, &lengths([24]), &mut writer, &mut reader);
    (scenario, writer, reader, received)
}

#[test]
fn a_writer_dies_where_a_stretch_ends_in_the_middle_of_the_ring() {
    let model = Model::bounded("a writer dies between two stretches", 2);
    dies_in_the_next_stretch(model, 3, before_a_stretch_in_the_middle_of_the_ring);
}

#[test]
fn a_writer_dies_while_it_publishes() {
    // Between `count` and `committed`, too; its successor publishes as well.
    Model::bounded("a writer dies while it publishes", 2).check_crashes(|crash| {
        let (scenario, mut writer, reader) = Scenario::after(medium(), &lengths([0]));
        let observed = scenario.clone();
        let observing = thread::spawn(move || observed.observe());
        crash.of(|| {
            scenario.committed.send_all(&lengths([0, 8]), &mut writer);
            writer.publish();
        });
        let mut writer = scenario.next_writer();
        scenario.committed.settle_doubt(&writer);
        scenario.committed.send_all(&lengths([0]).map(|message| message.by(1)), &mut writer);
        observing.join().unwrap();
        scenario.settle(1, writer, reader, Vec::new());
    });
}

#[test]
fn a_reader_dies_behind_what_is_published() {
    // Its successor learns the number of its first message from a count that is behind it.
    Model::bounded("a reader dies behind what is published", 2).check_crashes(|crash: &CrashPoint| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([0]));
        let received = pass(&scenario, &lengths([0, 8, 16]), &mut writer, &mut reader);
        let ledger = scenario.committed.clone();
        let writing = thread::spawn(move || {
            ledger.send_all(&lengths([16, 0]), &mut writer);
            writer
        });
        let passed = 1 + received.len();
        let life = Life::of_the_reader(&scenario);
        crash.of(|| fast(&mut reader, 3, &life));
        let mut reader = scenario.next_reader();
        let mut received = Vec::new();
        receive(&mut reader, 2, &mut received);
        let writer = writing.join().unwrap();
        let published = life.published();
        scenario.check(&life.into_received(), passed);
        scenario.settle(passed + published, writer, reader, received);
    });
}
