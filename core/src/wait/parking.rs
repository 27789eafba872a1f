//! The eventcount's surroundings in a real process: the channel's fences and futexes.

use super::eventcount::Parking;
use crate::region::{Moment, Signals};
use crate::sync::AtomicU32;

impl Parking for Signals {
    type Until = Moment;

    #[inline]
    fn light_fence(&self) {
        Signals::light_fence(*self);
    }

    fn heavy_fence(&self) {
        Signals::heavy_fence(*self);
    }

    fn park(&self, word: &AtomicU32, expected: u32, until: Moment) {
        self.wait(word, expected, until);
    }

    fn unpark_all(&self, word: &AtomicU32) {
        self.wake_all(word);
    }

    fn unpark_one(&self, word: &AtomicU32) -> bool {
        self.wake_one(word)
    }
}
