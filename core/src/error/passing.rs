//! Errors of handing an anonymous channel over.

use super::Printable;
use super::into_io::into_io_error;
use std::io;

/// Why an anonymous channel was not handed over. The channel is as it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PassError {
    /// The channel has a name, by which others open it, or is private to this process.
    #[error("channel {channel} has no descriptors to hand over: make it with anonymous", channel = Printable(.channel))]
    NotAnonymous {
        /// The channel.
        channel: String,
    },
    /// The channel is written to by the process that made it alone.
    #[error("channel {channel} is one-way: nobody else can take part; hand it over read-only", channel = Printable(.channel))]
    OneWay {
        /// The channel.
        channel: String,
    },
    /// Channels of this kind have no receivers that take no part.
    #[error(
        "channel {channel} is of kind {kind}, which nobody receives from read-only; use a broadcast or a watch for that",
        channel = Printable(.channel)
    )]
    NoReadOnly {
        /// The channel.
        channel: String,
        /// Its kind.
        kind: &'static str,
    },
    /// The descriptor is no Unix socket's, and descriptors go over nothing else.
    #[error("channel {channel}: this is no Unix socket; connect by one", channel = Printable(.channel))]
    NotAUnixSocket {
        /// The channel.
        channel: String,
    },
    /// No environment variable can have this name: it is empty, or has a `=` or a zero byte.
    #[error(
        "channel {channel}: no environment variable can be called `{given}`; use letters, digits and _",
        channel = Printable(.channel), given = Printable(.given)
    )]
    Variable {
        /// The channel.
        channel: String,
        /// What was given.
        given: String,
    },
    /// Any other refusal by the operating system. A socket that does not wait says so by the source's kind, `WouldBlock`.
    #[error("channel {channel}: {action} failed: {source}", channel = Printable(.channel))]
    Io {
        /// The channel.
        channel: String,
        /// What was being done.
        action: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

into_io_error!(PassError {
    NotAnonymous { .. } | OneWay { .. } | NoReadOnly { .. } | NotAUnixSocket { .. } | Variable { .. } => InvalidInput,
});

/// What came, or did not come, in place of an anonymous channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotHandedOver {
    /// The other side closed its end of the socket before it handed anything over.
    #[error("the other side closed the socket; have it send the channel first")]
    Nothing,
    /// The environment has no such variable.
    #[error(
        "the environment has no variable {variable}; have the parent pass the channel by that name",
        variable = Printable(.variable)
    )]
    NoVariable {
        /// Its name.
        variable: String,
    },
    /// The descriptor is no Unix socket's.
    #[error("this is no Unix socket; connect by one")]
    NotAUnixSocket,
    /// Something else comes first. It is left in the socket.
    #[error("something else comes first; read that, or have the channel sent alone")]
    Foreign,
    /// The start of a frame, without its rest. It is left in the socket.
    #[error("only a part of the frame is there; have it sent by memlane")]
    CutShort,
    /// A frame of another version. It is left in the socket.
    #[error(
        "it was handed over in version {found}, and this version of memlane knows {supported}; use the same for both"
    )]
    Version {
        /// The frame's version.
        found: u16,
        /// The version that this build knows.
        supported: u16,
    },
    /// It was handed over for reading alone, and was to be taken part in. It is left in the socket.
    #[error("it was handed over for reading alone; receive from it read-only")]
    ReadOnly,
    /// So many descriptors came with the frame, instead of two.
    #[error("{found} descriptor(s) came with it, instead of 2; have it sent by memlane")]
    Descriptors {
        /// How many there were, as far as there was room for them.
        found: usize,
    },
    /// The descriptors are not those of the channel that was named: they are another one's, or are closed.
    #[error("its descriptors are closed, were opened before, or are another channel's; have it handed over again")]
    OtherDescriptors,
}
