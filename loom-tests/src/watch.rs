//! A watch's words made of loom's parts. The words of a value are atomics: a reader copies them while the writer writes, and throws
//! the copy away.

use memlane::ring::watch::{Attempt, Reader, WatchMemory, WatchSlot, Writer};
use memlane::sync::AtomicU64;
use memlane::sync::Ordering::Relaxed;
use std::rc::Rc;

/// Two slots: the fewest, so that a writer comes round soonest.
const SLOTS: usize = 2;

/// Words of the longest value.
const WORDS: usize = 2;

/// The words of a watch, shared by its clones.
#[derive(Debug, Clone)]
pub struct LoomWatch(Rc<Words>);

#[derive(Debug)]
struct Words {
    root: AtomicU64,
    slots: [Slot; SLOTS],
}

/// One of its slots.
#[derive(Debug)]
pub struct Slot {
    sequence: AtomicU64,
    length: AtomicU64,
    words: [AtomicU64; WORDS],
}

/// A value: a number, once or twice. Odd numbers are twice as long.
fn words_of(number: u64) -> usize {
    1 + (number % 2) as usize
}

impl LoomWatch {
    /// A watch in which no value was set.
    pub fn new() -> Self {
        let word = || AtomicU64::new(0);
        let slot = |_| Slot { sequence: word(), length: word(), words: [word(), word()] };
        Self(Rc::new(Words { root: word(), slots: std::array::from_fn(slot) }))
    }

    /// A watch whose first value is this number.
    pub fn with(number: u64) -> Self {
        let watch = Self::new();
        let slot = &watch.0.slots[1];
        slot.sequence.store(2, Relaxed);
        slot.length.store(words_of(number) as u64 * 8, Relaxed);
        slot.words[..words_of(number)].iter().for_each(|word| word.store(number, Relaxed));
        watch.0.root.store(1, Relaxed);
        watch
    }

    /// Its writer: the first one, or a successor.
    pub fn writer(&self) -> Writer<Self> {
        Writer::resume(self.clone()).expect("sound")
    }

    /// One of its readers.
    pub fn reader(&self) -> Reader<Self> {
        Reader::new(self.clone())
    }
}

impl Default for LoomWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl WatchMemory for LoomWatch {
    type Slot<'a> = &'a Slot;

    fn slots(&self) -> u64 {
        SLOTS as u64
    }

    fn length_max(&self) -> u64 {
        WORDS as u64 * 8
    }

    fn root(&self) -> &AtomicU64 {
        &self.0.root
    }

    fn slot_of(&self, version: u64) -> &Slot {
        &self.0.slots[version as usize % SLOTS]
    }
}

impl WatchSlot for &Slot {
    fn sequence(&self) -> &AtomicU64 {
        &self.sequence
    }

    fn length(&self) -> &AtomicU64 {
        &self.length
    }
}

/// Sets this number.
pub fn set(writer: &mut Writer<LoomWatch>, number: u64) {
    let words = words_of(number);
    writer.set(words as u64 * 8, |slot| {
        slot.words[..words].iter().for_each(|word| word.store(number, Relaxed));
    });
}

/// Tries once to read: the version and the number. `None`: there is no value, or the writer came round.
pub fn get(reader: &mut Reader<LoomWatch>) -> Option<(u64, u64)> {
    let copy = |slot: &Slot, length: u64| -> Vec<u64> {
        slot.words[..length as usize / 8].iter().map(|word| word.load(Relaxed)).collect()
    };
    let before = reader.seen();
    let Attempt::Value(words) = reader.attempt(copy).expect("a sound watch is not taken for a damaged one") else {
        return None;
    };
    let number = words[0];
    assert!(words.len() == words_of(number) && words.iter().all(|word| *word == number), "torn: {words:?}");
    assert!(reader.seen() >= before, "back from version {before} to {}", reader.seen());
    Some((reader.seen(), number))
}
