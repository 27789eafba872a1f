//! Writer and reader are both killed, each before any of its shared operations, while they run against each other around
//! the end of the ring; both are succeeded while the other one lives, dies or has died. Nothing is lost, and only what
//! the dead reader had not published is delivered again.

use loom::thread;
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::message::lengths;
use memlane_loom_tests::readers::{Life, one_by_one};
use memlane_loom_tests::scenario::{Scenario, Shape, receive, small};

/// After `prelude` has passed, a writer dies somewhere in `script` and a reader dies somewhere in as many polls.
fn takeovers<const P: usize, const N: usize, const S: usize>(
    model: Model,
    shape: Shape,
    prelude: [u64; P],
    script: [u64; N],
    sequel: [u64; S],
) {
    let (script, sequel) = (lengths(script), lengths(sequel).map(|message| message.by(1)));
    model.check_double_crashes(move |writer_crash, reader_crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &lengths(prelude));
        let (of_the_writers, writer_crash) = (scenario.clone(), writer_crash.clone());
        let writing = thread::spawn(move || {
            let scenario = of_the_writers;
            writer_crash.of(|| scenario.committed.send_all(&script, &mut writer));
            let mut writer = scenario.next_writer();
            scenario.committed.settle_doubt(&writer);
            scenario.committed.send_all(&sequel, &mut writer);
            writer
        });
        let life = Life::of_the_reader(&scenario);
        reader_crash.of(|| one_by_one(&mut reader, N, &life));
        let mut reader = scenario.next_reader();
        let mut received = Vec::new();
        receive(&mut reader, 1, &mut received);
        let writer = writing.join().unwrap();
        let published = life.published();
        scenario.check(&life.into_received(), P);
        scenario.settle(P + published, writer, reader, received);
    });
}

#[test]
fn around_the_padding() {
    takeovers(Model::bounded("both die around the padding", 2), small(), [16, 16], [16, 8], [16]);
}

#[test]
fn where_records_end_with_the_ring() {
    takeovers(Model::bounded("both die where records end with the ring", 2), small(), [16], [16, 8], [16]);
}

#[test]
fn where_the_number_in_the_headers_wraps() {
    takeovers(Model::bounded("both die where the number wraps", 2), small().aged(), [16], [0, 0], [0]);
}
