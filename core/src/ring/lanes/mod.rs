//! Several lanes and one receiver: finding those that have something, and going round them.
//!
//! ```text
//! sender     row → Live(life) · counter of the row's group + 1 · membership + 1 · then its first commit
//!            row → Closed or Dead   · counter + 1 · membership + 1      by itself, or by the one that reaps it
//! receiver   m ← membership · counters · the rows of the groups whose counter differs
//!            another life than before   → attach the lane, whatever the row's state
//!            not Live, then poll Empty  → drop the lane
//!            nothing attached, and membership is still m → no sender is there, and nothing of theirs is left
//! ```
//!
//! Invariants:
//! 1. *Nobody clears anything.* Counters and `membership` only grow, and what a receiver has seen of them is private. So one that
//!    dies in the middle of its look takes nothing away from its successor, which looks at all rows once. A bitmap that the
//!    receiver clears would lose a sender that comes while it is cleared.
//! 2. *A life that was not seen before attaches its lane, also if it is over.* So a sender that comes, commits and leaves between
//!    two looks is not overlooked.
//! 3. *Row before lane.* A lane is dropped by a poll that comes after a look at its row: a sender leaves behind its last commit, so
//!    that poll finds it.
//! 4. *The end needs a second look at `membership`.* A look at the rows takes a while. If one sender joins behind it and
//!    another leaves in front of it, it sees neither; but `membership` has moved.
//! 5. *What is noted as seen is from before the look.* What changes meanwhile is seen by the next one.
//!
//! Turns. A lane that had something when it was last looked at is **active**, any other attached one is **idle**. The receiver goes
//! round the active lanes. A visit takes at least one message, and at most 16 of 4 KiB together. After
//! each visit it looks at four idle lanes; before it says that there is nothing, at all of them. So no lane is visited
//! twice in a row while another one is known to have something, and a lane that fills is found within a fourth as
//! many visits as there are idle lanes.
//!
//! Orderings. Beyond those of a lane, two edges: *row→look* carries what a sender committed before it left, and *change→rows* leads
//! from a counter to the rows of its group. `membership` is *announce→news*.
//!
//! - `found`: what a receiver knows of each lane, and how it comes to know. `turns`: the order in which lanes are looked at.
//! - `reader`: both together. `tell`: the senders' side. `memory`: the words that they share.

mod found;
mod memory;
mod reader;
mod tell;
mod turns;

pub use found::Attached;
pub use memory::LanesMemory;
pub use reader::Lanes;
pub use tell::tell;
