//! A region: one mapped file with its lock file, or a pair of memfds, or plain process memory.
//!
//! This is the one room with `unsafe`. What leaves it is safe to use whatever a peer does: references to atomics, and
//! copies. Nobody else maps, locks, sleeps on a futex or touches a payload byte.
//!
//! ```text
//! prices.lane                       the region: header page, participants, control words, rings
//! prices.lane.<instance>.lock       one byte per life, write-locked while its process lives
//! ```
//!
//! - [`sys`]: every platform call; a port is that folder.
//! - `bytes`: the mapped memory, and the marker trait of what may be shared in place.
//! - `view`: typed, bounds-checked windows into a region, and the copying of payloads.
//! - `names`: from a channel's name to its path; the private folder.
//! - `header`: building and distrusting the header page.
//! - `create`, `open`, `remove`: the life of a region. `segment`: the same in named segments, a feature.
//! - `look`: what can be seen of a region by reading its file, without mapping it.
//! - `stale`: regions from before the last reboot, and replacing one.
//! - `turn`: one at a time takes a region's name away. `orphans`: lock files that lost their region.
//! - `refusals`: from the numbers of the operating system to what the caller can do.
//! - `lives`: the proof of life, one open-file-description lock per process.
//! - `locks`: the lock file: making it, and locking all of it.
//! - `signals`: fences, futexes and semaphores, as one channel needs them.
//! - `semaphores`: the participants' semaphores.
//! - `memory`: prefaulting, locking, huge pages.
//!
//! Invariants:
//! - A region's geometry is read from the file once, validated, and kept in private memory. No later decision uses a
//!   geometry word of the file.
//! - A mapping is exactly as long as the validated geometry says, and the file was at least that long.
//! - The lock file is named after the region's instance: it belongs to one region and is never reused.

#![allow(unsafe_code, reason = "this is the room for it; every block names its invariant")]

mod bytes;
mod copy;
mod create;
mod header;
mod lives;
mod locks;
mod look;
mod memory;
mod names;
mod open;
mod orphans;
mod refusals;
mod remove;
#[cfg(feature = "named-segments")]
mod segment;
mod semaphores;
mod signals;
mod slots;
mod stale;
pub(crate) mod sys;
mod turn;
mod view;

pub(crate) use self::{
    create::CreateSpec,
    header::{Facts, Redelivery},
    lives::{Life, LockQuery, NoLife},
    locks::FileState,
    look::{LaneLook, Look, RingLook, SlotsLook},
    memory::MemoryOptions,
    names::{Location, list_folder},
    open::Expectations,
    refusals::explained,
    remove::remove_named,
    semaphores::SemaphoresView,
    signals::{Signals, Sleep},
    slots::SlotsView,
    sys::{Clock, Moment, ProcessMark},
    view::{LaneView, RingView, View},
};
pub use self::{
    memory::{Granted, MemoryReport},
    names::channel_path,
    open::Origin,
    view::TrustPeers,
};

#[cfg(feature = "named-segments")]
pub(crate) use self::segment::remove_segment;

use crate::error::Corruption;
use crate::layout::{Geometry, Map, STATUS_AT, Status, StatusCell};
use crate::sync::Ordering::{AcqRel, Acquire, Release};
use bytes::Bytes;
use lives::CurrentBlock;
use locks::Place;

/// A channel's memory, and what proves who is alive in it.
#[derive(Debug)]
pub(crate) struct Region {
    /// What people call it: a name, a path, or a description of an unnamed channel.
    label: String,
    bytes: Bytes,
    facts: Facts,
    place: Place,
    mark: ProcessMark,
    memory: MemoryReport,
    lives: CurrentBlock,
}

impl Region {
    /// What people call it, for messages.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// What the header said when the region was opened.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    pub(crate) fn geometry(&self) -> &Geometry {
        &self.facts.geometry
    }

    /// How long the file has to be.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.map().total
    }

    fn map(&self) -> &Map {
        &self.facts.map
    }

    /// Which process opened it.
    pub(crate) fn mark(&self) -> ProcessMark {
        self.mark
    }

    /// What became of the wishes for prefaulting, locking and huge pages.
    pub(crate) fn memory(&self) -> &MemoryReport {
        &self.memory
    }

    fn status_cell(&self) -> &StatusCell {
        self.bytes.shared(STATUS_AT)
    }

    /// What the status word says now.
    pub(crate) fn status(&self) -> Status {
        // EDGE status→look: pairs with the Release of whoever made, closed or poisoned the channel.
        Status::from_bits(self.status_cell().word.load(Acquire))
    }

    /// Live → closed. A poisoned channel stays poisoned.
    pub(crate) fn set_closed(&self) {
        let _ = self.status_cell().word.compare_exchange(Status::Live.bits(), Status::Closed.bits(), AcqRel, Acquire);
    }

    /// Marks the channel as beyond use. The first reason stays.
    pub(crate) fn poison(&self, reason: Corruption) {
        let cell = self.status_cell();
        let current = cell.word.load(Acquire);
        if !matches!(Status::from_bits(current), Status::Poisoned(_)) {
            let _ = cell.word.compare_exchange(current, Status::Poisoned(reason).bits(), AcqRel, Acquire);
        }
    }

    /// Whether all words that tell others something are among the first `length` bytes: what a truncated file has left.
    pub(crate) fn has_words_within(&self, length: u64) -> bool {
        length >= self.map().data_at
    }

    /// The last step of creation.
    fn publish_status(&self) {
        // EDGE status→look: everything in the file was stored before.
        self.status_cell().word.store(Status::Live.bits(), Release);
    }
}
