//! A sender's side of a slot queue.

use super::memory::{queue, settle};
use crate::channel::end::Seated;
use crate::channel::port::outlet::{Effort, Outlet};
use crate::error::{Corruption, NoSuchPriority, SendError};
use crate::layout::SlotHeader;
use crate::liveness::Settle;
use crate::region::{SlotWords, SlotsView, TrustPeers};
use crate::ring::slots::{CommitBatch, Loan, Queue};
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;

/// A sender's side of a slot queue.
#[derive(Debug)]
pub(crate) struct SlotOutlet {
    queue: Queue<SlotsView>,
    max_message: usize,
    priority: u8,
    /// Loans that the caller has in hand, or has forgotten.
    lent: u64,
}

impl SlotOutlet {
    /// Access to the queue by value, for one call.
    #[inline(always)]
    fn queue(&self) -> Queue<SlotWords<'_>> {
        self.queue.through(self.queue.memory().words())
    }

    #[inline(always)]
    fn count(end: &mut Seated, length: usize) {
        if end.tally.message(length as u64) {
            // What it finds of the channel's state, the next call tells.
            let _ = end.pass_slice();
        }
    }
}

impl Outlet for SlotOutlet {
    type Claim = Loan;
    type Undo = ();
    type Run = CommitBatch;

    const SETTLE: Settle = settle;
    const WAKES: Wakes = Wakes::One;

    fn join(end: &Seated) -> Result<Self, Corruption> {
        let queue = queue(end.region(), end.seat().row());
        let max_message = end.region().geometry().max_message as usize;
        let priority = queue.geometry().rings() - 1;
        Ok(Self { queue, max_message, priority, lent: 0 })
    }

    #[inline]
    fn max_message(&self) -> usize {
        self.max_message
    }

    #[inline(always)]
    fn claim_fast(&mut self, length: usize) -> Option<Loan> {
        if length > self.max_message { None } else { self.queue.alloc_fast() }
    }

    #[inline]
    fn claim(&mut self, end: &mut Seated, length: usize, effort: Effort) -> Result<Option<Loan>, SendError> {
        if length > self.max_message {
            return Err(SendError::TooLarge { length, max: self.max_message });
        }
        Ok(match effort {
            Effort::Quick => self.queue.alloc_hinted(),
            Effort::Once => self.queue.alloc_sampled(),
            Effort::Full => self.queue.alloc_while(|| end.has_time()),
        })
    }

    #[inline]
    fn has_room_hint(&self) -> bool {
        self.queue.glance_free()
    }

    #[inline]
    fn space(&self) -> &AtomicU32 {
        &self.queue.memory().control.space
    }

    #[inline(always)]
    fn commit_copy(&mut self, end: &mut Seated, loan: Loan, message: &[u8]) -> Result<(), Corruption> {
        let header = SlotHeader::new(message.len() as u32, self.priority);
        let queue = self.queue();
        queue.memory().write(loan.slot, 0, message);
        if !queue.commit_fast(loan, header) {
            self.queue.commit(loan, header)?;
        }
        Self::count(end, message.len());
        Ok(())
    }

    #[inline(always)]
    fn wake(&self, end: &mut Seated) {
        end.notify_one_receiver();
    }

    #[inline(always)]
    fn hold(&mut self) {
        self.lent = self.lent.wrapping_add(1);
    }

    #[inline]
    fn write(&mut self, loan: &Loan, skip: usize, bytes: &[u8]) {
        self.queue.memory().words().write(loan.slot, skip, bytes);
    }

    fn slice(&mut self, loan: &Loan, trust: TrustPeers, length: usize) -> &mut [u8] {
        self.queue.memory_mut().borrow_mut(trust, loan.slot, length)
    }

    #[inline]
    fn commit(&mut self, end: &mut Seated, loan: Loan, (): (), used: usize) -> Result<(), Corruption> {
        self.lent = self.lent.wrapping_sub(1);
        self.queue.commit(loan, SlotHeader::new(used as u32, self.priority))?;
        Self::count(end, used);
        Ok(())
    }

    fn abandon(&mut self, end: &mut Seated, loan: Loan) {
        self.lent = self.lent.wrapping_sub(1);
        match self.queue.abort(loan) {
            Ok(()) => end.notify_one_sender(self.space()),
            Err(reason) => {
                end.poison(reason);
            }
        }
    }

    #[inline]
    fn begin_run(&mut self) -> CommitBatch {
        self.queue.begin_batch(self.priority)
    }

    #[inline(always)]
    fn send_run_fast<I: Iterator>(
        &mut self,
        end: &mut Seated,
        run: &mut CommitBatch,
        messages: &mut I,
        sent: &mut usize,
    ) -> Result<Option<I::Item>, Corruption>
    where
        I::Item: AsRef<[u8]>,
    {
        loop {
            let Some(message) = messages.next() else { return Ok(None) };
            let bytes = message.as_ref();
            if end.is_foreign() || end.has_news() {
                return Ok(Some(message));
            }
            let Some(loan) = self.claim_fast(bytes.len()) else { return Ok(Some(message)) };
            self.commit_in_run(end, run, loan, bytes)?;
            *sent += 1;
        }
    }

    #[inline(always)]
    fn commit_in_run(
        &mut self,
        end: &mut Seated,
        run: &mut CommitBatch,
        loan: Loan,
        message: &[u8],
    ) -> Result<(), Corruption> {
        let queue = self.queue();
        queue.memory().write(loan.slot, 0, message);
        let length = message.len() as u32;
        let once_in_a_while = match queue.commit_next_fast(run, loan, length) {
            Some(once_in_a_while) => once_in_a_while,
            None => self.queue.commit_next(run, loan, length)?,
        };
        let _ = end.tally.message(length.into());
        if once_in_a_while {
            // What it finds of the channel's state, the next message tells.
            let _ = end.pass_slice();
        }
        Ok(())
    }

    fn tell_of_run(&mut self, end: &mut Seated, run: &mut CommitBatch, _: bool) {
        self.queue.end_batch(run);
        let untold = run.untold();
        if untold > 0 {
            end.notify_some_receivers(untold);
        }
    }

    fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        let priorities = self.queue.geometry().rings();
        if priority >= priorities {
            return Err(NoSuchPriority { given: priority, priorities });
        }
        self.priority = priority;
        Ok(())
    }

    /// A loan that was forgotten is still there. Where there is none, leaving need not look at every slot.
    fn leave(&mut self, end: &mut Seated) {
        if self.lent != 0 {
            end.tenancy().note_leftovers();
        }
    }
}
