//! An open channel of any kind.

use super::end::Since;
use super::inspect::Info;
use super::kind::ChannelKind;
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;
use crate::error::{JoinError, RemoveError};
use crate::region::{MemoryReport, Origin};
use std::marker::PhantomData;
use std::os::fd::BorrowedFd;
use std::sync::Arc;

/// An open channel: makes senders and receivers. Cheap to clone; keeps no descriptor open unless it is anonymous.
#[derive(Clone)]
pub struct Channel<K> {
    pub(crate) shared: Arc<Shared>,
    kind: PhantomData<K>,
}

/// What makes senders and receivers.
impl<K: ChannelKind> Channel<K> {
    /// Takes a sender's seat. If the seat's last holder died, what it left behind is settled first: in `spsc`, the new sender goes on
    /// behind what that one had committed; in `mpmc`, the slots that it had not committed are free again.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    pub fn sender(&self) -> Result<Sender<K>, JoinError> {
        Sender::join(&self.shared, Since::Now)
    }

    /// Takes a receiver's seat. What the seat's last holder had not acknowledged when it died comes again: in `spsc`, to the new
    /// receiver; in `mpmc`, to any receiver.
    ///
    /// A receiver that joins a drained channel whose senders have left waits for the next sender: it cannot know whether one comes.
    /// The workers of a pool, which come at any time, end instead with
    /// [`ends_when_drained`](crate::generic::Options::ends_when_drained).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    pub fn receiver(&self) -> Result<Receiver<K>, JoinError> {
        Receiver::join(&self.shared, Since::of_receivers(&self.shared))
    }
}

/// What channels of every kind have.
impl<K> Channel<K> {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, kind: PhantomData }
    }

    /// Everything that can be seen of the channel now. Does not disturb it.
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.shared.region)
    }

    /// Closes the channel for good: senders get `Disconnected` at their next call, which includes committing what they
    /// reserved before; receivers when they have drained it. That is final: a receiver that was told gets nothing more. What a
    /// call of another thread or process is sending at this very moment may stay in the channel, undelivered: to lose
    /// nothing, drop the senders instead.
    pub fn close(&self) {
        self.shared.close();
    }

    /// Removes the channel's file, as [`crate::remove`] does.
    ///
    /// # Errors
    /// [`RemoveError::InUse`] while somebody lives in it, this process's own handles included; `NotFound` for a channel
    /// without a name; the others of [`RemoveError`].
    pub fn remove(&self) -> Result<(), RemoveError> {
        let _guard = crate::region::sys::cancel_guard();
        self.shared.region.remove(false)
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.shared.region.geometry().max_message as usize
    }

    /// Whether it was opened or created.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// What became of the wishes for prefaulted, locked and huge pages.
    #[must_use]
    pub fn memory(&self) -> &MemoryReport {
        self.shared.region.memory()
    }

    /// The descriptors of an anonymous channel: the region's and its locks'. `None` for the other kinds. They are closed
    /// on `exec` unless the caller clears that.
    #[must_use]
    pub fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        self.shared.region.descriptors()
    }
}
