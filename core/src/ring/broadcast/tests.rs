//! Random sequences of calls on words in private memory, against what was sent.

use super::{BroadcastMemory, GateLane, JoinError, Joined, Look, LossyReader, OwnLane, Retention, Start, Writer, join};
use crate::error::Corruption;
use crate::layout::{ParticipantState, RecordHeader, Role, RowState};
use crate::ring::log::by_position::PositionCursor;
use crate::ring::log::{LaneGeometry, Position, Reader, Record, Refusal, Ring};
use crate::sync::Ordering::Relaxed;
use crate::sync::{AtomicU32, AtomicU64};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

const READERS: usize = 4;

/// A broadcast in private memory.
#[derive(Debug, Clone)]
struct Private(Arc<Words>);

#[derive(Debug)]
struct Words {
    ring: Vec<AtomicU64>,
    /// `committed`, `count`, `reserved`.
    words: [AtomicU64; 3],
    boundaries: [AtomicU64; 16],
    joins: AtomicU32,
    blocker: AtomicU32,
    rows: [AtomicU64; READERS],
    gates: [AtomicU64; READERS],
}

impl Private {
    fn new(capacity: u64) -> Self {
        let word = || AtomicU64::new(0);
        Self(Arc::new(Words {
            ring: (0..capacity / 8).map(|_| word()).collect(),
            words: std::array::from_fn(|_| word()),
            boundaries: std::array::from_fn(|_| word()),
            joins: AtomicU32::new(0),
            blocker: AtomicU32::new(0),
            rows: std::array::from_fn(|_| word()),
            gates: std::array::from_fn(|_| word()),
        }))
    }

    fn set_row(&self, reader: usize, state: ParticipantState) {
        self.0.rows[reader].store(RowState { state, ..RowState::live(1, Role::Receiver) }.bits(), Relaxed);
    }

    fn join(&self, geometry: LaneGeometry, reader: usize) -> Reader<GateLane<Self>> {
        self.join_from(geometry, reader, Start::Now, 0).1
    }

    /// A reader that begins there, with its first message. So many were sent.
    fn join_from(&self, geometry: LaneGeometry, reader: usize, start: Start, sent: u64) -> Attached {
        self.set_row(reader, ParticipantState::Live);
        let start = possible(start, sent);
        let Joined { reader, missed } = join(self.clone(), geometry, reader as u32, start).unwrap();
        check_start(start, sent, missed, reader.sequence());
        (reader.sequence(), reader)
    }

    /// The words of a payload. What is beyond its bytes counts, too.
    fn payload(&self, record: &Record) -> Vec<u64> {
        let words = 0..record.length.div_ceil(8);
        words.map(|word| self.header(record.payload.plus(8 * word)).load(Relaxed)).collect()
    }
}

impl Private {
    fn header(&self, position: Position) -> &AtomicU64 {
        &self.0.ring[position.0 as usize / 8 % self.0.ring.len()]
    }
}

impl Ring for &Private {
    fn header(&self, position: Position) -> &AtomicU64 {
        Private::header(self, position)
    }
}

impl BroadcastMemory for Private {
    type Ring<'a> = &'a Self;
    type Cursor = PositionCursor<OwnLane<Self>>;

    fn ring(&self) -> &Self {
        self
    }

    fn cursor(&self) -> Self::Cursor {
        PositionCursor::new(OwnLane::new(self.clone(), Position(0)), self.0.ring.len() as u64 * 8)
    }

    fn committed(&self) -> &AtomicU64 {
        &self.0.words[0]
    }

    fn count(&self) -> &AtomicU64 {
        &self.0.words[1]
    }

    fn reserved(&self) -> &AtomicU64 {
        &self.0.words[2]
    }

    fn boundary(&self, part: u32) -> &AtomicU64 {
        &self.0.boundaries[part as usize]
    }

    fn joins(&self) -> &AtomicU32 {
        &self.0.joins
    }

    fn blocker(&self) -> &AtomicU32 {
        &self.0.blocker
    }

    fn readers(&self) -> u32 {
        READERS as u32
    }

    fn row(&self, reader: u32) -> &AtomicU64 {
        &self.0.rows[reader as usize]
    }

    fn gate(&self, reader: u32) -> &AtomicU64 {
        &self.0.gates[reader as usize]
    }
}

/// Where to begin, if so many messages were sent.
fn possible(start: Start, sent: u64) -> Start {
    match start {
        Start::At(number) => Start::At(number.min(sent)),
        other => other,
    }
}

/// A reader that began there missed so many, and gets this one first.
fn check_start(start: Start, sent: u64, missed: u64, next: u64) {
    match start {
        Start::Now => assert_eq!((missed, next), (0, sent)),
        Start::Oldest => assert!(missed == 0 && next <= sent),
        Start::Last(messages) => assert!(missed == 0 && next >= sent.saturating_sub(messages) && next <= sent),
        Start::At(number) => assert_eq!(next, number + missed),
    }
}

/// What every word of a message is: it looks like the header of an earlier one.
fn word_of(number: u64) -> u64 {
    RecordHeader::message(8, number.wrapping_sub(number % 97)).bits() ^ number << 50
}

/// Sends a message of so many bytes. False: there is no room.
fn send(writer: &mut Writer<Private>, length: u64) -> bool {
    let reservation = match writer.reserve(length) {
        Ok(reservation) => reservation,
        Err(Refusal::Full) => return false,
        Err(refusal) => panic!("{refusal:?}"),
    };
    let word = word_of(writer.log().count());
    for index in 0..length.div_ceil(8) {
        writer.memory().header(reservation.payload.plus(8 * index)).store(word, Relaxed);
    }
    writer.log_mut().commit(reservation, length);
    writer.log_mut().warm_after(&reservation);
    true
}

/// A step of a sequence.
#[derive(Debug, Clone, Copy)]
enum Step {
    Send(u64),
    /// So many messages in a row, of this length.
    Stream(u64, usize),
    Receive(usize),
    Join(usize, Start),
    /// Another lossy reader comes in the place of the one that is there.
    JoinLossy(Start),
    Leave(usize),
    /// A successor takes over.
    Resume,
    /// The lossy reader looks so many times.
    Look(usize),
}

fn start() -> impl Strategy<Value = Start> {
    prop_oneof![
        Just(Start::Now),
        Just(Start::Oldest),
        (0..2000u64).prop_map(Start::Last),
        (0..3000u64).prop_map(Start::At),
    ]
}

fn step(max_message: u64) -> impl Strategy<Value = Step> {
    let length = move || prop_oneof![0..=64.min(max_message), 0..=max_message];
    prop_oneof![
        6 => length().prop_map(Step::Send),
        3 => (length(), 0..200usize).prop_map(|(length, count)| Step::Stream(length, count)),
        6 => (0..READERS).prop_map(Step::Receive),
        1 => (0..READERS, start()).prop_map(|(reader, start)| Step::Join(reader, start)),
        1 => start().prop_map(Step::JoinLossy),
        1 => (0..READERS).prop_map(Step::Leave),
        1 => Just(Step::Resume),
        4 => (0..100usize).prop_map(Step::Look),
    ]
}

fn shape() -> impl Strategy<Value = LaneGeometry> {
    prop_oneof![
        Just(LaneGeometry::new(4096, 8, 1784)),
        Just(LaneGeometry::new(16_384, 8, 500)),
        Just(LaneGeometry::new(4096, 8, 600).with_record_alignment(64)),
        Just(LaneGeometry::new(8192, 64, 1000)),
    ]
}

/// What a protected reader has to get next, and its lane.
type Attached = (u64, Reader<GateLane<Private>>);

/// Receives all that is there, up to so many.
fn receive(memory: &Private, (next, reader): &mut Attached, lengths: &[u64]) {
    let Some(record) = reader.poll().unwrap() else {
        assert_eq!(*next, lengths.len() as u64, "there is something");
        reader.publish();
        return;
    };
    assert_eq!((reader.sequence(), record.length), (*next, lengths[*next as usize]));
    assert!(memory.payload(&record).iter().all(|word| *word == word_of(*next)), "message {next}");
    reader.release(record);
    *next += 1;
}

/// Runs a sequence.
fn run(geometry: LaneGeometry, retention: Retention, steps: Vec<Step>) {
    let memory = Private::new(geometry.capacity());
    let mut writer = Writer::resume(memory.clone(), geometry, retention).unwrap();
    let mut lossy = LossyReader::join(memory.clone(), geometry, Start::Now).unwrap().0;
    if retention == Retention::Evicting {
        memory.set_row(0, ParticipantState::Live);
        lossy.show(0);
    }
    let (mut lengths, mut attached) = (Vec::new(), HashMap::<usize, Attached>::new());
    let (mut received, mut lost) = (0, 0);
    let look = |lossy: &mut LossyReader<Private>, lengths: &[u64], received: &mut u64, lost: &mut u64| {
        match lossy.poll().unwrap() {
            Look::Record(record) => {
                let number = lossy.sequence();
                assert_eq!(record.length, lengths[number as usize]);
                assert!(memory.payload(&record).iter().all(|word| *word == word_of(number)), "message {number}");
                assert!(lossy.is_intact());
                lossy.release(record);
                *received += 1;
            }
            Look::Nothing => return false,
            Look::Lagged { lost: more } => *lost += more,
            Look::Overtaken => panic!("nobody overtakes"),
        }
        true
    };
    let send_one =
        |writer: &mut Writer<Private>, lengths: &mut Vec<u64>, length, attached: &HashMap<usize, Attached>| {
            let is_sent = send(writer, length);
            if is_sent {
                lengths.push(length);
            } else {
                assert!(retention == Retention::Lossless && !attached.is_empty(), "somebody holds it back");
            }
            is_sent
        };
    for step in steps {
        match step {
            Step::Send(length) => {
                _ = send_one(&mut writer, &mut lengths, length.min(geometry.max_message()), &attached)
            }
            Step::Stream(length, count) => {
                let length = length.min(geometry.max_message());
                _ = (0..count).all(|_| send_one(&mut writer, &mut lengths, length, &attached));
            }
            Step::Receive(reader) => {
                if let Some(attached) = attached.get_mut(&reader) {
                    receive(&memory, attached, &lengths);
                }
            }
            Step::Join(reader, start) if retention == Retention::Lossless => {
                // Rows are taken in order.
                let vacant = (0..reader).find(|row| memory.0.rows[*row].load(Relaxed) == 0);
                let row = vacant.unwrap_or(reader);
                let sent = lengths.len() as u64;
                attached.entry(row).or_insert_with(|| memory.join_from(geometry, row, start, sent));
            }
            Step::Join(..) => {}
            Step::JoinLossy(start) => {
                let start = possible(start, lengths.len() as u64);
                let (reader, missed) = LossyReader::join(memory.clone(), geometry, start).unwrap();
                check_start(start, lengths.len() as u64, missed, reader.sequence());
                // What is before it counts as lost.
                (received, lost) = (0, reader.sequence());
                lossy = reader;
            }
            Step::Leave(reader) => {
                if attached.remove(&reader).is_some() {
                    memory.set_row(reader, ParticipantState::Closed);
                }
            }
            Step::Resume => {
                writer = Writer::resume(memory.clone(), geometry, retention).unwrap();
                assert_eq!(writer.log().count(), lengths.len() as u64);
            }
            Step::Look(times) => {
                _ = (0..times).all(|_| look(&mut lossy, &lengths, &mut received, &mut lost));
            }
        }
        if retention == Retention::Evicting {
            let end = writer.log().position().plus(geometry.header_bytes());
            let is_due = end.0 > lossy.position().plus(geometry.capacity()).0;
            assert!(lossy.is_intact() || is_due, "it lags behind by less than the ring");
            lossy.tell(0);
        }
        for (next, _) in attached.values() {
            let unread: u64 = lengths[*next as usize..].iter().map(|length| geometry.record_bytes(*length)).sum();
            assert!(unread <= geometry.capacity(), "{unread} bytes that a reader has not passed");
        }
    }
    for attached in attached.values_mut() {
        while attached.0 < lengths.len() as u64 {
            receive(&memory, attached, &lengths);
        }
    }
    while look(&mut lossy, &lengths, &mut received, &mut lost) {}
    assert_eq!((lossy.sequence(), received + lost), (lengths.len() as u64, lengths.len() as u64));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_attached_reader_gets_everything(
        geometry in shape(),
        steps in proptest::collection::vec(step(1784), 0..150),
    ) {
        run(geometry, Retention::Lossless, steps);
    }

    #[test]
    fn what_a_lossy_reader_gets_and_loses_is_what_was_sent(
        geometry in shape(),
        steps in proptest::collection::vec(step(1784), 0..150),
    ) {
        run(geometry, Retention::Lossy, steps);
    }

    #[test]
    fn who_lags_behind_by_less_than_the_ring_is_not_evicted(
        geometry in shape(),
        steps in proptest::collection::vec(step(1784), 0..150),
    ) {
        run(geometry, Retention::Evicting, steps);
    }
}

const GEOMETRY: fn() -> LaneGeometry = || LaneGeometry::new(4096, 8, 1000);

#[test]
fn a_stream_of_small_messages_looks_at_the_gates_once_in_an_eighth_of_the_ring() {
    let memory = Private::new(4096);
    let mut writer = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossless).unwrap();
    let mut reader = (0, memory.join(GEOMETRY(), 0));
    let mut lengths = Vec::new();
    let mut reserved = Vec::new();
    for _ in 0..4096 {
        assert!(send(&mut writer, 8));
        lengths.push(8);
        receive(&memory, &mut reader, &lengths);
        reserved.push(memory.reserved().load(Relaxed));
    }
    reserved.dedup();
    assert!(reserved.len() <= 16 * 8 + 1, "{} steps for 16 rings", reserved.len());
}

#[test]
fn a_patient_writer_goes_on_once_an_eighth_of_the_ring_is_free() {
    let memory = Private::new(4096);
    let mut writer = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossless).unwrap();
    let mut reader = (0, memory.join(GEOMETRY(), 0));
    let mut lengths = Vec::new();
    while send(&mut writer, 8) {
        lengths.push(8);
    }
    assert!(!writer.glance(), "the gate has not moved");
    let mut given_back = 0;
    while writer.reserve_if_plenty(8).is_err() {
        receive(&memory, &mut reader, &lengths);
        given_back += 16;
        assert!(writer.glance());
    }
    assert!((480..=544).contains(&given_back), "{given_back} of 4096 bytes");
}

#[test]
fn a_writer_waits_for_the_least_gate_and_names_its_reader() {
    let memory = Private::new(4096);
    let mut writer = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossless).unwrap();
    let mut readers = [0, 1, 2].map(|row| (0, memory.join(GEOMETRY(), row)));
    let mut lengths = Vec::new();
    while send(&mut writer, 8) {
        lengths.push(8);
    }
    for row in [0, 2] {
        (0..100).for_each(|_| receive(&memory, &mut readers[row], &lengths));
    }
    assert!(!send(&mut writer, 8) && !writer.names_blocker(), "not said before");
    assert!(!send(&mut writer, 8) && writer.names_blocker(), "said already");
    assert!(super::is_blocker(&memory, 1) && !super::is_blocker(&memory, 0));
    memory.set_row(1, ParticipantState::Dead);
    assert!(send(&mut writer, 8), "the dead hold nothing back");
}

#[test]
fn words_that_no_participant_writes_are_refused() {
    let memory = Private::new(4096);
    memory.reserved().store(1 << 40, Relaxed);
    let refused = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossy).err();
    assert_eq!(refused, Some(Corruption::Positions));
    memory.reserved().store(u64::MAX, Relaxed);
    memory.set_row(0, ParticipantState::Live);
    let refused = join(memory, GEOMETRY(), 0, Start::Now).err();
    assert_eq!(refused, Some(JoinError::Corrupted(Corruption::Positions)));
    let memory = Private::new(4096);
    let mut writer = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossless).unwrap();
    let _reader = memory.join(GEOMETRY(), 0);
    while send(&mut writer, 8) {}
    memory.gate(0).store(17, Relaxed);
    assert_eq!(writer.reserve(8).unwrap_err(), Refusal::Corrupted(Corruption::Positions));
    memory.row(0).store(0x7f, Relaxed);
    assert_eq!(writer.reserve(8).unwrap_err(), Refusal::Corrupted(Corruption::Participant));
}

#[test]
fn a_lossy_reader_takes_damage_for_damage() {
    let memory = Private::new(4096);
    let mut lossy = LossyReader::join(memory.clone(), GEOMETRY(), Start::Now).unwrap().0;
    let mut writer = Writer::resume(memory.clone(), GEOMETRY(), Retention::Lossy).unwrap();
    assert!(send(&mut writer, 8));
    let header = memory.header(Position(0)).load(Relaxed);
    memory.header(Position(0)).store(RecordHeader::message(8, 5).bits(), Relaxed);
    assert!(lossy.poll().is_err(), "a number that comes later");
    memory.header(Position(0)).store(header, Relaxed);
}
