//! Byte pipes: what goes in comes out, however it is cut; how each end learns that the other one is gone; and what a kill at any
//! time leaves.

mod bytes;
mod ends;
mod feed;
mod kills;
mod model;
#[path = "../support/feed.rs"]
mod recording;
#[path = "../support/mod.rs"]
mod support;
mod waits;

use memlane::Backend;
use memlane::pipe::{Reader, Writer};
use memlane::spsc::{Channel, Options};
use std::io::{ErrorKind, Read};
use support::child;
use support::random::Random;
use support::stage::{Place, Stage, trust};

#[test]
fn child_part() {
    child::play(&[&ends::PARTS[..], &kills::PARTS[..], &feed::PARTS[..]].concat());
}

/// Runs a test over channels of each place and backend: small ones, whose records have at most 504 bytes.
#[track_caller]
fn everywhere(test: impl Fn(&dyn Fn() -> Channel)) {
    for place in [Place::Named, Place::Anonymous, Place::Private] {
        for backend in [Backend::Futex, Backend::Semaphore] {
            eprintln!("over a {place:?} channel that wakes by {backend:?}");
            let stage = Stage::new(place);
            let options = Options::new().capacity(4096).backend(backend).trust_peers(trust());
            test(&|| stage.channel(&options));
        }
    }
}

/// Both ends of a pipe through this channel.
fn pipe(channel: &Channel) -> (Writer, Reader) {
    (channel.sender().unwrap().into(), channel.receiver().unwrap().into())
}

/// Byte `at` of the stream that these tests send: no stretch of it looks like another one.
fn byte(at: usize) -> u8 {
    ((at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8
}

/// So many bytes of the stream, from `at` on.
fn stream(at: usize, length: usize) -> Vec<u8> {
    (at..at + length).map(byte).collect()
}

/// All that is left, and how it ended: `None` is the end of the file.
fn read_to_end(reader: &mut impl Read) -> (Vec<u8>, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = reader.read_to_end(&mut bytes).err().map(|error| error.kind());
    (bytes, end)
}
