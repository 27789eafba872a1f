//! Records in a row, written by the shortest way.

use super::memory::{LINE, plain_record_bytes};
use super::{LaneGeometry, Spot, Way};
use crate::layout::RecordHeader;
use crate::sync::Ordering::{Relaxed, Release};

/// Messages of at most so many bytes are not compared with the longest one: no lane takes the shortest way whose longest message is
/// shorter.
pub(super) const SURELY_ALLOWED: u64 = RecordHeader::BYTES;

/// Several records in a row, written by the shortest way: see [`Writer::run`](super::Writer::run).
///
/// Its fields can stay in registers. A writer's own cannot: every record's Release store makes the compiler write them back.
/// They follow when the run is dropped.
#[derive(Debug)]
pub struct Run<'a, W> {
    way: W,
    max_message: u64,
    next_header: RecordHeader,
    filling: u64,
    /// The writer's own.
    home: Home<'a>,
}

/// The fields of a writer that a run brings up to date.
#[derive(Debug)]
struct Home<'a> {
    next_header: &'a mut RecordHeader,
    filling: &'a mut u64,
}

impl<'a, W: Way> Run<'a, W> {
    #[inline(always)]
    pub(super) fn new(
        way: W,
        geometry: &LaneGeometry,
        next_header: &'a mut RecordHeader,
        filling: &'a mut u64,
    ) -> Self {
        Self {
            way,
            max_message: geometry.max_message(),
            next_header: *next_header,
            filling: 0,
            home: Home { next_header, filling },
        }
    }

    /// Appends a record of so many bytes, which `fill` writes into the spot that it is given. False: the shortest way does not
    /// suffice, and nothing was written.
    #[inline(always)]
    pub fn append(&mut self, length: u64, fill: impl FnOnce(W::Spot)) -> bool {
        if is_too_long(length, self.max_message) {
            return false;
        }
        let Some(filling) = write_record(&mut self.way, self.next_header, length, fill) else { return false };
        self.next_header = self.next_header.next();
        self.filling = self.filling.wrapping_add(filling);
        true
    }
}

impl<W> Drop for Run<'_, W> {
    #[inline(always)]
    fn drop(&mut self) {
        *self.home.next_header = self.next_header;
        *self.home.filling = self.home.filling.wrapping_add(self.filling);
    }
}

/// Whether a message is too long for a lane that takes the shortest way.
#[inline(always)]
pub(super) fn is_too_long(length: u64, max_message: u64) -> bool {
    length > SURELY_ALLOWED && length > max_message
}

/// Writes and commits a record where a writer stands. Returns how many bytes of it are neither header nor payload. `None`: it does
/// not fit before the limit.
#[inline(always)]
pub(super) fn write_record<W: Way>(
    way: &mut W,
    header: RecordHeader,
    length: u64,
    fill: impl FnOnce(W::Spot),
) -> Option<u64> {
    let bytes = plain_record_bytes(length);
    let spot = way.ahead(bytes)?;
    fill(spot);
    // All lines up to the limit are warm: at their starts stands a 0 already.
    if !spot.ends_a_line(LINE) {
        spot.next_header().store(RecordHeader::EMPTY.bits(), Relaxed);
    }
    // EDGE commit→poll: pairs with the Acquire in `Reader::header`, `Reader::take_exact`, `Reader::gather` and `walk`.
    spot.header().store(header.with_length(length as u32).bits(), Release);
    way.go();
    Some(bytes.wrapping_sub(RecordHeader::BYTES).wrapping_sub(length))
}
