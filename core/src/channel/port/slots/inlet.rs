//! A receiver's side of a slot queue.

use super::ahead::{Ahead, Next};
use super::holding::Holding;
use super::memory::{queue, settle};
use crate::channel::end::Seated;
use crate::channel::places::Places;
use crate::channel::port::inlet::{Exact, Inlet, Known, NoPort};
use crate::error::{AckAtError, AckError, Corruption, RecvError};
use crate::layout::{Role, SlotWord};
use crate::liveness::{self, Settle};
use crate::region::{SlotWords, SlotsView, TrustPeers};
use crate::ring::slots::{Delivery, GivenBack, Queue, SlotMemory};
use crate::sync::Ordering::Relaxed;
use crate::wait::Taken;
use std::collections::TryReserveError;
use std::sync::Arc;

/// A receiver's side of a slot queue.
#[derive(Debug)]
pub(crate) struct SlotInlet {
    queue: Queue<SlotsView>,
    max_message: usize,
    capacity: u64,
    /// What comes before the rings' next message.
    ahead: Ahead,
    /// After the channel was closed: a slot that another participant holds, and whose message may come back.
    awaited: Option<(u16, SlotWord)>,
    /// The messages of the current batch; empty otherwise.
    batch: Places<Delivery>,
    /// Messages that the caller has in hand, or has forgotten; those of the current batch are not among them.
    lent: u64,
    /// Messages of batches, and messages to be held, since it looked around.
    passed: usize,
    /// What the messages that it handed out to be held share with it.
    holding: Option<Arc<Holding>>,
    /// Whether, before the last look at a closed channel, none of its messages was held that might come again.
    held_none: bool,
}

impl SlotInlet {
    /// Access to the queue by value, for one call.
    #[inline(always)]
    fn queue(&self) -> Queue<SlotWords<'_>> {
        self.queue.through(self.queue.memory().words())
    }

    /// A message's priority, 0 being the most urgent. Whatever its sender wrote, it is one that the channel has.
    pub(in crate::channel) fn priority(slots: SlotWords<'_>, delivery: &Delivery) -> u8 {
        delivery.header.priority(slots.lowest_priority())
    }

    /// Looks at what was just taken: nobody has to believe its header.
    #[cold]
    #[inline(never)]
    fn admit(&self, end: &mut Seated, delivery: Delivery) -> Result<Delivery, RecvError> {
        self.validate(delivery).map_err(|reason| RecvError::Corrupted(end.poison(reason)))?;
        if delivery.is_repeated() {
            end.tally.redelivered();
        }
        Ok(delivery)
    }

    /// A peer may have written any length.
    #[inline]
    fn validate(&self, delivery: Delivery) -> Result<(), Corruption> {
        if delivery.header.length() as usize <= self.max_message { Ok(()) } else { Err(Corruption::RecordLength) }
    }

    /// Frees the message's slot, and counts it. Whether it is time to look around.
    #[inline(always)]
    fn free(queue: &Queue<impl SlotMemory>, end: &mut Seated, delivery: Delivery) -> Result<bool, AckError> {
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        queue.acknowledge(delivery).map_err(|reason| AckError::Corrupted(end.poison(reason)))?;
        Ok(end.tally.message(delivery.header.length().into()))
    }

    /// Wakes a sender, since a slot became free, and looks around if it is time.
    #[inline(always)]
    fn after_finish(&mut self, end: &mut Seated, is_time: bool) {
        if is_time {
            self.look_around(end);
        }
        end.notify_one_sender(&self.queue.memory().control.space);
    }

    /// Once in a while, for a receiver that never waits: looks for the dead if a slice is over, and whether there is
    /// anything that they held.
    #[cold]
    #[inline(never)]
    fn look_around(&mut self, end: &mut Seated) {
        // What it finds of the channel's state, the next call that finds no message tells.
        let _ = end.pass_slice();
        if end.has_news() {
            self.ahead.search(&self.queue);
        }
    }

    /// Gives a message back, unless it was delivered so often (0: however often it was).
    fn give_back_within(&mut self, end: &mut Seated, delivery: Delivery, limit: u16) -> Result<(), AckError> {
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        match self.queue.give_back(delivery, limit) {
            Ok(GivenBack::Queued) => end.notify_one_receiver(),
            Ok(GivenBack::GivenUp) => {
                let control = &self.queue.memory().control;
                control.dead_letters.fetch_add(1, Relaxed);
                end.notify_one_sender(&control.space);
            }
            Err(reason) => return Err(AckError::Corrupted(end.poison(reason))),
        }
        Ok(())
    }

    /// Frees the slots of these messages, up to one that fails, and counts them.
    #[inline(always)]
    fn free_all(&self, end: &mut Seated, deliveries: &[Delivery]) -> Result<(), AckError> {
        if end.is_foreign() {
            return Err(AckError::Forked);
        }
        let queue = self.queue();
        let (mut messages, mut bytes) = (0u64, 0u64);
        let outcome = deliveries.iter().try_for_each(|delivery| {
            queue.acknowledge(*delivery)?;
            messages = messages.wrapping_add(1);
            bytes = bytes.wrapping_add(delivery.header.length().into());
            Ok(())
        });
        end.tally.messages(messages, bytes);
        outcome.map_err(|reason| AckError::Corrupted(end.poison(reason)))
    }

    /// Ends the batch: gives each message that is left to `all`, for it to end all of them up to one that fails.
    #[inline(always)]
    fn end_batch(
        &mut self,
        end: &mut Seated,
        all: impl Fn(&mut Self, &mut Seated, &[Delivery]) -> Result<(), AckError>,
    ) -> Result<(), AckError> {
        let mut batch = std::mem::replace(&mut self.batch, Places::new());
        batch.close_holes(Delivery::is_left);
        let (_, rest) = batch.rest();
        let outcome = all(self, end, rest);
        self.passed = self.passed.saturating_add(rest.len());
        self.batch = batch;
        self.batch.clear();
        self.after_batch(end);
        outcome
    }

    /// Wakes the senders that wait, since slots became free, and looks around for a receiver that only takes batches.
    #[inline]
    fn after_batch(&mut self, end: &mut Seated) {
        if !end.is_foreign() {
            end.notify_senders(&self.queue.memory().control.space);
            self.look_around_if_due(end);
        }
    }

    /// The message at `index` of the batch is taken from this receiver's hands.
    pub(in crate::channel) fn hold_at(
        &mut self,
        end: &mut Seated,
        index: usize,
    ) -> Result<(Arc<Holding>, Delivery), AckAtError> {
        self.end_at(end, index, |inlet, end, delivery| Ok((inlet.hold(end), delivery)))
    }

    /// Ends one message of the batch in this way. Where that fails, it is left.
    fn end_at<T>(
        &mut self,
        end: &mut Seated,
        index: usize,
        way: impl FnOnce(&mut Self, &mut Seated, Delivery) -> Result<T, AckError>,
    ) -> Result<T, AckAtError> {
        let none = AckAtError::NotLeft { index, length: self.batch.len() };
        let delivery = self.batch.get(index).filter(Delivery::is_left).ok_or(none)?;
        let ended = way(self, end, delivery)?;
        self.batch.make_hole(index, delivery.done());
        Ok(ended)
    }

    /// Looks around after so many messages that were not finished one by one.
    fn look_around_if_due(&mut self, end: &mut Seated) {
        if self.passed >= 64 {
            self.passed = 0;
            self.look_around(end);
        }
    }

    /// What finishes a message that is taken from this receiver's hands: from now on the message is not the port's any more.
    pub(in crate::channel) fn hold(&mut self, end: &mut Seated) -> Arc<Holding> {
        self.passed = self.passed.saturating_add(1);
        if !end.is_foreign() {
            self.look_around_if_due(end);
        }
        Arc::clone(self.holding.get_or_insert_with(|| Arc::new(Holding::new(end.tenancy()))))
    }

    /// Whether messages are held that this receiver handed out. Where none is, everything is seen that finishing the last one did.
    fn is_holding(&mut self) -> bool {
        self.holding.as_mut().is_some_and(|holding| Arc::get_mut(holding).is_none())
    }

    /// Takes what is queued behind the first message of a batch.
    #[inline]
    fn take_more(&mut self, first: Delivery, max: usize) -> Result<(), Corruption> {
        let ring = first.header.priority(self.queue.geometry().rings() - 1);
        loop {
            let room = self.batch.room_for_more(max);
            if room == 0 {
                break;
            }
            let queue = self.queue.through(self.queue.memory().words());
            if queue.take_batch_from(ring, room, self.batch.all_mut())? < room {
                break;
            }
        }
        Ok(())
    }

    /// Looks at what was taken behind the first message of a batch. Returns how many of them come again.
    #[inline(always)]
    fn admit_more(&self) -> Result<usize, Corruption> {
        let more = &self.batch.rest().1[1..];
        let is_unusual = |delivery: &Delivery| delivery.is_repeated() || Self::length(delivery) > self.max_message;
        if more.iter().any(is_unusual) { self.admit_unusual(more) } else { Ok(0) }
    }

    #[cold]
    #[inline(never)]
    fn admit_unusual(&self, more: &[Delivery]) -> Result<usize, Corruption> {
        more.iter().try_for_each(|delivery| self.validate(*delivery))?;
        Ok(more.iter().filter(|delivery| delivery.is_repeated()).count())
    }

    /// Whether nobody is there that would give back the message in this slot, as it was seen before nothing was found: its owner is
    /// gone, and settled or queued what it had before it went; or it is this receiver, which queued it, as did every thread that
    /// held a message of it. Only bytes of a peer's make that so.
    fn is_never_given_back(&mut self, end: &Seated, slot: u16, word: SlotWord) -> bool {
        let (owner, row) = (u32::from(word.owner().0), end.seat().row());
        // While others hold messages of this receiver, one of them may be in the middle of giving it back.
        let is_nobodys = if owner == row { !self.is_holding() } else { !end.is_somebody_in(owner) };
        is_nobodys && self.queue.is_out_of_reach(slot, word)
    }
}

impl Inlet for SlotInlet {
    type Item = Delivery;
    type Mark = ();
    type Entry = Delivery;
    type Bytes<'a> = SlotWords<'a>;
    type Place = Delivery;

    const SETTLE: Settle = settle;
    const LOOKS_AHEAD: bool = false;

    fn join(end: &Seated) -> Result<Self, NoPort> {
        let geometry = end.region().geometry();
        let queue = queue(end.region(), end.seat().row());
        let mut ahead = Ahead::default();
        ahead.search(&queue);
        Ok(Self {
            queue,
            max_message: geometry.max_message as usize,
            capacity: u64::from(geometry.slots).saturating_mul(geometry.max_message),
            ahead,
            awaited: None,
            batch: Places::new(),
            lent: 0,
            passed: 0,
            holding: None,
            held_none: true,
        })
    }

    fn max_message(&self) -> usize {
        self.max_message
    }

    fn capacity(&self) -> u64 {
        self.capacity
    }

    /// A look at every slot only if one may be in use without being queued, and no sender is there.
    fn holds_messages(&mut self, end: &Seated) -> Result<bool, Corruption> {
        let (region, row) = (end.region(), end.seat().row());
        // Before the look at the rings: a receiver that left in between had queued again what it gave back.
        let may_be_held = self.ahead.is_searching() || liveness::is_anybody_but(region, Role::Receiver, row)?;
        Ok(self.queue.glance()
            || may_be_held && !liveness::is_anybody_but(region, Role::Sender, row)? && !self.queue.is_drained())
    }

    #[inline(always)]
    fn take_fast(&mut self, end: &mut Seated) -> Result<Option<Delivery>, RecvError> {
        if self.ahead.is_nothing()
            && let Some(delivery) = self.queue().take_fast()
        {
            return if delivery.is_repeated() || self.validate(delivery).is_err() {
                self.admit(end, delivery).map(Some)
            } else {
                Ok(Some(delivery))
            };
        }
        Ok(None)
    }

    #[inline(always)]
    fn copy_exact(&mut self, end: &mut Seated, buffer: &mut [u8]) -> Result<Exact<Delivery>, RecvError> {
        let queue = self.queue();
        if !self.ahead.is_nothing() || !queue.memory().has_room_for(buffer.len()) {
            return Ok(Exact::Undecided);
        }
        let Some(delivery) = queue.take_fast() else { return Ok(Exact::Undecided) };
        if !delivery.header.is_first_of(buffer.len()) {
            return self.admit(end, delivery).map(Exact::Other);
        }
        queue.memory().read(delivery.slot(), buffer);
        let is_time = Self::free(&queue, end, delivery)?;
        self.after_finish(end, is_time);
        Ok(Exact::Copied)
    }

    #[inline]
    fn take(&mut self, end: &mut Seated) -> Result<Option<Delivery>, RecvError> {
        if !self.ahead.is_nothing() {
            match self.ahead.take(&self.queue) {
                Some(Next::Kept(delivery)) => return Ok(Some(delivery)),
                Some(Next::Returned(delivery)) => return self.admit(end, delivery).map(Some),
                Some(Next::End) => return Err(RecvError::Disconnected),
                None => {}
            }
        }
        match self.queue.take() {
            Ok(Some(delivery)) => self.admit(end, delivery).map(Some),
            Ok(None) => Ok(None),
            Err(reason) => Err(RecvError::Corrupted(end.poison(reason))),
        }
    }

    #[inline]
    fn has_message_hint(&self) -> bool {
        !self.ahead.is_nothing() || self.queue.glance()
    }

    /// Of what dead receivers held, only taking it tells whether it is there.
    fn has_message(&mut self, end: &mut Seated) -> bool {
        if !self.ahead.is_nothing() {
            match self.ahead.take(&self.queue) {
                Some(Next::Kept(delivery)) => self.ahead.keep(delivery),
                Some(Next::Returned(delivery)) => match self.admit(end, delivery) {
                    Ok(delivery) => self.ahead.keep(delivery),
                    // It is told by the status from now on.
                    Err(_) => return true,
                },
                Some(Next::End) => return true,
                None => {}
            }
        }
        !self.ahead.is_nothing() || self.queue.glance()
    }

    fn search(&mut self) {
        self.ahead.search(&self.queue);
    }

    fn is_drained(&mut self) -> bool {
        self.queue.is_drained()
    }

    fn awaits_others(&mut self) -> bool {
        self.held_none = !self.is_holding();
        self.awaited = self.queue.first_to_come_back();
        self.awaited.is_some()
    }

    fn awaits_in_vain(&mut self, end: &Seated) -> Option<Corruption> {
        let (slot, word) = self.awaited?;
        self.is_never_given_back(end, slot, word).then_some(Corruption::SlotState)
    }

    /// Not for good while messages are held: those that are given back come to a later call.
    fn end(&mut self) {
        if self.held_none {
            self.ahead.end();
        }
    }

    #[inline]
    fn taken(&self, end: &Seated) -> Taken {
        let (messages, bytes) = end.tally.so_far();
        Taken { messages, bytes }
    }

    #[inline(always)]
    fn entry(&self, delivery: &Delivery) -> Delivery {
        *delivery
    }

    #[inline(always)]
    fn entry_of((): &(), delivery: Delivery, _: usize) -> Delivery {
        delivery
    }

    #[inline(always)]
    fn length(delivery: &Delivery) -> usize {
        delivery.header.length() as usize
    }

    #[inline]
    fn known(slots: SlotWords<'_>, delivery: &Delivery) -> Known {
        Known {
            redelivered: Some(delivery.is_repeated()),
            deliveries: Some(delivery.header.deliveries()),
            priority: Some(Self::priority(slots, delivery)),
            ..Known::default()
        }
    }

    #[inline(always)]
    fn bytes(&self) -> SlotWords<'_> {
        self.queue.memory().words()
    }

    #[inline(always)]
    fn read(slots: SlotWords<'_>, delivery: &Delivery, buffer: &mut [u8]) {
        slots.read(delivery.slot(), buffer);
    }

    fn append(slots: SlotWords<'_>, delivery: &Delivery, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        slots.append_to(delivery.slot(), Self::length(delivery), vector)
    }

    #[inline]
    fn borrow<'a>(slots: SlotWords<'a>, delivery: &Delivery, trust: TrustPeers) -> &'a [u8]
    where
        Self: 'a,
    {
        slots.borrow(trust, delivery.slot(), Self::length(delivery))
    }

    #[inline(always)]
    fn finish(&mut self, end: &mut Seated, delivery: Delivery) -> Result<(), AckError> {
        let is_time = Self::free(&self.queue, end, delivery)?;
        self.after_finish(end, is_time);
        Ok(())
    }

    fn give_back(&mut self, end: &mut Seated, delivery: Delivery) -> Result<(), AckError> {
        let limit = end.region().facts().redelivery.limit;
        self.give_back_within(end, delivery, limit)
    }

    fn keep(&mut self, delivery: Delivery) {
        self.ahead.keep(delivery);
    }

    fn kept(&self) -> usize {
        self.ahead.kept()
    }

    #[inline(always)]
    fn lend(&mut self) {
        self.lent = self.lent.wrapping_add(1);
    }

    #[inline(always)]
    fn take_back(&mut self) {
        self.lent = self.lent.wrapping_sub(1);
    }

    fn collect(&mut self, end: &mut Seated, first: Delivery, max: usize) -> Result<(), RecvError> {
        // What is left there, the caller has forgotten.
        self.lent = self.lent.wrapping_add(self.batch.left() as u64);
        self.batch.clear();
        if self.batch.room_for_more(1) == 0 {
            self.ahead.keep(first);
            return Err(RecvError::OutOfMemory { needed: size_of::<Delivery>() });
        }
        self.batch.all_mut().push(first);
        if max > 1 {
            match self.take_more(first, max).and_then(|()| self.admit_more()) {
                Ok(repeated) => (0..repeated).for_each(|_| end.tally.redelivered()),
                Err(reason) => {
                    self.batch.clear();
                    return Err(RecvError::Corrupted(end.poison(reason)));
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn batch(&self) -> &Places<Delivery> {
        &self.batch
    }

    #[inline(always)]
    fn is_left(delivery: &Delivery) -> bool {
        delivery.is_left()
    }

    fn finish_first(&mut self, end: &mut Seated, (): &(), count: usize) -> Result<(), AckError> {
        let mut batch = std::mem::replace(&mut self.batch, Places::new());
        let (mut passed, mut finished, mut outcome) = (0, 0, Ok(()));
        for delivery in batch.rest().1 {
            if finished == count {
                break;
            }
            if delivery.is_left() {
                outcome = Self::free(&self.queue, end, *delivery).map(drop);
                if outcome.is_err() {
                    break;
                }
                finished += 1;
            }
            passed += 1;
        }
        batch.pass(passed, passed - finished);
        self.batch = batch;
        self.passed = self.passed.saturating_add(finished);
        self.after_batch(end);
        outcome
    }

    fn finish_at(&mut self, end: &mut Seated, index: usize) -> Result<(), AckAtError> {
        self.end_at(end, index, Self::finish)
    }

    fn give_back_at(&mut self, end: &mut Seated, index: usize) -> Result<(), AckAtError> {
        self.end_at(end, index, Self::give_back)
    }

    fn hand_back_at(&mut self, end: &mut Seated, index: usize) -> Result<(), AckAtError> {
        self.end_at(end, index, |inlet, end, delivery| inlet.give_back_within(end, delivery, 0))
    }

    fn finish_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.end_batch(end, |inlet, end, rest| inlet.free_all(end, rest))
    }

    fn give_back_batch(&mut self, end: &mut Seated) -> Result<(), AckError> {
        self.end_batch(end, |inlet, end, rest| rest.iter().try_for_each(|&delivery| inlet.give_back(end, delivery)))
    }

    /// An error means that the channel is beyond use: the next call says so.
    fn hand_back_batch(&mut self, end: &mut Seated) {
        let _ = self.end_batch(end, |inlet, end, rest| {
            rest.iter().try_for_each(|&delivery| inlet.give_back_within(end, delivery, 0))
        });
    }

    fn holds_some(&mut self) -> bool {
        // Without any, its share of the seat goes, too.
        self.holding.take_if(|holding| Arc::strong_count(holding) == 1);
        self.holding.is_some()
    }

    /// A message that was too long for a buffer, or handed back, comes again, whatever becomes of those whose receiver dies. One
    /// that was forgotten is still there. Where there is none, leaving need not look at every slot.
    fn leave(&mut self, end: &mut Seated) {
        if let Some(delivery) = self.ahead.take_kept() {
            match self.queue.give_back(delivery, 0) {
                Ok(_) => end.notify_one_receiver(),
                Err(reason) => {
                    end.poison(reason);
                }
            }
        }
        if self.lent != 0 || self.batch.left() != 0 {
            end.tenancy().note_leftovers();
        }
    }
}
