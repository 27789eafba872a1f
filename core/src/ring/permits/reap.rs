//! What dead participants held comes back.
//!
//! Any participant that proved a death may do this, at the same time as others, and may stop or die anywhere: the next one does the
//! rest. The caller replaces the rows' words afterwards, and wakes everybody.

use super::memory::PermitMemory;
use super::semaphore::Semaphore;
use crate::error::Corruption;
use crate::layout::{PermitState, PermitWord};
use crate::ring::slots::Departed;
use crate::sync::Ordering::{Acquire, Relaxed, Release};

impl<M: PermitMemory> Semaphore<M> {
    /// Frees the permits that dead participants held. Returns how many came back by this call.
    ///
    /// # Errors
    /// The words contradict each other.
    pub fn reap(&self, dead: &impl Departed) -> Result<u32, Corruption> {
        let mut came_back = 0u32;
        for place in 0..self.memory.places() {
            // EDGE hold→reap: pairs with the Release in `take`. A word that the seat's next holder wrote shows that one's row as well.
            let word = PermitWord::from_bits(self.memory.place(place).load(Acquire));
            let owner = word.owner();
            match word.state() {
                None => return Err(Corruption::Permit),
                // The second look at the row comes behind the word: else that may be the word of the seat's next holder.
                Some(PermitState::Held) if dead.contains(owner) && dead.still_holds(owner) => {
                    let free = word.next(PermitState::Free, owner);
                    // EDGE release→acquire: pairs with the Acquire in `take`.
                    let freed = self.memory.place(place).compare_exchange(word.bits(), free.bits(), Release, Relaxed);
                    came_back = came_back.wrapping_add(u32::from(freed.is_ok()));
                }
                Some(_) => {}
            }
        }
        Ok(came_back)
    }
}
