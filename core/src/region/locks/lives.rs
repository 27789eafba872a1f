//! Lives: the proof that a participant is dead.
//!
//! ```text
//! lock file   0        4096     8192     12288                2⁶¹         2⁶²
//!             ├────────┼────────┼────────┼─ ─ ─ ─ ─ ─ ─ ─ ─ ─ ┼─────────── ┼──────────
//!             │        │block 1 │block 2 │                    │ lifecycle  │ canaries
//! process A             XXXXXXXX                                                          lives 4096 to 8191
//! process B                      XXXXXXXX                                                 lives 8192 to 12287
//! remover      XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX                               nobody lives
//! ```
//!
//! A **life** is a number that a participant has from its joining to its end, and that no other ever has. It stands for the
//! byte of that number in the channel's lock file. A process that takes its first seat draws a **block** of 4,096 numbers
//! from a counter of the channel, and write-locks its bytes with one lock, held by a mapping (see `sys::PinnedLock`). Its
//! further seats take the next numbers, and cost no system call.
//!
//! Invariants:
//! 1. *A life whose byte is not locked by a lock of its whole block is over, for good.* The lock came before the life was
//!    written anywhere, and no process locks that block again: the counter only grows.
//! 2. *A lock goes when the process's memory goes*, and so after its last write. A stopped process keeps it.
//! 3. *Locks of other shapes prove no life*: a remover's, or another program's. They cannot stand beside a block's lock, so
//!    under them all lives are over.
//! 4. *Asking whether a life is over takes no lock.* It opens the lock file for reading; a copy of that descriptor in a child
//!    of this process is harmless.
//!
//! The lock stays as long as a seat of its block is taken. Private channels live and die with their process: their lives are
//! numbers without a lock, and none is ever found to be over.

use super::watched::OpenedLockFile;
use crate::region::location::{NamedPlace, Place};
use crate::region::sys::{self, Holder, KeptFile, Pinned, PinnedLock, ProcessMark, Source};
use crate::sync::AtomicU64;
use crate::sync::Ordering::{AcqRel, Relaxed};
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use std::collections::BTreeMap;
use std::io;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Lives of a block: bytes that one lock covers.
pub(in crate::region) const BLOCK: u64 = 4096;

/// Lives are below this, and so are the bytes that a remover locks: more than any channel needs.
pub(in crate::region) const LIVES: u64 = 1 << 55;

/// A joiner tries so many blocks before it gives up. If a block is locked already, a peer has set the counter back, or another
/// program's lock covers it.
const DRAWS: u32 = 16;

/// A number that no other participant has or had, and the lock that proves it alive, held until dropped.
#[derive(Debug)]
pub(crate) struct Life {
    number: u64,
    /// `None`: the channel is this process's own.
    block: Option<Arc<Block>>,
}

impl Life {
    /// The number. Never 0.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether two lives are surely of one process. Those of one may also be far apart.
    pub(crate) fn are_of_one_process(life: u64, other: u64) -> bool {
        life / BLOCK == other / BLOCK
    }

    /// The PID namespace of its process, by its inode number; 0 if unknown.
    pub(crate) fn pid_namespace(&self) -> u64 {
        self.block.as_ref().map_or(0, |block| block.pid_namespace)
    }
}

/// A block of lives that this process has locked.
#[derive(Debug)]
struct Block {
    number: u64,
    /// How many of its lives were given out.
    used: AtomicU64,
    pid_namespace: u64,
    pin: ManuallyDrop<PinnedLock>,
    mark: ProcessMark,
}

impl Block {
    /// The next life, unless the block is used up.
    fn next(self: &Arc<Self>) -> Option<Life> {
        let used = self.used.fetch_add(1, Relaxed);
        (used < BLOCK).then(|| Life { number: self.number * BLOCK + used, block: Some(Arc::clone(self)) })
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // A forked child does not have the mapping; something else may stand at its address.
        if !self.mark.is_foreign() {
            // SAFETY: dropped here and nowhere else, in the process that made it.
            unsafe { ManuallyDrop::drop(&mut self.pin) }
        }
    }
}

/// The block that this process draws its lives from, as long as a seat holds it.
///
/// A forked child never gets here with its parent's handles, so no lock of the parent's can keep it waiting.
#[derive(Debug, Default)]
pub(in crate::region) struct CurrentBlock(Mutex<Weak<Block>>);

impl CurrentBlock {
    fn get(&self) -> Option<Arc<Block>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).upgrade()
    }

    fn set(&self, block: &Arc<Block>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(block);
    }
}

/// Why a life could not begin.
#[derive(Debug)]
pub(crate) enum NoLife {
    /// The system refused.
    Refused(io::Error),
    /// Another lock stands in the lock file where no participant would put one.
    Locked(Holder),
    /// The counter of blocks is past its end: somebody wrote to it.
    UsedUp,
}

impl From<io::Error> for NoLife {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

impl CurrentBlock {
    /// Begins a life at `place`, whose counter of blocks this is.
    ///
    /// The first life of a process makes a thread, for some ten microseconds, and locks a block. Further ones cost nothing.
    pub(in crate::region) fn begin_life(
        &self,
        place: &Place,
        blocks: &AtomicU64,
        mark: ProcessMark,
    ) -> Result<Life, NoLife> {
        if let Some(life) = self.get().and_then(|block| block.next()) {
            return Ok(life);
        }
        let (mut in_the_way, mut locked) = (None, 0);
        for _ in 0..DRAWS {
            let number = draw_block(blocks)?;
            if let Place::Private = place {
                return Ok(Life { number: number * BLOCK, block: None });
            }
            match PinnedLock::take(lock_source(place)?, number * BLOCK, BLOCK)? {
                Pinned::Held(pin) => {
                    let pin = ManuallyDrop::new(pin);
                    let pid_namespace = sys::pid_namespace();
                    let block = Arc::new(Block { number, used: AtomicU64::new(0), pid_namespace, pin, mark });
                    self.set(&block);
                    return block.next().ok_or(NoLife::UsedUp);
                }
                Pinned::Refused(Some(holder)) if is_block(&holder, number) => locked += 1,
                Pinned::Refused(other) => in_the_way = other.or(in_the_way),
            }
        }
        Err(match in_the_way {
            Some(holder) => NoLife::Locked(holder),
            None if locked == DRAWS => NoLife::UsedUp,
            // What stood in the way went before anybody could look at it.
            None => NoLife::Refused(io::ErrorKind::ResourceBusy.into()),
        })
    }

    /// To ask which lives at `place` are over.
    pub(in crate::region) fn query<'a>(&self, place: &'a Place) -> LockQuery<'a> {
        let file = match place {
            Place::Named(place) => QueriedFile::Named(place, None),
            Place::Anonymous { locks, .. } => QueriedFile::Anonymous(locks),
            Place::Private => QueriedFile::None,
        };
        let own = self.get().map(|block| block.number);
        LockQuery { file, own, answers: BTreeMap::new() }
    }
}

impl CurrentBlock {
    /// To ask through this file which lives are over.
    pub(in crate::region) fn query_by<'a>(&self, lock_file: &'a OpenedLockFile) -> LockQuery<'a> {
        LockQuery { own: self.get().map(|block| block.number), ..LockQuery::of(lock_file.file().as_fd()) }
    }
}

/// Draws a block that no other process draws.
fn draw_block(blocks: &AtomicU64) -> Result<u64, NoLife> {
    // AcqRel: blocks are drawn one after the other.
    let number = blocks.fetch_add(1, AcqRel).wrapping_add(1);
    if (1..LIVES / BLOCK).contains(&number) { Ok(number) } else { Err(NoLife::UsedUp) }
}

/// Where to open the lock file anew.
fn lock_source(place: &Place) -> io::Result<Source<'_>> {
    match place {
        Place::Named(place) => Ok(Source::Path(&place.lock_path, place.lock_id)),
        Place::Anonymous { locks, .. } => Ok(Source::Descriptor(locks.still_ours()?)),
        Place::Private => Err(io::ErrorKind::Unsupported.into()),
    }
}

#[derive(Debug)]
enum QueriedFile<'a> {
    /// Opened by the first question.
    Named(&'a NamedPlace, Option<OwnedFd>),
    Anonymous(&'a KeptFile),
    Kept(BorrowedFd<'a>),
    None,
}

/// Asks the kernel which lives are over. It asks once a block, and opens the lock file at the first question.
#[derive(Debug)]
pub(crate) struct LockQuery<'a> {
    file: QueriedFile<'a>,
    /// This process's block, which needs no question.
    own: Option<u64>,
    answers: BTreeMap<u64, bool>,
}

impl<'a> LockQuery<'a> {
    /// Questions through this descriptor of a lock file, which holds no lock itself.
    pub(in crate::region) fn of(lock_file: BorrowedFd<'a>) -> Self {
        Self { file: QueriedFile::Kept(lock_file), own: None, answers: BTreeMap::new() }
    }

    /// Whether this life is over, for good.
    ///
    /// # Errors
    /// The lock file is gone or another one (`NotFound`), the process is out of descriptors, or the system refuses to tell.
    /// Nothing is proved then, neither about this life nor about any other one but those of this process.
    pub(crate) fn is_over(&mut self, life: u64) -> io::Result<bool> {
        let block = life / BLOCK;
        if self.own == Some(block) {
            return Ok(false);
        }
        if let Some(&answer) = self.answers.get(&block) {
            return Ok(answer);
        }
        let is_alive = match self.file {
            // A private channel's participants are this process.
            QueriedFile::None => true,
            _ => self.holder(block)?.is_some_and(|holder| is_block(&holder, block)),
        };
        self.answers.insert(block, !is_alive);
        Ok(!is_alive)
    }

    /// A write lock on this block.
    fn holder(&mut self, block: u64) -> io::Result<Option<Holder>> {
        let file = match &mut self.file {
            QueriedFile::Named(place, opened) => OwnedFd::as_fd(match opened {
                Some(opened) => opened,
                None => opened.insert(sys::fresh_description(&place.lock_path, place.lock_id, false)?),
            }),
            // It holds no lock, so it sees those of all others.
            QueriedFile::Anonymous(locks) => locks.still_ours()?,
            QueriedFile::Kept(file) => *file,
            QueriedFile::None => return Ok(None),
        };
        if block >= LIVES / BLOCK {
            return Ok(None);
        }
        sys::write_lock_on(file, block * BLOCK, BLOCK)
    }
}

/// Whether this lock was taken by a process that has drawn this block.
pub(in crate::region) fn is_block(holder: &Holder, block: u64) -> bool {
    holder.process.is_none() && (holder.start, holder.length) == (block * BLOCK, BLOCK)
}
