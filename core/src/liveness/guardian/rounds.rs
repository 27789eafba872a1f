//! The guardian's thread: its rounds.
//!
//! Each round begins with the roll and nothing in the thread's hands. It opens the lock files of new charges, takes the duties that are
//! vacant, looks for the dead where it was told to, and sleeps: as long as it has a duty, until it is told of a closing; else, until it is
//! called.

use super::roll::{Charge, Guardian, Roll, State};
use crate::error::Corruption;
use crate::liveness::duty::Duties;
use crate::liveness::reap::look_around;
use crate::liveness::{Change, announce};
use crate::region::sys::{
    Clock, Closing, Closings, FUTEX_WAITS_MAX, FutexWait, WATCHING, WatchedFile, Woken, explained, futex_wait_for_any,
    pause, plug_standard, quiet,
};
use crate::region::{FileState, OpenedLockFile, Region, Signals};
use crate::sync::Ordering::Relaxed;
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

/// How long after an event, and then after each look in vain, the next look comes: the kernel tells of a closing before the lock goes.
const DELAYS: [Duration; 4] =
    [Duration::ZERO, Duration::from_micros(50), Duration::from_micros(200), Duration::from_millis(1)];

/// After so many looks in vain since it was last quiet, they come a millisecond apart at least: another process closes the lock file
/// again and again.
const IN_VAIN_MAX: u32 = 64;

/// It is quiet when nothing was told for so long.
const QUIET: Duration = Duration::from_millis(10);

/// How often the thread looks at the roll if the program has closed the alarm.
const WITHOUT_ALARM: Duration = Duration::from_millis(100);

/// The thread, and what is in its own table of descriptors.
#[derive(Debug)]
struct Rounds {
    guardian: &'static Guardian,
    number: u64,
    /// `None`: the program has closed the other end.
    alarm: Option<OwnedFd>,
    /// Only while it has a duty: a user has few of them.
    closings: Option<Closings>,
    /// By the charge's number.
    files: BTreeMap<u64, File>,
    /// Whether the system can sleep on several words.
    can_sleep: bool,
    /// Looks since it was last quiet.
    in_vain: u32,
    /// How long it has just waited for the next look, if nothing was told meanwhile.
    waited: Duration,
}

/// The lock file of a charge.
#[derive(Debug)]
struct File {
    lock_file: OpenedLockFile,
    watched: Option<WatchedFile>,
    look: Look,
}

/// When to look for the dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// When there is reason to.
    WhenTold,
    /// Now: it is watched from now on.
    First,
    /// So many looks in vain behind an event, when its delay is over.
    InVain(usize),
}

impl Look {
    /// How long until then.
    fn delay(self) -> Option<Duration> {
        match self {
            Self::WhenTold => None,
            Self::First => Some(Duration::ZERO),
            Self::InVain(looks) => DELAYS.get(looks).copied(),
        }
    }

    /// The next one, behind one that has found somebody, or nobody.
    fn next(self, has_found: bool) -> Self {
        match self {
            Self::InVain(looks) if !has_found => Self::InVain(looks.saturating_add(1)),
            _ => Self::WhenTold,
        }
    }
}

/// How to sleep.
enum Sleep {
    /// Until told of a closing, or for this long.
    UntilTold(Option<Duration>),
    /// Until called.
    UntilCalled(Vec<(Arc<Region>, u32)>, u32),
}

/// The thread, from its start to its end.
pub(super) fn run(guardian: &'static Guardian, number: u64, alarm: OwnedFd) {
    Rounds::new(guardian, number, alarm).run();
}

impl Rounds {
    fn new(guardian: &'static Guardian, number: u64, alarm: OwnedFd) -> Self {
        Self {
            guardian,
            number,
            alarm: Some(alarm),
            closings: None,
            files: BTreeMap::new(),
            can_sleep: true,
            in_vain: 0,
            waited: Duration::ZERO,
        }
    }

    /// Runs until nothing is on the roll, or nothing can be watched.
    fn run(mut self) {
        // What panics or libraries write to the standard numbers goes to no file of this thread's.
        let _plugs = plug_standard();
        while let Some(sleep) = self.round() {
            match sleep {
                Sleep::UntilTold(at_most) => self.sleep_until_told(at_most),
                Sleep::UntilCalled(words, bell) => self.can_sleep &= sleep_until_called(&words, self.guardian, bell),
            }
        }
    }

    /// One round. `None`: it was the last one.
    fn round(&mut self) -> Option<Sleep> {
        let guardian = self.guardian;
        let mut roll = guardian.roll();
        roll.rounds = roll.rounds.wrapping_add(1);
        guardian.tell();
        if !roll.wants(self.number) {
            return None;
        }
        // Relaxed: see `Guardian::wake`.
        let bell = guardian.bell.load(Relaxed);
        self.open_files(&mut roll);
        let has_duty = self.take_duties(&roll);
        let must_watch = has_duty || !self.can_sleep || roll.charges.len() >= FUTEX_WAITS_MAX;
        let sleep = if must_watch {
            if let Err(error) = self.watch_all(&mut roll) {
                self.give_up(&mut roll, error);
                return None;
            }
            self.look_where_told(&roll);
            Sleep::UntilTold(self.next_look())
        } else {
            self.closings = None;
            self.files.values_mut().for_each(|file| file.watched = None);
            match self.prepare_to_sleep(&roll) {
                Some(words) => Sleep::UntilCalled(words, bell),
                None => Sleep::UntilTold(Some(Duration::ZERO)),
            }
        };
        roll.charges.iter_mut().filter(|charge| charge.state == State::New).for_each(|charge| {
            charge.state = State::Watched;
        });
        guardian.tell();
        Some(sleep)
    }

    /// Opens the lock files of new charges, and closes those of charges that are gone.
    fn open_files(&mut self, roll: &mut Roll) {
        let closings = self.closings.as_ref();
        self.files.retain(|number, file| {
            let is_there = roll.charges.iter().any(|charge| charge.number == *number);
            if !is_there && let (Some(closings), Some(watched)) = (closings, file.watched) {
                closings.forget(watched);
            }
            is_there
        });
        for charge in roll.charges.iter_mut().filter(|charge| charge.state == State::New) {
            match charge.wish.lock_file.open() {
                Ok(lock_file) => {
                    self.files.insert(charge.number, File { lock_file, watched: None, look: Look::WhenTold });
                }
                Err(error) => charge.refuse(error),
            }
        }
        for charge in &mut roll.charges {
            if self.files.contains_key(&charge.number) && is_cut_short(&charge.wish.region) {
                self.files.remove(&charge.number);
                charge.refuse(io::Error::other("the channel's file was cut short"));
            }
        }
    }

    /// Takes the duties that are vacant, one a channel at most, however many regions of this process are that channel. Returns whether
    /// this process has one anywhere.
    fn take_duties(&self, roll: &Roll) -> bool {
        let opened = || roll.charges.iter().filter_map(|charge| Some((charge, self.files.get(&charge.number)?)));
        let channel = |charge: &Charge| charge.wish.region.facts().instance;
        let mut channels: Vec<_> = opened()
            .filter(|(charge, _)| charge.duties().has(charge.wish.life))
            .map(|(charge, _)| channel(charge))
            .collect();
        for (charge, file) in opened() {
            if !channels.contains(&channel(charge)) && charge.takes_a_duty(file) {
                channels.push(channel(charge));
            }
        }
        !channels.is_empty()
    }

    /// Has the kernel tell of the closings of all lock files. Those that are new are to be looked at behind that.
    fn watch_all(&mut self, roll: &mut Roll) -> io::Result<()> {
        let closings = match &self.closings {
            Some(closings) => closings,
            None => self.closings.insert(Closings::new()?),
        };
        for charge in &mut roll.charges {
            let Some(file) = self.files.get_mut(&charge.number) else { continue };
            if file.watched.is_none() {
                match file.lock_file.watch(closings) {
                    Ok(watched) => (file.watched, file.look) = (Some(watched), Look::First),
                    Err(error) => {
                        charge.retire(file);
                        self.files.remove(&charge.number);
                        charge.refuse(error);
                    }
                }
            }
        }
        Ok(())
    }

    /// The system refuses what the guardian needs: others are to take its duties.
    fn give_up(&self, roll: &mut Roll, why: io::Error) {
        for charge in &roll.charges {
            if let Some(file) = self.files.get(&charge.number) {
                charge.retire(file);
            }
        }
        roll.give_up(&explained(WATCHING, why).to_string());
        self.guardian.tell();
    }

    /// Looks for the dead wherever it is time to.
    fn look_where_told(&mut self, roll: &Roll) {
        for charge in &roll.charges {
            let Some(file) = self.files.get_mut(&charge.number) else { continue };
            if file.look.delay().is_some_and(|delay| delay <= self.waited) {
                let has_found = charge.look_around(file);
                self.in_vain = if has_found { 0 } else { self.in_vain.saturating_add(1) };
                file.look = file.look.next(has_found);
            }
        }
        self.waited = Duration::ZERO;
    }

    /// How long until the next look that is due without a word of the kernel's.
    fn next_look(&self) -> Option<Duration> {
        self.files.values().filter_map(|file| file.look.delay()).min()
    }

    /// Says in all channels that it is about to sleep. `None`: a duty is vacant after all.
    fn prepare_to_sleep(&self, roll: &Roll) -> Option<Vec<(Arc<Region>, u32)>> {
        let mut words = Vec::new();
        for charge in roll.charges.iter().filter(|charge| self.files.contains_key(&charge.number)) {
            let ticket = charge.duties().prepare_to_sleep(&charge.signals());
            words.push((Arc::clone(&charge.wish.region), ticket.expected));
        }
        if self.take_duties(roll) { None } else { Some(words) }
    }

    fn sleep_until_told(&mut self, at_most: Option<Duration>) {
        // If a duty was vacant after all, there is nothing yet that could tell.
        let Some(closings) = &self.closings else { return };
        if self.in_vain > IN_VAIN_MAX {
            pause(DELAYS[3]);
        }
        let began = Clock::now();
        let woken = match &self.alarm {
            Some(alarm) => closings.wait(alarm.as_fd(), at_most),
            None => {
                pause(at_most.unwrap_or(WITHOUT_ALARM).min(WITHOUT_ALARM));
                Ok(Woken::InTime)
            }
        };
        match (woken, &self.alarm) {
            (Ok(Woken::ByAlarm), Some(alarm)) => quiet(alarm.as_fd()),
            (Ok(Woken::AlarmIsGone), _) => self.alarm = None,
            (Ok(_), _) => {}
            // A sandbox refuses the call: without a pause, the thread would spin.
            (Err(_), _) => pause(DELAYS[3]),
        }
        if Clock::now().since(began) >= QUIET {
            self.in_vain = 0;
        }
        self.waited = at_most.unwrap_or_default();
        closings.drain(|closing| {
            let files = self.files.values_mut();
            let told = files.filter(|file| match closing {
                Closing::Of(watched) => file.watched == Some(watched),
                Closing::OfAny => true,
            });
            told.for_each(|file| file.look = Look::InVain(0));
        });
    }
}

impl Drop for Rounds {
    /// Also if it panicked: nobody waits for its answers any more.
    fn drop(&mut self) {
        let mut roll = self.guardian.roll();
        if roll.wants(self.number) {
            roll.give_up("the guardian's thread has ended");
        }
        drop(roll);
        self.guardian.tell();
    }
}

/// Sleeps until one of these words moves. False: the system cannot do that.
fn sleep_until_called(words: &[(Arc<Region>, u32)], guardian: &Guardian, bell: u32) -> bool {
    let own = FutexWait { word: &guardian.bell, expected: bell, process_private: true };
    let calls = words.iter().map(|(region, expected)| FutexWait {
        word: Duties::of(region).calls,
        expected: *expected,
        process_private: false,
    });
    // In more than a hundred years.
    let deadline = Clock::now().plus(Duration::from_secs(1 << 32));
    futex_wait_for_any(&calls.chain([own]).collect::<Vec<_>>(), deadline)
}

impl Charge {
    fn duties(&self) -> Duties<'_> {
        Duties::of(&self.wish.region)
    }

    fn signals(&self) -> Signals {
        Signals::of_library_thread(&self.wish.region)
    }

    fn refuse(&mut self, why: io::Error) {
        self.state = State::Refused(explained(WATCHING, why).to_string());
    }

    fn takes_a_duty(&self, file: &File) -> bool {
        let mut query = self.wish.region.lock_query_by(&file.lock_file);
        // Where nothing is proved, nothing is vacant.
        self.duties().take(self.wish.life, |life| query.is_over(life).unwrap_or(false))
    }

    fn retire(&self, file: &File) {
        let mut query = self.wish.region.lock_query_by(&file.lock_file);
        self.duties().retire(&self.signals(), self.wish.life, |life| query.is_over(life).unwrap_or(false));
    }

    /// Looks for the dead. Returns whether it found somebody.
    fn look_around(&self, file: &File) -> bool {
        let mut query = self.wish.region.lock_query_by(&file.lock_file);
        match look_around(&self.wish.region, self.wish.settle, &mut query) {
            Ok(found) => found > 0,
            Err(reason) => {
                self.wish.region.poison(reason);
                announce(&self.wish.region, Change::Anything);
                false
            }
        }
    }
}

/// Whether the channel's file was cut short: what is touched then may be SIGBUS. If the words that tell are left, they say so.
fn is_cut_short(region: &Arc<Region>) -> bool {
    let Ok(FileState::CutShort { length }) = region.file_state() else { return false };
    if region.has_words_within(length) {
        region.poison(Corruption::FileLength);
        announce(region, Change::Anything);
    }
    true
}
