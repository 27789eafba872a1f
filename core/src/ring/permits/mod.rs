//! A semaphore's permits: each is free, or one participant's, or in a pool that only counts.
//!
//! ```text
//!              add_permits                acquire: CAS Free → Held(row)
//!                  │                   ┌──────────────────────────────────┐
//!                  ▼      refill       │                                  ▼
//!             pool: 5 ────────────► places:  Free · Free · Vacant · Held(3) · Held(7) · Held(3)
//!                                      ▲                                  │
//!                                      └──────────────────────────────────┤
//!                                         release, reap: CAS Held → Free  │
//!                       gone ◄────────────────────────────────────────────┘
//!                                         forget: CAS Held → Vacant
//! ```
//!
//! Invariants:
//! 1. *A held permit names its owner in the same word that says that it is held.* So there is no moment at which a participant that dies
//!    takes a permit with it, and none at which a permit comes back twice.
//! 2. *A place's word changes by CAS alone, and never comes back*: it carries a generation. A late helper fails at its CAS.
//! 3. *A permit is in the pool's count, on its way, or in a place.* It leaves the count, and is on its way, by one CAS of the pool's word,
//!    which says where to. A participant that finds it there takes the next two steps: the place's word to Free, and the pool's word to *arrived*.
//!    So a participant that dies in between has lost nothing.
//! 4. *Only the permit that is on its way to a vacant place comes there.* A refill loads the pool's word before that of the place, and its
//!    CAS succeeds only if no other refill came in between: each leaves its place in the word, and the tag that this has from then on. A
//!    fresh pool says place 0 and tag 0, which is no place to which a permit came: tags begin with 1. (With the tag that a place had
//!    before, the pool's word after the first refill was the one before it, and a participant that had seen that one lost a permit.)
//! 5. *What the dead held comes back by the rules of [reaping](super::slots)*: the place's word is loaded, the owner's row is looked at
//!    again, and the CAS is from the word that was loaded.
//!
//! Orderings. What one holder did is seen by the next:
//! - *release→acquire*: the CAS to Free is a Release, that to Held an Acquire. So it is for a permit that was added: the CAS of the pool's
//!   word by the participant that adds, that of the one which sends a permit on its way, and that to Free are one chain.
//! - *hold→reap*: the CAS to Held is a Release, too. A helper Acquires the word, and then looks at the owner's row: so if the word is that
//!   of the seat's next holder, the helper sees that the row has changed.
//! - *refill→refill*: a refill Acquires the pool's word, which the last one's end Released. So it sees that place's word as it became.
//!
//! Sleeping is not here. A participant that found no permit looks again behind its flag ([`eventcount`](crate::wait::eventcount)). Told of
//! there is each permit that becomes free, in a place or in the pool, and each place that becomes vacant: the pool may have a permit for
//! it that found no place before.

mod memory;
mod reap;
mod semaphore;

pub use memory::PermitMemory;
pub use semaphore::{Holding, Many, Semaphore, TooMany};
