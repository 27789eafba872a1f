//! A table of things that outsiders know by number. A number that is stale, made up, or meant for another table leads
//! nowhere; one that another thread is using says so.
//!
//! ```text
//! number    chunk:10 | generation:40 | slot:6 | 0:2 | marked | table:4 | 0        the word of its slot while nobody is inside
//! word      chunk:10 | generation:40 | slot:6 | 0:2 | marked | table:4 | busy     busy: one thread has the slot to itself
//!           chunk:10 | generation:40 | slot:6 | 0:8                               vacant; the next number has the next generation
//! ```
//!
//! The fields stand where a call finds its slot by the fewest instructions: the chunk by one shift, and what kind of number it is
//! by one comparison of its lowest byte.
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
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize};

const BUSY: u64 = 1;
const TABLE_SHIFT: u32 = 1;
const MARKED: u64 = 1 << 5;
/// All that tells numbers and words of different kinds from each other.
const KIND_MASK: u64 = 0xff;
const SLOT_SHIFT: u32 = 8;
const GENERATION: u64 = 1 << 14;
const GENERATION_MASK: u64 = CHUNK_BIT - GENERATION;
const CHUNK_SHIFT: u32 = 54;
const CHUNK_BIT: u64 = 1 << CHUNK_SHIFT;

/// In which table a number would be.
pub(crate) fn table_of(number: u64) -> u64 {
    (number & KIND_MASK & !MARKED) >> TABLE_SHIFT
}

/// Slots of one chunk.
const CHUNK: usize = 64;

/// Chunks of a table that uses the whole number.
pub(crate) const CHUNKS: usize = 1 << (u64::BITS - CHUNK_SHIFT);

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

/// Room for a chunk of zeros, whatever its slots have: a slot of zeros is vacant.
#[repr(align(128))]
struct Vacancy {
    _words: [AtomicU64; CHUNK * 32],
}

static VACANCY: Vacancy = Vacancy { _words: [const { AtomicU64::new(0) }; CHUNK * 32] };

/// The table. `TABLE` tells it from other tables: 1 to 15. `N` is how many chunks it may grow to.
pub(crate) struct Table<T, const TABLE: u64, const N: usize = CHUNKS> {
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

impl<T: Send, const TABLE: u64, const N: usize> Table<T, TABLE, N> {
    /// What stands in the place of a chunk that the table has not grown to: slots that are vacant, and stay so. No number leads there,
    /// because a number has a table.
    const VACANCY: *mut [Slot<T>; CHUNK] = {
        assert!(
            size_of::<[Slot<T>; CHUNK]>() <= size_of::<Vacancy>() && align_of::<Slot<T>>() <= align_of::<Vacancy>()
        );
        (&raw const VACANCY).cast_mut().cast()
    };

    /// What its numbers have in their lowest byte, if they are not marked.
    const TAG: u64 = TABLE << TABLE_SHIFT;

    /// An empty table.
    pub(crate) const fn new() -> Self {
        assert!(TABLE >= 1 && TABLE <= 15 && N >= 1 && N <= CHUNKS);
        Self { chunks: [const { AtomicPtr::new(Self::VACANCY) }; N], cursor: AtomicUsize::new(0) }
    }

    /// The slot of this number. One of a chunk that there cannot be leads to another slot, which has other numbers.
    #[inline(always)]
    fn slot(&self, number: u64) -> &Slot<T> {
        let chunk = self.chunks[(number >> CHUNK_SHIFT) as usize % N].load(Acquire);
        // SAFETY: as said below; the compiler would look for null where a slot is an `Option`.
        unsafe { std::hint::assert_unchecked(!chunk.is_null()) };
        // SAFETY: a pointer in `chunks` is `VACANCY`, or came from `Box::into_raw` in `grow`, and is never freed; the Acquire
        // pairs with the Release that published it.
        let chunk = unsafe { &*chunk };
        &chunk[(number >> SLOT_SHIFT) as usize % CHUNK]
    }

    /// Goes inside.
    #[inline(always)]
    pub(crate) fn enter(&self, number: u64) -> Result<Inside<'_, T>, Refusal> {
        // A forged number must not match a vacant or busy word.
        if number & KIND_MASK & !MARKED != Self::TAG {
            return Err(Refusal::Stale);
        }
        let slot = self.slot(number);
        slot.enter(number).map_err(|found| slot.refusal(number, found))
    }

    /// Whether this may be a marked number of the table.
    #[inline(always)]
    pub(crate) fn is_marked(number: u64) -> bool {
        number & KIND_MASK == Self::TAG | MARKED
    }

    /// Goes inside, if the number is marked. `None`: it is not, or [`Table::enter`] has the reason.
    #[inline(always)]
    pub(crate) fn enter_marked(&self, number: u64) -> Option<Inside<'_, T>> {
        if Self::is_marked(number) { self.slot(number).enter(number).ok() } else { None }
    }

    /// Inside the slot of a number that was [handed over](Inside::hand_over).
    ///
    /// # Safety
    /// The number was handed over, and nobody has taken it over yet.
    pub(crate) unsafe fn take_over(&self, number: u64) -> Inside<'_, T> {
        Inside { slot: self.slot(number), number, one_thread: PhantomData }
    }

    /// Puts something into the table. Returns its number, which is marked or not, or the thing if the table is full.
    pub(crate) fn insert(&self, thing: T, is_marked: bool) -> Result<u64, T> {
        let kind = if is_marked { Self::TAG | MARKED } else { Self::TAG };
        loop {
            let slots = self.chunks.iter().take_while(|chunk| chunk.load(Relaxed) != Self::VACANCY).count() * CHUNK;
            let start = self.cursor.load(Relaxed);
            for step in 0..slots {
                let index = (start + step) % slots;
                let slot = self.slot(place_of(index));
                let word = slot.word.load(Relaxed);
                if word & KIND_MASK == 0 && slot.word.compare_exchange(word, word | BUSY, Acquire, Relaxed).is_ok() {
                    self.cursor.store(index + 1, Relaxed);
                    let generation = word.wrapping_add(GENERATION) & GENERATION_MASK;
                    let number = word & !GENERATION_MASK | generation | kind;
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
            word: AtomicU64::new(random.hash_one(at) & GENERATION_MASK | place_of(place * CHUNK + at)),
            process: AtomicU32::new(0),
            contents: UnsafeCell::new(MaybeUninit::uninit()),
        });
        let fresh = Box::into_raw(Box::new(slots));
        if chunk.compare_exchange(Self::VACANCY, fresh, AcqRel, Relaxed).is_err() {
            // SAFETY: it came from `Box::into_raw` just now and was not published; its slots have no contents.
            drop(unsafe { Box::from_raw(fresh) });
        }
        true
    }
}

/// Where the slot of this index is, as its numbers say it.
fn place_of(index: usize) -> u64 {
    ((index / CHUNK) as u64) << CHUNK_SHIFT | ((index % CHUNK) as u64) << SLOT_SHIFT
}

impl<T> Slot<T> {
    /// Goes inside, or returns what was found instead of the number.
    #[inline(always)]
    fn enter(&self, number: u64) -> Result<Inside<'_, T>, u64> {
        self.word.compare_exchange(number, number | BUSY, Acquire, Relaxed)?;
        Ok(Inside { slot: self, number, one_thread: PhantomData })
    }

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
    /// Stays inside, for code that is handed the number: see [`Table::take_over`].
    #[inline(always)]
    pub(crate) fn hand_over(self) -> u64 {
        ManuallyDrop::new(self).number
    }

    /// Takes the thing out. Its number leads nowhere from now on.
    pub(crate) fn remove(self) -> T {
        // SAFETY: this thread is inside and the number is not vacant, so there are contents; they are not touched again,
        // because the next word is a vacant one.
        let thing = unsafe { (*self.slot.contents.get()).assume_init_read() };
        self.slot.word.store(self.number & !KIND_MASK, Release);
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
        let table = Table::<String, 1, 2>::new();
        let one = table.insert("one".to_owned(), false).unwrap();
        let two = table.insert("two".to_owned(), false).unwrap();
        assert_ne!(one, two);
        table.enter(one).unwrap().push('!');
        assert_eq!(*table.enter(one).unwrap(), "one!");
        assert_eq!(table.enter(one).unwrap().remove(), "one!");
        assert_eq!(table.enter(one).unwrap_err(), Refusal::Stale);
        assert_eq!(*table.enter(two).unwrap(), "two");
    }

    #[test]
    fn a_slot_that_is_used_again_has_another_number() {
        let table = Table::<u32, 2, 1>::new();
        let mut numbers: Vec<_> = (0..1000)
            .map(|thing| {
                let number = table.insert(thing, false).unwrap();
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
        let numbers = [(); 2].map(|()| Table::<u32, 1, 1>::new().insert(7, false).unwrap());
        assert_ne!(numbers[0], numbers[1]);
    }

    #[test]
    fn made_up_numbers_lead_nowhere() {
        let table = Table::<u32, 3, 2>::new();
        let number = table.insert(7, false).unwrap();
        for bit in 0..u64::BITS {
            assert_eq!(table.enter(number ^ 1 << bit).unwrap_err(), Refusal::Stale, "bit {bit}");
        }
        let inside = table.enter(number).unwrap();
        assert_eq!(table.enter(number | BUSY).unwrap_err(), Refusal::Stale, "the word of a busy slot is no number");
        drop(inside);
        assert_eq!(table.enter(number).unwrap().remove(), 7);
        assert_eq!(table.enter(number & !KIND_MASK).unwrap_err(), Refusal::Stale, "nor is that of a vacant one");
        for number in [0, 1, u64::MAX, 3 << TABLE_SHIFT, CHUNK_BIT.wrapping_neg() | 3 << TABLE_SHIFT] {
            assert_eq!(table.enter(number).unwrap_err(), Refusal::Stale);
        }
    }

    #[test]
    fn marked_numbers_have_a_short_way_in_to_the_same_place() {
        let table = Table::<u32, 2, 1>::new();
        let [plain, marked] = [false, true].map(|is_marked| table.insert(7, is_marked).unwrap());
        assert!(table.enter_marked(plain).is_none());
        assert!(table.enter_marked(plain | MARKED).is_none() && table.enter_marked(marked ^ GENERATION).is_none());
        *table.enter_marked(marked).unwrap() += 1;
        assert_eq!(table.enter(marked ^ MARKED).unwrap_err(), Refusal::Stale, "the mark is part of the number");
        let inside = table.enter_marked(marked).unwrap();
        assert!(table.enter_marked(marked).is_none(), "busy");
        assert_eq!(table.enter(marked).unwrap_err(), Refusal::Busy);
        drop(inside);
        assert_eq!(table.enter(marked).unwrap().remove(), 8);
        assert!(table.enter_marked(marked).is_none(), "stale");
    }

    #[test]
    fn what_is_handed_over_stays_busy_until_it_was_taken_over() {
        let table = Table::<u32, 2, 1>::new();
        let number = table.insert(7, false).unwrap();
        let handed = table.enter(number).unwrap().hand_over();
        assert_eq!((handed, table.enter(number).unwrap_err()), (number, Refusal::Busy));
        // SAFETY: handed over above, and taken over here.
        assert_eq!(*unsafe { table.take_over(handed) }, 7);
        assert_eq!(*table.enter(number).unwrap(), 7);
    }

    #[test]
    fn generations_go_round_and_leave_the_other_fields_alone() {
        let table = Table::<u32, 3, 2>::new();
        let numbers: Vec<_> = (0..=CHUNK as u32).map(|thing| table.insert(thing, true).unwrap()).collect();
        let slot = table.slot(numbers[CHUNK]);
        table.enter(numbers[CHUNK]).unwrap().remove();
        slot.word.fetch_or(GENERATION_MASK, Relaxed);
        table.cursor.store(CHUNK, Relaxed);
        let number = table.insert(9, true).unwrap();
        assert_eq!(number & GENERATION_MASK, 0);
        assert_eq!(number, numbers[CHUNK] & !GENERATION_MASK);
        assert_eq!((*table.enter(number).unwrap(), *table.enter(numbers[0]).unwrap()), (9, 0));
    }

    #[test]
    fn tables_do_not_know_each_others_numbers() {
        let (one, two) = (Table::<u32, 1, 1>::new(), Table::<u32, 2, 1>::new());
        let (first, second) = (one.insert(1, false).unwrap(), two.insert(2, false).unwrap());
        assert_eq!(one.enter(second).unwrap_err(), Refusal::Stale);
        assert_eq!(two.enter(first).unwrap_err(), Refusal::Stale);
    }

    #[test]
    fn one_thread_is_inside_at_a_time() {
        let table = Table::<u32, 1, 1>::new();
        let number = table.insert(0, false).unwrap();
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
        let table = Table::<usize, 1, 2>::new();
        let numbers: Vec<_> = (0..2 * CHUNK).map(|thing| table.insert(thing, false).unwrap()).collect();
        assert_eq!(table.insert(999, false), Err(999));
        assert_eq!(table.enter(numbers[100]).unwrap().remove(), 100);
        let again = table.insert(999, false).unwrap();
        assert_eq!(*table.enter(again).unwrap(), 999);
        assert_eq!(*table.enter(numbers[127]).unwrap(), 127);
    }

    #[test]
    fn threads_that_insert_at_once_get_different_slots() {
        let table = Table::<usize, 1, 8>::new();
        let barrier = Barrier::new(4);
        let insert = |thread: usize| {
            barrier.wait();
            (0..100).map(|at| (thread * 100 + at, table.insert(thread * 100 + at, false).unwrap())).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || insert(thread))).collect();
            for (thing, number) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
                assert_eq!(table.enter(number).unwrap().remove(), thing);
            }
        });
    }
}
