//! Falling back a little while messages stream.
//!
//! A receiver that is faster than its sender finds the lane empty after every message, looks at the very line that the
//! sender is writing, and takes it away from it: each message then costs a line transfer both ways, though a line holds
//! several. So while messages stream, a receiver that found nothing looks away for a moment. The sender gets some lines
//! ahead, and the receiver then reads them at once.
//!
//! Messages stream if several times in a row the next one came within a few looks. In a round trip the answer takes
//! many, so there is no falling back then, and no latency is added where one is waited for.

/// Whether messages stream.
#[derive(Debug, Default)]
pub struct Pace {
    quick: u32,
}

impl Pace {
    /// A message that came within so many looks came quickly.
    const QUICK_LOOKS: u32 = 8;
    /// So many quick ones in a row are a stream.
    const STREAM: u32 = 4;
    /// How long a receiver looks away, in pause instructions: some 100 ns, less than a line transfer and back.
    const PAUSES: u32 = 48;

    /// Looks away for a moment, if messages stream.
    #[inline]
    pub fn fall_back(&self) {
        if self.quick >= Self::STREAM {
            for _ in 0..Self::PAUSES {
                std::hint::spin_loop();
            }
        }
    }

    /// The next message came after this many looks in vain.
    #[inline]
    pub fn found_after(&mut self, looks: u32) {
        self.quick = if looks < Self::QUICK_LOOKS { self.quick.saturating_add(1) } else { 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_several_quick_messages_in_a_row_are_a_stream() {
        let mut pace = Pace::default();
        for _ in 0..Pace::STREAM - 1 {
            pace.found_after(0);
        }
        assert!(pace.quick < Pace::STREAM);
        pace.found_after(Pace::QUICK_LOOKS - 1);
        assert!(pace.quick >= Pace::STREAM);
        pace.found_after(Pace::QUICK_LOOKS);
        assert_eq!(pace.quick, 0, "one that took its time ends the stream");
    }
}
