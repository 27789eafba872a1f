//! The recorded market feed through a pipe, from one process to another, byte for byte.

use crate::recording::feed;
use crate::support::Scratch;
use crate::support::child::{self, Child, Part};
use crate::{Random, Reader, Writer, read_to_end};
use memlane::spsc::Options;
use std::io::{BufRead, Read, Write};

pub const PARTS: [(&str, Part); 1] = [("writes the feed", |arguments| {
    let mut writer = Writer::open(&arguments[0]).unwrap();
    let feed = feed();
    let (mut rest, mut random) = (&feed[..], Random(arguments[1].parse().unwrap()));
    while !rest.is_empty() {
        let (now, later) = rest.split_at((1 + random.below(50_000)).min(rest.len()));
        writer.write_all(now).unwrap();
        rest = later;
    }
    writer.leave().unwrap();
    child::tell("written");
})];

#[test]
fn the_recorded_feed_arrives_byte_for_byte_however_it_is_read() {
    let feed = feed();
    let readers: [fn(&mut Reader) -> Vec<u8>; 3] = [
        |reader| {
            let (bytes, end) = read_to_end(reader);
            assert_eq!(end, None);
            bytes
        },
        |reader| {
            let mut lines = Vec::new();
            while reader.read_until(b'\n', &mut lines).unwrap() > 0 {}
            lines
        },
        |reader| {
            let (mut bytes, mut random) = (Vec::new(), Random(7));
            let mut buffer = vec![0; 20_000];
            loop {
                let length = 1 + random.below(buffer.len());
                match reader.read(&mut buffer[..length]).unwrap() {
                    0 => return bytes,
                    count => bytes.extend_from_slice(&buffer[..count]),
                }
            }
        },
    ];
    for (capacity, read) in [64 << 10, 1 << 20, 4096].into_iter().zip(readers) {
        let scratch = Scratch::new();
        let name = scratch.name("feed");
        let mut reader = Reader::from(Options::new().capacity(capacity).create(&name).unwrap().receiver().unwrap());
        let mut writer = Child::start("writes the feed", &[&name, &capacity.to_string()]);
        let bytes = read(&mut reader);
        assert!(bytes == feed, "{} bytes of {} arrived, or others", bytes.len(), feed.len());
        assert_eq!(writer.finish(), ["written"]);
    }
}
