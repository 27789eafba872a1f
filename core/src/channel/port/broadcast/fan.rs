//! The reading end of a broadcast: goes round the lanes of its senders.
//!
//! ```text
//! current ──► the lane whose turn it is; with one sender, the only one
//! others      those whose turn comes, in order
//! ```
//!
//! A receiver has a gate in every lane from when it joins, also in those that no sender has had yet. So a sender that comes is no news: its
//! lane is looked at as any other one. A visit ends after 16 messages or a batch, or where nothing is found; then it is the next lane's turn
//! in which something is. Before it says that there is nothing, a receiver looks at every lane.

use super::inlet::{Bytes, OneLane};
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, Inlet, Known, NoPort};
use crate::channel::port::lane::settle_nothing;
use crate::channel::port::lanes::LaneEntry;
use crate::error::{AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::{Region, TrustPeers};
use crate::ring::broadcast::Start;
use crate::ring::log::{ReaderMark, Record, RecordPlace};
use crate::wait::Taken;
use std::collections::{TryReserveError, VecDeque};
use std::ops::Range;

/// A visit takes so many messages.
const VISIT: u64 = 16;

/// The lanes of a receiver that begins there: all. `Err`: that is a number, each of so many senders may have a message of it.
pub(in crate::channel) fn lanes_from(region: &Region, start: Start) -> Result<Range<u32>, u32> {
    let lanes = region.geometry().lanes();
    if lanes > 1 && matches!(start, Start::At(_)) { Err(lanes) } else { Ok(0..lanes) }
}

/// A lane, and whose it is.
#[derive(Debug)]
struct Lane {
    /// The row of its sender.
    row: u32,
    port: OneLane,
}

/// A broadcast's reading end.
#[derive(Debug)]
pub(crate) struct BroadcastInlet {
    current: Lane,
    /// In the order of their turns. Empty with one sender.
    others: VecDeque<Lane>,
    /// How many messages the visit may still take. With one sender, more than there can be.
    left: u64,
}

impl BroadcastInlet {
    /// The port of a receiver that has just taken its seat, and begins there in every lane. `is_named`: whether its seat is to be kept for it.
    ///
    /// # Errors
    /// See [`NoPort`].
    pub(in crate::channel) fn begin(end: &Seated, start: Start, is_named: bool) -> Result<Self, NoPort> {
        let lanes = lanes_from(end.region(), start).map_err(NoPort::SeveralSenders)?;
        Self::of_lanes(lanes, |lane| OneLane::begin(end, lane, start, is_named))
    }

    /// The port of a receiver that has come back to its seat by its name, and goes on in every lane.
    ///
    /// # Errors
    /// See [`NoPort`].
    pub(in crate::channel) fn come_back(end: &Seated) -> Result<Self, NoPort> {
        Self::of_lanes(0..end.region().geometry().lanes(), |lane| OneLane::come_back(end, lane))
    }

    fn of_lanes(lanes: Range<u32>, port: impl Fn(u32) -> Result<OneLane, NoPort>) -> Result<Self, NoPort> {
        let lane = |row| Ok(Lane { row, port: port(row)? });
        let current = lane(lanes.start)?;
        let others = lanes.skip(1).map(lane).collect::<Result<VecDeque<_>, NoPort>>()?;
        let left = if others.is_empty() { u64::MAX } else { VISIT };
        Ok(Self { current, others, left })
    }

    /// The number of the next message of the lane whose turn it is.
    pub(in crate::channel) fn next_sequence(&self) -> u64 {
        self.current.port.next_sequence()
    }

    fn lanes(&self) -> impl Iterator<Item = &OneLane> {
        std::iter::once(&self.current).chain(&self.others).map(|lane| &lane.port)
    }

    /// It is the next lane's turn.
    fn go_on(&mut self, end: &mut Seated) {
        if let Some(next) = self.others.pop_front() {
            let [from, to] =
                [&self.current, &next].map(|lane| lane.port.taken(end)).map(|all| (all.messages, all.bytes));
            end.tally.turn(from, to);
            self.others.push_back(std::mem::replace(&mut self.current, next));
            self.left = VISIT;
        }
    }

    /// Does this with every lane, each in its turn; then it is the turn of the one whose it was.
    fn for_each(&mut self, end: &mut Seated, mut act: impl FnMut(&mut OneLane, &mut Seated)) {
        let left = self.left;
        for _ in 0..=self.others.len() {
            act(&mut self.current.port, end);
            self.go_on(end);
        }
        self.left = left;
    }

    /// Takes from the lane whose turn it is, or else from the next one in which something is.
    #[cold]
    fn take_in_turn(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        if self.left == 0 {
            self.go_on(end);
        }
        for _ in 0..=self.others.len() {
            if let Some(record) = self.current.port.take(end)? {
                return Ok(Some(record));
            }
            self.current.port.found_nothing(end);
            self.go_on(end);
        }
        Ok(None)
    }

    /// The visit ends behind a batch.
    fn end_visit(&mut self) {
        if !self.others.is_empty() {
            self.left = 0;
        }
    }
}

impl Inlet for BroadcastInlet {
    /// Of the lane whose turn it is.
    type Item = Record;
    type Mark = (u32, ReaderMark);
    type Entry = LaneEntry;
    type Bytes<'a> = Bytes<'a>;
    type Place = RecordPlace;

    const SETTLE: Settle = settle_nothing;
    const LOOKS_AHEAD: bool = true;

    fn join(end: &Seated) -> Result<Self, NoPort> {
        Self::begin(end, Start::Now, false)
    }

    fn take_over(end: &Seated) -> Result<Self, NoPort> {
        Self::come_back(end)
    }

    fn max_message(&self) -> usize {
        self.current.port.max_message()
    }

    fn capacity(&self) -> u64 {
        self.current.port.capacity()
    }

    fn holds_messages(&mut self, end: &Seated) -> Result<bool, Corruption> {
        for lane in std::iter::once(&mut self.current).chain(&mut self.others) {
            if lane.port.holds_messages(end)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[inline(always)]
    fn take_fast(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        if self.left == 0 { Ok(None) } else { self.current.port.take_fast(end) }
    }

    #[inline(always)]
    fn copy_exact(&mut self, end: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        if self.left == 0 {
            return Ok(Exact::Undecided);
        }
        let copied = self.current.port.copy_exact(end, buffer);
        if let Ok(Exact::Copied) = copied {
            self.left = self.left.wrapping_sub(1);
        }
        copied
    }

    #[inline]
    fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        if self.others.is_empty() { self.current.port.take(end) } else { self.take_in_turn(end) }
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        self.lanes().any(Inlet::has_message_hint)
    }

    fn has_message(&mut self, end: &mut Seated) -> bool {
        std::iter::once(&mut self.current).chain(&mut self.others).any(|lane| lane.port.has_message(end))
    }

    #[inline]
    fn found_nothing(&mut self, end: &mut Seated) {
        match self.others.is_empty() {
            true => self.current.port.found_nothing(end),
            false => self.for_each(end, Inlet::found_nothing),
        }
    }

    fn audit(&self) -> Result<(), Corruption> {
        self.lanes().try_for_each(Inlet::audit)
    }

    fn end(&mut self) {
        self.current.port.end();
        self.others.iter_mut().for_each(|lane| lane.port.end());
    }

    fn taken(&self, end: &Seated) -> Taken {
        self.lanes().map(|lane| lane.taken(end)).fold(Taken::default(), Taken::and)
    }

    #[inline]
    fn entry(&self, record: &Record) -> LaneEntry {
        LaneEntry { row: self.current.row, payload: self.current.port.entry(record) }
    }

    #[inline]
    fn entry_of((row, mark): &(u32, ReaderMark), place: RecordPlace, index: usize) -> LaneEntry {
        LaneEntry { row: *row, payload: mark.payload(place, index) }
    }

    #[inline(always)]
    fn length(entry: &LaneEntry) -> usize {
        entry.payload.length as usize
    }

    #[inline]
    fn known(_: Bytes<'_>, entry: &LaneEntry) -> Known {
        Known { sequence: Some(entry.sequence()), sender: Some(entry.row), ..Known::default() }
    }

    #[inline]
    fn bytes(&self) -> Bytes<'_> {
        self.current.port.bytes()
    }

    #[inline]
    fn read(bytes: Bytes<'_>, entry: &LaneEntry, buffer: &mut [u8]) {
        OneLane::read(bytes, &entry.payload, buffer);
    }

    fn append(bytes: Bytes<'_>, entry: &LaneEntry, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        OneLane::append(bytes, &entry.payload, vector)
    }

    fn borrow<'a>(bytes: Bytes<'a>, entry: &LaneEntry, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a,
    {
        OneLane::borrow(bytes, &entry.payload, trust)
    }

    #[inline]
    fn finish(&mut self, end: &mut Seated, record: Record) -> Result<(), AckError> {
        self.left = self.left.saturating_sub(1);
        self.current.port.finish(end, record)
    }

    fn give_back(&mut self, end: &mut Seated, record: Record) -> Result<(), AckError> {
        self.current.port.give_back(end, record)
    }

    fn keep(&mut self, record: Record) {
        self.current.port.keep(record);
    }

    fn kept(&self) -> usize {
        self.lanes().map(Inlet::kept).sum()
    }

    fn behind(&self) -> Option<u64> {
        self.lanes().map(Inlet::behind).sum()
    }

    fn collect(&mut self, end: &mut Seated, first: Record, max: usize) -> Result<(u32, ReaderMark), RecvError> {
        Ok((self.current.row, self.current.port.collect(end, first, max)?))
    }

    #[inline]
    fn batch(&self) -> &Places<RecordPlace> {
        self.current.port.batch()
    }

    fn finish_first(&mut self, end: &mut Seated, (_, mark): &(u32, ReaderMark), count: usize) -> Result<(), AckError> {
        self.current.port.finish_first(end, mark, count)
    }

    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.end_visit();
        self.current.port.finish_batch(end)
    }

    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.current.port.give_back_batch(end)
    }

    fn hand_back_batch(&mut self, end: &mut Seated) {
        self.current.port.hand_back_batch(end);
    }

    fn leave(&mut self, end: &mut Seated) {
        self.for_each(end, Inlet::leave);
    }
}
