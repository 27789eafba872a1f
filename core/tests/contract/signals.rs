//! What semaphores and events do, with either way of waking, wherever they live, whoever the peer is.

use crate::case::{Case, Place};
use crate::deaths::kill;
use crate::peer::{Peer, Talk};
use crate::stage::{SHORT, create_with, open, start_to};
use crate::support::eventually;
use crate::support::stage::trust;
use memlane::{
    AcquireError, AcquireTimeoutError, EventError, EventTimeoutError, JoinError, Strategy, TryAcquireError, event,
    semaphore,
};

over_signals! {
    a_permit_that_comes_back_wakes_one_that_sleeps
    signals_are_each_waited_for_once
    a_wait_for_a_permit_ends_at_its_deadline
    a_closed_semaphore_ends_the_waits
    every_set_wakes_a_waiter_that_sleeps
    every_set_is_counted_by_each
    a_wait_for_a_set_ends_at_its_deadline
    a_closed_event_ends_the_waits_behind_its_sets
}

over_signalling_processes! {
    what_a_killed_holder_had_comes_to_one_that_waits
    a_killed_waiter_takes_no_permit_and_no_set_away
}

/// Sets, or permits.
const MANY: u32 = 2_000;

fn semaphore_of(case: &Case, permits: usize) -> semaphore::Channel {
    let options = semaphore::Options::new().permits(permits).max_handles(3).max_held(4).backend(case.backend);
    create_with(case, &if case.place == Place::Private { options } else { options.trust_peers(trust()) })
}

fn event_of(case: &Case) -> event::Channel {
    let options = event::Options::new().max_handles(3).backend(case.backend);
    create_with(case, &if case.place == Place::Private { options } else { options.trust_peers(trust()) })
}

fn with_permits(case: &Case, channel: &semaphore::Channel, part: &'static str) -> Peer {
    let peer = start_to(case, channel, part, act_on_semaphore);
    peer.expect("joined");
    peer
}

fn with_event(case: &Case, channel: &event::Channel, part: &'static str) -> Peer {
    let peer = start_to(case, channel, part, act_on_event);
    peer.expect("joined");
    peer
}

/// Plays a part in another process.
pub fn play_semaphore(arguments: &[String]) {
    act_on_semaphore(&arguments[0], &open(semaphore::Options::new(), arguments), &Talk::Process);
}

/// Plays a part in another process.
pub fn play_event(arguments: &[String]) {
    act_on_event(&arguments[0], &open(event::Options::new(), arguments), &Talk::Process);
}

fn act_on_semaphore(part: &str, channel: &semaphore::Channel, talk: &Talk) {
    let mut semaphore = channel.semaphore().unwrap();
    match part {
        "uses up as many as there are" => {
            semaphore.set_strategy(Strategy::Park);
            talk.tell("joined");
            let mut used = 0;
            while let Ok(permit) = semaphore.acquire() {
                permit.forget().unwrap();
                used += 1;
                talk.tell(used);
            }
        }
        "holds" => {
            let permits = semaphore.acquire_many(2).unwrap();
            talk.tell("joined");
            talk.hear();
            drop(permits);
            return;
        }
        other => panic!("an unknown part: {other}"),
    }
    talk.hear();
}

fn act_on_event(part: &str, channel: &event::Channel, talk: &Talk) {
    let mut event = channel.event().unwrap();
    match part {
        "sleeps for every set" => {
            event.set_strategy(Strategy::Park);
            talk.tell("joined");
            let mut seen = 0;
            while let Ok(fired) = event.wait() {
                seen += fired.count;
                talk.tell(seen);
            }
        }
        "counts" => {
            talk.tell("joined");
            let mut seen = 0;
            while let Ok(fired) = event.wait() {
                seen += fired.count;
            }
            talk.tell(seen);
        }
        other => panic!("an unknown part: {other}"),
    }
    talk.hear();
}

fn a_permit_that_comes_back_wakes_one_that_sleeps(case: &Case) {
    let channel = semaphore_of(case, 1);
    let mut own = channel.semaphore().unwrap();
    let permit = own.acquire().unwrap();
    let peer = with_permits(case, &channel, "uses up as many as there are");
    eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
    drop(permit);
    peer.expect(1);
    assert_eq!(own.available(), 0);
    channel.close();
    peer.finish();
}

fn signals_are_each_waited_for_once(case: &Case) {
    let channel = semaphore_of(case, 0);
    let mut own = channel.semaphore().unwrap();
    let peer = with_permits(case, &channel, "uses up as many as there are");
    for signal in 1..=30 {
        let before = channel.info().participants[1].counters.parks;
        own.add_permits(1).unwrap();
        peer.expect(signal);
        eventually("it sleeps again", || channel.info().participants[1].counters.parks > before);
    }
    // One that is just looking, between two slices, needs none.
    let wakes = channel.info().participants[0].counters.wakes;
    assert!(wakes > 15, "{wakes} of 30 that slept were woken");
    assert_eq!(own.available(), 0);
    channel.close();
    peer.finish();
}

fn a_wait_for_a_permit_ends_at_its_deadline(case: &Case) {
    let channel = semaphore_of(case, 1);
    let mut own = channel.semaphore().unwrap();
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        own.set_strategy(strategy);
        let permit = own.acquire_timeout(SHORT).unwrap();
        assert_eq!(own.acquire_timeout(SHORT).unwrap_err(), AcquireTimeoutError::Timeout, "{strategy:?}");
        drop(permit);
        assert_eq!(own.acquire_many_timeout(2, SHORT).unwrap_err(), AcquireTimeoutError::Timeout, "{strategy:?}");
    }
}

fn a_closed_semaphore_ends_the_waits(case: &Case) {
    let channel = semaphore_of(case, 0);
    let mut own = channel.semaphore().unwrap();
    let peer = with_permits(case, &channel, "uses up as many as there are");
    eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
    channel.close();
    peer.finish();
    assert_eq!(own.acquire().unwrap_err(), AcquireError::Disconnected);
    assert!(matches!(channel.semaphore(), Err(JoinError::Closed { .. })));
}

fn every_set_wakes_a_waiter_that_sleeps(case: &Case) {
    let channel = event_of(case);
    let mut own = channel.event().unwrap();
    let peer = with_event(case, &channel, "sleeps for every set");
    let parks = || channel.info().participants[1].counters.parks;
    for number in 1..=30 {
        let before = parks();
        eventually("it sleeps", || parks() > before);
        own.set(1).unwrap();
        peer.expect(number);
        assert_eq!(channel.info().participants[0].counters.wakes, number);
    }
    channel.close();
    peer.finish();
}

fn every_set_is_counted_by_each(case: &Case) {
    let channel = event_of(case);
    let mut own = channel.event().unwrap();
    let [one, other] = [(); 2].map(|()| with_event(case, &channel, "counts"));
    for number in 0..MANY {
        own.set(1 << (number % 32)).unwrap();
    }
    assert_eq!(own.wait().unwrap().count, MANY.into(), "its own, too");
    channel.close();
    for peer in [one, other] {
        peer.expect(MANY);
        peer.finish();
    }
}

fn a_wait_for_a_set_ends_at_its_deadline(case: &Case) {
    let channel = event_of(case);
    let mut own = channel.event().unwrap();
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        own.set_strategy(strategy);
        assert_eq!(own.wait_timeout(SHORT), Err(EventTimeoutError::Timeout), "{strategy:?}");
        own.set(1).unwrap();
        assert_eq!(own.wait_timeout(SHORT).unwrap().count, 1);
        assert_eq!(own.wait_any_timeout(2, SHORT), Err(EventTimeoutError::Timeout), "{strategy:?}");
    }
}

fn a_closed_event_ends_the_waits_behind_its_sets(case: &Case) {
    let channel = event_of(case);
    let mut own = channel.event().unwrap();
    let peer = with_event(case, &channel, "counts");
    own.set(1).unwrap();
    channel.close();
    peer.expect(1);
    peer.finish();
    assert_eq!(own.set(1), Err(EventError::Disconnected));
    assert_eq!(own.wait().unwrap().count, 1);
    assert_eq!(own.wait(), Err(EventError::Disconnected));
}

fn what_a_killed_holder_had_comes_to_one_that_waits(case: &Case) {
    let channel = semaphore_of(case, 3);
    let mut own = channel.semaphore().unwrap();
    for _ in 0..3 {
        let peer = with_permits(case, &channel, "holds");
        assert_eq!(own.try_acquire_many(2).unwrap_err(), TryAcquireError::NoPermits);
        kill(peer);
        assert_eq!(own.acquire_many(3).unwrap().count(), 3);
    }
}

fn a_killed_waiter_takes_no_permit_and_no_set_away(case: &Case) {
    let channel = semaphore_of(case, 0);
    let mut own = channel.semaphore().unwrap();
    let peer = with_permits(case, &channel, "uses up as many as there are");
    eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
    kill(peer);
    own.add_permits(1).unwrap();
    let next = with_permits(case, &channel, "uses up as many as there are");
    next.expect(1);
    kill(next);

    let case = &Case::new(case.backend, case.place, case.side);
    let channel = event_of(case);
    let mut own = channel.event().unwrap();
    let [one, other] = [(); 2].map(|()| with_event(case, &channel, "sleeps for every set"));
    kill(one);
    own.set(1).unwrap();
    other.expect(1);
    kill(other);
    assert_eq!(own.wait().unwrap().count, 1);
}
