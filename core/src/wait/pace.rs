//! Falling back a little while messages stream.
//!
//! A receiver that is faster than its sender finds the lane empty after every message, looks at the very line that the
//! sender is writing, and takes it away from it: each message then costs a line transfer both ways, though a line holds
//! several. So while messages stream, a receiver that found nothing looks away for a moment. The sender gets some lines
//! ahead, and the receiver then reads them at once.
//!
//! Messages stream if several times in a row the next one came within a few looks: about as many as it takes to write
//! one. In a round trip the answer takes twice as many at least, so there is no falling back then, and no latency is
//! added where one is waited for.

/// Whether messages stream.
#[derive(Debug)]
pub struct Pace {
    quick: u32,
    /// A message that came within so many looks came quickly.
    quick_looks: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self { quick: 0, quick_looks: Self::QUICK_LOOKS }
    }
}

impl Pace {
    /// What is quick for a short message, and for the longest: fewer than all looks of an eager one.
    const QUICK_LOOKS: u32 = 8;
    const QUICK_LOOKS_MAX: u32 = 255;
    /// Bytes that are written in the time of a look.
    const BYTES_PER_LOOK: u32 = 4;
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

    /// Messages have about so many bytes.
    #[inline]
    pub fn expect(&mut self, bytes: u32) {
        self.quick_looks = (Self::QUICK_LOOKS + bytes / Self::BYTES_PER_LOOK).min(Self::QUICK_LOOKS_MAX);
    }

    /// The next message came after this many looks in vain.
    #[inline]
    pub fn found_after(&mut self, looks: u32) {
        self.quick = if looks < self.quick_looks { self.quick.saturating_add(1) } else { 0 };
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
        pace.expect(1024);
        pace.found_after(Pace::QUICK_LOOKS);
        assert_eq!(pace.quick, 1, "long ones may take longer");
        pace.expect(u32::MAX);
        pace.found_after(Pace::QUICK_LOOKS_MAX);
        assert_eq!(pace.quick, 0, "but come while one looks eagerly");
    }
}
