//! The file format: every struct, magic, flag and offset. Nothing else in the engine computes an offset.
//!
//! ```text
//! 0          header        HeaderBlock (immutable, checksummed), then the status word; one page
//! 4096       participants  ParticipantRow × participants, 256 bytes each
//!            control       ChannelControl, NewsControl (kinds with several lanes), LaneControl × lanes, Gate × lanes × receivers;
//!                          of kinds with slots: QueueControl, RingControl × priorities, cells; of kinds with one value: ValueControl;
//!                          of kinds that carry signals: PermitControl, or EventControl
//! page       data          one ring of `capacity` bytes per lane, or the slots, or the places of permits
//! ```
//!
//! All integers are little-endian and of fixed width. Words that different participants write stand 128 bytes apart:
//! two cache lines, because the adjacent-line prefetcher fetches pairs.
//!
//! Invariants:
//! - [`Geometry::map`] is the only source of offsets; it refuses what overflows or exceeds a documented limit.
//! - Structs that live in the file consist of atomics only ([`ParticipantRow`], [`ChannelControl`], [`NewsControl`],
//!   [`LaneControl`], [`Gate`], [`QueueControl`], [`RingControl`], [`ValueControl`], [`PermitControl`], [`EventControl`], [`StatusCell`]): every bit pattern is valid, and sharing
//!   them is what they are for.
//! - The version in [`VERSION`] grows with every change to what stands here.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

mod event;
mod frame;
mod permit;
mod record;
mod row;
mod slot;

pub use event::EventWord;
pub use frame::{ANSWER_LENGTH_AT, BELL_AT, CALLER_AT, Caller, FrameState, FrameWord};
pub use permit::{PermitState, PermitWord, PoolWord};
pub use record::{RecordHeader, RecordKind};
pub use row::{Naming, ParticipantState, Role, RowState};
pub use slot::{Cell, RowIndex, SlotHeader, SlotState, SlotWord};

#[cfg(all(test, not(loom)))]
mod doc_test;
#[cfg(not(loom))]
mod geometry;
#[cfg(not(loom))]
#[allow(clippy::arithmetic_side_effects, reason = "places in a frame of 32 bytes")]
mod handed;
#[cfg(not(loom))]
mod header;
#[cfg(not(loom))]
mod kinds;
#[cfg(not(loom))]
mod lane;
#[cfg(not(loom))]
mod limits;
#[cfg(not(loom))]
mod message_type;
#[cfg(not(loom))]
mod news;
#[cfg(not(loom))]
mod participant;
#[cfg(not(loom))]
mod queue;
#[cfg(not(loom))]
mod signalling;
#[cfg(not(loom))]
mod value;
#[cfg(not(loom))]
pub use self::{
    geometry::{Geometry, Map},
    handed::{FRAME_BYTES, HANDED_VERSION, Handed, HandedFrame, NotAFrame},
    header::{
        Backend, CLibrary, FenceMode, HEADER_BYTES, HeaderBlock, MAGIC, OPTION_DISCARD, OPTION_PERSISTENT,
        OPTION_REPEAT, Policy, STATUS_AT, Status, StatusCell, VERSION, Version,
    },
    kinds::{Kind, KindRow, Seats, Store},
    lane::{ChannelControl, Gate, LaneControl},
    limits::Limits,
    message_type::{MessageType, NAME_MAX, TypeForm},
    news::NewsControl,
    participant::{NAME_BYTES, ParticipantRow},
    queue::{QueueControl, RingControl},
    signalling::{EventControl, PermitControl},
    value::ValueControl,
};
