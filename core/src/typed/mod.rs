//! Typed messages: numbers, structs, slices of them, and with a codec whatever that can write.
//!
//! ```text
//! spsc::Options::new() ──of::<Order>()──► Options ──create/open──► Channel ──sender()────► Sender    send(&order)
//!                                            │                        └─────receiver()──► Receiver  recv() → order
//!                                            └─ the type's name: Order{id:u64@0,px:f64@8}#16/8, in the channel's header
//! ```
//!
//! A program that opens a channel for another type is told so, with the names of both, before it takes a seat. Every kind can be
//! typed ([`spsc`](crate::spsc), [`mpmc`](crate::mpmc), [`mpsc`](crate::mpsc), [`broadcast`](crate::broadcast)), and so can [`any`](crate::any).
//!
//! ```
//! use memlane::typed::Schema;
//! use memlane::zerocopy::{FromBytes, Immutable, IntoBytes};
//!
//! #[derive(Schema, FromBytes, IntoBytes, Immutable, Debug, PartialEq)]
//! #[repr(C)]
//! struct Order {
//!     id: u64,
//!     px: f64,
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir_in("/dev/shm")?;
//! # let name = folder.path().join("orders").display().to_string();
//! # let name = name.as_str(); // in a program: "orders"
//! let mut tx = memlane::spsc::Options::new().of::<Order>().open_or_create(name)?.sender()?;
//! tx.send(&Order { id: 7, px: 61_496.5 })?;
//!
//! let mut rx = memlane::spsc::Options::new().of::<Order>().open(name)?.receiver()?; // usually in another process
//! assert_eq!(rx.recv()?, Order { id: 7, px: 61_496.5 });
//!
//! let refused = memlane::spsc::Options::new().of::<u64>().open(name).unwrap_err();
//! assert!(refused.to_string().contains("Order{id:u64@0,px:f64@8}#16/8, and was opened for u64"));
//! # Ok(())
//! # }
//! ```
//!
//! # Which types
//!
//! - **Numbers** and arrays of them have a [`Schema`], and so do `#[repr(C)]` structs that derive it: the compiler gives the sizes and
//!   offsets. They are sent as their bytes, without a step between. zerocopy's traits make sure that these hold no padding, and that
//!   whatever bytes a peer wrote are a value. `std::any::type_name` would say nothing of layout, and is another one with each compiler.
//! - **Slices** of them: [`of::<[f64]>`](crate::generic::Options::of) sends a `&[f64]` and receives a `Vec<f64>`.
//! - **Others**, by a [`Codec`]: [`coded`](crate::generic::Options::coded). With feature `serde`, `typed::Postcard` writes whatever serde knows:
//!   texts, vectors, enums. The program names the format, and gives it another name when it changes it.
//!
//! # What holds
//!
//! - The name is compared when a channel is opened, and at no message. An untyped program may open a typed channel: the `memlane`
//!   command, for example. C opens it with the same name, a literal: see [`schema_of`]. A typed program does not open an untyped
//!   channel, since nobody said what its bytes are.
//! - A message of another length than the type's, which only an untyped sender can send, is an error
//!   ([`Unreadable::WrongLength`], [`Unreadable::NoMultiple`]) and no corruption. The message stays: the next call gets it again, unless the program takes it as
//!   bytes, by [`Receiver::untyped_mut`].
//! - Whatever the type, a call waits, fails and survives the death of peers as the untyped call of its name does, and the bytes that
//!   a peer can write later are copied first: [`Message::in_place`] is the exception, for peers that are trusted.
//! - What typed handles do not have, the untyped ones below them do: how full the channel is, who takes part, priorities, strategies.
//!
//! # Cost
//!
//! A value of fixed size is sent and received as by `send` and `recv_into` with a buffer of that length, which the compiler
//! then knows. That costs the instructions of these calls, and those that move a received value out of the call.

#[cfg(feature = "async")]
mod asynchronous;
mod channel;
mod codec;
mod ends;
mod error;
mod message;
mod of_any;
mod of_kind;
mod options;
mod plain;
#[cfg(feature = "serde")]
mod postcard;
mod primitives;
mod receiver;
mod schema;
mod sender;
mod succession;
mod values;
mod waitable;

#[cfg(feature = "serde")]
pub use self::postcard::Postcard;
pub use channel::Channel;
pub use codec::Codec;
pub use ends::Carrier;
pub use error::{CodecError, RecvError, SendError, Unreadable};
/// Describes a struct by its layout: implements the trait [`Schema`](trait@Schema), whose page has an example.
#[cfg(feature = "derive")]
pub use memlane_derive::Schema;
pub use message::Message;
pub use options::Options;
pub use plain::Plain;
pub use receiver::Receiver;
pub use schema::{Fields, Schema, Text, schema_of};
pub use sender::Sender;
pub use values::Values;
