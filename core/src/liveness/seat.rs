//! A participant's seat: its row, and the life that proves it alive.

use super::kept::{Away, ReaderName, ReceiverRows, name_words};
use super::names::{self, Claim};
use super::reap::{Dead, Settle, reap_dead};
use super::rows::{Change, announce, announce_to_the_awake, note_end, rows_of, used_rows};
use super::{Counters, HeldTally, Tally, word};
use crate::error::{Corruption, JoinError};
use crate::layout::{Naming, ParticipantState, Role, RowState, Status};
use crate::region::sys;
use crate::region::{Clock, FileState, Life, NoLife, Region, Signals, View, explained};
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use crate::wait::eventcount;
use crate::wait::forget_sleeper;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// What a seat remembers as its row's word once a successor has the row, which never says this while it has a holder.
const HANDED_OVER: u64 = 0;

/// A place in a channel, held until dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    region: Arc<Region>,
    row: u32,
    /// What the row says as long as this participant has it. It changes once, while its participant joins by a name.
    word: AtomicU64,
    /// Dropped last: as long as the life lasts, no other participant takes the row.
    life: Life,
}

impl Seat {
    /// Takes a seat of this role: a free one, or one whose holder died, after settling what that one held.
    ///
    /// Returns with it how many dead were found on the way.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub(crate) fn take(region: &Arc<Region>, role: Role, settle: Settle, name: &str) -> Result<(Self, u32), JoinError> {
        check_access(region)?;
        let corrupted = |reason| not_joined(region, reason);
        let life = begin_life(region)?;
        let ours = RowState::live(life.number(), role);
        // All seats are taken if their rows say so of the same lives before and after a look for the dead. Each turn that does not
        // end here means that another participant took a seat that was free at this moment, or settled its dead holder.
        const TURNS: u32 = 1000;
        let rows = rows_of(region.geometry(), role);
        let (mut reaped, mut doubt) = (0, None);
        let (mut taken, mut taken_before) = (Vec::new(), Vec::new());
        for _ in 0..TURNS {
            taken.clear();
            let words = rows.clone().map(|row| &region.row(row).state);
            if let Some((index, word)) = word::take_first(words, ours, &mut taken).map_err(corrupted)? {
                let seat = Self::new(region, rows.start + index as u32, word, life);
                names::write(&region.row(seat.row).name, &name_words(name));
                seat.sit_down()?;
                return Ok((seat, reaped));
            }
            if taken.len() == rows.len() && taken == taken_before {
                break;
            }
            let looked = reap_dead(region, settle).map_err(corrupted)?;
            reaped += looked.marked;
            doubt = looked.doubt(role);
            std::mem::swap(&mut taken, &mut taken_before);
        }
        if let Some(source) = doubt {
            return Err(lock_file_refused(region, "looking at the lock file", source));
        }
        Err(role_taken(region, role, &taken))
    }

    /// Takes a seat again that is kept, by its name. `None`: another participant was faster, or it was forgotten.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub(crate) fn come_back(region: &Arc<Region>, away: Away) -> Result<Option<Self>, JoinError> {
        let life = begin_life(region)?;
        let ours = RowState { naming: Naming::Named, ..RowState::live(life.number(), Role::Receiver) };
        let Some(word) = word::take(&region.row(away.row).state, away.word, ours) else { return Ok(None) };
        let seat = Self::new(region, away.row, word, life);
        seat.sit_down()?;
        Ok(Some(seat))
    }

    /// Takes over a seat of this role that its holder offers, for this life, which comes back if there is none.
    ///
    /// # Errors
    /// See [`JoinError`].
    pub(crate) fn take_over(
        region: &Arc<Region>,
        role: Role,
        life: Life,
        name: &str,
    ) -> Result<Result<Self, Life>, JoinError> {
        let corrupted = |reason| not_joined(region, reason);
        for used in used_rows(region, role) {
            let (row, state, seen) = used.map_err(corrupted)?;
            let Some(word) = word::take_over(&region.row(row).state, seen, life.number()) else { continue };
            let seat = Self::new(region, row, word, life);
            // A row that is kept for a name is kept for that name.
            if state.naming == Naming::Unnamed {
                names::write(&region.row(row).name, &name_words(name));
            }
            seat.sit_down()?;
            return Ok(Ok(seat));
        }
        check_still_open(region)?;
        Ok(Err(life))
    }

    /// Offers the seat to a successor, and tells those that wait for one. `publish` leaves what a successor goes on from, and what is in
    /// [`handed`](crate::layout::ParticipantRow::handed).
    ///
    /// # Errors
    /// Something wrote to the row that may not.
    pub(crate) fn offer(&self, handed: u64, publish: impl FnOnce()) -> Result<(), Corruption> {
        let row = self.region.row(self.row);
        let offered = word::offer(&row.state, self.word(), || {
            publish();
            // Relaxed: the row's word comes behind it.
            row.handed.store(handed, Relaxed);
        });
        self.word.store(offered.ok_or(Corruption::Participant)?, Relaxed);
        eventcount::notify(&Signals::of(&self.region, None), &self.region.control().arrivals);
        Ok(())
    }

    /// Takes the offer back. False: a successor has the seat, and this participant touches nothing of it any more.
    pub(crate) fn take_back(&self) -> bool {
        let word = word::take_back(&self.region.row(self.row).state, self.word());
        self.word.store(word.unwrap_or(HANDED_OVER), Relaxed);
        word.is_some()
    }

    /// Whether a successor has the seat, as far as [`Seat::take_back`] has told.
    pub(crate) fn is_handed_over(&self) -> bool {
        self.word() == HANDED_OVER
    }

    /// What its last holder has left besides what the channel holds, if it offered the seat.
    pub(crate) fn handed(&self) -> u64 {
        self.region.row(self.row).handed.load(Relaxed)
    }

    /// Whether the row is kept for its name.
    pub(crate) fn is_kept(&self) -> bool {
        RowState::from_bits(self.word()).is_some_and(|row| row.naming == Naming::Named)
    }

    fn new(region: &Arc<Region>, row: u32, word: u64, life: Life) -> Self {
        Self { region: Arc::clone(region), row, word: AtomicU64::new(word), life }
    }

    fn word(&self) -> u64 {
        // Relaxed: other owners of the seat are made once its participant has joined.
        self.word.load(Relaxed)
    }

    /// Has the row kept for the name that was given when it was taken, once its participant has all that is kept. False: another
    /// participant has the name, or claims it and comes first: this one is to leave.
    ///
    /// # Errors
    /// A row says what no participant writes.
    pub(crate) fn keep(&self, name: &ReaderName) -> Result<bool, Corruption> {
        let rows = ReceiverRows(&self.region);
        let (mut word, mut struck) = (self.word(), Vec::new());
        let claim = names::claim(&rows, rows.index_of(self.row), &mut word, name.words(), |index| {
            struck.push(rows.row_at(index));
        });
        self.word.store(word, Relaxed);
        if !struck.is_empty() {
            // Where one of them held the sender back, it does so no longer.
            announce(&self.region, Change::Rows(&struck));
        }
        Ok(claim? == Claim::Kept)
    }

    /// Fills the row that was just taken, and tells the participants that are awake, and those that sleep until another one joins.
    ///
    /// No other sleeper is woken: it waits for what the joiner does next.
    ///
    /// # Errors
    /// The channel is over since it was opened.
    fn sit_down(&self) -> Result<(), JoinError> {
        let words = self.region.row(self.row);
        let signals = Signals::of(&self.region, None);
        forget_sleeper(&signals, self.row);
        Counters::reset(words);
        words.pid.store(sys::process_id().into(), Relaxed);
        words.pid_namespace.store(self.life.pid_namespace(), Relaxed);
        words.started_unix_ns.store(sys::unix_time_ns(), Relaxed);
        words.left_unix_ns.store(0, Relaxed);
        announce_to_the_awake(&self.region, Change::Rows(&[self.row]));
        eventcount::notify(&signals, &self.region.control().arrivals);
        check_still_open(&self.region)
    }

    /// The row's number.
    pub(crate) fn row(&self) -> u32 {
        self.row
    }

    /// The number of this participant, which no other one of the channel ever has.
    pub(crate) fn life(&self) -> u64 {
        self.life.number()
    }

    /// Finishes or undoes what this participant holds, as if it had died.
    ///
    /// # Errors
    /// The words contradict each other.
    pub(crate) fn settle(&self, settle: Settle) -> Result<(), Corruption> {
        settle(&self.region, &Dead::only(&self.region, self.row))
    }

    /// Whether the row still says that this participant has it.
    ///
    /// It says something else if a peer wrote to it, or if a hole in the file took it and another participant took the seat.
    pub(crate) fn is_ours(&self) -> bool {
        self.region.row(self.row).state.load(Relaxed) == self.word()
    }

    /// This participant's counters.
    pub(crate) fn tally(&self) -> Tally {
        Tally::new(View::participant(&self.region, self.row))
    }

    /// What is counted of the messages that this participant handed out to be held.
    pub(crate) fn held_tally(&self) -> HeldTally {
        HeldTally::new(View::participant(&self.region, self.row))
    }
}

impl Drop for Seat {
    /// Leaves in good order; in a forked child, touches nothing.
    fn drop(&mut self) {
        if self.region.mark().is_foreign() || self.is_handed_over() {
            return;
        }
        let word = self.word();
        note_end(&self.region, self.row, word);
        // It fails only if a peer wrote to the row, or if another one with the same name was faster to join.
        let _ = word::leave(&self.region.row(self.row).state, word);
        announce(&self.region, Change::Rows(&[self.row]));
    }
}

/// The status and the name may have changed between opening the channel and taking the seat.
fn check_still_open(region: &Region) -> Result<(), JoinError> {
    let channel = || region.label().to_owned();
    check_file(region)?;
    match region.status() {
        Status::Live => Ok(()),
        Status::Closed => Err(JoinError::Closed { channel: channel() }),
        Status::Poisoned(reason) => Err(JoinError::Corrupted { channel: channel(), reason }),
        Status::Initialising => Err(JoinError::Corrupted { channel: channel(), reason: Corruption::Status }),
    }
}

/// All seats of a role are taken, by these words.
fn role_taken(region: &Region, role: Role, taken: &[u64]) -> JoinError {
    let is_away = |word: &&u64| RowState::from_bits(**word).is_some_and(|row| row.state == ParticipantState::Away);
    let rows = rows_of(region.geometry(), role);
    // The last of those that are there, as good as any.
    let there = rows.clone().zip(taken).rfind(|(_, word)| !is_away(word));
    JoinError::RoleTaken {
        channel: region.label().to_owned(),
        role: role.name(),
        seats: rows.len(),
        away: taken.iter().filter(is_away).count(),
        pid: there.map_or(0, |(row, _)| region.row(row).pid.load(Relaxed) as u32),
    }
}

/// The words contradict each other: marks the channel as beyond use, and says why nobody can join.
pub(crate) fn not_joined(region: &Region, reason: Corruption) -> JoinError {
    region.poison(reason);
    JoinError::Corrupted { channel: region.label().to_owned(), reason }
}

/// What the system refuses at the lock file.
pub(crate) fn lock_file_refused(region: &Region, action: &'static str, source: io::Error) -> JoinError {
    let channel = region.label().to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        return JoinError::LockFile { channel, path: region.lock_label() };
    }
    JoinError::Io { channel, action, source: explained(action, source) }
}

/// Begins a life. Where all lives are locked, tries again for a while: it may be a remover that locked them, whose removal
/// succeeds or fails soon.
pub(crate) fn begin_life(region: &Region) -> Result<Life, JoinError> {
    const PATIENCE: Duration = Duration::from_millis(50);
    const BETWEEN: Duration = Duration::from_millis(1);
    let channel = || region.label().to_owned();
    let patient_until = Clock::now().plus(PATIENCE);
    loop {
        let refused = match region.begin_life() {
            Ok(life) => return Ok(life),
            Err(refused) => refused,
        };
        // A file that is gone or cut short says more than what came of it.
        check_file(region)?;
        return Err(match refused {
            NoLife::Refused(source) => lock_file_refused(region, "locking the lock file", source),
            NoLife::UsedUp => not_joined(region, Corruption::Participant),
            NoLife::Locked(_) if Clock::now() < patient_until => {
                sys::pause(BETWEEN);
                continue;
            }
            NoLife::Locked(holder) => {
                JoinError::Locked { channel: channel(), path: region.lock_label(), process: holder.process }
            }
        });
    }
}

/// Before anything is touched: behind the end of a truncated file that is SIGBUS.
pub(crate) fn check_access(region: &Region) -> Result<(), JoinError> {
    if region.mark().is_foreign() {
        return Err(JoinError::Forked { channel: region.label().to_owned() });
    }
    check_file(region)
}

/// Whether the file is still there, and as long as it was.
fn check_file(region: &Region) -> Result<(), JoinError> {
    let channel = || region.label().to_owned();
    match region.file_state() {
        Ok(FileState::Intact) => Ok(()),
        Ok(FileState::Removed) => Err(JoinError::Removed { channel: channel() }),
        Ok(FileState::CutShort { length }) => {
            Err(JoinError::Truncated { channel: channel(), length, needed: region.total_bytes() })
        }
        Err(source) => Err(JoinError::Io { channel: channel(), action: "looking at the file", source }),
    }
}
