//! What only `rpc` channels promise: each call gets its own answer, or learns that none comes.

mod support;

use memlane::rpc::{Channel, Client, Options, Server};
use memlane::{
    Backend, CallError, CreateError, JoinError, Kind, OpenError, RecvError, RecvTimeoutError, RespondError, Strategy,
    TryRecvError, any, inspect,
};
use std::time::{Duration, Instant};
use support::stage::trust;
use support::{PATIENCE, Scratch, Watchdog, eventually};

fn ends(options: &Options) -> (Channel, Client, Server) {
    let channel = options.private().unwrap();
    let (client, server) = (channel.client().unwrap(), channel.server().unwrap());
    (channel, client, server)
}

#[track_caller]
fn assert_all_free(channel: &Channel) {
    let calls = channel.info().calls.unwrap();
    assert_eq!(calls.free, calls.frames, "{calls:?}");
}

/// Answers so many calls with what was asked.
fn echo(server: &Server, calls: usize) {
    for _ in 0..calls {
        let call = server.next_timeout(PATIENCE).unwrap();
        let request = call.to_vec().unwrap();
        call.respond(&request).unwrap();
    }
}

#[test]
fn requests_and_answers_of_every_length_fit() {
    for (max_request, max_response) in [(0, 0), (1, 8), (8, 1), (100, 4096), (65_537, 3), (1 << 20, 1 << 20)] {
        for retry in [false, true] {
            let options = Options::new().frames(2).max_request(max_request).max_response(max_response).retry(retry);
            let (channel, client, server) = ends(&options);
            for (request, answer) in
                [(0, 0), (max_request, max_response), (max_request / 2, max_response), (max_request, max_response / 3)]
            {
                let bytes = |length: usize| (0..length).map(|at| (at ^ length) as u8).collect::<Vec<u8>>();
                let mut pending = client.start(&bytes(request), PATIENCE).unwrap();
                let call = server.next().unwrap();
                let mut buffer = vec![0xee; request + 1];
                assert_eq!((call.len(), call.copy_to(&mut buffer)), (request, Ok(request)));
                assert!(buffer[..request] == bytes(request) && buffer[request] == 0xee);
                assert_eq!(call.copy_to(&mut buffer[..request.saturating_sub(1)]).is_err(), request > 0);
                assert_eq!(call.to_vec().unwrap(), bytes(request));
                call.respond(&bytes(answer)).unwrap();
                assert_eq!(pending.wait().unwrap(), bytes(answer), "{answer} of {max_response}");
            }
            let (length, max) = (max_request + 1, max_request);
            assert_eq!(client.call(&vec![0; length], PATIENCE), Err(CallError::TooLarge { length, max }));
            let mut pending = client.start(&[], PATIENCE).unwrap();
            let (length, max) = (max_response + 1, max_response);
            let refused = server.next().unwrap().respond(&vec![0; length]);
            assert_eq!(refused, Err(RespondError::TooLarge { length, max }));
            assert_eq!(pending.wait(), Err(CallError::ServerDied), "the call was dropped");
            assert_all_free(&channel);
        }
    }
}

#[test]
fn many_calls_are_under_way_and_answered_in_any_order() {
    let (channel, client, server) = ends(&Options::new().frames(16));
    let mut pending: Vec<_> = (0..16u8).map(|number| client.start(&[number], PATIENCE).unwrap()).collect();
    assert_eq!(client.call(b"more", Duration::from_millis(1)), Err(CallError::Timeout), "there is no frame");
    let mut calls: Vec<_> = (0..16).map(|_| server.next().unwrap()).collect();
    assert_eq!(server.try_next().unwrap_err(), TryRecvError::Empty);
    let order: Vec<_> = calls.iter().map(|call| call.to_vec().unwrap()[0]).collect();
    assert_eq!(order, (0..16).collect::<Vec<_>>(), "in the order in which they were made");
    calls.rotate_left(5);
    for call in calls.into_iter().rev() {
        let number = call.to_vec().unwrap()[0];
        call.respond(&[number, 100 + number]).unwrap();
    }
    for (number, pending) in (0..16u8).zip(&mut pending).rev() {
        assert!(pending.is_ready());
        assert_eq!(pending.try_get().unwrap(), Some(vec![number, 100 + number]));
        assert_eq!(pending.try_get(), Err(CallError::Cancelled));
        assert_eq!(pending.wait_timeout(PATIENCE), Err(CallError::Cancelled));
    }
    assert_all_free(&channel);
}

#[test]
fn a_call_that_is_given_up_reaches_nobody_or_its_answer_does() {
    let (channel, client, server) = ends(&Options::new().frames(2));
    drop(client.start(b"never seen", PATIENCE).unwrap());
    assert_eq!(server.try_next().unwrap_err(), TryRecvError::Empty);
    let pending = client.start(b"seen", PATIENCE).unwrap();
    let call = server.next().unwrap();
    assert!(!call.is_cancelled());
    pending.cancel();
    assert!(call.is_cancelled());
    let mut again = client.start(b"next", PATIENCE).unwrap();
    assert_eq!(call.respond(b"late"), Err(RespondError::Cancelled));
    assert_eq!(again.try_get().unwrap(), None, "the late answer came to no other call");
    echo(&server, 1);
    assert_eq!(again.wait().unwrap(), b"next");
    drop(again);
    let timed_out = client.call(b"nobody listens", Duration::from_millis(1));
    assert_eq!(timed_out, Err(CallError::Timeout));
    assert_eq!(server.try_next().unwrap_err(), TryRecvError::Empty);
    assert_all_free(&channel);
}

#[test]
fn calls_of_servers_that_hang_keep_their_frames_and_no_others() {
    let (channel, client, server) = ends(&Options::new().frames(4));
    let pending: Vec<_> = (0..2).map(|_| client.start(b"hangs", PATIENCE).unwrap()).collect();
    let hung: Vec<_> = (0..2).map(|_| server.next().unwrap()).collect();
    drop(pending);
    for _ in 0..100 {
        assert_eq!(client.call(b"in vain", Duration::ZERO), Err(CallError::Timeout));
    }
    let calls = channel.info().calls.unwrap();
    assert_eq!((calls.abandoned, calls.taken), (2, 0), "{calls:?}");
    let mut last = client.start(b"last", PATIENCE).unwrap();
    echo(&channel.server().unwrap(), 1);
    assert_eq!(last.wait().unwrap(), b"last");
    drop(last);
    drop(hung);
    assert_all_free(&channel);
}

#[test]
fn without_a_server_a_call_fails_at_once_and_a_persistent_channel_waits_for_one() {
    let _watchdog = Watchdog::new();
    let channel = Options::new().private().unwrap();
    let client = channel.client().unwrap();
    assert_eq!(client.call(b"", Duration::MAX), Err(CallError::NoServer));
    let server = channel.server().unwrap();
    let mut queued = client.start(b"", Duration::MAX).unwrap();
    let mut taken = client.start(b"", Duration::MAX).unwrap();
    let call = server.next().unwrap();
    std::mem::swap(&mut queued, &mut taken);
    std::mem::forget(call);
    drop(server);
    assert_eq!(queued.wait(), Err(CallError::NoServer), "nobody will take it");
    assert_eq!(taken.wait(), Err(CallError::ServerDied), "one had it, and left");
    drop((queued, taken));
    assert_eq!(channel.info().calls.unwrap().cancelled, 1, "until somebody comes to it");
    assert_eq!(channel.server().unwrap().try_next().unwrap_err(), TryRecvError::Empty);
    assert_all_free(&channel);

    let channel = Options::new().persistent(true).private().unwrap();
    let client = channel.client().unwrap();
    let mut pending = client.start(b"waits", PATIENCE).unwrap();
    drop(channel.server().unwrap());
    assert_eq!(pending.try_get().unwrap(), None);
    echo(&channel.server().unwrap(), 1);
    assert_eq!(pending.wait().unwrap(), b"waits");
}

#[test]
fn a_server_that_drops_a_call_or_panics_tells_its_client() {
    let (channel, client, server) = ends(&Options::new().retry(true));
    let mut pending = client.start(b"", PATIENCE).unwrap();
    drop(server.next().unwrap());
    assert_eq!(pending.wait(), Err(CallError::ServerDied), "it is not retried");
    let mut pending = client.start(b"", PATIENCE).unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _call = server.next().unwrap();
        panic!("a bug in the server");
    }));
    assert!(panicked.is_err());
    assert_eq!(pending.wait(), Err(CallError::ServerDied));
    drop(pending);
    assert_all_free(&channel);
}

#[test]
fn what_a_server_forgot_comes_to_another_one_where_calls_are_retried() {
    for (attempts, outcome) in [(0, Ok(b"done".to_vec())), (2, Ok(b"done".to_vec())), (1, Err(CallError::ServerDied))] {
        let (channel, client, server) = ends(&Options::new().retry(true).max_attempts(attempts));
        let other = channel.server().unwrap();
        let mut pending = client.start(b"request", PATIENCE).unwrap();
        let call = server.next().unwrap();
        assert!(!call.is_retried());
        std::mem::forget(call);
        drop(server);
        if attempts != 1 {
            let again = other.next_timeout(PATIENCE).unwrap();
            assert!(again.is_retried());
            assert_eq!(again.to_vec().unwrap(), b"request");
            again.respond(b"done").unwrap();
        }
        assert_eq!(pending.wait(), outcome, "{attempts} attempts");
        drop(pending);
        assert_all_free(&channel);
    }
}

#[test]
fn every_call_has_a_deadline_that_its_server_sees() {
    let (_channel, client, server) = ends(&Options::new());
    let before = Instant::now();
    let _pending = client.start(b"", Duration::from_secs(3600)).unwrap();
    let call = server.next().unwrap();
    // Rounded to microseconds.
    let slack = Duration::from_millis(1);
    assert!(call.deadline().unwrap() + slack >= before + Duration::from_secs(3600));
    assert!(call.time_left().unwrap() <= Duration::from_secs(3600) + slack);
    let _pending = client.start(b"", Duration::MAX).unwrap();
    let call = server.next().unwrap();
    assert_eq!((call.deadline(), call.time_left()), (None, None));
    let mut pending = client.start(b"", Duration::ZERO).unwrap();
    assert_eq!(server.next().unwrap().time_left(), Some(Duration::ZERO));
    assert_eq!(pending.wait(), Err(CallError::ServerDied), "what ended before is told, deadline or not");
}

#[test]
fn a_wait_may_be_shorter_than_the_call() {
    let (_channel, client, server) = ends(&Options::new());
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        client.set_strategy(strategy);
        server.set_strategy(strategy);
        let mut pending = client.start(b"", PATIENCE).unwrap();
        assert_eq!(pending.wait_timeout(Duration::from_millis(2)).unwrap(), None);
        assert!(!pending.is_ready());
        echo(&server, 1);
        assert_eq!(pending.wait_timeout(Duration::MAX).unwrap(), Some(vec![]));
        let mut short = client.start(b"", Duration::from_millis(2)).unwrap();
        assert_eq!(short.wait_timeout(PATIENCE), Err(CallError::Timeout), "the call's own deadline is earlier");
        assert_eq!(server.next_timeout(Duration::from_millis(2)).unwrap_err(), RecvTimeoutError::Timeout);
    }
}

#[test]
fn an_answer_that_does_not_fit_stays_for_a_larger_buffer() {
    let (channel, client, server) = ends(&Options::new());
    let mut pending = client.start(b"", PATIENCE).unwrap();
    server.next().unwrap().respond(b"12345").unwrap();
    assert_eq!(pending.wait_into(&mut [0; 4]), Err(CallError::BufferTooSmall { needed: 5 }));
    let mut buffer = [0; 6];
    assert_eq!(pending.wait_into(&mut buffer), Ok(5));
    assert_eq!(&buffer, b"12345\0");
    drop(pending);
    std::thread::scope(|scope| {
        let calling = scope.spawn(move || {
            let short = client.call_into(b"12345", &mut [0; 4], PATIENCE);
            let mut buffer = [0; 5];
            (short, client.call_into(b"12345", &mut buffer, PATIENCE), buffer)
        });
        echo(&server, 2);
        let (short, long, buffer) = calling.join().unwrap();
        assert_eq!((short, long, &buffer), (Err(CallError::BufferTooSmall { needed: 5 }), Ok(5), b"12345"));
    });
    assert_all_free(&channel);
}

/// Each client is woken for its own answer, each server for a call; with either backend and both fences.
#[test]
fn sleepers_are_woken() {
    let _watchdog = Watchdog::new();
    for backend in Backend::ALL {
        for retry in [false, true] {
            let options = Options::new().backend(*backend).trust_peers(trust()).retry(retry).frames(2);
            let channel = options.private().unwrap();
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    let server = channel.server().unwrap();
                    server.set_strategy(Strategy::Park);
                    scope.spawn(move || {
                        while let Ok(call) = server.next() {
                            let request = call.to_vec().unwrap();
                            call.respond(&request).unwrap();
                        }
                    });
                }
                let clients: Vec<_> = (0..3u8)
                    .map(|me| {
                        let client = channel.client().unwrap();
                        client.set_strategy(Strategy::Park);
                        scope.spawn(move || {
                            for number in 0..200u8 {
                                assert_eq!(client.call(&[me, number], Duration::MAX).unwrap(), [me, number]);
                            }
                        })
                    })
                    .collect();
                for client in clients {
                    client.join().unwrap();
                }
                channel.close();
            });
            assert_all_free(&channel);
            let slept: u64 = channel.info().participants.iter().map(|one| one.counters.parks).sum();
            assert!(slept > 0, "nobody slept");
        }
    }
}

/// A client that sleeps alone is woken by the answer, and by nothing else: not at the end of a slice.
#[test]
fn an_answer_wakes_its_client_at_once() {
    let _watchdog = Watchdog::new();
    for backend in Backend::ALL {
        let channel = Options::new().backend(*backend).trust_peers(trust()).private().unwrap();
        let server = channel.server().unwrap();
        let client = channel.client().unwrap();
        client.set_strategy(Strategy::Park);
        let (parks, mut slept) = (|| channel.info().participants[0].counters.parks, 0);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for _ in 0..20 {
                    client.call(b"", Duration::MAX).unwrap();
                }
            });
            for woken in 1..=20 {
                let call = server.next().unwrap();
                eventually("it sleeps", || parks() > slept);
                slept = parks();
                call.respond(b"").unwrap();
                assert_eq!(channel.info().participants[1].counters.wakes, woken, "the server wakes it");
            }
        });
    }
}

#[test]
fn closing_ends_calls_and_servers() {
    let (channel, client, server) = ends(&Options::new());
    let mut pending = client.start(b"", PATIENCE).unwrap();
    let mut taken = client.start(b"", PATIENCE).unwrap();
    let call = server.next().unwrap();
    channel.close();
    assert_eq!(pending.wait(), Err(CallError::Disconnected));
    assert_eq!(call.respond(b""), Err(RespondError::Cancelled));
    assert_eq!(taken.try_get(), Err(CallError::Disconnected));
    assert_eq!(client.call(b"", PATIENCE), Err(CallError::Disconnected));
    assert_eq!(server.next().unwrap_err(), RecvError::Disconnected);
    assert!(matches!(channel.client(), Err(JoinError::Closed { .. })));
    drop((pending, taken));
    assert!(channel.info().calls.unwrap().taken == 0);
}

#[test]
fn a_channel_is_opened_with_what_it_was_created_with() {
    let scratch = Scratch::new();
    let name = scratch.name("sums");
    let options = Options::new().frames(8).max_request(100).max_response(200).retry(true).max_attempts(3);
    let channel = options.max_clients(2).max_servers(3).create(&name).unwrap();
    let opened = Options::new().open(&name).unwrap();
    assert_eq!((opened.frames(), opened.max_message(), opened.max_response()), (8, 100, 200));
    for (options, field) in [
        (Options::new().frames(9), "slots"),
        (Options::new().max_request(101), "max_message"),
        (Options::new().max_response(201), "max_response"),
        (Options::new().retry(false), "retry"),
        (Options::new().max_attempts(4), "delivery_limit"),
    ] {
        let refused = options.open(&name).unwrap_err();
        assert!(matches!(refused, OpenError::OptionsMismatch { field: found, .. } if found == field), "{refused:?}");
    }
    assert!(matches!(memlane::watch::open(&name), Err(OpenError::WrongKind { .. })));
    let info = inspect(&name).unwrap();
    let calls = info.calls.unwrap();
    assert_eq!((info.kind, calls.frames, calls.free, calls.max_response), (Kind::Rpc, 8, 8, 200));
    assert_eq!((calls.retries, calls.max_attempts, info.queue, info.lanes.len()), (true, 3, None, 0));
    let client = channel.client().unwrap();
    let server = opened.server().unwrap();
    let pending = client.start(b"one", PATIENCE).unwrap();
    let second = client.start(b"two", PATIENCE).unwrap();
    let _call = server.next().unwrap();
    let calls = inspect(&name).unwrap().calls.unwrap();
    assert_eq!((calls.free, calls.asked, calls.taken), (6, 1, 1), "as from outside");
    drop((pending, second));
    let calls = inspect(&name).unwrap().calls.unwrap();
    assert_eq!((calls.cancelled, calls.abandoned), (1, 1));
    let any = any::open(&name).unwrap();
    assert!(any.to_rpc().is_some() && any.to_watch().is_none());
    assert!(matches!(any.sender(), Err(JoinError::NoMessages { .. })));
}

#[test]
fn options_out_of_range_are_refused() {
    let options = [
        (Options::new().frames(0), "slots"),
        (Options::new().frames(65_537), "slots"),
        (Options::new().max_request((1 << 30) + 1), "max_message"),
        (Options::new().max_response((1 << 30) + 1), "max_response"),
        (Options::new().max_clients(0), "senders"),
        (Options::new().max_servers(1024), "receivers"),
    ];
    for (options, field) in options {
        let refused = options.private().unwrap_err();
        assert!(matches!(refused, CreateError::InvalidOption { option, .. } if option == field), "{refused:?}");
    }
}
