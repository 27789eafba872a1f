//! Where one end of a lane stands, and up to where it goes without looking at anything else: the memory of the fast paths.
//!
//! A position has to be wrapped before anything is found at it. A cursor stands in the ring, up to whose end it goes at most; so a
//! record's header, its payload and the header behind it follow from where it stands by constants. That it stops is all that the fast
//! paths compare, and its limit is 0 in a forked child ([`Cursor::allow`]).

use super::{LaneMemory, Position};
use crate::sync::AtomicU64;
use std::fmt::Debug;

/// The words of one lane, as seen by one of its ends.
pub trait LaneEnd: LaneMemory {
    /// Where that end stands.
    type Cursor: Cursor + Debug;
    /// A cursor at position 0, which is allowed no step.
    fn cursor(&self) -> Self::Cursor;
}

/// Where one end of a lane stands, and up to where it may go.
pub trait Cursor {
    /// See [`Cursor::way`].
    type Way<'a>: Way
    where
        Self: 'a;
    /// Where it stands.
    fn position(&self) -> Position;
    /// Goes to a position. What was allowed stays so, unless it lies behind the cursor now.
    fn seek(&mut self, position: Position);
    /// Allows steps that end at `limit` at most, and before the end of the ring. In a forked child, no step is allowed from the fork
    /// on.
    fn allow(&mut self, limit: Position);
    /// Allows no step.
    fn stop(&mut self);
    /// Begins to pass records. What the cursor holds can stay in registers meanwhile; where it stands follows when the way is
    /// dropped.
    fn way(&mut self) -> Self::Way<'_>;
}

/// A cursor that passes records.
pub trait Way {
    /// The place of a record.
    type Spot: Spot;
    /// A spot of no bytes where the cursor stands, be it allowed to go on or not: its header can be looked at.
    fn here(&self) -> Self::Spot;
    /// The spot of a record of so many bytes, a multiple of 8, in front of the cursor. `None`: it ends beyond what is allowed.
    fn ahead(&mut self, bytes: u64) -> Option<Self::Spot>;
    /// Goes to the end of the spot that was looked at last.
    fn go(&mut self);
    /// Where the cursor stands.
    fn position(&self) -> Position;
}

/// The place of a record: its words can be touched.
pub trait Spot: Copy {
    /// Its header.
    fn header(&self) -> &AtomicU64;
    /// The header behind it.
    fn next_header(&self) -> &AtomicU64;
    /// Whether a line of so many bytes begins behind it.
    fn ends_a_line(&self, line: u64) -> bool;
}
