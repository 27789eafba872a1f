//! Sleeping on semaphores: each participant has one, and bitmaps say which participants sleep.
//!
//! A single semaphore for all could not wake all, nor tell whether anybody sleeps. So each participant has its own. It sets its
//! bit before it sleeps; a waker takes the bit away, and posts. There are two bitmaps: one of the sleepers that take any
//! wake-up, and one of the sleepers that take only [wake-ups of all](Wakes).
//!
//! ```text
//! sleeper   set the bit · full fence · word unchanged? wait on the semaphore · take the bit back
//! waker     change the word · full fence · take bits away · post the semaphores of those that were set
//! ```
//!
//! Invariants:
//! 1. *Either the waker sees the bit or the sleeper sees the changed word*: both write, fence, then read what the other
//!    wrote. With a futex, the kernel compares the word under its lock instead.
//! 2. *A waker posts once for each bit that it took away*, and only the sleeper sets its bit, once for each sleep. So the number
//!    of posts that no sleeper waited for is bounded. Each of them ends a later sleep early, which is harmless.
//! 3. *A sleeper whose bit was taken away looks at the data afterwards.* A sleeper whose timeout ends its sleep takes its own
//!    bit back before it looks. So a waker either took the bit before, and the sleeper sees its change; or it chooses another
//!    sleeper.
//! 4. *A wake-up of one goes to a sleeper that can use it.* That is what the second bitmap is for. A wake-up of all is several
//!    steps here, where a futex takes one. While it goes on, or after it missed a sleeper that was about to look at the word,
//!    the word no longer says that all have to be woken. With a single bitmap, another waker could then spend a wake-up of one
//!    on a sleeper that needs all.
//!
//! A killed sleeper leaves its bit. A wake-up of one may go to that bit; then a live sleeper sleeps on until the end of its
//! slice. The participant that reaps the dead one takes the bit away, and wakes all.

use super::eventcount::{Ticket, Wakes};
use crate::sync::Ordering::{AcqRel, Relaxed, SeqCst};
use crate::sync::{AtomicU32, AtomicU64, fence};
use std::cell::Cell;
use std::ops::Range;

/// The bitmaps and the semaphores.
pub trait Semaphores {
    /// When a sleep ends at the latest.
    type Until: Copy;

    /// One word of a bitmap: the rows `64 × index` to `64 × index + 63`, from the lowest bit.
    fn sleepers(&self, wakes: Wakes, index: usize) -> &AtomicU64;

    /// Waits for a post on the semaphore of `row`, or until `until`. May return early for any reason.
    fn wait(&self, row: u32, until: Self::Until);

    /// Posts the semaphore of `row`.
    fn post(&self, row: u32);
}

/// Sleeps while `word` is as the ticket says, until a waker posts, or until `until`.
pub fn park<S: Semaphores>(semaphores: &S, row: u32, word: &AtomicU32, ticket: Ticket, until: S::Until) {
    let (sleepers, bit) = place_of(semaphores, ticket.wakes, row);
    sleepers.fetch_or(bit, Relaxed);
    fence(SeqCst); // FENCE bit: pairs with FENCE word in `unpark_all` and `unpark`
    if word.load(Relaxed) == ticket.expected {
        semaphores.wait(row, until);
    }
    take(sleepers, bit);
}

/// Wakes every participant in `rows` that sleeps. The caller has changed the word that they sleep on.
pub fn unpark_all<S: Semaphores>(semaphores: &S, rows: Range<u32>) {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
    for wakes in [Wakes::One, Wakes::All] {
        for_each_sleeper(semaphores, wakes, rows.clone(), |row| {
            wake(semaphores, wakes, row);
            true
        });
    }
}

/// Wakes up to `count` participants in `rows` that sleep and take any wake-up. Returns how many; fewer: there were no more. The
/// caller has changed the word that they sleep on.
///
/// The search begins at another row for each `turn`, so that sleepers take turns.
pub fn unpark<S: Semaphores>(semaphores: &S, rows: Range<u32>, count: u32, turn: u32) -> u32 {
    fence(SeqCst); // FENCE word: pairs with FENCE bit in `park`
    let middle = rows.start.wrapping_add(turn.checked_rem(rows.len() as u32).unwrap_or(0));
    let left = Cell::new(count);
    let some_in = |rows| {
        for_each_sleeper(semaphores, Wakes::One, rows, |row| {
            if left.get() > 0 && wake(semaphores, Wakes::One, row) {
                left.set(left.get().wrapping_sub(1));
            }
            left.get() > 0
        })
    };
    let _ = some_in(middle..rows.end) && some_in(rows.start..middle);
    count.wrapping_sub(left.get())
}

/// Takes away the bits that the last holder of this row may have left.
pub fn forget<S: Semaphores>(semaphores: &S, row: u32) {
    for wakes in [Wakes::One, Wakes::All] {
        let (sleepers, bit) = place_of(semaphores, wakes, row);
        take(sleepers, bit);
    }
}

fn place_of<S: Semaphores>(semaphores: &S, wakes: Wakes, row: u32) -> (&AtomicU64, u64) {
    (semaphores.sleepers(wakes, (row / 64) as usize), 1 << (row % 64))
}

/// Takes a bit away. Returns whether it was set.
fn take(sleepers: &AtomicU64, bit: u64) -> bool {
    // EDGE wake→sleep: what a waker changed before it took the bit is seen by the sleeper that finds it gone.
    sleepers.fetch_and(!bit, AcqRel) & bit != 0
}

/// Wakes the participant in `row`, if its bit is still set. Returns whether it was.
fn wake<S: Semaphores>(semaphores: &S, wakes: Wakes, row: u32) -> bool {
    let (sleepers, bit) = place_of(semaphores, wakes, row);
    let asleep = take(sleepers, bit);
    if asleep {
        semaphores.post(row);
    }
    asleep
}

/// Calls `act` once for each row whose bit is set, as long as it returns true. Returns whether it always did.
fn for_each_sleeper<S: Semaphores>(semaphores: &S, wakes: Wakes, rows: Range<u32>, act: impl Fn(u32) -> bool) -> bool {
    let mut row = rows.start;
    while row < rows.end {
        let ahead = semaphores.sleepers(wakes, (row / 64) as usize).load(Relaxed) >> (row % 64);
        if ahead == 0 {
            row = (row | 63).wrapping_add(1);
            continue;
        }
        row = row.wrapping_add(ahead.trailing_zeros());
        if row >= rows.end {
            break;
        }
        if !act(row) {
            return false;
        }
        row = row.wrapping_add(1);
    }
    true
}
