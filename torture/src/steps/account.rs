//! What a forked process did, got, and is doing: a page that the tool maps, too, and reads when the process stands still or is gone.
//!
//! ```text
//! inbox 1 KiB | call 256 bytes | count u64, entries u64 …
//! ```

use crate::map;
use crate::numbered::number_of;
use anyhow::{Context, Result};
use memmap2::MmapMut;
use std::path::Path;

const CALL: usize = 1024;
const CALL_BYTES: usize = 256;
const COUNT: usize = CALL + CALL_BYTES;
const LENGTH: usize = 16 << 10;

/// A message that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    pub number: u64,
    /// Marked as delivered before. Lanes do not mark.
    pub again: bool,
}

/// Something that a process did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// The call that sent this message returned.
    Sent(u64),
    /// It had this message, and is done with it.
    Got(Delivered),
    /// It gave this message back.
    GaveBack(u64),
}

/// See the module.
pub struct Account(MmapMut);

impl Account {
    /// An empty one, in a file that takes the place of the last one.
    pub fn create(path: &Path) -> Result<Self> {
        let _ = std::fs::remove_file(path);
        Ok(Self(map::create(path, LENGTH as u64)?))
    }

    /// Empties it.
    pub fn clear(&mut self) {
        self.0.fill(0);
    }

    /// Where messages can be received into.
    pub fn inbox(&mut self) -> &mut [u8] {
        &mut self.0[..CALL]
    }

    /// What was received.
    pub fn received(&self) -> &[u8] {
        &self.0[..CALL]
    }

    /// A call begins.
    pub fn begin(&mut self, call: &str) {
        let place = &mut self.0[CALL..COUNT];
        place.fill(0);
        place.iter_mut().zip(call.bytes()).for_each(|(place, byte)| *place = byte);
    }

    /// Hands on how it went; a failure is told with the call.
    pub fn ended(&mut self, outcome: Result<()>) -> Result<()> {
        if let Err(error) = &outcome {
            let told = format!("{}: {error:#}", self.call());
            self.begin(&told);
        }
        outcome
    }

    /// The call that began last; if it failed, how.
    pub fn call(&self) -> String {
        String::from_utf8_lossy(&self.0[CALL..COUNT]).trim_end_matches('\0').to_owned()
    }

    /// Writes down what was done.
    pub fn note(&mut self, deed: Deed) -> Result<()> {
        let entry = match deed {
            Deed::Sent(number) => number << 2,
            Deed::Got(Delivered { number, again }) => number << 2 | 1 | u64::from(again) << 1,
            Deed::GaveBack(number) => number << 2 | 2,
        };
        let count = self.word(COUNT);
        let at = COUNT + 8 + count as usize * 8;
        self.0.get_mut(at..at + 8).context("an account is full")?.copy_from_slice(&entry.to_le_bytes());
        self.0[COUNT..COUNT + 8].copy_from_slice(&(count + 1).to_le_bytes());
        Ok(())
    }

    /// Writes down that this message is in hand, and will not be given back.
    pub fn note_got(&mut self, message: &[u8], again: bool) -> Result<()> {
        let number = number_of(message).context("a message is damaged")?;
        self.note(Deed::Got(Delivered { number, again }))
    }

    /// Everything that was written down, in order.
    pub fn deeds(&self) -> Vec<Deed> {
        let entries = (0..self.word(COUNT)).map(|entry| self.word(COUNT + 8 + entry as usize * 8));
        let deed = |entry: u64| match (entry >> 2, entry & 3) {
            (number, 0) => Deed::Sent(number),
            (number, 2) => Deed::GaveBack(number),
            (number, code) => Deed::Got(Delivered { number, again: code == 3 }),
        };
        entries.map(deed).collect()
    }

    fn word(&self, at: usize) -> u64 {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&self.0[at..at + 8]);
        u64::from_le_bytes(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeds_come_back_as_they_were() {
        let path = std::env::temp_dir().join(format!("memlane-account-{}", std::process::id()));
        let mut account = Account::create(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let deeds = [
            Deed::Sent(1_000),
            Deed::Got(Delivered { number: 0, again: false }),
            Deed::Got(Delivered { number: 7, again: true }),
            Deed::GaveBack(3),
        ];
        for deed in deeds {
            account.note(deed).unwrap();
        }
        account.begin("send_timeout");
        account.begin("recv");
        assert_eq!(account.deeds(), deeds);
        assert_eq!(account.call(), "recv");
        account.clear();
        assert_eq!(account.deeds(), []);
    }
}
