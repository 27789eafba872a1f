//! A recorded feed from several senders at a time, which are killed and restarted at random, in each kind in which every sender has a lane:
//! in order, and complete.

#[path = "support/feed.rs"]
mod recording;
mod support;

use memlane::{Kind, any};
use recording::feed;
use std::fs::{File, OpenOptions};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use support::child::{self, Child, Part};
use support::random::Random;
use support::{PATIENCE, Scratch};

const SENDERS: usize = 4;

/// The senders start again so often.
const KILLS: usize = 60;

const PARTS: [(&str, Part); 1] = [("sends its part of the feed", sends_a_part)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

/// The lines of the feed that this one of the senders has.
fn part(sender: usize, lines: usize) -> Range<usize> {
    lines * sender / SENDERS..lines * (sender + 1) / SENDERS
}

/// The number of its line, and the line.
fn message(number: usize, line: &[u8]) -> Vec<u8> {
    [&(number as u64).to_le_bytes(), line].concat()
}

/// Where a sender notes behind each line how far it came. One that was killed between its line and the note sends the line again.
fn journal(path: &str) -> File {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap()
}

fn noted(journal: &File) -> Option<usize> {
    let mut number = [0; 8];
    journal.read_exact_at(&mut number, 0).ok().map(|()| u64::from_le_bytes(number) as usize)
}

fn sends_a_part(arguments: &[String]) {
    let part = std::fs::read(&arguments[3]).unwrap();
    let start: usize = arguments[2].parse().unwrap();
    let journal = journal(&arguments[1]);
    let mut tx = any::open(&arguments[0]).unwrap().sender().unwrap();
    child::tell("joined");
    let lines = part.split_inclusive(|&byte| byte == b'\n');
    let first = noted(&journal).unwrap_or(start);
    for (number, line) in (start..).zip(lines).skip(first - start) {
        tx.send(&message(number, line)).unwrap();
        journal.write_all_at(&(number as u64 + 1).to_le_bytes(), 0).unwrap();
    }
    child::tell("sent");
    child::stay();
}

#[test]
fn lanes_of_four_senders_that_are_killed_and_restarted_lose_nothing_that_was_committed() {
    lose_nothing(Kind::Mpsc);
}

#[test]
fn a_broadcast_of_four_senders_that_are_killed_and_restarted_loses_nothing_that_was_committed() {
    lose_nothing(Kind::Broadcast);
}

fn lose_nothing(kind: Kind) {
    let seed = std::process::id().into();
    eprintln!("seed {seed}");
    let mut random = Random(seed);
    let feed = feed();
    let lines: Vec<_> = feed.split_inclusive(|&byte| byte == b'\n').collect();
    let scratch = Scratch::new();
    let name = scratch.name("feed");
    let journals: Vec<_> = (0..SENDERS).map(|sender| scratch.name(&format!("journal-{sender}"))).collect();
    // Small lanes: senders are killed while they wait for room, too.
    let channel = any::Options::new(kind).max_senders(SENDERS + 1).capacity(128 << 10).create(&name).unwrap();
    let mut rx = channel.receiver().unwrap();
    // While all of them are dead, the stream has not ended.
    let _says_nothing = channel.sender().unwrap();
    let parts: Vec<_> = (0..SENDERS).map(|sender| part(sender, lines.len())).collect();
    let files: Vec<_> = (0..SENDERS).map(|sender| scratch.name(&format!("part-{sender}"))).collect();
    for (part, file) in parts.iter().zip(&files) {
        std::fs::write(file, lines[part.clone()].concat()).unwrap();
    }
    let start = |sender: usize| {
        let first = parts[sender].start.to_string();
        Child::start(PARTS[0].0, &[&name, &journals[sender], &first, &files[sender]])
    };
    let mut senders: Vec<_> = (0..SENDERS).map(start).collect();
    // Before the first kill, so that no lane is free then but the victim's own: in that one, its successor goes on behind what is left.
    for sender in &mut senders {
        sender.expect("joined");
    }

    let mut next: Vec<_> = parts.iter().map(|part| part.start).collect();
    let (mut kills, mut repeated, mut received, mut kill_at) = (0, 0, 0, 100);
    while next.iter().zip(&parts).any(|(next, part)| *next < part.end) {
        let found = rx.recv_timeout(PATIENCE).unwrap().to_vec();
        let number = u64::from_le_bytes(found[..8].try_into().unwrap()) as usize;
        let sender = parts.iter().position(|part| part.contains(&number)).expect("a line of the feed");
        assert!(found[8..] == *lines[number], "line {number} is another one");
        if number + 1 == next[sender] {
            repeated += 1;
        } else {
            assert_eq!(number, next[sender], "sender {sender} of {parts:?}");
            next[sender] += 1;
        }
        received += 1;
        if received >= kill_at && kills < KILLS {
            let victim = random.below(SENDERS);
            senders[victim].kill();
            senders[victim] = start(victim);
            // Until then nothing is received, and the others' lanes fill.
            senders[victim].expect("joined");
            kills += 1;
            // Every other time soon, while those that were waiting for room are writing.
            let soon = [64, 2 * lines.len() / KILLS][random.below(2)];
            kill_at = received + 1 + random.below(soon);
        }
    }
    eprintln!("{received} messages, {kills} kills, {repeated} lines sent twice");
    assert!(repeated <= kills, "{repeated} lines came twice after {kills} kills");
    for (journal, part) in journals.iter().zip(&parts) {
        support::eventually("the last line is noted", || noted(&self::journal(journal)) == Some(part.end));
    }
    assert!(rx.try_recv().is_err(), "there is nothing else");
}
