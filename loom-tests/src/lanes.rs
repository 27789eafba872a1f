//! The lanes of several senders made of loom's parts, with the senders' rows, and how both ends use them.
//!
//! The rules are those of `core/src/liveness/rows.rs` (a row is told of behind its change, and before the first commit) and of
//! `core/src/channel/port/lanes`.

use crate::lane::LoomLane;
use memlane::layout::{ParticipantState, Role, RowState};
use memlane::liveness::word;
use memlane::ring::lanes::{Lanes, LanesMemory, tell};
use memlane::ring::log::{LaneGeometry, LaneMemory, Writer};
use memlane::sync::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::rc::Rc;

/// So many senders have seats.
pub const SENDERS: usize = 2;

/// The memory of a channel with one receiver, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomLanes(Rc<Words>);

#[derive(Debug)]
struct Words {
    geometry: LaneGeometry,
    rows: [AtomicU64; SENDERS],
    changes: AtomicU32,
    membership: AtomicU32,
    lanes: [LoomLane; SENDERS],
}

/// Each message is a number.
const MESSAGE_BYTES: u64 = 8;

impl LoomLanes {
    /// Nobody is there. Three messages fit into each lane.
    #[expect(clippy::new_without_default, reason = "there is nothing usual about it")]
    pub fn new() -> Self {
        let geometry = LaneGeometry::new(64, 8, 16).with_stretch_max(64);
        Self(Rc::new(Words {
            geometry,
            rows: [0; SENDERS].map(AtomicU64::new),
            changes: AtomicU32::new(0),
            membership: AtomicU32::new(0),
            lanes: [0; SENDERS].map(|count| LoomLane::new(geometry, count)),
        }))
    }

    /// The shape of each lane.
    pub fn geometry(&self) -> LaneGeometry {
        self.0.geometry
    }

    /// A sender takes this row, which nobody has.
    pub fn join(&self, row: usize, life: u64) -> Sender {
        let ours = RowState::live(life, Role::Sender);
        let (_, seen) = word::look(&self.0.rows[row]).expect("a row is sound");
        let word = word::take(&self.0.rows[row], seen, ours).expect("nobody has the row");
        self.tell();
        let writer = Writer::resume(self.0.lanes[row].clone(), self.0.geometry).expect("a lane is sound");
        Sender { lanes: self.clone(), row, word, writer }
    }

    /// Somebody proves that the holder of this row is dead, if it says that there is one.
    pub fn reap(&self, row: usize) {
        let (state, proved) = word::look(&self.0.rows[row]).expect("a row is sound");
        if state.state == ParticipantState::Live {
            word::bury(&self.0.rows[row], proved);
        }
        self.tell();
    }

    /// A receiver.
    pub fn receiver(&self) -> Receiver {
        let lanes = Lanes::resume(self.clone(), self.0.geometry).expect("all lanes are sound");
        Receiver { lanes, received: Vec::new() }
    }

    fn tell(&self) {
        tell([&self.0.changes], &self.0.membership);
    }
}

impl LanesMemory for LoomLanes {
    type Lane = LoomLane;

    fn lanes(&self) -> u32 {
        SENDERS as u32
    }

    fn row(&self, lane: u32) -> &AtomicU64 {
        &self.0.rows[lane as usize]
    }

    fn changes(&self, _: u32) -> &AtomicU32 {
        &self.0.changes
    }

    fn membership(&self) -> &AtomicU32 {
        &self.0.membership
    }

    fn lane(&self, lane: u32) -> LoomLane {
        self.0.lanes[lane as usize].clone()
    }
}

/// A sender with a seat.
#[derive(Debug)]
pub struct Sender {
    lanes: LoomLanes,
    row: usize,
    word: u64,
    writer: Writer<LoomLane>,
}

impl Sender {
    /// Commits this number.
    pub fn send(&mut self, number: u64) {
        let reservation = self.writer.reserve(MESSAGE_BYTES).expect("there is room");
        self.writer.memory().write(reservation.payload, &[number]);
        self.writer.commit(reservation, MESSAGE_BYTES);
    }

    /// Leaves in good order.
    pub fn leave(mut self) {
        self.writer.publish();
        assert!(word::leave(&self.lanes.0.rows[self.row], self.word));
        self.lanes.tell();
    }
}

/// A receiver, and the numbers that it received.
#[derive(Debug)]
pub struct Receiver {
    lanes: Lanes<LoomLanes>,
    /// In the order in which they came.
    pub received: Vec<u64>,
}

impl Receiver {
    /// Receives a message, if there is one. Otherwise, whether the channel is over.
    pub fn look(&mut self) -> bool {
        !self.receive() && self.is_over()
    }

    /// Receives a message, if there is one.
    pub fn receive(&mut self) -> bool {
        let record = self.lanes.poll(|lane| _ = lane.reader.publish()).expect("all lanes are sound");
        let Some(record) = record else { return false };
        let (_, lane) = self.lanes.visited().expect("a lane with a record");
        self.received.push(lane.reader.memory().read(record.payload, 1)[0]);
        lane.reader.release(record);
        self.lanes.spend(record.length);
        true
    }

    /// Whether no sender is there, and nothing is left of those that were.
    pub fn is_over(&mut self) -> bool {
        self.lanes.is_over(|lane| _ = lane.reader.publish()).expect("all lanes are sound")
    }

    /// Receives everything that is there once nobody else does anything: then the channel is over.
    pub fn drain(&mut self) {
        while self.receive() {}
        assert!(self.is_over(), "nobody is there");
    }

    /// Up to where it gave back in a lane.
    pub fn consumed(&self, lane: u32) -> u64 {
        self.lanes.memory().lane(lane).consumed().load(Relaxed)
    }
}
