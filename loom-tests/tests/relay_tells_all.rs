//! A handle that has the relay sleep in its place misses nothing: neither a program that polls its descriptor nor a task sleeps on while
//! something is there. And a thread that sleeps beside it is not robbed of its wake-up.
//!
//! Sleeps have no time-out here, so a lost wake is a deadlock, which loom reports.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::relay::{Relayed, Trigger};
use std::sync::Arc;

/// The model's own thread does `own`, another one is the relay, and one each does one of `others`. Everything is taken in the end.
fn explore<const N: usize>(model: Model, own: fn(&Arc<Relayed>), others: [fn(&Arc<Relayed>); N]) {
    let sleep = Witness::of("somebody sleeps");
    let asleep = sleep.clone();
    model.check(move || {
        let relayed = Relayed::new(&asleep);
        let spawn = |life: fn(&Arc<Relayed>)| {
            let relayed = Arc::clone(&relayed);
            thread::spawn(move || life(&relayed))
        };
        let relay = spawn(|it| it.relay());
        let others = others.map(spawn);
        own(&relayed);
        others.into_iter().for_each(|other| other.join().unwrap());
        assert_eq!(relayed.left(), 0);
        relayed.end();
        relay.join().unwrap();
    });
    sleep.testifies();
}

#[test]
fn what_polls_a_descriptor_by_level_misses_nothing() {
    let model = Model::bounded("a descriptor by level", 2);
    explore(model, |it| it.take_polled(2, Trigger::Level), [|it| (0..2).for_each(|_| it.give())]);
}

#[test]
fn what_polls_a_descriptor_by_edge_misses_nothing() {
    let model = Model::bounded("a descriptor by edge", 2);
    explore(model, |it| it.take_polled(2, Trigger::Edge), [|it| (0..2).for_each(|_| it.give())]);
}

#[test]
fn what_polls_a_descriptor_misses_nothing_of_two_givers() {
    let model = Model::bounded("a descriptor, two givers", 1);
    explore(model, |it| it.take_polled(2, Trigger::Level), [|it| it.give(), |it| it.give()]);
}

#[test]
fn a_sleeper_beside_a_descriptor_gets_its_wake_up() {
    let model = Model::bounded("a sleeper beside a descriptor", 1);
    explore(
        model,
        |it| it.take_polled(1, Trigger::Level),
        [|it| it.take_asleep(), |it| (0..2).for_each(|_| it.give())],
    );
}

#[test]
fn a_task_misses_nothing() {
    let model = Model::bounded("a task", 2);
    explore(
        model,
        |it| {
            it.take_as_task(0);
            it.take_as_task(0);
        },
        [|it| (0..2).for_each(|_| it.give())],
    );
}

#[test]
fn a_task_whose_future_is_dropped_misses_nothing() {
    explore(Model::bounded("a dropped future", 2), |it| it.take_as_task(2), [|it| it.give()]);
}

#[test]
fn a_task_that_is_polled_with_another_waker_is_woken_by_that() {
    explore(Model::bounded("another waker", 2), |it| it.take_as_task_polled_twice(), [|it| it.give()]);
}

#[test]
fn a_dropped_future_leaves_to_a_sleeper_what_it_did_not_take() {
    let model = Model::bounded("a dropped future beside a sleeper", 1);
    explore(
        model,
        |it| {
            it.take_as_task(1);
        },
        [|it| it.take_asleep(), |it| (0..2).for_each(|_| it.give())],
    );
}
