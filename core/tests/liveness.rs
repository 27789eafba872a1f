//! Who is alive, with real processes: killed, stopped, replaced by another program, in another PID namespace.

mod support;

use memlane::spsc::{self, Channel, Options, Receiver};
use memlane::{JoinError, ParticipantState, RecvError, RecvTimeoutError, Role, TrySendError};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::Duration;
use support::child::{self, Child};
use support::{Scratch, assert_same, eventually};

/// A channel of 64 KiB: messages of 8 bytes take 16, and up to 8 KiB of releases may be unpublished.
fn channel(scratch: &Scratch) -> (String, Channel) {
    let name = scratch.name("prices");
    let channel = Options::new().capacity(64 << 10).create(&name).unwrap();
    (name, channel)
}

fn number(message: &[u8]) -> u64 {
    u64::from_le_bytes(message.try_into().expect("8 bytes"))
}

/// Receives one message, which is a number.
fn receive(receiver: &mut Receiver) -> u64 {
    number(&receiver.recv().unwrap().to_vec())
}

#[test]
fn child_part() {
    child::play(&[
        ("sends", |arguments| {
            let mut sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            let count = arguments[1].parse().unwrap();
            for number in sender.resumed_at()..count {
                sender.send(&number.to_le_bytes()).unwrap();
            }
            child::tell("sent");
            child::stay();
        }),
        ("receives", |arguments| {
            let [batched, single] = [&arguments[1], &arguments[2]].map(|argument| argument.parse::<usize>().unwrap());
            let mut receiver = spsc::open(&arguments[0]).unwrap().receiver().unwrap();
            assert_eq!(receiver.recv_batch(batched).unwrap().len(), batched);
            (0..single).for_each(|_| drop(receiver.recv().unwrap()));
            match arguments[3].as_str() {
                "published" => receiver.publish_released(),
                "holding" => std::mem::forget(receiver.recv().unwrap()),
                "holding a batch" => std::mem::forget(receiver.recv_batch(5).unwrap()),
                _ => {}
            }
            child::tell("received");
            child::stay();
        }),
        ("forks", |arguments| {
            let _sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            let grandchild = child::fork(child::stay);
            child::tell(grandchild);
            child::stay();
        }),
        ("becomes another program", |arguments| {
            let _sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            child::tell("joined");
            child::hear();
            panic!("{}", Command::new("cat").exec());
        }),
        ("closes every descriptor", |arguments| {
            let mut sender = spsc::open(&arguments[0]).unwrap().sender().unwrap();
            // SAFETY: nothing in this process relies on a descriptor above the standard ones from here on.
            assert_eq!(unsafe { libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) }, 0);
            child::tell("closed");
            child::hear();
            sender.send(&7u64.to_le_bytes()).unwrap();
            child::stay();
        }),
        ("joins in another pid namespace", |arguments| {
            // SAFETY: concerns processes that are made from here on.
            if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
                return child::tell(format_args!("skipped: {}", std::io::Error::last_os_error()));
            }
            let inside = child::fork(|| {
                assert_eq!(std::process::id(), 1);
                let channel = spsc::open(&arguments[0]).unwrap();
                let outside = channel.info().participants[0].clone();
                assert_eq!((outside.role, outside.alive), (Role::Sender, Some(true)), "it sees who is outside");
                assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })));
                let _receiver = channel.receiver().unwrap();
                child::tell("joined");
                child::stay();
            });
            child::tell(inside);
            child::stay();
        }),
    ]);
}

#[test]
fn the_messages_of_a_killed_sender_arrive_and_then_it_is_gone() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut receiver = channel.receiver().unwrap();
    let mut child = Child::start("sends", &[&name, "100"]);
    child.expect("sent");
    child.kill();
    assert!((0..100).all(|wanted| receive(&mut receiver) == wanted));
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected, "asked again");
    let info = channel.info();
    assert_eq!(info.participants[0].state, ParticipantState::Dead);
    assert_eq!((info.participants[0].alive, info.participants[0].pid), (Some(false), child.id()));
    assert_eq!(info.participants[1].counters.reaped, 1, "by the receiver");

    let mut child = Child::start("sends", &[&name, "150"]);
    child.expect("sent");
    assert!((100..150).all(|wanted| receive(&mut receiver) == wanted), "its successor goes on behind it");
    let successor = &channel.info().participants[0];
    assert_eq!((successor.state, successor.pid), (ParticipantState::Live, child.id()));
    assert_ne!(successor.life, info.participants[0].life, "no life is used twice");
    child.kill();
    assert_eq!(receiver.recv().unwrap_err(), RecvError::Disconnected);
}

#[test]
fn a_blocked_receiver_learns_that_its_sender_was_killed() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut receiver = channel.receiver().unwrap();
    let mut child = Child::start("sends", &[&name, "0"]);
    child.expect("sent");
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| receiver.recv().map(|_| ()));
        eventually("it sleeps", || channel.info().participants[1].counters.parks > 0);
        child.kill();
        assert_eq!(blocked.join().unwrap(), Err(RecvError::Disconnected));
    });
}

#[test]
fn a_zombie_is_dead() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let child = Child::start("sends", &[&name, "0"]);
    child.expect("sent");
    child.signal(libc::SIGKILL);
    eventually("the seat is free, though nobody has waited for the process", || channel.sender().is_ok());
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    assert!(status.contains("zombie"), "{status}");
}

#[test]
fn what_a_killed_receiver_had_not_released_comes_again() {
    // What it took in a batch, and then one by one; what it did last; where its successor starts.
    for (batched, single, last, start) in [
        (10, 0, "nothing", 10),
        (10, 7, "nothing", 17),
        (10, 7, "published", 17),
        (10, 7, "holding", 17),
        (1, 0, "holding", 1),
        (10, 0, "holding a batch", 10),
        (1, 511, "nothing", 512),
        (1, 512, "nothing", 513),
        (1, 700, "nothing", 701),
    ] {
        let scratch = Scratch::new();
        let (name, channel) = channel(&scratch);
        let mut sender = channel.sender().unwrap();
        sender.send_batch((0..1000u64).map(u64::to_le_bytes)).unwrap();
        let mut child = Child::start("receives", &[&name, &batched.to_string(), &single.to_string(), last]);
        child.expect("received");
        child.kill();
        let what = format!("{batched} in a batch, {single} one by one, {last}");
        sender.send(&1000u64.to_le_bytes()).expect("a dead receiver does not disconnect");
        let mut receiver = channel.receiver().unwrap();
        drop(sender);
        let rest: Vec<_> = receiver.messages().map(|message| number(&message.unwrap())).collect();
        assert_eq!(rest, (start..=1000).collect::<Vec<_>>(), "{what}");
        let counters = channel.info().participants[1].counters;
        assert_eq!(counters.messages, 1001 - start, "{what}: counters start anew");
        assert_eq!(counters.reaped, 1, "{what}: its predecessor");
    }
}

#[test]
fn a_full_channel_waits_for_the_successor_of_a_killed_receiver() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut sender = channel.sender().unwrap();
    sender.send_batch((0..10u64).map(u64::to_le_bytes)).unwrap();
    let mut child = Child::start("receives", &[&name, "10", "0", "nothing"]);
    child.expect("received");
    child.kill();
    let mut sent = 10u64;
    while sender.try_send(&sent.to_le_bytes()).is_ok() {
        sent += 1;
    }
    assert_eq!(sender.try_send(&[0; 8]), Err(TrySendError::Full));
    std::thread::scope(|scope| {
        scope.spawn(|| sender.send(&sent.to_le_bytes()).unwrap());
        eventually("it sleeps", || channel.info().participants[0].counters.parks > 0);
        let mut receiver = channel.receiver().unwrap();
        assert!((10..=sent).all(|wanted| receive(&mut receiver) == wanted));
    });
}

#[test]
fn a_stopped_sender_is_not_dead() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut receiver = channel.receiver().unwrap();
    let child = Child::start("sends", &[&name, "1000000"]);
    let mut wanted = 0;
    for _ in 0..40 {
        assert!((0..1000).all(|_| {
            wanted += 1;
            receive(&mut receiver) == wanted - 1
        }));
        child.stop();
        let taken = JoinError::RoleTaken { channel: name.clone(), role: "sender", seats: 1, away: 0, pid: child.id() };
        assert_same(&channel.sender().unwrap_err(), &taken, "stopped");
        child.resume();
    }
    child.stop();
    // Drained, then three slices of silence: enough to look for the dead, and to find none.
    let ended = loop {
        match receiver.recv_timeout(Duration::from_millis(350)) {
            Ok(message) => assert_eq!(number(&message.to_vec()), wanted),
            Err(error) => break error,
        }
        wanted += 1;
    };
    assert_eq!(ended, RecvTimeoutError::Timeout);
    let info = channel.info();
    assert_eq!((info.participants[0].state, info.participants[0].alive), (ParticipantState::Live, Some(true)));
    assert_eq!(info.participants[1].counters.reaped, 0);
    child.resume();
    assert!((wanted..wanted + 10_000).all(|wanted| receive(&mut receiver) == wanted), "it goes on where it stood");
}

#[test]
fn a_stopped_receiver_keeps_its_seat_and_its_messages() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut sender = channel.sender().unwrap();
    sender.send_batch((0..20u64).map(u64::to_le_bytes)).unwrap();
    let mut child = Child::start("receives", &[&name, "10", "0", "holding a batch"]);
    child.expect("received");
    child.stop();
    while sender.try_send(&[0; 8]).is_ok() {}
    let timeout = sender.send_timeout(&[0; 8], Duration::from_millis(350)).unwrap_err();
    assert_eq!(timeout, memlane::SendTimeoutError::Timeout, "it waits, and does not overwrite");
    let taken = JoinError::RoleTaken { channel: name.clone(), role: "receiver", seats: 1, away: 0, pid: child.id() };
    assert_same(&channel.receiver().unwrap_err(), &taken, "stopped");
    child.kill();
    assert_eq!(receive(&mut channel.receiver().unwrap()), 10);
}

#[test]
fn a_taken_role_says_by_whom() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut child = Child::start("sends", &[&name, "0"]);
    child.expect("sent");
    let error = channel.sender().unwrap_err();
    assert_same(
        &error,
        &JoinError::RoleTaken { channel: name.clone(), role: "sender", seats: 1, away: 0, pid: child.id() },
        "child",
    );
    assert_eq!(
        error.to_string(),
        format!("channel {name} has its sender already (process {}); stop that one first", child.id())
    );
    child.kill();
    let _sender = channel.sender().unwrap();
    let again = spsc::open(&name).unwrap();
    let taken =
        JoinError::RoleTaken { channel: name.clone(), role: "sender", seats: 1, away: 0, pid: std::process::id() };
    assert_same(&again.sender().unwrap_err(), &taken, "a second handle of one process");
}

#[test]
fn a_parents_death_frees_its_seat_though_its_forked_child_lives() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut child = Child::start("forks", &[&name]);
    let grandchild: i32 = child.line().parse().unwrap();
    assert!(channel.sender().is_err());
    child.kill();
    channel.sender().unwrap();
    // SAFETY: kill takes two integers; the grandchild does not end by itself, so the id is still its own.
    assert_eq!(unsafe { libc::kill(grandchild, libc::SIGKILL) }, 0, "the grandchild lived");
}

#[test]
fn another_program_in_the_same_process_is_somebody_else() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut child = Child::start("becomes another program", &[&name]);
    child.expect("joined");
    assert!(channel.sender().is_err());
    child.say("go");
    eventually("the seat is free", || channel.sender().is_ok());
    assert!(std::fs::exists(format!("/proc/{}/exe", child.id())).unwrap(), "the process lives");
}

#[test]
fn closing_every_descriptor_gives_no_seat_away() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let mut receiver = channel.receiver().unwrap();
    let mut child = Child::start("closes every descriptor", &[&name]);
    child.expect("closed");
    assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })));
    child.say("send");
    assert_eq!(receive(&mut receiver), 7);
}

#[test]
fn life_is_seen_across_pid_namespaces() {
    let scratch = Scratch::new();
    let (name, channel) = channel(&scratch);
    let _sender = channel.sender().unwrap();
    let child = Child::start("joins in another pid namespace", &[&name]);
    let first = child.line();
    if first.starts_with("skipped") {
        return eprintln!("{first}");
    }
    // The one inside and the one that made it speak in any order.
    let inside = if first == "joined" { child.line() } else { first };
    eventually("it joined", || channel.info().participants.len() == 2);
    let taken = JoinError::RoleTaken { channel: name.clone(), role: "receiver", seats: 1, away: 0, pid: 1 };
    assert_same(&channel.receiver().unwrap_err(), &taken, "its process id as it sees it itself");
    assert_eq!(channel.info().participants[1].alive, Some(true));
    // SAFETY: kill takes two integers; the process inside does not end by itself.
    assert_eq!(unsafe { libc::kill(inside.parse().unwrap(), libc::SIGKILL) }, 0);
    eventually("its seat is free", || channel.receiver().is_ok());
}
