//! Who else takes part in a channel, asked of each of its handles.

use super::end::Seated;
use super::kind::ChannelKind;
use super::opened::Channel;
use super::receiver::Receiver;
use super::sender::Sender;
use super::shared::Shared;
use crate::layout::Role;
use crate::liveness::{Presence, free_seats, living};
use crate::region::sys::cancel_guard;

/// How many participants of each role are alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peers {
    /// Senders.
    pub senders: usize,
    /// Receivers.
    pub receivers: usize,
}

impl Shared {
    fn living(&self, role: Role) -> usize {
        let _guard = cancel_guard();
        living(&self.region, role).count()
    }

    pub(super) fn peers(&self) -> Peers {
        Peers { senders: self.living(Role::Sender), receivers: self.living(Role::Receiver) }
    }

    pub(crate) fn is_same_channel(&self, other: &Self) -> bool {
        self.region.facts().instance == other.region.facts().instance
    }
}

/// What is seen of the channel's end, unless something keeps the handle from going on anyway.
fn presence(end: &Seated) -> Option<Presence> {
    let _guard = cancel_guard();
    if end.is_foreign() {
        return None;
    }
    end.look().ok().map(|(presence, _)| presence)
}

/// Who else takes part, for a sender.
impl<K: ChannelKind> Sender<K> {
    /// Whether nobody gets what is sent any more, so that sending fails however much room there is: every receiver that there was
    /// since this sender joined has left in good order, or the channel was closed, removed or found corrupted, or the handle was
    /// inherited through `fork`.
    ///
    /// Receivers come and leave meanwhile: it may be otherwise by the time it returns, unless the channel was closed. A receiver that
    /// died does not count as left: its successor gets what it had not acknowledged. Looks at the receivers' rows and at the file's
    /// name, so it is not for every message: sending says the same.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let tx = channel.sender()?;
    /// assert!(!tx.is_disconnected()); // there was no receiver yet
    /// drop(channel.receiver()?);
    /// assert!(tx.is_disconnected());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        presence(&self.end).is_none_or(|presence| self.end.receivers_are_gone(presence))
    }

    /// How many senders, this one included, and receivers are alive. As [`Channel::peers`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let (tx, _one, _two) = (channel.sender()?, channel.receiver()?, channel.receiver()?);
    /// assert_eq!((tx.peers().senders, tx.peers().receivers), (1, 2));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// Whether both send into one channel, by whatever handle or name it was opened.
    ///
    /// ```
    /// let (one, other) = (memlane::mpmc::Options::new().private()?, memlane::mpmc::Options::new().private()?);
    /// let tx = one.sender()?;
    /// assert!(tx.same_channel(&one.sender()?));
    /// assert!(!tx.same_channel(&other.sender()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.end.shared().is_same_channel(other.end.shared())
    }
}

/// Who else takes part, for a receiver.
impl<K: ChannelKind> Receiver<K> {
    /// Whether nothing comes any more but what is still in the channel: no sender is alive, and one was since this receiver joined or
    /// there were messages when it joined; or the channel was closed, removed or found corrupted, or the handle was inherited through
    /// `fork`.
    ///
    /// Senders come and leave meanwhile: it may be otherwise by the time it returns, unless the channel was closed. A sender that died
    /// counts as left once it was reaped, two slices (200 ms) later at the latest. Looks at the senders' rows and at the file's name,
    /// so it is not for every message: receiving says the same.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"the last one")?;
    /// assert!(!rx.is_disconnected());
    /// drop(tx);
    /// assert!(rx.is_disconnected());
    /// assert_eq!(rx.recv()?.to_vec(), b"the last one"); // it is still there
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        presence(&self.end).is_none_or(|presence| self.end.senders_are_gone(presence, self.held_messages))
    }

    /// How many senders, and receivers, this one included, are alive. As [`Channel::peers`].
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let (rx, _tx) = (channel.receiver()?, channel.sender()?);
    /// assert_eq!((rx.peers().senders, rx.peers().receivers), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.end.shared().peers()
    }

    /// Whether both receive from one channel, by whatever handle or name it was opened.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// assert!(channel.receiver()?.same_channel(&channel.receiver()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.end.shared().is_same_channel(other.end.shared())
    }
}

/// Who takes part.
impl<K> Channel<K> {
    /// How many senders and receivers are alive now, in all processes. The kernel is asked, so a dead one does not count, whether or
    /// not it was reaped; one whose process is just ending counts until that is over. Participants come, leave and die meanwhile:
    /// each number was true at a moment of the call.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// let _tx = channel.sender()?;
    /// let peers = channel.peers();
    /// assert_eq!((peers.senders, peers.receivers), (1, 0));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn peers(&self) -> Peers {
        self.shared.peers()
    }

    /// How many seats for this role nobody alive has. A seat whose holder died is one of them: the next participant takes it; unless it is
    /// kept for a [named receiver](crate::broadcast::Channel::receiver_named).
    /// Others join and leave meanwhile: [`Channel::sender`] and [`Channel::receiver`] may fail though there was one, or find
    /// one though there was none.
    ///
    /// ```
    /// use memlane::Role;
    /// let channel = memlane::mpmc::Options::new().max_receivers(4).private()?;
    /// let _rx = channel.receiver()?;
    /// assert_eq!(channel.free_seats(Role::Receiver), 3);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn free_seats(&self, role: Role) -> usize {
        let _guard = cancel_guard();
        free_seats(&self.shared.region, role)
    }

    /// Whether both are one channel, by whatever handle or name it was opened. One that was removed and created again is another
    /// one.
    ///
    /// ```
    /// let channel = memlane::mpmc::Options::new().private()?;
    /// assert!(channel.same_channel(&channel.clone()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.shared.is_same_channel(&other.shared)
    }
}
