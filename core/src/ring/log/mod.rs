//! The lane: a log of variable-length records in a ring, written by one [`Writer`] and read by one [`Reader`].
//!
//! ```text
//!            consumed            position (reader)      committed          limit = consumed + capacity
//!               │                      │                    │                        │
//!   ────────────┼──────────────────────┼────────────────────┼────────────────────────┼────────
//!   may be      │ read, not yet        │ committed,         │ 0 = next header,       │ not the
//!   overwritten │ published            │ unread             │ then free              │ writer's
//!
//!   record   ┌────────────┬───────────────┬─────────────┐
//!            │ header, 8  │ payload       │ pad to 8    │   (header padded to the payload alignment, if larger)
//!            └────────────┴───────────────┴─────────────┘
//! ```
//!
//! **The commit is in the record**: storing its header word, with Release, makes a message exist. The reader polls the
//! header at its own position, so that a small message costs one cache-line transfer and no shared cursor is polled.
//!
//! Invariants, with `position` a `u64` that only grows and `position % capacity` the place in the ring:
//!
//! 1. *The header after the last record is 0.* The writer zeroes the next header before it stores this one, and keeps
//!    room for it. A fresh ring is all zeros. So stale bytes of an earlier lap can never pass for a record.
//! 2. *The writer writes only between its position and `consumed + capacity`*, all of which the reader has given back.
//! 3. *`consumed` is where the first record starts that the caller has not given back*, whenever a call ends. Counting it and
//!    waking the writer come later, when it is *published*: after an eighth of the ring, or when nothing more is found.
//! 4. *A record and the padding in front of it appear at once.* Where a record does not fit before the end of the ring,
//!    the writer stores the record's header at the ring's beginning first and the padding's header last; until then the
//!    reader stands before the padding and sees 0.
//! 5. *`header → count → committed`* are stored in this order, the latter two once a stretch, before the writer looks
//!    for more room. So a writer's room never reaches beyond `committed + capacity`, and all records that `committed`
//!    does not cover yet stay as they are. Their headers lead from there to where the writer stands, and tell the count.
//!
//! Because of 1 and 5 a successor of a dead writer starts at `committed`, walks over headers that are already there,
//! and goes on; what was not committed does not exist. An observer walks the same way, and looks again at `committed`
//! afterwards. A successor of a dead reader starts at `consumed`.
//!
//! Orderings. Three edges, each named at both ends:
//! - *commit→poll*: the header's Release store makes payload and zeroed next header visible to a reader that Acquires it.
//! - *consume→reuse*: `consumed`'s Release store comes after every read of the records before it; the writer Acquires
//!   it before it overwrites them.
//! - *published→observe*: the Release stores of `count` and `committed` come after the headers that they cover, and a
//!   fence behind them before everything that is written over these headers later. Observers need both.
//!
//! A successor needs no edge of its own: it starts after the kernel released its predecessor's lock.
//!
//! Sources: commit-in-record with a zeroed next header is Aeron's log buffer and the Linux trace buffer's idea; the
//! contiguous grant with padding at the wrap is the bip-buffer (bbqueue, LMAX).

#[cfg(any(test, loom))]
pub mod by_position;
mod cursor;
mod level;
mod memory;
mod reader;
mod record;
mod run;
mod walk;
mod writer;

pub use cursor::{Cursor, LaneEnd, Spot, Way};
pub use level::Level;
pub use memory::{LaneGeometry, LaneMemory, Position, Ring};
pub use reader::Reader;
pub use record::{Payload, ReaderMark, Record, RecordPlace};
pub use walk::{Survey, number_at};
pub use writer::{Refusal, Reservation, Warmed, Writer};
