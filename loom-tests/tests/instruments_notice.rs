//! What the models rely on notices what it is there for: the fuse kills where it says, a lost wake is a deadlock, an
//! access without order is reported, and so is a lane that does not deliver what was committed.

use loom::thread;
use memlane::ring::log::{LaneGeometry, Position, Ring};
use memlane::sync::AtomicU32;
use memlane::sync::Ordering::Relaxed;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::lane::LoomLane;
use memlane_loom_tests::message::{Message, lengths};
use memlane_loom_tests::parking::{Backend, Event};
use memlane_loom_tests::scenario::{Scenario, small};
use std::rc::Rc;

#[test]
fn the_fuse_kills_right_before_the_operation_that_it_counts_to() {
    Model::exhaustive("the fuse").check_crashes(|crash| {
        let word = AtomicU32::new(0);
        let end = crash.of(|| {
            word.fetch_add(1, Relaxed);
            word.store(word.load(Relaxed) + 1, Relaxed);
            let _ = word.compare_exchange(2, 3, Relaxed, Relaxed);
            "alive"
        });
        let effects = [0, 1, 1, 2, 3][crash.operations().min(4)];
        assert_eq!(word.load(Relaxed), effects, "killed before operation {}", crash.operations());
        assert_eq!(end, (crash.operations() >= 4).then_some("alive"));
    });
}

#[test]
fn what_a_dead_thread_drops_has_no_effect() {
    struct Farewell<'a>(&'a AtomicU32);
    impl Drop for Farewell<'_> {
        fn drop(&mut self) {
            let seen = self.0.load(Relaxed);
            self.0.store(seen + 1, Relaxed);
        }
    }
    Model::exhaustive("a dead thread's destructors").check_crashes(|crash| {
        let word = Rc::new(AtomicU32::new(0));
        let (its_word, crash) = (Rc::clone(&word), crash.clone());
        let dying = thread::spawn(move || {
            let end = crash.of(|| {
                let _farewell = Farewell(&its_word);
                its_word.store(5, Relaxed);
            });
            (end, crash.operations())
        });
        let _ = word.load(Relaxed);
        let (end, operations) = dying.join().unwrap();
        assert_eq!(word.load(Relaxed), [0, 5, 5, 6][operations.min(3)]);
        assert_eq!(end.is_some(), operations >= 3);
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_change_without_a_wake_leaves_the_sleeper_asleep() {
    Model::exhaustive("a change without a wake").check(|| {
        let shared = Rc::new((Event::new(Backend::Futex, &Witness::of("a sleep")), AtomicU32::new(0)));
        let its_shared = Rc::clone(&shared);
        let sleeping = thread::spawn(move || its_shared.0.wait(|| (its_shared.1.load(Relaxed) == 1).then_some(())));
        shared.1.store(1, Relaxed);
        sleeping.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "Causality violation")]
fn a_copy_that_is_not_ordered_after_the_write_is_reported() {
    Model::exhaustive("a copy without order").check(|| {
        let lane = LoomLane::new(LaneGeometry::new(64, 8, 16), 0);
        let its_lane = lane.clone();
        let writing = thread::spawn(move || its_lane.write(Position(8), &[7]));
        lane.read(Position(8), 1);
        writing.join().unwrap();
    });
}

#[test]
#[should_panic(expected = "a header was stored into a payload")]
fn a_header_in_the_middle_of_a_payload_is_reported() {
    Model::exhaustive("a header in a payload").check(|| {
        let (scenario, mut writer, reader) = Scenario::after(small(), &[]);
        assert!(scenario.committed.send(Message::of(8), &mut writer));
        (&scenario.lane).header(Position(8)).store(0, Relaxed);
        scenario.settle(0, writer, reader, Vec::new());
    });
}

#[test]
#[should_panic(expected = "everything that was committed arrives")]
fn a_message_that_never_arrives_is_reported() {
    Model::exhaustive("a message that never arrives").check(|| {
        let (scenario, mut writer, reader) = Scenario::after(small(), &[]);
        let lost = lengths([8, 8]);
        scenario.committed.send_all(&lost, &mut writer);
        (&scenario.lane).header(Position(16)).store(0, Relaxed);
        scenario.settle(0, writer, reader, Vec::new());
    });
}
