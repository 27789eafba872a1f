//! Where one end of a lane stands in its ring, as an address: what a message costs is then no more than its own bytes.
//!
//! ```text
//! base                at           next                limit                   base + capacity
//!  │                  │             │                    │                      │
//!  ├──────────────────┼─────────────┼────────────────────┼───────────────┬──────┤
//!  │                  │ header, …   │ header             │ header        │ word │
//!                      ╰── a spot ──╯                                     ╰ the furthest that a limit can be
//! ```
//!
//! Invariants:
//! 1. *`at`, `next` and a limit other than 0 are addresses of words of the ring*, multiples of 8 and at least a word from its end.
//!    A limit is stored by [`RingCursor::allow`] alone, which sees to that; `next` is at most the limit; and `at` becomes either what
//!    `next` was, or what a position says, which wraps.
//! 2. *The limit is a word that a forked child finds zero.* No step is allowed there, and what the end does instead finds out that
//!    it is in a child. So the comparison with the limit serves for both.

use crate::region::Region;
use crate::region::memory::PayloadView;
use crate::region::sys::WipedWord;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::marker::PhantomData;
use std::ptr::NonNull;
use std::sync::Arc;

/// Where one end of a lane stands in its ring, and up to where it may go without looking at anything else. Keeps the region alive.
#[derive(Debug)]
pub(crate) struct RingCursor {
    at: NonNull<u8>,
    /// The furthest address that a step may end at; 0 where none is allowed.
    limit: WipedWord,
    /// What is added to an address to get its position.
    bias: u64,
    base: NonNull<u8>,
    /// Ring bytes − 8: what turns a position into the offset of a word.
    mask: u64,
    _region: Arc<Region>,
}

// SAFETY: its addresses stand for shared memory that `_region` keeps alive; access to it is atomic or, for payloads, ordered by
// the lane's headers. The limit is an atomic of this cursor alone.
unsafe impl Send for RingCursor {}

/// A cursor that passes records, with its place in a register: it is noted when this is dropped.
#[derive(Debug)]
pub(crate) struct RingWay<'a> {
    at: NonNull<u8>,
    /// Where the spot ends that was looked at last.
    next: NonNull<u8>,
    limit: &'a AtomicU64,
    bias: u64,
    home: &'a mut NonNull<u8>,
}

/// The place of a record in a ring: its header, its payload, and the header behind it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingSpot<'a> {
    at: NonNull<u8>,
    next: NonNull<u8>,
    cursor: PhantomData<&'a RingCursor>,
}

impl RingCursor {
    /// A cursor at the beginning of the ring of `mask + 8` bytes at `base`.
    ///
    /// # Safety
    /// `mask` is a power of two, at least 4096, less 8, and `base` page-aligned and valid for as many bytes and 8 more while the
    /// region lives.
    pub(super) unsafe fn new(region: &Arc<Region>, base: NonNull<u8>, mask: u64) -> Self {
        let bias = (base.as_ptr() as u64).wrapping_neg();
        Self { at: base, limit: WipedWord::take(), bias, base, mask, _region: Arc::clone(region) }
    }

    /// Where it stands.
    #[inline]
    pub(crate) fn position(&self) -> u64 {
        (self.at.as_ptr() as u64).wrapping_add(self.bias)
    }

    /// Goes to this position, which wraps, and is rounded down to a multiple of 8. What was [allowed](RingCursor::allow) stays so in
    /// this lap of the ring, and not in another one.
    #[inline]
    pub(crate) fn seek(&mut self, position: u64) {
        let offset = position.wrapping_sub(self.bias).wrapping_sub(self.base.as_ptr() as u64);
        if offset & !self.mask == 0 {
            // SAFETY: as compared, it is the offset of a word of the ring.
            self.at = unsafe { self.base.add(offset as usize) };
        } else {
            self.seek_elsewhere(position);
        }
    }

    /// Goes to another lap, or to what is no multiple of 8.
    #[cold]
    #[inline(never)]
    fn seek_elsewhere(&mut self, position: u64) {
        self.stop();
        // SAFETY: what the mask leaves of a position is the offset of a word of the ring.
        self.at = unsafe { self.base.add((position & self.mask) as usize) };
        self.bias = position.wrapping_sub(self.at.as_ptr() as u64);
    }

    /// Allows steps that end at this position at most, and before the end of the ring.
    #[inline]
    pub(crate) fn allow(&mut self, limit: u64) {
        let ahead = limit.wrapping_sub(self.position());
        let until_last = self.mask - (self.at.as_ptr() as u64 - self.base.as_ptr() as u64);
        // What lies behind it is far ahead, as it wraps.
        if ahead > self.mask.wrapping_add(8) {
            self.stop();
        } else {
            // The last word of the ring, whose offset is the mask, or one before it.
            self.limit.set((self.at.as_ptr() as u64).wrapping_add(ahead.min(until_last) & !7));
        }
    }

    /// Allows no step.
    #[inline]
    pub(crate) fn stop(&mut self) {
        self.limit.clear();
    }

    /// Passes records.
    #[inline(always)]
    pub(crate) fn way(&mut self) -> RingWay<'_> {
        RingWay { at: self.at, next: self.at, limit: self.limit.word(), bias: self.bias, home: &mut self.at }
    }
}

impl<'a> RingWay<'a> {
    /// A spot of no bytes where it stands.
    #[inline(always)]
    pub(crate) fn here(&self) -> RingSpot<'a> {
        RingSpot { at: self.at, next: self.at, cursor: PhantomData }
    }

    /// The spot of a record of so many bytes, rounded down to a multiple of 8. `None`: it ends beyond what is allowed.
    #[inline(always)]
    pub(crate) fn ahead(&mut self, bytes: u64) -> Option<RingSpot<'a>> {
        /// No ring is as long, and no address as high: so nothing overflows.
        const FAR: u64 = 1 << 62;
        if bytes >= FAR {
            return None;
        }
        let next = (self.at.as_ptr() as u64).wrapping_add(bytes & !7);
        if next > self.limit.load(Relaxed) {
            return None;
        }
        // SAFETY: up to the limit, everything lies in the ring, from `at` on: see invariant 1.
        self.next = unsafe { self.at.add((bytes & !7) as usize) };
        Some(RingSpot { at: self.at, next: self.next, cursor: PhantomData })
    }

    /// Goes to the end of the spot that was looked at last.
    #[inline(always)]
    pub(crate) fn go(&mut self) {
        self.at = self.next;
    }

    /// Where it stands.
    #[inline(always)]
    pub(crate) fn position(&self) -> u64 {
        (self.at.as_ptr() as u64).wrapping_add(self.bias)
    }
}

impl Drop for RingWay<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.home = self.at;
    }
}

impl<'a> RingSpot<'a> {
    /// The word that it begins with.
    #[inline(always)]
    pub(crate) fn first(self) -> &'a AtomicU64 {
        // SAFETY: `at` is the address of a word of the ring (invariant 1), which the cursor keeps alive; any content is valid for an
        // atomic.
        unsafe { self.at.cast().as_ref() }
    }

    /// The word behind it.
    #[inline(always)]
    pub(crate) fn behind(self) -> &'a AtomicU64 {
        // SAFETY: as for `first`: `next` is such an address, too.
        unsafe { self.next.cast().as_ref() }
    }

    /// Whether it ends where a line of so many bytes, a power of two, ends. Rings begin at a page.
    #[inline(always)]
    pub(crate) fn ends_a_line(self, line: u64) -> bool {
        (self.next.as_ptr() as u64).is_multiple_of(line)
    }

    /// The place of `length` bytes behind its first word.
    ///
    /// # Panics
    /// If the spot is shorter: it was asked for with the length of what it is to hold, so that is a bug in the engine.
    #[inline(always)]
    fn payload(self, length: usize) -> PayloadView<'a> {
        let bytes = self.next.as_ptr() as usize - self.at.as_ptr() as usize;
        assert!(length <= bytes.wrapping_sub(8) && bytes >= 8, "a payload is longer than its record");
        // SAFETY: as asserted, the bytes lie between `at` and `next`, which are addresses of words of the ring (invariant 1).
        unsafe { PayloadView::new(self.at.add(8), length) }
    }

    /// Copies `bytes` to behind its first word.
    #[inline(always)]
    pub(crate) fn write(self, bytes: &[u8]) {
        self.payload(bytes.len()).write(0, bytes);
    }

    /// Fills `buffer` from behind its first word.
    #[inline(always)]
    pub(crate) fn read(self, buffer: &mut [u8]) {
        self.payload(buffer.len()).read(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Geometry, Kind};
    use crate::region::CreateSpec;

    const RING: u64 = 4096;

    /// A region with two rings.
    fn region() -> Arc<Region> {
        let geometry = Geometry {
            row: Kind::Mpsc.row(),
            senders: 2,
            receivers: 1,
            capacity: RING,
            max_message: 300,
            payload_alignment: 8,
            record_alignment: 8,
            slots: 0,
            priorities: 0,
            max_response: 0,
            repeats: false,
        };
        Arc::new(Region::create_private(&CreateSpec::plain(geometry)).unwrap())
    }

    /// A cursor at the beginning of the first ring.
    fn cursor_of(region: &Arc<Region>) -> RingCursor {
        let at = region.map().data_at;
        assert!(at.is_multiple_of(4096) && at + RING + 8 <= region.bytes().length() as u64);
        // SAFETY: as asserted, the ring and the word behind it lie in the region's memory.
        unsafe { RingCursor::new(region, region.bytes().base().add(at as usize), RING - 8) }
    }

    /// Numbers round everything that matters to a cursor that stands at `position`.
    fn numbers_round(position: u64) -> Vec<u64> {
        let lap = position & !(RING - 1);
        let edges = [
            0,
            position,
            lap,
            lap.wrapping_add(RING),
            position.wrapping_add(RING),
            position.wrapping_sub(RING),
            1 << 62,
        ];
        let near = |edge: u64| (0..=24).map(move |offset: u64| edge.wrapping_add(offset).wrapping_sub(12));
        edges.into_iter().flat_map(near).collect()
    }

    #[test]
    fn every_step_ends_at_a_word_of_the_ring_and_at_the_limit_at_most() {
        let region = region();
        let base = cursor_of(&region).base.as_ptr() as u64;
        for position in (0..2 * RING).step_by(8).chain([u64::MAX - 7, u64::MAX - RING + 1, u64::MAX - RING - 7]) {
            let mut cursor = cursor_of(&region);
            cursor.seek(position);
            assert_eq!(cursor.position(), position);
            assert!(cursor.way().ahead(0).is_none(), "nothing is allowed before it is");
            let is_dense = position % 512 < 16 || position % 512 > 488;
            for limit in numbers_round(position).into_iter().filter(|limit| is_dense || limit % 8 == 0) {
                cursor.allow(limit);
                for bytes in
                    (0..64).chain([500, 512, RING - 8, RING, RING + 8, 1 << 40, 1 << 62, u64::MAX - 7, u64::MAX])
                {
                    let mut way = cursor.way();
                    let Some(spot) = way.ahead(bytes) else { continue };
                    let (at, next) = (spot.at.as_ptr() as u64 - base, spot.next.as_ptr() as u64 - base);
                    assert_eq!(at, position % RING);
                    assert_eq!(next, at + (bytes & !7), "{bytes} bytes at {position}, up to {limit}");
                    assert!(next <= RING - 8 && next.is_multiple_of(8), "{bytes} bytes at {position}, up to {limit}");
                    assert!(next - at <= limit.wrapping_sub(position), "{bytes} bytes at {position}, up to {limit}");
                }
            }
        }
    }

    #[test]
    fn a_limit_holds_in_its_lap_alone() {
        let region = region();
        for (from, to) in [(0, RING), (RING - 8, RING), (24, RING + 24), (RING + 8, 16), (512, 3 * RING + 1024)] {
            let mut cursor = cursor_of(&region);
            cursor.seek(from);
            cursor.allow(from + RING);
            cursor.seek(to);
            assert!(cursor.way().ahead(8).is_none(), "from {from} to {to}");
        }
        let mut cursor = cursor_of(&region);
        cursor.allow(64);
        cursor.seek(48);
        assert!(cursor.way().ahead(16).is_some() && cursor.way().ahead(24).is_none());
        cursor.seek(72);
        assert!(cursor.way().ahead(0).is_none(), "beyond the limit");
    }

    #[test]
    fn a_way_is_gone_as_far_as_it_went() {
        let region = region();
        let mut cursor = cursor_of(&region);
        cursor.allow(RING);
        let mut way = cursor.way();
        for _ in 0..3 {
            way.ahead(24).unwrap();
            way.go();
        }
        way.ahead(24).unwrap();
        drop(way);
        assert_eq!(cursor.position(), 72, "the last spot was only looked at");
    }

    #[test]
    #[should_panic(expected = "a payload is longer than its record")]
    fn a_payload_that_is_longer_than_its_spot_is_not_written() {
        let region = region();
        let mut cursor = cursor_of(&region);
        cursor.allow(RING);
        cursor.way().ahead(16).unwrap().write(&[1; 9]);
    }

    #[test]
    fn without_a_word_no_step_is_allowed() {
        let region = region();
        let mut cursor = cursor_of(&region);
        cursor.limit = WipedWord::none();
        cursor.allow(RING);
        assert!(cursor.way().ahead(0).is_none());
        cursor.stop();
        cursor.seek(64);
        assert_eq!(cursor.position(), 64);
    }
}
