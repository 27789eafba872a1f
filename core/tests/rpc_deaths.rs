//! `rpc` between processes that are killed or stopped: no client waits for a dead server, each call is answered once, and every frame comes back.

mod support;

use memlane::rpc::{Channel, Options};
use memlane::{CallError, RespondError};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use support::child::{self, Child, Part};
use support::random::Random;
use support::{PATIENCE, Scratch, eventually};

const PARTS: [(&str, Part); 4] = [
    ("holds a call", holds_a_call),
    ("has calls under way", has_calls_under_way),
    ("serves", serves),
    ("calls", calls),
];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn holds_a_call(arguments: &[String]) {
    let server = memlane::rpc::open(&arguments[0]).unwrap().server().unwrap();
    child::tell("joined");
    let call = server.next().unwrap();
    child::tell(String::from_utf8(call.to_vec().unwrap()).unwrap());
    child::hear();
    child::tell(format_args!("{:?}", call.respond(b"late")));
    child::stay();
}

fn has_calls_under_way(arguments: &[String]) {
    let client = memlane::rpc::open(&arguments[0]).unwrap().client().unwrap();
    let _pending: Vec<_> = (0..3).map(|number| client.start(&[number], Duration::MAX).unwrap()).collect();
    child::tell("calls");
    child::stay();
}

fn frees_all(channel: &Channel) {
    // One that joins reaps the dead; one that looks for a call takes what was cancelled off the queue.
    let server = channel.server().unwrap();
    assert!(server.try_next().is_err());
    let calls = channel.info().calls.unwrap();
    assert_eq!(calls.free, calls.frames, "{calls:?}");
}

#[test]
fn a_killed_server_fails_its_calls_or_leaves_them_to_another_one() {
    for retry in [false, true] {
        let scratch = Scratch::new();
        let name = scratch.name("sums");
        let channel = Options::new().retry(retry).create(&name).unwrap();
        let client = channel.client().unwrap();
        let mut child = Child::start("holds a call", &[&name]);
        child.expect("joined");
        let mut pending = client.start(b"request", PATIENCE).unwrap();
        child.expect("request");
        let other = channel.server().unwrap();
        assert_eq!(pending.wait_timeout(Duration::from_millis(1)).unwrap(), None);
        child.kill();
        if retry {
            let call = other.next_timeout(PATIENCE).unwrap();
            assert!(call.is_retried());
            call.respond(b"answer").unwrap();
            assert_eq!(pending.wait().unwrap(), b"answer");
        } else {
            assert_eq!(pending.wait(), Err(CallError::ServerDied));
        }
        drop(pending);
        frees_all(&channel);
    }
}

#[test]
fn when_the_last_server_is_killed_calls_that_wait_learn_it() {
    let scratch = Scratch::new();
    let name = scratch.name("sums");
    let channel = Options::new().retry(true).create(&name).unwrap();
    let client = channel.client().unwrap();
    let mut child = Child::start("holds a call", &[&name]);
    child.expect("joined");
    let mut taken = client.start(b"taken", Duration::MAX).unwrap();
    child.expect("taken");
    let mut queued = client.start(b"queued", Duration::MAX).unwrap();
    child.kill();
    assert_eq!(queued.wait(), Err(CallError::NoServer));
    assert_eq!(taken.wait(), Err(CallError::NoServer), "there is no other one to take it");
    assert_eq!(client.call(b"next", PATIENCE), Err(CallError::NoServer));
    drop((taken, queued));
    frees_all(&channel);
}

#[test]
fn a_stopped_server_keeps_its_call_and_its_late_answer_reaches_nobody() {
    let scratch = Scratch::new();
    let name = scratch.name("sums");
    let channel = Options::new().frames(2).create(&name).unwrap();
    let client = channel.client().unwrap();
    let mut child = Child::start("holds a call", &[&name]);
    child.expect("joined");
    let pending = client.start(b"slow", PATIENCE).unwrap();
    child.expect("slow");
    child.stop();
    drop(pending);
    let server = channel.server().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let server = server;
            for _ in 0..1000 {
                let call = server.next_timeout(PATIENCE).unwrap();
                let request = call.to_vec().unwrap();
                call.respond(&request).unwrap();
            }
        });
        for number in 0..1000u32 {
            assert_eq!(client.call(&number.to_le_bytes(), PATIENCE).unwrap(), number.to_le_bytes());
        }
    });
    assert_eq!(channel.info().calls.unwrap().abandoned, 1, "it is the stopped one's");
    child.resume();
    child.say("go on");
    child.expect(&format!("{:?}", Err::<(), _>(RespondError::Cancelled)));
    frees_all(&channel);
}

#[test]
fn a_killed_client_takes_its_calls_with_it() {
    let scratch = Scratch::new();
    let name = scratch.name("sums");
    let channel = Options::new().frames(3).create(&name).unwrap();
    let server = channel.server().unwrap();
    let mut child = Child::start("has calls under way", &[&name]);
    child.expect("calls");
    let (held, answered) = (server.next().unwrap(), server.next().unwrap());
    answered.respond(b"answer").unwrap();
    child.kill();
    let client = channel.client().unwrap();
    eventually("the server is told", || held.is_cancelled());
    let mut pending = client.start(b"one", PATIENCE).unwrap();
    let call = server.next().unwrap();
    assert_eq!(call.to_vec().unwrap(), b"one", "the dead one's third call is gone");
    call.respond(b"1").unwrap();
    assert_eq!(pending.wait().unwrap(), b"1");
    assert_eq!(held.respond(b"late"), Err(RespondError::Cancelled));
    drop((pending, server));
    frees_all(&channel);
}

/// Answers with what was asked, until it is killed, the channel is closed, or it kills itself with a call in hand, one in 200.
fn serves(arguments: &[String]) {
    let channel = memlane::rpc::open(&arguments[0]).unwrap();
    let server = channel.server().unwrap();
    let mut random = Random(std::process::id().into());
    child::tell("serves");
    while let Ok(call) = server.next() {
        if random.below(200) == 0 {
            // SAFETY: ends this process, at once.
            unsafe { libc::raise(libc::SIGKILL) };
        }
        let request = call.to_vec().unwrap();
        let _ = call.respond(&request);
    }
}

/// Makes so many calls, up to four at a time, each with numbers that no other call has. Tells how many servers died.
fn calls(arguments: &[String]) {
    let [name, me, count, retry] = arguments else { panic!("four arguments") };
    let (me, count, retry): (u64, u64, bool) = (me.parse().unwrap(), count.parse().unwrap(), retry.parse().unwrap());
    let client = memlane::rpc::open(name).unwrap().client().unwrap();
    let request_of = |number: u64| [me.to_le_bytes(), number.to_le_bytes()].concat();
    let mut died = 0;
    let mut number = 0;
    while number < count {
        let ahead = (1 + number % 4).min(count - number);
        let mut pending: Vec<_> = (number..number + ahead)
            .map(|number| (number, client.start(&request_of(number), PATIENCE).unwrap()))
            .collect();
        for (number, pending) in &mut pending {
            match pending.wait() {
                Ok(answer) => assert_eq!(answer, request_of(*number), "another call's answer"),
                Err(CallError::ServerDied) if !retry => died += 1,
                Err(error) => panic!("call {number}: {error:?}"),
            }
        }
        number += ahead;
    }
    child::tell(died);
}

/// `MEMLANE_RPC_CALLS=200000`: as many calls, of all clients, and kills until they are over.
fn calls_in_all() -> u64 {
    std::env::var("MEMLANE_RPC_CALLS").map_or(6_000, |calls| calls.parse().expect("a number"))
}

/// Three clients call two servers, which are killed at random, one at a time, and replaced.
fn servers_are_killed(retry: bool) {
    let scratch = Scratch::new();
    let name = scratch.name("sums");
    let channel = Options::new().retry(retry).frames(16).persistent(true).create(&name).unwrap();
    let start = || {
        let server = Child::start("serves", &[&name]);
        server.expect("serves");
        server
    };
    let mut servers = [start(), start()];
    let count = (calls_in_all() / 3).to_string();
    let mut clients: Vec<_> =
        (0..3).map(|me| Child::start("calls", &[&name, &me.to_string(), &count, &retry.to_string()])).collect();
    let are_over = AtomicBool::new(false);
    let died: u64 = std::thread::scope(|scope| {
        let killing = scope.spawn(|| {
            let (mut random, mut kills) = (Random(7), 0);
            while !are_over.load(Relaxed) || kills == 0 {
                // Some time later, so that it is killed anywhere.
                for _ in 0..random.below(1000) {
                    std::thread::yield_now();
                }
                let victim = &mut servers[kills % 2];
                victim.kill();
                *victim = start();
                kills += 1;
            }
            kills
        });
        let died = clients.iter_mut().map(|client| client.line().parse::<u64>().unwrap()).sum();
        are_over.store(true, Relaxed);
        let kills = killing.join().unwrap();
        eprintln!("{} calls, {kills} servers killed, {died} calls failed by that", calls_in_all());
        died
    });
    assert!(!retry || died == 0);
    for client in &mut clients {
        client.finish();
    }
    frees_all(&channel);
    channel.close();
    servers.iter_mut().for_each(|server| drop(server.finish()));
}

#[test]
fn with_retry_every_call_is_answered_once_however_many_servers_are_killed() {
    servers_are_killed(true);
}

#[test]
fn without_retry_every_call_of_a_killed_server_says_so() {
    servers_are_killed(false);
}
