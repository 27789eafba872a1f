//! `mpmc` next to a peer that writes garbage into the queue's words: every call returns, and nobody panics.

mod support;

use memlane::mpmc::Options;
use std::fs::File;
use std::os::unix::fs::FileExt;
use support::Scratch;
use support::random::Random;

#[test]
fn whatever_a_peer_writes_ends_in_results() {
    let mut numbers = Random(0x9e37_79b9_7f4a_7c15);
    let mut random = move || numbers.next();
    for _ in 0..400 {
        let scratch = Scratch::new();
        let name = scratch.name("jobs");
        let channel = Options::new().slots(4).max_message(100).priorities(2).create(&name).unwrap();
        let file = File::options().read(true).write(true).open(&name).unwrap();
        let queue_at = header_number(&file, "queue_at");
        let words = (file.metadata().unwrap().len() - queue_at) / 8;
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        drop(rx.recv().unwrap());
        let grant = tx.reserve(3).unwrap();
        for _ in 0..=random() % 4 {
            // The control words, cells and slot words are few among all: most of the damage goes there.
            let word = if random().is_multiple_of(4) { random() % words } else { random() % (words.min(256)) };
            let value = match random() % 5 {
                0 => random(),
                1 => random() % 8,
                2 => u64::MAX - random() % 3,
                3 => ((random() % 8) << 16) | (random() % 8),
                _ => ((random() % 4) << 48) | (random() % 200),
            };
            file.write_all_at(&value.to_le_bytes(), queue_at + word * 8).unwrap();
        }
        drop(grant);
        for number in 0..8u8 {
            let _ = tx.try_send(&[number]);
            let _ = rx.try_recv().map(|message| if number.is_multiple_of(2) { message.nack() } else { message.ack() });
            let _ = rx.try_recv_batch(3).map(|batch| batch.ack());
        }
        let _ = channel.info();
        std::mem::forget(rx.try_recv());
        drop((tx, rx));
        let _ = channel.sender().map(|mut tx| tx.try_send(b"more"));
        let _ = channel.receiver().map(|mut rx| rx.try_recv().map(|message| message.to_vec()));
    }
}

fn header_number(file: &File, name: &str) -> u64 {
    let mut number = [0; 8];
    file.read_exact_at(&mut number, support::layout::field("HeaderBlock", name).offset as u64).unwrap();
    u64::from_le_bytes(number)
}
