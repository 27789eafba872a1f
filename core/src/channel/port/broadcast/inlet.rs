//! The reading end of one lane of a broadcast, as its channel's policy says: with a gate that holds the sender back, or without
//! protection.

use super::lossy::LossyInlet;
use super::memory::{BroadcastView, seat_of};
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, Inlet, Known, NoPort};
use crate::channel::port::lane::{LaneInlet, lane_geometry, settle_nothing};
use crate::error::{AckError, Corruption, RecvError};
use crate::liveness::Settle;
use crate::region::{RingView, TrustPeers};
use crate::ring::broadcast::{GateLane, Joined, Start, come_back, join};
use crate::ring::log::{Payload, ReaderMark, Record, RecordPlace};
use crate::wait::Taken;
use std::collections::TryReserveError;

/// The reading end of one lane.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the large one is the fast one")]
pub(crate) enum OneLane {
    /// Every message stays until it is given back.
    Lossless {
        lane: LaneInlet<GateLane<BroadcastView>>,
        /// How many messages it missed before it began, of which the caller was not told.
        missed: u64,
    },
    /// The sender overwrites what it likes.
    Lossy(Box<LossyInlet>),
}

/// Where messages stand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bytes<'a> {
    Ring(RingView<'a>),
    Copies(&'a [u8]),
}

impl<'a> Bytes<'a> {
    /// A copy.
    ///
    /// # Panics
    /// If it is none: places are made for what was copied, so that is a bug in the engine.
    #[inline]
    fn copy_at(copies: &'a [u8], entry: &Payload) -> &'a [u8] {
        let start = entry.payload.0 as usize;
        &copies[start..start.saturating_add(entry.length as usize)]
    }
}

impl OneLane {
    /// That of a receiver that has just taken its seat, and begins there in this lane. `is_named`: whether its seat is to be kept for it.
    ///
    /// # Errors
    /// See [`NoPort`].
    pub(super) fn begin(end: &Seated, lane: u32, start: Start, is_named: bool) -> Result<Self, NoPort> {
        let region = end.region();
        if region.facts().policy.is_lossy() {
            return Ok(Self::Lossy(Box::new(LossyInlet::join(end, lane, start, is_named)?)));
        }
        let (seat, geometry) = (seat_of(end), lane_geometry(region.geometry()));
        let Joined { reader, missed } = join(BroadcastView::new(region, lane, seat), geometry, seat, start)?;
        Ok(Self::Lossless { lane: LaneInlet::of(reader), missed })
    }

    /// That of a receiver that has come back to its seat by its name, and goes on in this lane.
    ///
    /// # Errors
    /// See [`NoPort`].
    pub(super) fn come_back(end: &Seated, lane: u32) -> Result<Self, NoPort> {
        let (seat, region) = (seat_of(end), end.region());
        if region.facts().policy.is_lossy() {
            return Ok(Self::Lossy(Box::new(LossyInlet::come_back(end, lane)?)));
        }
        let reader = come_back(BroadcastView::new(region, lane, seat), lane_geometry(region.geometry()), seat)?;
        Ok(Self::Lossless { lane: LaneInlet::of(reader), missed: 0 })
    }

    /// The number of the next message.
    pub(super) fn next_sequence(&self) -> u64 {
        match self {
            Self::Lossless { lane, .. } => lane.next_sequence(),
            Self::Lossy(lossy) => lossy.next_sequence(),
        }
    }

    /// What the caller has to know before it gets the next message.
    #[inline]
    fn check_missed(&mut self, end: &mut Seated) -> Result<(), RecvError> {
        match self {
            Self::Lossless { missed, .. } if *missed > 0 => {
                let lost = std::mem::take(missed);
                end.tally.lost(lost);
                Err(RecvError::Lagged { lost })
            }
            Self::Lossless { .. } | Self::Lossy(_) => Ok(()),
        }
    }

    fn check_ours(end: &Seated) -> Result<(), AckError> {
        if end.is_foreign() { Err(AckError::Forked) } else { Ok(()) }
    }
}

impl Inlet for OneLane {
    /// Of a lossy channel, the record of which it holds a copy.
    type Item = Record;
    type Mark = ReaderMark;
    type Entry = Payload;
    type Bytes<'a> = Bytes<'a>;
    type Place = RecordPlace;

    const SETTLE: Settle = settle_nothing;
    const LOOKS_AHEAD: bool = true;

    fn join(end: &Seated) -> Result<Self, NoPort> {
        Self::begin(end, 0, Start::Now, false)
    }

    fn max_message(&self) -> usize {
        match self {
            Self::Lossless { lane, .. } => lane.max_message(),
            Self::Lossy(lossy) => lossy.reader().geometry().max_message() as usize,
        }
    }

    fn capacity(&self) -> u64 {
        match self {
            Self::Lossless { lane, .. } => lane.capacity(),
            Self::Lossy(lossy) => lossy.reader().geometry().capacity(),
        }
    }

    fn holds_messages(&mut self, end: &Seated) -> Result<bool, Corruption> {
        match self {
            Self::Lossless { lane, missed } => Ok(*missed > 0 || lane.holds_messages(end)?),
            Self::Lossy(lossy) => Ok(lossy.glance()),
        }
    }

    /// In front of what it missed, the fast way of a lane finds nothing: it has not found a message yet.
    #[inline(always)]
    fn take_fast(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        match self {
            Self::Lossless { lane, .. } => lane.take_fast(end),
            Self::Lossy(_) => Ok(None),
        }
    }

    #[inline(always)]
    fn copy_exact(&mut self, end: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Record>, RecvError> {
        match self {
            Self::Lossless { lane, .. } => lane.copy_exact(end, buffer),
            Self::Lossy(lossy) => lossy.copy_exact(end, buffer),
        }
    }

    fn take(&mut self, end: &mut Seated) -> Result<Option<Record>, RecvError> {
        self.check_missed(end)?;
        match self {
            Self::Lossless { lane, .. } => lane.take(end),
            Self::Lossy(lossy) => lossy.take(end),
        }
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        match self {
            Self::Lossless { lane, missed } => lane.has_message_hint() || *missed > 0,
            Self::Lossy(lossy) => lossy.glance(),
        }
    }

    fn has_message(&mut self, end: &mut Seated) -> bool {
        match self {
            Self::Lossless { lane, missed } => *missed > 0 || lane.has_message(end),
            Self::Lossy(lossy) => lossy.has_message(end),
        }
    }

    #[inline]
    fn found_nothing(&mut self, end: &mut Seated) {
        match self {
            Self::Lossless { lane, .. } => lane.found_nothing(end),
            Self::Lossy(lossy) => lossy.found_nothing(end),
        }
    }

    fn audit(&self) -> Result<(), Corruption> {
        match self {
            Self::Lossless { lane, .. } => lane.audit(),
            Self::Lossy(_) => Ok(()),
        }
    }

    fn end(&mut self) {
        match self {
            Self::Lossless { lane, .. } => lane.end(),
            Self::Lossy(lossy) => lossy.end(),
        }
    }

    fn taken(&self, end: &Seated) -> Taken {
        match self {
            Self::Lossless { lane, .. } => lane.taken(end),
            Self::Lossy(lossy) => lossy.taken(),
        }
    }

    #[inline]
    fn entry(&self, record: &Record) -> Payload {
        match self {
            Self::Lossless { lane, .. } => lane.entry(record),
            Self::Lossy(lossy) => lossy.copies().first(),
        }
    }

    #[inline]
    fn entry_of(mark: &ReaderMark, place: RecordPlace, index: usize) -> Payload {
        mark.payload(place, index)
    }

    #[inline(always)]
    fn length(entry: &Payload) -> usize {
        entry.length as usize
    }

    #[inline]
    fn known(_: Bytes<'_>, entry: &Payload) -> Known {
        Known { sequence: Some(entry.sequence), ..Known::default() }
    }

    #[inline]
    fn bytes(&self) -> Bytes<'_> {
        match self {
            Self::Lossless { lane, .. } => Bytes::Ring(lane.bytes()),
            Self::Lossy(lossy) => Bytes::Copies(lossy.copies().bytes()),
        }
    }

    #[inline]
    fn read(bytes: Bytes<'_>, entry: &Payload, buffer: &mut [u8]) {
        match bytes {
            Bytes::Ring(ring) => ring.read(entry.payload.0, buffer),
            Bytes::Copies(copies) => {
                let copy = Bytes::copy_at(copies, entry);
                buffer.copy_from_slice(&copy[..buffer.len()]);
            }
        }
    }

    fn append(bytes: Bytes<'_>, entry: &Payload, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        match bytes {
            Bytes::Ring(ring) => ring.append_to(entry.payload.0, entry.length as usize, vector),
            Bytes::Copies(copies) => {
                vector.try_reserve(entry.length as usize)?;
                vector.extend_from_slice(Bytes::copy_at(copies, entry));
                Ok(())
            }
        }
    }

    fn borrow<'a>(bytes: Bytes<'a>, entry: &Payload, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a,
    {
        match bytes {
            Bytes::Ring(ring) => ring.borrow(trust, entry.payload.0, entry.length as usize),
            Bytes::Copies(copies) => Bytes::copy_at(copies, entry),
        }
    }

    #[inline]
    fn finish(&mut self, end: &mut Seated, record: Record) -> Result<(), AckError> {
        match self {
            Self::Lossless { lane, .. } => lane.finish(end, record),
            Self::Lossy(lossy) => {
                Self::check_ours(end)?;
                lossy.finish(end);
                Ok(())
            }
        }
    }

    /// Nothing has advanced: forgetting the message is all.
    fn give_back(&mut self, end: &mut Seated, _: Record) -> Result<(), AckError> {
        Self::check_ours(end)
    }

    fn keep(&mut self, _: Record) {}

    fn kept(&self) -> usize {
        match self {
            Self::Lossless { .. } => 0,
            Self::Lossy(lossy) => lossy.copies().count(),
        }
    }

    fn behind(&self) -> Option<u64> {
        match self {
            Self::Lossless { .. } => None,
            Self::Lossy(lossy) => Some(lossy.behind()),
        }
    }

    fn collect(&mut self, end: &mut Seated, first: Record, max: usize) -> Result<ReaderMark, RecvError> {
        match self {
            Self::Lossless { lane, .. } => lane.collect(end, first, max),
            Self::Lossy(lossy) => lossy.collect(end, max),
        }
    }

    #[inline]
    fn batch(&self) -> &Places<RecordPlace> {
        match self {
            Self::Lossless { lane, .. } => lane.batch(),
            Self::Lossy(lossy) => lossy.batch(),
        }
    }

    fn finish_first(&mut self, end: &mut Seated, mark: &ReaderMark, count: usize) -> Result<(), AckError> {
        match self {
            Self::Lossless { lane, .. } => lane.finish_first(end, mark, count),
            Self::Lossy(lossy) => {
                Self::check_ours(end)?;
                lossy.finish_first(end, count);
                Ok(())
            }
        }
    }

    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        match self {
            Self::Lossless { lane, .. } => lane.finish_batch(end),
            Self::Lossy(lossy) => {
                if end.is_foreign() {
                    lossy.give_back_batch();
                    return Err(AckError::Forked);
                }
                lossy.finish_batch(end);
                Ok(())
            }
        }
    }

    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        match self {
            Self::Lossless { lane, .. } => lane.give_back_batch(end),
            Self::Lossy(lossy) => {
                lossy.give_back_batch();
                Self::check_ours(end)
            }
        }
    }

    fn hand_back_batch(&mut self, end: &mut Seated) {
        match self {
            Self::Lossless { lane, .. } => lane.hand_back_batch(end),
            Self::Lossy(lossy) => lossy.give_back_batch(),
        }
    }

    fn leave(&mut self, end: &mut Seated) {
        match self {
            Self::Lossless { lane, .. } => lane.leave(end),
            Self::Lossy(lossy) => lossy.found_nothing(end),
        }
    }
}
