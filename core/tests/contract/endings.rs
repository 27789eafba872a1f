//! Joining, leaving and closing, and what can be seen of it.

use crate::case::{Case, Place};
use crate::kinds::Kind;
use crate::stage::{FEW, SHORT, create, create_with, ends, message, options_for, start};
use crate::support::eventually;
use crate::support::peer::Peer;
use memlane::generic::Options;
use memlane::{
    Backend, ChannelStatus, CreateError, GrantError, JoinError, OpenError, ParticipantState, RecvError,
    RecvTimeoutError, Role, SendError, SendTimeoutError, TryRecvError, TrySendError,
};

over_all! {
    a_receiver_gets_the_rest_and_then_the_end
    a_sender_learns_that_the_receiver_has_left
    a_persistent_channel_waits_for_the_next_one
    a_closed_channel_refuses_senders_and_ends_receivers
    a_receiver_ends_the_channel_for_all_and_drains_it
    a_message_that_is_committed_after_the_end_is_refused
    a_message_that_is_committed_after_its_receivers_left_is_refused
    a_receiver_that_comes_late_waits_unless_it_is_to_end
    everybody_is_seen
    an_opener_agrees_with_the_creator
    a_handle_prints_its_channel_its_kind_and_its_seat
}

over_files! {
    nothing_comes_after_a_receiver_was_told_that_a_closed_channel_is_drained
    a_sender_learns_that_the_file_was_removed_by_other_means
}

fn a_receiver_gets_the_rest_and_then_the_end<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say(&FEW.to_string());
    peer.expect("sent");
    peer.finish();
    let rest: Vec<_> = receiver.messages().map(|one| one.unwrap().to_vec()).collect();
    assert_eq!(rest, (0..FEW).map(message).collect::<Vec<_>>());
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
    assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Disconnected);
}

fn a_sender_learns_that_the_receiver_has_left<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    sender.send(b"before anybody came").unwrap();
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    peer.say("next");
    peer.expect(19);
    peer.finish();
    assert_eq!(sender.send(b"in vain"), Err(SendError::Disconnected));
    assert_eq!(sender.try_send(b"in vain"), Err(TrySendError::Disconnected));
    assert_eq!(sender.send_timeout(b"in vain", SHORT), Err(SendTimeoutError::Disconnected));
    assert_eq!(sender.reserve(1).unwrap_err(), SendError::Disconnected);
}

fn a_persistent_channel_waits_for_the_next_one<K: Kind>(case: &Case) {
    let channel = create_with(case, &options_for::<K>(case).persistent(true));
    let mut sender = channel.sender().unwrap();
    let mut peer = start(case, &channel, "receives one whenever it is told");
    peer.expect("joined");
    sender.send(b"one").unwrap();
    peer.say("next");
    peer.expect(3);
    peer.finish();
    sender.send(b"for the next one").unwrap();
    drop(sender);
    let mut receiver = K::successor(&channel, 1);
    assert_eq!(receiver.recv().unwrap().to_vec(), b"for the next one");
    assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Timeout);
}

fn a_closed_channel_refuses_senders_and_ends_receivers<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut sender = channel.sender().unwrap();
    sender.send(&message(0)).unwrap();
    let peer = start(case, &channel, "receives until the end");
    peer.expect("joined");
    eventually("the message is received", || {
        channel.info().participants.iter().any(|one| one.role == Role::Receiver && one.counters.messages == 1)
    });
    channel.close();
    peer.expect(1);
    peer.finish();
    assert_eq!(sender.send(b"in vain"), Err(SendError::Disconnected));
    assert_eq!(channel.info().status, ChannelStatus::Closed);
    drop(sender);
    assert!(matches!(channel.sender().unwrap_err(), JoinError::Closed { .. }));
}

fn a_receiver_ends_the_channel_for_all_and_drains_it<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let mut receiver = channel.receiver().unwrap();
    let peer = start(case, &channel, "sends until the end");
    peer.expect("joined");
    assert_eq!(receiver.recv().unwrap().to_vec(), message(0));
    receiver.close();
    peer.expect("ended");
    peer.finish();
    let mut next = 1;
    let end = loop {
        match receiver.recv() {
            Ok(found) => assert_eq!(found.to_vec(), message(next)),
            Err(end) => break end,
        }
        next += 1;
    };
    assert_eq!(end, RecvError::Disconnected);
    assert!(matches!(channel.sender().unwrap_err(), JoinError::Closed { .. }));
}

fn a_message_that_is_committed_after_the_end_is_refused<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    sender.send(b"before").unwrap();
    let mut grant = sender.reserve(8).unwrap();
    grant.write_at(0, b"too late").unwrap();
    channel.close();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"before", "what was sent comes");
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
    assert_eq!(grant.commit(8), Err(GrantError::Disconnected));
    assert_eq!(sender.send_batch([b"too late"]).unwrap_err().error, SendError::Disconnected);
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
}

fn a_message_that_is_committed_after_its_receivers_left_is_refused<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, receiver) = ends(&channel);
    let grant = sender.reserve(8).unwrap();
    drop(receiver);
    assert_eq!(grant.commit(8), Err(GrantError::Disconnected));
    let mut receiver = channel.receiver().unwrap();
    sender.reserve(3).unwrap().commit(3).unwrap();
    assert_eq!(receiver.recv().unwrap().len(), 3, "another one came");
}

fn a_receiver_that_comes_late_waits_unless_it_is_to_end<K: Kind>(case: &Case) {
    let channel = create_with(case, &options_for::<K>(case).ends_when_drained(true));
    assert_eq!(channel.receiver().unwrap().try_recv().unwrap_err(), TryRecvError::Empty, "nobody has sent yet");
    let mut sender = channel.sender().unwrap();
    sender.send(b"all the work").unwrap();
    drop(sender);
    let mut first = K::successor(&channel, 0);
    assert_eq!(first.recv().unwrap().to_vec(), b"all the work");
    assert_eq!(first.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Disconnected);
    drop(first);
    let mut late = K::successor(&channel, 1);
    assert_eq!(late.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Disconnected);
    // It is no last word: the next sender's messages come.
    let mut sender = channel.sender().unwrap();
    assert_eq!(late.try_recv().unwrap_err(), TryRecvError::Empty);
    sender.send(b"more work").unwrap();
    assert_eq!(late.recv().unwrap().to_vec(), b"more work");
}

fn everybody_is_seen<K: Kind>(case: &Case) {
    let channel = create_with(case, &options_for::<K>(case).participant_name("tester"));
    let mut receiver = channel.receiver().unwrap();
    let mut peer = start(case, &channel, "sends as many as it is told");
    peer.expect("joined");
    peer.say("3");
    peer.expect("sent");
    assert_eq!(receiver.recv().unwrap().len(), 4);
    let info = channel.info();
    assert_eq!((info.backend, info.status), (case.backend, ChannelStatus::Live));
    for role in [Role::Sender, Role::Receiver] {
        let mut of_role = info.participants.iter().filter(|one| one.role == role);
        let one = of_role.next().unwrap();
        assert_eq!((one.state, one.alive, one.dying), (ParticipantState::Live, Some(true), false));
        assert_eq!(of_role.next(), None);
    }
    assert!(info.participants.iter().any(|one| one.role == Role::Receiver && one.name == "tester"));
    peer.finish();
    let sender = channel.info().participants.into_iter().find(|one| one.role == Role::Sender).unwrap();
    assert_eq!((sender.state, sender.alive), (ParticipantState::Closed, Some(false)));
    assert_eq!(sender.counters.messages, 3);
    assert_eq!(sender.counters.bytes, (0..3).map(|number| message(number).len() as u64).sum::<u64>());
}

fn an_opener_agrees_with_the_creator<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    start(case, &channel, "has been there").expect("left");
    if case.place != Place::Named {
        return;
    }
    let (name, other) = (case.name(), Backend::ALL.iter().find(|&&backend| backend != case.backend).unwrap());
    options_for::<K>(case).open(&name).unwrap();
    let error = options_for::<K>(case).backend(*other).open(&name).unwrap_err();
    assert!(matches!(error, OpenError::OptionsMismatch { field: "backend", .. }), "{error}");
    let untrusted = Options::<K>::new().open(&name);
    match case.backend {
        Backend::Semaphore => assert!(matches!(untrusted.unwrap_err(), OpenError::TrustNeeded { .. })),
        _ => drop(untrusted.unwrap()),
    }
    channel.remove().unwrap();
    if case.backend == Backend::Semaphore {
        let error = Options::<K>::new().backend(case.backend).create(&name).unwrap_err();
        assert!(matches!(error, CreateError::InvalidOption { option: "backend", .. }), "{error}");
    }
}

fn a_handle_prints_its_channel_its_kind_and_its_seat<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    let name = channel.info().name;
    let of = format!("channel: {name:?}, kind: {:?}", channel.info().kind);
    assert_eq!(format!("{channel:?}"), format!("Channel {{ {of}, .. }}"));
    assert_eq!(format!("{sender:?}"), format!("Sender {{ {of}, seat: {}, .. }}", sender.row()));
    let shown = format!("Receiver {{ {of}, seat: {}, .. }}", receiver.row());
    assert_eq!(format!("{receiver:?}"), shown);
    // What borrows a handle prints it, and little more.
    let grant = format!("{:?}", sender.reserve(3).unwrap());
    assert!(
        grant.starts_with(&format!("Grant {{ sender: Sender {{ {of}, seat")) && grant.len() < name.len() + 300,
        "{grant}"
    );
    sender.send_batch(["one", "two"]).unwrap();
    let message = format!("{:?}", receiver.recv().unwrap());
    assert!(message.contains(&shown) && message.len() < name.len() + 300, "{message}");
    let batch = format!("{:?}", receiver.recv_batch(1).unwrap());
    assert!(batch.contains(&shown) && batch.len() < name.len() + 300, "{batch}");
}

/// A sender that is stopped between its look and its commit, which then comes after the end: the word that makes a message
/// exist is taken back, and comes again after that.
fn nothing_comes_after_a_receiver_was_told_that_a_closed_channel_is_drained<K: Kind>(case: &Case) {
    let channel = create::<K>(case);
    let (mut sender, mut receiver) = ends(&channel);
    sender.send(b"too late").unwrap();
    let peer = Peer::of(&case.name());
    // The first cell of kinds that have cells, the first record of the others.
    let at = [peer.part("cells_at"), peer.part("data_at")].into_iter().find(|&part| part != 0).unwrap();
    let committed = peer.word(at);
    assert_ne!(committed, 0);
    peer.fill(at..at + 8, |_| 0);
    channel.close();
    assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
    peer.fill(at..at + 8, |_| committed);
    for _ in 0..2 {
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Disconnected);
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
        assert_eq!(receiver.recv_into(&mut [0; 8]), Err(RecvError::Disconnected));
        assert_eq!(receiver.recv_batch(8).unwrap_err(), RecvError::Disconnected);
    }
}

/// Other means than [`memlane::remove`]: one sender leaves, the receivers of one leave, and one is busy.
fn a_sender_learns_that_the_file_was_removed_by_other_means<K: Kind>(case: &Case) {
    let join = || {
        let (mut sender, mut receiver) = ends(&create::<K>(case));
        // Of joining it has no news left to look at, with which it would look at the file.
        sender.send(b"x").unwrap();
        drop(receiver.recv().unwrap());
        (sender, receiver)
    };
    let remove = || std::fs::remove_file(case.name()).unwrap();

    let (mut sender, receiver) = join();
    sender.send(b"x").unwrap();
    assert_eq!(sender.leave(), Ok(()), "left in good order");
    drop(receiver);
    remove();

    let (mut sender, _receiver) = join();
    sender.send(b"into the orphan").unwrap();
    remove();
    assert_eq!(sender.leave(), Err(SendError::Removed));

    let (mut sender, receiver) = join();
    remove();
    drop(receiver);
    assert_eq!(sender.send(b"x"), Err(SendError::Removed), "that is why they left");

    let (mut sender, mut receiver) = join();
    remove();
    eventually("a busy sender is told", || {
        let sent = sender.send(b"x");
        if sent.is_ok() {
            drop(receiver.recv().unwrap());
        }
        sent == Err(SendError::Removed)
    });
}
