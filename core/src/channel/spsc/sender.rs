//! What only an `spsc` sender has.

use crate::channel::kind::Spsc;
use crate::channel::{grant, sender};

/// The sender of an `spsc` channel. One lives at a time; dropping it leaves the channel.
pub type Sender = sender::Sender<Spsc>;

/// Room for one message in the lane: see [`Sender::reserve`].
pub type Grant<'a> = grant::Grant<'a, Spsc>;

/// What only the sender of an `spsc` channel has.
impl Sender {
    /// How many messages this lane had carried when this sender joined. A sender that takes over from a dead one learns from it
    /// how many of that one's messages were committed; the others do not exist. It never changes.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send_batch(["one", "two"])?;
    /// drop(tx); // or killed
    /// assert_eq!(channel.sender()?.resumed_at(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn resumed_at(&self) -> u64 {
        self.port.resumed_at()
    }

    /// How many messages this lane has carried by now, of this sender and those before it. Only this sender adds to it.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(tx.sent(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.port.sent()
    }
}
