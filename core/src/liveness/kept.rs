//! Receivers' rows that are kept by a name: finding them, and ending that.

use super::names::{NamedRows, find};
use super::reap::{Settle, reap_dead};
use super::rows::{Change, announce, rows_of};
use super::word;
use crate::error::Corruption;
use crate::layout::{NAME_BYTES, ParticipantRow, ParticipantState, Role};
use crate::region::Region;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::io;
use std::sync::Arc;

/// Words of a participant's name.
const NAME_WORDS: usize = NAME_BYTES / 8;

/// A name by which a receiver comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ReaderName([u64; NAME_WORDS]);

impl ReaderName {
    /// A name that stands in a row as it is.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn of(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("is empty"),
            text if text.len() > NAME_BYTES => Err("is too long"),
            text if text.contains('\0') => Err("has a zero byte"),
            text => Ok(Self(name_words(text))),
        }
    }

    pub(super) fn words(&self) -> &[u64] {
        &self.0
    }
}

/// A name as it stands in a row: cut at a character boundary, and padded with zeros.
pub(super) fn name_words(name: &str) -> [u64; NAME_WORDS] {
    let mut bytes = [0; NAME_BYTES];
    let mut end = name.len().min(NAME_BYTES);
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    bytes[..end].copy_from_slice(&name.as_bytes()[..end]);
    let mut words = [0; NAME_WORDS];
    for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
        *word = u64::from_le_bytes(*chunk);
    }
    words
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

/// The receivers' rows of a region.
pub(super) struct ReceiverRows<'a>(pub(super) &'a Region);

impl ReceiverRows<'_> {
    fn first(&self) -> u32 {
        rows_of(self.0.geometry(), Role::Receiver).start
    }

    /// Which of them this row is.
    pub(super) fn index_of(&self, row: u32) -> usize {
        row.saturating_sub(self.first()) as usize
    }

    /// The row that is so many behind the first.
    pub(super) fn row_at(&self, index: usize) -> u32 {
        self.first().saturating_add(index as u32)
    }
}

impl NamedRows for ReceiverRows<'_> {
    fn rows(&self) -> impl Iterator<Item = &AtomicU64> {
        rows_of(self.0.geometry(), Role::Receiver).map(|row| &self.0.row(row).state)
    }

    fn name(&self, index: usize) -> &[AtomicU64] {
        &self.0.row(self.row_at(index)).name
    }
}

/// A row that is kept for a receiver that is away.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Away {
    pub(super) row: u32,
    pub(super) word: u64,
}

/// Who has a name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    /// No row is kept for it.
    Nobody,
    /// A receiver that is away.
    Away(Away),
    /// A receiver that is there, or about to be: this process.
    Alive(u32),
}

/// Why it is not known who has a name.
#[derive(Debug)]
pub(crate) enum Unclear {
    /// The words contradict each other.
    Corrupted(Corruption),
    /// The kernel does not say whether the receiver of that name is alive.
    Unproved(io::Error),
}

impl From<Corruption> for Unclear {
    fn from(reason: Corruption) -> Self {
        Self::Corrupted(reason)
    }
}

/// Looks who has this name. One that has died is found to be away: the dead are looked for first, if there is one of that name.
///
/// Others join, leave, die and are forgotten meanwhile.
///
/// # Errors
/// See [`Unclear`].
pub(crate) fn look_for(region: &Arc<Region>, name: &ReaderName, settle: Settle) -> Result<Kept, Unclear> {
    let rows = ReceiverRows(region);
    let look = || {
        find(&rows, name.words()).map(|found| {
            found.map_or(Kept::Nobody, |found| {
                let row = rows.row_at(found.index);
                match found.row.state {
                    ParticipantState::Away => Kept::Away(Away { row, word: found.word }),
                    _ => Kept::Alive(region.row(row).pid.load(Relaxed) as u32),
                }
            })
        })
    };
    let seen = look()?;
    let Kept::Alive(_) = seen else { return Ok(seen) };
    let doubt = reap_dead(region, settle)?.doubt(Role::Receiver);
    match (look()?, doubt) {
        (Kept::Alive(_), Some(why)) => Err(Unclear::Unproved(why)),
        (kept, _) => Ok(kept),
    }
}

/// Ends the keeping of a row, and tells everybody. False: its receiver came back, or another participant ended it.
pub(crate) fn forget(region: &Arc<Region>, away: Away) -> bool {
    let is_ours = word::forget(&region.row(away.row).state, away.word);
    if is_ours {
        announce(region, Change::Rows(&[away.row]));
    }
    is_ours
}
