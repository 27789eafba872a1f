//! Typed, bounds-checked windows into an open region, which they keep alive.
//!
//! - `words`: the channel's own words, the participants' rows, the control words of lanes and queue.
//! - `lane`: a lane's ring. `cursor`: where one of its ends stands there.
//! - `slots`: the slot queue's rings, cells and slots.
//! - `frames`: the same with requests and answers.
//! - `values`: a value's root, and the slots of its versions. `signals`: the words of a semaphore, and of an event.
//!
//! What holds: *where a window lies is computed from the validated geometry alone*, never from a word of the file, and is inside the
//! mapping: checked once, when it is made. An index or a length that the caller gives is checked at each call.
//!
//! It needs `memory` and the region that it looks into.

mod cursor;
mod frames;
mod lane;
mod signals;
mod slots;
mod values;
mod words;

pub(crate) use self::{
    cursor::{RingCursor, RingSpot, RingWay},
    frames::FramesView,
    lane::{LaneView, RingView},
    signals::PermitsView,
    slots::{SlotWords, SlotsView},
    values::{ValueSlot, ValuesView},
    words::View,
};
