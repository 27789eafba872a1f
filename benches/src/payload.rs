//! What messages carry: every word of a message is its number. Ends that know what comes look at all of it; where anybody
//! may get a message, what was sent and what was received are summed up.

use crate::contest::Watch;

/// Writes the number into every word of the message; the bytes behind the last whole word get its first ones.
#[inline]
pub fn write<const N: usize>(message: &mut [u8; N], number: u64) {
    let number = number.to_le_bytes();
    let (words, rest) = message.as_chunks_mut();
    words.fill(number);
    rest.copy_from_slice(&number[..rest.len()]);
}

/// Whether all of the message is this number.
#[inline]
pub fn is<const N: usize>(message: &[u8; N], number: u64) -> bool {
    let number = number.to_le_bytes();
    let (words, rest) = message.as_chunks();
    // Without a way out in the middle, so that the compiler takes many words at a time.
    let differing = words.iter().fold(0, |bits, word| bits | (u64::from_le_bytes(*word) ^ u64::from_le_bytes(number)));
    differing == 0 && *rest == number[..rest.len()]
}

/// The number that a message of at least 8 bytes carries; `None` if not all of it is the same.
#[inline]
pub fn number<const N: usize>(message: &[u8; N]) -> Option<u64> {
    let number = u64::from_le_bytes(*message.first_chunk()?);
    is(message, number).then_some(number)
}

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

/// Takes a message from whomever it comes.
#[inline]
pub fn receive<const N: usize>(message: &[u8; N], watch: &mut Watch) {
    match number(message) {
        Some(number) => watch.balance = watch.balance.wrapping_add(number),
        None => watch.check(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_its_number_to_the_last_byte() {
        let mut message = [0; 61];
        write(&mut message, 0x0102_0304_0506_0708);
        assert!(is(&message, 0x0102_0304_0506_0708) && number(&message) == Some(0x0102_0304_0506_0708));
        for at in 0..message.len() {
            let mut torn = message;
            torn[at] ^= 0x40;
            assert!(!is(&torn, 0x0102_0304_0506_0708) && number(&torn).is_none(), "byte {at}");
        }
    }

    #[test]
    fn what_is_sent_and_received_balances_whoever_gets_it() {
        let message = |number| {
            let mut message = [0; 48];
            write(&mut message, number);
            message
        };
        let (mut one, mut other) = (Numbers::of(0), Numbers::of(1));
        let mut sending = [Watch::default(), Watch::default()];
        let [first, second, third] =
            [one.send(&mut sending[0]), other.send(&mut sending[1]), one.send(&mut sending[0])];
        let mut receiving = [Watch::default(), Watch::default()];
        receive(&message(second), &mut receiving[0]);
        receive(&message(third), &mut receiving[0]);
        let balance = |watches: &[Watch]| watches.iter().fold(0u64, |sum, watch| sum.wrapping_add(watch.balance));
        assert_ne!(balance(&sending).wrapping_add(balance(&receiving)), 0, "one is missing");
        receive(&message(first), &mut receiving[1]);
        assert_eq!(balance(&sending).wrapping_add(balance(&receiving)), 0);
    }

    #[test]
    fn a_torn_message_is_wrong() {
        let mut watch = Watch::default();
        let mut message = [0; 48];
        write(&mut message, 7);
        receive(&message, &mut watch);
        assert_eq!(watch.wrong, 0);
        message[40] = 8;
        receive(&message, &mut watch);
        assert_eq!(watch.wrong, 1);
    }
}
