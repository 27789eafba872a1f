//! Receivers of a watch that may only read: they have what those with a seat have, and disturb nobody.

mod support;

use memlane::watch::{self, Options, ReadOnlyReceiver};
use memlane::{
    Backend, ChannelStatus, Corruption, FenceMode, GetError, OpenError, RecvError, RecvTimeoutError, RemoveError,
    inspect,
};
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, PermissionsExt, chown};
use std::time::Duration;
use support::child::{self, Child};
use support::layout::field;
use support::peer::Peer;
use support::stage::trust;
use support::{PATIENCE, SOMEBODY, Scratch, eventually, is_root, lock_file, space};

/// Long enough for several looks.
const SHORT: Duration = Duration::from_millis(8);

#[test]
fn child_part() {
    child::play(&[
        ("reads as another user", |arguments| {
            space::become_user(SOMEBODY, SOMEBODY);
            reads_as_another_user(&arguments[0], &arguments[1]);
        }),
        ("sets until it is killed", |arguments| {
            let mut tx = watch::open(&arguments[0]).unwrap().sender().unwrap();
            tx.set(b"last").unwrap();
            child::tell("set");
            child::stay();
        }),
    ]);
}

fn created(scratch: &Scratch, options: &Options) -> (String, watch::Channel) {
    let name = scratch.name("limits");
    let channel = options.create(&name).unwrap();
    (name, channel)
}

#[test]
fn it_has_what_one_with_a_seat_has() {
    let scratch = Scratch::new();
    let (name, channel) = created(&scratch, &Options::new().max_message(300));
    let mut tx = channel.sender().unwrap();
    let mut rx = watch::open_read_only(&name).unwrap();
    assert_eq!((rx.get(), rx.version(), rx.has_changed()), (Err(GetError::NoValue), 0, false));
    assert_eq!(rx.changed_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    for version in 1..=40 {
        let value = vec![version as u8; 7 * version as usize];
        tx.set(&value).unwrap();
        assert!(rx.has_changed());
        assert_eq!((rx.changed_timeout(Duration::ZERO), rx.version()), (Ok(value.clone()), 2 * version - 1));
        let mut buffer = [0; 300];
        assert_eq!(rx.get_into(&mut buffer), Ok(value.len()));
        assert_eq!(rx.get().unwrap(), value);
        assert_eq!(rx.changed_into_timeout(&mut buffer, Duration::ZERO), Err(RecvTimeoutError::Timeout));
        tx.set(&value).unwrap();
        assert_eq!(rx.changed_into(&mut buffer[..3]), Err(RecvError::BufferTooSmall { needed: value.len() }));
        assert_eq!(rx.changed_into_timeout(&mut buffer, Duration::ZERO), Ok(value.len()));
        assert_eq!(rx.get_into(&mut buffer[..3]), Err(GetError::BufferTooSmall { needed: value.len() }));
    }
    assert_eq!(rx.max_message(), 300);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| rx.wait_for_timeout(|value| value == b"ready", PATIENCE));
        for value in [&b"starting"[..], b"ready"] {
            tx.set(value).unwrap();
        }
        assert_eq!(waiting.join().unwrap().unwrap(), b"ready");
    });
    assert_eq!(rx.wait_for_timeout(|_| false, SHORT), Err(RecvTimeoutError::Timeout));
    tx.set(b"farewell").unwrap();
    drop(tx);
    assert_eq!(rx.changed().unwrap(), b"farewell", "what was set before comes first");
    assert_eq!(rx.changed(), Err(RecvError::Disconnected));
    assert_eq!(rx.get().unwrap(), b"farewell");
    channel.sender().unwrap().set(b"again").unwrap();
    assert_eq!(rx.changed().unwrap(), b"again", "of the next sender");
    assert!(format!("{rx:?}").contains("limits"));
}

/// Every byte of both files, and what removing finds.
#[test]
fn it_disturbs_nobody() {
    for backend in [Backend::Futex, Backend::Semaphore] {
        let scratch = Scratch::new();
        let (name, channel) = created(&scratch, &Options::new().backend(backend).trust_peers(trust()));
        let mut tx = channel.sender().unwrap();
        tx.set(b"value").unwrap();
        let files = || (fs::read(&name).unwrap(), fs::read(lock_file(&name)).unwrap());
        let before = files();
        // Semaphores that are not touched need no trust.
        let mut rx = watch::open_read_only(&name).unwrap();
        assert_eq!(rx.get().unwrap(), b"value");
        assert_eq!(rx.changed_timeout(SHORT), Err(RecvTimeoutError::Timeout));
        for _ in 0..1000 {
            rx.get().unwrap();
        }
        assert!(files() == before, "it wrote something");
        assert_eq!(channel.info().participants.len(), 1);
        drop(tx);
        assert_eq!(rx.changed(), Err(RecvError::Disconnected));
        channel.remove().expect("nobody is in it");
        assert_eq!(rx.changed(), Err(RecvError::Removed));
        assert_eq!(rx.get().unwrap(), b"value", "what is mapped stays");
        assert!(matches!(watch::open_read_only(&name), Err(OpenError::NotFound { .. })));
    }
}

#[test]
fn it_is_refused_what_is_no_watch_or_another_one() {
    let scratch = Scratch::new();
    let name = scratch.name("prices");
    memlane::spsc::Options::new().create(&name).unwrap();
    assert!(matches!(watch::open_read_only(&name), Err(OpenError::WrongKind { .. })));
    memlane::remove(&name).unwrap();
    let channel = Options::new().type_name("limit").fence(FenceMode::Symmetric).create(&name).unwrap();
    let refused = Options::new().type_name("price").open_read_only(&name);
    assert!(matches!(refused, Err(OpenError::TypeMismatch { .. })), "{refused:?}");
    let mut rx = Options::new().type_name("limit").open_read_only(&name).unwrap();
    channel.close();
    assert_eq!((rx.changed(), rx.get()), (Err(RecvError::Disconnected), Err(GetError::Disconnected)));
    assert!(matches!(watch::open_read_only(&name), Err(OpenError::Closed { .. })));
}

/// What it finds wrong, it tells its caller alone: it may not write it down.
#[test]
fn it_reports_damage_and_poisons_nothing() {
    let scratch = Scratch::new();
    let (name, channel) = created(&scratch, &Options::new());
    channel.sender().unwrap().set(b"value").unwrap();
    let root_at = Peer::of(&name).part("queue_at") + field("ValueControl", "root").offset as u64;
    let file = File::options().write(true).open(&name).unwrap();
    let mut rx = watch::open_read_only(&name).unwrap();
    assert_eq!(rx.get().unwrap(), b"value");
    file.write_all_at(&u64::MAX.to_le_bytes(), root_at).unwrap();
    let damage = Corruption::Version;
    assert_eq!(rx.get(), Err(GetError::Corrupted(damage)));
    assert_eq!(rx.changed_timeout(PATIENCE), Err(RecvTimeoutError::Corrupted(damage)));
    assert_eq!(inspect(&name).unwrap().status, ChannelStatus::Live);
    file.write_all_at(&1u64.to_le_bytes(), root_at).unwrap();
    assert_eq!(rx.get().unwrap(), b"value");
    // One byte less: the page stays, so that touching it is no signal.
    file.set_len(file.metadata().unwrap().len() - 1).unwrap();
    // It looks at the file after each pause, and by then too seldom otherwise.
    let waited = rx.changed_timeout(Duration::from_secs(1));
    assert_eq!(waited, Err(RecvTimeoutError::Corrupted(Corruption::FileLength)));
    eventually("one that never waits is told, too", || rx.get() == Err(GetError::Corrupted(Corruption::FileLength)));
}

/// It proves no death itself, and believes those who do.
#[test]
fn a_dead_sender_is_waited_for_until_somebody_finds_it() {
    let scratch = Scratch::new();
    let (name, channel) = created(&scratch, &Options::new());
    let mut sender = Child::start("sets until it is killed", &[&name]);
    sender.expect("set");
    let mut rx = watch::open_read_only(&name).unwrap();
    assert_eq!(rx.changed().unwrap(), b"last");
    sender.kill();
    assert_eq!(rx.changed_timeout(SHORT), Err(RecvTimeoutError::Timeout));
    drop(channel.receiver().unwrap());
    assert_eq!(rx.changed_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected), "a joiner found it");
    channel.sender().unwrap().set(b"next").unwrap();
    assert_eq!(rx.changed().unwrap(), b"next");
}

fn reads_as_another_user(name: &str, lock: &str) {
    assert!(File::options().write(true).open(name).is_err() && File::open(lock).is_err(), "it may only read");
    assert!(matches!(Options::new().any_owner(true).open(name), Err(OpenError::Permission { .. })));
    let mut rx: ReadOnlyReceiver = Options::new().any_owner(true).open_read_only(name).unwrap();
    child::tell(String::from_utf8(rx.get().unwrap()).unwrap());
    while let Ok(value) = rx.changed() {
        child::tell(String::from_utf8(value).unwrap());
    }
    child::tell("the end");
    child::hear();
}

#[test]
fn another_user_needs_no_more_than_read_permission() {
    if !is_root("becoming another user") {
        return;
    }
    let scratch = Scratch::new();
    fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let (name, channel) = created(&scratch, &Options::new().mode(0o644));
    let mut tx = channel.sender().unwrap();
    tx.set(b"first").unwrap();
    let mut reads = Child::start("reads as another user", &[&name, lock_file(&name).to_str().unwrap()]);
    reads.expect("first");
    for value in ["second", "third"] {
        tx.set(value.as_bytes()).unwrap();
        reads.expect(value);
    }
    assert_eq!(channel.info().participants.len(), 1, "it has no seat");
    assert!(matches!(channel.remove(), Err(RemoveError::InUse { .. })), "but the sender has one");
    drop(tx);
    reads.expect("the end");
    reads.say("enough");
    reads.finish();
    chown(&name, Some(SOMEBODY), None).unwrap();
    assert!(matches!(watch::open_read_only(&name), Err(OpenError::ForeignOwner { owner: SOMEBODY, .. })));
    assert_eq!(Options::new().any_owner(true).open_read_only(&name).unwrap().get().unwrap(), b"third");
}
