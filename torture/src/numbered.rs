//! Messages that are numbers: what stepped processes, those around them, and their survivors send.

use crate::random::mix;

/// Bytes of every message: no multiple of eight, so that records are padded, and long enough for several loads and stores.
pub const LENGTH: usize = 203;

/// The bytes of message number `number`: the number, and what follows from it.
pub fn payload(number: u64) -> Vec<u8> {
    let mut bytes = number.to_le_bytes().to_vec();
    bytes.extend((bytes.len()..LENGTH).map(|at| mix(number ^ (at as u64) << 32) as u8));
    bytes
}

/// The number of a message, if its bytes are as they were made.
pub fn number_of(bytes: &[u8]) -> Option<u64> {
    let number = u64::from_le_bytes(*bytes.first_chunk()?);
    (bytes == payload(number)).then_some(number)
}
