//! Memory that both ends of a contest without memlane share: a file on tmpfs, mapped by each. What is unsafe about it
//! stands here.

use anyhow::{Context, Result};
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::atomic::{AtomicU32, AtomicU64};

/// A mapped file, zeroed at first. Clones share the mapping.
#[derive(Debug, Clone)]
pub struct Arena {
    map: Arc<MmapRaw>,
}

/// Bytes that one end writes, on two lines of their own: processors fetch lines in pairs.
pub const APART: usize = 128;

/// From here to the next page, a [`BareRing`]'s file has room for words of its users.
pub const FREE_AT: usize = 2 * APART;

impl Arena {
    /// A new file of `bytes` zeros.
    pub fn create(path: &Path, bytes: usize) -> Result<Self> {
        let file = File::create_new(path).with_context(|| format!("creating {}", path.display()))?;
        file.set_len(bytes as u64).with_context(|| format!("sizing {}", path.display()))?;
        drop(file);
        Self::open(path)
    }

    /// The file that the other end created.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::options().read(true).write(true).open(path);
        let file = file.with_context(|| format!("opening {}", path.display()))?;
        let map = MmapOptions::new().map_raw(&file).with_context(|| format!("mapping {}", path.display()))?;
        Ok(Self { map: Arc::new(map) })
    }

    /// The word at byte `at`, a multiple of 8.
    #[inline]
    pub fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at < self.map.len() - 7);
        // SAFETY: inside the mapping, which `self` keeps; aligned; any content is valid; others access it atomically.
        unsafe { &*self.map.as_mut_ptr().add(at).cast::<AtomicU64>() }
    }

    /// The half word at byte `at`, a multiple of 4.
    #[inline]
    pub fn half_word(&self, at: usize) -> &AtomicU32 {
        assert!(at.is_multiple_of(4) && at < self.map.len() - 3);
        // SAFETY: as in `word`.
        unsafe { &*self.map.as_mut_ptr().add(at).cast::<AtomicU32>() }
    }
}

/// A bare ring of fixed-size records of whole lines, handed over an eighth of the ring at a time: no headers, no checks,
/// no wake-ups, and neither end ever touches a line that the other is working on. What the machine can stream between
/// two cores through a ring of this size, for who does not care when a message arrives.
#[derive(Debug)]
pub struct BareRing<const N: usize> {
    arena: Arena,
    records: u64,
    /// Records written, or read, so far, by this end.
    own: u64,
    /// Records read, or written, so far, by the other end, as last seen.
    other: u64,
    /// What the other end knows of `own`.
    told: u64,
    /// Byte of the arena where the next one stands.
    place: usize,
}

impl<const N: usize> BareRing<N> {
    const STRIDE: usize = (8 + N).next_multiple_of(64);
    /// Each end's count stands in front of the ring.
    const WRITTEN_AT: usize = 0;
    const READ_AT: usize = APART;
    const RING_AT: usize = 4096;

    /// Bytes of the file behind a ring of at most `ring_bytes`.
    pub fn file_bytes(ring_bytes: usize) -> usize {
        Self::RING_AT + ring_bytes
    }

    /// One end of it.
    pub fn new(arena: Arena) -> Self {
        let records = ((arena.map.len() - Self::RING_AT) / Self::STRIDE) as u64;
        Self { arena, records, own: 0, other: 0, told: 0, place: Self::RING_AT }
    }

    /// Writes a record, spinning while the ring is full.
    #[inline]
    pub fn write(&mut self, message: &[u8; N]) {
        while !self.try_write(message) {
            self.hand_over_written();
            std::hint::spin_loop();
        }
    }

    /// The writer's end: whether there is room for a record.
    #[inline]
    pub fn has_room(&mut self) -> bool {
        if self.own - self.other == self.records {
            self.other = self.arena.word(Self::READ_AT).load(Acquire);
        }
        self.own - self.other < self.records
    }

    /// Writes a record, if there is room.
    #[inline]
    pub fn try_write(&mut self, message: &[u8; N]) -> bool {
        if !self.has_room() {
            return false;
        }
        // SAFETY: the record lies inside the mapping. The reader is done with it (Acquire above) and looks at it again
        // only when it was told to (Release in `tell`), so nobody accesses it meanwhile.
        unsafe { self.arena.map.as_mut_ptr().add(self.place).cast::<[u8; N]>().write(*message) };
        self.advance(Self::WRITTEN_AT);
        true
    }

    /// The writer's end: hands over what is written, a part that is not full, too.
    #[inline]
    pub fn hand_over_written(&mut self) {
        self.tell(Self::WRITTEN_AT);
    }

    /// Reads a record, spinning while the ring is empty.
    #[inline]
    pub fn read(&mut self, message: &mut [u8; N]) {
        while !self.try_read(message) {
            self.hand_over_read();
            std::hint::spin_loop();
        }
    }

    /// The reader's end: whether there is a record.
    #[inline]
    pub fn has_records(&mut self) -> bool {
        if self.own == self.other {
            self.other = self.arena.word(Self::WRITTEN_AT).load(Acquire);
        }
        self.own < self.other
    }

    /// Reads a record, if there is one.
    #[inline]
    pub fn try_read(&mut self, message: &mut [u8; N]) -> bool {
        if !self.has_records() {
            return false;
        }
        // SAFETY: the record lies inside the mapping. The writer is done with it (Acquire above) and writes to it again
        // only when it was told to (Release in `tell`).
        *message = unsafe { self.arena.map.as_mut_ptr().add(self.place).cast::<[u8; N]>().read() };
        self.advance(Self::READ_AT);
        true
    }

    /// The reader's end: hands over the room of what is read, of a part that is not full, too.
    #[inline]
    pub fn hand_over_read(&mut self) {
        self.tell(Self::READ_AT);
    }

    #[inline]
    fn advance(&mut self, word_at: usize) {
        self.own += 1;
        self.place += Self::STRIDE;
        if self.place == Self::RING_AT + self.records as usize * Self::STRIDE {
            self.place = Self::RING_AT;
        }
        if self.own - self.told >= self.records / 8 {
            self.tell(word_at);
        }
    }

    fn tell(&mut self, word_at: usize) {
        if self.told != self.own {
            self.told = self.own;
            self.arena.word(word_at).store(self.own, Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_ring_delivers_in_order_over_many_laps() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring");
        let writer = Arena::create(&path, BareRing::<56>::file_bytes(1024)).unwrap();
        let reader = Arena::open(&path).unwrap();
        let writing = std::thread::spawn(move || {
            let mut ring = BareRing::<56>::new(writer);
            for number in 0..1000u32 {
                ring.write(&[number as u8; 56]);
            }
            ring.hand_over_written();
        });
        let mut ring = BareRing::<56>::new(reader);
        let mut message = [0; 56];
        for number in 0..1000u32 {
            ring.read(&mut message);
            assert_eq!(message, [number as u8; 56]);
        }
        writing.join().unwrap();
    }
}
