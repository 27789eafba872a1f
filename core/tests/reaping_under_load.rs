//! What killed participants held comes back while nobody joins, nobody waits and nothing is ever empty or full; and hundreds
//! of dead are settled at once.

mod support;

use memlane::mpmc::{Channel, OnDeath, Options, Receiver, Sender};
use std::fs;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use support::child::{self, Child, Part};
use support::image::Image;
use support::{Scratch, layout};

const PARTS: [(&str, Part); 3] = [
    ("holds a message", holds_a_message),
    ("holds a grant", holds_a_grant),
    ("is hundreds of receivers", is_hundreds_of_receivers),
];

#[test]
fn child_part() {
    child::play(&PARTS);
}

fn holds_a_message(arguments: &[String]) {
    let mut receiver = memlane::mpmc::open(&arguments[0]).unwrap().receiver().unwrap();
    let message = receiver.recv().unwrap();
    child::tell(String::from_utf8(message.to_vec()).unwrap());
    child::stay();
}

fn holds_a_grant(arguments: &[String]) {
    let mut sender = memlane::mpmc::open(&arguments[0]).unwrap().sender().unwrap();
    let _grant = sender.reserve(4).unwrap();
    child::tell("holds it");
    child::stay();
}

/// So many messages are more than any machine moves in two slices: what is due by then is late.
const MESSAGES_MAX: u64 = 20_000_000;

fn small(name: &str) -> Channel {
    Options::new().slots(64).max_message(100).create(name).unwrap()
}

/// A channel, and a child that was killed in it with the message "held" in hand.
fn with_a_held_message(name: &str) -> (Sender, Receiver, Child) {
    let channel = small(name);
    let mut sender = channel.sender().unwrap();
    let child = Child::start("holds a message", &[name]);
    sender.send(b"held").unwrap();
    child.expect("held");
    let receiver = channel.receiver().unwrap();
    (sender, receiver, child)
}

fn free(name: &str) -> u64 {
    memlane::inspect(name).unwrap().queue.unwrap().free
}

#[test]
fn a_queue_that_is_never_idle_delivers_again_what_a_killed_receiver_held() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let (mut sender, mut receiver, mut child) = with_a_held_message(&name);
    child.kill();
    // One thread is both ends: no receive finds the queue empty, and no send finds it full.
    let again = (0..MESSAGES_MAX).find(|number| {
        sender.send(&number.to_le_bytes()).unwrap();
        let message = receiver.recv().unwrap();
        let held = message.redelivered();
        assert_eq!(&*message.to_vec() == b"held", held);
        message.ack().unwrap();
        held
    });
    assert!(again.is_some(), "the message did not come again");
    let info = memlane::inspect(&name).unwrap();
    let counters = info.participants.iter().map(|participant| participant.counters);
    assert_eq!(counters.clone().map(|counters| counters.empty + counters.full + counters.parks).sum::<u64>(), 0);
    assert_eq!(counters.map(|counters| counters.reaped).sum::<u64>(), 1);
}

#[test]
fn a_queue_that_is_never_idle_delivers_again_in_batches_too() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let (mut sender, mut receiver, mut child) = with_a_held_message(&name);
    child.kill();
    let mut again = 0;
    for _ in 0..MESSAGES_MAX / 16 {
        sender.send_batch([b"0123456789abcdef"; 16]).unwrap();
        let batch = receiver.recv_batch(16).unwrap();
        again += batch.iter().filter(|message| message.redelivered()).count();
        batch.ack().unwrap();
        if again > 0 {
            break;
        }
    }
    assert_eq!(again, 1, "the message did not come again");
}

#[test]
fn a_message_comes_again_beside_a_sender_and_a_receiver_at_full_speed() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let (mut sender, mut receiver, mut child) = with_a_held_message(&name);
    let is_over = AtomicBool::new(false);
    let again = std::thread::scope(|scope| {
        scope.spawn(|| {
            for number in 0..MESSAGES_MAX {
                if is_over.load(Relaxed) {
                    break;
                }
                sender.send(&number.to_le_bytes()).unwrap();
            }
        });
        let mut again = false;
        for received in 0..MESSAGES_MAX {
            if received == 1000 {
                child.kill();
            }
            let message = receiver.recv().unwrap();
            again = message.redelivered();
            message.ack().unwrap();
            if again {
                break;
            }
        }
        is_over.store(true, Relaxed);
        // What the sender waits with has room.
        while receiver.try_recv().is_ok() {}
        again
    });
    assert!(again, "the message did not come again");
}

#[test]
fn a_queue_that_is_never_idle_gets_the_slots_of_killed_senders_back() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let channel = small(&name);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let mut child = Child::start("holds a grant", &[&name]);
    child.expect("holds it");
    assert_eq!(free(&name), 63);
    child.kill();
    let settled = (0..MESSAGES_MAX).find(|number| {
        sender.send(&number.to_le_bytes()).unwrap();
        receiver.recv().unwrap().ack().unwrap();
        number % 4096 == 0 && free(&name) == 64
    });
    assert!(settled.is_some(), "the slot did not come back");
}

#[test]
fn what_nobody_delivers_again_comes_back_under_load_too() {
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let options = Options::new().slots(64).max_message(100).on_death(OnDeath::Discard);
    let channel = options.create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    let mut child = Child::start("holds a message", &[&name]);
    sender.send(b"held").unwrap();
    child.expect("held");
    let mut receiver = channel.receiver().unwrap();
    child.kill();
    let settled = (0..MESSAGES_MAX).find(|number| {
        sender.send(&number.to_le_bytes()).unwrap();
        let message = receiver.recv().unwrap();
        assert!(!message.redelivered());
        message.ack().unwrap();
        number % 4096 == 0 && free(&name) == 64
    });
    assert!(settled.is_some(), "the slot did not come back");
}

const CROWD: usize = 400;
const EACH: usize = 40;

fn is_hundreds_of_receivers(arguments: &[String]) {
    let channel = memlane::mpmc::open(&arguments[0]).unwrap();
    let mut receivers: Vec<_> = (0..CROWD).map(|_| channel.receiver().unwrap()).collect();
    let batches: Vec<_> = receivers.iter_mut().map(|receiver| receiver.recv_batch(EACH).unwrap()).collect();
    assert!(batches.iter().all(|batch| batch.len() == EACH));
    child::tell("they hold them");
    child::stay();
}

#[test]
fn hundreds_that_die_at_once_are_settled_by_one_pass() {
    const SLOTS: usize = 65_536;
    let scratch = Scratch::new();
    let name = scratch.name("jobs");
    let options = Options::new().slots(SLOTS).max_message(16).priorities(8).max_receivers(512);
    let channel = options.create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    // Each receiver gets messages of one priority.
    let eighth = CROWD * EACH / 8;
    for number in 0..CROWD * EACH {
        sender.set_priority((number / eighth) as u8).unwrap();
        sender.send(&(number as u64).to_le_bytes()).unwrap();
    }
    let mut child = Child::start("is hundreds of receivers", &[&name]);
    child.expect("they hold them");
    let mut survivor = channel.receiver().unwrap();
    child.kill();
    let mut came = vec![false; CROWD * EACH];
    for _ in 0..CROWD * EACH {
        let message = survivor.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(message.redelivered());
        let number = u64::from_le_bytes(message.to_vec().try_into().unwrap());
        assert!(!std::mem::replace(&mut came[number as usize], true), "{number} came twice");
        message.ack().unwrap();
    }
    let info = channel.info();
    assert_eq!(info.queue.unwrap().free, SLOTS as u64);
    let reaped: u64 = info.participants.iter().map(|participant| participant.counters.reaped).sum();
    assert_eq!(reaped, CROWD as u64, "each of the dead was counted once");
    // Each pass counts itself.
    let header = Image::load(&name);
    let at = header.get("queue_at") as usize + layout::field("QueueControl", "returned").offset;
    let passes = u64::from_le_bytes(fs::read(&name).unwrap()[at..at + 8].try_into().unwrap());
    assert_eq!(passes, 1);
}
