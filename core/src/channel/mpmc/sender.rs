//! A sending end of an `mpmc` channel.

use crate::channel::endpoint::{Endpoint, Since};
use crate::channel::shared::Shared;
use crate::channel::slots;
use crate::error::{
    Corruption, GrantError, JoinError, NoSuchPriority, SendBatchError, SendError, SendTimeoutError, TrySendError,
};
use crate::layout::{Role, SlotHeader};
use crate::region::{SlotsView, TrustPeers};
use crate::ring;
use crate::ring::slots::{CommitBatch, Loan, Queue};
use crate::sync::AtomicU32;
use crate::wait::{Calls, Strategy, Waiting};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

/// A sender of an `mpmc` channel. Dropping it leaves the channel.
pub struct Sender {
    queue: Queue<SlotsView>,
    pub(in crate::channel) end: Endpoint,
    max_message: usize,
    priority: u8,
    _not_sync: PhantomData<Cell<()>>,
}

impl Sender {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        let end = Endpoint::join(shared, Role::Sender, slots::settle, since)?;
        let queue = slots::queue(end.region(), end.seat().row());
        let max_message = end.region().geometry().max_message as usize;
        let priority = queue.geometry().rings() - 1;
        Ok(Self { queue, end, max_message, priority, _not_sync: PhantomData })
    }

    /// Another sender of the same channel, with a seat of its own. It knows which receivers this one has seen: where this one is
    /// told that they have gone, so is the clone.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        Self::join(self.end.shared(), Since::As(&self.end))
    }

    /// The row of this sender's seat: which of [`Info::participants`](crate::Info::participants) it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.max_message
    }

    /// How this sender waits for a free slot. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// The priority of what this sender sends from now on; 0 is the most urgent. Default: the least urgent.
    ///
    /// # Errors
    /// [`NoSuchPriority`]; nothing changed.
    pub fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        let priorities = self.queue.geometry().rings();
        if priority >= priorities {
            return Err(NoSuchPriority { given: priority, priorities });
        }
        self.priority = priority;
        Ok(())
    }

    /// Sends a copy of `message`, of 0 to [`Sender::max_message`] bytes. Blocks while every slot is in use.
    ///
    /// # Errors
    /// See [`SendError`]. The message was not sent.
    #[inline(always)]
    pub fn send(&mut self, message: &[u8]) -> Result<(), SendError> {
        let loan = self.free_slot(message.len()).wait()?;
        // The copy in line, so that the compiler knows the length of a message that has a fixed one.
        self.fill_and_commit(loan, message)?;
        self.wake_receiver();
        Ok(())
    }

    /// A free slot, where that needs no second thought. `None` decides nothing.
    #[inline(always)]
    fn near_slot(&mut self, length: usize) -> Option<Loan> {
        if self.end.is_foreign() || self.end.has_news() || length > self.max_message {
            return None;
        }
        self.queue.alloc_next()
    }

    /// Sends a copy of `message` if there is a free slot now. If there are more than 128 slots, and receivers or other senders
    /// hold some of them, it looks at 128 that are evenly apart, and at others the next time: it may overlook a few free ones.
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`]. The message was not sent.
    #[inline]
    pub fn try_send(&mut self, message: &[u8]) -> Result<(), TrySendError> {
        let loan = self.free_slot(message.len()).now()?.ok_or(TrySendError::Full)?;
        self.fill_and_commit(loan, message)?;
        self.wake_receiver();
        Ok(())
    }

    /// Sends a copy of `message`. Blocks while every slot is in use, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`]. The message was not sent.
    pub fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<(), SendTimeoutError> {
        let loan = self.free_slot(message.len()).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        self.fill_and_commit(loan, message)?;
        self.wake_receiver();
        Ok(())
    }

    /// Sends copies of all messages, in order, looking for sleeping receivers once. Blocks while every slot is in use. Each
    /// message can be received as soon as it is written; others may send in between. Returns how many there were.
    ///
    /// # Errors
    /// [`SendBatchError`] says how many were sent, and what stopped the next one.
    pub fn send_batch<I>(&mut self, messages: I) -> Result<usize, SendBatchError>
    where
        I: IntoIterator,
        I::Item: AsRef<[u8]>,
    {
        let mut batch = Batch { committed: self.queue.begin_batch(self.priority), sender: self };
        let mut sent = 0;
        for message in messages {
            batch.send_next(message.as_ref()).map_err(|error| SendBatchError { sent, error })?;
            sent += 1;
        }
        Ok(sent)
    }

    /// A slot for a message of up to `length` bytes, to be filled in place. Blocks while every slot is in use.
    ///
    /// # Errors
    /// See [`SendError`].
    ///
    /// ```
    /// # let channel = memlane::mpmc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let mut grant = tx.reserve(100)?;
    /// grant.write_at(0, b"head")?;
    /// grant.write_at(4, b"tail")?;
    /// grant.commit(8)?;
    /// assert_eq!(rx.recv()?.to_vec(), b"headtail");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn reserve(&mut self, length: usize) -> Result<Grant<'_>, SendError> {
        let loan = self.free_slot(length).wait()?;
        Ok(Grant { sender: self, loan: Some(loan), length })
    }

    /// A slot for a message of up to `length` bytes, if there is a free one now: looked for as in [`Sender::try_send`].
    ///
    /// # Errors
    /// [`TrySendError::Full`], and the others of [`TrySendError`].
    pub fn try_reserve(&mut self, length: usize) -> Result<Grant<'_>, TrySendError> {
        let loan = self.free_slot(length).now()?.ok_or(TrySendError::Full)?;
        Ok(Grant { sender: self, loan: Some(loan), length })
    }

    /// A slot for a message of up to `length` bytes. Blocks while every slot is in use, for at most `timeout`.
    ///
    /// # Errors
    /// [`SendTimeoutError::Timeout`], and the others of [`SendTimeoutError`].
    pub fn reserve_timeout(&mut self, length: usize, timeout: Duration) -> Result<Grant<'_>, SendTimeoutError> {
        let loan = self.free_slot(length).within(timeout)?.ok_or(SendTimeoutError::Timeout)?;
        Ok(Grant { sender: self, loan: Some(loan), length })
    }

    /// How many messages are queued, of all priorities; those that receivers hold are not. Others send and receive
    /// meanwhile, so it may be another number by the time it is returned.
    #[must_use]
    pub fn len(&self) -> usize {
        ring::slots::queued(self.queue.memory(), self.queue.geometry()) as usize
    }

    /// Whether no message is queued. The same holds as for `len`.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Leaves the channel, as dropping does, and says whether the messages are where receivers find them.
    ///
    /// # Errors
    /// [`SendError::Removed`]: the channel's file was removed meanwhile, by whatever means. Receivers that were there then may have
    /// got the messages; nobody else does. [`SendError::Corrupted`]; [`SendError::Forked`]: it is the parent's, and stays.
    pub fn close(mut self) -> Result<(), SendError> {
        self.end.check_farewell()
    }

    /// Waiting for a slot for `length` bytes.
    #[inline]
    fn free_slot(&mut self, length: usize) -> FreeSlot<'_> {
        FreeSlot { sender: self, length }
    }

    #[inline]
    fn check(&mut self, length: usize) -> Result<(), SendError> {
        if self.end.is_foreign() {
            return Err(SendError::Forked);
        }
        if self.end.has_news() {
            self.end.look_at_receivers()?;
        }
        if length > self.max_message {
            return Err(SendError::TooLarge { length, max: self.max_message });
        }
        Ok(())
    }

    #[inline(always)]
    fn fill_and_commit(&mut self, loan: Loan, message: &[u8]) -> Result<(), SendError> {
        self.queue.memory().write(loan.slot, 0, message);
        self.commit(loan, message.len()).map_err(SendError::Corrupted)
    }

    #[inline(always)]
    fn commit(&mut self, loan: Loan, length: usize) -> Result<(), Corruption> {
        let header = SlotHeader::new(length as u32, self.priority);
        self.queue.commit(loan, header).map_err(|reason| self.end.poison(reason))?;
        self.count(length as u64);
        Ok(())
    }

    #[inline(always)]
    fn count(&mut self, length: u64) {
        if self.end.tally.message(length) {
            // What it finds of the channel's state, the next call tells.
            let _ = self.end.pass_slice();
        }
    }

    #[inline]
    fn wake_receiver(&mut self) {
        self.end.notify_one_receiver();
    }
}

/// Messages that go out together. Whatever ends it, an error or a panic of the caller's iterator, the receivers learn of what
/// was sent.
struct Batch<'a> {
    sender: &'a mut Sender,
    committed: CommitBatch,
}

impl Batch<'_> {
    // In line, so that the compiler knows the length of messages that have a fixed one.
    #[inline(always)]
    fn send_next(&mut self, message: &[u8]) -> Result<(), SendError> {
        let loan = match self.sender.near_slot(message.len()) {
            Some(loan) => loan,
            None => self.any_slot(message.len())?,
        };
        let sender = &mut *self.sender;
        sender.queue.memory().write(loan.slot, 0, message);
        let length = message.len() as u32;
        let committed = sender.queue.commit_next(&mut self.committed, loan, length);
        let once_in_a_while = committed.map_err(|reason| SendError::Corrupted(sender.end.poison(reason)))?;
        let _ = sender.end.tally.message(length.into());
        if once_in_a_while {
            // What it finds of the channel's state, the next message tells.
            let _ = sender.end.pass_slice();
        }
        Ok(())
    }

    #[cold]
    #[inline(never)]
    fn any_slot(&mut self, length: usize) -> Result<Loan, SendError> {
        if let Some(loan) = self.sender.free_slot(length).first_attempt()? {
            return Ok(loan);
        }
        // Before it waits for a slot, the receivers learn of what was sent so far.
        self.publish();
        self.sender.free_slot(length).keep_waiting()
    }

    fn publish(&mut self) {
        self.sender.queue.end_batch(&mut self.committed);
        self.sender.end.notify_receivers();
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        if !self.sender.end.is_foreign() {
            self.publish();
        }
    }
}

/// Waiting for a slot for `length` bytes.
struct FreeSlot<'a> {
    sender: &'a mut Sender,
    length: usize,
}

impl Waiting for FreeSlot<'_> {
    type Output = Loan;
    type Error = SendError;
    type Waiter = Endpoint;

    #[inline(always)]
    fn attempt_fast(&mut self) -> Result<Option<Loan>, SendError> {
        Ok(self.sender.near_slot(self.length))
    }

    #[inline]
    fn attempt(&mut self) -> Result<Option<Loan>, SendError> {
        self.sender.check(self.length)?;
        Ok(self.sender.queue.alloc_near())
    }

    #[inline]
    fn attempt_slow(&mut self) -> Result<Option<Loan>, SendError> {
        self.sender.check(self.length)?;
        let Sender { queue, end, .. } = &mut *self.sender;
        Ok(queue.alloc_while(|| end.has_time()))
    }

    #[inline]
    fn attempt_once(&mut self) -> Result<Option<Loan>, SendError> {
        self.sender.check(self.length)?;
        Ok(self.sender.queue.alloc_sampled())
    }

    #[inline]
    fn glance(&self) -> bool {
        self.sender.queue.glance_free()
    }

    #[inline]
    fn waiter(&self) -> &Endpoint {
        &self.sender.end
    }

    #[inline]
    fn waiter_mut(&mut self) -> &mut Endpoint {
        &mut self.sender.end
    }

    fn word(&self) -> &AtomicU32 {
        &self.sender.queue.memory().control.space
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.sender.end.tally.full();
    }
}

/// A slot for one message, invisible to the receivers until it is committed. Dropping it sends nothing.
///
/// Bytes that are committed without having been written hold whatever the slot held: zeros, or parts of earlier messages
/// of this channel.
#[derive(Debug)]
#[must_use = "dropping a grant sends nothing: commit it"]
pub struct Grant<'a> {
    sender: &'a mut Sender,
    /// `None` once it is committed.
    loan: Option<Loan>,
    length: usize,
}

impl Grant<'_> {
    /// Bytes that were reserved.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether no bytes were reserved: a message of length 0, which is a message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Whether bytes up to `end` may be touched.
    fn check(&self, end: usize) -> Result<Loan, GrantError> {
        match self.loan {
            Some(loan) if !self.sender.end.is_foreign() => {
                if end > self.length {
                    return Err(GrantError::OutOfBounds { length: self.length, end });
                }
                Ok(loan)
            }
            _ => Err(GrantError::Forked),
        }
    }

    /// Copies `bytes` into the message at `offset`.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if they do not fit, [`GrantError::Forked`]; nothing was written.
    pub fn write_at(&mut self, offset: usize, bytes: &[u8]) -> Result<(), GrantError> {
        let loan = self.check(offset.saturating_add(bytes.len()))?;
        self.sender.queue.memory().write(loan.slot, offset, bytes);
        Ok(())
    }

    /// The message's bytes in place. See [`TrustPeers`] for what the caller promised.
    #[must_use]
    pub fn as_mut_slice(&mut self, trust: TrustPeers) -> &mut [u8] {
        match self.loan {
            Some(loan) => self.sender.queue.memory_mut().borrow_mut(trust, loan.slot, self.length),
            None => &mut [],
        }
    }

    /// Sends the first `used` bytes.
    ///
    /// # Errors
    /// [`GrantError::OutOfBounds`] if `used` is more than was reserved; [`GrantError::Disconnected`] if the channel was closed or
    /// every receiver has left meanwhile; the others of [`GrantError`]. Nothing was sent.
    pub fn commit(mut self, used: usize) -> Result<(), GrantError> {
        let loan = self.check(used)?;
        self.sender.end.check_commit()?;
        self.loan = None;
        self.sender.commit(loan, used).map_err(GrantError::Corrupted)?;
        self.sender.wake_receiver();
        Ok(())
    }
}

impl Drop for Grant<'_> {
    fn drop(&mut self) {
        if let Some(loan) = self.loan.take()
            && !self.sender.end.is_foreign()
        {
            match self.sender.queue.abort(loan) {
                Ok(()) => self.sender.end.notify_one_sender(&self.sender.queue.memory().control.space),
                Err(reason) => {
                    self.sender.end.poison(reason);
                }
            }
        }
    }
}
