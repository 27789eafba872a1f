//! Lives: numbers that no two participants have, and what proves that one is over.

mod support;

use memlane::mpmc::{self, Channel};
use memlane::spsc::{self, Options};
use memlane::{Corruption, JoinError, ParticipantInfo};
use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use support::child::{self, Child, Part};
use support::image::Image;
use support::{Scratch, eventually, layout};

const PARTS: [(&str, Part); 2] = [("takes part", takes_part), ("shares its memory", shares_its_memory)];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn takes_part(arguments: &[String]) {
    let _sender = mpmc::open(&arguments[0]).unwrap().sender().unwrap();
    child::tell("joined");
    child::stay();
}

/// Takes part, and makes a child that lives in this process's memory and waits.
fn shares_its_memory(arguments: &[String]) {
    extern "C" fn wait(_: *mut libc::c_void) -> i32 {
        // SAFETY: a sleep, by which the child ends should the test fail.
        unsafe { libc::sleep(120) };
        0
    }
    let _sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
    let mut stack = vec![0u128; 4096];
    // SAFETY: the stack is this child's as long as the memory is there; it makes one system call.
    let child = unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        libc::clone(wait, top, libc::CLONE_VM, std::ptr::null_mut())
    };
    assert!(child > 0, "clone: {}", std::io::Error::last_os_error());
    child::tell(child);
    child::stay();
}

/// Blocks of lives are so long: `docs/layout.md`.
const BLOCK: u64 = 4096;

#[test]
fn a_killed_process_whose_memory_a_child_shares_is_dying_and_then_dead() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let mut child = Child::start("shares its memory", &[&name]);
    let heir: i32 = child.line().parse().unwrap();
    let seen = || {
        let info = channel.info();
        (info.participants[0].alive, info.participants[0].dying)
    };
    assert_eq!(seen(), (Some(true), false), "it runs");
    child.kill();
    assert_eq!(seen(), (Some(true), true), "its memory is there, and may be written to");
    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })));
    // SAFETY: kill takes two integers; the child sleeps for longer than this test takes.
    assert_eq!(unsafe { libc::kill(heir, libc::SIGKILL) }, 0);
    eventually("it is dead", || seen() == (Some(false), false));
    channel.sender().unwrap();
}

#[test]
fn one_process_takes_more_seats_than_a_block_has_lives_and_none_twice() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    // It holds the first block.
    let _receiver = channel.receiver().unwrap();
    let life = || channel.info().participants[0].life;
    let mut last = 0;
    for _ in 0..BLOCK + 100 {
        let sender = channel.sender().unwrap();
        assert!(life() > last, "{} after {last}", life());
        last = life();
        drop(sender);
    }
    assert!(last >= 2 * BLOCK, "of more than one block");
}

#[test]
fn threads_that_join_at_once_share_no_life() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = mpmc::Options::new().slots(4).max_message(8).max_senders(256).create(&name).unwrap();
    let go = AtomicBool::new(false);
    let senders: Vec<_> = std::thread::scope(|scope| {
        let join = || {
            while !go.load(Relaxed) {
                std::thread::yield_now();
            }
            (0..32).map(|_| channel.sender().unwrap()).collect::<Vec<_>>()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(join)).collect();
        go.store(true, Relaxed);
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(lives(&channel).len(), senders.len());
}

fn lives(channel: &Channel) -> BTreeSet<u64> {
    let is_alive = |participant: &ParticipantInfo| participant.alive == Some(true);
    channel.info().participants.into_iter().filter(is_alive).map(|participant| participant.life).collect()
}

/// Overwrites the counter from which blocks are drawn.
fn set_blocks(name: &str, to: u64) {
    let at = Image::load(name).get("control_at") + layout::field("ChannelControl", "blocks").offset as u64;
    File::options().write(true).open(name).unwrap().write_all_at(&to.to_le_bytes(), at).unwrap();
}

#[test]
fn a_counter_of_blocks_that_was_set_back_makes_no_two_lives_alike() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = mpmc::Options::new().slots(4).max_message(8).create(&name).unwrap();
    let _here = channel.sender().unwrap();
    let mut children = Vec::new();
    for count in 2..10 {
        set_blocks(&name, 0);
        let child = Child::start("takes part", &[&name]);
        child.expect("joined");
        children.push(child);
        assert_eq!(lives(&channel).len(), count, "as many lives as living");
    }
}

#[test]
fn a_counter_of_blocks_past_its_end_is_corruption() {
    for blocks in [u64::MAX, u64::MAX - 1, 1 << 43, 1 << 63] {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = mpmc::Options::new().slots(4).max_message(8).create(&name).unwrap();
        set_blocks(&name, blocks);
        match channel.sender() {
            Err(JoinError::Corrupted { reason, .. }) => assert_eq!(reason, Corruption::Participant, "{blocks:#x}"),
            other => panic!("{blocks:#x}: {other:?}"),
        }
    }
}
