//! What only an `mpmc` sender has.

use crate::channel::kind::Mpmc;
use crate::channel::{grant, sender};
use crate::error::{JoinError, NoSuchPriority};

/// A sender of an `mpmc` channel. Dropping it leaves the channel.
pub type Sender = sender::Sender<Mpmc>;

/// A slot for one message: see [`Sender::reserve`].
pub type Grant<'a> = grant::Grant<'a, Mpmc>;

/// What only a sender of an `mpmc` channel has.
impl Sender {
    /// Another sender of the same channel, with a seat of its own. It knows which receivers this one has seen: where this one is
    /// told that they have gone, so is the clone. The clone does not depend on this one, which may be dropped, or die.
    ///
    /// # Errors
    /// See [`JoinError`]: other processes may have taken the seats meanwhile.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// let mut other = tx.try_clone()?;
    /// let sending = std::thread::spawn(move || other.send(b"from another thread"));
    /// tx.send(b"from this one")?;
    /// sending.join().unwrap()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        self.join_as()
    }

    /// Sets the priority of what this sender sends from now on; 0 is the most urgent. Default: the least urgent. Other senders keep
    /// theirs.
    ///
    /// # Errors
    /// [`NoSuchPriority`]; nothing changed.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().priorities(2).private()?;
    /// let mut tx = channel.sender()?;
    /// tx.set_priority(0)?;
    /// assert!(tx.set_priority(2).is_err(), "there are two, 0 and 1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        self.choose_priority(priority)
    }
}
