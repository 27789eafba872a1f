//! The row of a kind: what the tools, which are functions over the engine's generic types, need to know of it.

use super::kind::Kind;
use super::trial::Staff;
use crate::waking::trust;
use memlane::generic::{BatchMessage, Channel, ChannelKind, Message, Options, Receiver, Sender};
use memlane::{JoinError, OpenError};

/// A kind, and channels of it in the shapes that the tools want.
pub trait Subject: Kind + Sized + 'static {
    /// The engine's kind, whose channels these are.
    type Channels: ChannelKind;
    const KIND: memlane::Kind;

    /// How many there are at a time while they are killed: several, where there can be several.
    const STAFF: Staff;

    /// Messages of [`numbered`](crate::numbered) that pass a small channel before the next one begins at its start again:
    /// behind them, a lane's ring needs padding, and a queue's cells end.
    const LAP: u64;

    /// Few messages fill it, and each role has a seat more than an operation needs, if it can have several.
    fn small() -> OptionsOf<Self>;

    /// The same with room for all: for rivals, which may hold some while nobody is to wait.
    fn roomy() -> OptionsOf<Self> {
        Self::small()
    }

    /// As small as it can be with messages of so many bytes: each of its bytes is damaged.
    fn tiny(message_bytes: usize) -> OptionsOf<Self>;

    /// As large as it can be: words are damaged all over.
    fn large() -> OptionsOf<Self>;

    /// A receiver that gets what was sent before it came, as far as no other one has.
    fn receiver(channel: &ChannelOf<Self>) -> Result<ReceiverOf<Self>, JoinError> {
        channel.receiver()
    }

    /// Whether a message says that it was delivered before. Lanes do not mark theirs.
    fn is_marked(_: &Message<'_, Self::Channels>) -> bool {
        false
    }

    /// Whether a message of a batch says so.
    fn is_marked_in_batch(_: &BatchMessage<'_, Self::Channels>) -> bool {
        false
    }
}

pub type OptionsOf<K> = Options<<K as Subject>::Channels>;
pub type ChannelOf<K> = Channel<<K as Subject>::Channels>;
pub type SenderOf<K> = Sender<<K as Subject>::Channels>;
pub type ReceiverOf<K> = Receiver<<K as Subject>::Channels>;

/// Opens a channel of this kind.
pub fn opened<K: Subject>(name: &str) -> Result<ChannelOf<K>, OpenError> {
    OptionsOf::<K>::new().trust_peers(trust()).open(name)
}
