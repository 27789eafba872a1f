//! Messages that tell whether they are intact: a sequence number, a length that follows from it, bytes that follow from
//! it, and a checksum over all.

use anyhow::{Result, ensure};

/// Bytes in front of the filling: the sequence number and the checksum.
const HEAD: usize = 16;

/// The message number `sequence`, at most `max` bytes long.
pub fn make(sequence: u64, max: usize, buffer: &mut Vec<u8>) {
    let length = length(sequence, max);
    buffer.clear();
    buffer.extend_from_slice(&sequence.to_le_bytes());
    buffer.extend_from_slice(&[0; 8]);
    buffer.resize(length, mix(sequence ^ 0x55) as u8);
    let checksum = checksum(buffer);
    buffer[8..HEAD].copy_from_slice(&checksum.to_le_bytes());
}

/// Bytes of the message number `sequence`.
pub fn length(sequence: u64, max: usize) -> usize {
    HEAD + (mix(sequence) % (max - HEAD + 1) as u64) as usize
}

/// Checks a message and returns its sequence number.
pub fn check(message: &[u8], max: usize) -> Result<u64> {
    ensure!(message.len() >= HEAD, "a message of {} bytes is too short", message.len());
    let sequence = u64::from_le_bytes(message[..8].try_into()?);
    let mut expected = Vec::new();
    make(sequence, max, &mut expected);
    ensure!(message == expected, "message {sequence} is damaged ({} bytes)", message.len());
    Ok(sequence)
}

/// FNV-1a with the checksum's own place taken as zeros.
fn checksum(message: &[u8]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for (index, &byte) in message.iter().enumerate() {
        let byte = if (8..HEAD).contains(&index) { 0 } else { byte };
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash
}

/// A number that looks random and follows from `value` (the finaliser of SplitMix64).
pub fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_passes_and_every_damaged_byte_is_noticed() {
        let mut message = Vec::new();
        make(7, 300, &mut message);
        assert_eq!(check(&message, 300).unwrap(), 7);
        for index in 0..message.len() {
            message[index] ^= 1;
            assert!(check(&message, 300).is_err(), "byte {index}");
            message[index] ^= 1;
        }
        assert!(check(&message[..message.len() - 1], 300).is_err());
    }
}
