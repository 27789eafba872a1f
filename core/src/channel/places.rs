//! The places of a batch's messages, in memory that may run out.
//!
//! ```text
//! all    │ done with │ done with │ left │ done with │ left │ left │     indices are stable
//!                                  ▲ first            └ a hole: only kinds have these whose messages are finished one by one
//! ```

/// So many messages are received at once, whatever the caller allows: what a batch costs in time and memory has a bound, however
/// many messages somebody says that there are.
const BATCH_MAX: usize = 1 << 16;

/// The places of the messages of a batch, those included that are done with. Kept from one batch to the next for its allocation.
#[derive(Debug)]
pub(crate) struct Places<P> {
    all: Vec<P>,
    /// Those before it are done with.
    first: usize,
    /// Those behind `first` that are done with.
    holes: usize,
}

impl<P: Copy> Places<P> {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), first: 0, holes: 0 }
    }

    /// The batch is over.
    #[inline]
    pub(super) fn clear(&mut self) {
        self.all.clear();
        (self.first, self.holes) = (0, 0);
    }

    /// Whether there is no batch.
    #[inline]
    pub(super) fn is_over(&self) -> bool {
        self.all.is_empty()
    }

    /// All places, for a batch that is being collected.
    #[inline]
    pub(super) fn all_mut(&mut self) -> &mut Vec<P> {
        &mut self.all
    }

    /// How many messages the batch began with.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// How many messages are left.
    #[inline]
    pub(super) fn left(&self) -> usize {
        self.all.len() - self.first - self.holes
    }

    /// The index of the first message that may be left, and the places from there on. Those are left, but for the holes.
    #[inline]
    pub(super) fn rest(&self) -> (usize, &[P]) {
        (self.first, &self.all[self.first..])
    }

    /// The place at `index`, if it is left or a hole.
    #[inline]
    pub(super) fn get(&self, index: usize) -> Option<P> {
        if index < self.first { None } else { self.all.get(index).copied() }
    }

    /// The next `passed` places are done with, `holes` of which were already.
    pub(super) fn pass(&mut self, passed: usize, holes: usize) {
        self.first += passed;
        self.holes -= holes;
    }

    /// The place at `index`, which was left, becomes a hole.
    pub(super) fn make_hole(&mut self, index: usize, hole: P) {
        self.all[index] = hole;
        self.holes += 1;
    }

    /// Removes the holes, for a batch that is being ended: indices do not matter any more.
    #[inline]
    pub(super) fn close_holes(&mut self, is_left: impl Fn(&P) -> bool) {
        if self.holes > 0 {
            self.all.drain(..self.first);
            self.all.retain(is_left);
            (self.first, self.holes) = (0, 0);
        }
    }

    /// How many more places can be added without another look at memory, if there are to be `max` in all: none if there are so
    /// many, or no memory for more.
    pub(super) fn room_for_more(&mut self, max: usize) -> usize {
        /// More would be asked for at once than a small batch needs.
        const FIRST: usize = 64;
        let all = &mut self.all;
        let wanted = max.min(BATCH_MAX).saturating_sub(all.len());
        if wanted > all.capacity() - all.len() {
            // Twice as many as before, as a vector grows by itself. What is refused leaves it as it is.
            let _ = all.try_reserve_exact(wanted.min(all.len().max(FIRST)));
        }
        wanted.min(all.capacity() - all.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_grow_as_they_are_used_up_to_the_bound() {
        let mut places: Places<u64> = Places::new();
        let mut steps = 0;
        loop {
            let room = places.room_for_more(usize::MAX);
            if room == 0 {
                break;
            }
            places.all_mut().extend(std::iter::repeat_n(0, room));
            steps += 1;
        }
        assert_eq!((places.len(), steps), (BATCH_MAX, 11));
        assert_eq!(places.room_for_more(3), 0, "there are more");
    }

    #[test]
    fn where_there_is_no_memory_there_is_no_room() {
        let mut places: Places<[u8; 1 << 55]> = Places::new();
        assert_eq!(places.room_for_more(10), 0);
    }

    #[test]
    fn what_is_done_with_is_not_left_and_moves_no_index() {
        let mut places: Places<u8> = Places::new();
        places.all_mut().extend(0..6);
        places.make_hole(3, u8::MAX);
        places.pass(2, 0);
        assert_eq!((places.len(), places.left(), places.rest()), (6, 3, (2, &[2, u8::MAX, 4, 5][..])));
        assert_eq!((places.get(1), places.get(2), places.get(3), places.get(6)), (None, Some(2), Some(u8::MAX), None));
        places.make_hole(5, u8::MAX);
        places.pass(2, 1);
        assert_eq!((places.left(), places.rest()), (1, (4, &[4, u8::MAX][..])));
        places.close_holes(|place| *place != u8::MAX);
        assert_eq!((places.left(), places.rest()), (1, (0, &[4][..])));
        places.clear();
        assert_eq!((places.is_over(), places.left()), (true, 0));
    }
}
