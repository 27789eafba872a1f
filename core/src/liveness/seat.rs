//! A participant's seat: its row, and the life that proves it alive.

use super::reap::{Dead, Settle, reap_dead};
use super::rows::{Change, announce, announce_to_the_awake, rows_of};
use super::{Counters, HeldTally, Tally, word};
use crate::error::{Corruption, JoinError};
use crate::layout::{NAME_BYTES, ParticipantRow, ParticipantState, Role, RowState, Status};
use crate::region::sys;
use crate::region::{Clock, FileState, Life, NoLife, Region, Signals, View, explained};
use crate::sync::Ordering::Relaxed;
use crate::wait::eventcount;
use crate::wait::forget_sleeper;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// A place in a channel, held until dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    region: Arc<Region>,
    row: u32,
    /// What the row says as long as this participant has it.
    word: u64,
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
        if region.mark().is_foreign() {
            return Err(JoinError::Forked { channel: region.label().to_owned() });
        }
        // Before anything is touched: behind the end of a truncated file that is SIGBUS.
        check_file(region)?;
        let corrupted = |reason| not_joined(region, reason);
        let life = begin_life(region)?;
        let ours = RowState { life: life.number(), role, state: ParticipantState::Live };
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
                let seat = Self { region: Arc::clone(region), row: rows.start + index as u32, word, life };
                seat.sit_down(name);
                seat.check_still_open()?;
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
        // The last of them, as good as any.
        let pid = rows.clone().last().map_or(0, |row| region.row(row).pid.load(Relaxed) as u32);
        Err(JoinError::RoleTaken { channel: region.label().to_owned(), role: role.name(), seats: rows.len(), pid })
    }

    /// Fills the row that was just taken, and tells the participants that are awake, and those that sleep until another one joins.
    ///
    /// No other sleeper is woken: it waits for what the joiner does next.
    fn sit_down(&self, name: &str) {
        let words = self.region.row(self.row);
        let signals = Signals::of(&self.region, None);
        forget_sleeper(&signals, self.row);
        Counters::reset(words);
        words.pid.store(sys::process_id().into(), Relaxed);
        words.pid_namespace.store(self.life.pid_namespace(), Relaxed);
        words.started_unix_ns.store(sys::unix_time_ns(), Relaxed);
        write_name(words, name);
        announce_to_the_awake(&self.region, Change::Rows(&[self.row]));
        eventcount::notify(&signals, &self.region.control().arrivals);
    }

    /// The status and the name may have changed between opening the channel and taking the seat.
    fn check_still_open(&self) -> Result<(), JoinError> {
        let channel = || self.region.label().to_owned();
        check_file(&self.region)?;
        match self.region.status() {
            Status::Live => Ok(()),
            Status::Closed => Err(JoinError::Closed { channel: channel() }),
            Status::Poisoned(reason) => Err(JoinError::Corrupted { channel: channel(), reason }),
            Status::Initialising => Err(JoinError::Corrupted { channel: channel(), reason: Corruption::Status }),
        }
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
        self.region.row(self.row).state.load(Relaxed) == self.word
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
        if self.region.mark().is_foreign() {
            return;
        }
        // It fails only if a peer wrote to the row.
        let _ = word::leave(&self.region.row(self.row).state, self.word);
        announce(&self.region, Change::Rows(&[self.row]));
    }
}

/// The words contradict each other: marks the channel as beyond use, and says why nobody can join.
pub(crate) fn not_joined(region: &Region, reason: Corruption) -> JoinError {
    region.poison(reason);
    JoinError::Corrupted { channel: region.label().to_owned(), reason }
}

/// What the system refuses at the lock file.
fn lock_file_refused(region: &Region, action: &'static str, source: io::Error) -> JoinError {
    let channel = region.label().to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        return JoinError::LockFile { channel, path: region.lock_label() };
    }
    JoinError::Io { channel, action, source: explained(action, source) }
}

/// Begins a life. Where all lives are locked, tries again for a while: it may be a remover that locked them, whose removal
/// succeeds or fails soon.
fn begin_life(region: &Region) -> Result<Life, JoinError> {
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

/// Stores the name, cut at a character boundary and padded with zeros.
fn write_name(row: &ParticipantRow, name: &str) {
    let mut bytes = [0; NAME_BYTES];
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
    for (word, chunk) in row.name.iter().zip(bytes.as_chunks::<8>().0) {
        word.store(u64::from_le_bytes(*chunk), Relaxed);
    }
}

/// Reads a name that anybody may have written.
pub(crate) fn read_name(row: &ParticipantRow) -> String {
    let mut bytes = [0; NAME_BYTES];
    for (word, chunk) in row.name.iter().zip(bytes.as_chunks_mut::<8>().0) {
        *chunk = word.load(Relaxed).to_le_bytes();
    }
    let used = bytes.iter().position(|&byte| byte == 0).unwrap_or(NAME_BYTES);
    String::from_utf8_lossy(&bytes[..used]).into_owned()
}
