//! One sleep of a set, on the words of its members and on its own.

use super::waker::OwnWord;
use crate::channel::waitable::Awaited;
use crate::region::sys::{pause, start_in};
use crate::region::{BEDS_MAX, Bed, Clock, Futex, Moment, Signals, Sleep, heavy_fence_of_all, sleep_on_any};
use crate::sync::AtomicU32;
use crate::wait::eventcount::{self, Ticket};
use crate::wait::several::Several;
use std::time::Duration;

/// The first pause between two looks at members on whose words the set cannot sleep, and the longest. Each is twice as long as the one
/// before.
pub(super) const STEPS: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(5));

/// What a look of a set that is about to sleep finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// At least one member is ready, or the set was woken.
    Something,
    /// A member has to be looked at again before a sleep.
    Unsure,
}

/// A set that is about to sleep.
pub(super) struct Sleeper<'a, 'b> {
    own: &'a OwnWord,
    members: &'a mut [&'b mut dyn Awaited],
    /// Those of them on whose words it sleeps.
    beds: Vec<usize>,
}

impl<'a, 'b> Sleeper<'a, 'b> {
    /// Says all that the members' peers wait for, and finds out on which words to sleep.
    pub(super) fn prepare(own: &'a OwnWord, members: &'a mut [&'b mut dyn Awaited]) -> Self {
        members.iter_mut().for_each(|member| member.before_park());
        let has_bed = |member: &dyn Awaited| futex_of(member).is_some();
        let beds = (0..members.len()).filter(|&at| has_bed(members[at])).collect();
        Self { own, members, beds }
    }

    /// Whether some are woken nowhere, or nowhere where this can sleep: they are looked at in steps.
    pub(super) fn has_others(&self) -> bool {
        self.beds.len() < self.members.len()
    }

    fn signals(&self) -> impl Iterator<Item = &Signals> {
        let members = self.beds.iter().filter_map(|&at| self.members[at].woken_at()).map(|at| at.signals);
        std::iter::once(&self.own.signals).chain(members)
    }
}

/// The futex and the word on which one sleeps that waits for this. `None`: it is woken otherwise, or not at all.
fn futex_of(member: &dyn Awaited) -> Option<(&Futex, &AtomicU32)> {
    let at = member.woken_at()?;
    match at.signals.sleep() {
        Sleep::Futex(futex) => Some((futex, at.word)),
        Sleep::Semaphores(_) => None,
    }
}

impl Several for Sleeper<'_, '_> {
    type Found = Seen;
    type Until = Moment;

    fn count(&self) -> usize {
        self.beds.len().saturating_add(1)
    }

    fn word(&self, at: usize) -> &AtomicU32 {
        let member = at.checked_sub(1).and_then(|bed| futex_of(self.members[self.beds[bed]]));
        member.map_or(&self.own.word, |(_, word)| word)
    }

    fn heavy_fence(&self) {
        heavy_fence_of_all(self.signals());
    }

    fn look(&mut self) -> Option<Seen> {
        if self.own.is_to_be_woken() || self.members.iter_mut().any(|member| member.is_ready()) {
            return Some(Seen::Something);
        }
        // All of them are asked, for each says then what it waits for.
        let unsure = self.members.iter_mut().map(|member| member.may_park()).filter(|may_park| !may_park).count();
        (unsure > 0).then_some(Seen::Unsure)
    }

    fn park(&self, tickets: &[Ticket], until: Moment) {
        let own = match self.own.signals.sleep() {
            Sleep::Futex(futex) => Some((futex, &self.own.word)),
            Sleep::Semaphores(_) => None,
        };
        let members = self.beds.iter().map(|&at| futex_of(self.members[at]));
        let beds = std::iter::once(own).chain(members).zip(tickets).filter_map(|(bed, ticket)| {
            let (futex, word) = bed?;
            Some(Bed { futex, word, expected: ticket.expected })
        });
        let beds: Vec<_> = beds.collect();
        let (first, others) = beds.split_at(beds.len().min(BEDS_MAX));
        let slept =
            if others.is_empty() { sleep_on_any(first, until) } else { self.sleep_in_threads(first, others, until) };
        if !slept {
            pause(STEPS.1.min(until.since(Clock::now())));
        }
    }
}

impl Sleeper<'_, '_> {
    /// Sleeps on the first words, and on the others in a thread for as many as one sleeps on. Each of them wakes the caller by the set's own
    /// word, which is among the first. False: a thread could not be had, or cannot sleep.
    fn sleep_in_threads(&self, first: &[Bed<'_>], others: &[Bed<'_>], until: Moment) -> bool {
        let (OwnWord { signals, word, .. }, ended) = (self.own, &AtomicU32::new(0));
        let Some(&Bed { futex, .. }) = first.first() else { return false };
        std::thread::scope(|scope| {
            let started = others.chunks(BEDS_MAX.saturating_sub(1).max(1)).all(|chunk| {
                let beds: Vec<_> = chunk.iter().copied().chain([Bed { futex, word: ended, expected: 0 }]).collect();
                start_in(scope, "memlane-waitset", move || {
                    sleep_on_any(&beds, until);
                    eventcount::wake_all_now(signals, word);
                })
            });
            let slept = started && sleep_on_any(first, until);
            eventcount::wake_all_now(signals, ended);
            slept
        })
    }
}
