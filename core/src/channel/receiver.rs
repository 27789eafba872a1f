//! The receiving end of a channel of any kind.

use super::end::{Interrupter, Seated, Since, Trouble};
use super::kind::{ChannelKind, Ports};
use super::on_drop::OnDrop;
use super::port::{Inlet, NoPort};
use super::shared::Shared;
use crate::error::{AckError, JoinError, RecvError};
use crate::layout::Role;
use crate::liveness::Presence;
use crate::sync::AtomicU32;
use crate::wait::{Calls, Pace, Strategy, Taken, Waiting, block};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

/// A receiver. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`): where it looks next, what it counts, how long it spins and
/// the seat on which it sleeps are its own alone, and that makes it fast. In `mpmc`, several threads take a receiver each, by
/// [`try_clone`](crate::mpmc::Receiver::try_clone) or from a [`Pool`](crate::mpmc::Pool).
///
/// How many receivers there can be, which of them gets a message, and what acknowledging means, each kind says on its own
/// page: [`spsc`](crate::spsc), [`mpmc`](crate::mpmc), [`mpsc`](crate::mpsc).
pub struct Receiver<K: ChannelKind> {
    pub(super) port: K::Inlet,
    pub(super) end: Seated,
    /// Whether the channel held messages when this receiver joined.
    pub(super) held_messages: bool,
    pace: Pace,
    pub(super) on_drop: OnDrop,
    _not_sync: PhantomData<Cell<()>>,
}

pub(super) type ItemOf<K> = <<K as Ports>::Inlet as Inlet>::Item;

/// What a look for the next message found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// Something unusual: the slow way tells. The call has not been counted as one that found nothing.
    Unusual,
    /// Something came.
    Found,
    /// Nothing yet.
    InVain,
}

impl<K: ChannelKind> Receiver<K> {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        Self::join_by(shared, since, K::Inlet::join)
    }

    /// Joins with a port that is made once it has its seat.
    pub(super) fn join_by(
        shared: &Arc<Shared>,
        since: Since<'_>,
        port: impl FnOnce(&Seated) -> Result<K::Inlet, NoPort>,
    ) -> Result<Self, JoinError> {
        Self::seated(Seated::join(shared, Role::Receiver, K::Inlet::SETTLE, since)?, port)
    }

    /// The receiver that has just taken a seat, with a port that is made now.
    pub(super) fn seated(
        end: Seated,
        port: impl FnOnce(&Seated) -> Result<K::Inlet, NoPort>,
    ) -> Result<Self, JoinError> {
        let mut port = port(&end).map_err(|why| has_no_port(&end, why))?;
        let held_messages = port.holds_messages(&end).map_err(|reason| end.cannot_join(reason))?;
        let pace = Pace::new(port.capacity());
        Ok(Self { port, end, held_messages, pace, on_drop: OnDrop::default(), _not_sync: PhantomData })
    }

    /// The row of this receiver's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let rx = channel.receiver()?;
    /// assert_eq!(channel.info().participants[0].row, rx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes: a buffer of this length always suffices.
    ///
    /// ```
    /// let mut rx = memlane::spsc::Options::new().max_message(256).private()?.receiver()?;
    /// let buffer = vec![0; rx.max_message()]; // never too small
    /// assert_eq!(buffer.len(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.port.max_message()
    }

    /// What dropping a message or a batch of this receiver means, from now on. Default: [`OnDrop::Acknowledge`].
    ///
    /// With [`OnDrop::GiveBack`], what is not acknowledged by name comes again: an early return, by `?` for instance, loses no job. In a
    /// queue that counts as a delivery, as [`nack`](crate::generic::Message::nack) does: set a
    /// [limit](crate::mpmc::Options::delivery_limit), so that a message that nobody can deal with does not come for ever. In a lane the
    /// same message is the next one.
    ///
    /// It does not concern the calls that copy: `recv_into` and its forms, `messages` and the other iterators acknowledge what
    /// they have copied. A panic gives back in any case. A clone begins with the default.
    ///
    /// ```
    /// use memlane::{OnDrop, mpmc};
    ///
    /// fn process(job: &[u8]) -> Result<(), std::num::ParseIntError> {
    ///     std::str::from_utf8(job).unwrap_or_default().parse::<u32>().map(drop)
    /// }
    /// fn work(rx: &mut mpmc::Receiver) -> Result<(), Box<dyn std::error::Error>> {
    ///     let job = rx.recv()?;
    ///     process(&job.to_vec())?; // the job is given back where this fails
    ///     Ok(job.ack()?)
    /// }
    /// let channel = mpmc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// rx.on_drop(OnDrop::GiveBack);
    /// tx.send_batch(["seven", "7"])?;
    /// assert!(work(&mut rx).is_err());
    /// assert!(work(&mut rx).is_ok());
    /// assert_eq!(rx.try_recv()?.to_vec(), b"seven"); // it was not lost
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn on_drop(&mut self, means: OnDrop) {
        self.on_drop = means;
    }

    /// Sets how this receiver waits for messages, from its next call on. Default: [`Strategy::Adaptive`]. It is this receiver's
    /// alone: the senders choose for themselves.
    ///
    /// ```
    /// use memlane::Strategy;
    /// let mut rx = memlane::spsc::Options::new().private()?.receiver()?;
    /// rx.set_strategy(Strategy::Spin); // lowest latency
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// What ends a call of this receiver that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// let mut rx = memlane::mpmc::Options::new().private()?.receiver()?;
    /// let interrupter = rx.interrupter();
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(rx.recv().err(), Some(memlane::RecvError::Interrupted));
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.end.interrupter(self.end.data())
    }

    /// Looks for what may come in a moment, if the strategy has it spin: the caller then takes it the fast way.
    #[inline(never)]
    pub(super) fn look_for_next(&mut self) -> Look {
        if self.port.has_message_hint() || self.end.is_foreign() {
            return Look::Unusual;
        }
        self.end.tally.empty();
        block::back_off(self);
        if !self.port.has_message_hint() {
            self.port.found_nothing(&mut self.end);
            if self.end.has_news() {
                return Look::InVain;
            }
        }
        if !block::look_eagerly(self) {
            return Look::InVain;
        }
        Look::Found
    }

    /// The next message. Blocks while there is none.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<ItemOf<K>, RecvError> {
        match self.take_fast()? {
            Some(item) => Ok(item),
            None => self.next_slow(),
        }
    }

    /// The next message, if one is at hand.
    #[inline(always)]
    pub(super) fn take_fast(&mut self) -> Result<Option<ItemOf<K>>, RecvError> {
        if self.end.is_foreign() { Ok(None) } else { self.port.take_fast(&mut self.end) }
    }

    #[cold]
    #[inline(never)]
    fn next_slow(&mut self) -> Result<ItemOf<K>, RecvError> {
        if !K::Inlet::LOOKS_AHEAD {
            return self.wait_slow();
        }
        if !self.end.is_foreign()
            && let Some(item) = self.port.take(&mut self.end)?
        {
            return Ok(item);
        }
        let look = self.look_for_next();
        self.wait_after(look)
    }

    #[inline(never)]
    pub(super) fn wait_after(&mut self, look: Look) -> Result<ItemOf<K>, RecvError> {
        match look {
            Look::Unusual => self.wait_slow(),
            Look::Found | Look::InVain => match self.attempt()? {
                Some(item) => Ok(item),
                None => self.keep_waiting(),
            },
        }
    }

    /// What it kept for its next call comes to any receiver: it leaves, or nobody uses it for a while.
    pub(super) fn give_back_kept(&mut self) {
        if !self.end.is_foreign() && !self.end.seat().is_handed_over() {
            self.port.leave(&mut self.end);
        }
    }

    /// Leaves the channel, as dropping does. The channel and what is in it stay, for receivers that come later; the senders are told
    /// when the last receiver has left.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// rx.leave();
    /// assert_eq!(tx.send(b"hello"), Err(memlane::SendError::Disconnected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(self) {}

    /// Ends the channel for all, as [`Channel::close`](crate::generic::Channel::close) does: senders get `Disconnected` at their next
    /// call; this receiver and others drain what is still there, and are told then.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"in time")?;
    /// rx.close();
    /// assert_eq!(tx.send(b"too late"), Err(memlane::SendError::Disconnected));
    /// assert_eq!(rx.recv()?.to_vec(), b"in time");
    /// assert_eq!(rx.recv().err(), Some(memlane::RecvError::Disconnected));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn close(&mut self) {
        self.end.shared().close();
    }

    /// A participant joined or left, or the status changed. What is still in the channel comes first; and what others hold may
    /// come back.
    #[cold]
    fn take_news(&mut self) -> Result<Option<ItemOf<K>>, RecvError> {
        let (look, is_over) = self.look_at_news()?;
        // A sender that left did so after its last commit. A channel that was closed may have a sender that does not know yet: what
        // it commits after this look does not come any more.
        match self.port.take(&mut self.end)? {
            None if is_over => {
                if look == Err(Trouble::Closed) {
                    self.port.end();
                }
                Err(look.map_or_else(RecvError::from, |_| RecvError::Disconnected))
            }
            None if look == Err(Trouble::Closed) => match self.port.awaits_in_vain(&self.end) {
                Some(reason) => Err(RecvError::Corrupted(self.end.poison(reason))),
                None => Ok(None),
            },
            found => Ok(found),
        }
    }

    /// Looks at the news, and returns what is seen there, and whether nothing comes any more that is not there by now. What they say
    /// of the end, they say again.
    fn look_at_news(&mut self) -> Result<(Result<Presence, Trouble>, bool), RecvError> {
        let look = self.end.look();
        self.port.search();
        let is_over = match look {
            Ok((presence, membership)) => {
                self.port.audit().map_err(|reason| RecvError::Corrupted(self.end.poison(reason)))?;
                let gone = self.end.senders_are_gone(presence, self.held_messages);
                if !gone {
                    self.end.note_seen(membership);
                }
                // While others hold what may come back, this is asked again at every look in vain: nobody announces that they
                // acknowledged it.
                gone && self.port.is_drained()
            }
            // A sender that has room reserved is told when it commits.
            Err(Trouble::Closed) => !self.port.awaits_others(),
            Err(_) => true,
        };
        Ok((look.map(|(presence, _)| presence), is_over))
    }

    /// Whether a call that takes a message would return one, or fail: what there is stays.
    pub(super) fn has_message_or_ended(&mut self) -> bool {
        if self.end.is_foreign() || self.port.has_message(&mut self.end) {
            return true;
        }
        self.port.found_nothing(&mut self.end);
        self.end.has_news() && self.news_have_message_or_end()
    }

    #[cold]
    fn news_have_message_or_end(&mut self) -> bool {
        match self.look_at_news() {
            Ok((look, false)) => {
                self.port.has_message(&mut self.end)
                    || look == Err(Trouble::Closed) && self.port.awaits_in_vain(&self.end).is_some()
            }
            Ok((_, true)) | Err(_) => true,
        }
    }
}

/// Why a receiver that has a seat cannot join. What contradicts itself poisons the channel.
#[cold]
fn has_no_port(end: &Seated, why: NoPort) -> JoinError {
    let channel = || end.region().label().to_owned();
    match why {
        NoPort::Corrupted(reason) => end.cannot_join(reason),
        NoPort::Busy => JoinError::Busy { channel: channel() },
        NoPort::SeveralSenders(senders) => JoinError::SeveralSenders { channel: channel(), senders },
        NoPort::NotThere { number, sent } => JoinError::NoSuchMessage { channel: channel(), number, sent },
    }
}

impl From<AckError> for RecvError {
    fn from(error: AckError) -> Self {
        match error {
            AckError::Forked => Self::Forked,
            AckError::Corrupted(reason) => Self::Corrupted(reason),
        }
    }
}

impl<K: ChannelKind> Waiting for Receiver<K> {
    type Output = ItemOf<K>;
    type Error = RecvError;
    type Waiter = Seated;

    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<ItemOf<K>>, RecvError> {
        self.take_fast()
    }

    #[inline]
    fn attempt(&mut self) -> Result<Option<ItemOf<K>>, RecvError> {
        if self.end.is_foreign() {
            return Err(RecvError::Forked);
        }
        match self.port.take(&mut self.end)? {
            Some(item) => Ok(Some(item)),
            None => {
                self.port.found_nothing(&mut self.end);
                if self.end.has_news() { self.take_news() } else { Ok(None) }
            }
        }
    }

    #[inline]
    fn glance(&self) -> bool {
        self.port.has_message_hint()
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.end
    }

    fn word(&self) -> &AtomicU32 {
        self.end.data()
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.end.tally.empty();
    }

    #[inline]
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        Some((&mut self.pace, self.port.taken(&self.end)))
    }

    fn before_park(&mut self) {
        if !self.end.is_foreign() {
            self.port.found_nothing(&mut self.end);
        }
    }
}

impl<K: ChannelKind> Drop for Receiver<K> {
    fn drop(&mut self) {
        self.give_back_kept();
    }
}
