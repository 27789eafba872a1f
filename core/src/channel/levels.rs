//! How full a channel is, asked of each of its handles.
//!
//! Nothing here waits, and nothing disturbs the participants. Each answer is true of one moment of the call; what may have changed
//! since, and in which direction, each call says.

use super::kind::{CarriesMessages, ChannelKind};
use super::opened::Channel;
use super::port::{Inlet, Stores};
use super::receiver::Receiver;
use super::sender::Sender;

/// How full the channel is, for its sender.
impl<K: ChannelKind> Sender<K> {
    fn stores(&self) -> Stores<'_> {
        Stores::of_sender(self.end.region(), self.end.seat().row())
    }

    /// How many messages wait to be received: in a queue, those of all senders that no receiver has taken; in a lane, this sender's
    /// that its receiver has not given back, one that it holds included.
    ///
    /// Nothing of what this sender sent is missing. Receivers go on meanwhile, so there may be fewer by the time it returns; in a
    /// queue, other senders send, so there may be more. What a dead receiver held counts again once it was reaped.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(tx.len(), 2);
    /// rx.recv()?.ack()?;
    /// assert_eq!(tx.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.stores().messages()
    }

    /// Whether no message waits to be received. As exact as [`Sender::len`]: once it is true, it stays so in a lane until this sender
    /// sends.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"work")?;
    /// assert!(!tx.is_empty());
    /// rx.recv()?.ack()?;
    /// assert!(tx.is_empty()); // everything was dealt with
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a message of the largest length would find no room. Receivers go on meanwhile: there may be room by the time it
    /// returns. In a lane, false can be relied on until this sender sends; in a queue, other senders may be faster.
    ///
    /// In a queue it looks at slots until it finds a free one.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(!tx.is_full());
    /// tx.send(b"one")?;
    /// assert!(tx.is_full());
    /// rx.recv()?.ack()?;
    /// assert!(!tx.is_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.stores().is_full()
    }

    /// How large the channel is: slots of a queue, bytes of a lane's ring. It never changes.
    ///
    /// ```
    /// let lane = memlane::spsc::Options::new().capacity(64 << 10).private()?;
    /// assert_eq!(lane.sender()?.capacity(), 64 << 10);
    /// let queue = memlane::mpmc::Options::new().slots(100).private()?;
    /// assert_eq!(queue.sender()?.capacity(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.stores().capacity()
    }

    /// How much of the [capacity](Sender::capacity) is free: slots of a queue, bytes of this sender's lane. A message in a lane takes
    /// some bytes more than its length: see [`spsc::Options::capacity`](crate::spsc::Options::capacity).
    ///
    /// As exact as [`Sender::is_full`]. In a queue it looks at every slot.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().capacity(4096).private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.room(), 4096 - 8); // one header always stays free
    /// tx.send(b"12345678")?;
    /// assert_eq!(tx.room(), 4096 - 8 - 16);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn room(&self) -> usize {
        self.stores().room()
    }
}

/// How full the channel is, for its receiver.
impl<K: ChannelKind> Receiver<K> {
    fn stores(&self) -> Stores<'_> {
        Stores::of_receiver(self.end.region(), self.end.seat().row())
    }

    /// How many messages wait to be received: in a queue, those that no receiver has taken, and one that this receiver keeps for its
    /// next call (it was longer than the buffer, or handed back); in a lane, those that this receiver has not given back.
    ///
    /// Senders go on meanwhile, so there may be more by the time it returns. In a lane there are not fewer: only this receiver takes
    /// them. In a queue, other receivers may be faster. What a dead receiver held counts again once it was reaped.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.len(), 2);
    /// rx.recv()?.ack()?;
    /// assert_eq!(rx.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        let ahead = self.port.behind().map_or_else(|| self.stores().messages(), |messages| messages as usize);
        ahead.saturating_add(self.port.kept())
    }

    /// Whether no message waits to be received. As exact as [`Receiver::len`]: in a lane, false can be relied on.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert!(rx.is_empty());
    /// tx.send(b"work")?;
    /// assert!(!rx.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a message of the largest length would find no room; where each sender has a lane, in one of the lanes. Senders go
    /// on meanwhile: it may be full by the time this returns false. In a lane, true can be relied on until this receiver gives
    /// something back.
    ///
    /// In a queue it looks at slots until it finds a free one.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"one")?;
    /// assert!(rx.is_full()); // senders wait
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.stores().is_full()
    }

    /// How large the channel is: as [`Sender::capacity`].
    ///
    /// ```
    /// let queue = memlane::mpmc::Options::new().slots(100).private()?;
    /// assert_eq!(queue.receiver()?.capacity(), 100);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.stores().capacity()
    }

    /// How much of the [capacity](Receiver::capacity) is free: slots of a queue, bytes of a lane; where each sender has a lane, of the
    /// fullest one. Senders go on meanwhile, so there may be less by the time it returns. In a queue it looks at every slot.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(2).private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"one")?;
    /// assert_eq!(rx.room(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn room(&self) -> usize {
        self.stores().room()
    }
}

/// How full the channel is, for anybody who has it open. Its senders and receivers go on meanwhile, so each number may be another
/// one, greater or smaller, by the time it is returned.
#[expect(private_bounds, reason = "only this crate makes kinds")]
impl<K: CarriesMessages> Channel<K> {
    fn stores(&self) -> Stores<'_> {
        Stores::of_channel(&self.shared.region)
    }

    /// How many messages wait to be received, of all senders and priorities: in a queue, those that no receiver has taken; in
    /// lanes, those that the receiver has not given back.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// channel.sender()?.send_batch(["one", "two"])?;
    /// assert_eq!(channel.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn len(&self) -> usize {
        self.stores().messages()
    }

    /// Whether no message waits to be received: [`Channel::len`] is 0.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// assert!(channel.is_empty());
    /// channel.sender()?.send(b"work")?;
    /// assert!(!channel.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a message of the largest length would find no room: as [`Receiver::is_full`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(1).private()?;
    /// channel.sender()?.send(b"one")?;
    /// assert!(channel.is_full());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.stores().is_full()
    }

    /// How large the channel is: slots of a queue, bytes of each lane's ring. It never changes.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().capacity(5000).private()?;
    /// assert_eq!(channel.capacity(), 8192); // rounded up
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.stores().capacity()
    }

    /// How much of the [capacity](Channel::capacity) is free: as [`Receiver::room`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().slots(5).private()?;
    /// channel.sender()?.send(b"one")?;
    /// assert_eq!(channel.room(), 4);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn room(&self) -> usize {
        self.stores().room()
    }
}
