//! The trait of a sender's port.

use crate::channel::end::{Seated, Trouble};
use crate::error::{Corruption, NoSuchPriority, SendError};
use crate::liveness::Settle;
use crate::region::TrustPeers;
use crate::sync::AtomicU32;
use crate::wait::eventcount::Wakes;
use std::fmt::Debug;

/// How hard a port looks for room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// Only where that is cheap, and only for enough room to be worth it: for a caller that waits, and will look again.
    Quick,
    /// At a bounded cost: for a caller that does not wait.
    Once,
    /// Overlooks nothing, as long as the call has time.
    Full,
}

/// Where a sender puts messages.
pub(crate) trait Outlet: Sized + Debug + Send + 'static {
    /// Room for one message, which no other participant uses or sees.
    type Claim: Copy + Debug + Send;
    /// What a grant keeps besides its claim, to commit it or to give it up.
    type Undo: Copy + Debug + Send;
    /// What the port keeps from one message of a batch to the next.
    type Run: Debug + Send;

    /// Finishes or undoes what dead participants held.
    const SETTLE: Settle;

    /// Whether [`Outlet::send_fast`] and [`Outlet::send_run_fast`] send nothing in a forked child.
    const STOPS_IN_A_CHILD: bool = false;

    /// Which wake-ups a sender takes that waits for room.
    const WAKES: Wakes;

    /// The port of a sender that has just taken its seat.
    ///
    /// # Errors
    /// The words that it finds contradict each other.
    fn join(end: &Seated) -> Result<Self, Corruption>;

    /// Largest message in bytes.
    fn max_message(&self) -> usize;

    /// Claims room for a message of this length, if that is at hand.
    fn claim_fast(&mut self, length: usize) -> Option<Self::Claim>;

    /// Copies the message into the channel and commits it, if room is at hand. For a length that the compiler knows, it computes as
    /// much as possible at compile time. False: nothing was sent.
    #[inline(always)]
    fn send_fast(&mut self, end: &mut Seated, message: &[u8]) -> Result<bool, Corruption> {
        match self.claim_fast(message.len()) {
            Some(claim) => self.commit_copy(end, claim, message).map(|()| true),
            None => Ok(false),
        }
    }

    /// Called before each [`Outlet::claim`]. Here a sender that is always busy checks its channel every now and then.
    #[inline(always)]
    fn look_around(&mut self, _: &mut Seated) -> Result<(), Trouble> {
        Ok(())
    }

    /// Claims room for a message of this length. `None`: there is none yet.
    fn claim(&mut self, end: &mut Seated, length: usize, effort: Effort) -> Result<Option<Self::Claim>, SendError>;

    /// Whether a claim would probably succeed: cheap enough for the tightest loop.
    fn has_room_hint(&self) -> bool;

    /// The word on which senders sleep while they wait for room.
    fn space(&self) -> &AtomicU32;

    /// Says for what it waits, before the caller sleeps. False: it had not said so before the last [`Outlet::claim`], which may have
    /// overlooked what came meanwhile.
    #[inline(always)]
    fn names_blocker(&mut self) -> bool {
        true
    }

    /// Copies the message into the claim, and commits it.
    fn commit_copy(&mut self, end: &mut Seated, claim: Self::Claim, message: &[u8]) -> Result<(), Corruption>;

    /// Wakes a receiver that sleeps.
    fn wake(&self, end: &mut Seated);

    /// Called once the receivers know of the message: does the work that can wait until then, so that they get it sooner.
    #[inline(always)]
    fn after_wake(&mut self, _: &Self::Claim) {}

    /// Called before the caller writes into its claim in place: it may commit the claim, or give it up.
    fn hold(&mut self) -> Self::Undo;

    /// Copies `bytes` into the claim, from byte `skip` on.
    fn write(&mut self, claim: &Self::Claim, skip: usize, bytes: &[u8]);

    /// The first `length` bytes of the claim, in place.
    fn slice(&mut self, claim: &Self::Claim, trust: TrustPeers, length: usize) -> &mut [u8];

    /// Commits a message of `used` bytes that the caller has written in place.
    fn commit(&mut self, end: &mut Seated, claim: Self::Claim, undo: Self::Undo, used: usize)
    -> Result<(), Corruption>;

    /// Gives up a claim: nothing is sent.
    fn abandon(&mut self, end: &mut Seated, claim: Self::Claim);

    /// Begins a batch.
    fn begin_run(&mut self) -> Self::Run;

    /// Sends messages the fast way, and counts them in `sent`. Returns the first one that the fast way cannot send, if any.
    fn send_run_fast<I: Iterator>(
        &mut self,
        end: &mut Seated,
        run: &mut Self::Run,
        messages: &mut I,
        sent: &mut usize,
    ) -> Result<Option<I::Item>, Corruption>
    where
        I::Item: AsRef<[u8]>;

    /// Sends the message that [`Outlet::send_run_fast`] returned, into the room that was claimed for it.
    fn commit_in_run(
        &mut self,
        end: &mut Seated,
        run: &mut Self::Run,
        claim: Self::Claim,
        message: &[u8],
    ) -> Result<(), Corruption>;

    /// Wakes receivers for what was sent so far. The run goes on, unless it `is_over`.
    fn tell_of_run(&mut self, end: &mut Seated, run: &mut Self::Run, is_over: bool);

    /// Sets the priority of what is sent from now on. A kind without priorities has one, 0.
    fn set_priority(&mut self, priority: u8) -> Result<(), NoSuchPriority> {
        if priority == 0 { Ok(()) } else { Err(NoSuchPriority { given: priority, priorities: 1 }) }
    }

    /// How many messages the lane had carried when the sender joined, and how many it has carried by now. `None`: there is no
    /// lane.
    fn carried(&self) -> Option<(u64, u64)> {
        None
    }

    /// Called when the sender leaves.
    #[inline(always)]
    fn leave(&mut self, _: &mut Seated) {}
}
