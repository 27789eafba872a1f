//! One row is kept for a name, however many join by it, and wherever they die.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::names::{LoomRows, Outcome};

const NAME: u64 = 7;
const OTHER: u64 = 8;

fn has(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Has(_))
}

/// Of two that join by one name, one has it, and the other one is told.
#[test]
fn of_two_that_join_by_one_name_one_has_it() {
    let higher = Witness::of("the one in the higher row has it");
    let witness = higher.clone();
    Model::bounded("names: two join by one", 2).thorough().check(move || {
        let rows = LoomRows::new();
        let theirs = rows.clone();
        let joining = thread::spawn(move || theirs.join(1, NAME, &[]));
        let ours = rows.join(2, NAME, &[]);
        let theirs = joining.join().unwrap();
        assert_eq!([&ours, &theirs].map(has).into_iter().filter(|has| *has).count(), 1, "{ours:?} {theirs:?}");
        assert_eq!(rows.kept_for(NAME), 1);
        for outcome in [ours, theirs] {
            if let Outcome::Has(reader) = outcome {
                if reader.is_in_a_higher_row() {
                    witness.sees_it();
                }
                reader.leave();
            }
        }
        assert!(has(&rows.join(3, NAME, &[])), "it comes back");
        assert_eq!(rows.kept_for(NAME), 1);
    });
    higher.testifies();
}

/// Names that differ are in nobody's way.
#[test]
fn two_that_join_by_two_names_have_them() {
    Model::bounded("names: two join by two", 2).thorough().check(|| {
        let rows = LoomRows::new();
        let theirs = rows.clone();
        let joining = thread::spawn(move || theirs.join(1, NAME, &[]));
        assert!(has(&rows.join(2, OTHER, &[])));
        assert!(has(&joining.join().unwrap()));
        assert_eq!([NAME, OTHER].map(|name| rows.kept_for(name)), [1, 1]);
    });
}

/// One dies anywhere while it joins. What it left is the other one's, or in nobody's way.
#[test]
fn one_of_two_dies_while_it_joins() {
    Model::bounded("names: one of two dies", 1).thorough().check_crashes(|crash| {
        let rows = LoomRows::new();
        let theirs = rows.clone();
        let joining = thread::spawn(move || theirs.join(2, NAME, &[]));
        crash.of(|| drop(rows.join(1, NAME, &[])));
        // Now it is over.
        let theirs = joining.join().unwrap();
        let has_it = has(&theirs);
        let again = rows.join(3, NAME, &[1]);
        assert_eq!(has(&again), !has_it, "{theirs:?} {again:?}");
        assert_eq!(rows.kept_for(NAME), 1);
    });
}

/// Two come back by one name while somebody forgets it: each step is one's alone.
#[test]
fn one_of_two_comes_back_or_begins_anew() {
    let forgotten = Witness::of("it was forgotten before one came back");
    let witness = forgotten.clone();
    Model::bounded("names: two come back", 1).check(move || {
        let rows = LoomRows::new();
        let Outcome::Has(first) = rows.join(1, NAME, &[]) else { panic!("there is nobody else") };
        first.leave();
        let coming = [2, 3].map(|life| {
            let rows = rows.clone();
            thread::spawn(move || {
                let outcome = rows.join(life, NAME, &[]);
                if let Outcome::Has(reader) = &outcome {
                    return Some(reader.comings());
                }
                None
            })
        });
        let is_forgotten = rows.forget(NAME);
        let comings: Vec<_> = coming.into_iter().filter_map(|one| one.join().unwrap()).collect();
        assert_eq!(comings, [if is_forgotten { 1 } else { 2 }]);
        if is_forgotten {
            witness.sees_it();
        }
        assert_eq!(rows.kept_for(NAME), 1);
    });
    forgotten.testifies();
}

/// A row is forgotten and taken under another name. One that looks for that name believes it once the row is kept for it.
#[test]
fn a_name_is_not_taken_for_that_of_the_holder_before() {
    Model::bounded("names: a row changes its name", 2).thorough().check(|| {
        let rows = LoomRows::new();
        let Outcome::Has(first) = rows.join(1, NAME, &[]) else { panic!("there is nobody else") };
        first.leave();
        let theirs = rows.clone();
        let changing = thread::spawn(move || {
            assert!(theirs.forget(NAME));
            assert!(theirs.sits_down(2, OTHER), "under that name, and claims it not yet");
        });
        assert!(!rows.is_known(OTHER), "nobody has claimed it");
        changing.join().unwrap();
    });
}
