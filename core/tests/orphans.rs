//! Lock files that lost their region: what removes them, and what that costs.

mod support;

use memlane::spsc::Options;
use std::fs;
use support::{Scratch, syscalls};

/// Plants lock files of the channel `prices` that nobody holds: orphans, or others that only look like them.
fn plant(scratch: &Scratch, number: usize, genuine: bool) {
    for instance in 0..number as u128 {
        let content = if genuine { instance } else { !instance };
        fs::write(scratch.join(&format!("prices.{instance:032x}.lock")), content.to_be_bytes()).unwrap();
    }
}

#[test]
fn a_creation_costs_the_same_however_many_lock_files_stand_beside_it() {
    let cost = |look_alikes: usize, orphans: bool| {
        let scratch = Scratch::new();
        plant(&scratch, look_alikes, orphans);
        let name = scratch.name("prices");
        syscalls::cost(|| drop(Options::new().capacity(4096).create(&name).unwrap()))
    };
    for orphans in [false, true] {
        let (none, some, many) = (cost(0, orphans), cost(300, orphans), cost(5000, orphans));
        eprintln!("a creation beside no, 300 and 5,000 lock files: {none:?}, {some:?}, {many:?}");
        assert!(many.calls < some.calls + some.calls / 4, "{some:?} beside 300, {many:?} beside 5,000");
        assert!(many.folder_bytes < 2 * some.folder_bytes, "{some:?} beside 300, {many:?} beside 5,000");
    }
}

/// A creation reads some names of the folder, and not all: so that of many channels is not quadratic.
#[test]
fn creating_many_channels_is_linear() {
    let scratch = Scratch::new();
    let create =
        |number: usize| drop(Options::new().capacity(4096).create(&scratch.name(&format!("c{number}"))).unwrap());
    let cost = |number| syscalls::cost(|| create(number));
    (0..400).for_each(create);
    let some = cost(400);
    (401..2000).for_each(create);
    let many = cost(2000);
    assert!(many.calls < some.calls + some.calls / 4, "{some:?} for the 400th, {many:?} for the 2,000th");
    assert!(many.folder_bytes < 2 * some.folder_bytes, "{some:?} for the 400th, {many:?} for the 2,000th");
}

#[test]
fn every_orphan_goes_in_the_end() {
    let scratch = Scratch::new();
    // Those that are none stand in the way, at the folder's start and its end, and stay.
    plant(&scratch, 300, false);
    for orphan in 1..=40u8 {
        let id = u128::from_be_bytes([orphan; 16]);
        fs::write(scratch.join(&format!("prices.{id:032x}.lock")), [orphan; 16]).unwrap();
    }
    for letter in 0..300 {
        fs::write(scratch.join(&format!("letter-{letter}")), "").unwrap();
    }
    let name = scratch.name("prices");
    let left = |scratch: &Scratch| scratch.files().len() - 600;
    for _ in 0..20_000 {
        drop(Options::new().capacity(4096).create(&name).unwrap());
        memlane::remove(&name).unwrap();
        if left(&scratch) == 0 {
            return;
        }
    }
    panic!("{} orphans are left", left(&scratch));
}
