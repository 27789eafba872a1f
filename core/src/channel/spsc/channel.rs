//! Creating and opening an `spsc` channel.

use super::{Receiver, Sender};
use crate::channel::end::Since;
use crate::channel::inspect::Info;
use crate::channel::options::{Wishes, common_channel, common_options};
use crate::channel::shared::Shared;
use crate::error::{CreateError, JoinError, OpenError, RemoveError};
use crate::layout::{Backend, FenceMode, Kind};
use crate::liveness;
use crate::region::{MemoryReport, Origin, TrustPeers};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

/// Opens an existing channel with the options that it was created with.
///
/// `name` is 1 to 100 of `A-Z a-z 0-9 . _ -`, not starting with a dot, and stands for `$MEMLANE_DIR/<name>.lane`
/// (default folder: `/dev/shm/memlane-<uid>`); a name with a `/` is a path.
/// The folder has to exist; only the default one is made. Set-uid programs do not look at `MEMLANE_DIR`.
///
/// # Errors
/// See [`OpenError`].
pub fn open(name: &str) -> Result<Channel, OpenError> {
    Options::new().open(name)
}

/// How to create or open an `spsc` channel.
///
/// What is not set takes its default at creation, and is taken from the file at opening; what is set and differs from
/// the file is [`OpenError::OptionsMismatch`].
///
/// ```
/// let channel = memlane::spsc::Options::new().capacity(64 << 10).max_message(9000).private()?;
/// assert_eq!(channel.max_message(), 9000);
/// # Ok::<(), memlane::CreateError>(())
/// ```
#[derive(Debug, Clone)]
#[must_use = "options do nothing until a channel is created or opened with them"]
pub struct Options {
    wishes: Wishes,
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Self { wishes: Wishes::new(Kind::Spsc) }
    }

    /// Ring size in bytes, rounded up to a power of two from 4 KiB to 2 GiB. Default: 1 MiB, or more if
    /// [`Options::max_message`] needs it. Each message takes its length plus 8, rounded up to a multiple of 8, and 8 bytes of the
    /// ring always stay free: of messages of 8 bytes, 255 fit into 4 KiB. What does not fit before the ring's end starts at its
    /// beginning, and the rest before the end stays free as well.
    pub fn capacity(mut self, bytes: u64) -> Self {
        self.wishes.capacity = Some(bytes);
        self
    }

    /// Largest message in bytes. Default: the largest that the capacity allows, 7/16 of it less the 8 header bytes.
    pub fn max_message(mut self, bytes: u64) -> Self {
        self.wishes.max_message = Some(bytes);
        self
    }

    /// Alignment of every message in memory, in bytes: a power of two from 8 (default) to 64. Matters to those who read
    /// or write in place. Each message then takes a multiple of this, and as much for its header.
    pub fn payload_alignment(mut self, bytes: u32) -> Self {
        self.wishes.payload_alignment = Some(bytes);
        self
    }

    common_options!("spsc");
}

/// An open channel: makes senders and receivers. Cheap to clone; keeps no descriptor open unless it is anonymous.
#[derive(Clone)]
pub struct Channel {
    pub(in crate::channel) shared: Arc<Shared>,
}

impl Channel {
    fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Takes the sender's seat. If its last holder died, the new sender goes on behind what that one had committed.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while another sender lives; the others of [`JoinError`].
    pub fn sender(&self) -> Result<Sender, JoinError> {
        Sender::join(&self.shared, Since::Now)
    }

    /// Takes the receiver's seat. If its last holder died, the new receiver gets again what that one had not released.
    ///
    /// A receiver that joins a drained channel whose sender has left waits for the next sender: it cannot know whether one comes.
    /// With [`Options::ends_when_drained`] it ends instead.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while another receiver lives; the others of [`JoinError`].
    pub fn receiver(&self) -> Result<Receiver, JoinError> {
        Receiver::join(&self.shared, Since::of_receivers(&self.shared))
    }

    /// Ring size in bytes.
    #[must_use]
    pub fn capacity(&self) -> u64 {
        self.shared.region.geometry().capacity
    }

    common_channel!();
}
