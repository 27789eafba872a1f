//! Acquiring, releasing, adding and forgetting.

use super::memory::PermitMemory;
use crate::error::Corruption;
use crate::layout::{PermitState, PermitWord, PoolWord, RowIndex};
use crate::sync::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// So often may others be faster before a call takes what it has seen for the truth. Without a hostile peer, each time is another
/// participant's progress.
const RACES: u32 = 1 << 12;

/// A look that finds nothing looks again, up to so many times, if a permit moved meanwhile.
const LOOKS: u32 = 8;

/// A semaphore as one participant uses it.
#[derive(Debug)]
pub struct Semaphore<M> {
    pub(super) memory: M,
    row: RowIndex,
}

/// A permit that a participant has: where it stands, and the word there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// The place.
    pub place: u32,
    word: PermitWord,
}

/// The pool would count more permits than it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// How many permits there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Census {
    /// In the pool.
    pub pool: u64,
    /// In places, and nobody's.
    pub free: u64,
    /// In places, and somebody's.
    pub held: u64,
}

impl Census {
    /// Permits that nobody has.
    pub fn available(&self) -> u64 {
        self.pool.saturating_add(self.free)
    }
}

/// What a look through all places found.
enum Found {
    /// A permit, which is the caller's now.
    Permit(Holding),
    /// None: this is the sum of all words.
    Nothing(u64),
}

/// What came of an attempt to bring a permit from the pool to a place.
enum Refill {
    /// One came to this place.
    Came(u32),
    /// The pool is empty, or all places are taken.
    Impossible,
}

impl<M: PermitMemory> Semaphore<M> {
    /// The semaphore with these words, for the participant in this row.
    pub fn new(memory: M, row: RowIndex) -> Self {
        Self { memory, row }
    }

    /// Its words.
    pub fn memory(&self) -> &M {
        &self.memory
    }

    /// Takes a permit. Looks at this place first: one of which another participant is unlikely to take the permit. `None`: at some
    /// moment during this call, there was none; or permits moved all the time.
    ///
    /// # Errors
    /// The words contradict each other.
    #[inline]
    pub fn acquire(&self, hint: u32) -> Result<Option<Holding>, Corruption> {
        match self.acquire_at(hint) {
            None => self.acquire_slow(hint),
            found => Ok(found),
        }
    }

    /// Takes the permit in this place, if there is one.
    #[inline]
    fn acquire_at(&self, place: u32) -> Option<Holding> {
        if place >= self.memory.places() {
            return None;
        }
        let word = PermitWord::from_bits(self.memory.place(place).load(Relaxed));
        if word.state() == Some(PermitState::Free) { self.take(place, word) } else { None }
    }

    /// Takes a permit that was seen to be free. `None`: another participant was faster.
    #[inline]
    fn take(&self, place: u32, free: PermitWord) -> Option<Holding> {
        let held = free.next(PermitState::Held, self.row);
        // EDGE release→acquire: pairs with the Release in `put_down`, `arrive` and `reap`. EDGE hold→reap: pairs with the Acquire in `reap`.
        let taken = self.memory.place(place).compare_exchange(free.bits(), held.bits(), AcqRel, Relaxed);
        taken.is_ok().then_some(Holding { place, word: held })
    }

    /// Whether the pool, or this place, may have a permit to take. A hint.
    #[inline]
    pub fn may_have_one(&self, place: u32) -> bool {
        let pool = PoolWord::from_bits(self.memory.pool().load(Relaxed));
        let is_free =
            |place| PermitWord::from_bits(self.memory.place(place).load(Relaxed)).state() == Some(PermitState::Free);
        pool.count() > 0 || pool.is_one_on_way() || (place < self.memory.places() && is_free(place))
    }

    /// Whether there is a permit to take, without taking it: free in a place, or in the pool, and a place for it. Told of what comes behind
    /// the look, as of what an [`acquire`](Semaphore::acquire) missed.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn has_one(&self) -> Result<bool, Corruption> {
        let pool = PoolWord::from_bits(self.memory.pool().load(Relaxed));
        let brings_one = pool.count() > 0 || pool.is_one_on_way();
        for place in 0..self.memory.places() {
            match PermitWord::from_bits(self.memory.place(place).load(Relaxed)).state() {
                None => return Err(Corruption::Permit),
                Some(PermitState::Free) => return Ok(true),
                Some(PermitState::Vacant) if brings_one => return Ok(true),
                Some(PermitState::Vacant | PermitState::Held) => {}
            }
        }
        Ok(false)
    }

    #[cold]
    #[inline(never)]
    fn acquire_slow(&self, hint: u32) -> Result<Option<Holding>, Corruption> {
        let mut last = None;
        for _ in 0..LOOKS {
            // First from the pool: there, it takes no search, as long as places are vacant.
            if let Refill::Came(place) = self.refill(hint)? {
                if let Some(holding) = self.acquire_at(place) {
                    return Ok(Some(holding));
                }
                last = None;
                continue;
            }
            match self.look(hint)? {
                Found::Permit(holding) => return Ok(Some(holding)),
                // Each word changes with every step. As they are what they were before the look at the pool, there was none at that moment.
                Found::Nothing(sum) if last == Some(sum) => return Ok(None),
                Found::Nothing(sum) => last = Some(sum),
            }
        }
        Ok(None)
    }

    /// All places, from this one on.
    fn places_from(&self, hint: u32) -> impl Iterator<Item = u32> + use<M> {
        let places = self.memory.places();
        let first = if hint < places { hint } else { 0 };
        (first..places).chain(0..first)
    }

    /// Looks through all places, and takes the first permit that is free.
    fn look(&self, hint: u32) -> Result<Found, Corruption> {
        let mut sum = 0u64;
        for place in self.places_from(hint) {
            let word = PermitWord::from_bits(self.memory.place(place).load(Relaxed));
            match word.state() {
                None => return Err(Corruption::Permit),
                Some(PermitState::Free) => {
                    if let Some(holding) = self.take(place, word) {
                        return Ok(Found::Permit(holding));
                    }
                }
                Some(PermitState::Vacant | PermitState::Held) => {}
            }
            sum = sum.rotate_left(7).wrapping_add(word.bits());
        }
        Ok(Found::Nothing(sum))
    }

    /// Takes so many permits, at least one, or none at all. False: at some moment during this call there were fewer, or others took
    /// permits at the same time, and those that this call took came back. `holdings` is empty before, and afterwards unless it succeeded.
    ///
    /// Counts before it takes. So a call for which there are not enough takes none away from others, not even for a moment.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn acquire_many(&self, count: u32, hint: u32, holdings: &mut Vec<Holding>) -> Result<Many, Corruption> {
        if self.census()?.available() < count.into() {
            return Ok(Many::TooFew);
        }
        for _ in 0..count {
            let next = holdings.last().map_or(hint, |last| last.place.wrapping_add(1));
            match self.acquire(next)? {
                Some(holding) => holdings.push(holding),
                None => {
                    let returned = holdings.len() as u32;
                    for holding in holdings.drain(..) {
                        self.release(holding)?;
                    }
                    return Ok(Many::GivenBack(returned));
                }
            }
        }
        Ok(Many::Acquired)
    }

    /// Gives a permit back.
    ///
    /// # Errors
    /// Its word is not what its owner left there.
    #[inline]
    pub fn release(&self, holding: Holding) -> Result<(), Corruption> {
        self.put_down(holding, PermitState::Free)
    }

    /// The permit is used up: there is one less. Its place is vacant, so one may come from the pool: a sleeper has to be told, as of a
    /// permit that is free.
    ///
    /// # Errors
    /// As [`Semaphore::release`].
    pub fn forget(&self, holding: Holding) -> Result<(), Corruption> {
        self.put_down(holding, PermitState::Vacant)
    }

    #[inline]
    fn put_down(&self, holding: Holding, state: PermitState) -> Result<(), Corruption> {
        let (held, next) = (holding.word, holding.word.next(state, self.row));
        // EDGE release→acquire: pairs with the Acquire in `take`.
        let changed = self.memory.place(holding.place).compare_exchange(held.bits(), next.bits(), Release, Relaxed);
        changed.map(drop).map_err(|_| Corruption::Permit)
    }

    /// Adds so many permits, to the pool.
    ///
    /// # Errors
    /// [`TooMany`] than the pool can count: none was added.
    pub fn add(&self, permits: u64) -> Result<(), TooMany> {
        let mut seen = self.memory.pool().load(Relaxed);
        loop {
            let more = PoolWord::from_bits(seen).and(permits).ok_or(TooMany)?;
            // EDGE release→acquire: pairs with the Acquire in `refill`, and by way of `arrive` with that in `take`. A failure is another
            // participant's progress.
            match self.memory.pool().compare_exchange(seen, more.bits(), Release, Relaxed) {
                Ok(_) => return Ok(()),
                Err(found) => seen = found,
            }
        }
    }

    /// Brings a permit from the pool to a vacant place, from this one on, and first the one that is on its way, if one is.
    #[inline(never)]
    fn refill(&self, hint: u32) -> Result<Refill, Corruption> {
        for _ in 0..RACES {
            // EDGE refill→refill: pairs with the Release in `arrive`. Before the look for a vacant place: see invariant 4.
            let pool = PoolWord::from_bits(self.memory.pool().load(Acquire));
            if pool.is_one_on_way() {
                self.arrive(pool)?;
                return Ok(Refill::Came(pool.place()));
            }
            if pool.count() == 0 {
                return Ok(Refill::Impossible);
            }
            let Some((place, vacant)) = self.vacant_place(hint) else { return Ok(Refill::Impossible) };
            let sent = pool.send(place, vacant);
            // EDGE release→acquire: pairs with the Release in `add`, and goes on in `arrive`.
            if self.memory.pool().compare_exchange(pool.bits(), sent.bits(), AcqRel, Relaxed).is_ok() {
                self.arrive(sent)?;
                return Ok(Refill::Came(place));
            }
        }
        Ok(Refill::Impossible)
    }

    fn vacant_place(&self, hint: u32) -> Option<(u32, PermitWord)> {
        let words =
            self.places_from(hint).map(|place| (place, PermitWord::from_bits(self.memory.place(place).load(Relaxed))));
        words.into_iter().find(|(_, word)| word.state() == Some(PermitState::Vacant))
    }

    /// The permit that is on its way comes to its place, whichever participant sent it. Others may take these steps at the same time.
    fn arrive(&self, sent: PoolWord) -> Result<(), Corruption> {
        let place = sent.place();
        if place >= self.memory.places() {
            return Err(Corruption::Permit);
        }
        let word = PermitWord::from_bits(self.memory.place(place).load(Relaxed));
        if word.next_tag() == sent.tag() {
            if word.state() != Some(PermitState::Vacant) {
                return Err(Corruption::Permit);
            }
            let free = word.next(PermitState::Free, RowIndex(0));
            // EDGE release→acquire: pairs with the Acquire in `take`. If it fails, another participant took this step.
            let _ = self.memory.place(place).compare_exchange(word.bits(), free.bits(), AcqRel, Acquire);
        }
        let mut seen = sent;
        for _ in 0..RACES {
            // EDGE refill→refill: pairs with the Acquire in `refill`.
            let ended = self.memory.pool().compare_exchange(seen.bits(), seen.arrived().bits(), AcqRel, Acquire);
            let Err(found) = ended else { break };
            let found = PoolWord::from_bits(found);
            // Permits were added meanwhile; or another participant took this step, too.
            if !found.is_one_on_way() || (found.place(), found.tag()) != (sent.place(), sent.tag()) {
                break;
            }
            seen = found;
        }
        Ok(())
    }

    /// Counts the permits. They move meanwhile, so the numbers are not all of one moment.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn census(&self) -> Result<Census, Corruption> {
        let pool = PoolWord::from_bits(self.memory.pool().load(Relaxed));
        let mut census = Census { pool: pool.count(), ..Census::default() };
        for place in 0..self.memory.places() {
            let word = PermitWord::from_bits(self.memory.place(place).load(Relaxed));
            let is_coming = pool.is_one_on_way() && place == pool.place() && word.next_tag() == pool.tag();
            match word.state() {
                None => return Err(Corruption::Permit),
                Some(PermitState::Free) => census.free = census.free.wrapping_add(1),
                Some(PermitState::Vacant) if is_coming => census.free = census.free.wrapping_add(1),
                Some(PermitState::Vacant) => {}
                Some(PermitState::Held) => census.held = census.held.wrapping_add(1),
            }
        }
        Ok(census)
    }
}

/// What came of an attempt to take several permits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Many {
    /// They are the caller's.
    Acquired,
    /// There were fewer.
    TooFew,
    /// Others took permits at the same time. So many came back that this call had taken: sleepers have to be told.
    GivenBack(u32),
}
