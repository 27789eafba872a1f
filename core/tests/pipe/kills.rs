//! Either end killed at any time.

use crate::support::Scratch;
use crate::support::child::{self, Child, Part};
use crate::{Random, Reader, Writer, read_to_end, stream};
use memlane::spsc::Options;
use std::fs::{self, File};
use std::io::{BufRead, ErrorKind, Read, Write};

pub const PARTS: [(&str, Part); 2] = [
    ("writes the stream without end", |arguments| {
        let mut writer = Writer::open(&arguments[0]).unwrap();
        let (mut random, mut written) = (Random(arguments[1].parse().unwrap()), 0);
        for turn in 0.. {
            let bytes = stream(written, 1 + random.below(600));
            written += writer.write(&bytes).unwrap();
            // From time to time, so that telling does not set the pace.
            if turn % 256 == 0 {
                child::tell(written);
            }
        }
    }),
    ("copies to a file", |arguments| {
        let mut reader = Reader::open(&arguments[0]).unwrap();
        let mut copy = File::create(&arguments[1]).unwrap();
        child::tell("joined");
        loop {
            let lent = reader.fill_buf().unwrap();
            if lent.is_empty() {
                break;
            }
            copy.write_all(lent).unwrap();
            let count = lent.len();
            reader.consume(count);
        }
    }),
];

#[test]
fn a_writer_that_is_killed_at_any_time_leaves_a_prefix_and_a_reset() {
    let scratch = Scratch::new();
    let name = scratch.name("pipe");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let mut random = Random(42);
    for round in 1..=25 {
        let mut reader = Reader::from(channel.receiver().unwrap());
        let mut writer = Child::start("writes the stream without end", &[&name, &round.to_string()]);
        let mut bytes = vec![0; 1 + random.below(1_000_000)];
        reader.read_exact(&mut bytes).unwrap();
        writer.kill();
        let (rest, end) = read_to_end(&mut reader);
        bytes.extend_from_slice(&rest);
        assert_eq!(end, Some(ErrorKind::ConnectionReset), "round {round}");
        assert!(bytes == stream(0, bytes.len()), "round {round}: not a prefix");
        let told = writer.end().1.last().map_or(0, |told| told.parse::<usize>().unwrap());
        assert!(told <= bytes.len(), "round {round}: {} of {told} bytes that it had written", bytes.len());
    }
}

/// What a killed reader had consumed does not come again, but for the record that it was in; and no byte is missing.
#[test]
fn readers_that_are_killed_at_any_time_leave_the_rest_to_the_next() {
    let scratch = Scratch::new();
    let (name, copy) = (scratch.name("pipe"), scratch.name("copy"));
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let mut writer = Writer::from(channel.sender().unwrap());
    let mut random = Random(43);
    // Where records begin, and the end of the last one.
    let mut bounds = vec![0];
    let mut seen = 0;
    let check = |bounds: &[usize], seen: usize| {
        let copied = fs::read(&copy).unwrap();
        let record = bounds.windows(2).find(|record| {
            record[0] <= seen && seen <= record[1] && {
                let end = record[0] + copied.len();
                copied == stream(record[0], copied.len()) && end >= record[0]
            }
        });
        let record = record.unwrap_or_else(|| panic!("{} bytes after {seen} do not follow", copied.len()));
        (record[0] + copied.len()).max(seen)
    };
    for _ in 0..25 {
        let mut reader = Child::start("copies to a file", &[&name, &copy]);
        reader.expect("joined");
        for _ in 0..random.below(3000) {
            let at = bounds[bounds.len() - 1];
            bounds.push(at + writer.write(&stream(at, 1 + random.below(600))).unwrap());
        }
        reader.kill();
        seen = check(&bounds, seen);
    }
    let mut reader = Child::start("copies to a file", &[&name, &copy]);
    reader.expect("joined");
    writer.leave().unwrap();
    reader.finish();
    assert_eq!(check(&bounds, seen), bounds[bounds.len() - 1]);
}
