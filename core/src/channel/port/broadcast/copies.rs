//! Messages that a lossy receiver has copied and not finished.
//!
//! ```text
//! bytes   │ finished │ message │ message │ message │     in the order in which they were sent, none missing in between
//!                      ▲ kept                           the front is the next one
//! ```
//!
//! A copy is the receiver's own, so nothing can be overwritten while its caller looks at it. What is given back stays here and
//! comes again.

use crate::ring::log::{Payload, ReaderMark, RecordPlace};
use std::collections::{TryReserveError, VecDeque};

/// Copies start at multiples of so many bytes.
const ALIGNMENT: usize = 8;

/// See the module. `R` is what each is a copy of.
#[derive(Debug)]
pub(crate) struct Copies<R> {
    bytes: Vec<u8>,
    /// Each with the record that it is a copy of.
    kept: VecDeque<(RecordPlace, R)>,
    /// The number of the message in front.
    first: u64,
}

impl<R: Copy> Copies<R> {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new(), kept: VecDeque::new(), first: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bytes of all copies.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many are kept.
    pub(super) fn count(&self) -> usize {
        self.kept.len()
    }

    /// The record that the one in front is a copy of.
    pub(super) fn front(&self) -> Option<R> {
        self.kept.front().map(|(_, record)| *record)
    }

    /// The one in front; without one, no bytes.
    pub(super) fn first(&self) -> Payload {
        self.mark().payload(self.get(0).unwrap_or(RecordPlace::of_copy(0, 0)), 0)
    }

    /// The one at this index.
    pub(super) fn get(&self, index: usize) -> Option<RecordPlace> {
        self.kept.get(index).map(|(place, _)| *place)
    }

    /// The number of the one in front.
    pub(super) fn next_sequence(&self) -> Option<u64> {
        (!self.kept.is_empty()).then_some(self.first)
    }

    /// The mark in front of the first one.
    pub(super) fn mark(&self) -> ReaderMark {
        ReaderMark::of_copies(self.first)
    }

    /// Appends a message of this number and length, which `copy` appends to the bytes. It is kept once that was [confirmed](Copies::keep).
    ///
    /// # Errors
    /// There is no memory for it. Nothing was appended.
    pub(super) fn append(
        &mut self,
        length: usize,
        copy: impl FnOnce(&mut Vec<u8>) -> Result<(), TryReserveError>,
    ) -> Result<RecordPlace, TryReserveError> {
        if self.kept.is_empty() {
            self.bytes.clear();
        }
        let at = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.try_reserve(at.saturating_sub(self.bytes.len()).saturating_add(length))?;
        self.kept.try_reserve(1)?;
        self.bytes.resize(at, 0);
        copy(&mut self.bytes)?;
        Ok(RecordPlace::of_copy(at as u64, length as u64))
    }

    /// What was appended last is a copy of this record, which has this number.
    pub(super) fn keep(&mut self, place: RecordPlace, record: R, sequence: u64) {
        if self.kept.is_empty() {
            self.first = sequence;
        }
        self.kept.push_back((place, record));
    }

    /// The first `count` are done with.
    pub(super) fn finish(&mut self, count: usize) {
        let count = count.min(self.kept.len());
        self.kept.drain(..count);
        self.first = self.first.wrapping_add(count as u64);
    }

    /// Moves what is left to the beginning, so that what is given back again and again, behind others that were finished, does not take
    /// more and more memory.
    pub(super) fn compact(&mut self) {
        let Some(front) = self.get(0) else { return self.bytes.clear() };
        let passed = front.offset();
        if passed == 0 {
            return;
        }
        self.bytes.drain(..(passed as usize).min(self.bytes.len()));
        for (place, _) in &mut self.kept {
            *place = RecordPlace::of_copy(place.offset().saturating_sub(passed), place.length());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn append(copies: &mut Copies<u64>, sequence: u64, message: &[u8]) {
        let place = copies.append(message.len(), |bytes| {
            bytes.extend(message);
            Ok(())
        });
        copies.keep(place.unwrap(), sequence, sequence);
    }

    fn messages(copies: &Copies<u64>) -> Vec<(u64, &[u8])> {
        let of = |(index, place)| {
            let payload = copies.mark().payload(place, index);
            let at = payload.payload.0 as usize;
            (payload.sequence, &copies.bytes()[at..at + payload.length as usize])
        };
        (0..).map_while(|index| Some((index, copies.get(index)?))).map(of).collect()
    }

    #[test]
    fn what_is_not_finished_stays_in_order_and_takes_no_more_memory_than_it_needs() {
        let mut copies = Copies::new();
        append(&mut copies, 7, b"zero");
        for round in 0..1000 {
            append(&mut copies, 8 + round, b"a message of odd length");
            copies.finish(1);
            copies.compact();
            assert!(copies.len() <= 24, "{}", copies.len());
        }
        append(&mut copies, 1008, b"");
        assert_eq!(messages(&copies), [(1007, &b"a message of odd length"[..]), (1008, b"")]);
        copies.finish(5);
        assert_eq!((copies.count(), copies.front().is_none()), (0, true));
        append(&mut copies, 2000, b"behind a gap");
        assert_eq!((messages(&copies), copies.len()), (vec![(2000, &b"behind a gap"[..])], 12));
    }
}
