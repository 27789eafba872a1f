//! A recorded feed fanned out to three receivers, one of them slow, one killed at random and restarted by its name: what each of them writes is
//! the feed, byte for byte.

#[path = "support/feed.rs"]
mod recording;
mod support;

use memlane::broadcast::{self, Options, Start};
use recording::feed;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;
use support::child::{self, Child, Part};
use support::random::Random;

use support::{PATIENCE, Scratch};

/// The receiver with a name starts again so often.
const KILLS: usize = 60;

const NAME: &str = "archive";

const PARTS: [(&str, Part); 1] = [("writes what it receives", writes_what_it_receives)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn output(path: &str) -> File {
    OpenOptions::new().write(true).create(true).truncate(false).open(path).unwrap()
}

/// Receives the feed, and writes each message before it acknowledges it, where it stands in the feed: so what comes again is written again.
fn writes_what_it_receives(arguments: &[String]) {
    let [channel, path, name, turns] = arguments else { panic!("{arguments:?}") };
    let (channel, output) = (broadcast::open(channel).unwrap(), output(path));
    let mut rx = match name.as_str() {
        "" => channel.receiver_from(Start::Oldest).unwrap(),
        name => channel.receiver_named(name, Start::Oldest).unwrap(),
    };
    child::tell("joined");
    let turns: u64 = turns.parse().unwrap();
    while let Ok(message) = rx.recv_timeout(PATIENCE) {
        let bytes = message.to_vec();
        let (place, line) = bytes.split_at(8);
        output.write_all_at(line, u64::from_le_bytes(place.try_into().unwrap())).unwrap();
        for turn in 0..turns {
            std::hint::black_box(bytes.iter().map(|byte| turn ^ u64::from(*byte)).sum::<u64>());
        }
        message.ack().unwrap();
    }
    child::tell("has all");
    child::stay();
}

#[test]
fn three_receivers_of_the_feed_write_it_completely_though_one_is_slow_and_one_is_killed() {
    let seed = std::process::id().into();
    eprintln!("seed {seed}");
    let mut random = Random(seed);
    let feed = feed();
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let outputs = ["fast", "slow", "named"].map(|output| scratch.name(output));
    // A small lane: the sender waits for the slow one, and for the one that is away.
    let channel = Options::new().max_receivers(3).capacity(256 << 10).create(&name).unwrap();
    let mut tx = channel.sender().unwrap();
    let start = |output: usize| {
        let (name_of_its_own, turns) = [("", "0"), ("", "3"), (NAME, "0")][output];
        let child = Child::start(PARTS[0].0, &[&name, &outputs[output], name_of_its_own, turns]);
        child.expect("joined");
        child
    };
    let mut receivers = [0, 1, 2].map(start);

    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    let (mut place, mut kills, mut kill_at, mut is_away) = (0u64, 0, 100, false);
    for (number, line) in lines.iter().enumerate() {
        if number >= kill_at && kills < KILLS && !is_away {
            receivers[2].kill();
            kills += 1;
            // Every other time it comes back at once; else when the lane is full of what was sent meanwhile.
            is_away = random.below(2) == 0;
            if !is_away {
                receivers[2] = start(2);
            }
            // Every other time soon, while it is about to go on.
            let soon = [64, 2 * lines.len() / KILLS][random.below(2)];
            kill_at = number + 1 + random.below(soon);
        }
        let message = [&place.to_le_bytes(), *line].concat();
        if is_away && tx.send_timeout(&message, Duration::from_millis(20)).is_ok() {
            place += line.len() as u64;
            continue;
        }
        if is_away {
            receivers[2] = start(2);
            is_away = false;
        }
        tx.send(&message).unwrap();
        place += line.len() as u64;
    }
    if is_away {
        receivers[2] = start(2);
    }
    eprintln!("{} messages, {kills} kills", lines.len());
    drop(tx);
    for receiver in &mut receivers {
        receiver.expect("has all");
    }
    for output in &outputs {
        assert!(std::fs::read(output).unwrap() == feed, "{output} is another one");
    }
    let readers = channel.info().broadcast.unwrap().readers;
    assert_eq!(readers.iter().filter(|reader| reader.name.as_deref() == Some(NAME)).count(), 1);
    assert!(readers.iter().all(|reader| reader.behind == Some(0)), "{readers:?}");
}
