//! A lane delivers everything that was committed, once, in order and intact, while its writer and its reader run against
//! each other, wherever in the ring they stand; and what it tells observers about itself is true.

use loom::thread;
use memlane::ring::log::{Refusal, Writer};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::{Message, Received, lengths};
use memlane_loom_tests::readers::batch;
use memlane_loom_tests::scenario::{Scenario, Shape, aligned, lines, medium, receive, small};

/// Whether one of the glances of a writer that waits says that another look is worth it: one in eight looks.
fn glances(writer: &Writer<LoomLane>) -> bool {
    (0..8).any(|_| writer.glance())
}

/// Writer and reader make as many attempts as there are messages against each other.
fn window<const P: usize, const N: usize>(model: Model, shape: Shape, prelude: [u64; P], script: [Message; N]) {
    model.check(move || {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &lengths(prelude));
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            for message in script {
                // Where there is no room, the reader has one more chance to make some.
                let _ = ledger.send(message, &mut writer) || ledger.send(message, &mut writer);
            }
            writer
        });
        let mut received = Vec::new();
        receive(&mut reader, N, &mut received);
        let writer = sending.join().unwrap();
        scenario.settle(P, writer, reader, received);
    });
}

#[test]
fn from_the_beginning() {
    window(Model::exhaustive("from the beginning"), small(), [], lengths([16, 0, 8]));
}

#[test]
fn up_to_the_end_of_the_ring() {
    // From 24: 24–48, 48–64, and the next header stands at the beginning.
    window(Model::exhaustive("up to the end of the ring"), small(), [16], lengths([16, 8, 16]));
}

#[test]
fn over_the_end_of_the_ring() {
    // From 48: padding, 0–24, 24–32, 32–56 once something was consumed, 0–16 after padding.
    window(Model::bounded("over the end of the ring", 4), small(), [16, 16], lengths([16, 0, 16, 8]));
}

#[test]
fn less_used_than_reserved() {
    // What was reserved for the first one is where the next one's header stands.
    let script = [Message::of(16).using(3), Message::of(16).using(0), Message::of(13)];
    window(Model::exhaustive("less used than reserved"), small(), [16], script);
}

#[test]
fn aligned_payloads() {
    // From 80: 80–112, padding, 0–48, 48–64.
    window(Model::bounded("aligned payloads", 3), aligned(), [32, 8], lengths([16, 32, 0]));
}

#[test]
fn several_laps() {
    // 0–24, 24–32, 32–48, padding, 0–24, 24–40, 40–64 (exactly up to the end), 0–16, 16–40.
    let script = [
        Message::of(16),
        Message::of(0),
        Message::of(5),
        Message::of(16),
        Message::of(16).using(8),
        Message::of(13),
        Message::of(8),
        Message::of(16),
    ];
    Model::bounded("several laps", 1).check(move || {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &[]);
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            for message in script {
                while !ledger.send(message, &mut writer) {
                    thread::yield_now();
                }
            }
            writer
        });
        let mut received = Vec::new();
        while received.len() < script.len() {
            receive(&mut reader, 1, &mut received);
            thread::yield_now();
        }
        let writer = sending.join().unwrap();
        scenario.settle(0, writer, reader, received);
    });
}

#[test]
fn a_patient_writer_waits_for_an_eighth_of_the_ring() {
    Model::exhaustive("a patient writer").check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &[]);
        while scenario.committed.send(Message::of(0), &mut writer) {}
        let mut received = Vec::new();
        let mut give_back = |records| {
            for _ in 0..records {
                let copy = Received::poll(&mut reader).expect("the ring is full");
                reader.advance(copy.record());
                reader.publish();
                received.push(copy);
            }
        };
        // All but eight bytes were used.
        give_back(2);
        assert!(!glances(&writer), "24 of 256 bytes are not worth a look");
        for _ in 0..2 {
            assert_eq!(writer.reserve_if_plenty(0).unwrap_err(), Refusal::Full, "however often it tries");
        }
        give_back(1);
        assert!(glances(&writer));
        let _ = writer.reserve_if_plenty(0).expect("32 bytes are an eighth");
        assert!(scenario.committed.send(Message::of(0), &mut writer));
        scenario.settle(0, writer, reader, received);
    });
}

#[test]
fn a_writer_in_a_hurry_takes_what_there_is() {
    Model::exhaustive("a writer in a hurry").check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &[]);
        while scenario.committed.send(Message::of(0), &mut writer) {}
        let mut received = Vec::new();
        receive(&mut reader, 1, &mut received);
        reader.publish();
        assert_eq!(writer.reserve_if_plenty(0).unwrap_err(), Refusal::Full);
        assert!(scenario.committed.send(Message::of(0), &mut writer), "eight bytes are enough");
        scenario.settle(0, writer, reader, received);
    });
}

#[test]
fn a_batch_is_sent_and_gathered_before_the_frontier() {
    // 16–32, 32–40, 40–56, all of them before 16 + 64; all but the first one without a second thought.
    Model::bounded("a batch before the frontier", 3).check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &lengths([8]));
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            ledger.send_in_runs(&lengths([8, 0, 8]), &mut writer);
            writer
        });
        let mut received = Vec::new();
        for _ in 0..2 {
            let batch = batch(&mut reader);
            received.extend(batch.into_iter().map(|place| Received::behind(&reader, place)));
            reader.publish();
        }
        let writer = sending.join().unwrap();
        scenario.settle(1, writer, reader, received);
    });
}

#[test]
fn a_run_ends_where_the_fast_path_does() {
    // From 24: 24–48, 48–64, 0–24 (in the next lap), and 24–32 only once the first one was consumed.
    Model::bounded("a run that ends", 2).check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &lengths([16]));
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            ledger.send_in_runs(&lengths([16, 8, 16, 0]), &mut writer);
            writer
        });
        let mut received = Vec::new();
        receive(&mut reader, 2, &mut received);
        let writer = sending.join().unwrap();
        scenario.settle(1, writer, reader, received);
    });
}

#[test]
fn a_batch_stays_until_it_is_given_back_as_a_whole() {
    // From 80: 80–128, 0–40, 40–96: the last one has room only once the batch was given back.
    Model::exhaustive("batches").check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(medium(), &lengths([40, 24]));
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            for message in lengths([40, 32, 48]) {
                let _ = ledger.send(message, &mut writer) || ledger.send(message, &mut writer);
            }
            writer
        });
        let mut received = Vec::new();
        for _ in 0..2 {
            let batch = batch(&mut reader);
            received.extend(batch.into_iter().map(|place| Received::behind(&reader, place)));
            reader.publish();
        }
        let writer = sending.join().unwrap();
        scenario.settle(2, writer, reader, received);
    });
}

#[test]
fn observers_see_only_what_is_there() {
    Model::bounded("observers", 2).check(|| {
        let (scenario, mut writer, mut reader) = Scenario::after(medium(), &[]);
        let (observed, ledger) = (scenario.clone(), scenario.committed.clone());
        let sending = thread::spawn(move || {
            ledger.send_all(&lengths([0, 8, 0]), &mut writer);
            writer
        });
        let observing = thread::spawn(move || observed.observe());
        let mut received = Vec::new();
        receive(&mut reader, 2, &mut received);
        observing.join().unwrap();
        let writer = sending.join().unwrap();
        scenario.settle(0, writer, reader, received);
    });
}
