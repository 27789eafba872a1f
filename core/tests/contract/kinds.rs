//! What a channel of each kind is like that is soon full. The list of kinds is the engine's.

use memlane::generic::{ChannelKind, Mpmc, Mpsc, Options, Spsc};

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

impl Kind for Mpsc {
    fn small() -> Options<Self> {
        Options::<Self>::new().capacity(4096).max_senders(8)
    }
}
