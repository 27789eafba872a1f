//! A broadcast's words made of loom's parts, and how its participants use them.
//!
//! Each word of the ring is an atomic, and a loom cell as in [`crate::lane`]: what a protected reader copies goes through the cell, too,
//! so that loom reports a copy that somebody overwrites. A lossy reader copies while the writer writes, and throws that away: it
//! leaves the cells alone.

use loom::cell::Cell;
use memlane::layout::{Naming, ParticipantState, RecordHeader, Role, RowState};
use memlane::liveness::word;
use memlane::ring::broadcast::{
    BroadcastMemory, GateLane, Look, LossyReader, OwnLane, Retention, Start, Writer, come_back, join,
};
use memlane::ring::log::by_position::PositionCursor;
use memlane::ring::log::{LaneGeometry, Position, Reader, Record, Refusal, Ring};
use memlane::sync::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::rc::Rc;

/// So many readers have seats.
const READERS: usize = 2;

/// Bytes of a word.
const WORD: u64 = 8;

/// Bytes of the ring. With a lossless writer, one message and the header behind it: so one that overtakes a reader does so soon. With a
/// lossy one, three of the shorter messages.
fn capacity(retention: Retention) -> u64 {
    match retention {
        Retention::Lossless => 4 * WORD,
        Retention::Evicting | Retention::Lossy => 8 * WORD,
    }
}

/// The memory of a broadcast, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomBroadcast(Rc<Words>);

#[derive(Debug)]
struct Words {
    retention: Retention,
    ring: Vec<(AtomicU64, Cell<u64>)>,
    committed: AtomicU64,
    count: AtomicU64,
    reserved: AtomicU64,
    boundaries: [AtomicU64; 2],
    joins: AtomicU32,
    blocker: AtomicU32,
    rows: [AtomicU64; READERS],
    gates: [AtomicU64; READERS],
}

impl LoomBroadcast {
    /// Nobody is there, and nothing was ever sent.
    pub fn new(retention: Retention) -> Self {
        let word = || AtomicU64::new(0);
        Self(Rc::new(Words {
            retention,
            ring: (0..capacity(retention) / WORD).map(|_| (word(), Cell::new(0))).collect(),
            committed: word(),
            count: word(),
            reserved: word(),
            boundaries: [word(), word()],
            joins: AtomicU32::new(0),
            blocker: AtomicU32::new(0),
            rows: [word(), word()],
            gates: [word(), word()],
        }))
    }

    fn geometry(&self) -> LaneGeometry {
        let capacity = capacity(self.0.retention);
        LaneGeometry::new(capacity, WORD, capacity / 4).with_stretch_max(capacity)
    }

    /// Its writer: the first one, or the successor of one that is gone.
    pub fn writer(&self) -> Sender {
        Sender { writer: Writer::resume(self.clone(), self.geometry(), self.0.retention).expect("a sound lane") }
    }

    /// A reader takes this row, and joins.
    pub fn join(&self, row: usize, life: u64) -> Receiver {
        self.join_from(row, life, Start::Now)
    }

    /// A reader takes this row, and joins from there.
    pub fn join_from(&self, row: usize, life: u64, start: Start) -> Receiver {
        let ours = RowState::live(life, Role::Receiver);
        let (_, seen) = word::look(&self.0.rows[row]).expect("a row is sound");
        let word = word::take(&self.0.rows[row], seen, ours).expect("nobody has the row");
        let joined = join(self.clone(), self.geometry(), row as u32, start).expect("there is time to join");
        let reader = joined.reader;
        // Each message of a lossless writer takes two words.
        let first = self.0.gates[row].load(Relaxed) / (2 * WORD);
        Receiver { broadcast: self.clone(), row, word, reader, first, next: first }
    }

    /// A reader takes this row, joins, and has the row kept for its name: how names are found, [`crate::names`] models.
    pub fn join_named(&self, row: usize, life: u64) -> Receiver {
        let mut receiver = self.join(row, life);
        let claimed = word::claim(&self.0.rows[row], receiver.word).expect("it has the row");
        receiver.word = word::keep(&self.0.rows[row], claimed).expect("nobody else has the name");
        receiver
    }

    /// A named reader comes back to its row, if it is away.
    pub fn come_back(&self, row: usize, life: u64) -> Option<Receiver> {
        let (state, seen) = word::look(&self.0.rows[row]).expect("a row is sound");
        let ours = RowState { naming: Naming::Named, ..RowState::live(life, Role::Receiver) };
        let word =
            (state.state == ParticipantState::Away).then(|| word::take(&self.0.rows[row], seen, ours)).flatten()?;
        let reader = come_back(self.clone(), self.geometry(), row as u32).expect("its place was kept");
        let first = self.0.gates[row].load(Relaxed) / (2 * WORD);
        assert_eq!(reader.sequence(), first, "it goes on behind what it gave back");
        Some(Receiver { broadcast: self.clone(), row, word, reader, first, next: first })
    }

    /// Somebody forgets the reader of this row, if it is away.
    pub fn forget(&self, row: usize) -> bool {
        let (state, seen) = word::look(&self.0.rows[row]).expect("a row is sound");
        state.state == ParticipantState::Away && word::forget(&self.0.rows[row], seen)
    }

    /// A reader without a row.
    pub fn lossy(&self) -> Lossy {
        let reader = LossyReader::join(self.clone(), self.geometry(), Start::Now).expect("a sound lane").0;
        Lossy { next: reader.sequence(), reader, received: 0, lost: 0, row: None }
    }

    /// A reader that may be evicted takes this row.
    pub fn evictable(&self, row: usize) -> Lossy {
        let live = RowState::live(1, Role::Receiver);
        word::take(&self.0.rows[row], 0, live).expect("nobody had the row");
        let lossy = self.lossy();
        lossy.reader.show(row as u32);
        Lossy { row: Some(row as u32), ..lossy }
    }

    /// Somebody proves that the holder of this row is dead, if it says that there is one.
    pub fn reap(&self, row: usize) {
        let (state, proved) = word::look(&self.0.rows[row]).expect("a row is sound");
        if state.state == ParticipantState::Live {
            word::bury(&self.0.rows[row], proved);
        }
    }

    /// Writes a payload.
    fn write(&self, position: Position, payload: &[u64]) {
        for ((atomic, cell), value) in self.words(position, payload.len()).zip(payload) {
            if self.0.retention == Retention::Lossless {
                cell.set(*value);
            }
            atomic.store(*value, Relaxed);
        }
    }

    /// Copies a payload of so many bytes.
    fn read(&self, record: &Record) -> Vec<u64> {
        let read = |(atomic, cell): &(AtomicU64, Cell<u64>)| {
            let value = atomic.load(Relaxed);
            if self.0.retention == Retention::Lossless {
                assert_eq!(cell.get(), value, "a header was stored into a payload that is still in use");
            }
            value
        };
        self.words(record.payload, record.length.div_ceil(WORD) as usize).map(read).collect()
    }

    fn words(&self, position: Position, words: usize) -> impl Iterator<Item = &(AtomicU64, Cell<u64>)> {
        let first = self.index(position);
        // Out of range panics: a payload never wraps.
        self.0.ring[first..first + words].iter()
    }

    fn index(&self, position: Position) -> usize {
        (position.0 / WORD) as usize % self.0.ring.len()
    }
}

impl Ring for &LoomBroadcast {
    fn header(&self, position: Position) -> &AtomicU64 {
        &self.0.ring[self.index(position)].0
    }
}

impl BroadcastMemory for LoomBroadcast {
    type Ring<'a> = &'a Self;
    type Cursor = PositionCursor<OwnLane<Self>>;
    const BOUNDARIES: u32 = 2;

    fn ring(&self) -> &Self {
        self
    }

    fn cursor(&self) -> Self::Cursor {
        PositionCursor::new(OwnLane::new(self.clone(), Position(0)), self.0.ring.len() as u64 * WORD)
    }

    fn committed(&self) -> &AtomicU64 {
        &self.0.committed
    }

    fn count(&self) -> &AtomicU64 {
        &self.0.count
    }

    fn reserved(&self) -> &AtomicU64 {
        &self.0.reserved
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

/// What message number `number` is, by its author: its words look like the header of message number `feigned`.
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// One, or two.
    pub words: u64,
    /// The number that it feigns.
    pub feigned: u64,
    /// Which of several messages of the same number this is: below 8.
    pub author: u64,
}

impl Message {
    /// The one of this number, if nothing else is said: one word, which looks like the header that is expected there a lap later.
    pub fn of(number: u64) -> Self {
        Self { words: 1, feigned: number + 4, author: number % 8 }
    }

    fn payload(self) -> Vec<u64> {
        (0..self.words)
            .map(|word| RecordHeader::message((WORD * word + self.author) as u32, self.feigned).bits())
            .collect()
    }
}

/// A writer with a seat.
#[derive(Debug)]
pub struct Sender {
    /// What it writes with.
    pub writer: Writer<LoomBroadcast>,
}

impl Sender {
    /// How many messages there are.
    pub fn count(&mut self) -> u64 {
        self.writer.log().count()
    }

    /// Sends this. False: there is no room.
    pub fn send(&mut self, message: Message) -> bool {
        let length = message.words * WORD;
        let reservation = match self.writer.reserve(length) {
            Ok(reservation) => reservation,
            Err(Refusal::Full) => return false,
            Err(refusal) => panic!("the writer was refused: {refusal:?}"),
        };
        self.writer.memory().write(reservation.payload, &message.payload());
        self.writer.log_mut().commit(reservation, length);
        self.writer.log_mut().warm_after(&reservation);
        true
    }

    /// Sends so many messages, as far as there is room. Returns how many.
    pub fn send_some(&mut self, most: u64) -> u64 {
        let mut sent = 0;
        while sent < most {
            let next = Message::of(self.count());
            if !self.send(next) {
                break;
            }
            sent += 1;
        }
        sent
    }
}

/// A protected reader, which gets every message from its first one on.
#[derive(Debug)]
pub struct Receiver {
    broadcast: LoomBroadcast,
    row: usize,
    word: u64,
    reader: Reader<GateLane<LoomBroadcast>>,
    /// The number of its first message.
    pub first: u64,
    /// The number of its next message.
    pub next: u64,
}

impl Receiver {
    /// Receives a message, if there is one.
    pub fn receive(&mut self) -> bool {
        let Some(record) = self.reader.poll().expect("nothing is overwritten") else {
            // Past padding.
            self.reader.publish();
            return false;
        };
        let number = self.reader.sequence();
        assert_eq!(number, self.next, "in order, none missing");
        assert_eq!(self.broadcast.read(&record), Message::of(number).payload(), "message {number}");
        self.reader.release(record);
        self.next = number + 1;
        true
    }

    /// Copies the next message, which is there, and does not give it back.
    pub fn peek(&mut self) {
        let record = self.reader.poll().expect("nothing is overwritten").expect("it is there");
        assert_eq!(self.broadcast.read(&record), Message::of(self.reader.sequence()).payload());
    }

    /// Receives up to so many messages by so many attempts.
    pub fn attempts(&mut self, attempts: usize) {
        for _ in 0..attempts {
            self.receive();
        }
    }

    /// Receives all that is there.
    pub fn drain(&mut self) {
        while self.receive() {}
    }

    /// Whether a writer that sleeps waits for this reader.
    pub fn is_blocker(&self) -> bool {
        memlane::ring::broadcast::is_blocker(&self.broadcast, self.row as u32)
    }

    /// Leaves in good order.
    pub fn leave(self) {
        assert!(word::leave(&self.broadcast.0.rows[self.row], self.word));
    }
}

/// A lossy reader, and what it received.
#[derive(Debug)]
pub struct Lossy {
    reader: LossyReader<LoomBroadcast>,
    next: u64,
    /// How many messages.
    pub received: u64,
    /// How many it was told that it lost.
    pub lost: u64,
    /// The row in which it tells where it is.
    row: Option<u32>,
}

impl Lossy {
    /// The number of its next message.
    pub fn next(&self) -> u64 {
        assert_eq!(self.reader.sequence(), self.next, "each message is received, or lost");
        self.next
    }

    /// Looks once. What is received is the message that `expected` says for its number. True: nothing is there.
    pub fn look(&mut self, expected: impl Fn(u64) -> Message) -> bool {
        let found_nothing = self.take(expected);
        if let Some(row) = self.row {
            self.reader.tell(row);
        }
        found_nothing
    }

    fn take(&mut self, expected: impl Fn(u64) -> Message) -> bool {
        match self.reader.poll().expect("a sound lane is not taken for a damaged one") {
            Look::Record(record) => {
                let copy = self.reader.memory().read(&record);
                if self.reader.is_intact() {
                    assert_eq!(copy, expected(self.next).payload(), "message {}", self.next);
                    self.reader.release(record);
                    self.received += 1;
                    self.next += 1;
                } else {
                    let look = self.reader.catch_up().expect("a sound lane is not taken for a damaged one");
                    self.lags(look);
                }
            }
            Look::Nothing => return true,
            look => self.lags(look),
        }
        false
    }

    fn lags(&mut self, look: Look) {
        if let Look::Lagged { lost } = look {
            assert!(lost > 0);
            self.lost += lost;
            self.next += lost;
        }
    }
}
