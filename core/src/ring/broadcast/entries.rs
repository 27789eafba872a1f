//! Where a reader can begin: places where a record starts, and the number of that record.

use super::memory::{BroadcastMemory, OwnLane, is_intact};
use crate::error::Corruption;
use crate::layout::{RecordHeader, RecordKind};
use crate::ring::log::{LaneGeometry, Position, Ring, Survey};
use crate::sync::Ordering::{Acquire, Relaxed};

/// With which message a receiver of a broadcast begins. Messages are numbered from 0, in the order in which they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Start {
    /// The next one that is sent.
    #[default]
    Now,
    /// The oldest one from which on all are still there.
    Oldest,
    /// The last so many that were sent, or as many of them as are still there.
    Last(u64),
    /// The one of this number, as [`Receiver::next_sequence`](crate::broadcast::Receiver::next_sequence) said it of an earlier receiver. Where it
    /// is overwritten, the receiver is told how many it missed, and begins with the oldest one.
    At(u64),
}

impl Start {
    /// The number to begin with, where `oldest` is still there, and `count` will be the next one.
    pub(super) fn wanted(self, oldest: u64, count: u64) -> u64 {
        match self {
            Self::Now => count,
            Self::Oldest => oldest,
            Self::Last(messages) => count.saturating_sub(messages).max(oldest),
            Self::At(number) => number,
        }
    }
}

/// A place where a record starts, or will start, and the number of that record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) position: Position,
    pub(super) number: u64,
}

/// The last entry at or behind `from` that is not behind what a reader wants to begin with, where there were `count` messages; if all
/// are, the first one. `number_at` says which number an entry has. `None`: it is overwritten.
///
/// # Errors
/// There is no such record there, and yet it was not overwritten.
pub(super) fn entry_for<M: BroadcastMemory>(
    memory: &M,
    geometry: &LaneGeometry,
    (start, count): (Start, u64),
    from: u64,
    number_at: impl Fn(&M, &LaneGeometry, Position) -> Result<Option<u64>, Corruption>,
) -> Result<Option<Entry>, Corruption> {
    let first = match start {
        Start::Now => last_entry(memory),
        Start::Oldest | Start::Last(_) | Start::At(_) => first_entry(memory, geometry, from),
    };
    let Some(number) = number_at(memory, geometry, first)? else { return Ok(None) };
    let (mut best, wanted) = (Entry { position: first, number }, start.wanted(number, count));
    if start == Start::Now {
        return Ok(Some(best));
    }
    for part in 0..M::BOUNDARIES {
        let position = Position(memory.boundary(part).load(Relaxed));
        let is_entry = geometry.is_possible(position) && position.0 <= last_entry(memory).0;
        if !is_entry || position.0 <= best.position.0 {
            continue;
        }
        match number_at(memory, geometry, position)? {
            Some(number) if number <= wanted => best = Entry { position, number },
            Some(_) => {}
            None => return Ok(None),
        }
    }
    Ok(Some(best))
}

/// How many messages are there from the one on at which a reader stands, by its gate; where that one is overwritten, from the oldest on.
pub fn ahead_of<M: BroadcastMemory>(memory: &M, geometry: &LaneGeometry, reader: u32) -> u64 {
    let gate = memory.gate(reader).load(Relaxed);
    let Survey { count, .. } = Survey::of(&OwnLane::new(memory.clone(), Position(gate)), geometry);
    let oldest = memory.reserved().load(Relaxed).saturating_sub(geometry.capacity());
    let at_gate = geometry.is_possible(Position(gate)) && gate >= oldest;
    let entry = if at_gate { Position(gate) } else { first_entry(memory, geometry, oldest) };
    match number_at(memory, geometry, entry) {
        Ok(Some(number)) => count.saturating_sub(number).min(geometry.records_max()),
        // Overwritten meanwhile, or damaged.
        Ok(None) | Err(_) => 0,
    }
}

/// The first boundary at or behind `from`, or else the end of what is published.
pub(super) fn first_entry<M: BroadcastMemory>(memory: &M, geometry: &LaneGeometry, from: u64) -> Position {
    // Relaxed: what is known of an entry comes with `committed`, and an entry behind that is none.
    let boundaries = (0..M::BOUNDARIES).map(|part| memory.boundary(part).load(Relaxed));
    let first = boundaries.filter(|boundary| *boundary >= from && geometry.is_possible(Position(*boundary))).min();
    let end = last_entry(memory);
    Position(first.map_or(end.0, |boundary| boundary.min(end.0)))
}

/// The end of what is published.
pub(super) fn last_entry<M: BroadcastMemory>(memory: &M) -> Position {
    // EDGE published→observe: pairs with the Release in `Writer::publish`.
    Position(memory.committed().load(Acquire))
}

/// The number of the record that starts there, or will start there, if nobody overwrites it meanwhile.
///
/// # Errors
/// There is no such record there.
pub(super) fn protected_number_at<M: BroadcastMemory>(
    memory: &M,
    geometry: &LaneGeometry,
    entry: Position,
) -> Result<Option<u64>, Corruption> {
    // EDGE published→observe: pairs with the Release in `Writer::publish`. Where the header is empty after that, nothing was committed in
    // this place, and so no more than this.
    let count = memory.count().load(Acquire);
    // EDGE commit→poll: pairs with the Release in `write_record`, `commit_record` and `Writer::fill_and_commit`: with the header comes a count that
    // is less than a ring's records behind it.
    let header = RecordHeader::from_bits(memory.ring().header(entry).load(Acquire));
    match header.kind() {
        RecordKind::Empty => Ok(Some(count)),
        RecordKind::Message | RecordKind::Padding => {
            let not_above = memory.count().load(Relaxed).wrapping_add(geometry.records_max());
            Ok(Some(header.sequence_not_above(not_above)))
        }
        RecordKind::Unknown => Err(Corruption::RecordHeader),
    }
}

/// The same, where it may be overwritten. `None`: it was.
///
/// # Errors
/// There is no such record there, and yet it was not overwritten.
pub(super) fn number_at<M: BroadcastMemory>(
    memory: &M,
    geometry: &LaneGeometry,
    entry: Position,
) -> Result<Option<u64>, Corruption> {
    let number = protected_number_at(memory, geometry, entry);
    if is_intact(memory, geometry, entry) { number } else { Ok(None) }
}
