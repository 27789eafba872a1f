//! Tests: how many words a call looks at has a bound, even if a peer has written all of them. The tests count accesses, and time
//! nothing.

use super::{Delivery, Queue, SlotGeometry, SlotMemory};
use crate::error::Corruption;
use crate::layout::{RowIndex, SlotHeader, SlotState, SlotWord};
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::cell::Cell;

/// A queue's words in private memory, with a count of the accesses to them.
#[derive(Debug)]
struct Counted {
    geometry: SlotGeometry,
    words: Vec<AtomicU64>,
    accesses: Cell<u64>,
}

impl Counted {
    fn new(slots: u32, rings: u8) -> Self {
        let geometry = SlotGeometry::new(slots, u64::from(slots).next_power_of_two().max(64), rings);
        let words = 2 * u64::from(slots) + u64::from(rings) * (geometry.cells() + 2) + 2;
        Self { geometry, words: (0..words).map(|_| AtomicU64::new(0)).collect(), accesses: Cell::new(0) }
    }

    fn at(&self, index: u64) -> &AtomicU64 {
        self.accesses.set(self.accesses.get() + 1);
        &self.words[index as usize]
    }

    fn cells_at(&self) -> u64 {
        2 * u64::from(self.geometry.slots())
    }

    fn positions_at(&self) -> u64 {
        self.cells_at() + u64::from(self.geometry.rings()) * self.geometry.cells()
    }
}

impl SlotMemory for &Counted {
    fn slot(&self, slot: u16) -> &AtomicU64 {
        self.at(slot.into())
    }

    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        self.at(u64::from(self.geometry.slots()) + u64::from(slot))
    }

    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        self.at(self.cells_at() + u64::from(ring) * self.geometry.cells() + index)
    }

    fn head(&self, ring: u8) -> &AtomicU64 {
        self.at(self.positions_at() + 2 * u64::from(ring))
    }

    fn tail(&self, ring: u8) -> &AtomicU64 {
        self.at(self.positions_at() + 2 * u64::from(ring) + 1)
    }

    fn returned(&self) -> &AtomicU64 {
        self.at(self.positions_at() + 2 * u64::from(self.geometry.rings()))
    }

    fn searched(&self) -> &AtomicU64 {
        self.at(self.positions_at() + 2 * u64::from(self.geometry.rings()) + 1)
    }
}

/// What may stand in a word that was forged, by the word's index.
type Forged = fn(u64) -> u64;

/// All the words of a kind.
const SLOTS: [Forged; 6] = [
    |_| 0,
    |_| u64::MAX,
    |_| SlotWord::FRESH.next(SlotState::Consumed, RowIndex(3)).bits(),
    |_| SlotWord::FRESH.next(SlotState::Produced, RowIndex(3)).bits(),
    |_| SlotWord::FRESH.next(SlotState::Redeliver, RowIndex(0)).bits(),
    |index| index.wrapping_mul(0x9e37_79b9_7f4a_7c15),
];
const CELLS: [Forged; 6] = [
    |_| 0,
    |_| u64::MAX,
    |index| 1 << 16 | (index & 0xffff),
    |index| 2 << 16 | (index & 0xffff),
    |index| (index % 3) << 16,
    |index| index.wrapping_mul(0x9e37_79b9_7f4a_7c15),
];
const POSITIONS: [Forged; 7] = [
    |_| 0,
    |_| u64::MAX,
    |_| 64,
    |index| index,
    |_| 1 << 40,
    |index| if index % 2 == 0 { 0 } else { u64::MAX },
    |_| 1 << 63,
];

#[test]
fn bytes_at_rest_end_every_call_after_a_walk_over_slots_and_cells() {
    let calls: [(&str, fn(&mut Queue<&Counted>)); 11] = [
        ("take", |queue| {
            let _ = queue.take();
        }),
        ("take_fast", |queue| {
            let _ = queue.take_fast();
        }),
        ("take_batch_from", |queue| {
            let _ = queue.take_batch_from(0, usize::MAX, &mut Vec::new());
        }),
        ("alloc", |queue| {
            let _ = queue.alloc();
        }),
        ("alloc_hinted", |queue| {
            let _ = queue.alloc_hinted();
        }),
        ("alloc_sampled", |queue| {
            let _ = queue.alloc_sampled();
        }),
        ("commit", |queue| {
            if let Some(loan) = queue.alloc() {
                let _ = queue.commit(loan, SlotHeader::new(8, 0));
            }
        }),
        ("commit_next", |queue| {
            let mut batch = queue.begin_batch(0);
            for _ in 0..3 {
                let Some(loan) = queue.alloc() else { break };
                let _ = queue.commit_next(&mut batch, loan, 8);
            }
            queue.end_batch(&mut batch);
        }),
        ("give_back", |queue| {
            if let Ok(Some(delivery)) = queue.take() {
                let _ = queue.give_back(delivery, 0);
            }
        }),
        ("is_drained", |queue| {
            let _ = (queue.is_drained(), queue.first_to_come_back(), queue.glance(), queue.glance_free());
        }),
        ("queued", |queue| {
            let _ = super::queued(queue.memory(), queue.geometry());
        }),
    ];
    for (slots, rings) in [(2u32, 1u8), (64, 1), (100, 2), (1024, 8)] {
        let mut memory = Counted::new(slots, rings);
        let geometry = memory.geometry;
        // A step takes a few accesses.
        let walk = u64::from(slots) + 2 * geometry.cells() * u64::from(rings);
        let (cells_at, positions_at) = (memory.cells_at(), memory.positions_at());
        for (name, call) in calls {
            for pattern in 0..SLOTS.len() * CELLS.len() * POSITIONS.len() {
                let (slot, cell) = (SLOTS[pattern % 6], CELLS[pattern / 6 % 6]);
                let position = POSITIONS[pattern / 36];
                for (index, word) in (0..).zip(&mut memory.words) {
                    let bits = match index {
                        _ if index < cells_at => slot(index),
                        _ if index < positions_at => cell((index - cells_at) % geometry.cells()),
                        _ => position(index - positions_at),
                    };
                    *word = AtomicU64::new(bits);
                }
                memory.accesses.set(0);
                call(&mut Queue::new(&memory, geometry, RowIndex(1)));
                let accesses = memory.accesses.get();
                assert!(accesses <= 8 * walk, "{name} of {slots} slots, pattern {pattern}: {accesses} accesses");
            }
        }
    }
}

#[test]
fn a_cell_that_is_filled_for_a_later_lap_where_head_stands_is_corruption() {
    let memory = Counted::new(64, 1);
    for cell in &memory.words[memory.cells_at() as usize..memory.positions_at() as usize] {
        cell.store(u64::MAX, Relaxed);
    }
    let mut queue = Queue::new(&memory, memory.geometry, RowIndex(1));
    memory.accesses.set(0);
    assert_eq!(queue.take().unwrap_err(), Corruption::Positions);
    assert_eq!(queue.take_batch_from(0, 3, &mut Vec::new()).unwrap_err(), Corruption::Positions);
    let loan = queue.alloc().unwrap();
    assert_eq!(queue.commit(loan, SlotHeader::new(8, 0)).unwrap_err(), Corruption::Positions);
    assert!(memory.accesses.get() < 40, "{} accesses", memory.accesses.get());
}

/// A queue of so many slots, all of which are queued.
fn filled(memory: &Counted) -> Queue<&Counted> {
    let mut queue = Queue::new(memory, memory.geometry, RowIndex(1));
    while let Some(loan) = queue.alloc() {
        queue.commit(loan, SlotHeader::new(8, 0)).unwrap();
    }
    queue
}

#[test]
fn a_full_queue_is_found_full_by_a_look() {
    let memory = Counted::new(65_536, 2);
    let mut queue = filled(&memory);
    memory.accesses.set(0);
    assert!(queue.alloc_sampled().is_none());
    assert!(queue.alloc().is_none());
    assert!(memory.accesses.get() < 32, "{} accesses", memory.accesses.get());
    // Receivers hold some.
    let held: Vec<Delivery> = (0..100).map(|_| queue.take().unwrap().unwrap()).collect();
    memory.accesses.set(0);
    assert!(queue.alloc_sampled().is_none());
    assert!(memory.accesses.get() < 256, "{} accesses", memory.accesses.get());
    // Those of a long run come free: the next search finds them.
    held.into_iter().for_each(|delivery| queue.acknowledge(delivery).unwrap());
    let run: Vec<Delivery> = (0..1000).map(|_| queue.take().unwrap().unwrap()).collect();
    run.into_iter().for_each(|delivery| queue.acknowledge(delivery).unwrap());
    assert!(queue.alloc_sampled().is_some());
}

#[test]
fn a_single_free_slot_is_found_after_a_few_searches() {
    for (slots, reversed) in
        [1u32, 2, 63, 64, 65, 127, 128, 129, 1000, 2000].into_iter().flat_map(|n| [(n, false), (n, true)])
    {
        let memory = Counted::new(slots, 1);
        let mut queue = filled(&memory);
        let mut held: Vec<Delivery> = (0..slots).map(|_| queue.take().unwrap().unwrap()).collect();
        if reversed {
            // None is near the cursor, which stands behind the last one.
            held.reverse();
        }
        for delivery in held {
            queue.acknowledge(delivery).unwrap();
            let searches = (0..slots.div_ceil(128)).position(|_| queue.alloc_sampled().is_some());
            assert!(searches.is_some(), "slot {} of {slots}", delivery.slot());
            assert!(queue.alloc().is_none(), "it was the only one");
        }
    }
}

#[test]
fn a_look_for_what_others_hold_starts_at_what_was_held_last() {
    let memory = Counted::new(65_536, 1);
    let queue = filled(&memory);
    let mut held: Vec<Delivery> = (0..65_536).map(|_| queue.take().unwrap().unwrap()).collect();
    let last = held.pop().unwrap();
    held.into_iter().for_each(|delivery| queue.acknowledge(delivery).unwrap());
    let mut other = Queue::new(&memory, memory.geometry, RowIndex(2));
    assert!(!other.is_drained());
    memory.accesses.set(0);
    assert!(!other.is_drained() && other.first_to_come_back().is_some());
    assert_eq!(memory.accesses.get(), 2);
    queue.acknowledge(last).unwrap();
    assert!(other.is_drained() && other.first_to_come_back().is_none());
}

/// A queue whose receivers and senders go on at every look: head and tail move on with each access to them.
#[derive(Debug)]
struct Running<'a>(&'a Counted);

impl SlotMemory for Running<'_> {
    fn slot(&self, slot: u16) -> &AtomicU64 {
        (&self.0).slot(slot)
    }

    fn slot_header(&self, slot: u16) -> &AtomicU64 {
        (&self.0).slot_header(slot)
    }

    fn cell(&self, ring: u8, index: u64) -> &AtomicU64 {
        let (mut sender, receiver) = (filled(self.0), Queue::new(self.0, self.0.geometry, RowIndex(2)));
        for _ in 0..100 {
            let delivery = receiver.take().unwrap().unwrap();
            receiver.acknowledge(delivery).unwrap();
            let loan = sender.alloc().unwrap();
            sender.commit(loan, SlotHeader::new(8, 0)).unwrap();
        }
        (&self.0).cell(ring, index)
    }

    fn head(&self, ring: u8) -> &AtomicU64 {
        (&self.0).head(ring)
    }

    fn tail(&self, ring: u8) -> &AtomicU64 {
        (&self.0).tail(ring)
    }

    fn returned(&self) -> &AtomicU64 {
        (&self.0).returned()
    }

    fn searched(&self) -> &AtomicU64 {
        (&self.0).searched()
    }
}

#[test]
fn no_more_messages_are_counted_than_there_are_slots_however_fast_they_come_and_go() {
    for slots in [1, 2, 63] {
        let memory = Counted::new(slots, 1);
        let queued = super::queued(&Running(&memory), &memory.geometry);
        assert!(queued <= slots.into(), "{queued} of {slots}");
        filled(&memory);
        assert_eq!(super::queued(&&memory, &memory.geometry), slots.into(), "nothing moves: exact");
    }
}
