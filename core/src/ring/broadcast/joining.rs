//! How a reader becomes protected.

use super::entries::{Entry, Start, entry_for, protected_number_at};
use super::memory::BroadcastMemory;
use crate::error::Corruption;
use crate::ring::log::{LaneEnd, LaneGeometry, LaneMemory, Position, Reader, Survey, number_at};
use crate::sync::Ordering::{Acquire, Release, SeqCst};
use crate::sync::{AtomicU64, fence};

/// How often a joiner moves its gate after a writer that is always faster.
const TURNS: u32 = 1000;

/// How often a joiner looks whether the message was sent that it wants to begin with.
const SURVEYS: u32 = 64;

/// Why nobody joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinError {
    /// The writer was faster a thousand times.
    Busy,
    /// The message of this number, which it was to begin with, was never sent.
    NotThere {
        /// The number.
        number: u64,
        /// How many messages were sent.
        sent: u64,
    },
    /// The words contradict each other.
    Corrupted(Corruption),
}

/// The lane as one of its protected readers sees it: `consumed` is that reader's gate.
#[derive(Debug)]
pub struct GateLane<M> {
    memory: M,
    reader: u32,
}

impl<M> GateLane<M> {
    /// The words of the broadcast.
    #[inline]
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// The words of the broadcast, exclusively.
    #[inline]
    pub fn memory_mut(&mut self) -> &mut M {
        &mut self.memory
    }

    /// Which reader it is.
    #[inline]
    pub fn reader(&self) -> u32 {
        self.reader
    }
}

impl<M: BroadcastMemory> LaneMemory for GateLane<M> {
    type Ring<'a>
        = M::Ring<'a>
    where
        Self: 'a;

    #[inline]
    fn ring(&self) -> Self::Ring<'_> {
        self.memory.ring()
    }

    #[inline]
    fn committed(&self) -> &AtomicU64 {
        self.memory.committed()
    }

    #[inline]
    fn count(&self) -> &AtomicU64 {
        self.memory.count()
    }

    #[inline]
    fn consumed(&self) -> &AtomicU64 {
        self.memory.gate(self.reader)
    }
}

impl<M: BroadcastMemory> LaneEnd for GateLane<M> {
    type Cursor = M::Cursor;

    #[inline]
    fn cursor(&self) -> M::Cursor {
        self.memory.cursor()
    }
}

impl Start {
    /// How many messages were sent, for a reader that is about to join. For one that begins with what is to come: more than there can be,
    /// so that it passes all that it finds.
    ///
    /// # Errors
    /// It wants to begin behind them.
    pub(super) fn count<M: LaneMemory>(self, memory: &M, geometry: &LaneGeometry) -> Result<u64, JoinError> {
        if self == Self::Now {
            return Ok(u64::MAX);
        }
        let mut sent = 0;
        // Where the writer is faster than each look, one sees what was published; and so a later one sees what was sent before this one.
        for _ in 0..SURVEYS {
            sent = Survey::of(memory, geometry).count;
            match self {
                Self::At(number) if number > sent => {}
                _ => return Ok(sent),
            }
        }
        match self {
            Self::At(number) => Err(JoinError::NotThere { number, sent }),
            _ => Ok(sent),
        }
    }
}

/// A protected reader that has joined.
#[derive(Debug)]
pub struct Joined<M: BroadcastMemory> {
    /// It stands where it begins.
    pub reader: Reader<GateLane<M>>,
    /// How many of the messages from the wished one on are overwritten.
    pub missed: u64,
}

/// A reader of everything that is committed from `start` on. Its row says `Live` already; it may have been a reader before.
///
/// It ends when its row says something else: nothing of the ring needs to be undone, but a writer that waits has to be woken.
///
/// # Errors
/// See [`JoinError`].
pub fn join<M: BroadcastMemory>(
    memory: M,
    geometry: LaneGeometry,
    reader: u32,
    start: Start,
) -> Result<Joined<M>, JoinError> {
    let lane = GateLane { memory, reader };
    let memory = &lane.memory;
    // What is there when it begins is that from which it chooses. What comes meanwhile comes behind that.
    let count = start.count(&lane, &geometry)?;
    let protected = attach(memory, &geometry, reader, start)?;
    // Nothing behind what is protected is overwritten, though `reserved` may say so: its writer may find that somebody joined.
    let entry = entry_for(memory, &geometry, (start, count), protected.0, protected_number_at);
    let entry = entry.map_err(JoinError::Corrupted)?;
    let is_protected = |entry: &Entry| entry.position.0 >= protected.0;
    let entry = entry.filter(is_protected).ok_or(JoinError::Corrupted(Corruption::Positions))?;
    let wanted = start.wanted(entry.number, count);
    // EDGE consume→reuse: pairs with the Acquire in `Gates::least`.
    lane.consumed().store(entry.position.0, Release);
    let mut reader = Reader::resume(lane, geometry).map_err(JoinError::Corrupted)?;
    reader.expect(entry.number);
    // No ring holds more.
    for _ in 0..geometry.records_max() {
        let Some(record) = reader.poll().map_err(JoinError::Corrupted)? else { break };
        if reader.sequence() >= wanted {
            break;
        }
        // Given back at once, so that a writer that waits goes on.
        reader.release(record);
    }
    // The caller's first look is a complete one, which tells what was missed.
    reader.pause();
    Ok(Joined { reader, missed: entry.number.saturating_sub(wanted) })
}

/// The reader that goes on at a gate which was protected all the time: its row was kept since its last holder, which is over for good, had
/// [joined](join). So what stands there is unread, and nobody overwrites it.
///
/// # Errors
/// There is nothing at the gate from which a reader can go on.
pub fn come_back<M: BroadcastMemory>(
    memory: M,
    geometry: LaneGeometry,
    reader: u32,
) -> Result<Reader<GateLane<M>>, Corruption> {
    let lane = GateLane { memory, reader };
    // Acquire: as in `Reader::resume`.
    let number = number_at(&lane, &geometry, Position(lane.consumed().load(Acquire)))?;
    let mut reader = Reader::resume(lane, geometry)?;
    reader.expect(number);
    Ok(reader)
}

/// Protects this reader, and returns from where on: from all that is still there, unless it begins with what is to come.
fn attach<M: BroadcastMemory>(
    memory: &M,
    geometry: &LaneGeometry,
    reader: u32,
    start: Start,
) -> Result<Position, JoinError> {
    let capacity = geometry.capacity();
    // Acquire: what is committed comes behind what made room for it.
    let behind = |reserved: u64| reserved.saturating_sub(capacity);
    let mut gate = behind(memory.reserved().load(Acquire));
    if start == Start::Now {
        // EDGE published→observe: pairs with the Release in `Writer::publish`.
        gate = gate.max(memory.committed().load(Acquire));
    }
    for _ in 0..TURNS {
        if !geometry.is_possible(Position(gate)) {
            return Err(JoinError::Corrupted(Corruption::Positions));
        }
        // EDGE consume→reuse: pairs with the Acquire in `Gates::least`.
        memory.gate(reader).store(gate, Release);
        // EDGE join→look: pairs with the Acquire in `Writer::make_room`.
        memory.joins().fetch_add(1, Release);
        // A writer whose look missed this gate stored `reserved` before: see invariant 2.
        fence(SeqCst);
        let needed = behind(memory.reserved().load(Acquire));
        if needed <= gate {
            return Ok(Position(gate));
        }
        gate = needed;
    }
    Err(JoinError::Busy)
}
