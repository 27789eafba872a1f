//! Messages that anybody may get: all of a message is its number, and what came is checked by the sum of the numbers.

use crate::contest::Watch;
use std::hint::black_box;

/// The numbers of one sender: nobody else sends them, and no round sends them again.
#[derive(Debug)]
pub struct Numbers {
    next: u64,
}

impl Numbers {
    /// Those of this sender.
    pub fn of(sender: usize) -> Self {
        Self { next: (sender as u64 + 1) << 48 }
    }

    /// The next one; `watch` notes that it is sent.
    #[inline]
    pub fn send(&mut self, watch: &mut Watch) -> u64 {
        self.next += 1;
        watch.balance = watch.balance.wrapping_sub(self.next);
        self.next
    }
}

/// Takes a message: all its words have to be the same number.
#[inline]
pub fn receive<const W: usize>(message: &[u64; W], watch: &mut Watch) {
    let message = black_box(message); // all of it has to have arrived, as in `stamp::is`
    watch.check(message.iter().all(|&word| word == message[0]));
    watch.balance = watch.balance.wrapping_add(message[0]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_and_received_balances_whoever_gets_it() {
        let (mut one, mut other) = (Numbers::of(0), Numbers::of(1));
        let mut sending = [Watch::default(), Watch::default()];
        let [first, second, third] =
            [one.send(&mut sending[0]), other.send(&mut sending[1]), one.send(&mut sending[0])];
        let mut receiving = [Watch::default(), Watch::default()];
        receive(&[second; 6], &mut receiving[0]);
        receive(&[third; 6], &mut receiving[0]);
        let balance = |watches: &[Watch]| watches.iter().fold(0u64, |sum, watch| sum.wrapping_add(watch.balance));
        assert_ne!(balance(&sending).wrapping_add(balance(&receiving)), 0, "one is missing");
        receive(&[first; 6], &mut receiving[1]);
        assert_eq!(balance(&sending).wrapping_add(balance(&receiving)), 0);
    }

    #[test]
    fn a_torn_message_is_wrong() {
        let mut watch = Watch::default();
        receive(&[7; 6], &mut watch);
        assert_eq!(watch.wrong, 0);
        receive(&[7, 7, 7, 7, 7, 8], &mut watch);
        assert_eq!(watch.wrong, 1);
    }
}
