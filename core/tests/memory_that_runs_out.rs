//! Memory follows what is there: a message for whose copy there is none is a typed error and stays, and a file that claims more
//! than is there is not opened.

mod support;

use memlane::any::{self, Options};
use memlane::{GetError, Kind, NotAChannel, OpenError, OutOfMemory, RecvError, mpmc, spsc, watch};
use rustix::process::Resource;
use std::fs::File;
use support::child::alone;
use support::{Scratch, assert_same, space};

/// More than the C library ever keeps in reserve for a thread.
const LONG: usize = 72 << 20;

/// Less than a long message, and more than everything else takes.
const SPARE: u64 = 8 << 20;

/// Two long messages are there, and no memory for a copy of one.
fn without_memory(kind: Kind) {
    let options = Options::new(kind).max_message(LONG);
    let options = if kind.has_option("slots") { options.slots(2) } else { options };
    let channel = options.private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let mut buffer = vec![7; LONG];
    tx.send(&buffer).unwrap();
    tx.send(b"short").unwrap();
    let before = rustix::process::getrlimit(Resource::As);
    space::limit(Resource::As, space::address_space() + SPARE);
    let refused = Some(Err(RecvError::OutOfMemory { needed: LONG }));
    assert_eq!(
        rx.messages().next().map(|copy| copy.map(|bytes| bytes.len())),
        Some(Err(RecvError::OutOfMemory { needed: LONG }))
    );
    assert!(rx.messages().next() == refused, "it came again");
    let message = rx.recv().unwrap();
    assert!(message.try_to_vec() == Err(OutOfMemory { needed: LONG }));
    let mut vector = b"kept".to_vec();
    assert_eq!(message.append_to(&mut vector), Err(OutOfMemory { needed: LONG }));
    assert_eq!(vector, b"kept");
    message.hand_back();
    let batch = rx.recv_batch(usize::MAX).unwrap();
    assert_eq!(batch.len(), 2);
    assert!(batch.get(0).unwrap().try_to_vec() == Err(OutOfMemory { needed: LONG }));
    assert_eq!(batch.get(1).unwrap().try_to_vec().unwrap(), b"short");
    assert_eq!(batch.get(0).unwrap().copy_to(&mut buffer), Ok(LONG), "no memory is needed for that");
    drop(batch);
    rustix::process::setrlimit(Resource::As, before).unwrap();
}

#[test]
fn a_message_that_no_memory_suffices_for_is_an_error_and_stays() {
    alone("a_message_that_no_memory_suffices_for_is_an_error_and_stays", || {
        any::KINDS.iter().copied().for_each(without_memory);
    });
}

#[test]
fn a_value_that_no_memory_suffices_for_is_an_error_and_stays_unseen() {
    alone("a_value_that_no_memory_suffices_for_is_an_error_and_stays_unseen", || {
        let channel = watch::Options::new().max_message(LONG).private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut buffer = vec![7; LONG];
        tx.set(&buffer).unwrap();
        let before = rustix::process::getrlimit(Resource::As);
        space::limit(Resource::As, space::address_space() + SPARE);
        assert!(rx.get() == Err(GetError::OutOfMemory { needed: LONG }));
        assert!(rx.changed() == Err(RecvError::OutOfMemory { needed: LONG }));
        assert_eq!(rx.get_into(&mut buffer), Ok(LONG), "no memory is needed for that");
        rustix::process::setrlimit(Resource::As, before).unwrap();
    });
}

#[test]
fn a_file_that_claims_more_than_is_there_is_not_opened() {
    let scratch = Scratch::new();
    for (name, hole) in [("ring", 64 << 10), ("control", 4096)] {
        let name = scratch.name(name);
        let channel = spsc::Options::new().capacity(1 << 20).create(&name).unwrap();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        space::punch(&file, file.metadata().unwrap().len() - hole, hole);
        let wanted = OpenError::NotAChannel { channel: name.clone(), found: NotAChannel::Sparse };
        assert_same(&spsc::open(&name).unwrap_err(), &wanted, "opening");
        drop(channel);
        memlane::remove(&name).unwrap();
    }
    let channel = mpmc::Options::new().anonymous().unwrap();
    let (region, locks) = channel.descriptors().unwrap();
    let file = File::from(region.try_clone_to_owned().unwrap());
    space::punch(&file, file.metadata().unwrap().len() - 4096, 4096);
    let error = mpmc::Options::new().open_descriptors(file.into(), locks.try_clone_to_owned().unwrap()).unwrap_err();
    assert!(matches!(error, OpenError::NotAChannel { found: NotAChannel::Sparse, .. }), "{error}");
}
