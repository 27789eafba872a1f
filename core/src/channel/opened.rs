//! An open channel of any kind.

use super::end::Since;
use super::inspect::Info;
use super::kind::ChannelKind;
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;
use crate::error::{JoinError, RemoveError};
use crate::region::{Granted, MemoryReport, Origin};
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
    /// Takes a sender's seat. If the seat's last holder died, what it left behind is settled first: in a lane (`spsc`, `mpsc`),
    /// the new sender goes on behind what that one had committed; in `mpmc`, the slots that it had not committed are free
    /// again.
    ///
    /// Other processes take seats at the same time: a seat that was free a moment ago may be taken.
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let tx = channel.sender()?;
    /// assert!(matches!(channel.sender(), Err(memlane::JoinError::RoleTaken { .. })), "there is one sender at a time");
    /// drop(tx);
    /// channel.sender()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn sender(&self) -> Result<Sender<K>, JoinError> {
        Sender::join(&self.shared, Since::Now)
    }

    /// Takes a receiver's seat. What the seat's last holder had not acknowledged when it died comes again: in lanes (`spsc`,
    /// `mpsc`), to the new receiver; in `mpmc`, to any receiver.
    ///
    /// A receiver that joins a drained channel whose senders have left waits for the next sender: it cannot know whether one comes.
    /// The workers of a pool, which come at any time, end instead with
    /// [`ends_when_drained`](crate::generic::Options::ends_when_drained).
    ///
    /// # Errors
    /// [`JoinError::RoleTaken`] while all seats are taken; the others of [`JoinError`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let (mut tx, mut first, mut second) = (channel.sender()?, channel.receiver()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(first.recv()?.to_vec(), b"one"); // each message goes to one of them
    /// assert_eq!(second.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn receiver(&self) -> Result<Receiver<K>, JoinError> {
        Receiver::join(&self.shared, Since::of_receivers(&self.shared))
    }
}

/// What channels of every kind have.
impl<K> Channel<K> {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, kind: PhantomData }
    }

    /// Everything that can be seen of the channel now. The participants do not notice; they go on meanwhile, so the numbers are not
    /// all of one moment.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let tx = channel.sender()?;
    /// let info = channel.info();
    /// assert_eq!(info.participants.len(), 1);
    /// assert_eq!(info.participants[0].role, memlane::Role::Sender);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn info(&self) -> Info {
        Info::of(&self.shared.region)
    }

    /// Closes the channel for good: senders get `Disconnected` at their next call, which includes committing what they
    /// reserved before; receivers when they have drained it. That is final: a receiver that was told gets nothing more. What a
    /// call of another thread or process is sending at this very moment may stay in the channel, undelivered: to lose
    /// nothing, drop the senders instead.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"last")?;
    /// channel.close();
    /// assert_eq!(tx.send(b"too late"), Err(memlane::SendError::Disconnected));
    /// assert_eq!(rx.recv()?.to_vec(), b"last"); // what was sent before is received
    /// assert_eq!(rx.recv().unwrap_err(), memlane::RecvError::Disconnected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn close(&self) {
        self.shared.close();
    }

    /// Removes the channel's file with the messages that are still in it, as [`crate::remove`] does. The handle stays open.
    ///
    /// A participant that is just leaving is waited for, 50 ms at most. Another process may have removed the channel before.
    ///
    /// # Errors
    /// [`RemoveError::InUse`] while a participant is alive, this process's own included; [`RemoveError::NotFound`] if the channel was
    /// removed before or never had a name; the others of [`RemoveError`].
    ///
    /// ```
    /// # let folder = tempfile::tempdir_in("/dev/shm").unwrap();
    /// # let name = folder.path().join("prices").display().to_string();
    /// # let name = name.as_str();
    /// let channel = memlane::spsc::Options::new().create(name)?;
    /// let tx = channel.sender()?;
    /// assert!(matches!(channel.remove(), Err(memlane::RemoveError::InUse { .. })));
    /// drop(tx);
    /// channel.remove()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn remove(&self) -> Result<(), RemoveError> {
        let _guard = crate::region::sys::cancel_guard();
        self.shared.region.remove(false)
    }

    /// Largest message in bytes.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// assert_eq!(channel.max_message(), 64_000); // the default
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.shared.region.geometry().max_message as usize
    }

    /// Whether this handle opened the channel or created it, and whether the latter replaced one from before the last reboot.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// assert_eq!(channel.origin(), memlane::Origin::Created);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.shared.origin
    }

    /// What became of the wishes for prefaulted, locked and huge pages.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// assert_eq!(channel.memory().locked, memlane::Granted::NotAsked);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn memory(&self) -> &MemoryReport {
        self.shared.region.memory()
    }

    /// Whether the guardian watches for deaths of peers, as [`Options::watch_peers`](crate::generic::Options::watch_peers) asks. `Yes` also
    /// where those of two other processes are on duty, and this one's would take their place. `NotAsked` as long as this handle has no
    /// sender and no receiver. `No`: the system refuses it, for this reason; deaths are found at the end of slices.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().anonymous()?;
    /// let tx = channel.sender()?;
    /// assert_eq!(channel.peers_watched(), memlane::Granted::NotAsked);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers_watched(&self) -> Granted {
        self.shared.peers_watched()
    }

    /// The descriptors of an anonymous channel: the region's and its locks'. `None`: the channel is of another sort. The kernel closes
    /// them on `exec` unless the caller clears that flag.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().anonymous()?;
    /// assert!(channel.descriptors().is_some());
    /// let channel = memlane::spsc::Options::new().private()?;
    /// assert!(channel.descriptors().is_none());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn descriptors(&self) -> Option<(BorrowedFd<'_>, BorrowedFd<'_>)> {
        self.shared.region.descriptors()
    }
}
