//! Handing a sender's or a receiver's seat over to a successor, usually in another process.

use super::end::Seated;
use super::kind::ChannelKind;
use super::opened::Channel;
use super::port::{Inlet, Outlet};
use super::receiver::Receiver;
use super::sender::Sender;
use crate::error::{HandOverError, NotTakenOver, TakeOverError};
use crate::layout::Role;
use std::time::Duration;

/// Handing over.
impl<K: ChannelKind> Sender<K> {
    /// Hands this sender's seat over to a successor, usually in another process, which takes it by
    /// [`Channel::take_over_sender`](crate::generic::Channel::take_over_sender). Waits for one, for at most `timeout`; a timeout of zero is an
    /// offer to one that waits at this moment, and one that is too large for the clock has no end.
    ///
    /// The successor goes on behind the last message of this one. At no moment is the seat empty: receivers are not told that the sender has
    /// left, and no other one can join in between. If this process dies while it waits, its death is found out as any other one's; if the successor
    /// dies, so is that one's. Once this returns, the seat is the successor's, whatever became of it.
    ///
    /// It sleeps meanwhile, whatever the strategy. The handle's [interrupter](Sender::interrupter) ends that.
    ///
    /// # Errors
    /// A [`HandOverError`], which has the sender: it still has its seat, and goes on as before. [`NotTakenOver::Timeout`]; the others of
    /// [`NotTakenOver`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"one")?;
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_sender(Duration::MAX)?.send(b"two").map_err(Box::<dyn std::error::Error + Send + Sync>::from));
    ///     tx.hand_over(Duration::MAX).unwrap();
    ///     successor.join().unwrap().unwrap();
    /// });
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(mut self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        let port = &mut self.port;
        match self.end.hand_over(timeout, (0, false), |end| port.leave(end)) {
            Ok(()) => Ok(()),
            Err(reason) => Err(HandOverError::new(self, reason)),
        }
    }
}

/// Handing over.
impl<K: ChannelKind> Receiver<K> {
    /// Hands this receiver's seat over to a successor, usually in another process, which takes it by
    /// [`Channel::take_over_receiver`](crate::generic::Channel::take_over_receiver). Waits for one, as [`Sender::hand_over`] does.
    ///
    /// The successor gets what this one has not acknowledged, and nothing that it has. In a `broadcast`, too, it goes on where this one stopped; and
    /// the seat of a [named](crate::broadcast::Channel::receiver_named) receiver stays kept for its name.
    ///
    /// # Errors
    /// A [`HandOverError`], which has the receiver: it still has its seat. [`NotTakenOver::Timeout`]; [`NotTakenOver::Holding`]: there are
    /// messages that it handed out [to be held](crate::mpmc::HeldMessage); the others of [`NotTakenOver`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// std::thread::scope(|scope| {
    ///     let successor = scope.spawn(|| channel.take_over_receiver(Duration::MAX).unwrap().recv().unwrap().to_vec());
    ///     rx.hand_over(Duration::MAX).unwrap();
    ///     assert_eq!(successor.join().unwrap(), b"two");
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn hand_over(mut self, timeout: Duration) -> Result<(), HandOverError<Self>> {
        if self.port.holds_some() && !self.end.is_foreign() {
            return Err(HandOverError::new(self, NotTakenOver::Holding));
        }
        let port = &mut self.port;
        match self.end.hand_over(timeout, (0, self.held_messages), |end| port.leave(end)) {
            Ok(()) => Ok(()),
            Err(reason) => Err(HandOverError::new(self, reason)),
        }
    }
}

/// Taking over.
impl<K: ChannelKind> Channel<K> {
    /// Takes over the seat of a sender that [hands it over](Sender::hand_over), and goes on behind its last message. Waits for one that does,
    /// for at most `timeout`; a timeout of zero is one look, and one that is too large for the clock has no end.
    ///
    /// Any other seat, though it is free, is none that is handed over: [`Channel::sender`] takes those. Of several that wait, one gets it.
    ///
    /// # Errors
    /// [`TakeOverError::Timeout`]; [`TakeOverError::Channel`] with what would keep the caller from joining.
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let _tx = channel.sender()?; // which keeps its seat
    /// assert!(matches!(channel.take_over_sender(Duration::ZERO), Err(memlane::TakeOverError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over_sender(&self, timeout: Duration) -> Result<Sender<K>, TakeOverError> {
        Ok(Sender::seated(Seated::take_over(&self.shared, Role::Sender, K::Outlet::SETTLE, timeout)?)?)
    }

    /// Takes over the seat of a receiver that [hands it over](Receiver::hand_over), and goes on where that one stopped. Otherwise as
    /// [`Channel::take_over_sender`].
    ///
    /// # Errors
    /// As [`Channel::take_over_sender`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// assert!(matches!(channel.take_over_receiver(Duration::ZERO), Err(memlane::TakeOverError::Timeout { .. })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn take_over_receiver(&self, timeout: Duration) -> Result<Receiver<K>, TakeOverError> {
        let end = Seated::take_over(&self.shared, Role::Receiver, K::Inlet::SETTLE, timeout)?;
        Ok(Receiver::seated(end, K::Inlet::take_over)?)
    }
}
