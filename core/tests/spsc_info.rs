//! What can be seen of a channel and its ends, over named, anonymous and private channels.

mod support;

use memlane::spsc::{self, Batch, BatchMessage, Channel, Grant, Message, Options, Receiver, Sender};
use memlane::{Backend, ChannelStatus, Corruption, FenceMode, Granted, Kind, ParticipantState, Role, TrustPeers};
use std::fmt::Debug;
use std::time::Duration;
use support::image::Image;
use support::stage::{Place, everywhere};
use support::{Scratch, eventually, lock_file};

#[test]
fn an_end_may_move_to_another_thread_but_is_used_by_one() {
    /// Has two candidates for a `Sync` type and one for others: naming it compiles for the others only.
    trait NotSync<Marker> {
        fn is_not_sync() {}
    }
    impl<T> NotSync<()> for T {}
    impl<T: Sync> NotSync<u8> for T {}
    fn is_send<T: Send>() {}
    fn is_shared<T: Send + Sync + Clone + 'static>() {}

    <Sender as NotSync<_>>::is_not_sync();
    <Receiver as NotSync<_>>::is_not_sync();
    is_send::<Sender>();
    is_send::<Receiver>();
    is_send::<Grant<'_>>();
    is_send::<Message<'_>>();
    is_send::<Batch<'_>>();
    is_shared::<Channel>();
    is_shared::<Options>();
}

#[test]
fn errors_can_go_anywhere() {
    fn is_error<T: std::error::Error + Send + Sync + 'static>()
    where
        std::io::Error: From<T>,
    {
    }
    is_error::<memlane::CreateError>();
    is_error::<memlane::OpenError>();
    is_error::<memlane::JoinError>();
    is_error::<memlane::RemoveError>();
    is_error::<memlane::SendError>();
    is_error::<memlane::TrySendError>();
    is_error::<memlane::SendTimeoutError>();
    is_error::<memlane::SendBatchError>();
    is_error::<memlane::GrantError>();
    is_error::<memlane::RecvError>();
    is_error::<memlane::TryRecvError>();
    is_error::<memlane::RecvTimeoutError>();
    is_error::<memlane::BufferTooSmall>();
}

#[test]
fn everything_can_be_printed_for_debugging() {
    fn prints(value: &impl Debug, name: &str) {
        let text = format!("{value:?}");
        assert!(text.starts_with(name), "{text}");
    }
    everywhere(|stage| {
        let options = Options::new().capacity(4096);
        prints(&options, "Options");
        let (channel, mut sender, mut receiver) = stage.pair(&options);
        prints(&channel, "Channel");
        prints(&sender, "Sender");
        prints(&receiver, "Receiver");
        prints(&sender.reserve(1).unwrap(), "Grant");
        sender.send(b"secret").unwrap();
        let message = receiver.recv().unwrap();
        prints(&message, "Message");
        assert!(!format!("{message:?}").contains("115, 101, 99"), "without its bytes, which others can change");
        drop(message);
        sender.send(b"x").unwrap();
        let batch = receiver.recv_batch(1).unwrap();
        prints(&batch, "Batch");
        prints(&batch.get(0).unwrap(), "BatchMessage");
        prints(&batch.iter(), "BatchIter");
        drop(batch);
        prints(&receiver.messages(), "Messages");
        prints(&channel.info(), "Info");
    });
}

#[test]
fn info_tells_how_the_channel_was_made() {
    everywhere(|stage| {
        let options = Options::new().capacity(5000).max_message(333).payload_alignment(32).persistent(true);
        let options = options.type_name("Quote").fence(FenceMode::Symmetric);
        let channel = stage.channel(&options);
        let info = channel.info();
        assert_eq!((info.kind, info.backend, info.fence), (Kind::Spsc, Backend::Futex, FenceMode::Symmetric));
        assert_eq!((info.capacity, info.max_message, info.payload_alignment), (8192, 333, 32));
        assert_eq!(info.record_alignment, 32, "it follows from the payloads'");
        assert_eq!((channel.capacity(), channel.max_message()), (8192, 333));
        assert_eq!((info.persistent, info.type_name.as_str(), info.status), (true, "Quote", ChannelStatus::Live));
        assert_eq!((info.creator_pid, info.total_bytes), (std::process::id(), 16_384));
        assert_eq!((info.lanes.len(), info.participants.len()), (1, 0));
        assert!(info.instance.len() == 32 && info.instance.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match stage.place {
            Place::Named => assert_eq!(info.path.unwrap().to_str(), Some(info.name.as_str())),
            Place::Anonymous => assert_eq!((info.path, info.name.as_str()), (None, "(anonymous)")),
            Place::Private => assert_eq!((info.path, info.name.as_str()), (None, "(private)")),
        }
        let default = stage.channel(&Options::new()).info();
        assert_eq!((default.capacity, default.payload_alignment, default.persistent), (1 << 20, 8, false));
        assert!(default.type_name.is_empty() && default.instance != info.instance);
    });
}

#[test]
fn info_tells_who_takes_part_and_what_they_did() {
    everywhere(|stage| {
        let options = Options::new().capacity(4096).participant_name("zähler");
        let (channel, mut sender, mut receiver) = stage.pair(&options);
        sender.send_batch(["one", "three"]).unwrap();
        while sender.try_send(&[0; 1000]).is_ok() {}
        drop(receiver.recv().unwrap());
        receiver.publish_released();
        let info = channel.info();
        let lane = info.lanes[0];
        assert_eq!((lane.messages, lane.committed, lane.consumed), (6, 32 + 4 * 1008, 16));
        assert_eq!(lane.used_bytes(), 16 + 4 * 1008);
        let [one, two] = &info.participants[..] else { panic!("{:?}", info.participants) };
        assert_eq!((one.row, one.role, two.row, two.role), (0, Role::Sender, 1, Role::Receiver));
        assert_eq!((sender.row(), receiver.row()), (one.row, two.row), "each knows which of them it is");
        for participant in [one, two] {
            assert_eq!((participant.state, participant.alive), (ParticipantState::Live, Some(true)));
            assert_eq!((participant.dying, participant.pid), (false, std::process::id()));
            assert_eq!(participant.name, "zähler");
            assert!(participant.started_unix_ns >= info.created_unix_ns);
        }
        assert_eq!((one.counters.messages, one.counters.bytes), (6, 3 + 5 + 4 * 1000));
        assert_eq!((two.counters.messages, two.counters.bytes), (1, 3));
        assert_eq!((one.counters.full, two.counters.empty), (1, 0), "calls, not looks");
        drop((sender, receiver));
        let gone = channel.info().participants;
        assert!(gone.iter().all(|participant| participant.state == ParticipantState::Closed), "{gone:?}");
        assert!(gone.iter().all(|participant| participant.alive == Some(false)), "{gone:?}");
        let _sender = channel.sender().unwrap();
        let again = channel.info().participants;
        assert_eq!(again[0].counters.messages, 0, "counters start anew");
        assert_ne!(again[0].life, gone[0].life, "the row has another holder");
        assert_eq!(again[1].life, gone[1].life);
    });
}

#[test]
fn a_long_participant_name_is_cut_between_characters() {
    let channel = Options::new().participant_name(&"ä".repeat(40)).private().unwrap();
    let _sender = channel.sender().unwrap();
    assert_eq!(channel.info().participants[0].name, "ä".repeat(32));
    let channel = Options::new().participant_name(&format!("x{}", "ä".repeat(40))).private().unwrap();
    let _sender = channel.sender().unwrap();
    assert_eq!(channel.info().participants[0].name, format!("x{}", "ä".repeat(31)));
    let channel = Options::new().private().unwrap();
    let _sender = channel.sender().unwrap();
    let program = std::env::current_exe().unwrap();
    assert_eq!(channel.info().participants[0].name, program.file_name().unwrap().to_str().unwrap()[..], "by default");
}

#[test]
fn sleeping_and_waking_is_counted() {
    everywhere(|stage| {
        let (channel, mut sender, mut receiver) = stage.small();
        receiver.set_strategy(memlane::Strategy::Park);
        std::thread::scope(|scope| {
            let blocked = scope.spawn(|| receiver.recv().map(|message| message.to_vec()));
            eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
            sender.send(b"wake up").unwrap();
            assert_eq!(blocked.join().unwrap().unwrap(), b"wake up");
        });
        assert_eq!(channel.info().participants[0].counters.wakes, 1);
        sender.send(b"nobody sleeps").unwrap();
        assert_eq!(channel.info().participants[0].counters.wakes, 1);
    });
}

#[test]
fn a_call_that_waits_is_counted_once() {
    everywhere(|stage| {
        type Receive = fn(&mut Receiver);
        let ways: [(&str, Receive); 5] = [
            ("recv", |receiver| drop(receiver.recv().unwrap())),
            ("recv_timeout", |receiver| drop(receiver.recv_timeout(Duration::MAX).unwrap())),
            ("recv_into", |receiver| assert_eq!(receiver.recv_into(&mut [0; 7]), Ok(7))),
            ("recv_batch", |receiver| drop(receiver.recv_batch(8).unwrap())),
            ("messages", |receiver| drop(receiver.messages().next().unwrap().unwrap())),
        ];
        for (way, receive) in ways {
            let (channel, mut sender, mut receiver) = stage.small();
            std::thread::scope(|scope| {
                let blocked = scope.spawn(move || {
                    receive(&mut receiver);
                    receiver
                });
                eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
                sender.send(b"at last").unwrap();
                let _receiver = blocked.join().unwrap();
                assert_eq!(channel.info().participants[1].counters.empty, 1, "{way}");
            });
        }
    });
}

#[test]
fn payloads_are_aligned_as_asked() {
    everywhere(|stage| {
        // SAFETY: every participant of these channels is in this process, and none touches what another one holds.
        let trust = unsafe { TrustPeers::promise() };
        for (alignment, records) in [(8, 8), (16, 16), (32, 32), (64, 64), (8, 64), (16, 128)] {
            let options = Options::new().capacity(4096).payload_alignment(alignment).record_alignment(records);
            let (_, mut sender, mut receiver) = stage.pair(&options);
            let aligned = |bytes: &[u8]| bytes.as_ptr().addr().is_multiple_of(alignment);
            for length in (0..300).map(|number| number * 37 % 900) {
                let mut grant = sender.reserve(length).unwrap();
                assert!(aligned(grant.as_mut_slice(trust)), "{alignment}");
                grant.commit(length).unwrap();
                let batch = receiver.recv_batch(1).unwrap();
                let message: BatchMessage<'_> = batch.get(0).unwrap();
                assert!(aligned(message.as_slice(trust)), "{alignment}");
            }
        }
    });
}

#[test]
fn wishes_about_memory_are_answered() {
    everywhere(|stage| {
        let options = Options::new().capacity(64 << 10);
        let plain = stage.channel(&options);
        let report = plain.memory();
        assert_eq!(
            [&report.prefaulted, &report.locked, &report.huge_pages],
            [&Granted::NotAsked, &Granted::NotAsked, &Granted::NotAsked]
        );
        let (wished, mut sender, mut receiver) = stage.pair(&options.prefault(true).lock_memory(true).huge_pages(true));
        let report = wished.memory();
        assert_eq!(report.prefaulted, Granted::Yes);
        for answer in [&report.locked, &report.huge_pages] {
            assert!(matches!(answer, Granted::Yes | Granted::No(_)), "{answer:?}");
        }
        sender.send(b"works all the same").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"works all the same");
    });
}

#[test]
fn looking_from_outside_changes_nothing() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    let channel = Options::new().capacity(4096).create(&name).unwrap();
    let mut sender = channel.sender().unwrap();
    sender.send(b"one").unwrap();
    let before = std::fs::read(&name).unwrap();
    assert_eq!(memlane::inspect(&name).unwrap(), channel.info());
    assert_eq!(std::fs::read(&name).unwrap(), before);
    channel.close();
    assert_eq!(memlane::inspect(&name).unwrap().status, ChannelStatus::Closed);
    Image::load(&name).set_status(0x203).store();
    let info = memlane::inspect(&name).unwrap();
    assert_eq!(info.status, ChannelStatus::Corrupted(Corruption::RecordLength));
    assert_eq!([info.status.name(), ChannelStatus::Live.name()], ["corrupted", "live"]);
    std::fs::remove_file(lock_file(&name)).unwrap();
    let info = memlane::inspect(&name).unwrap();
    assert_eq!(info.participants[0].alive, None, "without the lock file nobody can tell");
    assert!(spsc::open(&name).is_err());
}

#[test]
fn counters_are_exact_wherever_messages_stand() {
    // Over several laps, with padding, aligned payloads, reservations that were used in part, and messages that come twice.
    for alignment in [(8, 8), (64, 64), (8, 64), (16, 128)] {
        everywhere(|stage| {
            let options = Options::new().capacity(4096).payload_alignment(alignment.0).record_alignment(alignment.1);
            let (channel, mut sender, mut receiver) = stage.pair(&options);
            let counters = |row: u32| channel.info().participants[row as usize].counters;
            let (mut messages, mut bytes) = (0, 0);
            for round in 0..200u64 {
                let length = round % 11 * 13;
                sender.send(&vec![1; length as usize]).unwrap();
                let grant = sender.reserve(50).unwrap();
                grant.commit(round as usize % 51).unwrap();
                // Not published yet: `info` walks.
                let sent = counters(sender.row());
                assert_eq!((sent.messages, sent.bytes), (messages + 2, bytes + length + round % 51), "round {round}");
                assert_eq!(sender.send_batch([[2; 16], [3; 16]]), Ok(2));
                (messages, bytes) = (messages + 4, bytes + length + round % 51 + 32);
                let sent = counters(sender.row());
                assert_eq!(
                    (sent.messages, sent.bytes),
                    (messages, bytes),
                    "sent, alignments {alignment:?}, round {round}"
                );
                receiver.recv().unwrap().hand_back();
                receiver.recv_batch(3).unwrap().hand_back();
                drop(receiver.recv().unwrap());
                let mut buffer = [0; 50];
                receiver.recv_into(&mut buffer).unwrap();
                drop(receiver.recv_batch(2).unwrap());
                receiver.publish_released();
                let received = counters(receiver.row());
                assert_eq!(
                    (received.messages, received.bytes),
                    (messages, bytes),
                    "received, alignments {alignment:?}"
                );
            }
        });
    }
}
