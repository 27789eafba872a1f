//! A region: one mapped file with its lock file, or a pair of memfds, or plain process memory.
//!
//! This is the one room with `unsafe`. What leaves it is safe to use whatever a peer does: references to atomics, and
//! copies. No other room maps, locks, sleeps on a futex or touches a payload byte.
//!
//! ```text
//! prices.lane                       the region: header page, participants, control words, rings
//! prices.lane.<instance>.lock       one byte per life, write-locked while its process lives
//! ```
//!
//! Its rooms, each of which needs only those above it:
//!
//! - [`sys`]: every platform call; a port is that folder.
//! - [`memory`]: the bytes of a region, its header page, and the copying of payloads.
//! - [`location`]: names, folders, and what the operating system refuses there.
//! - [`locks`]: the lock file: which participants are alive, and which process may remove.
//! - `handle`: a region that this process has, made of these.
//! - [`views`]: typed, bounds-checked windows into it.
//! - [`wake`]: fences, futexes and semaphores.
//! - [`mod@file`]: making, opening, looking at, replacing and removing a region.
//!
//! The page of each says what holds in it.

#![allow(unsafe_code, reason = "this is the room for it; every block names its invariant")]

mod file;
mod handle;
mod location;
mod locks;
mod memory;
pub(crate) mod sys;
mod views;
mod wake;

#[cfg(feature = "named-segments")]
pub(crate) use self::file::remove_segment;
pub use self::{
    file::Origin,
    location::channel_path,
    memory::{Granted, MemoryReport, TrustPeers},
};
pub(crate) use self::{
    file::{
        CreateSpec, Expectations, FileState, LaneLook, Look, PermitsLook, RingLook, SlotsLook, ValueLook, ValuesLook,
        remove_named,
    },
    handle::Region,
    location::{Location, list_folder},
    locks::{Life, LockFilePath, LockQuery, NoLife, OpenedLockFile},
    memory::{MemoryOptions, Redelivery},
    sys::{Clock, Counting, LibraryThread, Moment, PerProcess, ProcessMark, explained},
    views::{
        FramesView, LaneView, PermitsView, RingCursor, RingSpot, RingView, RingWay, SlotWords, SlotsView, ValueSlot,
        ValuesView, View,
    },
    wake::{BEDS_MAX, Bed, Futex, SemaphoresView, Signals, Sleep, heavy_fence_of_all, sleep_on_any},
};
