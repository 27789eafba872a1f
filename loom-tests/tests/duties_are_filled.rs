//! Whatever becomes of the guardians on duty, others take their place, and none sleeps on beside a duty that is vacant.
//!
//! The guardians without a duty sleep without time-outs, so a call that got lost is a deadlock.

use loom::thread;
use memlane_loom_tests::duties::Watched;
use memlane_loom_tests::explore::{Model, Witness};

/// Lives. Nobody is 0.
const FIRST: u64 = 1;
const SECOND: u64 = 2;
const THIRD: u64 = 3;
const FOURTH: u64 = 4;

fn witness() -> Witness {
    Witness::of("a guardian sleeps")
}

/// Two that come at once to a channel that nobody watches both get a duty, and a third one that comes gets none.
#[test]
fn of_three_that_come_at_once_two_are_on_duty() {
    Model::bounded("duties: three come at once", 3).check(|| {
        let channel = Watched::by([0, 0], &witness());
        let others = [FIRST, SECOND].map(|life| {
            let there = channel.clone();
            thread::spawn(move || there.takes_a_duty(life))
        });
        let mut on_duty = u32::from(channel.takes_a_duty(THIRD));
        for other in others {
            on_duty += u32::from(other.join().unwrap());
        }
        assert_eq!(on_duty, 2);
        channel.is_fully_watched();
    });
}

/// One on duty leaves in good order, or dies on the way, while a third one goes to sleep: the latter gets the duty.
#[test]
fn one_on_duty_goes_or_dies_on_the_way() {
    let sleep = witness();
    let asleep = sleep.clone();
    Model::bounded("duties: one goes or dies on the way", 2).check_crashes(move |crash| {
        let channel = Watched::by([FIRST, SECOND], &asleep);
        let (second, third) = (channel.clone(), channel.clone());
        let watching = thread::spawn(move || second.watches(2));
        let standing_by = thread::spawn(move || third.stands_by(THIRD));
        crash.of(|| channel.retires(FIRST));
        channel.ends(FIRST);
        standing_by.join().unwrap();
        watching.join().unwrap();
        channel.is_fully_watched();
    });
    sleep.testifies();
}

/// One on duty goes in good order, and nobody else watches: a guardian that goes to sleep meanwhile is called, or sees it.
#[test]
fn the_only_one_on_duty_goes() {
    let sleep = witness();
    let asleep = sleep.clone();
    Model::exhaustive("duties: the only one goes").check(move || {
        let channel = Watched::by([FIRST, FOURTH], &asleep);
        let third = channel.clone();
        let standing_by = thread::spawn(move || third.stands_by(THIRD));
        channel.retires(FIRST);
        standing_by.join().unwrap();
        channel.is_fully_watched();
    });
    sleep.testifies();
}

/// One on duty goes, and the one that is called for it dies before it takes the duty, or right behind: the next one is called.
#[test]
fn the_one_that_is_called_dies() {
    let sleep = witness();
    let asleep = sleep.clone();
    Model::bounded("duties: the one that is called dies", 1).check_crashes(move |crash| {
        let channel = Watched::by([FIRST, SECOND], &asleep);
        let (third, fourth, point) = (channel.clone(), channel.clone(), crash.clone());
        let dying = thread::spawn(move || {
            point.of(|| {
                third.stands_by_for_one_call(THIRD);
                third.takes_a_duty(THIRD);
            });
            third.ends(THIRD);
        });
        let standing_by = thread::spawn(move || {
            fourth.stands_by(FOURTH);
            // Where the third one was never called.
            fourth.is_over_for_all();
        });
        channel.retires(FIRST);
        channel.watches(2);
        for other in [dying, standing_by] {
            other.join().unwrap();
        }
        channel.is_fully_watched();
    });
    sleep.testifies();
}

/// One on duty goes, and the one that is called for it goes as well, in good order: it passes the call on.
#[test]
fn the_one_that_is_called_goes() {
    let sleep = witness();
    let asleep = sleep.clone();
    Model::bounded("duties: the one that is called goes", 2).check(move || {
        let channel = Watched::by([FIRST, SECOND], &asleep);
        let (third, fourth) = (channel.clone(), channel.clone());
        let going = thread::spawn(move || {
            third.stands_by_for_one_call(THIRD);
            third.retires(THIRD);
        });
        let standing_by = thread::spawn(move || fourth.stands_by(FOURTH));
        channel.retires(FIRST);
        standing_by.join().unwrap();
        // Where the third one was never called.
        channel.is_over_for_all();
        going.join().unwrap();
        channel.is_fully_watched();
    });
    sleep.testifies();
}

/// Both on duty die at once. What their deaths leave vacant, a participant finds whose slice ends.
#[test]
fn both_die_at_once() {
    let sleep = witness();
    let asleep = sleep.clone();
    Model::bounded("duties: both die at once", 2).check(move || {
        let channel = Watched::by([FIRST, SECOND], &asleep);
        let standing_by = [THIRD, FOURTH].map(|life| {
            let there = channel.clone();
            thread::spawn(move || there.stands_by(life))
        });
        channel.ends(FIRST);
        channel.ends(SECOND);
        channel.looks();
        for other in standing_by {
            other.join().unwrap();
        }
        channel.is_fully_watched();
    });
    sleep.testifies();
}
