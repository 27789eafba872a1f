//! What a process's guardian watches, and its thread, as the handles see them.

use crate::liveness::Settle;
use crate::liveness::duty::Duties;
use crate::region::sys::{Alarm, LibraryThread, futex_wake};
use crate::region::{LockFilePath, Region, Signals};
use crate::sync::AtomicU32;
use crate::sync::Ordering::Relaxed;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// A process's guardian: what it watches, and how its thread is woken.
///
/// Its mutex is held for as long as a look for the dead takes, and not while the thread sleeps.
#[derive(Debug, Default)]
pub(super) struct Guardian {
    roll: Mutex<Roll>,
    /// Notified when the thread has answered a wish, and when it begins a round.
    progress: Condvar,
    /// Moves when the thread is to look at the roll. It sleeps on this word among others.
    pub(super) bell: AtomicU32,
}

/// What is to be watched.
#[derive(Debug, Default)]
pub(super) struct Roll {
    pub(super) charges: Vec<Charge>,
    thread: Option<Thread>,
    /// Numbers of charges and threads that were given out.
    numbers: u64,
    /// How many times the thread has come here with nothing in its hands.
    pub(super) rounds: u64,
}

#[derive(Debug)]
struct Thread {
    number: u64,
    alarm: Alarm,
    thread: LibraryThread,
    gave_up: bool,
}

/// A region that is watched for as long as a handle wants it.
#[derive(Debug)]
pub(super) struct Charge {
    pub(super) number: u64,
    pub(super) wish: Wish,
    pub(super) state: State,
}

/// What a handle wants to have watched.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) region: Arc<Region>,
    pub(super) settle: Settle,
    /// The guardian's life there.
    pub(super) life: u64,
    pub(super) lock_file: LockFilePath,
}

/// What the thread runs: for this guardian, by this number, with its end of the alarm.
pub(super) type Run = fn(&'static Guardian, u64, OwnedFd);

/// What has become of a charge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    /// The thread has not seen it yet.
    New,
    /// It is watched, or others watch it.
    Watched,
    /// It cannot be watched.
    Refused(String),
}

impl Guardian {
    pub(super) fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn await_progress<'a>(&self, roll: MutexGuard<'a, Roll>) -> MutexGuard<'a, Roll> {
        self.progress.wait(roll).unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the handles that wait that the thread has answered.
    pub(super) fn tell(&self) {
        self.progress.notify_all();
    }

    /// Has the thread look at the roll, however it sleeps.
    fn wake(&self, roll: &Roll) {
        // Relaxed: the thread reads it with the mutex held, before it looks at the roll.
        self.bell.fetch_add(1, Relaxed);
        futex_wake(&self.bell, 1, true);
        if let Some(thread) = &roll.thread {
            thread.alarm.ring();
        }
    }

    /// Puts a charge on the roll. Returns its number, once the thread has seen it.
    ///
    /// # Errors
    /// The thread could not be started.
    pub(super) fn add(&'static self, wish: Wish, run: Run) -> io::Result<u64> {
        let mut roll = self.roll();
        self.start_thread(&mut roll, run)?;
        let number = roll.next_number();
        roll.charges.push(Charge { number, wish, state: State::New });
        self.wake(&roll);
        while roll.state_of(number) == Some(&State::New) {
            roll = self.await_progress(roll);
        }
        Ok(number)
    }

    /// Starts the thread, unless it runs.
    fn start_thread(&'static self, roll: &mut Roll, run: Run) -> io::Result<()> {
        if roll.thread.as_ref().is_some_and(|thread| !thread.gave_up) {
            return Ok(());
        }
        let number = roll.next_number();
        let (alarm, rung) = Alarm::new()?;
        let run = move |[rung]: [OwnedFd; 1]| run(self, number, rung);
        let thread = LibraryThread::start_apart("memlane-guardian", [rung], run)?;
        roll.thread = Some(Thread { number, alarm, thread, gave_up: false });
        Ok(())
    }

    /// Takes a charge off the roll, and waits until the thread has let go of its region.
    pub(super) fn remove(&self, number: u64) {
        let mut roll = self.roll();
        let Some(index) = roll.charges.iter().position(|charge| charge.number == number) else { return };
        // Kept until the thread has let go: it must not be the one that drops the region.
        let charge = roll.charges.swap_remove(index);
        self.wake(&roll);
        let Wish { region, life, .. } = &charge.wish;
        let mut query = region.lock_query();
        Duties::of(region)
            .retire(&Signals::of_library_thread(region), *life, |life| query.is_over(life).unwrap_or(false));
        if roll.charges.is_empty() {
            let thread = roll.thread.take();
            drop(roll);
            if let Some(thread) = thread {
                thread.thread.wait_until_ended();
            }
            return;
        }
        let seen = roll.rounds;
        while roll.rounds == seen && roll.is_watched() {
            roll = self.await_progress(roll);
        }
    }
}

impl Roll {
    fn next_number(&mut self) -> u64 {
        self.numbers = self.numbers.wrapping_add(1);
        self.numbers
    }

    pub(super) fn state_of(&self, number: u64) -> Option<&State> {
        self.charges.iter().find(|charge| charge.number == number).map(|charge| &charge.state)
    }

    /// Whether there is a thread that makes rounds.
    fn is_watched(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.gave_up)
    }

    /// Whether this thread is to go on.
    pub(super) fn wants(&self, thread: u64) -> bool {
        self.thread.as_ref().is_some_and(|current| current.number == thread)
    }

    /// Nothing can be watched, for this reason. The thread ends.
    pub(super) fn give_up(&mut self, why: &str) {
        let others = self.charges.iter_mut().filter(|charge| !matches!(charge.state, State::Refused(_)));
        others.for_each(|charge| charge.state = State::Refused(why.to_owned()));
        if let Some(thread) = &mut self.thread {
            thread.gave_up = true;
        }
    }
}
