//! Processes that hand a sender, or a receiver, on from one to the next in the middle of a feed, and are killed at it: what arrives is the feed.
//!
//! `MEMLANE_HANDOVERS` says how often, and how many are killed; by default few, since that takes as long as so many processes start.

#[path = "support/feed.rs"]
mod recording;
mod support;

use memlane::{JoinError, RecvError, RecvTimeoutError, TakeOverError, spsc};
use recording::feed;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};
use support::child::{self, Child, Part};
use support::random::Random;
use support::{PATIENCE, Scratch};

const PARTS: [(&str, Part); 4] = [
    ("sends every other stretch", sends_every_other_stretch),
    ("receives every other stretch", receives_every_other_stretch),
    ("hands its seat to and fro", hands_its_seat_to_and_fro),
    ("hands a receiver's seat to and fro", hands_a_receivers_seat_to_and_fro),
];

#[test]
fn child_part() {
    child::play(&PARTS);
}

/// How often a seat is handed over, unless the environment says otherwise.
fn handovers(default: usize) -> usize {
    std::env::var("MEMLANE_HANDOVERS").map_or(default, |count| count.parse().expect("a number"))
}

/// The lines of a file, in this many stretches.
fn stretches(feed: &[u8], count: usize) -> Vec<Vec<&[u8]>> {
    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    (0..count).map(|at| lines[lines.len() * at / count..lines.len() * (at + 1) / count].to_vec()).collect()
}

/// Nanoseconds on a clock that all processes share.
fn clock() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// Arguments: channel, file of the feed, stretches, the first of this one's, and where it notes how long it took.
fn sends_every_other_stretch(arguments: &[String]) {
    let feed = std::fs::read(&arguments[1]).unwrap();
    let (count, first): (usize, usize) = (arguments[2].parse().unwrap(), arguments[3].parse().unwrap());
    let stretches = stretches(&feed, count);
    let mut notes = OpenOptions::new().append(true).create(true).open(&arguments[4]).unwrap();
    let channel = spsc::open(&arguments[0]).unwrap();
    let mut mine = (first == 0).then(|| channel.sender().unwrap());
    child::tell("ready");
    child::hear();
    for at in (first..count).step_by(2) {
        let mut tx = mine.take().unwrap_or_else(|| channel.take_over_sender(PATIENCE).unwrap());
        tx.send(stretches[at][0]).unwrap();
        let began = clock();
        for line in &stretches[at][1..] {
            tx.send(line).unwrap();
        }
        writeln!(notes, "{} {began} {}", at, clock()).unwrap();
        if at + 1 < count {
            tx.hand_over(PATIENCE).unwrap();
        }
    }
    child::tell("done");
    child::stay();
}

#[test]
fn a_sender_is_handed_over_in_the_middle_of_the_feed() {
    let count = handovers(40) + 1;
    let (feed, scratch) = (feed(), Scratch::new());
    let [name, file, notes] = ["channel", "feed", "notes"].map(|name| scratch.name(name));
    std::fs::write(&file, &feed).unwrap();
    let mut rx = spsc::Options::new().create(&name).unwrap().receiver().unwrap();
    let start = |first: usize| {
        let child = Child::start(PARTS[0].0, &[&name, &file, &count.to_string(), &first.to_string(), &notes]);
        child.expect("ready");
        child
    };
    let mut children = [start(0), start(1)];
    children.iter_mut().for_each(|child| child.say("go"));
    let mut received = Vec::with_capacity(feed.len());
    while received.len() < feed.len() {
        received.extend_from_slice(&rx.recv_timeout(PATIENCE).unwrap().to_vec());
    }
    assert!(received == feed, "byte for byte");
    children.iter().for_each(|child| child.expect("done"));
    assert_eq!(rx.recv().err(), Some(RecvError::Disconnected));
    let mut noted: Vec<Vec<u64>> = std::fs::read_to_string(&notes)
        .unwrap()
        .lines()
        .map(|line| line.split(' ').map(|number| number.parse().unwrap()).collect())
        .collect();
    noted.sort_unstable();
    assert_eq!(noted.len(), count);
    // From behind the last message of one to behind the first one of its successor.
    let mut pauses: Vec<_> = noted.windows(2).map(|pair| (pair[1][1] - pair[0][2]) / 1000).collect();
    pauses.sort_unstable();
    eprintln!(
        "{} handovers: pauses of {} µs (median), {} µs (longest)",
        count - 1,
        pauses[pauses.len() / 2],
        pauses[pauses.len() - 1]
    );
}

/// Arguments: channel, file that the messages are appended to, lines of a stretch, stretches, the first of this one's.
fn receives_every_other_stretch(arguments: &[String]) {
    let [lines, count, first] = [2, 3, 4].map(|at| arguments[at].parse::<usize>().unwrap());
    let mut file = OpenOptions::new().append(true).create(true).open(&arguments[1]).unwrap();
    let channel = spsc::open(&arguments[0]).unwrap();
    let mut mine = (first == 0).then(|| channel.receiver().unwrap());
    child::tell("ready");
    for at in (first..count).step_by(2) {
        let mut rx = mine.take().unwrap_or_else(|| channel.take_over_receiver(PATIENCE).unwrap());
        for _ in 0..lines {
            let Ok(message) = rx.recv() else { break };
            file.write_all(&message.to_vec()).unwrap();
        }
        if at + 1 < count {
            rx.hand_over(PATIENCE).unwrap();
        } else {
            while let Ok(message) = rx.recv() {
                file.write_all(&message.to_vec()).unwrap();
            }
        }
    }
    child::tell("done");
    child::stay();
}

#[test]
fn a_receiver_is_handed_over_in_the_middle_of_the_feed() {
    let count = handovers(40) + 1;
    let (feed, scratch) = (feed(), Scratch::new());
    let [name, file] = ["channel", "received"].map(|name| scratch.name(name));
    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    let mut tx = spsc::Options::new().create(&name).unwrap().sender().unwrap();
    let start = |first: usize| {
        let numbers = [lines.len() / count, count, first].map(|number| number.to_string());
        let child = Child::start(PARTS[1].0, &[&name, &file, &numbers[0], &numbers[1], &numbers[2]]);
        child.expect("ready");
        child
    };
    let children = [start(0), start(1)];
    for line in &lines {
        tx.send_timeout(line, PATIENCE).unwrap();
    }
    drop(tx);
    children.iter().for_each(|child| child.expect("done"));
    assert!(std::fs::read(&file).unwrap() == feed, "byte for byte");
}

/// Sends the next numbers whenever it has the seat, and hands it over to whoever waits. Arguments: channel, seed.
fn hands_its_seat_to_and_fro(arguments: &[String]) {
    let mut random = Random(arguments[1].parse().unwrap());
    let channel = spsc::open(&arguments[0]).unwrap();
    child::tell("ready");
    loop {
        let taken = channel.take_over_sender(Duration::from_millis(5)).or_else(|error| match error {
            TakeOverError::Timeout { .. } => channel.sender().map_err(TakeOverError::from),
            other => Err(other),
        });
        let mut tx = match taken {
            Ok(tx) => tx,
            Err(TakeOverError::Channel(JoinError::RoleTaken { .. })) => continue,
            Err(error) => panic!("{error}"),
        };
        let mut next = tx.resumed_at();
        loop {
            for _ in 0..random.below(50) {
                tx.send(&next.to_le_bytes()).unwrap();
                next += 1;
            }
            match tx.hand_over(Duration::from_micros(random.below(2000) as u64)) {
                Ok(()) => break,
                Err(error) => tx = error.into_handle(),
            }
        }
    }
}

/// Kills one of three that hand a seat to and fro at random, and starts another, so often; meanwhile, `go_on` is called.
fn kill_some(part: &str, name: &str, kills: usize, mut go_on: impl FnMut()) {
    let seed: u64 = std::process::id().into();
    eprintln!("seed {seed}");
    let mut random = Random(seed);
    let mut children: Vec<_> = (0..3).map(|_| Child::start(part, &[name, &(random.next() | 1).to_string()])).collect();
    for _ in 0..kills {
        let until = Instant::now() + Duration::from_micros(random.below(3000) as u64);
        while Instant::now() < until {
            go_on();
        }
        let victim = random.below(children.len());
        children[victim].expect("ready");
        children[victim].kill();
        children[victim] = Child::start(part, &[name, &(random.next() | 1).to_string()]);
    }
}

#[test]
fn senders_that_are_killed_while_they_hand_over_lose_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("channel");
    let channel = spsc::Options::new().capacity(4096).create(&name).unwrap();
    let mut rx = channel.receiver().unwrap();
    let mut next = 0u64;
    let mut receive = |timeout| match rx.recv_timeout(timeout) {
        Ok(message) => {
            assert_eq!(message.to_vec(), next.to_le_bytes(), "in order, and each once");
            next += 1;
        }
        // Each of them may be dead for a moment.
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        Err(error) => panic!("{error}"),
    };
    kill_some(PARTS[2].0, &name, handovers(30), || receive(Duration::from_micros(100)));
    while rx_is_not_empty(&channel) {
        receive(Duration::ZERO);
    }
    eprintln!("{next} messages");
    assert_eq!(next, channel.info().lanes[0].messages);
    assert!(next > 0);
}

fn rx_is_not_empty(channel: &spsc::Channel) -> bool {
    let info = channel.info();
    info.lanes[0].committed != info.lanes[0].consumed
}

/// Receives whenever it has the seat, notes the numbers in the order in which it got them, and hands the seat over. Arguments: channel, seed.
fn hands_a_receivers_seat_to_and_fro(arguments: &[String]) {
    let mut random = Random(arguments[1].parse().unwrap());
    let channel = spsc::open(&arguments[0]).unwrap();
    let mut notes = OpenOptions::new().append(true).create(true).open(format!("{}-notes", arguments[0])).unwrap();
    child::tell("ready");
    loop {
        let taken = channel.take_over_receiver(Duration::from_millis(5)).or_else(|error| match error {
            TakeOverError::Timeout { .. } => channel.receiver().map_err(TakeOverError::from),
            other => Err(other),
        });
        let mut rx = match taken {
            Ok(rx) => rx,
            Err(TakeOverError::Channel(JoinError::RoleTaken { .. })) => continue,
            Err(error) => panic!("{error}"),
        };
        loop {
            for _ in 0..random.below(50) {
                if let Ok(message) = rx.try_recv() {
                    notes.write_all(&message.to_vec()).unwrap();
                }
            }
            match rx.hand_over(Duration::from_micros(random.below(2000) as u64)) {
                Ok(()) => break,
                Err(error) => rx = error.into_handle(),
            }
        }
    }
}

#[test]
fn receivers_that_are_killed_while_they_hand_over_lose_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("channel");
    let channel = spsc::Options::new().capacity(4096).create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let mut next = 0u64;
    let kills = handovers(30);
    kill_some(PARTS[3].0, &name, kills, || {
        if tx.send_timeout(&next.to_le_bytes(), Duration::from_millis(1)).is_ok() {
            next += 1;
        }
    });
    // Whatever the last ones had not received.
    let mut rx = support_receiver(&channel);
    let rest: Vec<u8> = rx.try_iter().flat_map(Result::unwrap).collect();
    let noted = [std::fs::read(format!("{name}-notes")).unwrap(), rest].concat();
    let numbers: Vec<_> = noted.as_chunks::<8>().0.iter().map(|number| u64::from_le_bytes(*number)).collect();
    let (mut wanted, mut again) = (0, 0);
    for number in numbers {
        if number < wanted {
            again += 1;
        } else {
            assert_eq!(number, wanted, "none is missing");
            wanted += 1;
        }
    }
    assert_eq!(wanted, next);
    eprintln!("{next} messages, {again} came again behind {kills} deaths");
}

/// A receiver's seat, once those that had it are known to be dead.
fn support_receiver(channel: &spsc::Channel) -> spsc::Receiver {
    let mut seat = None;
    support::eventually("the seat is free", || {
        seat = channel.receiver().ok();
        seat.is_some()
    });
    seat.unwrap()
}
