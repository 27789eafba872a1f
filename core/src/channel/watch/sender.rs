//! The sending end of a watch.

use crate::channel::end::{Seated, Since};
use crate::channel::peers::Peers;
use crate::channel::shared::Shared;
use crate::error::{JoinError, SendError};
use crate::layout::Role;
use crate::region::ValuesView;
use crate::ring::watch::Writer;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

/// The sender of a `watch` channel: it sets the value. One lives at a time; dropping it leaves the channel, and the value stays.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`).
pub struct Sender {
    writer: Writer<ValuesView>,
    pub(super) end: Seated,
    _not_sync: PhantomData<Cell<()>>,
}

impl Sender {
    pub(super) fn join(shared: &Arc<Shared>) -> Result<Self, JoinError> {
        Self::seated(Seated::join(shared, Role::Sender, |_, _| Ok(()), Since::Now)?)
    }

    /// The sender that has just taken its seat.
    pub(super) fn seated(end: Seated) -> Result<Self, JoinError> {
        let writer = Writer::resume(ValuesView::new(end.region())).map_err(|reason| end.cannot_join(reason))?;
        Ok(Self { writer, end, _not_sync: PhantomData })
    }

    /// Sets the value, and returns its version: 1 for the channel's first value, and one more each time. Receivers that wait for a
    /// change are woken.
    ///
    /// Never waits, and succeeds whether there are receivers or not. When it returns, the value is the channel's, whatever becomes of
    /// the sender. A sender that dies in this call has set the value, or not: nobody ever sees a part of it.
    ///
    /// # Errors
    /// [`SendError::TooLarge`]; [`SendError::Disconnected`]: the channel was closed; [`SendError::Removed`]; the others of
    /// [`SendError`]. The value before stays.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// assert_eq!(tx.set(b"one")?, 1);
    /// assert_eq!(tx.set(b"two")?, 2);
    /// assert_eq!(channel.receiver()?.get()?, b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn set(&mut self, value: &[u8]) -> Result<u64, SendError> {
        self.end.check(SendError::Forked)?;
        let (length, max) = (value.len(), self.max_message());
        if length > max {
            return Err(SendError::TooLarge { length, max });
        }
        self.writer.set(length as u64, |slot| slot.write(value));
        self.end.notify_receivers();
        let version = self.writer.version();
        if self.end.tally.message(length as u64) {
            // Trouble that it finds is the next call's: this value is set.
            let _ = self.end.pass_slice();
        }
        Ok(version)
    }

    /// The version of the value that was set last, by this sender or one before it; 0: none was.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// assert_eq!(tx.version(), 0);
    /// tx.set(b"one")?;
    /// assert_eq!(tx.version(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn version(&self) -> u64 {
        self.writer.version()
    }

    /// Longest value in bytes.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().max_message(256).private()?;
    /// assert_eq!(channel.sender()?.max_message(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.writer.memory().length_max()
    }

    /// The row of this sender's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// assert_eq!(channel.sender()?.row(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// How many senders, this one included, and receivers are alive. As [`Channel::peers`](crate::watch::Channel::peers).
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let (tx, _one, _two) = (channel.sender()?, channel.receiver()?, channel.receiver()?);
    /// assert_eq!((tx.peers().senders, tx.peers().receivers), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// Leaves the channel, as dropping does, and says whether the value is where receivers find it.
    ///
    /// # Errors
    /// [`SendError::Removed`]: the channel's file was removed meanwhile, by whatever means; [`SendError::Corrupted`];
    /// [`SendError::Forked`]: it is the parent's, and stays.
    ///
    /// ```
    /// let channel = memlane::watch::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.set(b"last words")?;
    /// tx.leave()?;
    /// assert_eq!(channel.receiver()?.get()?, b"last words");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(mut self) -> Result<(), SendError> {
        self.end.check_farewell()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.end.show(f, "Sender")
    }
}
