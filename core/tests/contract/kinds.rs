//! What a channel of each kind is like that is soon full. The list of kinds is the engine's.

use crate::case::Case;
use memlane::generic::{ChannelKind, Mpmc, Mpsc, Options, Spsc};

/// A kind of channel.
pub trait Kind: ChannelKind {
    /// The options of a channel that is soon full. Where it has lanes, their records are aligned as the case says.
    fn small(case: &Case) -> Options<Self>;
}

impl Kind for Spsc {
    fn small(case: &Case) -> Options<Self> {
        Options::<Self>::new().capacity(4096).record_alignment(case.record_alignment)
    }
}

impl Kind for Mpmc {
    fn small(_: &Case) -> Options<Self> {
        Options::<Self>::new().slots(12)
    }
}

impl Kind for Mpsc {
    fn small(case: &Case) -> Options<Self> {
        Options::<Self>::new().capacity(4096).record_alignment(case.record_alignment).max_senders(8)
    }
}
