//! Of many participants whose slices end, one looks for the dead; a look that its participant does not live to make is made by
//! another one a slice later.
//!
//! The time is given: each participant says when its slice ended. The death is a word that is read and set by
//! read-modify-writes alone, as the kernel knows it: a look that begins later finds it.

use loom::thread;
use memlane::liveness::Probing;
use memlane::sync::{AtomicU64, Ordering::AcqRel};
use memlane_loom_tests::explore::Model;
use std::rc::Rc;

const SLICE: u64 = 1000;

/// The channel's word, and how many looks were made.
#[derive(Debug, Clone)]
struct Channel(Rc<Words>);

#[derive(Debug)]
struct Words {
    last: AtomicU64,
    looks: AtomicU64,
}

impl Channel {
    fn new() -> Self {
        Self(Rc::new(Words { last: AtomicU64::new(0), looks: AtomicU64::new(0) }))
    }

    /// The end of a slice of one participant. Whether it looked.
    fn slice_ends(&self, probing: &mut Probing, now: u64) -> bool {
        let is_due = probing.claim(&self.0.last, now, SLICE);
        if is_due {
            self.0.looks.fetch_add(1, AcqRel);
        }
        is_due
    }

    fn looks(&self) -> u64 {
        self.0.looks.fetch_add(0, AcqRel)
    }
}

/// Whose slices end at about the same moment make one look, neither none nor two.
#[test]
fn of_three_at_once_one_looks() {
    Model::bounded("probing: three at once", 3).thorough().check(|| {
        let channel = Channel::new();
        let others: Vec<_> = (1..3)
            .map(|number| {
                let there = channel.clone();
                thread::spawn(move || there.slice_ends(&mut Probing::new(number), 10 * SLICE + number))
            })
            .collect();
        channel.slice_ends(&mut Probing::new(0), 10 * SLICE);
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(channel.looks(), 1);
    });
}

/// One of two dies, perhaps with a look that it claimed: the other one looks now, or at the end of its next slice.
#[test]
fn the_other_one_dies() {
    Model::exhaustive("probing: the other one dies").thorough().check_crashes(|crash| {
        let channel = Channel::new();
        let there = channel.clone();
        let surviving = thread::spawn(move || {
            let mut probing = Probing::new(1);
            for slice in 10..12 {
                there.slice_ends(&mut probing, slice * SLICE);
            }
        });
        crash.of(|| {
            let _ = channel.slice_ends(&mut Probing::new(0), 10 * SLICE);
        });
        surviving.join().unwrap();
        assert!(channel.looks() >= 1, "two slices, and nobody looked");
    });
}
