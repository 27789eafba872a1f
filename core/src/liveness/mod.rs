//! Participants: joining and leaving, the proof that one is dead, and settling what the dead held.
//!
//! ```text
//! join    begin a life · row Vacant, Closed or Dead → Live(life) by a CAS · tell the awake
//! leave   row Live(life) → Closed by a CAS · tell the others · end the life
//! offer   row Live(life) → the same, offered · told to those that wait for a seat
//! succeed begin a life · row offered → Live(life') by a CAS · tell the awake · the former holder's CAS back fails
//! reap    row Live(life), and the kernel says that the life is over: settle what it held · row → Dead by a CAS · tell the others
//! ```
//!
//! A row that is kept for a name goes to Away instead of Closed or Dead, and from there to Live by that name alone, or to Closed.
//!
//! Invariants:
//! 1. *Only the kernel proves a death*: a life is over when the lock of its block is gone (`region/locks/lives.rs`). A stopped
//!    process keeps the lock, so it is never reaped.
//! 2. *A row's first word changes by CAS alone, and never comes back*: it carries a life, and no life is used twice. So a
//!    CAS from a word that was proved dead touches nobody else.
//! 3. *A row says `Live` until everything that its holder held is settled.* Any number of participants may reap at once, and a
//!    reaper that stops or dies leaves the row to the next one.
//! 4. *Every change of a row bumps `membership`*, after the row, so that a participant that compares `membership` at its next
//!    send or empty receive looks at the rows again. A change whose author died before it could do so is announced by the
//!    next look for the dead.
//!
//! No call on the hot path looks for the dead. At the end of a slice of waiting, one participant of all does: see `probing`.
//!
//! - `seat`: joining and leaving; this participant's row.
//! - `word`: a row's first word, and its steps. `names`: which of several rows is kept for a name; `kept`: those rows in a region.
//! - `rows`: all rows, and telling of changes to them. `peers`: the other role's rows.
//! - `reap`: finding the dead, and settling what they held.
//! - `probing`: which participant does that, and when.
//! - `duty`: which guardians of a channel watch, and which sleep. `guardian`: a thread that is told of deaths, and does it at once.
//! - `counters`: what a participant counts about itself.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

#[cfg(loom)]
pub mod duty;
#[cfg(not(loom))]
mod duty;
#[cfg(not(loom))]
mod guardian;

#[cfg(not(loom))]
mod counters;
#[cfg(not(loom))]
mod kept;
#[cfg(not(loom))]
mod living;
#[cfg(not(loom))]
mod peers;
#[cfg(not(loom))]
#[allow(clippy::arithmetic_side_effects, reason = "counts of rows, of which there are 1,024 at most")]
mod reap;
#[cfg(not(loom))]
mod rows;
#[cfg(not(loom))]
#[allow(clippy::arithmetic_side_effects, reason = "counts of rows and of turns, each with a bound")]
mod seat;

#[cfg(loom)]
pub mod names;
#[cfg(not(loom))]
mod names;
#[allow(clippy::arithmetic_side_effects, reason = "a count with a bound; the channel's own wrap")]
mod probing;
#[cfg(loom)]
pub mod word;
#[cfg(not(loom))]
mod word;

pub use probing::Probing;

#[cfg(not(loom))]
pub use self::counters::Counters;
#[cfg(not(loom))]
pub(crate) use self::{
    counters::{HeldTally, Tally},
    duty::on_duty,
    guardian::Watch,
    kept::{Away, Kept, ReaderName, Unclear, forget, look_for, read_name},
    living::{free_seats, living},
    peers::{PeerWatch, Presence},
    reap::{Dead, Settle, probe, reap_dead},
    rows::{Change, announce, is_anybody_but, is_taken, last_of, slowest_receiver},
    seat::{Seat, begin_life, check_access, lock_file_refused, not_joined},
};
