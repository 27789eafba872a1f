//! What a participant does besides moving messages: it keeps its row and its counters, wakes others, ends slices, looks for
//! the dead, and poisons a channel whose words contradict each other.
//!
//! Most of that happens at the end of a slice. Between two slices, a call reads the words of its [`Outlook`], and writes only
//! its own counters:
//!
//! ```text
//! each call       is_foreign · has_news ┬ no: the port ────────────────────────► done
//!                                       └ yes: look at the status, the own seat, the peers' rows
//! end of slice    look_at_file · claim the look for the dead ┬ claimed: look for the dead, tell everybody
//!                                                            └ another one has it: sleep for longer, if there are many
//! ```

use super::interrupter::{Interrupter, Interruptible};
use super::outlook::{Finding, Outlook};
use super::tenancy::Tenancy;
use super::trouble::Trouble;
use crate::channel::shared::Shared;
use crate::error::{Corruption, JoinError, SendError};
use crate::layout::{Role, Status};
use crate::liveness::{self, PeerWatch, Presence, Probing, ReaderName, Seat, Settle, Tally};
use crate::region::sys::{cancel_guard, unix_time_ns};
use crate::region::{Clock, Region, Signals, View};
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use crate::wait::relay::{Subscription, WakeWord};
use crate::wait::{Patience, SLICE, Strategy, Waiter, eventcount};
use std::cell::OnceCell;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

/// A participant's side of a channel: an [`Outlook`] with a seat.
#[derive(Debug)]
pub(crate) struct Seated {
    signals: Signals,
    pub(in crate::channel) tally: Tally,
    patience: Patience,
    probing: Probing,
    /// Made when the first interrupter is asked for.
    interruptible: OnceCell<Arc<Interruptible>>,
    /// Its place with a relay, once a descriptor or a task asked for one.
    subscription: Option<Arc<Subscription>>,
    /// Its seat. Messages that it handed out to be held on their own share it.
    tenancy: Arc<Tenancy>,
    /// Dropped last: it may remove the channel.
    outlook: Outlook,
}

/// Since when a participant counts the peers that came and left. Only if there was one does it learn that all have left.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Since<'a> {
    /// Since it joins.
    Now,
    /// Since the channel was created.
    Creation,
    /// Since this other participant joined, whose watch it is.
    As(&'a PeerWatch),
}

impl Since<'_> {
    /// Since when a receiver that joins now counts senders.
    pub(in crate::channel) fn of_receivers(shared: &Shared) -> Self {
        if shared.ends_when_drained { Self::Creation } else { Self::Now }
    }

    /// The watch of peers of this role.
    pub(super) fn watch(self, region: &Region, role: Role) -> Result<PeerWatch, Corruption> {
        match self {
            Self::Now => PeerWatch::start(region, role),
            Self::Creation => Ok(PeerWatch::since_creation(role)),
            Self::As(peers) => Ok(peers.clone()),
        }
    }
}

impl Seated {
    /// Takes a seat. Participants that died before are reaped first.
    pub(in crate::channel) fn join(
        shared: &Arc<Shared>,
        role: Role,
        settle: Settle,
        since: Since<'_>,
    ) -> Result<Self, JoinError> {
        Self::join_by_name(shared, role, settle, since, &shared.participant_name)
    }

    /// Takes a seat under this name. Participants that died before are reaped first.
    pub(in crate::channel) fn join_by_name(
        shared: &Arc<Shared>,
        role: Role,
        settle: Settle,
        since: Since<'_>,
        name: &str,
    ) -> Result<Self, JoinError> {
        let _guard = cancel_guard();
        let (seat, reaped) = Seat::take(&shared.region, role, settle, name)?;
        Self::sit(shared, seat, reaped, role, settle, since)
    }

    /// Takes a receiver's seat again that is kept for it. `None`: another participant was faster, or it was forgotten.
    pub(in crate::channel) fn come_back(
        shared: &Arc<Shared>,
        settle: Settle,
        since: Since<'_>,
        away: liveness::Away,
    ) -> Result<Option<Self>, JoinError> {
        let _guard = cancel_guard();
        let seat = Seat::come_back(&shared.region, away)?;
        seat.map(|seat| Self::sit(shared, seat, 0, Role::Receiver, settle, since)).transpose()
    }

    /// A participant that has just taken its seat, and found so many dead on the way.
    pub(super) fn sit(
        shared: &Arc<Shared>,
        seat: Seat,
        reaped: u32,
        role: Role,
        settle: Settle,
        since: Since<'_>,
    ) -> Result<Self, JoinError> {
        let region = &shared.region;
        let corrupted = |reason| liveness::not_joined(region, reason);
        let reaped = reaped.saturating_add(liveness::reap_dead(region, settle).map_err(corrupted)?.marked);
        let mut tally = seat.tally();
        tally.reaped(reaped);
        let peer_role = match role {
            Role::Sender => Role::Receiver,
            Role::Receiver => Role::Sender,
        };
        let peers = since.watch(region, peer_role).map_err(corrupted)?;
        Ok(Self {
            signals: Signals::of(region, Some(seat.row())),
            tally,
            patience: Patience::new(),
            probing: Probing::new(seat.life()),
            interruptible: OnceCell::new(),
            subscription: None,
            tenancy: Arc::new(Tenancy::new(seat, settle, shared)),
            outlook: Outlook::new(shared, peers),
        })
    }

    /// Has the seat kept for its name. False: another participant has that name, or is about to: this one is to leave.
    pub(in crate::channel) fn keep_for(&self, name: &ReaderName) -> Result<bool, Corruption> {
        let _guard = cancel_guard();
        self.seat().keep(name)
    }

    /// Poisons a channel whose words contradict each other, which this participant found out while it joined.
    #[cold]
    pub(in crate::channel) fn cannot_join(&self, reason: Corruption) -> JoinError {
        JoinError::Corrupted { channel: self.region().label().to_owned(), reason: self.poison(reason) }
    }

    pub(crate) fn seat(&self) -> &Seat {
        self.tenancy.seat()
    }

    /// Its seat, for what is to keep it taken.
    pub(in crate::channel) fn tenancy(&self) -> &Arc<Tenancy> {
        &self.tenancy
    }

    /// Looks at the status and at the peers' rows. Returns the peers' presence, and the `membership` that a caller which
    /// has dealt with it passes to [`Seated::note_seen`].
    pub(crate) fn look(&self) -> Result<(Presence, u32), Trouble> {
        let membership = self.outlook.membership().map_err(|finding| self.tell(finding))?;
        if !self.seat().is_ours() {
            return Err(Trouble::Corrupted(self.poison(Corruption::Participant)));
        }
        let presence = self.outlook.presence(membership).map_err(|finding| self.tell(finding))?;
        Ok((presence, membership))
    }

    /// Notes that the caller has dealt with a look, so that it is news no longer.
    pub(crate) fn note_seen(&mut self, membership: u32) {
        self.outlook.note_seen(membership);
    }

    /// What a call begins with where it makes no difference who the peers are: a forked child gets no further, nor a channel with trouble.
    #[inline]
    pub(in crate::channel) fn check<E: From<Trouble>>(&mut self, forked: E) -> Result<(), E> {
        if self.is_foreign() {
            return Err(forked);
        }
        if self.has_news() { Ok(self.pass_news()?) } else { Ok(()) }
    }

    /// A participant joined or left, or the status changed. Who the peers are makes no difference.
    #[cold]
    pub(in crate::channel) fn pass_news(&mut self) -> Result<(), Trouble> {
        let (_, membership) = self.look()?;
        self.note_seen(membership);
        Ok(())
    }

    /// Turns a finding into trouble for the caller, and poisons the channel if the finding is new.
    #[cold]
    pub(super) fn tell(&self, finding: Finding) -> Trouble {
        match finding {
            Finding::Known(trouble) => trouble,
            Finding::New(reason) => Trouble::Corrupted(self.poison(reason)),
        }
    }

    /// A sender's look, when it [has news](Outlook::has_news).
    #[cold]
    pub(crate) fn look_at_receivers(&mut self) -> Result<(), Trouble> {
        let (presence, membership) = self.look()?;
        if self.receivers_are_gone(presence) {
            // They may have left because the file was removed, which tells the caller more than that they left.
            self.check_file()?;
            return Err(Trouble::Closed);
        }
        self.note_seen(membership);
        Ok(())
    }

    /// A sender's look before it commits what it reserved some time ago.
    #[inline]
    pub(crate) fn check_commit(&mut self) -> Result<(), Trouble> {
        if self.has_news() { self.look_at_receivers() } else { Ok(()) }
    }

    /// Marks the channel as beyond use, and tells everybody.
    #[cold]
    pub(crate) fn poison(&self, reason: Corruption) -> Corruption {
        self.tenancy.poison(reason)
    }

    /// Wakes the receivers that sleep.
    #[inline]
    pub(crate) fn notify_receivers(&mut self) {
        if eventcount::notify(&self.signals, self.outlook.data()) {
            self.tally.wake();
        }
    }

    /// Whether no receiver sleeps, so that [`Seated::notify_receivers`] can be left out.
    #[inline(always)]
    pub(crate) fn receivers_are_awake(&self) -> bool {
        eventcount::is_deserted(&self.signals, self.outlook.data())
    }

    /// Wakes one of the receivers that sleep.
    #[inline]
    pub(crate) fn notify_one_receiver(&mut self) {
        self.notify_some_receivers(1);
    }

    /// Wakes so many of the receivers that sleep.
    #[inline]
    pub(crate) fn notify_some_receivers(&mut self, count: u32) {
        if eventcount::notify_some(&self.signals, self.outlook.data(), count) {
            self.tally.wake();
        }
    }

    /// Wakes one of the senders that sleep on this word. Which one does not matter: each can use what was given back, or has
    /// asked for wake-ups of all.
    #[inline]
    pub(crate) fn notify_one_sender(&mut self, space: &AtomicU32) {
        if eventcount::notify_some(&self.signals, space, 1) {
            self.tally.wake();
        }
    }

    /// Wakes the senders that sleep on this word.
    #[inline]
    pub(crate) fn notify_senders(&mut self, space: &AtomicU32) {
        if eventcount::notify(&self.signals, space) {
            self.tally.wake();
        }
    }

    /// Wakes the senders that sleep on this word, if they wait for this participant.
    #[inline]
    pub(crate) fn notify_senders_if(&mut self, space: &AtomicU32, is_awaited: impl FnOnce() -> bool) {
        // What they wait for was stored before: either they see it, or this sees whom they wait for.
        self.signals.light_fence();
        if is_awaited() {
            self.notify_senders(space);
        }
    }

    /// Ends the slice if it is over, for a participant that is always busy and never waits. Reads a coarse clock, which is
    /// cheap.
    #[cold]
    pub(crate) fn pass_slice(&mut self) -> Result<(), Trouble> {
        if self.patience.is_slice_over(Clock::coarse()) { self.slice_ended() } else { Ok(()) }
    }

    /// Looks at the file now.
    pub(super) fn check_file(&mut self) -> Result<(), Trouble> {
        self.look_at_file()?;
        self.outlook.file().map_or(Ok(()), Err)
    }

    /// Checks, for a sender that leaves, whether receivers that come later will find what it sent.
    pub(crate) fn check_farewell(&mut self) -> Result<(), SendError> {
        if self.is_foreign() {
            return Err(SendError::Forked);
        }
        self.check_file()?;
        match self.region().status() {
            Status::Poisoned(reason) => Err(SendError::Corrupted(reason)),
            _ => Ok(()),
        }
    }

    /// Looks whether the file was removed or truncated. That it was removed, the next [`Seated::look`] tells. That it was
    /// truncated is an error at once.
    pub(super) fn look_at_file(&mut self) -> Result<(), Trouble> {
        let Err(length) = self.outlook.look_at_file() else { return Ok(()) };
        self.tenancy.note_cut_short();
        if self.region().has_words_within(length) {
            self.poison(Corruption::FileLength);
        }
        Err(Trouble::Corrupted(Corruption::FileLength))
    }

    /// Whether the current call has time left for work that may take long.
    pub(crate) fn has_time(&self) -> bool {
        self.patience.has_time()
    }

    /// Whether it is over for this handle, too, when a peer died: see [`Outlook::set_ends_with_peers`].
    pub(in crate::channel) fn set_ends_with_peers(&mut self, ends: bool) {
        self.outlook.set_ends_with_peers(ends);
    }

    /// What ends the calls of this handle that wait: on this word, and for peers.
    pub(in crate::channel) fn interrupter(&self, word: &AtomicU32) -> Interrupter {
        let make = || Arc::new(Interruptible::on(self.region(), [word, self.arrivals()]));
        Interrupter::of(self.interruptible.get_or_init(make))
    }

    pub(crate) fn set_strategy(&mut self, strategy: Strategy) {
        self.patience.set_strategy(strategy);
    }
}

/// A participant sees all that can be seen without a seat.
impl Deref for Seated {
    type Target = Outlook;

    #[inline]
    fn deref(&self) -> &Outlook {
        &self.outlook
    }
}

impl Waiter for Seated {
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

    fn wake_word(&self, word: &AtomicU32) -> Option<WakeWord> {
        let region = self.outlook.region();
        // Without a seat: the relay sleeps on no semaphore of the participant's.
        Some(WakeWord::new(Signals::of(region, None), View::of_word(region, word)?))
    }

    fn subscription(&self) -> Option<&Arc<Subscription>> {
        self.subscription.as_ref()
    }

    fn set_subscription(&mut self, subscription: Arc<Subscription>) {
        self.subscription = Some(subscription);
    }

    /// Looks at the channel's file, and for the dead, unless another participant looked for them meanwhile. If the look for the
    /// dead runs out of time, the slice stays ended: the next call, or this one's next turn, goes on with the look.
    fn slice_ended(&mut self) -> Result<(), Trouble> {
        let _guard = cancel_guard();
        let began = self.patience.begin_slice(Clock::now());
        self.look_at_file()?;
        if self.outlook.file().is_some() {
            self.outlook.look_again();
        }
        let slice_ns = SLICE.as_nanos() as u64;
        if self.probing.claim(&self.outlook.control().probed_unix_ns, unix_time_ns(), slice_ns) {
            let reaped = liveness::probe(
                self.outlook.region(),
                self.tenancy.settle(),
                &mut self.probing,
                self.outlook.file().is_some(),
            );
            self.tally.reaped(reaped.map_err(|reason| Trouble::Corrupted(self.poison(reason)))?);
            self.outlook.look_again();
            if self.probing.is_behind() {
                self.patience.end_slice_again(began);
                return Ok(());
            }
        }
        let population = self.outlook.control().population.load(Relaxed);
        self.patience.set_sleep(Duration::from_nanos(self.probing.span(population, slice_ns)));
        Ok(())
    }

    #[inline]
    fn is_interrupted(&self) -> bool {
        self.interruptible.get().is_some_and(|handle| handle.is_interrupted())
    }

    fn count_park(&mut self) {
        self.tally.park();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channel::shared::Watching;
    use crate::layout::Geometry;
    use crate::region::{CreateSpec, Origin};
    use crate::sync::Ordering::SeqCst;

    /// A channel with two seats for each role, and a sender in the first of them.
    fn joined() -> Seated {
        let region = Region::create_private(&CreateSpec::plain(Geometry::of_a_small_queue(2, 2)));
        let shared = Arc::new(Shared {
            region: Arc::new(region.unwrap()),
            participant_name: String::new(),
            origin: Origin::Created,
            remove_on_drop: false,
            ends_when_drained: false,
            watching: Watching::default(),
        });
        Seated::join(&shared, Role::Sender, |_, _| Ok(()), Since::Now).unwrap()
    }

    /// Writes into a peer's row what no participant writes.
    fn scribble(region: &Region) {
        region.row(2).state.store(u64::MAX, SeqCst);
    }

    #[test]
    fn an_outlook_only_reports_a_contradiction_and_a_participant_poisons_the_channel_once() {
        let end = joined();
        scribble(end.region());
        let reason = Corruption::Participant;
        assert_eq!(end.outlook.presence(0), Err(Finding::New(reason)));
        assert_eq!(end.region().status(), Status::Live, "a look changes nothing");
        let membership = || end.control().membership.load(SeqCst);
        let before = membership();
        assert_eq!(end.look(), Err(Trouble::Corrupted(reason)));
        assert_eq!(end.region().status(), Status::Poisoned(reason));
        assert_eq!(membership(), before + 1, "told");
        assert_eq!(end.look(), Err(Trouble::Corrupted(reason)));
        assert_eq!(membership(), before + 1, "and not again: it is known");
    }

    #[test]
    fn nobody_is_gone_while_somebody_comes_or_goes() {
        let end = joined();
        let other = || Seated::join(end.shared(), Role::Receiver, |_, _| Ok(()), Since::Now).unwrap();
        drop(other());
        let before = end.outlook.membership().unwrap();
        assert_eq!(end.outlook.presence(before), Ok(Presence::AllClosed));
        let new = other();
        assert_eq!(end.outlook.presence(before), Ok(Presence::Alive));
        drop(new);
        assert_eq!(end.outlook.presence(before), Ok(Presence::Unsettled), "another one may have come meanwhile");
        assert_eq!(end.look().unwrap().0, Presence::AllClosed);
    }

    #[test]
    fn news_are_news_until_they_are_noted_as_seen() {
        let mut end = joined();
        assert!(end.has_news(), "nothing was looked at yet");
        let (presence, membership) = end.look().unwrap();
        assert_eq!(presence, Presence::NoneYet);
        let other = Seated::join(end.shared(), Role::Receiver, |_, _| Ok(()), Since::Now).unwrap();
        end.note_seen(membership);
        assert!(end.has_news(), "what came after the look is not lost");
        let (presence, membership) = end.look().unwrap();
        assert_eq!(presence, Presence::Alive);
        end.note_seen(membership);
        assert!(!end.has_news());
        drop(other);
        assert!(end.has_news());
        assert_eq!(end.look().unwrap().0, Presence::AllClosed);
    }
    #[test]
    fn a_joiner_wakes_the_participants_that_wait_for_one_and_no_others() {
        let end = joined();
        let asleep = [end.arrivals(), end.data()]
            .map(|word| (word, eventcount::prepare(&end.signals, word, eventcount::Wakes::All).expected));
        let other = Seated::join(end.shared(), Role::Receiver, |_, _| Ok(()), Since::Now).unwrap();
        assert_eq!(asleep.map(|(word, expected)| word.load(SeqCst) == expected), [false, true]);
        let (arrivals, _) = asleep[0];
        let expected = eventcount::prepare(&end.signals, arrivals, eventcount::Wakes::All).expected;
        drop(other);
        assert_ne!(arrivals.load(SeqCst), expected, "that one left, they look at, too");
        assert_ne!(asleep[1].0.load(SeqCst), asleep[1].1, "as everybody does");
    }
}
