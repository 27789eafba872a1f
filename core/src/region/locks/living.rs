//! Counting the living by a lock file, and shutting everybody out.

use super::lives::{BLOCK, LIVES, LockQuery, is_block};
use super::lock_file::LIFECYCLE;
use crate::error::RemoveError;
use crate::layout::{ParticipantRow, ParticipantState, RowState};
use crate::region::memory::Facts;
use crate::region::sys::{self, Clock, Holder, LockingFile};
use rustix::fd::AsFd;
use std::io;
use std::path::Path;
use std::time::Duration;

/// Why a lock file could not be locked.
#[derive(Debug, Clone, Copy)]
pub(in crate::region) enum InUse {
    /// So many participants are alive.
    By(usize),
    /// Another program holds a lock.
    Locked(Holder),
}

impl InUse {
    /// What keeps a channel from being removed.
    pub(in crate::region) fn refusal(self, channel: &str, lock_path: &Path) -> RemoveError {
        let channel = channel.to_owned();
        match self {
            Self::By(participants) => RemoveError::InUse { channel, participants },
            Self::Locked(holder) => {
                RemoveError::Locked { channel, path: lock_path.display().to_string(), process: holder.process }
            }
        }
    }
}

/// Locks all lives, unless a participant is alive.
///
/// `count` tells how many are alive, where that is known better than by the number of their processes.
pub(in crate::region) fn lock_unless_alive(
    lock_file: &LockingFile,
    count: impl Fn() -> io::Result<usize>,
) -> io::Result<Result<(), InUse>> {
    // A lock that belongs to nobody alive is a joiner's that has no row yet, or a leaver's that has none any more. Either is
    // gone as soon as its thread has a core to itself for a moment, which takes a while on a busy machine.
    const PATIENCE: Duration = Duration::from_millis(50);
    const BETWEEN: Duration = Duration::from_micros(500);
    let deadline = Clock::now().plus(PATIENCE);
    let mut other = None;
    loop {
        if sys::try_write_lock(lock_file, 0, LIFECYCLE)? {
            return Ok(Ok(()));
        }
        let locks = Locks::of(lock_file)?;
        let alive = if locks.blocks > 0 { count()? } else { 0 };
        if alive > 0 {
            return Ok(Err(InUse::By(alive)));
        }
        other = locks.other.or(other);
        if Clock::now() >= deadline {
            if other.is_none() {
                // A read lock keeps others from locking, too.
                other = sys::lock_on(lock_file, 0, LIFECYCLE)?.filter(|holder| !is_block(holder, holder.start / BLOCK));
            }
            return Ok(Err(match other {
                Some(holder) if locks.blocks == 0 => InUse::Locked(holder),
                _ => InUse::By(locks.blocks.max(1)),
            }));
        }
        sys::pause(BETWEEN);
    }
}

/// How many processes take part, whatever the region says.
pub(in crate::region) fn count_processes(lock_file: impl AsFd) -> io::Result<usize> {
    Ok(Locks::of(lock_file)?.blocks)
}

/// How many participants are alive, by the rows in the region's file and the locks.
pub(in crate::region) fn count_alive(file: impl AsFd, lock_file: &LockingFile, facts: &Facts) -> io::Result<usize> {
    const ROW: usize = size_of::<ParticipantRow>();
    let mut rows = vec![0; facts.geometry.participants() as usize * ROW];
    let read = sys::read_at(file, &mut rows, facts.map.participants_at)?;
    let mut query = LockQuery::of(lock_file.as_fd());
    let mut alive = 0;
    for row in rows[..read].chunks_exact(ROW) {
        let state = row.as_chunks::<8>().0[0];
        if let Some(row) = RowState::from_bits(u64::from_le_bytes(state))
            && row.state == ParticipantState::Live
            && !query.is_over(row.life)?
        {
            alive += 1;
        }
    }
    Ok(alive)
}

/// What the lock file's locks tell, whatever the channel's bytes say.
#[derive(Debug, Clone, Copy, Default)]
struct Locks {
    /// Blocks that are locked: processes that take part.
    blocks: usize,
    /// A lock of another shape.
    other: Option<Holder>,
}

impl Locks {
    /// Looks at all write locks where lives are.
    fn of(description: impl AsFd) -> io::Result<Self> {
        let mut found = Self::default();
        // The kernel tells any lock of a range: what is before it and behind it is looked at again.
        let mut unknown = vec![(0, LIVES)];
        while let Some((start, end)) = unknown.pop() {
            if start < end
                && let Some(holder) = sys::write_lock_on(&description, start, end - start)?
            {
                if is_block(&holder, holder.start / BLOCK) {
                    found.blocks += 1;
                } else {
                    found.other = Some(holder);
                }
                let locked_to = if holder.length == 0 { end } else { holder.start.saturating_add(holder.length) };
                unknown.push((start, holder.start.min(end)));
                unknown.push((locked_to.max(start + 1), end));
            }
        }
        Ok(found)
    }
}
