//! A seat goes from a holder to its successor by one CAS: at no moment is it empty, at none has it two holders, and the successor goes on from
//! what the holder left, whoever dies where, and whether or not the holder takes its offer back.
//!
//! What a holder goes on from is a loom cell here: loom reports two that use it at once, and a successor to whom it is not visible.

use loom::cell::Cell;
use loom::thread;
use memlane::layout::{Naming, ParticipantState, Role, RowState};
use memlane::liveness::word;
use memlane::sync::{
    AtomicU64,
    Ordering::{Acquire, Release},
};
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::message::lengths;
use memlane_loom_tests::scenario::{Scenario, receive, small};
use std::rc::Rc;

/// The lives of the holder and of its successors.
const HOLDER: u64 = 5;
const HEIR: u64 = 6;

/// One row, and where its holder stands.
#[derive(Debug, Clone)]
struct Seat(Rc<Words>);

#[derive(Debug)]
struct Words {
    row: AtomicU64,
    position: Cell<u64>,
    /// 1 once it is proved that the holder is dead.
    proof: AtomicU64,
}

impl Seat {
    fn of(naming: Naming) -> Self {
        let row = RowState { naming, ..RowState::live(HOLDER, Role::Receiver) };
        Self(Rc::new(Words { row: AtomicU64::new(row.bits()), position: Cell::new(7), proof: AtomicU64::new(0) }))
    }

    fn says(&self) -> RowState {
        word::look(&self.0.row).expect("a row is sound").0
    }

    /// The holder comes one further, offers the seat, and takes it back where no successor was faster. Whether it has the seat.
    fn hand_over(&self) -> bool {
        let (_, ours) = word::look(&self.0.row).expect("a row is sound");
        let offered =
            word::offer(&self.0.row, ours, || self.0.position.set(8)).expect("nobody takes it from the living");
        if word::take_back(&self.0.row, offered).is_none() {
            return false;
        }
        assert_eq!(self.0.position.get(), 8, "somebody else was in our seat");
        self.0.position.set(9);
        true
    }

    /// A successor takes the seat over, if it is offered, and comes one further.
    fn take_over(&self, life: u64) -> bool {
        let (_, seen) = word::look(&self.0.row).expect("a row is sound");
        if word::take_over(&self.0.row, seen, life).is_none() {
            return false;
        }
        assert_eq!(self.0.position.get(), 8, "a successor goes on where the holder stopped");
        self.0.position.set(9);
        true
    }

    /// Whoever has proved the holder's death buries it.
    fn reap(&self) {
        // The kernel's proof comes behind all that the dead one did.
        if self.0.proof.load(Acquire) == 0 {
            return;
        }
        let (state, seen) = word::look(&self.0.row).expect("a row is sound");
        if state.life == HOLDER && state.state == ParticipantState::Live {
            word::bury(&self.0.row, seen);
        }
    }
}

/// Of the holder, who may die anywhere or take its offer back, its successor and a reaper, one has the seat in the end.
#[test]
fn one_cas_decides_wherever_the_holder_dies() {
    let [over, back, buried] = ["it was handed over", "it was taken back", "its holder was buried"].map(Witness::of);
    let seen = [over.clone(), back.clone(), buried.clone()];
    Model::bounded("handover: the holder dies", 3).thorough().check_crashes(move |crash| {
        let seat = Seat::of(Naming::Unnamed);
        let (heir, reaper) = (seat.clone(), seat.clone());
        let heir = thread::spawn(move || heir.take_over(HEIR));
        let reaper = thread::spawn(move || reaper.reap());
        let kept = crash.of(|| seat.hand_over());
        if kept.is_none() {
            seat.0.proof.store(1, Release);
        }
        let took = heir.join().unwrap();
        reaper.join().unwrap();
        assert!(!(took && kept == Some(true)), "two in one seat");
        assert!(took || kept != Some(false), "it was handed over to nobody");
        let says = seat.says();
        match (took, kept) {
            (true, _) => {
                seen[0].sees_it();
                assert_eq!(
                    says,
                    RowState::live(HEIR, Role::Receiver),
                    "it stays the successor's, whatever became of the holder"
                );
            }
            (false, Some(_)) => {
                seen[1].sees_it();
                assert_eq!(says, RowState::live(HOLDER, Role::Receiver));
            }
            (false, None) if says.state == ParticipantState::Dead => seen[2].sees_it(),
            (false, None) => {
                assert_eq!((says.life, says.state), (HOLDER, ParticipantState::Live), "until it is reaped")
            }
        }
        if took || kept == Some(true) {
            assert_eq!(seat.0.position.get(), 9);
        }
    });
    [over, back, buried].iter().for_each(Witness::testifies);
}

/// Two that want it, one of whom dies anywhere: one has it. And nobody ever sees an empty seat, nor is let into it.
#[test]
fn one_of_two_successors_gets_it_and_nobody_sees_it_empty() {
    let first = Witness::of("the one that may die got it");
    let seen = first.clone();
    Model::bounded("handover: two successors", 2).thorough().check_crashes(move |crash| {
        let seat = Seat::of(Naming::Unnamed);
        let (_, ours) = word::look(&seat.0.row).unwrap();
        word::offer(&seat.0.row, ours, || seat.0.position.set(8)).expect("nobody else is there");
        let (other, peer) = (seat.clone(), seat.clone());
        let other = thread::spawn(move || other.take_over(HEIR + 1));
        let peer = thread::spawn(move || {
            assert_eq!(peer.says().state, ParticipantState::Live, "an empty seat");
            let mut taken = Vec::new();
            let joined = word::take_first([&peer.0.row].into_iter(), RowState::live(9, Role::Receiver), &mut taken);
            assert!(joined.unwrap().is_none() && taken.len() == 1, "a joiner was let in");
        });
        let one = crash.of(|| seat.take_over(HEIR));
        let two = other.join().unwrap();
        peer.join().unwrap();
        let says = seat.says();
        assert_eq!(says.state, ParticipantState::Live);
        match (one, two) {
            (Some(true), false) => seen.sees_it(),
            (Some(false) | None, true) => assert_eq!(says.life, HEIR + 1),
            (None, false) => assert!([HOLDER, HEIR].contains(&says.life), "it died with the seat, or without"),
            (Some(_), _) => panic!("it went to both, or to neither"),
        }
    });
    first.testifies();
}

/// A seat that is kept for a name stays so.
#[test]
fn a_named_seat_keeps_its_name() {
    Model::exhaustive("handover: a named seat").thorough().check(|| {
        let seat = Seat::of(Naming::Named);
        let heir = seat.clone();
        let heir = thread::spawn(move || heir.take_over(HEIR));
        let kept = seat.hand_over();
        assert_ne!(heir.join().unwrap(), kept);
        let says = seat.says();
        assert_eq!((says.naming, says.offered, says.life), (Naming::Named, false, if kept { HOLDER } else { HEIR }));
    });
}

/// A lane's writer hands its seat over, or keeps it, or dies anywhere, while the reader never stops: everything arrives, once and in order.
#[test]
fn a_lane_goes_on_whoever_writes() {
    let over = Witness::of("the lane was handed over");
    let seen = over.clone();
    Model::bounded("handover: a lane's writer", 2).thorough().check_crashes(move |crash| {
        let (scenario, mut writer, mut reader) = Scenario::after(small(), &lengths([0]));
        let row = Rc::new(AtomicU64::new(RowState::live(HOLDER, Role::Sender).bits()));
        let reading = thread::spawn(move || {
            let mut received = Vec::new();
            receive(&mut reader, 2, &mut received);
            (reader, received)
        });
        let (theirs, lane) = (Rc::clone(&row), scenario.clone());
        let heir = thread::spawn(move || {
            let (_, seen) = word::look(&theirs).unwrap();
            word::take_over(&theirs, seen, HEIR)?;
            let mut writer = lane.next_writer();
            assert_eq!(writer.count(), lane.committed.count(), "a successor that begins at an old position");
            lane.committed.send_all(&lengths([8]), &mut writer);
            Some(writer)
        });
        let kept = crash.of(|| {
            scenario.committed.send_all(&lengths([0]), &mut writer);
            let (_, ours) = word::look(&row).unwrap();
            let offered = word::offer(&row, ours, || writer.publish()).unwrap();
            word::take_back(&row, offered)?;
            scenario.committed.send_all(&lengths([8]), &mut writer);
            Some(writer)
        });
        let writer = match (heir.join().unwrap(), kept) {
            (Some(heir), None | Some(None)) => {
                seen.sees_it();
                heir
            }
            (None, Some(Some(holder))) => holder,
            (None, None) => {
                // It is dead, and was joined.
                let writer = scenario.next_writer();
                scenario.committed.settle_doubt(&writer);
                writer
            }
            (Some(_), Some(Some(_))) => panic!("two writers in one lane"),
            (None, Some(None)) => panic!("it was handed over to nobody"),
        };
        let (reader, received) = reading.join().unwrap();
        scenario.settle(1, writer, reader, received);
    });
    over.testifies();
}
