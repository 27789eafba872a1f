//! Backing off for a moment while messages stream.
//!
//! **Why.** A receiver that is faster than its sender finds the lane empty after every few messages. It then looks at the cache
//! line that the sender is writing, and so takes the line away from the sender. Each line is transferred several times, though
//! it holds several messages. If the receiver does not look for a moment instead, the sender gets some lines ahead, and the
//! receiver then reads them in one go. Such a moment is called a *pause* here.
//!
//! **When.** A receiver that found nothing pauses while messages stream. They stream if, several times in a row, more than one
//! message was there, or the next one came within a few looks: about as many as fit into the time that writing one takes. In a
//! round trip, one message comes each time, and it takes longer to come.
//!
//! **For how long.** If a pause brought enough, the next one is twice as long, up to a bound that leaves most of the ring free.
//! Otherwise the next one is half as long, and a short one is the last. So a message waits for about as long as it takes to
//! write the messages that are read with it.
//!
//! **When it was no stream.** Two things show that: a pause that was twice as long as the one before, and brought no more
//! messages, because the sender waits for the receiver (requests of several messages look like a stream at first); and a first
//! pause that brought too little. After that, it takes twice as many waits that look like a stream before the receiver pauses
//! again.

use crate::region::Clock;
use std::time::Duration;

/// Decides whether a receiver pauses, and for how long. See the module.
#[derive(Debug)]
pub struct Pace {
    /// Waits in a row that looked like a stream, and how many of them make one.
    streaming: u32,
    patience: u32,
    /// Looks in vain of the last wait.
    looks: u32,
    /// How long the last pause was, 0 if there was none, and how long one may be, in nanoseconds.
    away_ns: u32,
    away_max_ns: u32,
    /// How many messages the pause before the last one brought, if the last one was twice as long.
    outgrown: Option<u64>,
    /// What had been taken before the last wait.
    taken: Taken,
}

/// What a receiver has taken since it joined.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Messages.
    pub messages: u64,
    /// Bytes of payload.
    pub bytes: u64,
}

impl Taken {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { messages: self.messages.wrapping_add(other.messages), bytes: self.bytes.wrapping_add(other.bytes) }
    }
}

impl Pace {
    /// A short message that comes within fewer looks than this came quickly.
    const QUICK_LOOKS: u64 = 2;
    /// One look more for this many bytes: a sender writes them in the time of a look.
    const BYTES_PER_LOOK: u64 = 48;
    /// The most looks, for the longest messages. A spin begins with more.
    const QUICK_LOOKS_MAX: u64 = 48;
    /// How many waits make a stream, at first and at most.
    const PATIENCE: u32 = 4;
    const PATIENCE_MAX: u32 = 1024;
    /// The first pause, for messages of 0 bytes, in nanoseconds.
    const AWAY_NS: u64 = 500;
    /// The first pause is one nanosecond longer for this many bytes of a message.
    const BYTES_PER_NS: u64 = 4;
    /// The longest pause. Longer ones bring nothing more.
    const AWAY_MAX_NS: u64 = 4_000;
    /// A pause is at most this part of the ring's bytes, in nanoseconds. Even a sender at full speed writes less than an eighth
    /// of the ring in that time.
    const ROOM_PER_NS: u64 = 24;
    /// A pause that brought fewer messages than this did not bring enough.
    const MESSAGES: u64 = 2;
    /// Nor did one that brought less than a byte, headers included, for each time that this many nanoseconds passed.
    const NS_PER_BYTE: u64 = 4;
    const HEADER_BYTES: u64 = 8;
    /// Fewer messages than this may be a request, whose sender waits for an answer.
    const REQUEST: u64 = 16;

    /// For a ring of `room` bytes.
    pub fn new(room: u64) -> Self {
        Self {
            streaming: 0,
            patience: Self::PATIENCE,
            looks: u32::MAX,
            away_ns: 0,
            outgrown: None,
            away_max_ns: (room / Self::ROOM_PER_NS).min(Self::AWAY_MAX_NS) as u32,
            taken: Taken::default(),
        }
    }

    /// Pauses, if messages stream. The caller is about to wait, and has taken `taken` so far.
    #[inline]
    pub fn back_off(&mut self, taken: Taken) {
        let away_ns = self.away_after(taken);
        if away_ns > 0 {
            let end = Clock::now().plus(Duration::from_nanos(away_ns.into()));
            while Clock::now() < end {
                std::hint::spin_loop();
            }
        }
    }

    /// Notes that the next message came after this many looks in vain.
    #[inline]
    pub fn found_after(&mut self, looks: u32) {
        self.looks = looks;
    }

    /// How long to pause now that `taken` was taken in all, in nanoseconds. 0: not at all.
    #[inline]
    fn away_after(&mut self, taken: Taken) -> u32 {
        let before = std::mem::replace(&mut self.taken, taken);
        if taken == before {
            // Nothing was taken since: it is one wait with the last call's.
            return 0;
        }
        let messages = taken.messages.wrapping_sub(before.messages);
        let bytes = taken.bytes.wrapping_sub(before.bytes);
        let looks = std::mem::replace(&mut self.looks, u32::MAX);
        if self.away_ns > 0 {
            self.adapt(messages, bytes, looks);
        } else if messages >= Self::MESSAGES || u64::from(looks) < Self::quick_looks(bytes) {
            self.streaming = self.streaming.saturating_add(1);
            if self.streaming >= self.patience {
                self.away_ns = self.first_away_ns(messages, bytes);
            }
        } else {
            self.streaming = 0;
        }
        self.away_ns
    }

    /// So many bytes came quickly if they came within fewer looks than this.
    fn quick_looks(bytes: u64) -> u64 {
        Self::QUICK_LOOKS.saturating_add(bytes / Self::BYTES_PER_LOOK).min(Self::QUICK_LOOKS_MAX)
    }

    /// How long the first pause of a stream is, in which so many messages have so many bytes together.
    fn first_away_ns(&self, messages: u64, bytes: u64) -> u32 {
        let wanted = Self::AWAY_NS.saturating_add(bytes.checked_div(messages).unwrap_or(bytes) / Self::BYTES_PER_NS);
        wanted.min(self.away_max_ns.into()) as u32
    }

    /// Makes the next pause longer or shorter. After the last one, so much was taken, the first message after this many looks.
    fn adapt(&mut self, messages: u64, bytes: u64, looks: u32) {
        let written = messages.saturating_mul(Self::HEADER_BYTES).saturating_add(bytes);
        let flows = looks == 0
            && messages >= Self::MESSAGES
            && written.saturating_mul(Self::NS_PER_BYTE) >= u64::from(self.away_ns);
        match self.outgrown.take() {
            Some(before) if messages <= before && before < Self::REQUEST => self.stop(),
            outgrown if flows => {
                let doubled = self.away_ns.saturating_mul(2);
                let longer = doubled.min(self.away_max_ns);
                if outgrown.is_some() {
                    self.patience = Self::PATIENCE;
                }
                self.outgrown = (longer == doubled).then_some(messages);
                self.away_ns = longer;
            }
            _ if u64::from(self.away_ns) >= 2 * Self::AWAY_NS => self.away_ns /= 2,
            _ => self.stop(),
        }
    }

    /// Ends the pauses, and makes the next stream harder to believe in: this was none.
    fn stop(&mut self) {
        (self.away_ns, self.streaming) = (0, 0);
        self.patience = self.patience.saturating_mul(2).min(Self::PATIENCE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u64 = 1 << 20;

    /// How long a receiver pauses at the end of `waits` waits, each after it took `messages` of `bytes` each, the first of
    /// them after so many `looks`.
    fn away_after(pace: &mut Pace, waits: u32, messages: u64, bytes: u64, looks: u32) -> u32 {
        let mut away = 0;
        for _ in 0..waits {
            pace.found_after(looks);
            let Taken { messages: before, bytes: bytes_before } = pace.taken;
            away = pace.away_after(Taken { messages: before + messages, bytes: bytes_before + messages * bytes });
        }
        away
    }

    #[test]
    fn several_messages_each_time_are_a_stream() {
        let mut pace = Pace::new(ROOM);
        assert_eq!(away_after(&mut pace, Pace::PATIENCE - 1, 2, 8, 50), 0);
        assert_eq!(away_after(&mut pace, 1, 1, 8, 50), 0, "one interrupts it");
        assert_eq!(away_after(&mut pace, Pace::PATIENCE - 1, 2, 8, 50), 0);
        assert!(away_after(&mut pace, 1, 2, 8, 50) > 0);
    }

    #[test]
    fn so_are_single_ones_that_come_quickly_and_answers_are_not() {
        assert!(away_after(&mut Pace::new(ROOM), Pace::PATIENCE, 1, 8, 0) > 0);
        assert_eq!(away_after(&mut Pace::new(ROOM), 1000, 1, 8, 3), 0);
        assert!(away_after(&mut Pace::new(ROOM), Pace::PATIENCE, 1, 1024, 20) > 0, "long ones may take longer");
        assert_eq!(away_after(&mut Pace::new(ROOM), 1000, 1, 1024, 30), 0);
        assert_eq!(away_after(&mut Pace::new(ROOM), 1000, 1, 1 << 20, 64), 0, "but not as long as it takes");
        assert_eq!(away_after(&mut Pace::new(ROOM), 1000, 0, 0, 0), 0, "nothing came at all");
    }

    /// A stream in which a longer pause brings more.
    fn flow(pace: &mut Pace, waits: u32) -> u32 {
        (0..waits).fold(0, |away, _| away_after(pace, 1, 100 + u64::from(away), 8, 0))
    }

    #[test]
    fn the_more_comes_meanwhile_the_longer_is_the_pause() {
        let mut pace = Pace::new(ROOM);
        let longest = Pace::AWAY_MAX_NS as u32;
        assert_eq!(flow(&mut pace, 100), longest);
        assert_eq!(away_after(&mut pace, 1, 1, 8192, 0), longest / 2, "a single one is no flow");
        assert_eq!(away_after(&mut pace, 1, 20, 8, 0), longest / 4, "nor are a few bytes");
        assert_eq!(flow(&mut pace, 3), longest);
        assert_eq!(away_after(&mut pace, 1, 1000, 8, 1), longest / 2, "nor is what was not there yet");
        assert_eq!(away_after(&mut pace, 1, 0, 0, 9), 0, "the same wait goes on");
        assert_eq!(flow(&mut Pace::new(ROOM), 100), longest, "messages of no bytes are messages");
    }

    #[test]
    fn a_pause_in_vain_is_not_repeated_soon() {
        // Single messages that always come at once; requests of two; and of two long ones.
        for (messages, bytes) in [(1, 8), (2, 128), (2, 1024)] {
            let mut pace = Pace::new(ROOM);
            let aways: Vec<u32> = (0..100_000).filter(|_| away_after(&mut pace, 1, messages, bytes, 0) > 0).collect();
            let rare = aways.iter().filter(|&&wait| wait > 10_000).count();
            assert!(rare < 90_000 * 3 / Pace::PATIENCE_MAX as usize, "{messages} × {bytes}: {rare}");
            assert!(flow(&mut pace, 2 * Pace::PATIENCE_MAX) > 0, "a stream is noticed even so");
            assert_eq!(pace.patience, Pace::PATIENCE);
        }
    }

    #[test]
    fn no_pause_lasts_until_a_ring_is_full() {
        assert_eq!(flow(&mut Pace::new(1 << 16), 100), (1 << 16) / Pace::ROOM_PER_NS as u32);
        assert_eq!(flow(&mut Pace::new(0), 100), 0);
    }
}
