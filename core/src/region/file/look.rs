//! What can be seen of a region by reading its file.
//!
//! Any user that may write to a file can cut it short at any moment, and then touching a mapping of it is SIGBUS. So an
//! observer maps nothing: it copies what it needs into memory of its own, a bounded part at a time. The words in front of the
//! ring or the cells (rows, control words) are copied once. Cells, slot words and record headers are copied as they are asked
//! for. Where the file ends too early, words read as zeros, and [`Look::finish`] says so.
//!
//! A word may change while the kernel copies it, and no ordering between words is promised but that of the calls. So what is
//! found here is shown to people, and nothing is decided by it.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects, reason = "a peer may have written any number"))]

use super::open::{self, Access, Recognised};
use crate::error::OpenError;
use crate::layout::{EventControl, Gate, LaneControl, PermitControl, QueueControl, RingControl, ValueControl};
use crate::region::Region;
use crate::region::location::{Location, NamedPlace, Place, not_opened};
use crate::region::locks::lock_file;
use crate::region::memory::{Bytes, Facts, MemoryOptions};
use crate::region::sys;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use rustix::fd::OwnedFd;
use std::cell::{Cell, OnceCell, RefCell};
use std::io;
use std::mem::offset_of;

/// Bytes that are read at once; where the words that count are further apart than that, a line around each.
const CHUNK: usize = 4096;
const LINE: usize = 64;

/// A region as its file shows it.
#[derive(Debug)]
pub(crate) struct Look {
    /// A copy of its words up to the ring, the slots or the cells.
    region: Region,
    file: OwnedFd,
    /// Why something could not be read.
    trouble: OnceCell<io::Error>,
}

impl Look {
    /// Opens the channel at `location`, in whatever state and from whatever boot, to look at it.
    pub(crate) fn at(location: &Location) -> Result<Self, OpenError> {
        let label = &location.label;
        let failed = |action: &'static str| move |source: io::Error| not_opened(label, Some(location), action, source);
        let Recognised { file, file_facts, header, .. } = open::recognise(location, None, Access::Read)?;
        let lock_path = location.lock_path(&header.instance);
        // Without the lock file, nobody is found alive.
        let lock_file = lock_file::open_of(&lock_path, &header, file_facts.owner).ok().flatten();
        let lock_id = lock_file.map_or(file_facts.id, |(_, id)| id);
        let place = NamedPlace { location: location.clone(), id: Some(file_facts.id), lock_path, lock_id };
        let bytes = read_words(&file, &header).map_err(failed("reading the file"))?;
        let region = Region::new(label, bytes, header, Place::Named(place), MemoryOptions::default());
        Ok(Self { region, file, trouble: OnceCell::new() })
    }

    /// The channel, in so far as it does not consist of cells, slots and rings.
    pub(crate) fn region(&self) -> &Region {
        &self.region
    }

    /// Whether all that was looked at was there.
    ///
    /// # Errors
    /// The file was cut short meanwhile, or could not be read.
    pub(crate) fn finish(mut self) -> Result<(), OpenError> {
        let label = self.region.label().to_owned();
        let failed = |source| not_opened(&label, None, "reading the file", source);
        if let Some(trouble) = self.trouble.take() {
            return Err(failed(trouble));
        }
        let (length, needed) = (sys::look_at_open(&self.file).map_err(failed)?.length, self.region.total_bytes());
        if length < needed {
            return Err(OpenError::Truncated { channel: label, length, needed });
        }
        Ok(())
    }

    /// Lane `lane`, with the reader in the first seat.
    pub(crate) fn lane(&self, lane: u32) -> LaneLook<'_> {
        let (geometry, map) = (self.region.geometry(), self.region.map());
        let of_lane = |at: u64, size: usize| at.saturating_add(u64::from(lane).saturating_mul(size as u64));
        let control_at = of_lane(map.lanes_at, size_of::<LaneControl>());
        let gate_at = of_lane(map.gates_at, size_of::<Gate>() * geometry.receivers as usize);
        LaneLook {
            committed: self.word(control_at, offset_of!(LaneControl, committed)),
            count: self.word(control_at, offset_of!(LaneControl, count)),
            consumed: self.word(gate_at, offset_of!(Gate, consumed)),
            ring: Window::new(self, of_lane(map.data_at, geometry.capacity as usize), 8),
            capacity: geometry.capacity,
        }
    }

    /// The slot queue of a region that has one.
    pub(crate) fn slots(&self) -> SlotsLook<'_> {
        let map = self.region.map();
        let positions = |ring: u16| {
            let ring_at = size_of::<QueueControl>() + usize::from(ring) * size_of::<RingControl>();
            let word = |field: usize| self.word(map.queue_at, ring_at + field);
            [word(offset_of!(RingControl, head)), word(offset_of!(RingControl, tail))]
        };
        SlotsLook {
            positions: (0..self.region.geometry().priorities).map(positions).collect(),
            cells: Window::new(self, map.cells_at, 8),
            slots: Window::new(self, map.data_at, self.region.geometry().slot_bytes()),
            look: self,
        }
    }

    /// The value of a region that has one.
    pub(crate) fn values(&self) -> ValuesLook<'_> {
        let (geometry, map) = (self.region.geometry(), self.region.map());
        ValuesLook {
            root: self.word(map.queue_at, offset_of!(ValueControl, root)),
            sequences: Window::new(self, map.data_at, geometry.slot_bytes()),
            lengths: Window::new(self, map.data_at, geometry.slot_bytes()),
            look: self,
        }
    }

    /// The permits of a region that has some.
    pub(crate) fn permits(&self) -> PermitsLook<'_> {
        let (geometry, map) = (self.region.geometry(), self.region.map());
        PermitsLook {
            pool: self.word(map.queue_at, offset_of!(PermitControl, pool)),
            places: Window::new(self, map.data_at, geometry.slot_bytes()),
            count: geometry.slots,
            apart: geometry.slot_bytes(),
        }
    }

    /// The event of a region that has one.
    pub(crate) fn event(&self) -> EventLook<'_> {
        EventLook(self.word(self.region.map().queue_at, offset_of!(EventControl, word)))
    }

    /// The word `offset` bytes behind `at`.
    fn word(&self, at: u64, offset: usize) -> Word<'_> {
        Word { look: self, at: at.saturating_add(offset as u64), seen: AtomicU64::new(0) }
    }

    /// Fills `buffer` from offset `at`, with zeros where the file has ended.
    fn read(&self, buffer: &mut [u8], at: u64) {
        match sys::read_at(&self.file, buffer, at) {
            Ok(read) => buffer[read..].fill(0),
            Err(error) => {
                buffer.fill(0);
                let _ = self.trouble.set(error);
            }
        }
    }
}

/// Copies the words in front of the ring or the cells: at most some hundred KiB.
fn read_words(file: &OwnedFd, header: &Facts) -> io::Result<Bytes> {
    let map = &header.map;
    let end = if header.geometry.row.has_cells() { map.cells_at } else { map.data_at } as usize;
    let mut bytes = Bytes::anonymous(end)?;
    let mut chunk = [0; CHUNK];
    for at in (0..end).step_by(CHUNK) {
        let chunk = &mut chunk[..CHUNK.min(end - at)];
        let read = sys::read_at(file, chunk, at as u64)?;
        bytes.write_unshared(at, &chunk[..read]);
    }
    Ok(bytes)
}

/// One word of the file, read again at each look.
#[derive(Debug)]
struct Word<'a> {
    look: &'a Look,
    at: u64,
    seen: AtomicU64,
}

impl Word<'_> {
    fn again(&self) -> &AtomicU64 {
        let mut bytes = [0; 8];
        self.look.read(&mut bytes, self.at);
        self.seen.store(u64::from_le_bytes(bytes), Relaxed);
        &self.seen
    }
}

/// Words of the file that stand together, read when one of them is asked for.
#[derive(Debug)]
struct Window<'a> {
    look: &'a Look,
    base: u64,
    /// Bytes that are read at once: a power of two.
    span: usize,
    /// Where they stand, from `base` on; `None`: they have to be read again.
    from: Cell<Option<u64>>,
    chunk: RefCell<[u8; CHUNK]>,
    /// The word that was asked for.
    seen: AtomicU64,
}

impl<'a> Window<'a> {
    /// `apart`: how many bytes lie between the words that will be asked for.
    fn new(look: &'a Look, base: u64, apart: u64) -> Self {
        let span = if apart < CHUNK as u64 { CHUNK } else { LINE };
        let (from, chunk) = (Cell::new(None), RefCell::new([0; CHUNK]));
        Self { look, base, span, from, chunk, seen: AtomicU64::new(0) }
    }

    /// What was read is forgotten.
    fn forget(&self) {
        self.from.set(None);
    }

    /// The word `at` bytes behind the base, rounded down to a multiple of 8. It stays what it is until another one is asked
    /// for.
    fn word(&self, at: u64) -> &AtomicU64 {
        let mut chunk = self.chunk.borrow_mut();
        let chunk = &mut chunk[..self.span];
        let within = at & (self.span - 1) as u64;
        let from = at.wrapping_sub(within);
        if self.from.replace(Some(from)) != Some(from) {
            self.look.read(chunk, self.base.saturating_add(from));
        }
        let word = chunk.as_chunks::<8>().0[within as usize / 8];
        self.seen.store(u64::from_le_bytes(word), Relaxed);
        &self.seen
    }
}

/// One lane of a look.
#[derive(Debug)]
pub(crate) struct LaneLook<'a> {
    committed: Word<'a>,
    count: Word<'a>,
    consumed: Word<'a>,
    ring: Window<'a>,
    capacity: u64,
}

/// The record headers of a lane.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingLook<'a>(&'a LaneLook<'a>);

impl LaneLook<'_> {
    /// Where the writer stands, as it published it. What was read of the ring before is forgotten.
    pub(crate) fn committed(&self) -> &AtomicU64 {
        self.ring.forget();
        self.committed.again()
    }

    /// How many messages it committed, as it published it.
    pub(crate) fn count(&self) -> &AtomicU64 {
        self.count.again()
    }

    /// Where the reader stands.
    pub(crate) fn consumed(&self) -> &AtomicU64 {
        self.consumed.again()
    }

    /// The ring.
    pub(crate) fn ring(&self) -> RingLook<'_> {
        RingLook(self)
    }
}

impl<'a> RingLook<'a> {
    /// The ring's word at this position, which wraps.
    pub(crate) fn word(self, position: u64) -> &'a AtomicU64 {
        self.0.ring.word(position & self.0.capacity.wrapping_sub(1))
    }
}

/// The slot queue of a look.
#[derive(Debug)]
pub(crate) struct SlotsLook<'a> {
    look: &'a Look,
    /// Head and tail of each ring.
    positions: Vec<[Word<'a>; 2]>,
    cells: Window<'a>,
    slots: Window<'a>,
}

impl SlotsLook<'_> {
    /// The words of the queue as a whole.
    pub(crate) fn control(&self) -> &QueueControl {
        self.look.region().queue()
    }

    /// A ring's head. What was read of the cells before is forgotten.
    pub(crate) fn head(&self, ring: u8) -> &AtomicU64 {
        self.cells.forget();
        self.positions[usize::from(ring)][0].again()
    }

    /// A ring's tail.
    pub(crate) fn tail(&self, ring: u8) -> &AtomicU64 {
        self.positions[usize::from(ring)][1].again()
    }

    /// A cell of a ring; the index wraps.
    pub(crate) fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        let cells = self.look.region.geometry().cells();
        let cell = u64::from(ring).wrapping_mul(cells).wrapping_add(index & cells.wrapping_sub(1));
        self.cells.word(cell.wrapping_mul(8))
    }

    /// A slot's word.
    pub(crate) fn word(&self, slot: u16) -> &AtomicU64 {
        self.slots.word(self.slot_at(slot))
    }

    /// A slot's header.
    pub(crate) fn header(&self, slot: u16) -> &AtomicU64 {
        self.slots.word(self.slot_at(slot).wrapping_add(8))
    }

    fn slot_at(&self, slot: u16) -> u64 {
        u64::from(slot).wrapping_mul(self.look.region.geometry().slot_bytes())
    }
}

/// The value of a look.
#[derive(Debug)]
pub(crate) struct ValuesLook<'a> {
    look: &'a Look,
    root: Word<'a>,
    /// A word stays what it is until another one is asked for, and both of a slot are asked for at once.
    sequences: Window<'a>,
    lengths: Window<'a>,
}

impl ValuesLook<'_> {
    /// How many versions have a slot.
    pub(crate) fn slots(&self) -> u32 {
        self.look.region().geometry().slots
    }

    /// The longest value in bytes.
    pub(crate) fn length_max(&self) -> u64 {
        self.look.region().geometry().max_message
    }

    /// Which version is the latest. What was read of the slots before is forgotten.
    pub(crate) fn root(&self) -> &AtomicU64 {
        self.sequences.forget();
        self.lengths.forget();
        self.root.again()
    }

    /// The slot of this version.
    pub(crate) fn slot_of(&self, version: u64) -> ValueLook<'_> {
        let slot = version & u64::from(self.slots().wrapping_sub(1));
        ValueLook { values: self, at: slot.wrapping_mul(self.look.region().geometry().slot_bytes()) }
    }
}

/// A slot of the value of a look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ValueLook<'a> {
    values: &'a ValuesLook<'a>,
    at: u64,
}

impl ValueLook<'_> {
    /// Its sequence.
    pub(crate) fn sequence(&self) -> &AtomicU64 {
        self.values.sequences.word(self.at)
    }

    /// The length of its value.
    pub(crate) fn length(&self) -> &AtomicU64 {
        self.values.lengths.word(self.at.wrapping_add(8))
    }
}

/// The permits of a look.
#[derive(Debug)]
pub(crate) struct PermitsLook<'a> {
    pool: Word<'a>,
    places: Window<'a>,
    count: u32,
    /// Bytes from place to place.
    apart: u64,
}

impl PermitsLook<'_> {
    /// How many places there are.
    pub(crate) fn places(&self) -> u32 {
        self.count
    }

    /// The word of a place.
    pub(crate) fn place(&self, index: u32) -> &AtomicU64 {
        self.places.word(u64::from(index).wrapping_mul(self.apart))
    }

    /// The pool's word. What was read of the places before is forgotten.
    pub(crate) fn pool(&self) -> &AtomicU64 {
        self.places.forget();
        self.pool.again()
    }
}

/// The event of a look.
#[derive(Debug)]
pub(crate) struct EventLook<'a>(Word<'a>);

impl EventLook<'_> {
    /// Its word.
    pub(crate) fn word(&self) -> &AtomicU64 {
        self.0.again()
    }
}
