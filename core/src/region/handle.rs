//! A region that this process has opened or made.
//!
//! It joins what the rooms below know of it: the mapped bytes and what their header said, the place where they are, and the lives
//! that this process began in it. The words in it are seen through `views`; `file` makes and opens it.
//!
//! - *The mapping stays as long as the region*, which everything that looks into it keeps alive.
//! - *What the header said does not change*, whatever is written to the file.
//! - *The status goes one way*: live, closed. It can be poisoned at any moment, and stays so, for the first reason.

use super::location::Place;
use super::locks::{CurrentBlock, Life, LockFilePath, LockQuery, NoLife, OpenedLockFile};
use super::memory::{Bytes, Facts, MemoryOptions, MemoryReport};
use super::sys::ProcessMark;
use crate::error::Corruption;
use crate::layout::{Geometry, Map, STATUS_AT, Status, StatusCell};
use crate::sync::Ordering::{AcqRel, Acquire, Release};
use std::fmt;
use std::io;

/// A channel's memory, and the lives by which this process proves that its participants are alive.
pub(crate) struct Region {
    /// What people call it: a name, a path, or a description of an unnamed channel.
    label: String,
    bytes: Bytes,
    facts: Facts,
    place: Place,
    mark: ProcessMark,
    memory: MemoryReport,
    lives: CurrentBlock,
}

impl fmt::Debug for Region {
    /// Short: everything that looks at a region prints it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Region").field("label", &self.label).finish_non_exhaustive()
    }
}

impl Region {
    /// A region of this memory, whose header says this. Carries out the `wishes` about it.
    pub(super) fn new(label: &str, bytes: Bytes, facts: Facts, place: Place, wishes: MemoryOptions) -> Self {
        let memory = MemoryReport::carry_out(wishes, &bytes);
        let mark = ProcessMark::current();
        let lives = CurrentBlock::default();
        Self { label: label.to_owned(), bytes, facts, place, mark, memory, lives }
    }

    /// What people call it, for messages.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// What the header said when the region was opened.
    pub(crate) fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The numbers that shape the channel.
    pub(crate) fn geometry(&self) -> &Geometry {
        &self.facts.geometry
    }

    /// How long the file has to be.
    pub(crate) fn total_bytes(&self) -> u64 {
        self.map().total
    }

    /// Where its parts are.
    pub(super) fn map(&self) -> &Map {
        &self.facts.map
    }

    /// Its memory.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Where it is.
    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// Which process opened it.
    pub(crate) fn mark(&self) -> ProcessMark {
        self.mark
    }

    /// What became of the wishes for prefaulting, locking and huge pages.
    pub(crate) fn memory(&self) -> &MemoryReport {
        &self.memory
    }

    fn status_cell(&self) -> &StatusCell {
        self.bytes.shared(STATUS_AT)
    }

    /// What the status word says now.
    pub(crate) fn status(&self) -> Status {
        // EDGE status→look: pairs with the Release in `publish_status`, `set_closed` and `poison`.
        Status::from_bits(self.status_cell().word.load(Acquire))
    }

    /// Live → closed. A poisoned channel stays poisoned.
    pub(crate) fn set_closed(&self) {
        // EDGE status→look: pairs with the Acquire in `status`.
        let _ = self.status_cell().word.compare_exchange(Status::Live.bits(), Status::Closed.bits(), AcqRel, Acquire);
    }

    /// Marks the channel as beyond use. The first reason stays.
    pub(crate) fn poison(&self, reason: Corruption) {
        let cell = self.status_cell();
        // EDGE status→look: pairs with the Acquire in `status`.
        let current = cell.word.load(Acquire);
        if !matches!(Status::from_bits(current), Status::Poisoned(_)) {
            let _ = cell.word.compare_exchange(current, Status::Poisoned(reason).bits(), AcqRel, Acquire);
        }
    }

    /// Begins a life in it: see [`Life`].
    pub(crate) fn begin_life(&self) -> Result<Life, NoLife> {
        self.lives.begin_life(&self.place, &self.control().blocks, self.mark)
    }

    /// To ask which lives are over.
    pub(crate) fn lock_query(&self) -> LockQuery<'_> {
        self.lives.query(&self.place)
    }

    /// Where other threads of this process find the lock file, while the calling thread runs. `None`: it has none.
    ///
    /// # Errors
    /// The descriptor does not stand for the file any more.
    pub(crate) fn lock_file_path(&self) -> io::Result<Option<LockFilePath>> {
        LockFilePath::of(&self.place)
    }

    /// To ask which lives are over, by a thread that has a table of descriptors of its own.
    pub(crate) fn lock_query_by<'a>(&self, lock_file: &'a OpenedLockFile) -> LockQuery<'a> {
        self.lives.query_by(lock_file)
    }

    /// Whether all words that tell others something are among the first `length` bytes: what a truncated file has left.
    pub(crate) fn has_words_within(&self, length: u64) -> bool {
        length >= self.map().data_at
    }

    /// The last step of creation.
    pub(super) fn publish_status(&self) {
        // EDGE status→look: everything in the file was stored before.
        self.status_cell().word.store(Status::Live.bits(), Release);
    }
}
