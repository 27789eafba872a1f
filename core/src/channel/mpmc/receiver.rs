//! What only an `mpmc` receiver and its messages have.

use crate::channel::kind::Mpmc;
use crate::channel::{message, messages, receiver};
use crate::error::JoinError;

/// A receiver of an `mpmc` channel. Dropping it leaves the channel.
pub type Receiver = receiver::Receiver<Mpmc>;

/// A message that is this receiver's alone. Dropping it acknowledges it, unless [`Receiver::on_drop`] says
/// otherwise.
pub type Message<'a> = message::Message<'a, Mpmc>;

/// Copies of messages, each acknowledged as it is copied.
pub type Messages<'a> = messages::Messages<'a, Mpmc>;

/// What only a receiver of an `mpmc` channel has.
impl Receiver {
    /// Another receiver of the same channel, with a seat of its own. It knows which senders this one has seen: where this one is
    /// told that they have gone, so is the clone. The clone does not depend on this one, which may be dropped, or die.
    ///
    /// # Errors
    /// See [`JoinError`]: other processes may have taken the seats meanwhile.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut other = rx.try_clone()?;
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// assert_eq!(other.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }
}

/// What only a message of an `mpmc` channel has.
impl Message<'_> {
    /// Whether it was delivered before, to a receiver that gave it back or died.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?;
    /// assert!(rx.recv()?.redelivered());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn redelivered(&self) -> bool {
        self.entry().is_repeated()
    }

    /// How often it was delivered, this time included. Stays at 65,535.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"job")?;
    /// rx.recv()?.nack()?;
    /// assert_eq!(rx.recv()?.deliveries(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn deliveries(&self) -> u16 {
        self.entry().header.deliveries()
    }

    /// The priority that its sender gave it; 0 is the most urgent. Always one that the channel has.
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().priorities(2).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"in time")?; // the least urgent is the default
    /// tx.set_priority(0)?;
    /// tx.send(b"at once")?;
    /// assert_eq!(rx.recv()?.priority(), 0);
    /// assert_eq!(rx.recv()?.priority(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn priority(&self) -> u8 {
        self.contents().priority()
    }
}
