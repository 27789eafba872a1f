//! What every sender and receiver is made of, besides its ring: its seat, the channel's words, and how it waits.

use super::shared::Shared;
use crate::error::{Corruption, JoinError, RecvError, SendError};
use crate::layout::{ChannelControl, Role, Status};
use crate::liveness::{self, PeerWatch, Presence, Probing, Seat, Settle, Tally};
use crate::region::sys::{cancel_guard, unix_time_ns};
use crate::region::{Clock, FileState, ProcessMark, Region, Signals, View};
use crate::sync::AtomicU32;
use crate::sync::Ordering::{Acquire, Relaxed};
use crate::wait::{Patience, SLICE, Strategy, Waiter, eventcount};
use std::sync::Arc;
use std::time::Duration;

/// A participant's side of a channel.
#[derive(Debug)]
pub(crate) struct Endpoint {
    mark: ProcessMark,
    /// `membership` when the peers and the status were last looked at.
    seen: u32,
    signals: Signals,
    control: View<ChannelControl>,
    pub(super) tally: Tally,
    patience: Patience,
    probing: Probing,
    /// What became of the channel's file, as it was last seen.
    file: Option<Trouble>,
    peers: PeerWatch,
    settle: Settle,
    seat: Seat,
    /// Dropped last: it may remove the channel.
    shared: Arc<Shared>,
}

/// What keeps a participant from going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    Corrupted(Corruption),
    Closed,
    Removed,
}

impl From<Trouble> for SendError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

impl From<Trouble> for RecvError {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Corrupted(reason) => Self::Corrupted(reason),
            Trouble::Closed => Self::Disconnected,
            Trouble::Removed => Self::Removed,
        }
    }
}

/// From when on the participants of the other role count: which of those that have left a participant knows of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Since<'a> {
    /// From when it joins.
    Now,
    /// From when the channel was created.
    Creation,
    /// From when this one joined.
    As(&'a Endpoint),
}

impl Since<'_> {
    /// From when on the senders count of which a receiver knows that joins now.
    pub(super) fn of_receivers(shared: &Shared) -> Self {
        if shared.ends_when_drained { Self::Creation } else { Self::Now }
    }
}

impl Endpoint {
    /// Takes a seat. Whoever of the other role died before is reaped first.
    pub(super) fn join(shared: &Arc<Shared>, role: Role, settle: Settle, since: Since<'_>) -> Result<Self, JoinError> {
        let _guard = cancel_guard();
        let region = &shared.region;
        let corrupted = |reason| {
            region.poison(reason);
            JoinError::Corrupted { channel: region.label().to_owned(), reason }
        };
        let (seat, reaped) = Seat::take(region, role, settle, &shared.participant_name)?;
        let reaped = reaped.saturating_add(liveness::reap_dead(region, settle).map_err(corrupted)?.marked);
        let mut tally = seat.tally();
        tally.reaped(reaped);
        let peer_role = match role {
            Role::Sender => Role::Receiver,
            Role::Receiver => Role::Sender,
        };
        let peers = match since {
            Since::Now => PeerWatch::start(region, peer_role).map_err(corrupted)?,
            Since::Creation => PeerWatch::since_creation(region, peer_role),
            Since::As(other) => other.peers.clone(),
        };
        let control = View::control(region);
        let mut endpoint = Self {
            mark: region.mark(),
            seen: 0,
            signals: Signals::of(region, Some(seat.row())),
            control,
            tally,
            patience: Patience::new(),
            probing: Probing::new(seat.life()),
            file: None,
            peers,
            settle,
            seat,
            shared: Arc::clone(shared),
        };
        endpoint.look_again();
        Ok(endpoint)
    }

    /// What is in the channel contradicts itself: nobody can join.
    #[cold]
    pub(super) fn cannot_join(&self, reason: Corruption) -> JoinError {
        JoinError::Corrupted { channel: self.region().label().to_owned(), reason: self.poison(reason) }
    }

    pub(super) fn region(&self) -> &Arc<Region> {
        &self.shared.region
    }

    pub(super) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    pub(super) fn seat(&self) -> &Seat {
        &self.seat
    }

    /// Where receivers sleep.
    pub(super) fn data(&self) -> &AtomicU32 {
        &self.control.data
    }

    /// Whether this process inherited the handle by `fork`.
    #[inline]
    pub(super) fn is_foreign(&self) -> bool {
        self.mark.is_foreign()
    }

    /// Whether somebody joined, left or was reaped, or the status changed, since the last [`Endpoint::look`] that was
    /// acknowledged.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        // EDGE announce→news: pairs with the Release in `announce_to_the_awake`.
        self.control.membership.load(Acquire) != self.seen
    }

    /// Makes [`Endpoint::has_news`] true.
    fn look_again(&mut self) {
        self.seen = self.control.membership.load(Relaxed).wrapping_sub(1);
    }

    /// Looks at the status and at the peers' rows. Returns with it what to [`Endpoint::acknowledge`] if that is fine.
    pub(super) fn look(&self) -> Result<(Presence, u32), Trouble> {
        if let Some(trouble) = self.file {
            return Err(trouble);
        }
        // EDGE announce→news: as in `has_news`.
        let membership = self.control.membership.load(Acquire);
        match self.region().status() {
            Status::Live if self.region().is_removed() => return Err(Trouble::Removed),
            Status::Live => {}
            Status::Closed if self.region().is_removed() => return Err(Trouble::Removed),
            Status::Closed => return Err(Trouble::Closed),
            Status::Poisoned(reason) => return Err(Trouble::Corrupted(reason)),
            Status::Initialising => return Err(Trouble::Corrupted(self.poison(Corruption::Status))),
        }
        if !self.seat.is_ours() {
            return Err(Trouble::Corrupted(self.poison(Corruption::Participant)));
        }
        let presence = self.peers.presence(self.region());
        let presence = presence.map_err(|reason| Trouble::Corrupted(self.poison(reason)))?;
        Ok((presence, membership))
    }

    /// The caller has taken a look into account.
    pub(super) fn acknowledge(&mut self, membership: u32) {
        self.seen = membership;
    }

    /// A sender's look, when it [has news](Endpoint::has_news).
    #[cold]
    pub(super) fn look_at_receivers(&mut self) -> Result<(), SendError> {
        let (presence, membership) = self.look()?;
        if presence == Presence::AllClosed && !self.region().facts().persistent {
            // They may have left because the file was removed: that is what the caller can do something about.
            self.check_file()?;
            return Err(SendError::Disconnected);
        }
        self.acknowledge(membership);
        Ok(())
    }

    /// A sender's look before it commits what it reserved some time ago.
    #[inline]
    pub(super) fn check_commit(&mut self) -> Result<(), SendError> {
        if self.has_news() { self.look_at_receivers() } else { Ok(()) }
    }

    /// Whether a receiver that finds the channel drained is done. `held_messages`: whether there were any when it joined.
    pub(super) fn senders_are_gone(&self, presence: Presence, held_messages: bool) -> bool {
        let gone = match presence {
            Presence::Alive => false,
            Presence::NoneYet => held_messages,
            Presence::AllClosed | Presence::SomeDied => true,
        };
        gone && !self.region().facts().persistent
    }

    /// Whether the row says that somebody sits there.
    pub(super) fn is_somebody_in(&self, row: u32) -> bool {
        liveness::is_taken(self.region(), row)
    }

    /// Marks the channel as beyond use, and tells everybody.
    #[cold]
    pub(super) fn poison(&self, reason: Corruption) -> Corruption {
        self.region().poison(reason);
        liveness::announce(self.region());
        reason
    }

    /// Wakes the receivers that sleep.
    #[inline]
    pub(super) fn notify_receivers(&mut self) {
        if eventcount::notify(&self.signals, &self.control.data) {
            self.tally.wake();
        }
    }

    /// Wakes one of the receivers that sleep.
    #[inline]
    pub(super) fn notify_one_receiver(&mut self) {
        if eventcount::notify_one(&self.signals, &self.control.data) {
            self.tally.wake();
        }
    }

    /// Wakes one of the senders that sleep on this word, which uses up what was given back, or says that it may not.
    #[inline]
    pub(super) fn notify_one_sender(&mut self, space: &AtomicU32) {
        if eventcount::notify_one(&self.signals, space) {
            self.tally.wake();
        }
    }

    /// Wakes the senders that sleep on this word.
    #[inline]
    pub(super) fn notify_senders(&mut self, space: &AtomicU32) {
        if eventcount::notify(&self.signals, space) {
            self.tally.wake();
        }
    }

    /// Ends a slice in passing, for a participant that is busy and never waits, by a clock that costs next to nothing.
    #[cold]
    pub(super) fn pass_slice(&mut self) -> Result<(), Trouble> {
        if self.patience.is_slice_over(Clock::coarse()) { self.slice_ended() } else { Ok(()) }
    }

    /// Looks at the file now.
    fn check_file(&mut self) -> Result<(), Trouble> {
        self.look_at_file()?;
        self.file.map_or(Ok(()), Err)
    }

    /// What a sender that leaves in good order has to know: whether those who come find what it sent.
    pub(super) fn check_farewell(&mut self) -> Result<(), SendError> {
        if self.is_foreign() {
            return Err(SendError::Forked);
        }
        self.check_file()?;
        match self.region().status() {
            Status::Poisoned(reason) => Err(SendError::Corrupted(reason)),
            _ => Ok(()),
        }
    }

    /// Notices that the file was removed, which the next [`Endpoint::look`] tells, or truncated, which ends everything at
    /// once: whatever is touched next may lie behind the file's new end, where that is SIGBUS.
    fn look_at_file(&mut self) -> Result<(), Trouble> {
        let (seen, outcome) = match self.region().file_state() {
            // What cannot be looked at for the moment is as it was, as far as anybody knows.
            Ok(FileState::Intact) | Err(_) => (None, Ok(())),
            Ok(FileState::Removed) => (Some(Trouble::Removed), Ok(())),
            Ok(FileState::CutShort { length }) => {
                let trouble = Trouble::Corrupted(Corruption::FileLength);
                if self.region().has_words_within(length) {
                    self.poison(Corruption::FileLength);
                }
                (Some(trouble), Err(trouble))
            }
        };
        self.file = seen;
        outcome
    }

    /// Whether the call that is being made may go on with what takes long.
    pub(super) fn has_time(&self) -> bool {
        self.patience.has_time()
    }

    pub(super) fn set_strategy(&mut self, strategy: Strategy) {
        self.patience.set_strategy(strategy);
    }
}

impl Waiter for Endpoint {
    type Trouble = Trouble;
    type Parking = Signals;

    fn parking(&self) -> &Signals {
        &self.signals
    }

    #[inline]
    fn patience(&self) -> &Patience {
        &self.patience
    }

    #[inline]
    fn patience_mut(&mut self) -> &mut Patience {
        &mut self.patience
    }

    /// A slice ended: looks at the channel's name, and for the dead, unless another participant did that meanwhile. A look that
    /// ran out of time leaves the slice ended, so that the next call, or the next turn of this one, goes on with it.
    fn slice_ended(&mut self) -> Result<(), Trouble> {
        let _guard = cancel_guard();
        let began = self.patience.begin_slice(Clock::now());
        self.look_at_file()?;
        if self.file.is_some() {
            self.look_again();
        }
        let slice_ns = SLICE.as_nanos() as u64;
        if self.probing.claim(&self.control.probed_unix_ns, unix_time_ns(), slice_ns) {
            let reaped = liveness::probe(&self.shared.region, self.settle, &mut self.probing, self.file.is_some());
            self.tally.reaped(reaped.map_err(|reason| Trouble::Corrupted(self.poison(reason)))?);
            self.look_again();
            if self.probing.is_behind() {
                self.patience.end_slice_again(began);
                return Ok(());
            }
        }
        let population = self.control.population.load(Relaxed);
        self.patience.set_sleep(Duration::from_nanos(self.probing.span(population, slice_ns)));
        Ok(())
    }

    fn count_park(&mut self) {
        self.tally.park();
    }
}

impl Drop for Endpoint {
    /// What the caller forgot that it holds is given back, as if it had died. In a forked child, touches nothing; in a
    /// truncated file, no slots.
    fn drop(&mut self) {
        if !self.is_foreign()
            && self.file != Some(Trouble::Corrupted(Corruption::FileLength))
            && let Err(reason) = self.seat.settle(self.settle)
        {
            self.poison(reason);
        }
    }
}
