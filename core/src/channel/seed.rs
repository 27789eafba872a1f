//! What another handle of the same channel and role is made from: a clone of one that exists, or one of a pool.
//!
//! It knows what the handle knew when it was asked: which peers it had seen come and go. So where the first is told that its peers
//! have gone, so is the other. It has no seat, and any number of threads may share it.

use super::end::Since;
use super::kind::ChannelKind;
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;
use crate::error::JoinError;
use crate::liveness::PeerWatch;
use crate::region::Region;
use std::sync::Arc;

/// What another handle of the same channel and role is made from.
#[derive(Debug)]
pub(crate) struct Seed {
    pub(super) shared: Arc<Shared>,
    pub(super) peers: PeerWatch,
    /// Whether the channel held messages when a receiver joined.
    pub(super) held_messages: bool,
}

impl Seed {
    pub(super) fn region(&self) -> &Region {
        &self.shared.region
    }
}

impl<K: ChannelKind> Sender<K> {
    pub(super) fn seed(&self) -> Seed {
        Seed { shared: Arc::clone(self.end.shared()), peers: self.end.peers().clone(), held_messages: false }
    }

    pub(super) fn grown_from(seed: &Seed) -> Result<Self, JoinError> {
        Self::join(&seed.shared, Since::As(&seed.peers))
    }

    /// Another sender of the same channel, that knows which receivers this one has seen.
    pub(crate) fn join_as(&self) -> Result<Self, JoinError> {
        Self::grown_from(&self.seed())
    }
}

impl<K: ChannelKind> Receiver<K> {
    pub(super) fn seed(&self) -> Seed {
        Seed {
            shared: Arc::clone(self.end.shared()),
            peers: self.end.peers().clone(),
            held_messages: self.held_messages,
        }
    }

    pub(super) fn grown_from(seed: &Seed) -> Result<Self, JoinError> {
        let mut receiver = Self::join(&seed.shared, Since::As(&seed.peers))?;
        receiver.held_messages |= seed.held_messages;
        Ok(receiver)
    }

    /// Another receiver of the same channel, that knows which senders this one has seen.
    pub(crate) fn join_as(&self) -> Result<Self, JoinError> {
        Self::grown_from(&self.seed())
    }
}
