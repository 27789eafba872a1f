//! Where what stands in a channel's file, by `docs/layout.md`, to be overwritten part by part.

use anyhow::Result;
use std::fs::File;
use std::ops::Range;
use std::os::unix::fs::FileExt;

/// Where what stands, by `docs/layout.md`.
pub struct Parts {
    pub image: Vec<u8>,
    senders: usize,
    pub rows: Range<usize>,
    pub control: Range<usize>,
    /// mpmc: the controls of its rings; watch: the one of its value, which begins with the root.
    pub rings: Range<usize>,
    pub cells: Range<usize>,
    /// Slots, or the ring of a lane.
    pub data: Range<usize>,
    slot_bytes: usize,
    pub slots: usize,
}

const ROW_BYTES: usize = 256;
pub const RING_CONTROL_BYTES: usize = 256;
const VALUE_CONTROL_BYTES: usize = 128;

impl Parts {
    pub fn of(file: &File) -> Result<Self> {
        let mut image = vec![0; file.metadata()?.len() as usize];
        file.read_exact_at(&mut image, 0)?;
        let number = |at: usize, bytes: usize| {
            image[at..at + bytes].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
        };
        let [rows_at, control_at, data_at, queue_at, cells_at] = [112, 120, 144, 184, 192].map(|at| number(at, 8));
        let (slots, priorities, senders) = (number(176, 4), number(180, 2), number(92, 4));
        let cells = slots.next_power_of_two().max(64) * priorities * 8;
        let rings_at = cells_at.saturating_sub(priorities * RING_CONTROL_BYTES);
        let (rings, cells, control_end) = match (slots, cells_at) {
            (0, _) => (0..0, 0..0, data_at),
            (_, 0) => (queue_at..queue_at + VALUE_CONTROL_BYTES, 0..0, queue_at),
            _ => (rings_at..cells_at, cells_at..cells_at + cells, rings_at),
        };
        Ok(Self {
            senders,
            rows: rows_at..control_at,
            control: control_at..control_end,
            rings,
            cells,
            data: data_at..image.len(),
            slot_bytes: (image.len() - data_at).checked_div(slots).unwrap_or(0),
            slots,
            image,
        })
    }

    pub fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.image[at..at + 8].try_into().expect("eight bytes"))
    }

    pub fn set(&mut self, at: usize, word: u64) {
        self.image[at..at + 8].copy_from_slice(&word.to_le_bytes());
    }

    /// Each word of this part becomes another one.
    pub fn each(&mut self, part: Range<usize>, step: usize, change: impl Fn(usize, u64) -> u64) {
        for (number, at) in part.step_by(step).enumerate() {
            let word = change(number, self.word(at));
            self.set(at, word);
        }
    }

    /// All rows say what those say that are alive; or something else, by their number.
    pub fn live_rows(&mut self, change: impl Fn(usize, u64) -> u64) {
        let senders = self.senders;
        let [sender, receiver] = [0, senders].map(|row| self.word(self.rows.start + row * ROW_BYTES));
        let of = |row| if row < senders { sender } else { receiver };
        self.each(self.rows.clone(), ROW_BYTES, |row, _| change(row, of(row)));
    }

    /// All slots are in this state, and the rows' in turn.
    pub fn all_slots(&mut self, state: u64) {
        let rows = self.rows.len() / ROW_BYTES;
        self.each_slot(0, |slot, _| 1 << 19 | state << 16 | (slot % rows) as u64);
    }

    /// The word that stands so many bytes into each slot becomes another one.
    pub fn each_slot(&mut self, skip: usize, change: impl Fn(usize, u64) -> u64) {
        self.each(self.data.start + skip..self.data.end, self.slot_bytes, change);
    }
}
