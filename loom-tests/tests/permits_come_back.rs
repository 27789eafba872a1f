//! No permit of a semaphore is lost, and none is there twice: whoever dies anywhere, while others acquire, release, add, forget and reap.
//! A participant that sleeps gets the permit that becomes free.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::parking::BACKENDS;
use memlane_loom_tests::permits::LoomPermits;

/// One permit is a lock: loom reports two that touch what it protects, and one that does not see what the last one did.
#[test]
fn one_permit_is_one_holders() {
    let in_vain = Witness::of("the permit is another one's");
    let saw = in_vain.clone();
    Model::bounded("permits: one, two participants", 3).check(move || {
        let permits = LoomPermits::new(2, 1);
        let its = permits.clone();
        let other = thread::spawn(move || its.use_once(1));
        if !permits.use_once(0) {
            saw.sees_it();
        }
        other.join().unwrap();
        assert_eq!(permits.count(), (1, 0));
        assert!(permits.use_once(0), "nobody has it");
    });
    in_vain.testifies();
}

/// One dies anywhere between the first step of acquiring and the last of releasing, while another one uses permits: afterwards there are
/// as many as before.
#[test]
fn a_permit_comes_back_wherever_its_holder_dies() {
    for (places, permits) in [(1, 1), (2, 2)] {
        Model::bounded(&format!("permits: {permits} in {places} places, a holder dies"), 2).check_crashes(
            move |crash| {
                let semaphore = LoomPermits::new(places, permits);
                let (its, crash) = (semaphore.clone(), crash.clone());
                let dying = thread::spawn(move || {
                    crash.of(|| {
                        let mine = its.of(1);
                        let holding = mine.acquire(0).expect("sound");
                        holding.map(|holding| mine.release(holding).expect("its own"))
                    })
                });
                let mine = semaphore.of(0);
                if let Some(holding) = mine.acquire(0).expect("sound") {
                    mine.release(holding).expect("its own");
                }
                dying.join().unwrap();
                semaphore.reap(0, 1);
                assert_eq!(semaphore.count(), (permits, 0));
                for _ in 0..permits {
                    assert!(semaphore.of(0).acquire(0).expect("sound").is_some(), "each can be acquired");
                }
                assert_eq!(semaphore.of(0).acquire(0), Ok(None), "and there are no more");
            },
        );
    }
}

/// Two helpers settle the same death, while another participant acquires what comes back, and may die itself.
#[test]
fn two_helpers_bring_a_permit_back_once() {
    Model::bounded("permits: two helpers, one dies", 2).check_crashes(|crash| {
        let semaphore = LoomPermits::new(1, 1);
        semaphore.of(3).acquire(0).expect("sound").expect("there is one");
        let (its, crash) = (semaphore.clone(), crash.clone());
        let helper = thread::spawn(move || crash.of(|| its.reap(1, 3)));
        semaphore.reap(0, 3);
        let holding = semaphore.of(0).acquire(0).expect("sound").expect("it came back");
        helper.join().unwrap();
        assert_eq!(semaphore.count(), (0, 1), "a late helper frees nobody else's");
        semaphore.of(0).release(holding).expect("it is still this one's");
    });
}

/// A helper is late: the seat of the dead one has a new holder, which has acquired the permit by the time the helper loads its word.
#[test]
fn a_late_helper_takes_nothing_from_the_seats_next_holder() {
    let late = Witness::of("the seat has a new holder while the helper reaps");
    let saw = late.clone();
    Model::bounded("permits: a late helper", 3).check(move || {
        let semaphore = LoomPermits::new(1, 1);
        semaphore.of(3).acquire(0).expect("sound").expect("there is one");
        let its = semaphore.clone();
        let helper = thread::spawn(move || its.reap(1, 3));
        semaphore.reap(0, 3);
        if semaphore.take_seat(3) {
            let holding = semaphore.of(3).acquire(0).expect("sound").expect("it came back");
            saw.sees_it();
            helper.join().unwrap();
            assert_eq!(semaphore.count(), (0, 1));
            semaphore.of(3).release(holding).expect("it is still this one's");
        } else {
            helper.join().unwrap();
        }
    });
    late.testifies();
}

/// Permits go from the pool to places by two participants at once, one of which dies anywhere, while others are used up.
#[test]
fn a_permit_on_its_way_is_brought_on_by_anybody() {
    Model::bounded("permits: refilled by two, one dies", 1).check_crashes(|crash| {
        let semaphore = LoomPermits::new(1, 2);
        let (its, crash) = (semaphore.clone(), crash.clone());
        let dying = thread::spawn(move || {
            crash
                .of(|| {
                    let mine = its.of(1);
                    let holding = mine.acquire(0).expect("sound");
                    holding.map(|holding| mine.forget(holding).expect("its own"))
                })
                .flatten()
        });
        let mine = semaphore.of(0);
        let used = mine.acquire(0).expect("sound").map(|holding| mine.forget(holding).expect("its own"));
        let known_gone = u64::from(used.is_some());
        let its_use = dying.join().unwrap();
        semaphore.reap(0, 1);
        let (available, held) = semaphore.count();
        assert_eq!(held, 0);
        match its_use {
            Some(()) => assert_eq!(available + known_gone, 1, "two were used up"),
            // It died before it used one up, or after it.
            None => assert!((1..=2).contains(&(available + known_gone)), "{available} left, {known_gone} used"),
        }
    });
}

/// What is added while a permit is on its way is not lost.
#[test]
fn permits_are_added_while_one_is_on_its_way() {
    Model::bounded("permits: added meanwhile", 3).check(|| {
        let semaphore = LoomPermits::new(2, 1);
        let its = semaphore.clone();
        let adding = thread::spawn(move || its.of(1).add(1).expect("few enough"));
        let got = semaphore.of(0).acquire(0).expect("sound").is_some();
        assert!(got, "there was one before");
        adding.join().unwrap();
        assert_eq!(semaphore.count(), (1, 1));
        assert!(semaphore.of(0).acquire(0).expect("sound").is_some());
    });
}

/// What one did with a permit before it died is seen by the next that has it.
#[test]
fn what_the_dead_did_is_seen() {
    Model::bounded("permits: what the dead did", 3).thorough().check(|| {
        let semaphore = LoomPermits::new(1, 1);
        let its = semaphore.clone();
        let other = thread::spawn(move || {
            if its.of(3).acquire(0).expect("sound").is_some() {
                its.touch();
                its.reap(1, 3);
            }
        });
        if semaphore.of(0).acquire(0).expect("sound").is_some() {
            semaphore.touch();
        }
        other.join().unwrap();
    });
}

/// What one did before it added a permit is seen by the one that has it.
#[test]
fn what_came_before_a_signal_is_seen_behind_it() {
    let came = Witness::of("the permit that was added is acquired");
    let saw = came.clone();
    Model::bounded("permits: what came before a signal", 3).thorough().check(move || {
        let semaphore = LoomPermits::new(1, 0);
        let its = semaphore.clone();
        let adding = thread::spawn(move || {
            its.touch();
            its.of(1).add(1).expect("few enough");
        });
        if semaphore.of(0).acquire(0).expect("sound").is_some() {
            semaphore.touch();
            saw.sees_it();
        }
        adding.join().unwrap();
    });
    came.testifies();
}

/// Signals: each that is added is one waiter's.
#[test]
fn each_signal_wakes_one() {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("permits: signals", 2)).within(2).check(move || {
            let semaphore = LoomPermits::with(2, 0, backend, &asleep);
            let its = semaphore.clone();
            let waiting = thread::spawn(move || its.wait(1));
            semaphore.add(2, 1);
            semaphore.add(2, 1);
            let holding = semaphore.wait(0);
            semaphore.forget(0, holding);
            waiting.join().unwrap();
            assert_eq!(semaphore.count(), (0, 1));
        });
        sleep.testifies();
    }
}

/// A permit in the pool finds no place, until one is used up: the one that waits gets it then.
#[test]
fn a_place_that_becomes_vacant_is_told_of() {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("permits: a vacant place", 3)).check(move || {
            let semaphore = LoomPermits::with(1, 2, backend, &asleep);
            let first = semaphore.wait(0);
            let its = semaphore.clone();
            let waiting = thread::spawn(move || its.wait(1));
            semaphore.forget(0, first);
            waiting.join().unwrap();
            assert_eq!(semaphore.count(), (0, 1));
        });
        sleep.testifies();
    }
}

/// One that needs two beside one that needs one: both get them.
#[test]
fn two_at_once_and_one_both_come() {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("permits: two at once beside one", 1)).check(move || {
            let semaphore = LoomPermits::with(2, 2, backend, &asleep);
            let held = semaphore.wait_for(2, 2);
            let its = semaphore.clone();
            let two = thread::spawn(move || {
                let both = its.wait_for(1, 2);
                its.give_back(1, &both);
            });
            let its = semaphore.clone();
            let one = thread::spawn(move || {
                let holding = its.wait(0);
                its.give_back(0, &[holding]);
            });
            held.iter().for_each(|&holding| semaphore.give_back(2, &[holding]));
            two.join().unwrap();
            one.join().unwrap();
            assert_eq!(semaphore.count(), (2, 0));
        });
        sleep.testifies();
    }
}

/// A sleeper gets the permit of one that died, by whoever reaps it.
#[test]
fn a_sleeper_gets_a_dead_ones_permit() {
    for backend in BACKENDS {
        let sleep = Witness::of("somebody sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("permits: a sleeper and a death", 3)).check(move || {
            let semaphore = LoomPermits::with(1, 1, backend, &asleep);
            semaphore.of(3).acquire(0).expect("sound").expect("there is one");
            let its = semaphore.clone();
            let waiting = thread::spawn(move || its.wait(1));
            semaphore.reap_and_tell(0, 3);
            waiting.join().unwrap();
            assert_eq!(semaphore.count(), (0, 1));
        });
        sleep.testifies();
    }
}
