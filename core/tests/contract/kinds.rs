//! The kinds that the contract is for: each is a row of the list, and says here what a channel of it is like that is soon full.

use memlane::generic::{ChannelKind, Mpmc, Options, Spsc};

/// A kind of channel.
pub trait Kind: ChannelKind {
    /// The options of a channel that is soon full.
    fn small() -> Options<Self>;
}

impl Kind for Spsc {
    fn small() -> Options<Self> {
        Options::<Self>::new().capacity(4096)
    }
}

impl Kind for Mpmc {
    fn small() -> Options<Self> {
        Options::<Self>::new().slots(12)
    }
}

/// Hands the list of kinds to a macro of `case`: each with its name, and with its type.
macro_rules! with_kinds {
    ($macro:ident $($arguments:tt)*) => {
        crate::case::$macro! { [spsc Spsc, mpmc Mpmc] $($arguments)* }
    };
}

pub(crate) use with_kinds;
