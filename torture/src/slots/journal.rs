//! What a worker writes down, so that it is known when the worker is not any more.
//!
//! A journal is a mapped file of its worker alone, read after the worker's death. A store to it is there at once, so no
//! SIGKILL, between whatever two instructions, loses what was written before.
//!
//! ```text
//! sender      intended u64 | committed u64             before and after each call that sends
//! receiver    records: got message …, then how the call that settles all of them went: before it and after it
//! ```

use crate::map;
use crate::payload::Identity;
use crate::watch::now_ns;
use anyhow::{Context, Result, ensure};
use memmap2::MmapMut;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::atomic::{Ordering, compiler_fence};

/// A sender's words.
const SENDER_BYTES: u64 = 16;

/// Room for a receiver's records; what is not written takes no memory.
const RECEIVER_BYTES: u64 = 512 << 20;

/// Keeps the stores on both sides in order, as far as the process itself is concerned, which is all that its death needs.
fn in_order() {
    compiler_fence(Ordering::SeqCst);
}

/// A sender's journal.
pub struct SenderJournal(MmapMut);

/// How far a sender came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// One past the last message that it tried to send.
    pub intended: u64,
    /// One past the last message whose call returned.
    pub committed: u64,
}

impl SenderJournal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self(map::create(path, SENDER_BYTES)?))
    }

    /// Messages before `end` are about to be sent.
    pub fn intend(&mut self, end: u64) {
        self.store(0, end);
    }

    /// The call that sent the messages before `end` has returned.
    pub fn committed(&mut self, end: u64) {
        self.store(8, end);
    }

    fn store(&mut self, at: usize, value: u64) {
        in_order();
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
        in_order();
    }

    /// What the journal at `path` says. A sender that died before it began one has sent nothing.
    pub fn read(path: &Path) -> Result<Sent> {
        if !path.exists() {
            return Ok(Sent::default());
        }
        let bytes = std::fs::read(path)?;
        let word = |at: usize| bytes.get(at..at + 8).map_or(Ok(0), number);
        Ok(Sent { intended: word(0)?, committed: word(8)? })
    }
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// A message was taken and found intact.
    Got(Got),
    /// All that was got since the last settling is about to be acknowledged.
    Acknowledging,
    /// The call returned.
    Acknowledged,
    /// It is about to be given back.
    GivingBack,
    /// The call returned.
    GaveBack,
}

/// A delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Got {
    pub message: Identity,
    /// Whether it was marked as redelivered.
    pub marked: bool,
    /// How often it was delivered, by the channel's own count.
    pub deliveries: u16,
}

/// An event, and when it was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    pub event: Event,
    pub at_ns: u64,
}

const RECORD: usize = 32;

impl Record {
    /// `code, marked, deliveries u16, sender u32, sequence u64, moment u64, priority u32, –`. A code of 0 is no record.
    fn encode(self) -> [u8; RECORD] {
        let code = match self.event {
            Event::Got(_) => 1,
            Event::Acknowledging => 2,
            Event::Acknowledged => 3,
            Event::GivingBack => 4,
            Event::GaveBack => 5,
        };
        let mut bytes = [0; RECORD];
        bytes[0] = code;
        bytes[16..24].copy_from_slice(&self.at_ns.to_le_bytes());
        if let Event::Got(Got { message, marked, deliveries }) = self.event {
            bytes[1] = marked.into();
            bytes[2..4].copy_from_slice(&deliveries.to_le_bytes());
            bytes[4..8].copy_from_slice(&message.sender.to_le_bytes());
            bytes[8..16].copy_from_slice(&message.sequence.to_le_bytes());
            bytes[24..28].copy_from_slice(&message.priority.to_le_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8; RECORD]) -> Result<Option<Self>> {
        let event = match bytes[0] {
            0 => return Ok(None),
            1 => Event::Got(Got {
                marked: bytes[1] != 0,
                deliveries: u16::from_le_bytes([bytes[2], bytes[3]]),
                message: Identity {
                    sender: number(&bytes[4..8])? as u32,
                    sequence: number(&bytes[8..16])?,
                    priority: number(&bytes[24..28])? as u32,
                },
            }),
            2 => Event::Acknowledging,
            3 => Event::Acknowledged,
            4 => Event::GivingBack,
            5 => Event::GaveBack,
            code => anyhow::bail!("a journal has a record of kind {code}"),
        };
        Ok(Some(Self { event, at_ns: number(&bytes[16..24])? }))
    }
}

/// Little-endian bytes, eight at most.
fn number(bytes: &[u8]) -> Result<u64> {
    let mut word = [0; 8];
    word.get_mut(..bytes.len()).context("more than eight bytes")?.copy_from_slice(bytes);
    Ok(u64::from_le_bytes(word))
}

/// A receiver's journal.
pub struct ReceiverJournal {
    map: MmapMut,
    used: usize,
}

impl ReceiverJournal {
    pub fn create(path: &Path) -> Result<Self> {
        Ok(Self { map: map::create(path, RECEIVER_BYTES)?, used: 0 })
    }

    /// Writes down what happened. The code, which makes it a record, comes last.
    pub fn note(&mut self, event: Event) -> Result<()> {
        let bytes = Record { event, at_ns: now_ns() }.encode();
        let place = self.map.get_mut(self.used..self.used + RECORD).context("the journal is full")?;
        in_order();
        place[1..].copy_from_slice(&bytes[1..]);
        in_order();
        place[0] = bytes[0];
        in_order();
        self.used += RECORD;
        Ok(())
    }

    /// What the journal at `path` says; nothing if its receiver died before it began one.
    pub fn read(path: &Path) -> Result<Vec<Record>> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let mut reader = BufReader::with_capacity(1 << 16, File::open(path)?);
        let (mut records, mut bytes) = (Vec::new(), [0; RECORD]);
        while reader.read_exact(&mut bytes).is_ok() {
            match Record::decode(&bytes)? {
                Some(record) => records.push(record),
                None => break,
            }
        }
        ensure!(records.is_sorted_by_key(|record| record.at_ns), "the clock went backwards within one process");
        Ok(records)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_as_they_were() {
        let message = Identity { sender: 0xdead_beef, sequence: 1 << 40, priority: 7 };
        let got = Event::Got(Got { message, marked: true, deliveries: 65_535 });
        for event in [got, Event::Acknowledging, Event::Acknowledged, Event::GivingBack, Event::GaveBack] {
            let record = Record { event, at_ns: u64::MAX - 1 };
            assert_eq!(Record::decode(&record.encode()).unwrap(), Some(record));
        }
        assert_eq!(Record::decode(&[0; RECORD]).unwrap(), None);
        assert!(Record::decode(&[9; RECORD]).is_err());
    }
}
