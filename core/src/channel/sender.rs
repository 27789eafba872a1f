//! The sending end of a channel of any kind.

use super::end::{Interrupter, Seated, Since};
use super::kind::{ChannelKind, Ports};
use super::port::{Effort, Outlet};
use super::shared::Shared;
use crate::error::{Corruption, JoinError, SendError};
use crate::layout::Role;
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use crate::wait::{Strategy, Waiting};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

/// A sender. Dropping it leaves the channel.
///
/// It may move to another thread, but is one thread's at a time (`!Sync`): where it looks next, what it counts, how long it spins and
/// the seat on which it sleeps are its own alone, and that makes it fast. In `mpmc`, several threads take a sender each, by
/// [`try_clone`](crate::mpmc::Sender::try_clone) or from a [`Pool`](crate::mpmc::Pool).
///
/// When a channel is full, how many senders there can be, and in which order messages come out, each kind says on its own page:
/// [`spsc`](crate::spsc), [`mpmc`](crate::mpmc), [`mpsc`](crate::mpsc).
pub struct Sender<K: ChannelKind> {
    pub(super) port: K::Outlet,
    pub(super) end: Seated,
    _not_sync: PhantomData<Cell<()>>,
}

pub(super) type ClaimOf<K> = <<K as Ports>::Outlet as Outlet>::Claim;
pub(super) type UndoOf<K> = <<K as Ports>::Outlet as Outlet>::Undo;
pub(super) type RunOf<K> = <<K as Ports>::Outlet as Outlet>::Run;

impl<K: ChannelKind> Sender<K> {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        Self::seated(Seated::join(shared, Role::Sender, K::Outlet::SETTLE, since)?)
    }

    /// The sender that has just taken a seat.
    pub(super) fn seated(end: Seated) -> Result<Self, JoinError> {
        let port = K::Outlet::join(&end).map_err(|reason| end.cannot_join(reason))?;
        Ok(Self { port, end, _not_sync: PhantomData })
    }

    /// The row of this sender's seat: which of [`Info::participants`](crate::Info::participants) it is.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let tx = channel.sender()?;
    /// assert_eq!(channel.info().participants[0].row, tx.row());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes.
    ///
    /// ```
    /// let channel = memlane::spsc::Options::new().max_message(256).private()?;
    /// assert_eq!(channel.sender()?.max_message(), 256);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.port.max_message()
    }

    /// Sets how this sender waits for room, from its next call on. Default: [`Strategy::Adaptive`]. It is this sender's alone: the
    /// receivers choose for themselves.
    ///
    /// ```
    /// use memlane::Strategy;
    /// let mut tx = memlane::spsc::Options::new().private()?.sender()?;
    /// tx.set_strategy(Strategy::Park); // least CPU time
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// What ends a call of this sender that waits, from another thread or from a signal handler: see [`Interrupter`].
    ///
    /// ```
    /// # use memlane::SendError;
    /// let mut tx = memlane::mpmc::Options::new().slots(1).private()?.sender()?;
    /// let interrupter = tx.interrupter();
    /// tx.send(b"one")?;
    /// std::thread::scope(|scope| {
    ///     scope.spawn(|| interrupter.interrupt());
    ///     assert_eq!(tx.send(b"two"), Err(SendError::Interrupted)); // the channel is full
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        self.end.interrupter(self.port.space())
    }

    /// Whether it is this process's own, and nothing happened that a sender has to look at.
    #[inline(always)]
    pub(super) fn has_no_news(&self) -> bool {
        !(self.end.is_foreign() || self.end.has_news())
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them. Others go on: to end the
    /// channel for all, there is [`Channel::close`](crate::generic::Channel::close).
    ///
    /// # Errors
    /// [`SendError::Removed`]: the channel's file was removed meanwhile, by whatever means. Receivers that were there then may have
    /// got the messages; nobody else does. [`SendError::Corrupted`]; [`SendError::Forked`]: it is the parent's, and stays.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// let mut tx = channel.sender()?;
    /// tx.send(b"last words")?;
    /// tx.leave()?; // a receiver that comes now finds them
    /// assert_eq!(channel.receiver()?.recv()?.to_vec(), b"last words");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn leave(mut self) -> Result<(), SendError> {
        self.end.check_farewell()
    }

    /// Ends the slice if it is over, so that a sender that seldom searches for room looks for the dead, too.
    pub(super) fn end_slice_if_over(&mut self) -> Result<(), SendError> {
        if self.end.is_foreign() {
            return Err(SendError::Forked);
        }
        Ok(self.end.pass_slice()?)
    }

    /// Waiting for room for `length` bytes.
    #[inline]
    pub(super) fn room_for(&mut self, length: usize) -> Room<'_, K> {
        Room { sender: self, length }
    }

    /// Room for `length` bytes, if it can be had.
    #[inline(always)]
    fn attempt_room(&mut self, length: usize, effort: Effort) -> Result<Option<ClaimOf<K>>, SendError> {
        if self.end.is_foreign() {
            return Err(SendError::Forked);
        }
        self.port.look_around(&mut self.end)?;
        if self.end.has_news() {
            self.end.look_at_receivers()?;
        }
        self.port.claim(&mut self.end, length, effort)
    }

    /// Whether a call that sends a message of so many bytes would send it, or fail. Nothing is sent.
    pub(super) fn has_room_or_ended(&mut self, length: usize) -> bool {
        match self.attempt_room(length, Effort::Full) {
            Ok(Some(claim)) => {
                let _ = self.port.hold();
                self.port.abandon(&mut self.end, claim);
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    #[cold]
    pub(super) fn corrupted(&self, reason: Corruption) -> SendError {
        SendError::Corrupted(self.end.poison(reason))
    }
}

impl<K: ChannelKind> Drop for Sender<K> {
    fn drop(&mut self) {
        if !self.end.is_foreign() && !self.end.seat().is_handed_over() {
            self.port.leave(&mut self.end);
        }
    }
}

/// Waiting for room for `length` bytes.
pub(super) struct Room<'a, K: ChannelKind> {
    sender: &'a mut Sender<K>,
    length: usize,
}

impl<K: ChannelKind> Waiting for Room<'_, K> {
    type Output = ClaimOf<K>;
    type Error = SendError;
    type Waiter = Seated;

    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Self::Output>, SendError> {
        Ok(if self.sender.has_no_news() { self.sender.port.claim_fast(self.length) } else { None })
    }

    #[inline(always)]
    fn attempt(&mut self) -> Result<Option<Self::Output>, SendError> {
        self.sender.attempt_room(self.length, Effort::Quick)
    }

    #[inline(always)]
    fn attempt_slow(&mut self) -> Result<Option<Self::Output>, SendError> {
        self.sender.attempt_room(self.length, Effort::Full)
    }

    #[inline]
    fn attempt_once(&mut self) -> Result<Option<Self::Output>, SendError> {
        self.sender.attempt_room(self.length, Effort::Once)
    }

    #[inline]
    fn glance(&self) -> bool {
        self.sender.port.has_room_hint()
    }

    #[inline]
    fn waiter(&self) -> &Seated {
        &self.sender.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Seated {
        &mut self.sender.end
    }

    fn word(&self) -> &AtomicU32 {
        self.sender.port.space()
    }

    fn wakes(&self) -> Wakes {
        K::Outlet::WAKES
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.sender.end.tally.full();
    }

    fn before_park(&mut self) {
        self.sender.port.names_blocker();
    }

    fn may_park(&mut self) -> bool {
        self.sender.port.names_blocker()
    }
}
