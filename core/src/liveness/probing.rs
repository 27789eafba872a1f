//! Which participant looks for the dead at the end of a slice, and how long the others may sleep.
//!
//! One look a slice is enough for a channel, however many participants wait there. A word of the channel says when the last
//! look began. The first participant that ends its slice at least a slice later claims the next look, by a CAS of the word. The
//! clock is that of the day, which is the same in all time namespaces, unlike the monotonic one. If somebody sets it, a look
//! comes too early, or, once, up to a slice too late.
//!
//! A death is found within two slices. The look before it began before it, so the next one is due a slice later at the latest,
//! and comes as soon as any other participant then ends its own slice. If that participant stops or dies in the middle of its
//! look, another look is due a slice later.
//!
//! The more participants there are, the longer they sleep, so that waking up costs a crowd no more than it costs a few. Each
//! sleeps for a random time between one slice and n slices, n being the number of participants divided by [`ENOUGH`]. Then
//! about twice [`ENOUGH`] wake up in each slice, spread over all of it even after all were woken at once, and enough of them
//! are left when many die together.
//!
//! The words prove nothing, since a peer may write anything to them. So no participant relies on the others more than
//! [`SKIPS_MAX`] times in a row, nor sleeps for more than [`SLICES_MAX`] slices.

use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;

/// At most so often in a row, a participant relies on the others for a look.
const SKIPS_MAX: u32 = 300;

/// So many participants are enough for slices to end all the time. Where there are more, each sleeps longer.
const ENOUGH: u64 = 32;

/// No participant sleeps for more slices.
const SLICES_MAX: u64 = 32;

/// What one participant remembers of the looks.
#[derive(Debug)]
pub struct Probing {
    skips: u32,
    /// Random bits, which differ from the other participants'.
    random: u64,
    /// The row before which its last look ran out of time, if it did.
    go_on_at: Option<u32>,
}

impl Probing {
    /// For the participant with this number.
    pub fn new(number: u64) -> Self {
        Self { skips: 0, random: number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1, go_on_at: None }
    }

    /// Claims the next look for the dead, if one is due. To be called at the end of a slice.
    ///
    /// True: the caller looks now. `slice`: its length in nanoseconds.
    /// `last`: when the last look began; `now`: the time of the day, likewise in nanoseconds.
    // Relaxed: what a look finds, the rows and the kernel tell.
    pub fn claim(&mut self, last: &AtomicU64, now: u64, slice: u64) -> bool {
        let seen = last.load(Relaxed);
        // A look far in the future was made before somebody set the clock back. One a moment ahead was made by a participant that
        // read the clock later. An eighth less: the day's clock may be a little slower than the one that slices end by.
        let is_recent = now.abs_diff(seen) < slice - slice / 8;
        if is_recent && self.skips < SKIPS_MAX {
            self.skips += 1;
            return false;
        }
        self.skips = 0;
        last.compare_exchange(seen, now, Relaxed, Relaxed).is_ok()
    }

    /// Where the next look begins.
    pub fn first_row(&self) -> u32 {
        self.go_on_at.unwrap_or(0)
    }

    /// Notes that a look is over, or that it stopped before this row.
    ///
    /// If it stopped, the next one goes on at the row, and is due at once: the participant that ends its slice next makes it.
    pub fn looked(&mut self, last: &AtomicU64, go_on_at: Option<u32>) {
        self.go_on_at = go_on_at;
        if go_on_at.is_some() {
            last.store(0, Relaxed);
        }
    }

    /// Whether the last look of this participant stopped before its end.
    pub fn is_behind(&self) -> bool {
        self.go_on_at.is_some()
    }

    /// How long to sleep next among so many participants, given the length of a slice.
    pub fn span(&mut self, participants: u64, slice: u64) -> u64 {
        // Marsaglia's xorshift, 64 bits.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let slices = (participants / ENOUGH).clamp(1, SLICES_MAX);
        slice + (slices - 1) * ((slice * (self.random >> 54)) >> 10)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const SLICE: u64 = 1_000_000;

    /// Participants that do nothing but sleep and look, and a clock that stands still while they do.
    struct Crowd {
        last: AtomicU64,
        sleepers: Vec<Probing>,
        /// When each wakes up, the earliest first.
        ends: BTreeSet<(u64, usize)>,
        wakes: u64,
        looks: Vec<u64>,
    }

    impl Crowd {
        /// All begin to sleep at the same moment.
        fn of(count: u64) -> Self {
            let mut sleepers: Vec<_> = (0..count).map(|number| Probing::new(number + 4096)).collect();
            let spans = sleepers.iter_mut().map(|probing| probing.span(count, SLICE));
            let ends = spans.enumerate().map(|(index, span)| (span, index)).collect();
            Self { last: AtomicU64::new(0), sleepers, ends, wakes: 0, looks: Vec::new() }
        }

        fn run(&mut self, until: u64) {
            let count = self.sleepers.len() as u64;
            while let Some((end, index)) = self.ends.first().copied().filter(|(end, _)| *end < until) {
                self.ends.pop_first();
                self.wakes += 1;
                if self.sleepers[index].claim(&self.last, end, SLICE) {
                    self.looks.push(end);
                }
                self.ends.insert((end + self.sleepers[index].span(count, SLICE), index));
            }
        }

        fn longest_pause(&self) -> u64 {
            self.looks.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(u64::MAX)
        }
    }

    #[test]
    fn however_many_there_are_one_looks_in_a_slice_and_a_death_waits_for_less_than_two() {
        for count in [1, 2, 31, 64, 100, 512, 1024] {
            let mut crowd = Crowd::of(count);
            crowd.run(200 * SLICE);
            assert!(crowd.looks[0] < 2 * SLICE && crowd.longest_pause() < 2 * SLICE, "{count}: {:?}", crowd.looks);
            assert!(
                crowd.looks.len() <= 230 + 200 * count as usize / SKIPS_MAX as usize,
                "{count}: {}",
                crowd.looks.len()
            );
        }
    }

    #[test]
    fn a_crowd_wakes_up_no_more_often_than_a_few() {
        let wakes = |count| {
            let mut crowd = Crowd::of(count);
            crowd.run(1000 * SLICE);
            crowd.wakes
        };
        assert_eq!(wakes(1), 999);
        for count in [64, 256, 512, 1024] {
            assert!(wakes(count) < 80 * 1000, "{count}: {}", wakes(count));
        }
    }

    #[test]
    fn those_who_are_left_look_in_time_when_most_have_died() {
        let mut crowd = Crowd::of(512);
        crowd.run(50 * SLICE);
        crowd.ends.retain(|(_, index)| *index < 112);
        crowd.looks.clear();
        crowd.run(53 * SLICE);
        assert!(crowd.looks.first().is_some_and(|look| *look < 52 * SLICE), "{:?}", crowd.looks);
    }

    #[test]
    fn a_look_that_was_claimed_by_one_that_stopped_is_due_again_after_a_slice() {
        let last = AtomicU64::new(0);
        let (mut stopped, mut other) = (Probing::new(1), Probing::new(2));
        assert!(stopped.claim(&last, 5 * SLICE, SLICE));
        assert!(!other.claim(&last, 5 * SLICE + 1, SLICE));
        assert!(other.claim(&last, 6 * SLICE, SLICE));
    }

    #[test]
    fn a_clock_that_is_set_keeps_nobody_from_looking() {
        let (last, mut probing) = (AtomicU64::new(1 << 60), Probing::new(1));
        assert!(probing.claim(&last, 5 * SLICE, SLICE), "a look in the future");
        assert!(probing.claim(&last, 1 << 61, SLICE), "long ago");
    }

    #[test]
    fn nobody_believes_the_words_for_ever() {
        let (last, mut probing) = (AtomicU64::new(0), Probing::new(1));
        let looks = (1..=10 * u64::from(SKIPS_MAX) + 10).filter(|&now| {
            last.store(now, Relaxed);
            probing.claim(&last, now, SLICE)
        });
        assert!(looks.count() >= 10);
        assert!((0..1000).all(|_| probing.span(u64::MAX, SLICE) <= SLICES_MAX * SLICE));
    }
}
