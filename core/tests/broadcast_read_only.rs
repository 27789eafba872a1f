//! Receivers of a broadcast that may only read: they have what those with a seat have, and disturb nobody.

mod support;

use memlane::broadcast::{self, Channel, Options, Policy, ReadOnlyReceiver, Sender, Start};
use memlane::{
    Backend, ChannelStatus, Corruption, FenceMode, OpenError, RecvError, RecvTimeoutError, TryRecvError, inspect,
};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::Duration;
use support::account::Account;
use support::child::{self, Child};
use support::layout::{field, structure};
use support::peer::Peer;
use support::stage::trust;
use support::{PATIENCE, Scratch, eventually, lock_file};

/// Long enough for several looks.
const SHORT: Duration = Duration::from_millis(8);

/// Less than so many looks that one which never waits would look at the file by then.
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn child_part() {
    child::play(&[("sends until it is killed", |arguments| {
        let mut tx = broadcast::open(&arguments[0]).unwrap().sender().unwrap();
        tx.send(b"last").unwrap();
        child::tell("sent");
        child::stay();
    })]);
}

fn created(scratch: &Scratch, options: &Options) -> (String, Channel) {
    let name = scratch.name("prices");
    let channel = options.create(&name).unwrap();
    (name, channel)
}

fn send(tx: &mut Sender, numbers: std::ops::Range<u64>) {
    for number in numbers {
        tx.send(&number.to_le_bytes()).unwrap();
    }
}

/// Takes all until the end, by these calls in turn.
fn drain(rx: &mut ReadOnlyReceiver) -> Account {
    let mut account = Account::default();
    let (mut exact, mut long) = ([0; 8], [0; 100]);
    for turn in 0.. {
        let received = match turn % 5 {
            0 => rx.recv(),
            1 => rx.recv_into(&mut exact).map(|length| exact[..length].to_vec()),
            2 => rx.recv_into(&mut long).map(|length| long[..length].to_vec()),
            3 => match rx.try_recv() {
                Err(TryRecvError::Empty) => continue,
                Err(TryRecvError::Lagged { lost }) => Err(RecvError::Lagged { lost }),
                Err(TryRecvError::Disconnected) => Err(RecvError::Disconnected),
                other => Ok(other.unwrap()),
            },
            _ => match rx.try_iter().next() {
                None => continue,
                Some(received) => received,
            },
        };
        match received {
            Ok(message) => account.got_bytes(&message),
            Err(RecvError::Lagged { lost }) => account.told(lost),
            Err(RecvError::Disconnected) => break,
            Err(error) => panic!("{error}"),
        }
        assert_eq!(rx.next_sequence(), account.next());
    }
    account
}

#[test]
fn it_has_what_one_with_a_seat_has() {
    for &policy in Policy::ALL {
        let scratch = Scratch::new();
        let (name, channel) = created(&scratch, &Options::new().policy(policy).max_message(300));
        let mut tx = channel.sender().unwrap();
        let mut rx = broadcast::open_read_only(&name).unwrap();
        assert_eq!((rx.max_message(), rx.is_empty(), rx.len(), rx.next_sequence()), (300, true, 0, 0));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
        let mut buffer = [0; 300];
        for number in 0..40 {
            let message = vec![number as u8; 7 * number as usize];
            tx.send(&message).unwrap();
            assert_eq!((rx.is_empty(), rx.len()), (false, 1));
            if number > 0 {
                let refused = rx.recv_into_timeout(&mut buffer[..3], Duration::ZERO);
                assert_eq!(refused, Err(RecvTimeoutError::BufferTooSmall { needed: message.len() }));
            }
            assert_eq!(rx.next_sequence(), number);
            // Each is the only one, and nobody wakes it: what is there is found without a pause.
            match number % 4 {
                0 => assert_eq!(rx.recv_timeout(Duration::ZERO).unwrap(), message),
                1 => assert_eq!(rx.try_recv_into(&mut buffer), Ok(message.len())),
                2 => assert_eq!(rx.recv_into_timeout(&mut buffer, Duration::ZERO), Ok(message.len())),
                _ => assert_eq!(rx.try_recv().unwrap(), message),
            }
            assert!(matches!(number % 4, 0 | 3) || buffer[..message.len()] == message);
        }
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| rx.messages().next().unwrap().unwrap());
            tx.send(b"the next one").unwrap();
            assert_eq!(waiting.join().unwrap(), b"the next one");
        });
        tx.send_batch(["one", "", "three"]).unwrap();
        drop(tx);
        assert_eq!(rx.recv_timeout(Duration::MAX).unwrap(), b"one", "what was sent before comes first");
        assert_eq!(rx.messages().collect::<Result<Vec<_>, _>>().unwrap(), [&b""[..], b"three"]);
        assert_eq!((rx.recv(), rx.try_recv()), (Err(RecvError::Disconnected), Err(TryRecvError::Disconnected)));
        let mut next = channel.sender().unwrap();
        next.send(b"again").unwrap();
        assert_eq!(rx.recv().unwrap(), b"again", "of the next sender");
        assert!(rx.try_iter().next().is_none());
        assert!(format!("{rx:?}").contains("prices"));
    }
}

/// Every byte of both files, and what removing finds.
#[test]
fn it_disturbs_nobody() {
    for backend in [Backend::Futex, Backend::Semaphore] {
        for &policy in Policy::ALL {
            let scratch = Scratch::new();
            let options = Options::new().capacity(4096).policy(policy).backend(backend).trust_peers(trust());
            let (name, channel) = created(&scratch, &options);
            let mut tx = channel.sender().unwrap();
            // Semaphores that are not touched need no trust.
            let mut rx = broadcast::open_read_only(&name).unwrap();
            send(&mut tx, 0..1000);
            let files = || (fs::read(&name).unwrap(), fs::read(lock_file(&name)).unwrap());
            let before = files();
            let mut account = Account::default();
            loop {
                match rx.recv_timeout(SHORT) {
                    Ok(message) => account.got_bytes(&message),
                    Err(RecvTimeoutError::Lagged { lost }) => account.told(lost),
                    Err(error) => break assert_eq!(error, RecvTimeoutError::Timeout),
                }
            }
            let late = Options::new().open_read_only_from(&name, Start::Oldest).unwrap();
            assert_eq!((account.next(), late.is_empty()), (1000, false));
            assert!(files() == before, "it wrote something");
            assert_eq!(channel.info().participants.len(), 1);
            drop(tx);
            assert_eq!(rx.recv(), Err(RecvError::Disconnected));
            channel.remove().expect("nobody is in it");
            assert_eq!(rx.recv(), Err(RecvError::Removed));
            assert!(matches!(broadcast::open_read_only(&name), Err(OpenError::NotFound { .. })));
        }
    }
}

/// A lossless sender waits for nobody who has no seat.
#[test]
fn one_that_lags_is_told_exactly_how_many_it_lost_whatever_the_policy() {
    const MESSAGES: u64 = 300_000;
    for &policy in Policy::ALL {
        let scratch = Scratch::new();
        let (name, channel) = created(&scratch, &Options::new().capacity(4096).policy(policy));
        let mut tx = channel.sender().unwrap();
        let mut receivers = [0; 2].map(|_| broadcast::open_read_only(&name).unwrap());
        let mut lagging = broadcast::open_read_only(&name).unwrap();
        let accounts = std::thread::scope(|scope| {
            let receiving = receivers.each_mut().map(|rx| scope.spawn(|| drain(rx)));
            send(&mut tx, 0..MESSAGES);
            drop(tx);
            receiving.map(|one| one.join().unwrap())
        });
        assert_eq!(accounts.map(|account| account.next()), [MESSAGES; 2]);
        assert!(lagging.len() >= 200_000, "{}", lagging.len());
        let Err(TryRecvError::Lagged { lost }) = lagging.try_recv() else { panic!("a ring holds 256") };
        let rest: Vec<_> = lagging.messages().map(Result::unwrap).collect();
        assert!((80..=256).contains(&rest.len()), "told once, and then half a ring: {}", rest.len());
        assert_eq!(rest[0], lost.to_le_bytes());
        assert_eq!(lost + rest.len() as u64, MESSAGES);
    }
}

#[test]
fn it_begins_where_it_wants() {
    for &policy in Policy::ALL {
        let scratch = Scratch::new();
        let (name, channel) = created(&scratch, &Options::new().capacity(4096).policy(policy));
        let mut tx = channel.sender().unwrap();
        let open = |start| Options::new().open_read_only_from(&name, start);
        send(&mut tx, 0..100);
        let first = |start| u64::from_le_bytes(open(start).unwrap().recv().unwrap().try_into().unwrap());
        assert_eq!([Start::Oldest, Start::Last(7), Start::At(50), Start::Last(1000)].map(first), [0, 93, 50, 0]);
        assert!(open(Start::Now).unwrap().is_empty() && open(Start::At(100)).unwrap().is_empty());
        let refused = open(Start::At(101)).unwrap_err();
        assert!(matches!(refused, OpenError::NoSuchMessage { number: 101, sent: 100, .. }), "{refused}");
        send(&mut tx, 100..10_000);
        let mut rx = open(Start::At(50)).unwrap();
        assert_eq!((rx.next_sequence(), rx.len(), rx.is_empty()), (50, 9950, false));
        let Err(RecvError::Lagged { lost }) = rx.recv() else { panic!("that is overwritten") };
        assert_eq!(rx.recv().unwrap(), (50 + lost).to_le_bytes());
        assert!(50 + lost >= 10_000 - 256 && first(Start::Oldest) >= 10_000 - 256);
        assert_eq!(first(Start::Last(7)), 9993);
        // It held messages when it was opened: so there was a sender.
        drop(tx);
        let mut late = open(Start::Last(2)).unwrap();
        assert_eq!(late.messages().count(), 2);
        assert_eq!(late.recv(), Err(RecvError::Disconnected));
        let mut later = open(Start::Now).unwrap();
        assert_eq!(later.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout), "who knows whether one comes");
        let mut drained = Options::new().ends_when_drained(true).open_read_only(&name).unwrap();
        assert_eq!(drained.recv(), Err(RecvError::Disconnected), "all senders count that there ever were");
    }
}

#[test]
fn it_is_refused_what_is_no_broadcast_or_another_one() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    memlane::spsc::Options::new().create(&name).unwrap();
    assert!(matches!(broadcast::open_read_only(&name), Err(OpenError::WrongKind { .. })));
    memlane::remove(&name).unwrap();
    let channel = Options::new().type_name("price").fence(FenceMode::Symmetric).create(&name).unwrap();
    let refused = Options::new().type_name("limit").open_read_only(&name);
    assert!(matches!(refused, Err(OpenError::TypeMismatch { .. })), "{refused:?}");
    let mut rx = Options::new().type_name("price").open_read_only(&name).unwrap();
    channel.close();
    assert_eq!((rx.recv(), rx.try_recv()), (Err(RecvError::Disconnected), Err(TryRecvError::Disconnected)));
    assert!(matches!(broadcast::open_read_only(&name), Err(OpenError::Closed { .. })));
}

/// What it finds wrong, it tells its caller alone: it may not write it down.
#[test]
fn it_reports_damage_and_poisons_nothing() {
    let scratch = Scratch::new();
    let (name, channel) = created(&scratch, &Options::new().capacity(4096));
    let mut tx = channel.sender().unwrap();
    let mut rx = broadcast::open_read_only(&name).unwrap();
    send(&mut tx, 0..2);
    let ring = Peer::of(&name).part("data_at");
    let file = File::options().read(true).write(true).open(&name).unwrap();
    let mut header = [0; 8];
    file.read_exact_at(&mut header, ring).unwrap();
    file.write_all_at(&[0xff; 8], ring).unwrap();
    let damage = Corruption::RecordHeader;
    assert_eq!(rx.recv(), Err(RecvError::Corrupted(damage)));
    assert_eq!(rx.recv_timeout(PATIENCE), Err(RecvTimeoutError::Corrupted(damage)));
    assert_eq!(inspect(&name).unwrap().status, ChannelStatus::Live);
    file.write_all_at(&header, ring).unwrap();
    assert_eq!(rx.recv().unwrap(), 0u64.to_le_bytes());
    // One byte less: the page stays, so that touching it is no signal.
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    assert_eq!(rx.try_recv().unwrap(), 1u64.to_le_bytes(), "what stands there it gets, until it looks at the file");
    let damage = Corruption::FileLength;
    // It looks at the file after each pause.
    assert_eq!(rx.recv_timeout(SECOND), Err(RecvTimeoutError::Corrupted(damage)));
    eventually("one that never waits is told, too", || rx.try_recv() == Err(TryRecvError::Corrupted(damage)));
}

/// Words that no sender writes: an error, or messages of the length that they were sent with; and no call hangs.
#[test]
fn words_that_contradict_each_other_lead_it_nowhere() {
    for word in [1, 8, 64, 4096, 1 << 40, 1 << 61, u64::MAX - 7, u64::MAX] {
        for name_of_word in ["committed", "count", "reserved", "boundaries"] {
            let scratch = Scratch::new();
            let (name, channel) = created(&scratch, &Options::new().capacity(4096));
            let mut tx = channel.sender().unwrap();
            let mut rx = broadcast::open_read_only(&name).unwrap();
            send(&mut tx, 0..300);
            let at = Peer::of(&name).part("lanes_at") + field("LaneControl", name_of_word).offset as u64;
            assert!(structure("LaneControl").bytes >= field("LaneControl", name_of_word).offset + 8);
            File::options().write(true).open(&name).unwrap().write_all_at(&u64::to_le_bytes(word), at).unwrap();
            let late = [Start::Now, Start::Oldest, Start::Last(7), Start::At(290)]
                .map(|start| Options::new().open_read_only_from(&name, start));
            let read = |rx: &mut ReadOnlyReceiver| {
                for _ in 0..1000 {
                    match rx.recv_timeout(Duration::ZERO) {
                        Ok(message) => assert_eq!(message.len(), 8),
                        Err(RecvTimeoutError::Lagged { .. }) => {}
                        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Corrupted(_)) => return,
                        Err(error) => panic!("{name_of_word} {word}: {error}"),
                    }
                }
                let _ = rx.len();
            };
            read(&mut rx);
            for opened in late {
                match opened {
                    Ok(mut rx) => read(&mut rx),
                    Err(OpenError::Corrupted { .. } | OpenError::Busy { .. } | OpenError::NoSuchMessage { .. }) => {}
                    Err(error) => panic!("{name_of_word} {word}: {error}"),
                }
            }
            assert_eq!(inspect(&name).unwrap().status, ChannelStatus::Live);
        }
    }
}

/// It proves no death itself, and believes those who do.
#[test]
fn a_dead_sender_is_waited_for_until_somebody_finds_it() {
    let scratch = Scratch::new();
    let (name, channel) = created(&scratch, &Options::new());
    let mut rx = broadcast::open_read_only(&name).unwrap();
    let mut sender = Child::start("sends until it is killed", &[&name]);
    sender.expect("sent");
    assert_eq!(rx.recv().unwrap(), b"last");
    sender.kill();
    assert_eq!(rx.recv_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    drop(channel.receiver().unwrap());
    assert_eq!(rx.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected), "a joiner found it");
    channel.sender().unwrap().send(b"next").unwrap();
    assert_eq!(rx.recv().unwrap(), b"next");
}
