//! A broadcast's writing end: that of a lane, but for finding room, and for what a lossy receiver may be reading.

use super::memory::BroadcastView;
use crate::channel::end::Seated;
use crate::channel::port::lane::{LaneOutlet, WritingEnd, lane_geometry};
use crate::error::Corruption;
use crate::layout::Policy;
use crate::region::TrustPeers;
use crate::ring::broadcast::{self, OwnLane, Retention};
use crate::ring::log::{self, Refusal, Reservation};

/// A broadcast's writing end.
pub(crate) type BroadcastOutlet = LaneOutlet<Writer>;

/// What it writes with.
#[derive(Debug)]
pub(crate) struct Writer {
    ring: broadcast::Writer<BroadcastView>,
    policy: Policy,
    /// What the caller writes in place, of a reservation in a lossy channel: a receiver that was overtaken may still be reading what
    /// stands there, and nobody writes in place meanwhile. `None`: nothing is written in place.
    aside: Option<Vec<u8>>,
}

impl Writer {
    fn ring_write(&self, reservation: &Reservation, skip: usize, bytes: &[u8]) {
        self.ring.memory().lane().ring().write(reservation.payload.0, skip, bytes);
    }
}

impl WritingEnd for Writer {
    type Lane = OwnLane<BroadcastView>;

    fn resume(end: &Seated) -> Result<Self, Corruption> {
        let region = end.region();
        let policy = region.facts().policy;
        let retention = match policy {
            Policy::Block | Policy::Fail => Retention::Lossless,
            Policy::Overwrite => Retention::Lossy,
            Policy::Evict => Retention::Evicting,
        };
        let memory = BroadcastView::new(region, end.seat().row(), 0);
        let ring = broadcast::Writer::resume(memory, lane_geometry(region.geometry()), retention)?;
        Ok(Self { ring, policy, aside: None })
    }

    #[inline(always)]
    fn log(&self) -> &log::Writer<Self::Lane> {
        self.ring.log()
    }

    #[inline(always)]
    fn log_mut(&mut self) -> &mut log::Writer<Self::Lane> {
        self.ring.log_mut()
    }

    #[inline]
    fn reserve(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.ring.reserve(length)
    }

    #[inline]
    fn reserve_if_plenty(&mut self, length: u64) -> Result<Reservation, Refusal> {
        self.ring.reserve_if_plenty(length)
    }

    #[inline]
    fn glance(&self) -> bool {
        self.ring.glance()
    }

    fn waits(&self) -> bool {
        self.policy != Policy::Fail
    }

    fn names_blocker(&mut self) -> bool {
        self.ring.names_blocker()
    }

    #[inline]
    fn begin_in_place(&mut self) {
        self.aside = None;
    }

    fn write(&mut self, reservation: &Reservation, skip: usize, bytes: &[u8]) {
        match &mut self.aside {
            Some(aside) => aside[skip..skip.saturating_add(bytes.len())].copy_from_slice(bytes),
            None => self.ring_write(reservation, skip, bytes),
        }
    }

    fn slice(&mut self, reservation: &Reservation, trust: TrustPeers, length: usize) -> &mut [u8] {
        if !self.policy.is_lossy() {
            return self.ring.log_mut().memory_mut().memory_mut().lane_mut().borrow_mut(
                trust,
                reservation.payload.0,
                length,
            );
        }
        let ring = self.ring.memory().lane().ring();
        self.aside.get_or_insert_with(|| {
            let mut written = vec![0; length];
            ring.read(reservation.payload.0, &mut written);
            written
        })
    }

    fn complete(&mut self, reservation: &Reservation, used: usize) {
        if let Some(aside) = self.aside.take() {
            self.ring_write(reservation, 0, &aside[..used.min(aside.len())]);
        }
    }
}
