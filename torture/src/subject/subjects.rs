//! The kinds whose calls are stepped through, damaged and refused, by functions that are the same for all of them.

use super::kind::Kind;
use super::surface::{Joins, Opens};
use crate::waking::trust;
use memlane::OpenError;

/// A kind, and channels of it in the shapes that the tools want.
pub trait Subject: Kind + Sized + 'static {
    type Options: Opens;

    /// Messages of [`numbered`](crate::numbered) that pass a small channel before the next one begins at its start again:
    /// behind them, a lane's ring needs padding, and a queue's cells end.
    const LAP: u64;

    /// Few messages fill it, and each role has a seat more than an operation needs, if it can have several.
    fn small() -> Self::Options;

    /// The same with room for all: for rivals, which may hold some while nobody is to wait.
    fn roomy() -> Self::Options {
        Self::small()
    }

    /// As small as it can be with messages of so many bytes: each of its bytes is damaged.
    fn tiny(message_bytes: u64) -> Self::Options;

    /// As large as it can be: words are damaged all over.
    fn large() -> Self::Options;
}

pub type ChannelOf<K> = <<K as Subject>::Options as Opens>::Channel;
pub type SenderOf<K> = <ChannelOf<K> as Joins>::Sender;
pub type ReceiverOf<K> = <ChannelOf<K> as Joins>::Receiver;

/// Opens a channel of this kind.
pub fn opened<K: Subject>(name: &str) -> Result<ChannelOf<K>, OpenError> {
    K::Options::default().trust_peers(trust()).open(name)
}
