//! The shared words of a channel and of its lanes.
//!
//! ```text
//! ChannelControl  wait line        data futex · membership · arrivals futex   read by everybody, written rarely
//!                 liveness line    blocks · probed · population · digest   written at joins and slices
//!                                  duties · calls futex                    written when guardians come and go
//!                 sleepers         two bits per participant     (semaphore backend)
//! LaneControl     writer line      committed · count · reserved
//!                 wait line        space futex · blocker · joins    read by readers, written rarely
//!                 boundaries       16 positions                 where late joiners of a broadcast begin
//! Gate            reader line      consumed · next              one per lane and receiver seat
//! ```

use crate::sync::{AtomicU32, AtomicU64};

/// Words that belong to the channel as a whole.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct ChannelControl {
    /// Where receivers sleep until something is committed.
    pub data: AtomicU32,
    /// Grows whenever somebody joins, leaves, is reaped, or the status changes. Compared at every send and at every
    /// empty receive, so that such a change is noticed without a system call.
    pub membership: AtomicU32,
    /// Where participants sleep until another one joins, or the status changes.
    pub arrivals: AtomicU32,
    wait_line: [AtomicU32; 13],
    /// How many blocks of lives were drawn: see `region/locks/lives.rs`.
    pub blocks: AtomicU64,
    /// When the last look for the dead began, in nanoseconds of the Unix epoch. See `liveness/probing.rs`.
    pub probed_unix_ns: AtomicU64,
    /// How many rows said `Live` at the last look.
    pub population: AtomicU64,
    /// A sum over the rows' first words, as a look for the dead last announced them.
    pub digest: AtomicU64,
    /// Which lives are on duty as guardians: see `liveness/duty.rs`. 0: nobody's.
    pub duties: [AtomicU64; 2],
    /// Where guardians without a duty sleep.
    pub calls: AtomicU32,
    liveness_line: [AtomicU32; 3],
    /// Which participants sleep on their semaphore and take any wake-up, bit = row, where sleepers are woken by them.
    pub sleepers: [AtomicU64; 16],
    /// Which participants sleep on their semaphore and take only wake-ups of all, bit = row.
    pub sleepers_for_all: [AtomicU64; 16],
}

/// Words of one lane that its writer owns, and the word that it sleeps on.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct LaneControl {
    /// End of the last committed record. May lag by the record that a killed writer had just committed.
    pub committed: AtomicU64,
    /// Messages committed. Stored between the record's header and `committed`.
    pub count: AtomicU64,
    /// In lanes whose records may be overwritten before they were read: end of what may be being overwritten. Never goes
    /// back. Else 0.
    pub reserved: AtomicU64,
    writer_line: [AtomicU64; 13],
    /// Where the writer sleeps until something is consumed.
    pub space: AtomicU32,
    /// Lossless broadcast: for which receiver's gate the writer waits, by its number among the receivers, plus 1; 0: for none.
    pub blocker: AtomicU32,
    /// Lossless broadcast: how many times a receiver has set its gate in order to be protected.
    pub joins: AtomicU32,
    wait_line: [AtomicU32; 29],
    /// Broadcast, one per 1/16 of the ring: a position there where a record starts, or will start.
    pub boundaries: [AtomicU64; 16],
    boundaries_end: [AtomicU64; 16],
}

/// One receiver's words in one lane.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct Gate {
    /// End of the last record that was given back.
    pub consumed: AtomicU64,
    /// Broadcast whose sender overwrites: the number of the message behind it, which is the next one.
    pub next: AtomicU64,
    reader_line: [AtomicU64; 14],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<ChannelControl>() == 384 && align_of::<ChannelControl>() == 128);
    assert!(offset_of!(ChannelControl, data) == 0);
    assert!(offset_of!(ChannelControl, membership) == 4);
    assert!(offset_of!(ChannelControl, arrivals) == 8);
    assert!(offset_of!(ChannelControl, blocks) == 64);
    assert!(offset_of!(ChannelControl, probed_unix_ns) == 72);
    assert!(offset_of!(ChannelControl, digest) == 88);
    assert!(offset_of!(ChannelControl, duties) == 96);
    assert!(offset_of!(ChannelControl, calls) == 112);
    assert!(offset_of!(ChannelControl, sleepers) == 128);
    assert!(offset_of!(ChannelControl, sleepers_for_all) == 256);
    assert!(size_of::<LaneControl>() == 512 && align_of::<LaneControl>() == 128);
    assert!(offset_of!(LaneControl, committed) == 0);
    assert!(offset_of!(LaneControl, count) == 8);
    assert!(offset_of!(LaneControl, reserved) == 16);
    assert!(offset_of!(LaneControl, space) == 128);
    assert!(offset_of!(LaneControl, blocker) == 132);
    assert!(offset_of!(LaneControl, joins) == 136);
    assert!(offset_of!(LaneControl, boundaries) == 256);
    assert!(size_of::<Gate>() == 128 && align_of::<Gate>() == 128);
    assert!(offset_of!(Gate, consumed) == 0);
    assert!(offset_of!(Gate, next) == 8);
};
