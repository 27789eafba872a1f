//! A peer that reads and writes the file itself, below every rule.

use super::layout::field;
use std::fs::File;
use std::os::unix::fs::FileExt;

/// What another process writes into a part of the file.
pub struct Peer(File);

impl Peer {
    pub fn of(name: &str) -> Self {
        Self(File::options().read(true).write(true).open(name).unwrap())
    }

    /// Where a part of the file begins, by the header.
    pub fn part(&self, name: &str) -> u64 {
        self.word(field("HeaderBlock", name).offset as u64)
    }

    /// Writes each word of a part, by its index.
    pub fn fill(&self, part: std::ops::Range<u64>, word: impl Fn(u64) -> u64) {
        let bytes: Vec<u8> = (0..(part.end - part.start) / 8).flat_map(|index| word(index).to_le_bytes()).collect();
        self.0.write_all_at(&bytes, part.start).unwrap();
    }

    pub fn word(&self, at: u64) -> u64 {
        let mut word = [0; 8];
        self.0.read_exact_at(&mut word, at).unwrap();
        u64::from_le_bytes(word)
    }
}
