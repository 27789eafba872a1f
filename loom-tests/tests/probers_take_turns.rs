//! Of many participants one looks for the dead, and a death is found within two slices of any of them that lives.
//!
//! There is no clock: a slice is a turn. The death is a word that is read and set by read-modify-writes alone, as the kernel
//! knows it: a look that begins later finds it.

use loom::thread;
use memlane::liveness::Probing;
use memlane::sync::{AtomicU64, Ordering::AcqRel};
use memlane_loom_tests::explore::{Model, Witness};
use std::rc::Rc;

const DEAD: u64 = 1;
const FOUND: u64 = 2;

/// The channel's word, and what the kernel knows.
#[derive(Debug, Clone, Default)]
struct Channel(Rc<Words>);

#[derive(Debug)]
struct Words {
    probes: AtomicU64,
    kernel: AtomicU64,
}

impl Default for Words {
    fn default() -> Self {
        Self { probes: AtomicU64::new(0), kernel: AtomicU64::new(0) }
    }
}

impl Channel {
    /// The end of a slice of one participant. Whether it looked.
    fn slice_ends(&self, probing: &mut Probing) -> bool {
        let Some(claim) = probing.claim(&self.0.probes) else { return false };
        if self.kernel() & DEAD != 0 {
            self.0.kernel.fetch_or(FOUND, AcqRel);
        }
        probing.done(&self.0.probes, claim);
        true
    }

    fn kernel(&self) -> u64 {
        self.0.kernel.fetch_or(0, AcqRel)
    }

    fn somebody_dies(&self) {
        self.0.kernel.fetch_or(DEAD, AcqRel);
    }

    fn is_found(&self) -> bool {
        self.kernel() & FOUND != 0
    }
}

/// The other one looks twice, wherever the death falls, and then stops for good. It may be in the middle of a look then.
#[test]
fn the_other_one_stops() {
    let skipped = Witness::of("one of two relied on the other");
    let witness = skipped.clone();
    Model::bounded("probing: the other one stops", 3).thorough().check(move || {
        let channel = Channel::default();
        let there = channel.clone();
        let other = thread::spawn(move || {
            let mut probing = Probing::default();
            for _ in 0..2 {
                there.slice_ends(&mut probing);
            }
        });
        let mut probing = Probing::default();
        channel.somebody_dies();
        for _ in 0..2 {
            if !channel.slice_ends(&mut probing) {
                witness.sees_it();
            }
        }
        other.join().unwrap();
        assert!(channel.is_found(), "two slices, and nobody looked");
    });
    skipped.testifies();
}

/// The same with a slice of ours before the death, and one of three.
#[test]
fn the_others_stop() {
    Model::bounded("probing: the others stop", 1).thorough().check(|| {
        let channel = Channel::default();
        let others: Vec<_> = (0..2)
            .map(|_| {
                let there = channel.clone();
                thread::spawn(move || there.slice_ends(&mut Probing::default()))
            })
            .collect();
        let mut probing = Probing::default();
        channel.slice_ends(&mut probing);
        channel.somebody_dies();
        for _ in 0..2 {
            channel.slice_ends(&mut probing);
        }
        for other in others {
            other.join().unwrap();
        }
        assert!(channel.is_found(), "two slices, and nobody looked");
    });
}

/// The other one dies, perhaps with a look that it claimed right before we would have. That one costs a slice more.
#[test]
fn the_other_one_dies() {
    Model::bounded("probing: the other one dies", 2).thorough().check_crashes(|crash| {
        let channel = Channel::default();
        let there = channel.clone();
        let surviving = thread::spawn(move || {
            let mut probing = Probing::default();
            there.somebody_dies();
            for _ in 0..3 {
                there.slice_ends(&mut probing);
            }
        });
        crash.of(|| {
            let mut probing = Probing::default();
            for _ in 0..2 {
                channel.slice_ends(&mut probing);
            }
        });
        surviving.join().unwrap();
        assert!(channel.is_found(), "three slices, and nobody looked");
    });
}
