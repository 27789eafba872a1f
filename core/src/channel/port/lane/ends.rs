//! What the ends of a lane have to have, whatever else holds its writer back: the seams between the ports of a lane and the ring.
//!
//! In `spsc` and `mpsc`, an end is the ring's own writer or reader, over a [`LaneView`]. A broadcast has a writer that looks at many
//! gates, and readers with a gate each.

use super::memory::lane_geometry;
use crate::channel::end::Seated;
use crate::channel::port::inlet::NoPort;
use crate::error::Corruption;
use crate::region::{LaneView, RingCursor, RingView, TrustPeers};
use crate::ring::log::{LaneEnd, LaneMemory, Reader, Refusal, Reservation, Writer};
use std::fmt::Debug;

/// A lane of a region, as one of its ends sees it.
pub(in crate::channel::port) trait InRegion:
    LaneEnd<Cursor = RingCursor> + for<'a> LaneMemory<Ring<'a> = RingView<'a>> + Debug + Send + 'static
{
    /// Its words and its ring.
    fn view(&self) -> &LaneView;

    /// Its words and its ring, exclusively: for writing a payload in place.
    fn view_mut(&mut self) -> &mut LaneView;
}

impl InRegion for LaneView {
    #[inline(always)]
    fn view(&self) -> &LaneView {
        self
    }

    #[inline(always)]
    fn view_mut(&mut self) -> &mut LaneView {
        self
    }
}

/// What an outlet writes a lane with.
pub(in crate::channel::port) trait WritingEnd: Sized + Debug + Send + 'static {
    /// The lane, as it sees it.
    type Lane: InRegion;

    /// That of a sender which has just taken its seat.
    ///
    /// # Errors
    /// The words that it finds contradict each other.
    fn resume(end: &Seated) -> Result<Self, Corruption>;

    /// The lane's writer: for everything but finding room.
    fn log(&self) -> &Writer<Self::Lane>;

    /// The lane's writer, to be changed.
    fn log_mut(&mut self) -> &mut Writer<Self::Lane>;

    /// See [`Writer::reserve`].
    fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal>;

    /// See [`Writer::reserve_if_plenty`].
    fn reserve_if_plenty(&mut self, length: u64) -> Result<Reservation, Refusal>;

    /// See [`Writer::glance`].
    fn glance(&self) -> bool;

    /// Whether a call waits for room. Otherwise it fails.
    #[inline(always)]
    fn waits(&self) -> bool {
        true
    }

    /// Says for which receiver it waits. False: it has not said so before the last attempt, so it does not sleep yet.
    #[inline(always)]
    fn names_blocker(&mut self) -> bool {
        true
    }

    /// Called before the caller writes into a reservation.
    #[inline(always)]
    fn begin_in_place(&mut self) {}

    /// Copies `bytes` into a reservation, `skip` bytes behind its start.
    #[inline(always)]
    fn write(&mut self, reservation: &Reservation, skip: usize, bytes: &[u8]) {
        self.log().memory().view().ring().write(reservation.payload.0, skip, bytes);
    }

    /// The first `length` bytes of a reservation.
    #[inline]
    fn slice(&mut self, reservation: &Reservation, trust: TrustPeers, length: usize) -> &mut [u8] {
        self.log_mut().memory_mut().view_mut().borrow_mut(trust, reservation.payload.0, length)
    }

    /// Called before a reservation is committed that the caller has written to.
    #[inline(always)]
    fn complete(&mut self, _: &Reservation, _used: usize) {}
}

impl WritingEnd for Writer<LaneView> {
    type Lane = LaneView;

    fn resume(end: &Seated) -> Result<Self, Corruption> {
        let lane = LaneView::new(end.region(), end.seat().row(), 0);
        Self::resume(lane, lane_geometry(end.region().geometry()))
    }

    #[inline(always)]
    fn log(&self) -> &Self {
        self
    }

    #[inline(always)]
    fn log_mut(&mut self) -> &mut Self {
        self
    }

    #[inline(always)]
    fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal> {
        Self::reserve(self, length)
    }

    #[inline(always)]
    fn reserve_if_plenty(&mut self, length: u64) -> Result<Reservation, Refusal> {
        Self::reserve_if_plenty(self, length)
    }

    #[inline(always)]
    fn glance(&self) -> bool {
        Self::glance(self)
    }
}

/// A lane as the reader of an inlet sees it.
pub(in crate::channel::port) trait ReadingEnd: InRegion {
    /// The reader of a receiver that has just taken its seat.
    ///
    /// # Errors
    /// See [`NoPort`].
    fn resume(end: &Seated) -> Result<Reader<Self>, NoPort>
    where
        Self: Sized;

    /// Wakes a sender that waits for room.
    #[inline]
    fn wake_sender(&self, end: &mut Seated) {
        end.notify_senders(&self.view().control.space);
    }
}

impl ReadingEnd for LaneView {
    fn resume(end: &Seated) -> Result<Reader<Self>, NoPort> {
        Ok(Reader::resume(Self::new(end.region(), 0, 0), lane_geometry(end.region().geometry()))?)
    }
}
