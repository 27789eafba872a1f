//! Threads that pass messages through private channels, with a `main` of its own: what ThreadSanitizer watches.
//!
//! `ci/tsan.sh` builds it with the sanitizer, whose standard library is not: so threads are spawned and joined, nothing
//! else, and the channel is one mapping that all of them share. Without the sanitizer it is a test like others.

use memlane::{RecvError, RecvTimeoutError, mpmc, spsc};
use std::thread;
use std::time::Duration;

/// Messages of each sender: many laps of the smallest ring and of a few slots.
const MESSAGES: u32 = 20_000;

/// Small ones are copied word by word, large ones by the C library.
fn content(number: u32) -> Vec<u8> {
    let length = [8, 40, 64, 65, 300, 700][number as usize % 6];
    (0..length).map(|at| (number + at) as u8).collect()
}

fn main() {
    look_around();
    a_lane();
    a_queue();
    println!("no thread saw another one's work half done");
}

/// What the process learns once, it learns before there are threads: the sanitizer does not see how the standard library
/// hands that on.
fn look_around() {
    let channel = spsc::Options::new().capacity(4096).private().expect("a channel");
    let _sender = channel.sender().expect("a seat");
    let nothing = channel.receiver().expect("a seat").recv_timeout(Duration::from_millis(5)).map(drop);
    assert_eq!(nothing, Err(RecvTimeoutError::Timeout));
}

fn a_lane() {
    let channel = spsc::Options::new().capacity(4096).private().expect("a channel");
    let (mut tx, mut rx) = (channel.sender().expect("a seat"), channel.receiver().expect("a seat"));
    let sender = thread::spawn(move || {
        for number in (0..MESSAGES).step_by(4) {
            tx.send(&content(number)).expect("a receiver");
            tx.send_batch([content(number + 1), content(number + 2)]).expect("a receiver");
            let content = content(number + 3);
            let mut grant = tx.reserve(content.len()).expect("a receiver");
            grant.write_at(0, &content).expect("room");
            grant.commit(content.len()).expect("room");
        }
    });
    let mut buffer = [0; 700];
    let mut number = 0;
    while number < MESSAGES {
        let length = rx.recv_into(&mut buffer).expect("a message");
        assert_eq!(buffer[..length], content(number));
        number += 1;
        // How many a batch brings is chance, so that any call may be the last.
        if number < MESSAGES {
            assert_eq!(rx.recv().expect("a message").to_vec(), content(number));
            number += 1;
        }
        if number < MESSAGES {
            for message in &rx.recv_batch(5).expect("messages") {
                assert_eq!(message.to_vec(), content(number));
                number += 1;
            }
        }
    }
    sender.join().expect("a sender that does not fail");
}

fn a_queue() {
    let channel = mpmc::Options::new().slots(5).max_message(700).priorities(2).private().expect("a channel");
    let receivers: Vec<_> = (0..2).map(|_| channel.receiver().expect("a seat")).collect();
    let senders: Vec<_> = (0..2).map(|_| channel.sender().expect("a seat")).collect();
    let mut threads = Vec::new();
    for (priority, mut tx) in (0..).zip(senders) {
        tx.set_priority(priority).expect("a priority");
        threads.push(thread::spawn(move || {
            (0..MESSAGES).for_each(|number| tx.send(&content(number)).expect("a receiver"));
            0
        }));
    }
    for mut rx in receivers {
        threads.push(thread::spawn(move || {
            let mut received = 0;
            loop {
                match rx.recv() {
                    Ok(message) if received % 16 == 3 => message.nack().expect("a sound channel"),
                    Ok(message) => {
                        let bytes = message.to_vec();
                        let first = u32::from(bytes[0]);
                        assert!(bytes.iter().zip(first..).all(|(&byte, wanted)| byte == wanted as u8));
                    }
                    Err(RecvError::Disconnected) => return received,
                    Err(error) => panic!("{error}"),
                }
                received += 1;
            }
        }));
    }
    let received: u32 = threads.into_iter().map(|thread| thread.join().expect("a thread that does not fail")).sum();
    assert!(received >= 2 * MESSAGES, "{received} deliveries");
}
