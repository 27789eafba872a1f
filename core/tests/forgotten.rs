//! Loans, messages and batches of a queue that their holder forgot, among others that it did not: they come back when it leaves.

use memlane::mpmc::Options;

#[test]
fn whatever_was_forgotten_among_what_was_not_is_given_back_when_its_owner_leaves() {
    let channel = Options::new().slots(8).max_message(100).private().unwrap();
    let free = || channel.info().queue.unwrap().free;
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    std::mem::forget(tx.reserve(1).unwrap());
    tx.reserve(1).unwrap().commit(0).unwrap();
    drop(tx.reserve(1).unwrap());
    drop(tx);
    assert_eq!(free(), 7, "a loan among others");

    let mut tx = channel.sender().unwrap();
    tx.send_batch(["1", "2", "3", "4", "5"]).unwrap();
    std::mem::forget(rx.recv().unwrap());
    rx.recv().unwrap().ack().unwrap();
    std::mem::forget(rx.recv_batch(2).unwrap());
    drop(rx.recv_batch(1).unwrap());
    rx.recv().unwrap().hand_back();
    drop(rx);
    let mut other = channel.receiver().unwrap();
    let mut came: Vec<_> = other.try_iter().map(Result::unwrap).collect();
    came.sort_unstable();
    assert_eq!(came, [&b""[..], b"2", b"3", b"5"], "a message, a batch and one that was handed back");
    assert_eq!(free(), 8);
}
