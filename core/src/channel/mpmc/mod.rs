//! `mpmc`: many senders, many receivers, each message to one of the receivers. The kind for work that is shared out.
//!
//! ```text
//! Sender ┐                                              ┌ Receiver ──► Message ──ack──► the slot is free again
//! Sender ┼─ send ──► │ slots, in the order of commits │ ─┼ Receiver        └────nack──► queued again, marked
//! Sender ┘                                              └ Receiver
//! ```
//!
//! What holds:
//! - A message goes to one receiver. Messages leave in the order in which they were sent; those of one sender that one
//!   receiver gets are in that order, too. Exceptions: [priorities](Options::priorities), and messages that come again.
//! - **Acknowledging.** Dropping a [`Message`] acknowledges it, unless [`Receiver::on_drop`] says otherwise; [`Message::nack`] gives
//!   it back, to be delivered again behind all others of its priority; so does a panic while it is held. If a receiver dies, what it
//!   had not acknowledged is delivered again (or [discarded](Options::on_death)). Such messages say so: [`Message::redelivered`].
//! - **Several at once.** [`Message::hold`] takes a message out of its receiver's hands: any thread finishes it, in any order,
//!   while the receiver goes on.
//! - **Many threads.** A handle is one thread's at a time; a [`Pool`] lends handles to any number of threads.
//! - **Nobody waits for a stopped participant.** A sender that is stopped or killed between reserving and committing, or a receiver
//!   that holds a message, keeps its slot from the others, and nothing else.
//! - A sender waits while every slot is in use. A receiver waits while nothing is queued.
//! - Receivers learn `Disconnected` when no sender is left, nothing is queued, and no other receiver holds a message that
//!   might come again.
//!
//! ```
//! use memlane::mpmc;
//!
//! let channel = mpmc::Options::new().private()?; // threads; `.create("name")` for processes
//! let mut tx = channel.sender()?;
//! let workers: Vec<_> = (0..2)
//!     .map(|_| {
//!         let mut rx = channel.receiver().unwrap();
//!         std::thread::spawn(move || rx.messages().map(|message| message.unwrap()[0] as u32).sum::<u32>())
//!     })
//!     .collect();
//! for number in 0..100u8 {
//!     tx.send(&[number])?;
//! }
//! drop(tx);
//! let sum: u32 = workers.into_iter().map(|worker| worker.join().unwrap()).sum();
//! assert_eq!(sum, 4950);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod batch;
mod channel;
mod held;
mod pool;
mod receiver;
mod sender;

pub use crate::ring::slots::OnDeath;
pub use batch::{Batch, BatchIter, BatchMessage};
pub use channel::{Channel, Options, open};
pub use held::HeldMessage;
pub use pool::{Handle, Pool, Pooled};
pub use receiver::{Message, Messages, Receiver};
pub use sender::{Grant, Sender};
