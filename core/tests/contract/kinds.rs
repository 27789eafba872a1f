//! What a channel of each kind is like that is soon full. The list of kinds is the engine's.

use crate::case::Case;
use memlane::broadcast::Start;
use memlane::generic::{Broadcast, Channel, ChannelKind, Mpmc, Mpsc, Options, Receiver, Spsc};

/// A kind of channel.
pub trait Kind: ChannelKind {
    /// The options of a channel that is soon full. Where it has lanes, their records are aligned as the case says.
    fn small(case: &Case) -> Options<Self>;

    /// A receiver that goes on behind the first `passed` messages, which others have received.
    fn successor(channel: &Channel<Self>, _passed: u64) -> Receiver<Self> {
        channel.receiver().unwrap()
    }
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

impl Kind for Broadcast {
    fn small(case: &Case) -> Options<Self> {
        Options::<Self>::new().capacity(4096).record_alignment(case.record_alignment).max_senders(8).max_receivers(8)
    }

    /// There are seats for several senders, so no number tells where to begin.
    fn successor(channel: &Channel<Self>, passed: u64) -> Receiver<Self> {
        let mut rx = channel.receiver_from(Start::Oldest).unwrap();
        (0..passed).for_each(|_| drop(rx.try_recv().unwrap()));
        rx
    }
}
