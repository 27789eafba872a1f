//! A pool of `mpmc` handles, which threads share by reference.

mod support;

use memlane::mpmc::{Channel, Options, Pool, Pooled, Receiver, Sender};
use memlane::{JoinError, ParticipantInfo, ParticipantState, RecvError, Role, SendError, TryRecvError};
use std::collections::HashSet;
use support::Watchdog;
use support::child::{alone, fork, join};

fn small() -> Options {
    Options::new().slots(16).max_message(100)
}

/// How many senders the channel has.
fn senders_of(channel: &Channel) -> usize {
    let is_there = |one: &&ParticipantInfo| one.role == Role::Sender && one.state == ParticipantState::Live;
    channel.info().participants.iter().filter(is_there).count()
}

#[test]
fn it_is_shared_and_what_it_lends_may_move() {
    fn is_shared<T: Send + Sync + 'static>() {}
    fn may_move<T: Send>() {}
    is_shared::<Pool<Sender>>();
    is_shared::<Pool<Receiver>>();
    may_move::<Pooled<'_, Sender>>();
    may_move::<Pooled<'_, Receiver>>();
}

#[test]
fn it_has_as_many_handles_as_were_in_use_at_once() {
    let channel = small().private().unwrap();
    let pool = Pool::new(channel.sender().unwrap());
    for _ in 0..16 {
        pool.get().unwrap().send(b"x").unwrap();
    }
    assert_eq!(senders_of(&channel), 1);
    let lent = [(); 3].map(|()| pool.get().unwrap());
    assert_eq!(lent.iter().map(|sender| sender.row()).collect::<HashSet<_>>().len(), 3);
    drop(lent);
    let lent = [(); 3].map(|()| pool.get().unwrap());
    assert_eq!(senders_of(&channel), 3);
    let shown = format!("{pool:?}");
    assert!(shown.contains("idle: 0"), "{shown}");
    drop(lent);
    assert!(format!("{pool:?}").contains("idle: 3"));
    drop(pool);
    assert_eq!(senders_of(&channel), 0, "it leaves with all of them");
}

#[test]
fn where_all_seats_are_in_use_there_is_none_until_one_is_put_back() {
    let channel = small().max_receivers(2).private().unwrap();
    let pool = Pool::new(channel.receiver().unwrap());
    let (first, _second) = (pool.get().unwrap(), pool.get().unwrap());
    let error = pool.get().unwrap_err();
    assert!(matches!(error, JoinError::RoleTaken { seats: 2, .. }), "{error}");
    drop(first);
    pool.get().unwrap();
}

#[test]
fn what_a_receiver_kept_comes_to_another_when_it_is_put_back() {
    let channel = small().private().unwrap();
    let (mut tx, mut other) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let pool = Pool::new(channel.receiver().unwrap());
    tx.send(b"four").unwrap();
    assert_eq!(pool.get().unwrap().recv_into(&mut [0; 3]), Err(RecvError::BufferTooSmall { needed: 4 }));
    assert_eq!(other.try_recv().unwrap().to_vec(), b"four");
    tx.send(b"back").unwrap();
    pool.get().unwrap().recv().unwrap().hand_back();
    assert_eq!(other.try_recv().unwrap().to_vec(), b"back");
}

#[test]
fn one_that_is_made_anew_knows_which_peers_the_first_one_saw() {
    let channel = small().private().unwrap();
    let mut tx = channel.sender().unwrap();
    let receivers = Pool::new(channel.receiver().unwrap());
    tx.send(b"1").unwrap();
    drop(tx);
    let mut first = receivers.get().unwrap();
    assert_eq!(first.recv().unwrap().to_vec(), b"1");
    assert_eq!(receivers.get().unwrap().try_recv().unwrap_err(), TryRecvError::Disconnected, "it saw the sender leave");
    drop(first);

    let channel = small().private().unwrap();
    let rx = channel.receiver().unwrap();
    let senders = Pool::new(channel.sender().unwrap());
    drop(rx);
    let _first = senders.get().unwrap();
    assert_eq!(senders.get().unwrap().send(b"1"), Err(SendError::Disconnected));
}

#[test]
fn many_threads_send_and_receive_through_two_pools() {
    const THREADS: u32 = 6;
    const EACH: u32 = 2_000;
    let _watchdog = Watchdog::new();
    let channel = small().private().unwrap();
    let (senders, receivers) = (Pool::new(channel.sender().unwrap()), Pool::new(channel.receiver().unwrap()));
    let mut all: Vec<u32> = std::thread::scope(|scope| {
        let sending: Vec<_> = (0..THREADS)
            .map(|thread| {
                let senders = &senders;
                scope.spawn(move || {
                    for number in 0..EACH {
                        senders.get().unwrap().send(&(thread * EACH + number).to_le_bytes()).unwrap();
                    }
                })
            })
            .collect();
        let receiving: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    (0..EACH)
                        .map(|_| receivers.get().unwrap().recv().unwrap().hold().read::<u32>().unwrap())
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        sending.into_iter().for_each(|thread| thread.join().unwrap());
        receiving.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    all.sort_unstable();
    assert!(all.into_iter().eq(0..THREADS * EACH), "each once");
    assert!(senders_of(&channel) <= THREADS as usize, "no more than threads");
    assert_eq!(channel.info().queue.unwrap().free, 16);
}

#[test]
fn the_only_handle_stays_in_the_channel_while_threads_compete_for_it() {
    let channel = small().max_senders(1).private().unwrap();
    let pool = Pool::new(channel.sender().unwrap());
    let since = || channel.info().participants[0].started_unix_ns;
    let before = since();
    // What they do not get, another one has.
    let compete = || (0..200_000).for_each(|_| drop(pool.get()));
    std::thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(compete))));
    assert_eq!(since(), before, "it is there until the pool is dropped");
    pool.get().unwrap().send(b"x").unwrap();
}

#[test]
fn a_thread_that_panics_puts_its_handle_back() {
    let channel = small().max_senders(1).private().unwrap();
    let pool = Pool::new(channel.sender().unwrap());
    std::thread::scope(|scope| {
        let panicking = scope.spawn(|| {
            let _lent = pool.get().unwrap();
            panic!("on purpose");
        });
        panicking.join().unwrap_err();
    });
    pool.get().unwrap().send(b"x").unwrap();
}

#[test]
fn in_a_forked_child_it_lends_what_says_so_and_makes_no_other() {
    alone("in_a_forked_child_it_lends_what_says_so_and_makes_no_other", || {
        let channel = small().anonymous().unwrap();
        let pool = Pool::new(channel.sender().unwrap());
        join(fork(|| {
            let mut lent = pool.get().unwrap();
            assert_eq!(lent.send(b"x"), Err(SendError::Forked));
            assert!(matches!(pool.get().unwrap_err(), JoinError::Forked { .. }));
        }));
        pool.get().unwrap().send(b"x").unwrap();
        assert_eq!(senders_of(&channel), 1);
    });
}
