//! The participant table: one row per seat.
//!
//! A row's first word says whose it is. It is replaced by a CAS alone: by a participant that takes the seat, by the
//! participant that leaves it, and, once that one's death is proved, by any other. The other words of a row are its
//! participant's own; but when it was found dead, others say. Everybody may read all of it.

use crate::sync::AtomicU64;

/// Bytes of a participant's name.
pub const NAME_BYTES: usize = 64;

/// One row of the table.
#[repr(C, align(128))]
#[derive(Debug)]
pub struct ParticipantRow {
    /// [`super::RowState`].
    pub state: AtomicU64,
    /// Process id as its owner sees it: for people, never for decisions.
    pub pid: AtomicU64,
    /// When it joined, in nanoseconds of the Unix epoch.
    pub started_unix_ns: AtomicU64,
    /// Which PID namespace that id belongs to: its inode number, 0 if unknown.
    pub pid_namespace: AtomicU64,
    /// The participant's name, UTF-8, padded with zeros.
    pub name: [AtomicU64; NAME_BYTES / 8],
    /// One semaphore of the C library, where sleepers are woken by them.
    pub semaphore: [AtomicU64; 4],
    /// Messages sent or received.
    pub messages: AtomicU64,
    /// Payload bytes sent or received.
    pub bytes: AtomicU64,
    /// Sends that found no room.
    pub full: AtomicU64,
    /// Receives that found nothing.
    pub empty: AtomicU64,
    /// Times it went to sleep.
    pub parks: AtomicU64,
    /// Times it woke somebody.
    pub wakes: AtomicU64,
    /// Messages that were overwritten before it read them (lossy kinds).
    pub lost: AtomicU64,
    /// Messages that it got a second time.
    pub redelivered: AtomicU64,
    /// Dead participants that it reaped.
    pub reaped: AtomicU64,
    /// Held messages that were acknowledged, by any thread of its process: not in `messages`.
    pub held_messages: AtomicU64,
    /// Their payload bytes: not in `bytes`.
    pub held_bytes: AtomicU64,
    /// Times that finishing a held message woke somebody: not in `wakes`.
    pub held_wakes: AtomicU64,
    /// When it left, or was found dead, in nanoseconds of the Unix epoch; 0: it has not. For people, never for decisions.
    pub left_unix_ns: AtomicU64,
    /// What a holder that offers its seat leaves its successor besides what the channel holds: in the topmost bit, whether there were peers
    /// since it joined; below that, the version of a value that it returned last.
    pub handed: AtomicU64,
    counters: [AtomicU64; 2],
}

const _: () = {
    use std::mem::{align_of, offset_of, size_of};
    assert!(size_of::<ParticipantRow>() == 256 && align_of::<ParticipantRow>() == 128);
    assert!(offset_of!(ParticipantRow, state) == 0);
    assert!(offset_of!(ParticipantRow, pid) == 8);
    assert!(offset_of!(ParticipantRow, started_unix_ns) == 16);
    assert!(offset_of!(ParticipantRow, pid_namespace) == 24);
    assert!(offset_of!(ParticipantRow, name) == 32);
    assert!(offset_of!(ParticipantRow, semaphore) == 96);
    assert!(offset_of!(ParticipantRow, messages) == 128);
    assert!(offset_of!(ParticipantRow, reaped) == 192);
    assert!(offset_of!(ParticipantRow, held_wakes) == 216);
    assert!(offset_of!(ParticipantRow, left_unix_ns) == 224);
    assert!(offset_of!(ParticipantRow, handed) == 232);
};
