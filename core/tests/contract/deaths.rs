//! Peers that are killed.

use crate::case::Case;
use crate::kinds::Kind;
use crate::peer::Peer;
use crate::stage::{FEW, SHORT, create, message, start};
use crate::support::eventually;
use crate::waiting::until_asleep;
use memlane::generic::{Channel, Receiver};
use memlane::{RecvError, RecvTimeoutError, Role, TryRecvError};

over_processes! {
    what_a_killed_sender_sent_arrives
    whoever_never_waits_long_learns_of_a_death
    whoever_looks_now_and_then_learns_of_a_death
    a_killed_sleeper_is_replaced
    a_killed_receiver_is_replaced
}

/// Kills whoever plays this part once it told what is expected.
pub fn kill(peer: Peer) {
    let Peer::Process(mut child) = peer else { unreachable!("only processes are killed") };
    child.kill();
}

fn what_a_killed_sender_sent_arrives<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say(&FEW.to_string());
    peer.expect("sent");
    kill(peer);
    for number in 0..FEW {
        assert_eq!(receiver.recv().unwrap().to_vec(), message(number));
    }
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
    drop(channel.sender().unwrap());
}

/// A receiver that had a message of somebody who was killed then.
fn bereft<K: Kind>(case: &Case, channel: &Channel<K>) -> Receiver<K> {
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say("1");
    peer.expect("sent");
    assert_eq!(receiver.recv().unwrap().to_vec(), message(0));
    kill(peer);
    receiver
}

fn whoever_never_waits_long_learns_of_a_death<K: Kind>(case: &Case) {
    let mut receiver = bereft(case, &create::<K>(case));
    eventually("it is disconnected", || match receiver.recv_timeout(SHORT) {
        Err(RecvTimeoutError::Timeout) => false,
        other => other.unwrap_err() == RecvTimeoutError::Disconnected,
    });
}

fn whoever_looks_now_and_then_learns_of_a_death<K: Kind>(case: &Case) {
    let mut receiver = bereft(case, &create::<K>(case));
    let mut looks = 0;
    eventually("it is disconnected", || {
        looks += 1;
        match receiver.try_recv() {
            Err(TryRecvError::Empty) => false,
            other => other.unwrap_err() == TryRecvError::Disconnected,
        }
    });
    assert!(looks < 2000, "a look a millisecond: {looks} looks");
}

fn a_killed_sleeper_is_replaced<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "sleeps for every message");
    peer.expect("joined");
    until_asleep(&channel, Role::Receiver, 0);
    kill(peer);
    sender.send(&message(1)).unwrap();
    let peer = start(case, &channel, "sleeps for every message");
    peer.expect("joined");
    peer.expect(message(1).len());
    sender.send(&message(2)).unwrap();
    peer.expect(message(2).len());
    drop(sender);
    peer.finish();
}

fn a_killed_receiver_is_replaced<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    sender.send_batch((0..FEW).map(message)).unwrap();
    peer.say("next");
    peer.expect(message(0).len());
    kill(peer);
    drop(sender);
    // What was received and given back is gone, or in a lane is perhaps repeated; the rest is there, in order.
    let mut receiver = K::successor(&channel, 0);
    let rest: Vec<_> = receiver.messages().map(|one| one.unwrap().to_vec()).collect();
    let all: Vec<_> = (0..FEW).map(message).collect();
    assert!(rest == all || rest == all[1..], "{} of {FEW} messages", rest.len());
}
