//! `spsc`: one sender, one receiver. In order, lossless, variable-length messages; the fastest kind.
//!
//! ```text
//! Sender ──reserve──► Grant ──commit──► │ lane │ ──recv──► Message ──drop──► room again
//! ```
//!
//! What holds:
//! - Messages come out in the order in which they went in, each once. If a receiver dies, its successor gets again what
//!   the dead one had not released: at least once across a crash, exactly once without one.
//! - A sender waits while the channel is full, and for nothing else. A receiver waits while it is empty.
//! - Either side may come first, leave and come back; the channel stays until it is [removed](crate::remove).
//! - A message that is sent is in the channel when the call returns, whatever happens to the sender then.
//!
//! **Release.** Dropping a [`Message`] or a [`Batch`] gives it back: from then on, it is room for the sender, and does not come
//! again. A sender that *sleeps* in front of a full channel is not woken for each message: it is once 1/8 of the capacity was
//! released, or when the receiver finds nothing more, sleeps, leaves, or calls [`Receiver::publish_released`]. For less than that
//! it looks by itself, 100 ms after it fell asleep at the latest. What [`info`](Channel::info) counts of a receiver follows at the
//! same moments.
//!
//! ```
//! use memlane::spsc;
//!
//! let channel = spsc::Options::new().private()?; // threads; `.create("name")` for processes
//! let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
//! let sending = std::thread::spawn(move || {
//!     for number in 0..1000u64 {
//!         tx.send(&number.to_le_bytes()).unwrap();
//!     }
//! });
//! let mut expected = 0u64;
//! for message in rx.messages() {
//!     assert_eq!(message?, expected.to_le_bytes());
//!     expected += 1;
//! }
//! assert_eq!(expected, 1000); // the sender was dropped: the iteration ended
//! # sending.join().unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod channel;
mod receiver;
mod sender;

pub use crate::channel::contents::WrongSize;
pub use channel::{Channel, Options, open};
pub use receiver::{Batch, BatchIter, BatchMessage, Message, Messages, Receiver};
pub use sender::{Grant, Sender};
