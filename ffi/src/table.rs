//! A table of things that outsiders know by number. A number that is stale, made up, or meant for another table leads
//! nowhere; one that another thread is using says so.
//!
//! ```text
//! number    generation:45 | table:2 | index:16 | 0        the word of its slot while nobody is inside
//! word      generation:45 | table:2 | index:16 | busy     busy: one thread has the slot to itself
//!           generation:45 |   0     | index:16 | 0        vacant; the next number has the next generation
//! ```
//!
//! What holds:
//! - Whoever changed a word from not busy to busy, by a compare-and-swap, has the slot to itself until it stores the next
//!   word. That is the only way in, and the only one who writes to a busy word is who is inside: so the way out is a
//!   plain store. Entering costs one read-modify-write, leaving none.
//! - The number is the word: that a generation, a table or an index is wrong, and that somebody is inside, are all the
//!   same failed comparison.
//! - Generations start at random numbers, so that a number that was made up, or comes from another process, is as good as
//!   never one of ours.
//! - Slots never move and are never freed, so a number that is long stale can still be looked up.
//! - Nothing here locks: a child that is forked while another thread is inside can use the table. A slot that was busy at
//!   that moment stays so in the child; it says [`Refusal::Forked`].
//!
//! Orderings: entering is an Acquire and leaving a Release, of the same word, so what one thread did inside, the next one
//! sees. A chunk of slots is published by a Release and found by an Acquire.

use std::cell::UnsafeCell;
use std::hash::{BuildHasher, RandomState};
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

const BUSY: u64 = 1;
const INDEX_SHIFT: u32 = 1;
const INDEX_MASK: u64 = 0xffff << INDEX_SHIFT;
const TABLE_SHIFT: u32 = 17;
const TABLE_MASK: u64 = 3 << TABLE_SHIFT;
const GENERATION: u64 = 1 << 19;

/// Slots of one chunk.
const CHUNK: usize = 64;

/// Chunks of a table that uses the whole index.
pub(crate) const CHUNKS: usize = 0x10000 / CHUNK;

/// Why a number leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such number (any more).
    Stale,
    /// Another thread is inside.
    Busy,
    /// Another thread of the parent process was inside when this process was forked.
    Forked,
}

/// A slot has its cache lines to itself: threads that use different numbers do not disturb each other.
#[repr(align(128))]
struct Slot<T> {
    word: AtomicU64,
    /// The process that filled it.
    process: AtomicU32,
    /// Initialised while the word has a table in it.
    contents: UnsafeCell<MaybeUninit<T>>,
}

// SAFETY: the contents are reached by one thread at a time (whoever made the word busy), any thread: so `Send` suffices.
unsafe impl<T: Send> Sync for Slot<T> {}

/// The table. `N` is how many chunks it may grow to.
pub(crate) struct Table<T, const N: usize = CHUNKS> {
    /// Which table this is: 1 to 3, in place.
    tag: u64,
    chunks: [AtomicPtr<[Slot<T>; CHUNK]>; N],
    /// Where the next search for a vacant slot starts.
    cursor: AtomicUsize,
}

/// The calling thread is inside. Dropping it leaves.
#[derive(Debug)]
pub(crate) struct Inside<'a, T> {
    slot: &'a Slot<T>,
    number: u64,
    /// Whoever is inside is one thread.
    one_thread: PhantomData<UnsafeCell<T>>,
}

impl<T> std::fmt::Debug for Slot<T> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Slot({:#x})", self.word.load(Relaxed))
    }
}

impl<T: Send, const N: usize> Table<T, N> {
    /// An empty table. `number` tells it from other tables: 1 to 3.
    pub(crate) const fn new(number: u64) -> Self {
        assert!(number >= 1 && number <= 3 && N <= CHUNKS);
        Self {
            tag: number << TABLE_SHIFT,
            chunks: [const { AtomicPtr::new(ptr::null_mut()) }; N],
            cursor: AtomicUsize::new(0),
        }
    }

    #[inline]
    fn slot(&self, index: usize) -> Option<&Slot<T>> {
        let chunk = self.chunks.get(index / CHUNK)?.load(Acquire);
        // SAFETY: a pointer in `chunks` is null or came from `Box::into_raw` in `grow`, and is never freed; the Acquire
        // pairs with the Release that published it.
        let chunk = unsafe { chunk.as_ref() }?;
        Some(&chunk[index % CHUNK])
    }

    /// Goes inside.
    #[inline]
    pub(crate) fn enter(&self, number: u64) -> Result<Inside<'_, T>, Refusal> {
        // A forged number must not match a vacant or busy word.
        if number & (TABLE_MASK | BUSY) != self.tag {
            return Err(Refusal::Stale);
        }
        let slot = self.slot(((number & INDEX_MASK) >> INDEX_SHIFT) as usize).ok_or(Refusal::Stale)?;
        match slot.word.compare_exchange(number, number | BUSY, Acquire, Relaxed) {
            Ok(_) => Ok(Inside { slot, number, one_thread: PhantomData }),
            Err(found) => Err(slot.refusal(number, found)),
        }
    }

    /// Puts something into the table. Returns its number, or the thing if the table is full.
    pub(crate) fn insert(&self, thing: T) -> Result<u64, T> {
        loop {
            let slots = self.chunks.iter().take_while(|chunk| !chunk.load(Relaxed).is_null()).count() * CHUNK;
            let start = self.cursor.load(Relaxed);
            for step in 0..slots {
                let index = (start + step) % slots;
                let Some(slot) = self.slot(index) else { break };
                let word = slot.word.load(Relaxed);
                if word & (TABLE_MASK | BUSY) == 0
                    && slot.word.compare_exchange(word, word | BUSY, Acquire, Relaxed).is_ok()
                {
                    self.cursor.store(index + 1, Relaxed);
                    let number = (word | self.tag).wrapping_add(GENERATION);
                    slot.process.store(std::process::id(), Relaxed);
                    // SAFETY: this thread made the word busy, so it has the slot to itself; a vacant slot has no contents.
                    unsafe { (*slot.contents.get()).write(thing) };
                    slot.word.store(number, Release);
                    return Ok(number);
                }
            }
            if !self.grow(slots / CHUNK) {
                return Err(thing);
            }
        }
    }

    /// Adds the chunk at this place, unless somebody else does. False: there is no such place.
    fn grow(&self, place: usize) -> bool {
        let Some(chunk) = self.chunks.get(place) else { return false };
        let random = RandomState::new();
        let slots = std::array::from_fn(|at| Slot {
            word: AtomicU64::new(
                random.hash_one(at) & !(GENERATION - 1) | ((place * CHUNK + at) as u64) << INDEX_SHIFT,
            ),
            process: AtomicU32::new(0),
            contents: UnsafeCell::new(MaybeUninit::uninit()),
        });
        let fresh = Box::into_raw(Box::new(slots));
        if chunk.compare_exchange(ptr::null_mut(), fresh, AcqRel, Relaxed).is_err() {
            // SAFETY: it came from `Box::into_raw` just now and was not published; its slots have no contents.
            drop(unsafe { Box::from_raw(fresh) });
        }
        true
    }
}

impl<T> Slot<T> {
    #[cold]
    fn refusal(&self, number: u64, found: u64) -> Refusal {
        match found == number | BUSY {
            false => Refusal::Stale,
            true if self.process.load(Relaxed) != std::process::id() => Refusal::Forked,
            true => Refusal::Busy,
        }
    }
}

impl<T> Inside<'_, T> {
    /// Takes the thing out. Its number leads nowhere from now on.
    pub(crate) fn remove(self) -> T {
        // SAFETY: this thread is inside and the number is not vacant, so there are contents; they are not touched again,
        // because the next word is a vacant one.
        let thing = unsafe { (*self.slot.contents.get()).assume_init_read() };
        self.slot.word.store(self.number & !TABLE_MASK, Release);
        std::mem::forget(self);
        thing
    }
}

impl<T> Deref for Inside<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: this thread is inside and the number is not vacant, so there are contents, and nobody else reaches them.
        unsafe { (*self.slot.contents.get()).assume_init_ref() }
    }
}

impl<T> DerefMut for Inside<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above; and `&mut self` is the only way to them.
        unsafe { (*self.slot.contents.get()).assume_init_mut() }
    }
}

impl<T> Drop for Inside<'_, T> {
    #[inline]
    fn drop(&mut self) {
        self.slot.word.store(self.number, Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Barrier;

    #[test]
    fn a_number_leads_to_its_thing_until_it_is_taken_out() {
        let table = Table::<String, 2>::new(1);
        let one = table.insert("one".to_owned()).unwrap();
        let two = table.insert("two".to_owned()).unwrap();
        assert_ne!(one, two);
        table.enter(one).unwrap().push('!');
        assert_eq!(*table.enter(one).unwrap(), "one!");
        assert_eq!(table.enter(one).unwrap().remove(), "one!");
        assert_eq!(table.enter(one).unwrap_err(), Refusal::Stale);
        assert_eq!(*table.enter(two).unwrap(), "two");
    }

    #[test]
    fn a_slot_that_is_used_again_has_another_number() {
        let table = Table::<u32, 1>::new(2);
        let mut numbers: Vec<_> = (0..1000)
            .map(|thing| {
                let number = table.insert(thing).unwrap();
                assert_eq!(table.enter(number).unwrap().remove(), thing);
                number
            })
            .collect();
        for &number in &numbers {
            assert_eq!(table.enter(number).unwrap_err(), Refusal::Stale);
        }
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1000);
    }

    #[test]
    fn numbers_of_one_table_say_nothing_about_those_of_another() {
        let numbers = [1, 1].map(|tag| Table::<u32, 1>::new(tag).insert(7).unwrap());
        assert_ne!(numbers[0], numbers[1]);
    }

    #[test]
    fn made_up_numbers_lead_nowhere() {
        let table = Table::<u32, 2>::new(3);
        let number = table.insert(7).unwrap();
        for bit in 0..u64::BITS {
            assert_eq!(table.enter(number ^ 1 << bit).unwrap_err(), Refusal::Stale, "bit {bit}");
        }
        let inside = table.enter(number).unwrap();
        assert_eq!(table.enter(number | BUSY).unwrap_err(), Refusal::Stale, "the word of a busy slot is no number");
        drop(inside);
        assert_eq!(table.enter(number).unwrap().remove(), 7);
        assert_eq!(table.enter(number & !TABLE_MASK).unwrap_err(), Refusal::Stale, "nor is that of a vacant one");
        for number in [0, 1, u64::MAX, INDEX_MASK | 3 << TABLE_SHIFT] {
            assert_eq!(table.enter(number).unwrap_err(), Refusal::Stale);
        }
    }

    #[test]
    fn tables_do_not_know_each_others_numbers() {
        let (one, two) = (Table::<u32, 1>::new(1), Table::<u32, 1>::new(2));
        let (first, second) = (one.insert(1).unwrap(), two.insert(2).unwrap());
        assert_eq!(one.enter(second).unwrap_err(), Refusal::Stale);
        assert_eq!(two.enter(first).unwrap_err(), Refusal::Stale);
    }

    #[test]
    fn one_thread_is_inside_at_a_time() {
        let table = Table::<u32, 1>::new(1);
        let number = table.insert(0).unwrap();
        let inside = table.enter(number).unwrap();
        assert_eq!(table.enter(number).unwrap_err(), Refusal::Busy);
        drop(inside);
        // Plain additions: any two threads inside at once would lose some (and be a data race).
        let barrier = Barrier::new(4);
        let add = || {
            barrier.wait();
            let mut added = 0;
            while added < 10_000 {
                match table.enter(number) {
                    Ok(mut inside) => {
                        *inside += 1;
                        added += 1;
                    }
                    Err(refusal) => assert_eq!(refusal, Refusal::Busy),
                }
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(add))));
        assert_eq!(*table.enter(number).unwrap(), 40_000);
    }

    #[test]
    fn a_full_table_gives_the_thing_back() {
        let table = Table::<usize, 2>::new(1);
        let numbers: Vec<_> = (0..2 * CHUNK).map(|thing| table.insert(thing).unwrap()).collect();
        assert_eq!(table.insert(999), Err(999));
        assert_eq!(table.enter(numbers[100]).unwrap().remove(), 100);
        let again = table.insert(999).unwrap();
        assert_eq!(*table.enter(again).unwrap(), 999);
        assert_eq!(*table.enter(numbers[127]).unwrap(), 127);
    }

    #[test]
    fn threads_that_insert_at_once_get_different_slots() {
        let table = Table::<usize, 8>::new(1);
        let barrier = Barrier::new(4);
        let insert = |thread: usize| {
            barrier.wait();
            (0..100).map(|at| (thread * 100 + at, table.insert(thread * 100 + at).unwrap())).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || insert(thread))).collect();
            for (thing, number) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
                assert_eq!(table.enter(number).unwrap().remove(), thing);
            }
        });
    }
}
