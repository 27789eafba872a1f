//! memlane moves messages between processes on one host through a memory-mapped file: without a daemon, without a
//! lock, and without a system call while both sides are awake.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir_in("/dev/shm")?;
//! # let name = folder.path().join("prices").display().to_string();
//! # let name = name.as_str(); // in a program: "prices"
//! let mut tx = memlane::spsc::Options::new().open_or_create(name)?.sender()?;
//! tx.send(b"hello")?; // blocks while the channel is full
//!
//! let mut rx = memlane::spsc::open(name)?.receiver()?; // usually in another process
//! let mut buffer = [0; 64];
//! let length = rx.recv_into(&mut buffer)?; // blocks while the channel is empty
//! assert_eq!(&buffer[..length], b"hello");
//! # Ok(())
//! # }
//! ```
//!
//! # Where to start
//!
//! - [`spsc`]: one sender, one receiver; the fastest kind. Messages lie behind each other in a ring of bytes, its *lane*.
//! - [`mpmc`]: many senders and receivers. Each message goes to one of the receivers, which acknowledges it; if that one gives it
//!   back or dies, another one gets it. Priorities, and a limit to deliveries.
//! - [`mpsc`]: many senders, one receiver, and a lane for each sender. Order per sender; the receiver is fair to all of them.
//! - [`broadcast`]: one sender or several, many receivers, each message to all of them. Lossless, or never waiting, with losses that are counted.
//! - [`watch`]: one sender, many receivers, and the latest value instead of messages: it is set and looked at, and its changes are
//!   waited for.
//! - [`rpc`]: many clients call many servers, which share the calls; each answer comes to its caller alone, and no client waits for a server that
//!   is dead.
//! - [`semaphore`]: permits, which come back when their owner dies; and a count of signals.
//! - [`event`]: bits that are set and waited for, by any number of waiters, of which none misses a set.
//! - [`pipe`]: streams of bytes through an `spsc` channel, as `std::io::Write` and `Read`.
//! - [`Options::anonymous`](generic::Options::anonymous): channels without a name, for processes that hand them to each other,
//!   [over a Unix socket](generic::Channel::send_to) or [to a program that they start](generic::Channel::pass_to); and those that only one process
//!   [ever writes to](generic::Options::one_way).
//! - [`any`]: channels of whatever kind, for programs that learn the kind at run time.
//! - [`typed`]: messages that are values, numbers, structs and slices of them, over every kind.
//! - [`WaitSet`]: waits for several handles at once, of whatever kinds.
//! - [`Interrupter`]: ends a call that waits, from another thread or from a signal handler.
//! - [`Waitable::descriptor`]: a descriptor for `epoll`, mio and their like. With feature `async`, `recv_async`, `send_async`, streams and sinks.
//! - [`inspect`](fn@inspect) and [`list`]: look at channels from outside without disturbing them.
//! - [`remove`]: the only thing that deletes a channel.
//!
//! A sender or receiver can [hand its seat over](generic::Sender::hand_over) to a successor in another process, in the middle of the stream.
//!
//! A sender or receiver takes a *seat* of the channel, of which an `spsc` channel has one for each and the other kinds as many as
//! it was created with, and holds it until it is dropped. If its process dies, the others *reap* it: what it held is given back,
//! and its seat is free. A channel in which something is found that no correct participant writes is *poisoned*: everybody
//! gets [`Corruption`] as the reason, from then on.
//!
//! # What holds
//!
//! A participant that is killed, stopped or slow never keeps the others from making progress on messages that it does
//! not hold. Death is proved by the kernel (a lock that goes with the process), never guessed from a clock. Whatever
//! bytes a peer writes into the file, the safe calls of this crate neither panic nor read out of bounds nor loop for
//! ever: they return an error. `docs/` in the repository has the arguments.
//!
//! # Layers
//!
//! Data flows one way; a module imports only what stands above it: `sync`, `error`, `layout`, `region`, `ring`,
//! `wait`, `liveness`, `channel`, `any`, `typed`, `pattern`. `unsafe` stands in `region` alone.

#![deny(unsafe_code)]
#![warn(clippy::disallowed_types, clippy::disallowed_methods)]

#[cfg(not(all(target_os = "linux", target_pointer_width = "64", target_endian = "little")))]
compile_error!("memlane is built and tested on 64-bit little-endian Linux; a port starts at core/src/region/sys/");

// The models in `loom-tests/` are an outside crate: under `cfg(loom)` the algorithms are public, and everything that
// needs a file or a system call is absent.
#[cfg(loom)]
pub mod error;
#[cfg(loom)]
pub mod layout;
#[cfg(loom)]
pub mod liveness;
#[cfg(loom)]
pub mod ring;
#[cfg(loom)]
pub mod sync;
#[cfg(loom)]
pub mod wait;

#[cfg(not(loom))]
pub mod any;
#[cfg(not(loom))]
mod channel;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
mod layout;
#[cfg(not(loom))]
mod liveness;
#[cfg(not(loom))]
mod pattern;
#[cfg(not(loom))]
mod region;
#[cfg(not(loom))]
mod ring;
#[cfg(not(loom))]
mod sync;
#[cfg(not(loom))]
pub mod typed;
#[cfg(not(loom))]
mod wait;

#[cfg(not(loom))]
mod public {
    pub use crate::channel::Interrupter;
    pub use crate::channel::calls_info::CallsInfo;
    pub use crate::channel::contents::WrongSize;
    pub use crate::channel::inspect::{
        BroadcastInfo, ChannelStatus, Info, LaneInfo, ParticipantInfo, QueueInfo, ReaderInfo, inspect, list,
    };
    pub use crate::channel::on_drop::OnDrop;
    pub use crate::channel::peers::Peers;
    #[cfg(feature = "named-segments")]
    pub use crate::channel::remove::remove_segment;
    pub use crate::channel::remove::{remove, remove_forced};
    pub use crate::channel::signal_info::{EventInfo, SemaphoreInfo, ValueInfo};
    pub use crate::channel::waitable::Waitable;
    pub use crate::channel::{broadcast, event, mpmc, mpsc, pipe, rpc, semaphore, spsc, watch};
    pub use crate::error::*;
    pub use crate::layout::{Backend, FenceMode, Kind, ParticipantState, Role, TypeForm};
    pub use crate::liveness::Counters;
    pub use crate::pattern::waitset::{WaitSet, Waker};
    pub use crate::region::{Granted, MemoryReport, Origin, TrustPeers, channel_path};
    pub use crate::wait::Strategy;
    pub use crate::wait::relay::Descriptor;

    /// Streams of receivers and sinks of senders: what `into_stream` and `into_sink` return.
    #[cfg(feature = "async")]
    pub mod asynchronous {
        pub use crate::pattern::asynchronous::{Carries, IntoSink, IntoStream, Yields};
    }

    /// Channels of any kind, for code that is generic over the kind. [`spsc`] and [`mpmc`] name these types for one kind.
    pub mod generic {
        #[doc(hidden)]
        pub use crate::channel::at_once::AtOnce;
        pub use crate::channel::batch::{Batch, BatchIter};
        pub use crate::channel::contents::BatchMessage;
        pub use crate::channel::grant::Grant;
        pub use crate::channel::kind::{Broadcast, ChannelKind, Mpmc, Mpsc, Spsc};
        pub use crate::channel::message::Message;
        pub use crate::channel::messages::{IntoMessages, Messages, TryIter};
        pub use crate::channel::opened::Channel;
        pub use crate::channel::options::Options;
        pub use crate::channel::receiver::Receiver;
        pub use crate::channel::sender::Sender;
    }

    /// Major and minor version of the file layout that this build writes. It reads the same major version, and minor
    /// ones up to its own.
    pub const LAYOUT_VERSION: (u16, u16) = (crate::layout::VERSION.major, crate::layout::VERSION.minor);
}
#[cfg(not(loom))]
pub use public::*;
/// The crate whose traits [`Message::read`](generic::Message::read) asks for, in the version that this crate uses.
#[cfg(not(loom))]
pub use zerocopy;
