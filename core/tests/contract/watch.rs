//! What a `watch` channel does, with either way of waking, wherever it lives, whoever the peer is.

use crate::case::{Case, Place};
use crate::deaths::kill;
use crate::peer::{Peer, Talk};
use crate::stage::{MANY, SHORT, create_with, message, open, start_to};
use crate::support::eventually;
use crate::support::stage::trust;
use memlane::watch::{Channel, Options, Receiver, Sender};
use memlane::{GetError, JoinError, ParticipantState, RecvError, RecvTimeoutError, SendError, Strategy};

over_watches! {
    each_value_is_whole_and_none_is_older_than_the_one_before
    every_value_wakes_a_receiver_that_sleeps
    a_wait_for_a_change_ends_at_its_deadline
    a_receiver_learns_that_the_sender_left
    the_value_stays_when_its_sender_left
    a_closed_channel_keeps_its_value
}

over_watching_processes! {
    a_killed_sender_leaves_its_last_value
    a_receiver_learns_that_the_sender_died
    a_killed_receiver_is_replaced
}

fn create(case: &Case) -> Channel {
    let options = Options::new()
        .max_receivers(2)
        .max_message(200)
        .backend(case.backend)
        .payload_alignment(case.payload_alignment);
    create_with(case, &if case.place == Place::Private { options } else { options.trust_peers(trust()) })
}

fn start(case: &Case, channel: &Channel, part: &'static str) -> Peer {
    let peer = start_to(case, channel, part, act);
    peer.expect("joined");
    peer
}

/// Sets the next value, which tells its version.
fn set(sender: &mut Sender) -> Result<u64, SendError> {
    sender.set(&message(sender.version() as u32 + 1))
}

/// The version of a value that the receiver just returned, and that is whole.
#[track_caller]
fn version_of(receiver: &Receiver, value: &[u8]) -> u64 {
    assert_eq!(value, message(receiver.version() as u32));
    receiver.version()
}

/// Plays a part in another process.
pub fn play(arguments: &[String]) {
    act(&arguments[0], &open(Options::new(), arguments), &Talk::Process);
}

fn act(part: &str, channel: &Channel, talk: &Talk) {
    match part {
        "sets as many as it is told" => {
            let mut sender = channel.sender().unwrap();
            talk.tell("joined");
            for _ in 0..talk.hear().parse().unwrap() {
                set(&mut sender).unwrap();
            }
            talk.tell("set");
            talk.hear();
        }
        "sets until the end" => {
            let mut sender = channel.sender().unwrap();
            talk.tell("joined");
            while set(&mut sender).is_ok() {}
        }
        "follows" => {
            let mut receiver = channel.receiver().unwrap();
            talk.tell("joined");
            let mut last = 0;
            while let Ok(value) = receiver.changed() {
                let version = version_of(&receiver, &value);
                assert!(version > last, "version {version} after {last}");
                last = version;
            }
            talk.tell(last);
        }
        "sleeps for every value" => {
            let mut receiver = channel.receiver().unwrap();
            receiver.set_strategy(Strategy::Park);
            talk.tell("joined");
            while let Ok(value) = receiver.changed() {
                talk.tell(version_of(&receiver, &value));
            }
        }
        other => panic!("an unknown part: {other}"),
    }
    talk.hear();
}

fn each_value_is_whole_and_none_is_older_than_the_one_before(case: &Case) {
    let channel = create(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "follows");
    let mut receiver = channel.receiver().unwrap();
    assert_eq!(receiver.get(), Err(GetError::NoValue));
    let mut buffer = [0; 200];
    for version in 1..=MANY.into() {
        assert_eq!(set(&mut sender), Ok(version));
        let length = receiver.get_into(&mut buffer).unwrap();
        assert_eq!(version_of(&receiver, &buffer[..length]), version, "at once");
    }
    drop(sender);
    peer.expect(MANY);
    peer.finish();
}

fn every_value_wakes_a_receiver_that_sleeps(case: &Case) {
    let channel = create(case);
    let mut sender = channel.sender().unwrap();
    let peer = start(case, &channel, "sleeps for every value");
    let parks = || channel.info().participants[1].counters.parks;
    for version in 1..=30 {
        let before = parks();
        eventually("it sleeps", || parks() > before);
        set(&mut sender).unwrap();
        peer.expect(version);
        assert_eq!(channel.info().participants[0].counters.wakes, version);
    }
    drop(sender);
    peer.finish();
}

fn a_wait_for_a_change_ends_at_its_deadline(case: &Case) {
    let channel = create(case);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    for strategy in [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park] {
        receiver.set_strategy(strategy);
        assert_eq!(receiver.changed_timeout(SHORT), Err(RecvTimeoutError::Timeout), "{strategy:?}");
        let version = set(&mut sender).unwrap();
        let value = receiver.changed_timeout(SHORT).unwrap();
        assert_eq!(version_of(&receiver, &value), version);
        let waited = receiver.wait_for_timeout(|_| false, SHORT);
        assert_eq!(waited, Err(RecvTimeoutError::Timeout), "{strategy:?}");
    }
}

fn a_receiver_learns_that_the_sender_left(case: &Case) {
    let channel = create(case);
    let sender = channel.sender().unwrap();
    let peer = start(case, &channel, "follows");
    drop(sender);
    peer.expect(0);
    peer.finish();
}

fn the_value_stays_when_its_sender_left(case: &Case) {
    let channel = create(case);
    let mut peer = start(case, &channel, "sets as many as it is told");
    peer.say("3");
    peer.expect("set");
    let mut receiver = channel.receiver().unwrap();
    peer.finish();
    let value = receiver.changed().unwrap();
    assert_eq!(version_of(&receiver, &value), 3, "what was set comes before the end");
    assert_eq!(receiver.changed(), Err(RecvError::Disconnected));
    assert_eq!(receiver.get().unwrap(), value);
    let mut sender = channel.sender().unwrap();
    assert_eq!(set(&mut sender), Ok(4));
    let value = receiver.changed().unwrap();
    assert_eq!(version_of(&receiver, &value), 4, "the next sender goes on, for this receiver, too");
}

fn a_closed_channel_keeps_its_value(case: &Case) {
    let channel = create(case);
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    set(&mut sender).unwrap();
    let peer = start(case, &channel, "follows");
    channel.close();
    peer.expect(1);
    peer.finish();
    assert_eq!(set(&mut sender), Err(SendError::Disconnected));
    let value = receiver.changed().unwrap();
    assert_eq!(version_of(&receiver, &value), 1);
    assert_eq!(receiver.changed(), Err(RecvError::Disconnected));
    assert_eq!(receiver.wait_for(|_| false), Err(RecvError::Disconnected));
    assert_eq!(receiver.get().unwrap(), value);
    assert!(matches!(channel.receiver(), Err(JoinError::Closed { .. })));
}

fn a_killed_sender_leaves_its_last_value(case: &Case) {
    let channel = create(case);
    let mut receiver = channel.receiver().unwrap();
    let mut last = 0;
    for _ in 0..5 {
        let peer = start(case, &channel, "sets until the end");
        for _ in 0..100 {
            let value = receiver.changed().unwrap();
            let version = version_of(&receiver, &value);
            assert!(version > last, "version {version} after {last}");
            last = version;
        }
        kill(peer);
        let value = receiver.get().unwrap();
        last = version_of(&receiver, &value);
        let (mut sender, version) = (channel.sender().unwrap(), last + 1);
        assert_eq!((sender.version(), set(&mut sender)), (last, Ok(version)), "it goes on behind what is complete");
    }
}

fn a_receiver_learns_that_the_sender_died(case: &Case) {
    let channel = create(case);
    let mut peer = start(case, &channel, "sets as many as it is told");
    let mut receiver = channel.receiver().unwrap();
    peer.say("2");
    peer.expect("set");
    kill(peer);
    let value = receiver.changed().unwrap();
    assert_eq!(version_of(&receiver, &value), 2);
    assert_eq!(receiver.changed(), Err(RecvError::Disconnected));
    let mut other = channel.receiver().unwrap();
    assert_eq!(other.changed().unwrap(), value);
    assert_eq!(other.changed_timeout(SHORT), Err(RecvTimeoutError::Timeout), "it came when that sender was dead");
}

fn a_killed_receiver_is_replaced(case: &Case) {
    let channel = create(case);
    let mut sender = channel.sender().unwrap();
    let [one, other] = [(); 2].map(|()| start(case, &channel, "sleeps for every value"));
    assert!(matches!(channel.receiver(), Err(JoinError::RoleTaken { seats: 2, .. })));
    set(&mut sender).unwrap();
    one.expect(1);
    other.expect(1);
    kill(one);
    let mut receiver = channel.receiver().unwrap();
    set(&mut sender).unwrap();
    other.expect(2);
    let value = receiver.changed().unwrap();
    assert_eq!(version_of(&receiver, &value), 2);
    kill(other);
    eventually("the other one is found dead, too", || {
        let _ = receiver.changed_timeout(SHORT);
        channel.info().participants.iter().any(|one| one.state == ParticipantState::Dead)
    });
}
