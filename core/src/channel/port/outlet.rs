//! What a sender's port does.

use crate::channel::end::{Seated, Trouble};
use crate::error::{Corruption, NoSuchPriority, SendError};
use crate::liveness::Settle;
use crate::region::TrustPeers;
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use std::fmt::Debug;

/// How hard to look for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Where it is cheap, or worth it already: for a caller that waits.
    Quick,
    /// At the cost of one look: for a caller that does not wait.
    Once,
    /// Overlooking nothing, while the call has time.
    Full,
}

/// Where a sender puts messages.
pub(crate) trait Outlet: Sized + Debug + Send + 'static {
    /// Room for one message, which nobody else sees.
    type Claim: Copy + Debug + Send;
    /// What a grant keeps besides its claim.
    type Undo: Copy + Debug + Send;
    /// What is kept from one message of a batch to the next.
    type Run: Debug + Send;

    /// Finishes or undoes what dead participants held.
    const SETTLE: Settle;

    /// Whether a sender that waits for room can use up what wakes it.
    const WAKES: Wakes;

    /// The port of a sender that has just taken its seat.
    ///
    /// # Errors
    /// What it finds contradicts itself.
    fn join(end: &Seated) -> Result<Self, Corruption>;

    /// Largest message in bytes.
    fn max_message(&self) -> usize;

    /// Room for a message of this length, where it is at hand.
    fn claim_fast(&mut self, length: usize) -> Option<Self::Claim>;

    /// Room for a message of this length, where it is at hand and payloads are not aligned beyond a word. If the compiler knows
    /// the length, it finds the room by constants.
    #[inline(always)]
    fn claim_fast_plain(&mut self, length: usize) -> Option<Self::Claim> {
        self.claim_fast(length)
    }

    /// Called before each [`Outlet::claim`]: a sender that is always busy checks its channel here.
    #[inline(always)]
    fn look_around(&mut self, _: &mut Seated) -> Result<(), Trouble> {
        Ok(())
    }

    /// Room for a message of this length. `None`: not yet.
    fn claim(&mut self, end: &mut Seated, length: usize, effort: Effort) -> Result<Option<Self::Claim>, SendError>;

    /// Whether a claim would probably succeed: cheap enough for the tightest loop.
    fn has_room_hint(&self) -> bool;

    /// The word on which senders sleep that wait for room.
    fn space(&self) -> &AtomicU32;

    /// Copies the message in, and makes it exist.
    fn commit_copy(&mut self, end: &mut Seated, claim: Self::Claim, message: &[u8]) -> Result<(), Corruption>;

    /// Wakes a receiver that sleeps.
    fn wake(&self, end: &mut Seated);

    /// Does what was put off until receivers were told of the message.
    #[inline(always)]
    fn after_wake(&mut self, _: &Self::Claim) {}

    /// The caller is going to write into the claim, and may drop it then.
    fn hold(&mut self) -> Self::Undo;

    /// Copies bytes into the message, behind the first `skip`.
    fn write(&self, claim: &Self::Claim, skip: usize, bytes: &[u8]);

    /// The message's bytes in place.
    fn slice(&mut self, claim: &Self::Claim, trust: TrustPeers, length: usize) -> &mut [u8];

    /// Makes a message exist that was written in place.
    fn commit(&mut self, end: &mut Seated, claim: Self::Claim, undo: Self::Undo, used: usize)
    -> Result<(), Corruption>;

    /// Gives room back that nothing was sent in.
    fn abandon(&mut self, end: &mut Seated, claim: Self::Claim);

    /// Begins a batch.
    fn begin_run(&mut self) -> Self::Run;

    /// Sends messages the fast way, and counts them, up to one that it does not suffice for. Returns that one.
    fn send_run_fast<I: Iterator>(
        &mut self,
        end: &mut Seated,
        run: &mut Self::Run,
        messages: &mut I,
        sent: &mut usize,
    ) -> Result<Option<I::Item>, Corruption>
    where
        I::Item: AsRef<[u8]>;

    /// Sends that one, into the room that was found for it.
    fn commit_in_run(
        &mut self,
        end: &mut Seated,
        run: &mut Self::Run,
        claim: Self::Claim,
        message: &[u8],
    ) -> Result<(), Corruption>;

    /// Tells receivers of what was sent so far. The run goes on, unless it `is_over`.
    fn tell_of_run(&mut self, end: &mut Seated, run: &mut Self::Run, is_over: bool);

    /// The priority of what is sent from now on. Where there are no priorities, there is one.
    fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        if priority == 0 { Ok(()) } else { Err(NoSuchPriority { given: priority, priorities: 1 }) }
    }

    /// Of a lane: how many messages it had carried when the sender joined, and how many it has by now.
    fn carried(&self) -> Option<(u64, u64)> {
        None
    }

    /// The sender leaves.
    #[inline(always)]
    fn leave(&mut self, _: &mut Seated) {}
}
