//! Things that sleepers take, counted in a word.

use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;

/// Takes so many of them at once, or none. Relaxed: what the sleepers sleep on has to bring the order.
pub fn take(things: &AtomicU32, count: u32) -> Option<()> {
    let mut left = things.load(Relaxed);
    while left >= count {
        match things.compare_exchange(left, left - count, Relaxed, Relaxed) {
            Ok(_) => return Some(()),
            Err(now) => left = now,
        }
    }
    None
}
