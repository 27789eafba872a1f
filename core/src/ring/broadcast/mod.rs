//! The broadcast: a lane that every one of several readers reads as a whole.
//!
//! Records, commits and warm lines are those of a [`log`](super::log). New is what holds its writer back, and how a reader knows
//! that what it read still stood there.
//!
//! ```text
//!   used − capacity            gates of the readers             position           used ≤ reserved
//!        │                  │         │          │                  │                    │
//!   ─────┼──────────────────┼─────────┼──────────┼──────────────────┼────────────────────┼──────
//!        │ passed by all    │ read by some        │ read by all that │ the writer's next  │ not written
//!        │                  │ readers             │ keep up          │ records            │
//!
//! writer, out of room    joins · gates · reserved ← new · full fence · joins the same?   → used ← new
//! joiner                 row → Live · gate ← g · joins + 1 · full fence · reserved ≤ g + capacity?   → protected from g on
//! leaver, reaper         row → Closed or Dead; of a named reader, Away
//! named reader           row Away → Live · goes on at its gate
//! ```
//!
//! **Lossless** ([`Retention::Lossless`]): a record stays until every attached reader has passed it. A reader has a *gate*, a word
//! in which it stores how far it is. The writer looks at the gates only when it has used up what it may write, `used`: nothing on the way of
//! a send knows of readers. **Lossy** ([`Retention::Lossy`]): the writer looks at no gate, and a reader finds out that it was
//! lapped. **Evicting** ([`Retention::Evicting`]): the writer leaves alone what a reader has not passed, as long as there is other room; readers
//! read as lossy ones, so their gates are advice, which may be old, and nothing depends on it.
//!
//! Invariants:
//! 1. *`reserved` never goes back, and is stored before anything in front of it is overwritten.* It covers everything that its writer
//!    writes: record, padding, the next header, warm lines. So what starts at p is intact if, after it was read, `reserved ≤ p +
//!    capacity`. Numbers in headers do not replace that: they come round, and payload can look like a header.
//! 2. *Either the joiner sees `reserved`, or the writer sees the gate.* Each writes its word, fences, and reads the other's (Dekker). A
//!    writer that finds that `joins` has moved looks at the gates again; a joiner whose gate is below goes further on, and tries again.
//! 3. *A gate below `used − capacity` holds nobody back*: it belongs to a joiner that has yet to find out. A protected one is never
//!    below.
//! 4. *A row is the only switch of its gate.* A gate counts while its row says `Live` or `Away`, and a row changes by CAS from a word that
//!    never comes back. So a late reaper takes no gate away from the row's next holder. (A bit for each gate would be such a switch,
//!    which a late reaper clears for somebody else.)
//!    A named reader's row goes from the one to the other by one CAS each time, so its gate counts without a gap, and where it stands
//!    stays protected for the one that comes back.
//! 5. *The writer goes by what it has `used`, and its successor by where it finds the end.* `reserved` may be ahead of both: its writer
//!    died, or found that somebody joined.
//!
//! Orderings. Beyond those of a lane, and *row→look*:
//! - *consume→reuse*: a reader's gate is its `consumed`; the writer Acquires it before it overwrites what lies before it.
//! - *join→look*: `joins`' Release step comes after the joiner's row and gate, for a writer that Acquires it.
//! - *reserve→recheck*: a full fence stands between `reserved` and what is written then; an Acquire fence between
//!   what is read and the look at `reserved`. So a reader that saw any of it sees the `reserved` that covers it.
//!
//! Boundaries carry nothing: an entry counts up to `committed`, whose Acquire brings everything in front of it (*published→observe*).
//!
//! - `memory`: the words. `writer`: what it may overwrite. `gates`: what the writer knows of the readers.
//! - `joining`: a reader becomes protected. `lossy`: reading without protection. `entries`: where a reader can begin.

mod entries;
mod gates;
mod joining;
mod lossy;
mod memory;
mod writer;

#[cfg(all(test, not(loom)))]
mod tests;

pub use entries::{Start, ahead_of};
pub use joining::{GateLane, JoinError, Joined, come_back, join};
pub use lossy::{Found, Look, LossyReader};
pub use memory::{BroadcastMemory, OwnLane};
pub use writer::{Retention, Writer, is_blocker};
