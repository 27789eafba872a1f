//! Clients, servers and reapers die before each of their shared operations, and others go on meanwhile: no answer is crossed, no frame is lost, and the
//! client of a dead server gets an answer from another one, or learns that none comes.
//!
//! A reaper starts after the dead thread was joined. That stands for the kernel's proof of death.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::frames::{Calls, Outcome};

#[test]
fn a_client_dies() {
    Model::bounded("frames: a client dies", 1).thorough().check_crashes(|crash| {
        let calls = Calls::of(1, false);
        let server = calls.server(2, 1);
        let mut client = calls.frames(0);
        crash.of(|| {
            let _ = calls.call(&mut client, 1, 1);
        });
        calls.reap(&[0]);
        let _ = calls.call(&mut calls.frames(1), 3, 0);
        server.join().unwrap();
        calls.settle();
    });
}

/// The seat of a dead client has a new holder, whose calls no late helper touches.
#[test]
fn a_client_dies_and_another_one_takes_its_seat() {
    Model::bounded("frames: a client's seat", 1).thorough().check_crashes(|crash| {
        let calls = Calls::of(1, false);
        let mut client = calls.frames(0);
        crash.of(|| {
            let _ = calls.ask(&mut client, 1).expect("it is free");
            let _ = calls.take(&calls.frames(2));
        });
        let helping = calls.helper([0, 2]);
        calls.reap(&[0, 2]);
        if calls.sit_down(0) {
            let mut client = calls.frames(0);
            if let Some(ask) = calls.ask(&mut client, 2) {
                let _ = calls.serve(&calls.frames(3));
                assert!(calls.look(&mut client, &ask, 2) != Some(Outcome::Failed), "no server died");
                if calls.is_used() {
                    let _ = calls.cancel(&mut client, &ask, 2);
                }
            }
        }
        helping.join().unwrap();
        calls.settle();
    });
}

fn a_server_dies_while_its_client_waits(name: &str, repeats: bool) {
    let failed = Witness::of("the client learns of the death, or another server answers");
    let seen = failed.clone();
    Model::bounded(name, 1).thorough().check_crashes(move |crash| {
        let calls = Calls::of(1, repeats);
        let (here, its_crash) = (calls.clone(), crash.clone());
        let dying = thread::spawn(move || {
            let server = here.frames(2);
            its_crash.of(|| here.serve(&server));
            here.reap(&[2]);
            let _ = here.serve(&here.frames(3));
        });
        let mut client = calls.frames(0);
        let first = calls.call(&mut client, 1, 2);
        if first == Some(if repeats { Outcome::Answered } else { Outcome::Failed }) {
            seen.sees_it();
        }
        dying.join().unwrap();
        calls.settle();
    });
    failed.testifies();
}

#[test]
fn a_server_dies() {
    a_server_dies_while_its_client_waits("frames: a server dies", false);
}

#[test]
fn a_server_dies_and_another_one_answers() {
    a_server_dies_while_its_client_waits("frames: a server dies, repeated", true);
}

/// What a client that waits sees of a server's death is over once the death is settled.
#[test]
fn no_client_waits_for_a_dead_server() {
    for repeats in [false, true] {
        let name = format!("frames: nobody waits for the dead{}", if repeats { ", repeated" } else { "" });
        Model::bounded(&name, 1).thorough().check_crashes(move |crash| {
            let calls = Calls::of(2, repeats);
            let mut client = calls.frames(0);
            let asks = [1, 2].map(|request| (calls.ask(&mut client, request).expect("two frames"), request));
            let server = calls.frames(2);
            crash.of(|| while calls.serve(&server) {});
            let helping = calls.helper([2]);
            calls.reap(&[2]);
            let other = calls.frames(3);
            while calls.serve(&other) {}
            helping.join().unwrap();
            while calls.serve(&other) {}
            for (ask, request) in asks {
                let outcome = calls.look(&mut client, &ask, request).expect("nobody works on it any more");
                assert!(outcome == Outcome::Answered || !repeats && outcome == Outcome::Failed);
            }
            calls.settle();
        });
    }
}

/// Two helpers settle a server's death while its client gives up, and calls again.
#[test]
fn two_reap_a_server_while_its_client_gives_up() {
    for repeats in [false, true] {
        let name = format!("frames: two reap a server{}", if repeats { ", repeated" } else { "" });
        Model::bounded(&name, 1).thorough().check_crashes(move |crash| {
            let calls = Calls::of(1, repeats);
            let mut client = calls.frames(0);
            let ask = calls.ask(&mut client, 1).expect("it is free");
            let server = calls.frames(2);
            crash.of(|| calls.serve(&server));
            let helping = calls.helper([2]);
            let _ = calls.cancel(&mut client, &ask, 1);
            let again = calls.ask(&mut client, 2);
            calls.reap(&[2]);
            helping.join().unwrap();
            if let Some(ask) = again {
                assert_eq!(calls.look(&mut client, &ask, 2), None, "nobody had the second call");
                let _ = calls.cancel(&mut client, &ask, 2);
            }
            calls.settle();
        });
    }
}

/// A client that died long ago had the frame before: a late helper takes nobody else's call for the dead one's.
#[test]
fn a_late_helper_leaves_the_frames_next_client_alone() {
    Model::bounded("frames: a late helper and the next client", 2).thorough().check(|| {
        let calls = Calls::of(1, false);
        let mut dead = calls.frames(0);
        let ask = calls.ask(&mut dead, 1).expect("it is free");
        assert!(calls.serve(&calls.frames(2)), "it was asked");
        assert_eq!(calls.look(&mut dead, &ask, 1), Some(Outcome::Answered));
        let helping = calls.helper([0]);
        let mut client = calls.frames(1);
        let ask = calls.ask(&mut client, 2).expect("it is free");
        assert!(calls.serve(&calls.frames(2)), "it was asked");
        assert_eq!(calls.look(&mut client, &ask, 2), Some(Outcome::Answered));
        helping.join().unwrap();
        calls.settle();
    });
}

/// A helper dies, too, and another one goes on.
#[test]
fn a_reaper_dies() {
    for (client, server) in [(true, false), (false, true), (true, true)] {
        let name = format!("frames: a reaper dies, client {client}, server {server}");
        Model::bounded(&name, 1).thorough().check_crashes(move |crash| {
            let calls = Calls::of(2, true);
            let mut asking = calls.frames(0);
            let asks = [1, 2].map(|request| (calls.ask(&mut asking, request).expect("two frames"), request));
            let _ = calls.take(&calls.frames(2)).expect("asked");
            let dead: &[u16] = match (client, server) {
                (true, true) => &[0, 2],
                (true, false) => &[0],
                _ => &[2],
            };
            let serving = calls.server(3, 1);
            crash.of(|| calls.reap(dead));
            calls.reap(dead);
            serving.join().unwrap();
            calls.reap(&[2]);
            let other = calls.frames(3);
            while calls.serve(&other) {}
            if !client {
                for (ask, request) in asks {
                    assert_eq!(calls.look(&mut asking, &ask, request), Some(Outcome::Answered));
                }
            }
            calls.settle();
        });
    }
}

/// A client and its server die, one before each of its operations, and the other, too.
#[test]
fn both_die() {
    Model::bounded("frames: both die", 1).thorough().check_double_crashes(|first, second| {
        let calls = Calls::of(1, true);
        let (here, second) = (calls.clone(), second.clone());
        let server = thread::spawn(move || {
            let frames = here.frames(2);
            second.of(|| here.serve(&frames));
        });
        let mut client = calls.frames(0);
        first.of(|| {
            let _ = calls.call(&mut client, 1, 1);
        });
        server.join().unwrap();
        let helping = calls.helper([0, 2]);
        calls.reap(&[2, 0]);
        helping.join().unwrap();
        calls.settle();
    });
}

/// One that takes a cancelled call off the queue dies in the middle.
#[test]
fn one_that_clears_a_cancelled_call_dies() {
    for client in [false, true] {
        let name = format!("frames: one that clears dies, client {client}");
        Model::bounded(&name, 1).thorough().check_crashes(move |crash| {
            let calls = Calls::of(1, false);
            let _ = calls.call(&mut calls.frames(1), 1, 0);
            let serving = calls.server(3, 1);
            let row = if client { 0 } else { 2 };
            let mut dying = calls.frames(row);
            crash.of(|| {
                if client {
                    let _ = calls.call(&mut dying, 2, 0);
                } else {
                    let _ = calls.serve(&dying);
                }
            });
            calls.reap(&[row]);
            serving.join().unwrap();
            calls.settle();
        });
    }
}
