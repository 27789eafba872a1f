//! A row's first word: by whom it is taken, left and buried, while others do the same.
//!
//! What a holder does with its row is a loom cell here: loom reports two holders at once, and a holder to whom its
//! predecessor's last doings are not visible.

use loom::cell::Cell;
use loom::thread;
use memlane::layout::{ParticipantState, Role, RowState};
use memlane::liveness::word;
use memlane::ring::lanes::tell;
use memlane::sync::{
    AtomicU32, AtomicU64,
    Ordering::{Acquire, Relaxed},
};
use memlane_loom_tests::explore::{Model, Witness};
use std::rc::Rc;

fn row_of(life: u64, state: ParticipantState) -> RowState {
    RowState { state, ..RowState::live(life, Role::Sender) }
}

/// One row, what its holder keeps in it, and what its helpers settle.
#[derive(Debug, Clone)]
struct Row(Rc<Words>);

#[derive(Debug)]
struct Words {
    word: AtomicU64,
    kept: Cell<u64>,
    settled: AtomicU64,
}

impl Row {
    fn says(state: RowState) -> Self {
        Self(Rc::new(Words { word: AtomicU64::new(state.bits()), kept: Cell::new(0), settled: AtomicU64::new(0) }))
    }

    fn state(&self) -> RowState {
        word::look(&self.0.word).expect("a row is sound").0
    }

    /// Takes the row if nobody has it. Its own word, if that succeeded.
    fn take(&self, life: u64) -> Option<u64> {
        let (state, seen) = word::look(&self.0.word).expect("a row is sound");
        if state.state == ParticipantState::Live {
            return None;
        }
        let ours = word::take(&self.0.word, seen, row_of(life, ParticipantState::Live))?;
        self.0.kept.set(life);
        Some(ours)
    }

    fn leave(&self, ours: u64, life: u64) {
        assert_eq!(self.0.kept.get(), life, "somebody else was in our seat");
        assert!(word::still_says(&self.0.word, ours), "nobody takes it from the living");
        assert!(word::leave(&self.0.word, ours));
    }

    /// Reaps the holder of this life, which is over.
    fn reap(&self, life: u64) {
        let (state, proved) = word::look(&self.0.word).expect("a row is sound");
        if state == row_of(life, ParticipantState::Live) {
            self.0.settled.store(life, Relaxed);
            word::bury(&self.0.word, proved);
        }
    }
}

/// One at a time, and each sees what the one before did.
#[test]
fn a_seat_goes_from_hand_to_hand() {
    let passed = Witness::of("one sat down after another");
    let witness = passed.clone();
    Model::exhaustive("rows: from hand to hand").thorough().check(move || {
        let row = Row::says(row_of(0, ParticipantState::Vacant));
        let joining: Vec<_> = [7, 8]
            .map(|life| {
                let row = row.clone();
                thread::spawn(move || {
                    let seat = row.take(life);
                    seat.inspect(|&ours| row.leave(ours, life)).is_some()
                })
            })
            .into();
        let sat = joining.into_iter().map(|joiner| joiner.join().unwrap()).filter(|sat| *sat).count();
        assert!(sat >= 1, "a vacant row was refused to both");
        if sat == 2 {
            witness.sees_it();
        }
        assert_eq!(row.state().state, ParticipantState::Closed);
    });
    passed.testifies();
}

/// Two join, one of them behind the other. A look by a third that was told of the second begins behind no vacant row, so it
/// finds both.
#[test]
fn no_seat_that_was_told_of_is_behind_a_vacant_one() {
    let behind = Witness::of("one joined behind another that had told nobody yet");
    let witness = behind.clone();
    Model::exhaustive("rows: the first vacant one is the end").thorough().check(move || {
        let rows = Rc::new([0, 1].map(|_| AtomicU64::new(row_of(0, ParticipantState::Vacant).bits())));
        let told = Rc::new(AtomicU32::new(0));
        let joining: Vec<_> = [7, 8]
            .map(|life| {
                let (rows, told) = (Rc::clone(&rows), Rc::clone(&told));
                thread::spawn(move || {
                    let ours = row_of(life, ParticipantState::Live);
                    let seat = word::take_first(rows.iter(), ours, &mut Vec::new()).expect("rows are sound");
                    let (index, _) = seat.expect("there are seats for both");
                    if index == 1 {
                        tell([], &told);
                    }
                })
            })
            .into();
        if told.load(Acquire) != 0 {
            witness.sees_it();
            let lives: Vec<_> = word::used(rows.iter()).map(|row| row.expect("rows are sound").0.life).collect();
            assert!(matches!(lives[..], [7, 8] | [8, 7]), "{lives:?}");
        }
        for joiner in joining {
            joiner.join().unwrap();
        }
        assert_eq!(word::used(rows.iter()).count(), 2);
    });
    behind.testifies();
}

/// However late a helper is, the seat's next holder keeps it. And that one sees what was settled.
#[test]
fn a_late_helper_buries_nobody_else() {
    let sat = Witness::of("the seat had a new holder while a helper was late");
    let witness = sat.clone();
    Model::bounded("rows: a late helper", 3).thorough().check(move || {
        let row = Row::says(row_of(1, ParticipantState::Live));
        let helping: Vec<_> = (0..2)
            .map(|_| {
                let row = row.clone();
                thread::spawn(move || row.reap(1))
            })
            .collect();
        if let Some(ours) = row.take(2) {
            witness.sees_it();
            assert_eq!(row.0.settled.load(Relaxed), 1, "the seat was free before all was settled");
            for helper in helping {
                helper.join().unwrap();
            }
            row.leave(ours, 2);
            assert_eq!(row.state(), row_of(2, ParticipantState::Closed));
        } else {
            for helper in helping {
                helper.join().unwrap();
            }
            assert_eq!(row.state(), row_of(1, ParticipantState::Dead));
        }
    });
    sat.testifies();
}

/// A helper that dies leaves the row as it was, or buried.
#[test]
fn a_helper_dies() {
    Model::bounded("rows: a helper dies", 3).thorough().check_crashes(|crash| {
        let row = Row::says(row_of(1, ParticipantState::Live));
        let other = row.clone();
        let joining = thread::spawn(move || {
            other.reap(1);
            other.take(2).is_some()
        });
        crash.of(|| row.reap(1));
        assert!(joining.join().unwrap(), "the seat of a dead one is free once it was reaped");
        assert_eq!(row.0.word.load(Acquire), row_of(2, ParticipantState::Live).bits());
    });
}
