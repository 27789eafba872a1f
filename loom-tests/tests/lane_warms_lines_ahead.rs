//! A writer of small records warms the lines that it comes to, and leaves out the zero that one of them holds already.
//! In a ring of four lines, in its second lap: what stands at the starts of these lines looks like the header of the very
//! message that is expected there next, and must never be met; and lines that the reader has not given back stay as they
//! are.

use loom::thread;
use memlane::ring::log::{Reader, Writer};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::{Message, lengths};
use memlane_loom_tests::readers::{Life, by_guess, fast};
use memlane_loom_tests::scenario::{Ledger, Scenario, Shape, lines, receive, short_stretches, wide};

/// 0–112, 112–224, padding, 256–296. The next message opens a stretch: once it is out, the lines behind it are warmed, of
/// those at 320, 384 and 448. The first message left the header of message 4 where the first of these starts, and the
/// second one that of message 6 in the others.
const SECOND_LAP: [Message; 3] = [Message::of(104).feigning(4), Message::of(104).feigning(6), Message::of(32)];

/// After `prelude` has passed and `backlog` was sent, a writer does `act` while a reader makes so many attempts.
fn window<const P: usize, const B: usize>(
    model: Model,
    shape: Shape,
    prelude: [Message; P],
    backlog: [Message; B],
    act: fn(&Ledger, &mut Writer<LoomLane>),
    polls: usize,
) {
    window_read_by(fast, model, shape, prelude, backlog, act, polls);
}

/// The same with a reader that reads like this.
fn window_read_by<const P: usize, const B: usize>(
    read: fn(&mut Reader<LoomLane>, usize, &Life),
    model: Model,
    shape: Shape,
    prelude: [Message; P],
    backlog: [Message; B],
    act: fn(&Ledger, &mut Writer<LoomLane>),
    polls: usize,
) {
    model.check(move || {
        let (scenario, mut writer, mut reader) = Scenario::after(shape, &prelude);
        scenario.committed.send_all(&backlog, &mut writer);
        assert_eq!(scenario.committed.certain(), P + B, "there is room for the backlog");
        let ledger = scenario.committed.clone();
        let sending = thread::spawn(move || {
            act(&ledger, &mut writer);
            writer
        });
        let life = Life::of_the_reader(&scenario);
        read(&mut reader, polls, &life);
        let writer = sending.join().unwrap();
        scenario.settle(P, writer, reader, life.into_received());
    });
}

#[test]
fn where_stale_bytes_look_like_the_next_header() {
    // 296–320, 320–344, 344–384, 384–392: both lines that are entered held the header of the message that starts there.
    // The zero in the first one comes with the commit, that in the second one from the warming.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&lengths([16, 16, 32, 0]), writer);
        assert_eq!(ledger.certain(), 7, "there is room");
    };
    window(Model::bounded("stale bytes look like the next header", 4), lines(), SECOND_LAP, [], act, 5);
}

#[test]
fn where_stale_bytes_look_like_the_next_header_behind_a_run() {
    // The same, where the first record opens the stretch and the others go the shortest way, which looks at nothing but its limit.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_in_runs(&lengths([16, 16, 32, 0]), writer);
        assert_eq!(ledger.certain(), 7, "there is room");
    };
    window(Model::bounded("stale bytes behind a run", 3), lines(), SECOND_LAP, [], act, 5);
}

#[test]
fn where_stretches_end_in_the_middle_of_the_ring() {
    // 256–320; 320–344 opens a stretch up to 384, where 344–384 ends with it: the line at 384, with the header of the message that
    // starts there, is not warmed, so the zero comes with the commit; 384–392 opens the next stretch, 392–408.
    let prelude = [Message::of(104).feigning(4), Message::of(104).feigning(5), Message::of(56)];
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&lengths([16, 32, 0, 8]), writer);
        assert_eq!(ledger.certain(), 7, "there is room");
    };
    window(Model::bounded("stretches end in the middle of the ring", 3), short_stretches(), prelude, [], act, 5);
}

#[test]
fn where_stretches_end_in_the_middle_of_the_ring_behind_a_run() {
    // The same: what ends with the stretch does not belong to the run.
    let prelude = [Message::of(104).feigning(4), Message::of(104).feigning(5), Message::of(56)];
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_in_runs(&lengths([16, 32, 0, 8]), writer);
        assert_eq!(ledger.certain(), 7, "there is room");
    };
    window(Model::bounded("a run ends in the middle of the ring", 3), short_stretches(), prelude, [], act, 5);
}

#[test]
fn where_warm_lines_were_forgotten() {
    // 296–344 with garbage at 320, dropped: nothing is warmed, nor is it by the one behind it that is used as a whole and ends
    // there. 296–320, 320–328.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        Message::of(40).feigning(4).abandon(writer);
        ledger.send_all(&[Message::of(16).in_place(), Message::of(0)], writer);
    };
    window(Model::exhaustive("warm lines were forgotten"), lines(), SECOND_LAP, [], act, 3);
}

#[test]
fn where_lengths_are_guessed() {
    // The same lengths again, and others: 296–320, 320–344, 344–384, 384–392.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&lengths([16, 16, 32, 0]), writer);
    };
    window_read_by(by_guess, Model::bounded("lengths are guessed", 3), lines(), SECOND_LAP, [], act, 5);
}

#[test]
fn where_a_reservation_was_dropped() {
    // 296–328, which warms the line at 384; 328–400 with garbage there, dropped; 328–384, 384–392.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send(Message::of(24), writer);
        Message::of(64).feigning(5).abandon(writer);
        ledger.send_all(&lengths([48, 0]), writer);
    };
    window(Model::exhaustive("a reservation is dropped"), lines(), SECOND_LAP, [], act, 3);
}

#[test]
fn where_a_reservation_was_dropped_before_a_run() {
    // The same; the run behind it has to see that the line at 384 is warm no longer.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send(Message::of(24), writer);
        Message::of(64).feigning(5).abandon(writer);
        ledger.send_in_runs(&lengths([48, 0]), writer);
    };
    window(Model::exhaustive("a reservation is dropped before a run"), lines(), SECOND_LAP, [], act, 3);
}

#[test]
fn where_less_was_used_than_reserved_before_a_run() {
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&[Message::of(24), Message::of(64).using(40).feigning(5)], writer);
        ledger.send_in_runs(&lengths([0, 0]), writer);
    };
    window(Model::exhaustive("less used than reserved before a run"), lines(), SECOND_LAP, [], act, 3);
}

#[test]
fn where_less_was_used_than_reserved() {
    // 296–328, which warms the line at 384; 328–400 with garbage there, of which 328–384 is committed; 384–392.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&[Message::of(24), Message::of(64).using(48).feigning(5), Message::of(0)], writer);
    };
    window(Model::exhaustive("less used than reserved of warm lines"), lines(), SECOND_LAP, [], act, 3);
}

#[test]
fn where_all_was_used_that_might_have_been_dropped() {
    // 296–328, which warms the lines at 384 and 448; 328–400 with garbage at the first of them, all of which is committed;
    // 400–448, 448–456: the line at 448 is as it was warmed.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        let whole = Message::of(64).feigning(5).in_place();
        ledger.send_all(&[Message::of(24), whole, Message::of(40).in_place(), Message::of(0)], writer);
        assert_eq!(ledger.certain(), 7, "there is room");
    };
    window(Model::bounded("all used of what might have been dropped", 4), lines(), SECOND_LAP, [], act, 4);
}

#[test]
fn where_a_dropped_reservation_opened_the_stretch() {
    // 296–344 with garbage at 320, dropped: nothing is warmed. 296–320, 320–344.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        Message::of(40).feigning(4).abandon(writer);
        ledger.send_all(&lengths([16, 16]), writer);
    };
    window(Model::exhaustive("a reservation that opened a stretch is dropped"), lines(), SECOND_LAP, [], act, 3);
}

/// Ten messages of which the reader has seen two. 120–144, 144–168, 168–192, 192–216, 216–256 are behind it.
const UNREAD: [Message; 5] = [Message::of(16), Message::of(16), Message::of(16), Message::of(16), Message::of(32)];

/// Sends each of these if there is room, or if the reader made some meanwhile.
fn send_or_try_again<const N: usize>(ledger: &Ledger, writer: &mut Writer<LoomLane>, script: [u64; N]) {
    for message in lengths(script) {
        let _ = ledger.send(message, writer) || ledger.send(message, writer);
    }
}

#[test]
fn beside_lines_that_were_not_given_back() {
    // 256–296, 296–320, 320–368, which is all until 120–144 is given back; then 368–392 over it. Of the lines at 320, 384
    // and 448 only the first may be warmed before that.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| send_or_try_again(ledger, writer, [32, 16, 40, 16]);
    let prelude = [Message::of(104).feigning(9), Message::of(0)];
    window(Model::exhaustive("lines that were not given back"), lines(), prelude, UNREAD, act, 3);
}

#[test]
fn in_front_of_a_record_that_was_not_given_back() {
    // 256–296, 296–320; 320–376 would fit, but the header behind it would stand where 120–144 has its own.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| send_or_try_again(ledger, writer, [32, 16, 48]);
    let model = Model::exhaustive("in front of a record that was not given back");
    window(model, lines(), lengths([104, 0]), UNREAD, act, 3);
}

#[test]
fn behind_padding_and_in_front_of_a_record_that_was_not_given_back() {
    // 24–136 and 136–216 are unread. 256–304, behind padding, has room only once the first of these was given back.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| send_or_try_again(ledger, writer, [40]);
    let model = Model::exhaustive("behind padding and in front of a record");
    window(model, lines(), lengths([16]), lengths([104, 72]), act, 2);
}

#[test]
fn up_to_the_end_of_the_ring() {
    // From 448: 448–488, 488–512; the next header stands at the beginning of a line that was not warmed, as it lies
    // behind the end of the ring: 512–520.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_all(&lengths([32, 16, 0]), writer);
    };
    let prelude = lengths([104, 104, 24, 88, 88]);
    window(Model::exhaustive("warm up to the end of the ring"), lines(), prelude, [], act, 4);
}

#[test]
fn up_to_the_end_of_the_ring_in_a_run() {
    // The same: no run goes up to the end, and none goes on behind it.
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| {
        ledger.send_in_runs(&lengths([8, 8, 16, 0]), writer);
        assert_eq!(ledger.certain(), 9, "there is room");
    };
    let prelude = lengths([104, 104, 24, 88, 88]);
    window(Model::bounded("a run up to the end of the ring", 3), lines(), prelude, [], act, 5);
}

#[test]
fn behind_a_large_record() {
    // 0–448, 448–896, 896–1024, 1024–1472, 1472–1664, and the writer knows of room up to 1912. 1664–1928 goes beyond that,
    // and opens a stretch. 1928–1984 then ends with a line, whose start held the header of message 7; 1984–1992.
    let prelude =
        [Message::of(440), Message::of(440), Message::of(120).feigning(7), Message::of(440), Message::of(184)];
    let act = |ledger: &Ledger, writer: &mut Writer<LoomLane>| ledger.send_all(&lengths([256, 48, 0]), writer);
    window(Model::bounded("behind a large record", 3), wide(), prelude, [], act, 3);
}

#[test]
fn a_writer_dies_among_warm_lines() {
    // Wherever it dies, its successor walks over what was not published, and finds zeros only where nothing is committed.
    Model::bounded("a writer dies among warm lines", 2).check_crashes(|crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(lines(), &SECOND_LAP);
        let reading = thread::spawn(move || {
            let mut received = Vec::new();
            receive(&mut reader, 3, &mut received);
            (reader, received)
        });
        let committed = &scenario.committed;
        crash.of(|| {
            committed.send(Message::of(24), &mut writer);
            Message::of(64).feigning(5).abandon(&mut writer);
            committed.send_all(&lengths([48, 0]), &mut writer);
        });
        let mut writer = scenario.next_writer();
        committed.settle_doubt(&writer);
        committed.send_all(&lengths([16, 48, 0]).map(|message| message.by(1)), &mut writer);
        let (reader, received) = reading.join().unwrap();
        scenario.settle(SECOND_LAP.len(), writer, reader, received);
    });
}
