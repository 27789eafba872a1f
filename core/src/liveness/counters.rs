//! What a participant counts about itself, in its own row: single-writer words and plain stores; and apart from them, what
//! any thread may count that finishes a message which the participant handed out to be held.

use crate::layout::ParticipantRow;
use crate::region::View;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;

/// A snapshot of one participant's counters, since it joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Messages sent or received. A lane's receiver counts them when it publishes what it released: when it finds nothing
    /// more, and after an eighth of the ring at the latest. A watch's receiver counts the values that it returned when it finds no
    /// other one, and after 64 at the latest.
    pub messages: u64,
    /// Payload bytes sent or received, counted likewise.
    pub bytes: u64,
    /// Sends that found no room.
    pub full: u64,
    /// Receives that found nothing.
    pub empty: u64,
    /// Times it went to sleep.
    pub parks: u64,
    /// Times it woke somebody.
    pub wakes: u64,
    /// Messages that were overwritten before it received them. It was told of them.
    pub lost: u64,
    /// Messages that it got that had been delivered before.
    pub redelivered: u64,
    /// Dead participants that it reaped.
    pub reaped: u64,
}

impl Counters {
    /// Reads a row's counters. They are independent words: each is exact, but not all of one moment.
    pub(crate) fn read(row: &ParticipantRow) -> Self {
        let load = |word: &AtomicU64| word.load(Relaxed);
        let both = |own: &AtomicU64, held: &AtomicU64| load(own).wrapping_add(load(held));
        Self {
            messages: both(&row.messages, &row.held_messages),
            bytes: both(&row.bytes, &row.held_bytes),
            full: load(&row.full),
            empty: load(&row.empty),
            parks: load(&row.parks),
            wakes: both(&row.wakes, &row.held_wakes),
            lost: load(&row.lost),
            redelivered: load(&row.redelivered),
            reaped: load(&row.reaped),
        }
    }

    /// Starts a row's counters from zero.
    pub(super) fn reset(row: &ParticipantRow) {
        let words = [
            &row.messages,
            &row.bytes,
            &row.full,
            &row.empty,
            &row.parks,
            &row.wakes,
            &row.lost,
            &row.redelivered,
            &row.reaped,
            &row.held_messages,
            &row.held_bytes,
            &row.held_wakes,
        ];
        for word in words {
            word.store(0, Relaxed);
        }
    }
}

/// The counting side.
#[derive(Debug)]
pub(crate) struct Tally {
    row: View<ParticipantRow>,
    /// Messages and bytes that went through other lanes than the one of which is counted now.
    beside: (u64, u64),
}

/// Adds to a word that nobody else writes: no read-modify-write is needed.
#[inline]
fn add(word: &AtomicU64, more: u64) {
    word.store(word.load(Relaxed).wrapping_add(more), Relaxed);
}

impl Tally {
    pub(crate) fn new(row: View<ParticipantRow>) -> Self {
        Self { row, beside: (0, 0) }
    }

    /// Counts a message of `bytes` bytes.
    ///
    /// True, once in 64 messages: it is time to do in passing what a waiting participant does at the end of a slice.
    #[inline]
    #[must_use]
    pub(crate) fn message(&mut self, bytes: u64) -> bool {
        let messages = self.row.messages.load(Relaxed).wrapping_add(1);
        self.row.messages.store(messages, Relaxed);
        add(&self.row.bytes, bytes);
        messages.is_multiple_of(64)
    }

    /// Counts several messages, of so many bytes in all.
    #[inline]
    pub(crate) fn messages(&mut self, messages: u64, bytes: u64) {
        add(&self.row.messages, messages);
        add(&self.row.bytes, bytes);
    }

    /// Counts messages that were overwritten before they were received.
    pub(crate) fn lost(&mut self, messages: u64) {
        add(&self.row.lost, messages);
    }

    /// Stores that so many messages of so many bytes in all went through since the participant joined.
    pub(crate) fn messages_in_all(&mut self, messages: u64, bytes: u64) {
        self.row.messages.store(messages, Relaxed);
        self.row.bytes.store(bytes, Relaxed);
    }

    /// Stores that so many went through the lane whose [turn](Tally::turn) it is, and in all as many as went through the others besides.
    pub(crate) fn messages_of_lane(&mut self, messages: u64, bytes: u64) {
        self.messages_in_all(messages.wrapping_add(self.beside.0), bytes.wrapping_add(self.beside.1));
    }

    /// From one lane, through which so many messages and bytes went, to another one, through which so many went.
    pub(crate) fn turn(&mut self, from: (u64, u64), to: (u64, u64)) {
        let turn = |beside: u64, from: u64, to: u64| beside.wrapping_add(from).wrapping_sub(to);
        self.beside = (turn(self.beside.0, from.0, to.0), turn(self.beside.1, from.1, to.1));
    }

    /// Messages and bytes that went through so far. (A peer that wrote to the row may have changed them.)
    #[inline]
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.row.messages.load(Relaxed), self.row.bytes.load(Relaxed))
    }

    /// Counts so many dead that it found.
    pub(crate) fn reaped(&mut self, dead: u32) {
        add(&self.row.reaped, dead.into());
    }

    /// A send found no room.
    pub(crate) fn full(&mut self) {
        add(&self.row.full, 1);
    }

    /// A receive found nothing.
    pub(crate) fn empty(&mut self) {
        add(&self.row.empty, 1);
    }

    /// It went to sleep.
    pub(crate) fn park(&mut self) {
        add(&self.row.parks, 1);
    }

    /// It woke somebody.
    pub(crate) fn wake(&mut self) {
        add(&self.row.wakes, 1);
    }

    /// A message came that had been delivered before.
    pub(crate) fn redelivered(&mut self) {
        add(&self.row.redelivered, 1);
    }
}

/// The counting side of messages that are held: for any number of threads.
#[derive(Debug)]
pub(crate) struct HeldTally {
    row: View<ParticipantRow>,
}

impl HeldTally {
    pub(super) fn new(row: View<ParticipantRow>) -> Self {
        Self { row }
    }

    /// A message of `bytes` bytes was acknowledged.
    pub(crate) fn message(&self, bytes: u64) {
        self.row.held_messages.fetch_add(1, Relaxed);
        self.row.held_bytes.fetch_add(bytes, Relaxed);
    }

    /// Somebody was woken.
    pub(crate) fn wake(&self) {
        self.row.held_wakes.fetch_add(1, Relaxed);
    }
}
