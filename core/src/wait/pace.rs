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
//!
//! The first look away takes less than a line transfer and back. If more came meanwhile than a sender sends that takes its
//! time, the next one takes twice as long, up to a bound that leaves most of the ring free; otherwise half. So what a
//! message waits for is what it takes to write the messages that are read with it.

/// How long to look away, if at all.
#[derive(Debug)]
pub struct Pace {
    /// Messages in a row that came quickly.
    quick: u32,
    /// A message that came within so many looks came quickly.
    quick_looks: u32,
    /// How long the last look away took, in pause instructions, and how long one may take.
    pauses: u32,
    pauses_max: u32,
    /// What had been taken when it began.
    taken: Taken,
}

/// What a receiver has taken since it joined.
#[derive(Debug, Clone, Copy, Default)]
pub struct Taken {
    /// Messages.
    pub messages: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

impl Pace {
    /// What is quick for a short message, and for the longest: fewer than all looks of an eager one.
    const QUICK_LOOKS: u32 = 8;
    const QUICK_LOOKS_MAX: u32 = 255;
    /// Bytes that are written in the time of a look.
    const BYTES_PER_LOOK: u32 = 4;
    /// So many quick ones in a row are a stream.
    const STREAM: u32 = 4;
    /// The first look away, in pause instructions: some 100 ns. And the longest: longer ones bring nothing.
    const PAUSES: u32 = 48;
    const PAUSES_MAX: u32 = 384;
    /// Pause instructions in which a sender at full speed writes no more than a few percent of a ring of so many bytes.
    const ROOM_PER_PAUSE: u64 = 256;
    /// A sender that sends fewer messages while one looks away, or less than a byte in so many pauses, takes its time.
    const MESSAGES: u64 = 2;
    const PAUSES_PER_BYTE: u64 = 2;

    /// For a ring of so many bytes; with 0, no look away is longer than the first.
    pub fn new(room: u64) -> Self {
        let pauses_max = (room / Self::ROOM_PER_PAUSE).clamp(Self::PAUSES.into(), Self::PAUSES_MAX.into()) as u32;
        Self { quick: 0, quick_looks: Self::QUICK_LOOKS, pauses: Self::PAUSES, pauses_max, taken: Taken::default() }
    }

    /// Looks away for a moment, if messages stream.
    #[inline]
    pub fn fall_back(&mut self, taken: Taken) {
        for _ in 0..self.pauses_after(taken) {
            std::hint::spin_loop();
        }
    }

    /// How long to look away now that so much was taken.
    #[inline]
    fn pauses_after(&mut self, taken: Taken) -> u32 {
        let before = std::mem::replace(&mut self.taken, taken);
        if self.quick < Self::STREAM {
            self.pauses = 0;
            return 0;
        }
        let messages = taken.messages.wrapping_sub(before.messages);
        let bytes = taken.bytes.wrapping_sub(before.bytes);
        let flows = messages >= Self::MESSAGES && bytes.saturating_mul(Self::PAUSES_PER_BYTE) >= u64::from(self.pauses);
        let wanted = if flows { 2 * self.pauses } else { self.pauses / 2 };
        self.pauses = wanted.clamp(Self::PAUSES, self.pauses_max);
        self.pauses
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

    /// How long a receiver looks away that takes `messages` of `bytes` each time, `times` times.
    fn pauses_of_a_stream(pace: &mut Pace, times: u32, messages: u64, bytes: u64) -> u32 {
        (0..times)
            .map(|_| {
                let Taken { messages: before, bytes: bytes_before } = pace.taken;
                pace.found_after(0);
                pace.pauses_after(Taken { messages: before + messages, bytes: bytes_before + messages * bytes })
            })
            .last()
            .unwrap()
    }

    #[test]
    fn only_several_quick_messages_in_a_row_are_a_stream() {
        let mut pace = Pace::new(1 << 20);
        for _ in 0..Pace::STREAM - 1 {
            pace.found_after(0);
        }
        assert_eq!(pace.pauses_after(Taken::default()), 0);
        pace.found_after(Pace::QUICK_LOOKS - 1);
        assert_eq!(pace.pauses_after(Taken::default()), Pace::PAUSES);
        pace.found_after(Pace::QUICK_LOOKS);
        assert_eq!(pace.pauses_after(Taken::default()), 0, "one that took its time ends the stream");
        pace.expect(1024);
        pace.found_after(Pace::QUICK_LOOKS);
        assert_eq!(pace.quick, 1, "long ones may take longer");
        pace.expect(u32::MAX);
        pace.found_after(Pace::QUICK_LOOKS_MAX);
        assert_eq!(pace.quick, 0, "but come while one looks eagerly");
    }

    #[test]
    fn the_more_comes_meanwhile_the_longer_one_looks_away() {
        let mut pace = Pace::new(1 << 20);
        assert_eq!(pauses_of_a_stream(&mut pace, 100, 100, 8), Pace::PAUSES_MAX);
        assert_eq!(pauses_of_a_stream(&mut pace, 1, 1, 1024), Pace::PAUSES_MAX / 2, "a single one is no flow");
        assert_eq!(pauses_of_a_stream(&mut pace, 1, 2, 8), Pace::PAUSES_MAX / 4, "nor are a few bytes");
        assert_eq!(pauses_of_a_stream(&mut pace, 100, 1, 8), Pace::PAUSES, "but a stream it is");
        pace.found_after(u32::MAX);
        assert_eq!(pauses_of_a_stream(&mut pace, Pace::STREAM, 100, 8), Pace::PAUSES, "the next one starts anew");
    }

    #[test]
    fn nobody_looks_away_until_a_ring_is_full() {
        assert_eq!(pauses_of_a_stream(&mut Pace::new(1 << 16), 100, 100, 8), 256);
        for room in [0, 64, 1 << 12] {
            assert_eq!(pauses_of_a_stream(&mut Pace::new(room), 100, 100, 8), Pace::PAUSES);
        }
    }
}
