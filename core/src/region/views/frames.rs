//! The frames of calls, in a region: a slot queue's cells and slots, with two words more in front of a payload, and with answers.

use super::slots::{SlotWords, SlotsView};
use crate::layout::{ANSWER_LENGTH_AT, BELL_AT, CALLER_AT, Store};
use crate::region::Region;
use crate::sync::{AtomicU32, AtomicU64};
use std::sync::Arc;

/// The frames of a region, which they keep alive.
#[derive(Debug)]
pub(crate) struct FramesView {
    slots: SlotsView,
    answer_at: usize,
    answer_max: usize,
}

impl FramesView {
    /// The frames of a region that has some.
    pub(crate) fn new(region: &Arc<Region>) -> Self {
        let geometry = region.geometry();
        assert!(geometry.row.store == Store::Frames && geometry.slot_payload_at() >= geometry.row.words_per_slot * 8);
        assert!(geometry.answer_at() + geometry.max_response <= geometry.slot_bytes());
        let (answer_at, answer_max) = (geometry.answer_at() as usize, geometry.max_response as usize);
        Self { slots: SlotsView::new(region), answer_at, answer_max }
    }

    /// Cells, and frames with the requests for payloads.
    #[inline(always)]
    pub(crate) fn requests(&self) -> SlotWords<'_> {
        self.slots.words()
    }

    /// Cells, and frames with the answers for payloads.
    #[inline(always)]
    pub(crate) fn answers(&self) -> SlotWords<'_> {
        self.slots.answers(self.answer_at, self.answer_max)
    }

    /// Who calls in a frame.
    #[inline]
    pub(crate) fn caller(&self, frame: u16) -> &AtomicU64 {
        // SAFETY: a frame has four words in front of its payload, as was asserted, all of them atomics, for which any content is valid; the region, which
        // the view keeps alive, starts frames at whole lines.
        unsafe { self.requests().slot_at(frame).add(CALLER_AT as usize).cast().as_ref() }
    }

    /// How long a frame's answer is.
    #[inline]
    pub(crate) fn answer_length(&self, frame: u16) -> &AtomicU32 {
        // SAFETY: as in `caller`.
        unsafe { self.requests().slot_at(frame).add(ANSWER_LENGTH_AT as usize).cast().as_ref() }
    }

    /// The word on which the client of a frame's call sleeps.
    #[inline]
    pub(crate) fn bell(&self, frame: u16) -> &AtomicU32 {
        // SAFETY: as in `caller`.
        unsafe { self.requests().slot_at(frame).add(BELL_AT as usize).cast().as_ref() }
    }
}
