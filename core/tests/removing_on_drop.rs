//! `remove_on_drop`, and removal by a handle: what goes is the channel that the handle stands for, and nothing else.

mod support;

use memlane::RemoveError;
use memlane::spsc::{self, Options};
use std::fs;
use support::{Scratch, assert_same, child, image::make_stale};

fn small() -> Options {
    Options::new().capacity(4096)
}

#[test]
fn the_creator_removes_the_channel_when_its_last_handle_goes() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = small().remove_on_drop(true).create(&name).unwrap();
    let (copy, sender, receiver) = (channel.clone(), channel.sender().unwrap(), channel.receiver().unwrap());
    drop(channel);
    drop(sender);
    drop(copy);
    assert_eq!(scratch.files().len(), 2, "a receiver is left");
    drop(receiver);
    assert_eq!(scratch.files(), [""; 0]);
}

#[test]
fn a_channel_that_somebody_else_uses_stays_when_its_creator_goes() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let creator = small().remove_on_drop(true).create(&name).unwrap();
    let sender = spsc::open(&name).unwrap().sender().unwrap();
    drop(creator);
    assert_eq!(scratch.files().len(), 2);
    drop(sender);
    assert_eq!(scratch.files().len(), 2, "only the creator removes");
}

#[test]
fn who_only_opened_a_channel_does_not_remove_it() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    small().create(&name).unwrap();
    drop(small().remove_on_drop(true).open(&name).unwrap());
    drop(small().remove_on_drop(true).open_or_create(&name).unwrap());
    assert_eq!(scratch.files().len(), 2);
    make_stale(&name);
    drop(small().remove_on_drop(true).open_or_create(&name).unwrap());
    assert_eq!(scratch.files(), [""; 0], "who replaced a stale one created it");
}

#[test]
fn a_successor_of_the_same_name_is_not_removed() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let first = small().remove_on_drop(true).create(&name).unwrap();
    memlane::remove(&name).unwrap();
    let second = small().create(&name).unwrap().info().instance;
    let wanted = RemoveError::NotFound { channel: name.clone() };
    assert_same(&first.remove().unwrap_err(), &wanted, "by the handle of its predecessor");
    drop(first);
    assert_eq!(memlane::inspect(&name).unwrap().instance, second);
}

#[test]
fn a_channel_is_found_again_though_the_folder_has_changed() {
    child::alone("a_channel_is_found_again_though_the_folder_has_changed", || {
        let (here, there) = (Scratch::new(), Scratch::new());
        std::env::set_current_dir(here.path()).unwrap();
        let one = small().create("./prices").unwrap();
        let two = small().remove_on_drop(true).create("./quotes").unwrap();
        std::env::set_current_dir(there.path()).unwrap();
        small().create("./prices").unwrap();
        small().create("./quotes").unwrap();
        one.remove().unwrap();
        drop(two);
        assert_eq!((here.files().len(), there.files().len()), (0, 4));
    });
}

#[test]
fn a_forked_child_removes_nothing() {
    child::alone("a_forked_child_removes_nothing", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().remove_on_drop(true).create(&name).unwrap();
        let mut handle = Some(channel);
        child::join(child::fork(|| drop(handle.take())));
        assert_eq!(scratch.files().len(), 2);
        drop(handle);
        assert_eq!(scratch.files(), [""; 0]);
    });
}

#[test]
fn a_panic_removes_as_any_other_end_does() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let options = small().remove_on_drop(true);
    let panicked = std::thread::spawn({
        let name = name.clone();
        move || {
            let _sender = options.create(&name).unwrap().sender().unwrap();
            std::panic::resume_unwind(Box::new("on purpose"));
        }
    });
    assert!(panicked.join().is_err());
    assert!(!fs::exists(&name).unwrap());
}
