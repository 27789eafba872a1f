//! Which participant looks for the dead at the end of a slice: one of many, in turn.
//!
//! ```text
//! word    claimed:32 | done:32                         counters of looks, in the channel's control words
//!
//! claimed = done, and done moved since my last slice ended     another participant looked meanwhile: skip
//! otherwise                                                    claim the next look by a CAS · look · done := claimed
//! ```
//!
//! The word holds no clock: clocks of different time namespaces differ. It proves nothing either, since a peer may write
//! anything to it: so nobody skips more than [`SKIPS_MAX`] times in a row.
//!
//! A death is found within two slices. The look before the death may let each of the others skip once, at the end of the
//! slice in which it was made; whoever ends its next slice first finds that nobody looked since, and looks. A look that was
//! claimed and never finished, since its participant stopped or died, lets nobody skip; only a participant that lost that very
//! claim, at the same moment, finds it out at the end of its next slice.

use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;

/// So often in a row a participant relies on the others: half a minute of slices.
const SKIPS_MAX: u32 = 300;

/// What one participant remembers of the looks.
#[derive(Debug, Default)]
pub struct Probing {
    /// `done` at the end of its last slice.
    seen: u32,
    skips: u32,
}

/// The right and the duty to look once.
#[derive(Debug)]
#[must_use = "look for the dead, then say that it is done"]
pub struct Claim(u32);

fn word_of(claimed: u32, done: u32) -> u64 {
    u64::from(claimed) << 32 | u64::from(done)
}

impl Probing {
    /// At the end of a slice. `None`: another participant looks, or did.
    // Relaxed, here and below: what a look finds, the rows and the kernel tell.
    pub fn claim(&mut self, word: &AtomicU64) -> Option<Claim> {
        let seen = word.load(Relaxed);
        let (claimed, done) = ((seen >> 32) as u32, seen as u32);
        let others_looked = claimed == done && done != self.seen;
        self.seen = done;
        if others_looked && self.skips < SKIPS_MAX {
            self.skips += 1;
            return None;
        }
        self.skips = 0;
        let ours = claimed.wrapping_add(1);
        match word.compare_exchange(seen, word_of(ours, done), Relaxed, Relaxed) {
            Ok(_) => Some(Claim(ours)),
            Err(moved) => {
                // A look that is over by now may have begun long ago: at the end of the next slice it is no excuse.
                self.seen = moved as u32;
                None
            }
        }
    }

    /// The look was made.
    pub fn done(&mut self, word: &AtomicU64, claim: Claim) {
        self.seen = claim.0;
        // If another participant claimed the next look meanwhile, it says so when that one is done.
        let seen = word.load(Relaxed);
        if (seen >> 32) as u32 == claim.0 {
            let _ = word.compare_exchange(seen, word_of(claim.0, claim.0), Relaxed, Relaxed);
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// One slice of one participant. Whether it looked.
    fn slice(probing: &mut Probing, word: &AtomicU64) -> bool {
        let claim = probing.claim(word);
        let looked = claim.is_some();
        if let Some(claim) = claim {
            probing.done(word, claim);
        }
        looked
    }

    #[test]
    fn one_participant_looks_at_every_slice() {
        let (word, mut alone) = (AtomicU64::new(0), Probing::default());
        assert!((0..100).all(|_| slice(&mut alone, &word)));
    }

    #[test]
    fn of_many_one_looks_in_a_slice_and_none_of_them_rests_for_more_than_one() {
        let word = AtomicU64::new(0);
        let mut many: Vec<_> = (0..1000).map(|_| Probing::default()).collect();
        let mut since_last = 0;
        let mut looks = 0;
        for turn in 0..100_000 {
            let looked = slice(&mut many[turn % 1000], &word);
            looks += usize::from(looked);
            since_last = if looked { 0 } else { since_last + 1 };
            assert!(since_last < 2 * 1000, "nobody looked for two slices");
        }
        // One by turns, and each participant's own once in so many slices.
        assert!(looks <= 101 + 100 * 1000 / SKIPS_MAX as usize, "{looks} looks in 100 slices of 1000");
    }

    #[test]
    fn a_look_that_is_never_finished_is_taken_over_at_once() {
        let word = AtomicU64::new(0);
        let (mut stopped, mut other) = (Probing::default(), Probing::default());
        let claim = stopped.claim(&word).expect("the first one");
        assert!(slice(&mut other, &word), "nothing was done");
        stopped.done(&word, claim);
        assert!(slice(&mut other, &word), "a late end hides nothing");
    }

    #[test]
    fn nobody_believes_the_word_for_ever() {
        let (word, mut probing) = (AtomicU64::new(0), Probing::default());
        let looks = (1..=10 * SKIPS_MAX + 10).filter(|&done| {
            word.store(word_of(done, done), Relaxed);
            slice(&mut probing, &word)
        });
        assert!(looks.count() >= 10);
    }
}
