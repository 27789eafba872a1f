//! A broadcast whose sender never waits, with receivers that sleep: received and reported as lost add up to what was sent, exactly.

#[path = "support/feed.rs"]
mod recording;
mod support;

use memlane::RecvError;
use memlane::broadcast::{self, Options, Policy, Start};
use recording::feed;
use std::sync::Barrier;
use std::time::Duration;
use support::Scratch;
use support::account::Account;
use support::child::{self, Child};

/// So many messages are received between two naps.
const AWAKE: u64 = 100;

const NAP: Duration = Duration::from_millis(1);

#[test]
fn child_part() {
    child::play(&[("receives the feed", receives_the_feed)]);
}

/// What receives the next message.
type Receive = Box<dyn FnMut() -> Result<Vec<u8>, RecvError> + Send>;

/// Receives from the oldest message on: with a seat, or without.
fn receiver(name: &str, has_seat: bool) -> Receive {
    if has_seat {
        let mut receiver = broadcast::open(name).unwrap().receiver_from(Start::Oldest).unwrap();
        Box::new(move || receiver.recv().map(|message| message.to_vec()))
    } else {
        let mut receiver = Options::new().open_read_only_from(name, Start::Oldest).unwrap();
        Box::new(move || receiver.recv())
    }
}

/// Receives until the end, and takes naps.
fn drain(mut receive: Receive, sleeps: bool, check: impl Fn(u64, &[u8])) -> Account {
    let mut account = Account::default();
    loop {
        match receive() {
            Ok(message) => {
                let (number, rest) = message.split_first_chunk::<8>().unwrap();
                account.got_bytes(number);
                check(account.next() - 1, rest);
            }
            Err(RecvError::Lagged { lost }) => account.told(lost),
            Err(error) => {
                assert_eq!(error, RecvError::Disconnected);
                return account;
            }
        }
        if sleeps && account.received.is_multiple_of(AWAKE) {
            std::thread::sleep(NAP);
        }
    }
}

fn receives_the_feed(arguments: &[String]) {
    let [name, how, feed] = [&arguments[0], &arguments[1], &arguments[2]];
    let feed = std::fs::read(feed).unwrap();
    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    let receive = receiver(name, how != "read-only");
    let sleeps = how != "awake";
    child::tell("begins");
    if sleeps {
        child::hear();
    }
    let account = drain(receive, sleeps, |number, line| {
        assert!(line == lines[number as usize], "line {number} is another one");
    });
    child::tell(format!("{} {}", account.received, account.lost));
}

/// To processes: one that is awake, one that sleeps through half of it and takes naps then, and another one that has no seat.
#[test]
fn of_the_recorded_feed_each_line_is_received_or_counted_as_lost() {
    let feed = feed();
    let scratch = Scratch::new();
    let (name, unpacked) = (scratch.name("feed"), scratch.name("lines"));
    std::fs::write(&unpacked, &feed).unwrap();
    let channel = Options::new().policy(Policy::Overwrite).create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let mut receivers = ["awake", "asleep", "read-only"].map(|how| {
        let receiver = Child::start("receives the feed", &[&name, how, &unpacked]);
        receiver.expect("begins");
        receiver
    });
    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    let sent = lines.len() as u64;
    for (number, line) in lines.iter().enumerate() {
        if number == lines.len() / 2 {
            receivers[1..].iter_mut().for_each(|receiver| receiver.say("half of it is sent"));
        }
        tx.send(&[&(number as u64).to_le_bytes(), *line].concat()).unwrap();
    }
    drop(tx);
    for (receiver, sleeps) in receivers.iter_mut().zip([false, true, true]) {
        let told = receiver.line();
        let (received, lost) = told.split_once(' ').unwrap();
        let [received, lost]: [u64; 2] = [received, lost].map(|number| number.parse().unwrap());
        eprintln!("{received} of {sent} lines received, {lost} lost");
        assert_eq!(received + lost, sent);
        assert!(!sleeps || lost > 10_000, "it slept through half of the feed, which the ring does not hold");
        receiver.finish();
    }
}

/// The same to threads.
#[test]
fn of_ten_million_small_messages_each_is_received_or_counted_as_lost() {
    const MESSAGES: u64 = 10_000_000;
    let scratch = Scratch::new();
    let name = scratch.name("ticks");
    let channel = Options::new().policy(Policy::Overwrite).create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let half = Barrier::new(3);
    let accounts = std::thread::scope(|scope| {
        let half = &half;
        let receiving = ["awake", "asleep", "read-only"].map(|how| {
            let (receive, sleeps) = (receiver(&name, how != "read-only"), how != "awake");
            scope.spawn(move || {
                if sleeps {
                    half.wait();
                }
                drain(receive, sleeps, |_, rest| assert!(rest.is_empty()))
            })
        });
        for number in 0..MESSAGES {
            if number == MESSAGES / 2 {
                half.wait();
            }
            tx.send(&number.to_le_bytes()).unwrap();
        }
        drop(tx);
        receiving.map(|one| one.join().unwrap())
    });
    for account in accounts {
        eprintln!("{account:?}");
        assert_eq!(account.received + account.lost, MESSAGES);
    }
    assert!(accounts[1..].iter().all(|account| account.lost > MESSAGES / 3), "they slept through half of it");
}
