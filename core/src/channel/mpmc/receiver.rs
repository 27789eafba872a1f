//! A receiving end of an `mpmc` channel.

use super::ahead::{Ahead, Next};
use crate::channel::batch::room_for_more;
use crate::channel::end::{Seated, Since, Trouble};
use crate::channel::port;
use crate::channel::shared::Shared;
use crate::error::{AckError, Corruption, JoinError, RecvError, TryRecvError};
use crate::layout::{Role, SlotWord};
use crate::region::SlotsView;
use crate::ring;
use crate::ring::slots::{Delivery, GivenBack, Queue};
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use crate::wait::{Calls, Pace, Strategy, Taken, Waiting};
use std::cell::Cell;
use std::marker::PhantomData;
use std::sync::Arc;

/// A receiver of an `mpmc` channel. Dropping it leaves the channel.
pub struct Receiver {
    pub(super) queue: Queue<SlotsView>,
    pub(in crate::channel) end: Seated,
    max_message: usize,
    /// Whether the channel held messages when this receiver joined.
    held_messages: bool,
    /// The messages of the current batch; empty otherwise. Kept for its allocation.
    pub(super) batch: Vec<Delivery>,
    /// What comes before the rings' next message.
    pub(super) ahead: Ahead,
    /// Messages of batches since it looked around.
    passed: usize,
    pace: Pace,
    _not_sync: PhantomData<Cell<()>>,
}

impl Receiver {
    pub(super) fn join(shared: &Arc<Shared>, since: Since<'_>) -> Result<Self, JoinError> {
        let end = Seated::join(shared, Role::Receiver, port::settle, since)?;
        let mut queue = port::queue(end.region(), end.seat().row());
        let geometry = end.region().geometry();
        let max_message = geometry.max_message as usize;
        let room = u64::from(geometry.slots).saturating_mul(geometry.max_message);
        let held_messages = !queue.is_drained();
        let batch = Vec::new();
        let mut ahead = Ahead::default();
        ahead.search(&queue);
        Ok(Self {
            queue,
            end,
            max_message,
            held_messages,
            batch,
            ahead,
            passed: 0,
            pace: Pace::new(room),
            _not_sync: PhantomData,
        })
    }

    /// Another receiver of the same channel, with a seat of its own. It knows which senders this one has seen: where this one
    /// is told that they have gone, so is the clone.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub fn try_clone(&self) -> Result<Self, JoinError> {
        let mut clone = Self::join(self.end.shared(), Since::As(&self.end))?;
        clone.held_messages |= self.held_messages;
        Ok(clone)
    }

    /// The row of this receiver's seat: which of [`Info::participants`](crate::Info::participants) it is.
    #[must_use]
    pub fn row(&self) -> u32 {
        self.end.seat().row()
    }

    /// Largest message in bytes: a buffer of this length always suffices.
    #[must_use]
    pub fn max_message(&self) -> usize {
        self.max_message
    }

    /// How this receiver waits for messages. Default: [`Strategy::Adaptive`].
    pub fn set_strategy(&mut self, strategy: Strategy) {
        self.end.set_strategy(strategy);
    }

    /// Copies the next message into `buffer`, acknowledges it, and returns its length. Blocks while nothing is queued.
    ///
    /// # Errors
    /// [`RecvError::BufferTooSmall`] leaves the message with this receiver, which gets it with its next call; see
    /// [`RecvError`].
    #[inline(always)]
    pub fn recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let delivery = self.next_delivery()?;
        if delivery.header.length() as usize == buffer.len() {
            // In line, so that the compiler knows the length of a message that has a fixed one.
            self.queue.memory().read(delivery.slot, buffer);
            self.acknowledge(delivery).map_err(ack_error)?;
            return Ok(buffer.len());
        }
        self.copy_and_acknowledge(delivery, buffer)
    }

    /// The next message. Blocks while nothing is queued.
    #[inline(always)]
    pub(super) fn next_delivery(&mut self) -> Result<Delivery, RecvError> {
        if !self.end.is_foreign()
            && self.ahead.is_nothing()
            && let Some(delivery) = self.queue.take_fast()
        {
            return if delivery.is_repeated() || self.validate(delivery).is_err() {
                self.admit(delivery)
            } else {
                Ok(delivery)
            };
        }
        self.wait_for_delivery()
    }

    #[cold]
    #[inline(never)]
    fn wait_for_delivery(&mut self) -> Result<Delivery, RecvError> {
        self.wait()
    }

    /// Looks at what was just taken: nobody has to believe its header.
    #[cold]
    #[inline(never)]
    fn admit(&mut self, delivery: Delivery) -> Result<Delivery, RecvError> {
        self.validate(delivery).map_err(|reason| RecvError::Corrupted(self.end.poison(reason)))?;
        if delivery.is_repeated() {
            self.end.tally.redelivered();
        }
        Ok(delivery)
    }

    /// Copies the next message into `buffer`, if there is one now, acknowledges it, and returns its length.
    ///
    /// # Errors
    /// [`TryRecvError::Empty`]; `BufferTooSmall` leaves the message with this receiver; see [`TryRecvError`].
    #[inline]
    pub fn try_recv_into(&mut self, buffer: &mut [u8]) -> Result<usize, TryRecvError> {
        let delivery = self.now()?.ok_or(TryRecvError::Empty)?;
        Ok(self.copy_and_acknowledge(delivery, buffer)?)
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

    /// Leaves the channel, as dropping does.
    pub fn close(self) {}

    #[inline(never)]
    fn copy_and_acknowledge(&mut self, delivery: Delivery, buffer: &mut [u8]) -> Result<usize, RecvError> {
        let length = delivery.header.length() as usize;
        let Some(target) = buffer.get_mut(..length) else {
            self.ahead.keep(delivery);
            return Err(RecvError::BufferTooSmall { needed: length });
        };
        self.queue.memory().read(delivery.slot, target);
        self.acknowledge(delivery).map_err(ack_error)?;
        Ok(length)
    }

    /// The message is done with.
    #[inline(always)]
    pub(super) fn acknowledge(&mut self, delivery: Delivery) -> Result<(), AckError> {
        if self.free(delivery)? {
            self.look_around();
        }
        self.end.notify_one_sender(&self.queue.memory().control.space);
        Ok(())
    }

    /// Acknowledges a message of a batch, and wakes no sender: the end of the batch does.
    #[inline]
    pub(super) fn acknowledge_quietly(&mut self, delivery: Delivery) -> Result<(), AckError> {
        self.free(delivery).map(drop)
    }

    /// Frees the message's slot, and counts it. Whether it is time to look around.
    #[inline(always)]
    fn free(&mut self, delivery: Delivery) -> Result<bool, AckError> {
        if self.end.is_foreign() {
            return Err(AckError::Forked);
        }
        self.queue.acknowledge(delivery).map_err(|reason| AckError::Corrupted(self.end.poison(reason)))?;
        Ok(self.end.tally.message(delivery.header.length().into()))
    }

    /// So many messages of a batch were done with, or given back, without a look around.
    pub(super) fn passed(&mut self, messages: usize) {
        self.passed = self.passed.saturating_add(messages);
        if self.passed >= 64 {
            self.passed = 0;
            if !self.end.is_foreign() {
                self.look_around();
            }
        }
    }

    /// Once in a while, for a receiver that never waits: looks for the dead if a slice is over, and whether there is
    /// anything that they held.
    #[cold]
    #[inline(never)]
    fn look_around(&mut self) {
        // What it finds of the channel's state, the next call that finds no message tells.
        let _ = self.end.pass_slice();
        if self.end.has_news() {
            self.ahead.search(&self.queue);
        }
    }

    /// Slots became free: wakes the senders that wait.
    pub(super) fn wake_senders(&mut self) {
        if !self.end.is_foreign() {
            self.end.notify_senders(&self.queue.memory().control.space);
        }
    }

    /// The message comes again, unless it was delivered as often as the channel allows.
    pub(super) fn give_back(&mut self, delivery: Delivery) -> Result<(), AckError> {
        self.give_back_within(delivery, self.end.region().facts().redelivery.limit)
    }

    /// The message comes again, however often it was delivered.
    pub(super) fn give_back_unread(&mut self, delivery: Delivery) -> Result<(), AckError> {
        self.give_back_within(delivery, 0)
    }

    fn give_back_within(&mut self, delivery: Delivery, limit: u16) -> Result<(), AckError> {
        if self.end.is_foreign() {
            return Err(AckError::Forked);
        }
        match self.queue.give_back(delivery, limit) {
            Ok(GivenBack::Queued) => self.end.notify_one_receiver(),
            Ok(GivenBack::GivenUp) => {
                let control = &self.queue.memory().control;
                control.dead_letters.fetch_add(1, Relaxed);
                self.end.notify_one_sender(&control.space);
            }
            Err(reason) => return Err(AckError::Corrupted(self.end.poison(reason))),
        }
        Ok(())
    }

    /// Puts the first message of a batch into `self.batch`, and up to `max` in all.
    pub(super) fn collect_batch(&mut self, first: Delivery, max: usize) -> Result<(), RecvError> {
        self.batch.clear();
        if room_for_more(&mut self.batch, 1) == 0 {
            self.ahead.keep(first);
            return Err(RecvError::OutOfMemory { needed: size_of::<Delivery>() });
        }
        self.batch.push(first);
        if max > 1 {
            if let Err(reason) = self.take_more(first, max) {
                self.batch.clear();
                return Err(RecvError::Corrupted(self.end.poison(reason)));
            }
            let repeated = self.batch[1..].iter().filter(|delivery| delivery.is_repeated()).count();
            (0..repeated).for_each(|_| self.end.tally.redelivered());
        }
        Ok(())
    }

    /// Takes what is queued behind the first message of a batch.
    #[inline]
    fn take_more(&mut self, first: Delivery, max: usize) -> Result<(), Corruption> {
        let ring = first.header.priority(self.queue.geometry().rings() - 1);
        loop {
            let room = room_for_more(&mut self.batch, max);
            if room == 0 {
                break;
            }
            if self.queue.take_batch_from(ring, room, &mut self.batch)? < room {
                break;
            }
        }
        self.batch[1..].iter().try_for_each(|delivery| self.validate(*delivery))
    }

    /// A peer may have written any length.
    #[inline]
    fn validate(&self, delivery: Delivery) -> Result<(), Corruption> {
        if delivery.header.length() as usize <= self.max_message { Ok(()) } else { Err(Corruption::RecordLength) }
    }

    #[inline]
    fn attempt_delivery(&mut self) -> Result<Option<Delivery>, RecvError> {
        if self.end.is_foreign() {
            return Err(RecvError::Forked);
        }
        match self.take()? {
            Some(delivery) => Ok(Some(delivery)),
            None if self.end.has_news() => self.take_news(),
            None => Ok(None),
        }
    }

    #[inline]
    fn take(&mut self) -> Result<Option<Delivery>, RecvError> {
        if !self.ahead.is_nothing() {
            match self.ahead.take(&self.queue) {
                Some(Next::Kept(delivery)) => return Ok(Some(delivery)),
                Some(Next::Returned(delivery)) => return self.admit(delivery).map(Some),
                Some(Next::End) => return Err(RecvError::Disconnected),
                None => {}
            }
        }
        match self.queue.take() {
            Ok(Some(delivery)) => self.admit(delivery).map(Some),
            Ok(None) => Ok(None),
            Err(reason) => Err(RecvError::Corrupted(self.end.poison(reason))),
        }
    }

    /// Somebody joined or left, or the status changed. What is still in the channel comes first; and what others hold may
    /// come back.
    #[cold]
    fn take_news(&mut self) -> Result<Option<Delivery>, RecvError> {
        let look = self.end.look();
        self.ahead.search(&self.queue);
        let mut awaited = None;
        let is_over = match look {
            Ok((presence, membership)) => {
                let gone = self.end.senders_are_gone(presence, self.held_messages);
                if !gone {
                    self.end.acknowledge(membership);
                }
                // While others hold what may come back, this is asked again at every look in vain: nobody announces that they
                // acknowledged it.
                gone && self.queue.is_drained()
            }
            // A sender that has a slot on loan is told when it commits it.
            Err(Trouble::Closed) => {
                awaited = self.queue.first_to_come_back();
                awaited.is_none()
            }
            Err(_) => true,
        };
        // Whoever left or closed did so after its last commit.
        match self.take()? {
            None if is_over => {
                if look == Err(Trouble::Closed) {
                    self.ahead.end();
                }
                Err(look.map_or_else(RecvError::from, |_| RecvError::Disconnected))
            }
            None if awaited.is_some_and(|(slot, word)| self.is_never_given_back(slot, word)) => {
                Err(RecvError::Corrupted(self.end.poison(Corruption::SlotState)))
            }
            found => Ok(found),
        }
    }
}

impl Receiver {
    /// Whether nobody is there who would give back the message in this slot, as it was seen before nothing was found: its owner is
    /// gone, and settled or queued what it had before it went; or we are, and queued it. Only bytes of a peer's make that so.
    fn is_never_given_back(&self, slot: u16, word: SlotWord) -> bool {
        let (owner, row) = (u32::from(word.owner().0), self.row());
        (owner == row || !self.end.is_somebody_in(owner)) && self.queue.is_out_of_reach(slot, word)
    }
}

fn ack_error(error: AckError) -> RecvError {
    match error {
        AckError::Forked => RecvError::Forked,
        AckError::Corrupted(reason) => RecvError::Corrupted(reason),
    }
}

impl Drop for Receiver {
    /// A message that was too long for a buffer, or handed back, comes again, whatever becomes of those whose receiver dies.
    fn drop(&mut self) {
        if let Some(delivery) = self.ahead.take_kept()
            && !self.end.is_foreign()
        {
            match self.queue.give_back(delivery, 0) {
                Ok(_) => self.end.notify_one_receiver(),
                Err(reason) => {
                    self.end.poison(reason);
                }
            }
        }
    }
}

impl Waiting for Receiver {
    type Output = Delivery;
    type Error = RecvError;
    type Waiter = Seated;

    #[inline]
    fn attempt(&mut self) -> Result<Option<Delivery>, RecvError> {
        self.attempt_delivery()
    }

    #[inline]
    fn glance(&self) -> bool {
        !self.ahead.is_nothing() || self.queue.glance()
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
    fn pace(&mut self) -> Option<(&mut Pace, Taken)> {
        let (messages, bytes) = self.end.tally.so_far();
        Some((&mut self.pace, Taken { messages, bytes }))
    }

    #[inline]
    fn count_in_vain(&mut self) {
        self.end.tally.empty();
    }
}
