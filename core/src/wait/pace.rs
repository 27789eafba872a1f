//! Backing off a little while messages stream.
//!
//! A receiver that is faster than its sender finds the lane empty after every few messages. It then looks at the very line
//! that the sender is writing, and takes it away from the sender: each line is transferred several times, though it holds
//! several messages. So while messages stream, a receiver that found nothing looks away for a moment. The sender gets some
//! lines ahead, and the receiver then reads them at once.
//!
//! Messages stream if, several times in a row, more than one was there, or the next one came within a few looks (about as
//! many as it takes to write one). In a round trip one comes each time, and an answer takes longer than that.
//!
//! If enough was there after a look away, the next one takes twice as long, up to a bound that leaves most of the ring
//! free. Otherwise it takes half as long, and in the end there is none. So a message waits for about as long as it takes to
//! write the messages that are read with it.
//!
//! Two things show that there was no stream: a longer look away that brought no more messages than the one before, because
//! the sender waits for the receiver (requests of several messages look like a stream at first), and a first look away that
//! brought too little. The next stream then has to last twice as long to be believed.

use crate::region::Clock;
use std::time::Duration;

/// How long to look away, if at all.
#[derive(Debug)]
pub struct Pace {
    /// Waits in a row that looked like a stream, and how many of them make one.
    streaming: u32,
    patience: u32,
    /// Looks in vain of the last wait.
    looks: u32,
    /// How long the last look away took, and how long one may take, in nanoseconds.
    away_ns: u32,
    away_max_ns: u32,
    /// How many messages the look away before the last one brought, if the last one was twice as long.
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

impl Pace {
    /// So many looks are quick for a short message; what is written in the time of a further one, in bytes; and what is quick
    /// for the longest: fewer than a spin begins with.
    const QUICK_LOOKS: u64 = 2;
    const BYTES_PER_LOOK: u64 = 48;
    const QUICK_LOOKS_MAX: u64 = 48;
    /// How many waits make a stream, at first and at most.
    const PATIENCE: u32 = 4;
    const PATIENCE_MAX: u32 = 1024;
    /// The first look away, for messages of 0 bytes, in nanoseconds; and for how many bytes a nanosecond more.
    const AWAY_NS: u64 = 500;
    const BYTES_PER_NS: u64 = 4;
    /// The longest: longer ones bring nothing.
    const AWAY_MAX_NS: u64 = 4_000;
    /// In a nanosecond, a sender at full speed writes less than an eighth of so many bytes.
    const ROOM_PER_NS: u64 = 24;
    /// A sender that writes fewer messages in a look away, or less than a byte in so many nanoseconds, headers included, takes its time.
    const MESSAGES: u64 = 2;
    const NS_PER_BYTE: u64 = 4;
    const HEADER_BYTES: u64 = 8;
    /// Fewer messages than this may be a request.
    const REQUEST: u64 = 16;

    /// For a ring of so many bytes.
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

    /// To be called before waiting: looks away for a moment if messages stream.
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

    /// The next message came after this many looks in vain.
    #[inline]
    pub fn found_after(&mut self, looks: u32) {
        self.looks = looks;
    }

    /// How long to look away now that so much was taken, in nanoseconds.
    #[inline]
    fn away_after(&mut self, taken: Taken) -> u32 {
        let before = std::mem::replace(&mut self.taken, taken);
        if taken == before {
            // Still the same wait.
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

    fn quick_looks(bytes: u64) -> u64 {
        Self::QUICK_LOOKS.saturating_add(bytes / Self::BYTES_PER_LOOK).min(Self::QUICK_LOOKS_MAX)
    }

    fn first_away_ns(&self, messages: u64, bytes: u64) -> u32 {
        let wanted = Self::AWAY_NS.saturating_add(bytes.checked_div(messages).unwrap_or(bytes) / Self::BYTES_PER_NS);
        wanted.min(self.away_max_ns.into()) as u32
    }

    /// So much was taken after the last look away, the first of it after this many looks.
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

    /// That was no stream.
    fn stop(&mut self) {
        (self.away_ns, self.streaming) = (0, 0);
        self.patience = self.patience.saturating_mul(2).min(Self::PATIENCE_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: u64 = 1 << 20;

    /// How long a receiver looks away at the end of `waits` waits, each after it took `messages` of `bytes` each, the first of
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

    /// A stream in which a longer look away brings more.
    fn flow(pace: &mut Pace, waits: u32) -> u32 {
        (0..waits).fold(0, |away, _| away_after(pace, 1, 100 + u64::from(away), 8, 0))
    }

    #[test]
    fn the_more_comes_meanwhile_the_longer_one_looks_away() {
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
    fn a_look_away_in_vain_is_not_repeated_soon() {
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
    fn nobody_looks_away_until_a_ring_is_full() {
        assert_eq!(flow(&mut Pace::new(1 << 16), 100), (1 << 16) / Pace::ROOM_PER_NS as u32);
        assert_eq!(flow(&mut Pace::new(0), 100), 0);
    }
}
