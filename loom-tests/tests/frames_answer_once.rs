//! Clients that call, give up and call again, and servers that share the calls: each call is worked on once, and no answer comes to another call.

use loom::thread;
use memlane_loom_tests::explore::{Model, Witness};
use memlane_loom_tests::frames::{Calls, Outcome};
use memlane_loom_tests::parking::{BACKENDS, Backend, Event};
use std::rc::Rc;

/// One frame: the second call is in the frame of the first, which a server may still have.
#[test]
fn a_late_answer_never_reaches_a_later_call() {
    let late = Witness::of("a server is late");
    let seen = late.clone();
    Model::bounded("frames: a late answer", 2).thorough().check(move || {
        let calls = Calls::of(1, false);
        let serving = calls.clone();
        let seen = seen.clone();
        let server = thread::spawn(move || {
            let frames = serving.frames(2);
            for _ in 0..2 {
                if let Some(taken) = serving.take(&frames)
                    && !serving.answer(&frames, taken)
                {
                    seen.sees_it();
                }
            }
        });
        let mut client = calls.frames(0);
        let _ = calls.call(&mut client, 1, 1);
        let _ = calls.call(&mut client, 2, 1);
        server.join().unwrap();
        calls.settle();
    });
    late.testifies();
}

#[test]
fn two_clients_call_one_server() {
    Model::bounded("frames: two clients", 1).thorough().check(|| {
        let calls = Calls::of(2, false);
        let server = calls.server(2, 2);
        let here = calls.clone();
        let other = thread::spawn(move || here.call(&mut here.frames(1), 1, 1));
        assert!(calls.call(&mut calls.frames(0), 2, 1).is_some(), "there are two frames");
        assert!(other.join().unwrap().is_some());
        server.join().unwrap();
        calls.settle();
    });
}

#[test]
fn two_servers_share_two_calls_of_one_client() {
    Model::bounded("frames: two servers", 1).thorough().check(|| {
        let calls = Calls::of(2, false);
        let servers = [calls.server(2, 1), calls.server(3, 1)];
        let mut client = calls.frames(0);
        let asks = [1, 2].map(|request| (calls.ask(&mut client, request).expect("two frames"), request));
        let found = asks.map(|(ask, request)| calls.look(&mut client, &ask, request));
        for ((ask, request), found) in asks.into_iter().zip(found) {
            if found.is_none() {
                calls.cancel(&mut client, &ask, request);
            }
        }
        for server in servers {
            server.join().unwrap();
        }
        calls.settle();
    });
}

/// The answer is read before another client fills the frame anew.
#[test]
fn a_frame_goes_from_client_to_client() {
    Model::bounded("frames: from client to client", 3).thorough().check(|| {
        let calls = Calls::of(1, false);
        let mut client = calls.frames(0);
        let ask = calls.ask(&mut client, 1).expect("it is free");
        assert!(calls.serve(&calls.frames(2)), "it was asked");
        let here = calls.clone();
        let other = thread::spawn(move || {
            let _ = here.call(&mut here.frames(1), 2, 0);
        });
        assert_eq!(calls.look(&mut client, &ask, 1), Some(Outcome::Answered));
        other.join().unwrap();
        calls.settle();
    });
}

/// A client takes cancelled calls off the queue while a server does.
#[test]
fn a_client_and_a_server_clear_what_was_cancelled() {
    Model::bounded("frames: cancelled calls are cleared", 1).thorough().check(|| {
        let calls = Calls::of(2, false);
        let mut gone = calls.frames(1);
        for request in [1, 2] {
            let _ = calls.call(&mut gone, request, 0);
        }
        let server = calls.server(2, 1);
        let mut client = calls.frames(0);
        let _ = calls.call(&mut client, 3, 0);
        let _ = calls.call(&mut client, 4, 1);
        server.join().unwrap();
        calls.settle();
    });
}

/// A client sleeps until its frame says that it is answered, as a channel's does: it looks again behind its flag.
#[test]
fn an_answer_wakes_its_client() {
    for backend in BACKENDS {
        let sleep = Witness::of("the client sleeps");
        let asleep = sleep.clone();
        backend.names(&Model::bounded("frames: an answer wakes", 3)).check(move || answers_wake(backend, &asleep));
        sleep.testifies();
    }
}

fn answers_wake(backend: Backend, sleep: &Witness) {
    let calls = Calls::of(1, false);
    let event = Rc::new(Event::new(backend, sleep));
    let mut client = calls.frames(0);
    let ask = calls.ask(&mut client, 1).expect("it is free");
    let (here, its_event) = (calls.clone(), Rc::clone(&event));
    let server = thread::spawn(move || {
        assert!(here.serve(&here.frames(2)), "it was asked");
        its_event.notify();
    });
    assert_eq!(event.wait(|| calls.look(&mut client, &ask, 1)), Outcome::Answered);
    server.join().unwrap();
    calls.settle();
}
