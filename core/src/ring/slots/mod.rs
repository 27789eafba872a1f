//! The slot queue: any number of senders and receivers, each message to exactly one receiver, in the order of commits.
//!
//! ```text
//! slots     [Free] [Consumed 7] [Produced 3] [Produced 3] [Produced 5]          whose each is: one word, one CAS a step
//!                        1            2            4            3
//! cells          ┌───┬───┬───┬───┬───┬───┐
//! (one ring a    │ … │ 1 │ 2 │ 4 │ 3 │ 0 │   stamp = lap + 1, slot index
//!  priority)     └───┴───┴─▲─┴───┴───┴─▲─┘
//!                         head        tail (a hint)
//! ```
//!
//! A sender fills a slot that nobody else sees, and **commits with one CAS** that puts its index into the next cell. So
//! a sender that stops or dies before that blocks nobody, and after it nothing is missing. A receiver **takes with one
//! CAS** of the slot's own word, so every slot has exactly one known owner at every moment, and what a dead one held is
//! found by looking at the words.
//!
//! Queues in which a sender claims a place first and publishes it later (Vyukov's bounded queue, crossbeam's `ArrayQueue`,
//! DPDK's ring, Disruptors) block everybody behind a claim whose owner stopped. Here a sender fills its slot before it
//! claims a place.
//!
//! Invariants:
//! 1. *The slot word is the only truth about ownership.* Cells and positions only order.
//! 2. *A slot leaves Consumed only after head has passed its cell.* So a slot is named by at most one cell at or after
//!    head, and there are never more of these than slots.
//! 3. *Cell stamps only grow; every word that a CAS replaces carries a lap or a generation.* No ABA.
//! 4. *Head passes a cell only when its slot was seen in Consumed while head still stood there.*
//! 5. *Tail never passes an unfilled cell*, since it moves only over filled ones; it may lag by any distance.
//! 6. *A cell is filled again only after head has passed it*, by 2: a stamp ahead of head contradicts it.
//! 7. *What a dead receiver held is named by no cell*: it is in Returned, and taken from there by a look at the words.
//! 8. *Every loop over words that do not change ends* after about as many steps as there are cells or slots. Only a peer that
//!    wins race upon race meanwhile makes one longer.
//!
//! Edges: *commit→take* (the cell's Release CAS to the Acquire load at head: payload and slot word), *ack→alloc* (the slot
//! word's Release store of Free, to the Acquire CAS that takes it on loan: every read of the old message is done),
//! *pass→take* (the store of Free, or the Release CAS that gives the message back, to the Acquire load of the slot word by a
//! receiver that still looks at the passed cell: it then sees that head has moved), *reap→returned* (a reaping's count, to
//! the receiver that finds it moved: the slots' words were replaced before).

mod append;
mod batch;
mod census;
#[cfg(all(test, not(loom)))]
mod counted;
mod memory;
mod queue;
#[allow(clippy::arithmetic_side_effects, reason = "counts of slots, of which there are 65,536 at most")]
mod reap;
#[allow(clippy::arithmetic_side_effects, reason = "counts of slots, of which there are 65,536 at most")]
mod returned;
#[allow(clippy::arithmetic_side_effects, reason = "numbers of this handle's own, below twice that of slots")]
mod room;

pub use batch::CommitBatch;
pub use census::{Census, backlog, free, is_full, queued, returned};
pub use memory::{SlotGeometry, SlotMemory};
pub use queue::{Delivery, GivenBack, Loan, Queue};
pub(super) use queue::{Look, RACES};
#[cfg(loom)]
pub use reap::ReapReport;
pub use reap::{Departed, OnDeath};
pub use returned::Search;
