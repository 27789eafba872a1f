//! Calls with a deadline, whatever the bytes say: each returns, and what contradicts itself is corruption. A call whose time
//! is over when it is made costs a look.

mod support;

use memlane::{
    Corruption, Info, JoinError, RecvTimeoutError, Role, SendTimeoutError, Strategy, TrySendError, mpmc, spsc,
};
use std::time::Duration;
use support::Scratch;
use support::peer::Peer;

const SOON: Duration = Duration::from_millis(10);
const STRATEGIES: [Strategy; 4] = [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park];

#[test]
fn cells_of_a_later_lap_end_every_call_as_corruption() {
    let calls: [fn(&mut mpmc::Sender, &mut mpmc::Receiver); 4] = [
        |_, rx| {
            let error = rx.recv_timeout(SOON).unwrap_err();
            assert_eq!(error, RecvTimeoutError::Corrupted(Corruption::Positions));
        },
        |_, rx| {
            let error = rx.recv_batch_timeout(3, SOON).unwrap_err();
            assert_eq!(error, RecvTimeoutError::Corrupted(Corruption::Positions));
        },
        |tx, _| {
            let error = tx.send_timeout(b"job", SOON).unwrap_err();
            assert_eq!(error, SendTimeoutError::Corrupted(Corruption::Positions));
        },
        |tx, _| assert_eq!(tx.try_send(b"job"), Err(TrySendError::Corrupted(Corruption::Positions))),
    ];
    for slots in [4, 65_536] {
        for call in calls {
            let scratch = Scratch::new();
            let name = scratch.name("jobs");
            let channel = mpmc::Options::new().slots(slots).max_message(8).create(&name).unwrap();
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            let peer = Peer::of(&name);
            peer.fill(peer.part("cells_at")..peer.part("data_at"), |_| u64::MAX);
            call(&mut tx, &mut rx);
        }
    }
}

/// Whatever it is: it returned.
fn accept<T, E: std::fmt::Debug>(result: Result<T, E>) {
    let _ = result.map(drop);
}

#[test]
fn every_call_with_a_deadline_returns_whatever_stands_in_the_file() {
    let patterns: [fn(u64) -> u64; 6] = [
        |_| u64::MAX,
        |_| 0,
        |index| index,
        |index| 1 << 16 | index & 0xffff,
        |_| 1 << 34 | 1 << 32 | 8,
        |index| index.wrapping_mul(0x9e37_79b9_7f4a_7c15),
    ];
    for pattern in patterns {
        for (from, to) in [("queue_at", "cells_at"), ("cells_at", "data_at"), ("data_at", "total_bytes")] {
            let scratch = Scratch::new();
            let name = scratch.name("jobs");
            let channel = mpmc::Options::new().slots(300).max_message(8).priorities(8).create(&name).unwrap();
            let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
            tx.send_batch(["1", "2", "3"]).unwrap();
            let peer = Peer::of(&name);
            peer.fill(peer.part(from)..peer.part(to), pattern);
            accept(rx.recv_timeout(SOON).map(|message| message.nack()));
            accept(tx.send_timeout(b"job", SOON));
            accept(tx.reserve_timeout(8, SOON).map(|grant| grant.commit(8)));
            accept(rx.recv_batch_timeout(usize::MAX, SOON).map(|batch| batch.ack()));
            assert!(rx.len() <= 300);
        }
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = spsc::Options::new().capacity(4096).create(&name).unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_batch(["1", "2", "3"]).unwrap();
        let peer = Peer::of(&name);
        peer.fill(peer.part("lanes_at")..peer.part("total_bytes"), pattern);
        accept(rx.recv_timeout(SOON).map(|message| message.nack()));
        accept(tx.send_timeout(b"price", SOON));
        accept(tx.reserve_timeout(8, SOON).map(|grant| grant.commit(8)));
        accept(rx.recv_batch_timeout(usize::MAX, SOON).map(drop));
        drop((tx, rx));
        accept(channel.sender());
        accept(channel.receiver());
    }
}

#[test]
fn a_lane_that_leads_on_without_end_is_not_walked_by_those_who_join_or_look() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = spsc::Options::new().capacity(1 << 20).create(&name).unwrap();
    let peer = Peer::of(&name);
    // Messages of no bytes, as many as fit but one, none of which a sender counted.
    let ring = peer.part("data_at");
    peer.fill(ring..ring + (1 << 20) - 8, |index| index << 34 | 1 << 32);
    let lane = &channel.info().lanes[0];
    assert_eq!((lane.messages, lane.committed), (0, 0), "what was published");
    let error = channel.sender().unwrap_err();
    assert!(matches!(error, JoinError::Corrupted { reason: Corruption::Positions, .. }), "{error}");
}

/// How often the participants of this role slept.
fn sleeps(info: &Info, role: Role) -> u64 {
    info.participants.iter().filter(|participant| participant.role == role).map(|one| one.counters.parks).sum()
}

#[test]
fn a_call_whose_time_is_over_looks_once_and_does_not_sleep() {
    for strategy in STRATEGIES {
        let queue = mpmc::Options::new().slots(2).private().unwrap();
        let (mut tx, mut rx) = (queue.sender().unwrap(), queue.receiver().unwrap());
        tx.set_strategy(strategy);
        rx.set_strategy(strategy);
        assert_eq!(rx.recv_timeout(Duration::ZERO).unwrap_err(), RecvTimeoutError::Timeout);
        assert_eq!(rx.recv_batch_timeout(2, Duration::ZERO).unwrap_err(), RecvTimeoutError::Timeout);
        assert_eq!((tx.send_timeout(b"1", Duration::ZERO), tx.send_timeout(b"2", Duration::ZERO)), (Ok(()), Ok(())));
        assert_eq!(tx.send_timeout(b"3", Duration::ZERO), Err(SendTimeoutError::Timeout));
        assert_eq!(tx.reserve_timeout(3, Duration::ZERO).unwrap_err(), SendTimeoutError::Timeout);
        assert_eq!(rx.recv_timeout(Duration::ZERO).unwrap().to_vec(), b"1");
        let info = queue.info();
        assert_eq!((sleeps(&info, Role::Sender), sleeps(&info, Role::Receiver)), (0, 0), "{strategy:?}");

        let lane = spsc::Options::new().capacity(4096).private().unwrap();
        let (mut tx, mut rx) = (lane.sender().unwrap(), lane.receiver().unwrap());
        tx.set_strategy(strategy);
        rx.set_strategy(strategy);
        assert_eq!(rx.recv_timeout(Duration::ZERO).unwrap_err(), RecvTimeoutError::Timeout);
        assert_eq!(rx.recv_batch_timeout(2, Duration::ZERO).unwrap_err(), RecvTimeoutError::Timeout);
        while tx.try_send(&[7; 1000]).is_ok() {}
        assert_eq!(tx.send_timeout(&[7; 1000], Duration::ZERO), Err(SendTimeoutError::Timeout));
        assert_eq!(tx.reserve_timeout(1000, Duration::ZERO).unwrap_err(), SendTimeoutError::Timeout);
        let info = lane.info();
        assert_eq!((sleeps(&info, Role::Sender), sleeps(&info, Role::Receiver)), (0, 0), "{strategy:?}");
    }
}
