//! What a channel's file is overwritten with: in all kinds, and where the messages stand in lanes or in slots.

use super::parts::{Parts, RING_CONTROL_BYTES};
use crate::random::Random;
use crate::subject::Store;

/// What is written.
pub struct Pattern {
    pub name: &'static str,
    pub write: fn(&mut Parts),
    /// Whether somebody else holds locks of no participant's shape all over the lock file.
    pub foreign_locks: bool,
}

const fn pattern(name: &'static str, write: fn(&mut Parts)) -> Pattern {
    Pattern { name, write, foreign_locks: false }
}

/// Lives, or epochs, of nobody.
fn of_the_dead(row: usize, word: u64) -> u64 {
    word.wrapping_add((row as u64 + 1) << 44)
}

/// A stamp so many laps later.
fn laps(count: u64) -> u64 {
    count << 16
}

/// Of all kinds.
const OF_ALL: &[Pattern] = &[
    pattern("nothing", |_| ()),
    pattern("rows say live", |parts| parts.live_rows(|_, word| word)),
    pattern("rows of the dead", |parts| parts.live_rows(of_the_dead)),
    pattern("rows all ones", |parts| parts.image[parts.rows.clone()].fill(0xff)),
    pattern("control all ones", |parts| parts.image[parts.control.clone()].fill(0xff)),
    pattern("data all ones", |parts| parts.image[parts.data.clone()].fill(0xff)),
    pattern("random words", |parts| {
        for part in
            [parts.rows.clone(), parts.control.clone(), parts.rings.clone(), parts.cells.clone(), parts.data.clone()]
        {
            let random = Random::new(7, part.start as u64);
            let random = std::cell::RefCell::new(random);
            parts.each(part, 8, |_, _| random.borrow_mut().below(u64::MAX));
        }
    }),
    Pattern { name: "foreign locks", write: |parts| parts.live_rows(|_, word| word), foreign_locks: true },
    Pattern {
        name: "foreign locks, rows of the dead",
        write: |parts| parts.live_rows(of_the_dead),
        foreign_locks: true,
    },
];

/// Of those whose messages stand in slots.
const OF_SLOTS: &[Pattern] = &[
    pattern("cells all ones", |parts| parts.image[parts.cells.clone()].fill(0xff)),
    pattern("cells all zeros", |parts| parts.image[parts.cells.clone()].fill(0)),
    pattern("stamps a lap ahead", |parts| parts.each(parts.cells.clone(), 8, |_, cell| cell + laps(1))),
    pattern("stamps two laps ahead", |parts| parts.each(parts.cells.clone(), 8, |_, cell| cell + laps(2))),
    pattern("cells of this lap, one slot", |parts| parts.each(parts.cells.clone(), 8, |_, _| laps(1))),
    pattern("cells of this lap, all slots", |parts| {
        let slots = parts.slots as u64;
        parts.each(parts.cells.clone(), 8, |cell, _| laps(1) | (cell as u64 % slots));
    }),
    pattern("cells all ones, rows say live", |parts| {
        parts.image[parts.cells.clone()].fill(0xff);
        parts.live_rows(|_, word| word);
    }),
    pattern("cells of this lap, rows of the dead", |parts| {
        let slots = parts.slots as u64;
        parts.each(parts.cells.clone(), 8, |cell, _| laps(1) | (cell as u64 % slots));
        parts.live_rows(of_the_dead);
    }),
    pattern("heads far ahead", |parts| parts.each(parts.rings.clone(), RING_CONTROL_BYTES, |_, head| head + (1 << 40))),
    pattern("tails far ahead", |parts| {
        let tails = parts.rings.start + 128..parts.rings.end;
        parts.each(tails, RING_CONTROL_BYTES, |_, tail| tail + (1 << 62));
    }),
    pattern("heads and tails all ones", |parts| parts.image[parts.rings.clone()].fill(0xff)),
    pattern("all slots produced", |parts| parts.all_slots(1)),
    pattern("all slots consumed", |parts| parts.all_slots(2)),
    pattern("all slots to be redelivered", |parts| parts.all_slots(3)),
    pattern("all slots returned", |parts| parts.all_slots(4)),
    pattern("all slots consumed, rows say live", |parts| {
        parts.all_slots(2);
        parts.live_rows(|_, word| word);
    }),
    pattern("all slots consumed, rows of the dead", |parts| {
        parts.all_slots(2);
        parts.live_rows(of_the_dead);
    }),
    pattern("all slots to be redelivered, rows of the dead", |parts| {
        parts.all_slots(3);
        parts.live_rows(of_the_dead);
    }),
];

/// Of those whose messages stand in lanes.
const OF_LANES: &[Pattern] = &[
    pattern("the ring all zeros", |parts| parts.image[parts.data.clone()].fill(0)),
    pattern("committed far ahead", |parts| {
        let at = parts.control.start + 256;
        let committed = parts.word(at);
        parts.set(at, committed + (1 << 40));
    }),
    pattern("empty messages all over", |parts| {
        parts.each(parts.data.clone(), 8, |number, _| (number as u64) << 34 | 1 << 32)
    }),
    pattern("paddings all over", |parts| parts.each(parts.data.clone(), 8, |_, _| 2 << 32)),
];

/// Of those that hold a value.
const OF_VALUES: &[Pattern] = &[
    pattern("the root is 0", |parts| parts.set(parts.rings.start, 0)),
    pattern("the root far ahead", |parts| {
        let root = parts.word(parts.rings.start);
        parts.set(parts.rings.start, root + (1 << 40));
    }),
    pattern("the root beyond all versions", |parts| parts.set(parts.rings.start, 1 << 62)),
    pattern("all slots being written", |parts| parts.each_slot(0, |_, sequence| sequence | 1)),
    pattern("all slots a round ahead", |parts| {
        let slots = parts.slots as u64;
        parts.each_slot(0, |_, sequence| sequence + 2 * slots);
    }),
    pattern("values of any length", |parts| parts.each_slot(8, |_, _| u64::MAX)),
];

/// All that a channel with such a store is overwritten with.
pub fn patterns(store: Store) -> impl Iterator<Item = &'static Pattern> {
    OF_ALL.iter().chain(match store {
        Store::Lanes | Store::Fan => OF_LANES,
        Store::Slots => OF_SLOTS,
        Store::Value => OF_VALUES,
    })
}
