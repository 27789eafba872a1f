//! A look that finds nothing has looked at every lane that was told of before it began, however many senders come and go meanwhile.
//!
//! One thread does everything: what passes by does so at the receiver's own loads.

use memlane::ring::lanes::{Lanes, LanesMemory};
use memlane::sync::{AtomicU32, AtomicU64};
use memlane_loom_tests::explore::Model;
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::lanes::LoomLanes;
use std::cell::Cell;
use std::rc::Rc;

/// Lanes whose receiver sees a whole life of a sender pass by whenever it loads `membership`.
#[derive(Debug, Clone)]
struct Crowded {
    lanes: LoomLanes,
    crowd: Rc<Crowd>,
}

#[derive(Debug)]
struct Crowd {
    /// Senders that are still to come. The last of them commits something.
    coming: Cell<u64>,
    /// Whether the last look at the rows began before the last sender left: the receiver is woken once more.
    is_news: Cell<bool>,
}

impl Crowded {
    fn pass_by(&self) {
        let life = self.crowd.coming.get();
        if life == 0 {
            return;
        }
        // Lives only grow: those that come first are lower.
        let mut sender = self.lanes.join(0, 100 - life);
        if life == 1 {
            sender.send(10);
        }
        sender.leave();
        self.crowd.coming.set(life - 1);
        self.crowd.is_news.set(true);
    }
}

impl LanesMemory for Crowded {
    type Lane = LoomLane;

    fn lanes(&self) -> u32 {
        self.lanes.lanes()
    }

    fn row(&self, lane: u32) -> &AtomicU64 {
        self.lanes.row(lane)
    }

    fn changes(&self, group: u32) -> &AtomicU32 {
        self.crowd.is_news.set(false);
        self.lanes.changes(group)
    }

    fn membership(&self) -> &AtomicU32 {
        self.pass_by();
        self.lanes.membership()
    }

    fn lane(&self, lane: u32) -> LoomLane {
        self.lanes.lane(lane)
    }
}

#[test]
fn who_comes_and_goes_while_a_look_is_on_is_found_or_wakes() {
    Model::bounded("lanes: a crowd passes by", 1).check(|| {
        for coming in 1..16 {
            let crowd = Rc::new(Crowd { coming: Cell::new(0), is_news: Cell::new(false) });
            let memory = Crowded { lanes: LoomLanes::new(), crowd: Rc::clone(&crowd) };
            let mut receiver = Lanes::resume(memory.clone(), memory.lanes.geometry()).expect("all lanes are sound");
            // A change to begin with.
            memory.lanes.join(1, 1).leave();
            crowd.coming.set(coming);
            let found = receiver.poll(|_| {}).expect("all lanes are sound").is_some();
            let is_all_there = crowd.coming.get() == 0;
            assert!(found || crowd.is_news.get() || !is_all_there, "{coming} came, and nobody wakes the receiver");
        }
    });
}
