//! The sending end of a channel of any kind.

use super::end::{Seated, Since};
use super::kind::{ChannelKind, Ports};
use super::port::{Effort, Outlet};
use super::shared::Shared;
use crate::error::{Corruption, JoinError, SendBatchError, SendError, SendTimeoutError, TrySendError};
use crate::layout::Role;
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use crate::wait::{Calls, Strategy, Waiting};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A sender. Dropping it leaves the channel.
///
/// When a channel is full, how many senders there can be, and in which order messages come out, each kind says on its own page:
/// [`spsc`](crate::spsc), [`mpmc`](crate::mpmc).
pub struct Sender<K: ChannelKind> {
    pub(super) port: K::Outlet,
    pub(super) end: Seated,
    _not_sync: PhantomData<Cell<()>>,
}

pub(super) type ClaimOf<K> = <<K as Ports>::Outlet as Outlet>::Claim;
pub(super) type UndoOf<K> = <<K as Ports>::Outlet as Outlet>::Undo;
type RunOf<K> = <<K as Ports>::Outlet as Outlet>::Run;

impl<K: ChannelKind> Sender<K> {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Sender, K::Outlet::SETTLE, since)?;
        let port = K::Outlet::join(&end).map_err(|reason| end.cannot_join(reason))?;
        Ok(Self { port, end, _not_sync: PhantomData })
    }

    /// The row of this sender's seat: which of [`Info::participants`](crate::Info::participants) it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.port.max_message()
    }

    /// How this sender waits for room. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// Sends a copy of `message`, of 0 to [`Sender::max_message`] bytes. Blocks while the channel is full.
    ///
    /// # Errors
    /// See [`SendError`]. The message was not sent.
    #[inline(always)]
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        // In line, so that the compiler knows the length of a message that has a fixed one.
        if self.has_no_news()
            && let Some(claim) = self.port.claim_fast_plain(message.len())
        {
            self.commit_copy(claim, message)?;
            self.port.wake(&mut self.end);
            return Ok(());
        }
        self.send_slow(message)
    }

    /// Whether it is this process's own, and nothing happened that a sender has to look at.
    #[inline(always)]
    fn has_no_news(&self) -> bool {
        !(self.end.is_foreign() || self.end.has_news())
    }

    #[cold]
    #[inline(never)]
    fn send_slow(&mut self, message: &[u8]) -> Result<(), SendError> {
        let claim = self.room(message.len()).wait_slow()?;
        self.send_into(claim, message)
    }

    /// Sends a copy of `message` if there is room now.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent. A queue of more than 128 slots, of
    /// which others hold some, is looked at in 128 places that are evenly apart, and in others the next time: it may be called full
    /// though a few slots are free.
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        let claim = self.room(message.len()).now()?.ok_or(TrySendError::Full)?;
        Ok(self.send_into(claim, message)?)
    }

    /// Sends a copy of `message`. Blocks while the channel is full, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    #[inline]
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        let claim = self.room(message.len()).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(self.send_into(claim, message)?)
    }

    /// Sends copies of all messages, in order, looking for sleeping receivers once. Blocks while the channel is full. Each
    /// message can be received as soon as it is written; where there are several senders, others may send in between. Returns
    /// how many there were.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// assert_eq!(tx.send_batch(["one", "two", "three"])?, 3);
    /// assert_eq!(rx.recv()?.to_vec(), b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let mut batch = Run { run: self.port.begin_run(), sender: self };
        let mut messages = messages.into_iter();
        let mut sent = 0;
        loop {
            let Run { sender, run } = &mut batch;
            match sender.port.send_run_fast(&mut sender.end, run, &mut messages, &mut sent) {
                Ok(None) => return Ok(sent),
                Ok(Some(message)) => batch.send_slow(message.as_ref()),
                Err(reason) => Err(sender.corrupted(reason)),
            }
            .map_err(|error| SendBatchError { sent, error })?;
            sent += 1;
        }
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them.
    ///
    /// # Errors
    /// [`SendError::Removed`]: the channel's file was removed meanwhile, by whatever means. Receivers that were there then may have
    /// got the messages; nobody else does. [`SendError::Corrupted`]; [`SendError::Forked`]: it is the parent's, and stays.
    pub fn leave(mut self) -> Result<(), SendError> {
        self.end.check_farewell()
    }

    /// Waiting for room for `length` bytes.
    #[inline]
    pub(super) fn room(&mut self, length: usize) -> Room<'_, K> {
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

    #[inline(always)]
    fn send_into(&mut self, claim: ClaimOf<K>, message: &[u8]) -> Result<(), SendError> {
        self.commit_copy(claim, message)?;
        self.port.wake(&mut self.end);
        self.port.after_wake(&claim);
        Ok(())
    }

    #[inline(always)]
    fn commit_copy(&mut self, claim: ClaimOf<K>, message: &[u8]) -> Result<(), SendError> {
        match self.port.commit_copy(&mut self.end, claim, message) {
            Ok(()) => Ok(()),
            Err(reason) => Err(self.corrupted(reason)),
        }
    }

    #[cold]
    fn corrupted(&self, reason: Corruption) -> SendError {
        SendError::Corrupted(self.end.poison(reason))
    }
}

impl<K: ChannelKind> Drop for Sender<K> {
    fn drop(&mut self) {
        if !self.end.is_foreign() {
            self.port.leave(&mut self.end);
        }
    }
}

/// Messages that go out together. Whatever ends it, an error or a panic of the caller's iterator, the receivers learn of what
/// was sent.
struct Run<'a, K: ChannelKind> {
    sender: &'a mut Sender<K>,
    run: RunOf<K>,
}

impl<K: ChannelKind> Run<'_, K> {
    /// Before it waits for room, the receivers learn of what was sent so far.
    #[cold]
    #[inline(never)]
    fn send_slow(&mut self, message: &[u8]) -> Result<(), SendError> {
        let claim = match self.sender.room(message.len()).first_attempt()? {
            Some(claim) => claim,
            None => {
                self.tell(false);
                self.sender.room(message.len()).keep_waiting()?
            }
        };
        let Sender { port, end, .. } = &mut *self.sender;
        port.commit_in_run(end, &mut self.run, claim, message)
            .map_err(|reason| SendError::Corrupted(end.poison(reason)))
    }

    fn tell(&mut self, is_over: bool) {
        self.sender.port.tell_of_run(&mut self.sender.end, &mut self.run, is_over);
    }
}

impl<K: ChannelKind> Drop for Run<'_, K> {
    fn drop(&mut self) {
        if !self.sender.end.is_foreign() {
            self.tell(true);
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
}
