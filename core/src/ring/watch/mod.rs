//! The watch: the latest value of one [`Writer`], for any number of [`Reader`]s, which it never waits for.
//!
//! ```text
//!   root = 6 ───────────────┐
//!                           ▼
//!   slot       0 · · ·   5      6      7      8 · · ·   n − 1        version v stands in slot v mod n
//!   sequence             10     12     13     0                      2v: complete · 2v − 1: being written
//!                     version  the    being   not
//!                        5    latest  written used
//! ```
//!
//! Invariants:
//! 1. *`root` names a complete value*, or is 0: there is none yet. It is stored last, so a writer that dies anywhere leaves the
//!    value before, and its successor goes on at `root + 1`. What a slot's sequence says, nobody goes on from.
//! 2. *The writer never touches the slot that `root` names.* It is `n − 1` versions ahead before it comes to that slot again. So a
//!    reader tries again only if the writer set `n − 1` values during one try, and a slot that is not as `root` says while `root`
//!    stays is damage.
//! 3. *A copy counts only if the slot's sequence was `2v` before it and behind it.* The odd sequence is stored before the first word
//!    of the new value, and the even one behind the last.
//! 4. *`root` only grows*, so the versions of a reader never go back.
//!
//! Orderings. Two edges and a pair of fences, each named at both ends:
//! - *set→get*: the Release stores of the even sequence and of `root` make the value visible to a reader that Acquires them.
//! - *overwrite→recheck*: the writer stores the odd sequence, and a Release fence stands before the words of the value; the reader's
//!   Acquire fence stands between its copy and the second look at the sequence. So a reader that copied any word of a later value
//!   sees that the sequence has moved on.
//! - *root→begun*: the odd sequence is a Release store itself. A reader that sees it sees every `root` that the writer stored before, so
//!   it never takes a slot that is being written for damage.
//!
//! Sources: the sequence around the value is Lamport's (1977), as in Linux's seqlocks; several slots behind one root are what its
//! latches have two of. The fences follow Boehm, "Can seqlocks get along with programming language memory models?" (2012).

mod memory;
mod reader;
mod writer;

pub use memory::{WatchMemory, WatchSlot};
pub use reader::{Attempt, Begun, Reader};
pub use writer::Writer;
