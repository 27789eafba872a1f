//! A participant's seat: its row, and the lock that proves its life.

use super::{Counters, Settle, Tally, announce, rows_of};
use crate::error::{Corruption, JoinError};
use crate::layout::{NAME_BYTES, ParticipantRow, ParticipantState, Role, RowState, Status};
use crate::region::sys;
use crate::region::{FileState, Region, SeatLock, Signals, View, explained};
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::wait::forget_sleeper;
use std::sync::Arc;
use std::time::Duration;

/// A place in a channel, held until dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    region: Arc<Region>,
    row: u32,
    epoch: u32,
    role: Role,
    /// Dropped last: as long as it is held, the row is ours.
    _lock: SeatLock,
}

impl Seat {
    /// Takes a free seat of this role, or one whose holder died, which is reaped.
    pub(crate) fn take(
        region: &Arc<Region>,
        role: Role,
        settle: Settle,
        name: &str,
    ) -> Result<(Self, bool), JoinError> {
        let channel = || region.label().to_owned();
        if region.mark().is_foreign() {
            return Err(JoinError::Forked { channel: channel() });
        }
        // Before anything is touched: behind the end of a truncated file that is SIGBUS.
        check_file(region)?;
        let refused = |source: std::io::Error| match check_file(region) {
            Err(error) => error,
            Ok(()) if source.kind() == std::io::ErrorKind::NotFound => {
                JoinError::LockFile { channel: channel(), path: region.lock_label() }
            }
            Ok(()) => {
                let action = "locking a participant row";
                JoinError::Io { channel: channel(), action, source: explained(action, source) }
            }
        };
        // A seat that is neither free nor held by who is alive is being left, reaped or removed at this moment: it is
        // worth another look, first at once and then for a tenth of a second.
        const TURNS_AT_ONCE: u32 = 100;
        const TURNS: u32 = 200;
        let mut holder = 0;
        for turn in 0..TURNS {
            let mut in_motion = false;
            for row in rows_of(region.geometry(), role) {
                if let Some(lock) = region.try_lock_seat(row).map_err(refused)? {
                    return Self::sit_down(region, row, role, settle, lock, name);
                }
                let words = region.row(row);
                holder = words.pid.load(Relaxed) as u32;
                let state = RowState::from_bits(words.state.load(Acquire));
                in_motion |= state.is_none_or(|state| state.state != ParticipantState::Live)
                    || !region.is_seat_locked(row).map_err(refused)?;
            }
            if !in_motion {
                break;
            }
            if turn < TURNS_AT_ONCE {
                std::thread::yield_now();
            } else {
                sys::pause(Duration::from_millis(1));
            }
        }
        Err(JoinError::RoleTaken {
            channel: channel(),
            role: role.name(),
            seats: rows_of(region.geometry(), role).len() as u32,
            pid: holder,
        })
    }

    /// Returns the seat, and whether its last holder had died in it.
    fn sit_down(
        region: &Arc<Region>,
        row: u32,
        role: Role,
        settle: Settle,
        lock: SeatLock,
        name: &str,
    ) -> Result<(Self, bool), JoinError> {
        let words = region.row(row);
        let Some(before) = RowState::from_bits(words.state.load(Acquire)) else {
            region.poison(Corruption::Participant);
            return Err(JoinError::Corrupted { channel: region.label().to_owned(), reason: Corruption::Participant });
        };
        if before.state == ParticipantState::Live {
            settle(region, row).map_err(|reason| {
                region.poison(reason);
                JoinError::Corrupted { channel: region.label().to_owned(), reason }
            })?;
        }
        let seat = Self { region: Arc::clone(region), row, epoch: before.epoch.wrapping_add(1), role, _lock: lock };
        forget_sleeper(&Signals::of(region, None), row);
        Counters::reset(words);
        words.pid.store(sys::process_id().into(), Relaxed);
        words.started_unix_ns.store(sys::unix_time_ns(), Relaxed);
        words.reaper_pid.store(0, Relaxed);
        write_name(words, name);
        seat.set_state(ParticipantState::Live);
        announce(region);
        // The status and the name may have changed between opening the channel and taking the seat.
        seat.check_still_open()?;
        Ok((seat, before.state == ParticipantState::Live))
    }

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

    fn set_state(&self, state: ParticipantState) {
        let bits = RowState { epoch: self.epoch, role: self.role, state }.bits();
        // EDGE row→look: pairs with the Acquire of whoever looks at the row; its pid and name were stored before, and on
        // leaving, everything that was committed or released.
        self.region.row(self.row).state.store(bits, Release);
    }

    /// The row's number.
    pub(crate) fn row(&self) -> u32 {
        self.row
    }

    /// This participant's counters.
    pub(crate) fn tally(&self) -> Tally {
        Tally::new(View::participant(&self.region, self.row))
    }
}

impl Drop for Seat {
    /// Leaves in good order; in a forked child, touches nothing.
    fn drop(&mut self) {
        if self.region.mark().is_foreign() {
            return;
        }
        self.set_state(ParticipantState::Closed);
        announce(&self.region);
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
