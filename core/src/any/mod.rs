//! Channels of whatever kind, for programs that learn at run time which kind a channel is of.
//!
//! ```text
//! open(name) ──► Channel ──sender()───► Sender ──reserve──► Grant        each of the kind that stands in the file,
//!                   └─────receiver()──► Receiver ──recv───► Message       and none of them a type parameter
//! ```
//!
//! A program that knows the kind uses that kind's module. This one is for tools, and for languages without type parameters: the
//! `memlane` command and the C interface stand on it.
//!
//! What holds:
//! - Calls have the names and the meaning that they have in the kinds' modules: see [`generic`](crate::generic), whose pages say
//!   what each of them does, when it blocks and what others can change meanwhile.
//! - What only some kinds have is an `Option` ([`Message::sequence`], [`Sender::resumed_at`]) or a typed error: an option that the
//!   channel's kind does not have is [`CreateError::NoSuchOption`](crate::CreateError::NoSuchOption), when the channel is created
//!   or opened; [`Kind::has_option`](crate::Kind::has_option) tells before. One message of a lane's batch alone is
//!   [`AckAtError::InOrder`](crate::AckAtError::InOrder).
//! - A later version knows more kinds; they go through the same calls.
//! - A channel of whatever kind may be a [`watch`](crate::watch), too, which has no messages: it is created, looked at and closed as the
//!   others are, and [`Channel::to_watch`] gives its own calls. The kinds that have messages are [`KINDS`].
//!
//! Options and channels know their kind at run time anyway. Senders, receivers and what they lend are enums: one variant a kind,
//! made from the list of kinds. A call is one comparison and then the kind's own code: two instructions a message. A table of function
//! pointers would cost a call that the compiler sees nothing of, and would shut out calls with type parameters, such as
//! [`Sender::send_batch`]. Of the hot calls, only the fastest kind's stand in line, since each kind in line costs the others the
//! registers that it wants. Each variant can be matched, for what only that kind has.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir_in("/dev/shm")?;
//! # let name = folder.path().join("jobs").display().to_string();
//! # let name = name.as_str(); // in a program: "jobs"
//! memlane::mpmc::Options::new().slots(16).create(name)?; // somebody made it
//!
//! let channel = memlane::any::open(name)?; // of whatever kind
//! let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
//! tx.send(b"job")?;
//! let message = rx.recv()?;
//! assert_eq!((message.to_vec(), message.deliveries(), message.sequence()), (b"job".to_vec(), Some(1), None));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "async")]
mod asynchronous;
mod batch;
mod channel;
mod exact;
mod grant;
mod handles;
mod interrupting;
mod message;
mod messages;
mod options;
mod peers;
mod receiver;
mod sender;
mod succession;
mod waitable;

pub use crate::channel::kind::with_kinds;
pub use channel::{Any, Channel, KINDS};
pub use handles::{Batch, BatchIter, BatchMessage, Grant, IntoMessages, Message, Messages, Receiver, Sender, TryIter};
pub use options::{Options, open};
