//! Messages that tell whose they are and whether they are intact.
//!
//! ```text
//! sequence u64 | sender u32 | priority u32 | length u32 | CRC-32C u32 | a line of the feed, or bytes that follow from the rest
//! ```

use crate::feed::Feed;
use crate::random::mix;
use anyhow::{Result, ensure};
use std::path::Path;

/// Bytes in front of the filling.
const HEAD: usize = 24;

/// Largest generated message, in bytes.
const GENERATED_MAX: usize = 700;

/// Which message it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// Unique for each process that ever sent; 0 where senders go on where others stopped.
    pub sender: u32,
    /// Counts the sender's messages.
    pub sequence: u64,
    pub priority: u32,
}

/// What messages are made of.
pub struct Payloads {
    feed: Option<Feed>,
}

impl Payloads {
    /// Lines of the feed that was unpacked to this place, or generated ones.
    pub fn new(feed: Option<&Path>) -> Result<Self> {
        Ok(Self { feed: feed.map(Feed::open).transpose()? })
    }

    /// Bytes of the largest message.
    pub fn max(&self) -> usize {
        self.feed.as_ref().map_or(GENERATED_MAX, |feed| HEAD + feed.longest())
    }

    /// Bytes of this message.
    pub fn length(&self, message: Identity) -> usize {
        let number = Self::number(message);
        match &self.feed {
            Some(feed) => HEAD + feed.line(number).len(),
            None => HEAD + (mix(number) % (GENERATED_MAX - HEAD + 1) as u64) as usize,
        }
    }

    /// Where its filling comes from: a sender replays the feed in order, each from a place of its own.
    fn number(message: Identity) -> u64 {
        (mix(message.sender.into()) >> 32).wrapping_add(message.sequence)
    }

    /// Writes the message into `buffer`.
    pub fn make(&self, message: Identity, buffer: &mut Vec<u8>) {
        let (number, length) = (Self::number(message), self.length(message));
        buffer.clear();
        buffer.extend_from_slice(&message.sequence.to_le_bytes());
        buffer.extend_from_slice(&message.sender.to_le_bytes());
        buffer.extend_from_slice(&message.priority.to_le_bytes());
        buffer.extend_from_slice(&(length as u32).to_le_bytes());
        buffer.extend_from_slice(&[0; 4]);
        match &self.feed {
            Some(feed) => buffer.extend_from_slice(feed.line(number)),
            None => buffer.resize(length, mix(number ^ 0x55) as u8),
        }
        let checksum = crc32c::crc32c(buffer);
        buffer[HEAD - 4..HEAD].copy_from_slice(&checksum.to_le_bytes());
    }

    /// Checks a message by its own checksum and against what its sender made, with `scratch` for the latter.
    pub fn check(&self, message: &[u8], scratch: &mut Vec<u8>) -> Result<Identity> {
        ensure!(message.len() >= HEAD, "a message of {} bytes is too short", message.len());
        let identity = Identity {
            sequence: u64::from_le_bytes(message[..8].try_into()?),
            sender: u32::from_le_bytes(message[8..12].try_into()?),
            priority: u32::from_le_bytes(message[12..16].try_into()?),
        };
        let claimed = u32::from_le_bytes(message[20..HEAD].try_into()?);
        let head = crc32c::crc32c_append(crc32c::crc32c(&message[..20]), &[0; 4]);
        let checksum = crc32c::crc32c_append(head, &message[HEAD..]);
        ensure!(claimed == checksum, "{identity:?} is torn ({} bytes)", message.len());
        self.make(identity, scratch);
        ensure!(message == scratch, "{identity:?} is not what was sent ({} bytes)", message.len());
        Ok(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_passes_and_every_damaged_byte_is_noticed() {
        let payloads = Payloads::new(None).unwrap();
        let (mut message, mut scratch) = (Vec::new(), Vec::new());
        let identity = Identity { sender: 7, sequence: 300, priority: 2 };
        payloads.make(identity, &mut message);
        assert_eq!(payloads.check(&message, &mut scratch).unwrap(), identity);
        assert_eq!(payloads.length(identity), message.len());
        for index in 0..message.len() {
            message[index] ^= 1;
            assert!(payloads.check(&message, &mut scratch).is_err(), "byte {index}");
            message[index] ^= 1;
        }
        assert!(payloads.check(&message[..message.len() - 1], &mut scratch).is_err());
    }
}
