//! Forks: a child that touches or drops what it inherited gets `Forked` and harms nothing.

mod support;

use memlane::spsc::{self, Channel, Options, Receiver};
use memlane::{
    GrantError, JoinError, RecvError, RecvTimeoutError, SendBatchError, SendError, SendTimeoutError, TryRecvError,
    TrySendError,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use support::child::{alone, fork, join};
use support::{Scratch, eventually};

const SHORT: Duration = Duration::from_millis(1);

fn small() -> Options {
    Options::new().capacity(4096)
}

/// What must not change while a child plays with what it inherited.
fn snapshot(channel: &Channel) -> memlane::Info {
    let info = channel.info();
    assert!(info.participants.iter().all(|participant| participant.alive == Some(true)), "{info:?}");
    info
}

#[test]
fn an_inherited_sender_is_forked() {
    alone("an_inherited_sender_is_forked", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let mut sender = channel.sender().unwrap();
        sender.send(b"one").unwrap();
        let before = snapshot(&channel);
        let mut inherited = Some(sender);
        join(fork(|| {
            let mut sender = inherited.take().unwrap();
            assert_eq!(sender.send(b"x"), Err(SendError::Forked));
            assert_eq!(sender.try_send(b"x"), Err(TrySendError::Forked));
            assert_eq!(sender.send_timeout(b"x", SHORT), Err(SendTimeoutError::Forked));
            assert_eq!(sender.send_batch([b"x"]), Err(SendBatchError { sent: 0, error: SendError::Forked }));
            assert_eq!(sender.reserve(1).unwrap_err(), SendError::Forked);
            assert_eq!(sender.try_reserve(1).unwrap_err(), TrySendError::Forked);
            assert_eq!(sender.reserve_timeout(1, SHORT).unwrap_err(), SendTimeoutError::Forked);
            assert_eq!(sender.sent(), 1);
            drop(sender);
        }));
        assert_eq!(snapshot(&channel), before, "dropping it in the child left no trace");
        let mut sender = inherited.unwrap();
        sender.send(b"two").unwrap();
        let mut receiver = channel.receiver().unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"one");
        assert_eq!(receiver.recv().unwrap().to_vec(), b"two");
    });
}

#[test]
fn an_inherited_receiver_is_forked() {
    alone("an_inherited_receiver_is_forked", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send(b"one").unwrap();
        drop(receiver.recv().unwrap());
        assert!(receiver.try_recv().is_err());
        touch_an_inherited_receiver(&channel, &mut receiver);
        sender.send_batch(["two", "three"]).unwrap();
        drop(receiver.recv().unwrap());
        touch_an_inherited_receiver(&channel, &mut receiver);
        let before = snapshot(&channel);
        let mut inherited = Some(receiver);
        join(fork(|| {
            let mut receiver = inherited.take().unwrap();
            receiver.publish_released();
            drop(receiver);
        }));
        assert_eq!(snapshot(&channel), before, "nothing was published or released");
        assert_eq!(inherited.unwrap().recv().unwrap().to_vec(), b"three");
    });
}

/// Every way to receive, in a child.
fn touch_an_inherited_receiver(channel: &Channel, receiver: &mut Receiver) {
    let before = snapshot(channel);
    join(fork(|| {
        let mut buffer = [0; 8];
        assert_eq!(receiver.recv().unwrap_err(), RecvError::Forked);
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Forked);
        assert_eq!(receiver.recv_timeout(SHORT).unwrap_err(), RecvTimeoutError::Forked);
        assert_eq!(receiver.recv_into(&mut buffer), Err(RecvError::Forked));
        assert_eq!(receiver.try_recv_into(&mut buffer), Err(TryRecvError::Forked));
        assert_eq!(receiver.recv_batch(2).unwrap_err(), RecvError::Forked);
        assert_eq!(receiver.try_recv_batch(2).unwrap_err(), TryRecvError::Forked);
        assert_eq!(receiver.recv_batch_timeout(2, SHORT).unwrap_err(), RecvTimeoutError::Forked);
        assert_eq!(receiver.messages().collect::<Vec<_>>(), [Err(RecvError::Forked)]);
        receiver.publish_released();
    }));
    assert_eq!(snapshot(channel), before);
}

/// A child by the bare system call, which runs no fork handler.
fn bare_clone(body: impl FnOnce()) -> i32 {
    // SAFETY: as for `fork`; the child shares no memory with its parent.
    let child = unsafe { libc::syscall(libc::SYS_clone, libc::SIGCHLD, 0, 0, 0, 0) };
    if child != 0 {
        return child as i32;
    }
    let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
    // SAFETY: ends the child at once.
    unsafe { libc::_exit(if outcome.is_ok() { 0 } else { 101 }) }
}

/// Runs the body in several children, each of which makes it its first call: of both ways to be born, and of a second generation.
macro_rules! in_children {
    ($body:expr) => {
        join(fork(|| $body));
        join(bare_clone(|| $body));
        join(fork(|| join(bare_clone(|| $body))));
    };
}

/// What the fast paths do in a child, of a kind whose messages are 8 bytes long, in the middle of a stretch.
macro_rules! fast_paths_stop {
    ($kind:ident) => {
        let scratch = Scratch::new();
        let channel = memlane::$kind::Options::new().capacity(1 << 16).create(&scratch.name("prices")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let mut buffer = [0; 8];
        for number in 0..9u64 {
            sender.send(&number.to_le_bytes()).unwrap();
        }
        for number in 0..3u64 {
            assert_eq!(receiver.recv_into(&mut buffer), Ok(8));
            assert_eq!(u64::from_le_bytes(buffer), number);
        }
        in_children!(assert_eq!(sender.send(&[1; 8]), Err(SendError::Forked)));
        in_children!(assert_eq!(
            sender.send_batch([[1; 8]; 3]),
            Err(SendBatchError { sent: 0, error: SendError::Forked })
        ));
        in_children!(assert_eq!(sender.reserve(8).unwrap_err(), SendError::Forked));
        in_children!(assert_eq!(receiver.recv_into(&mut buffer), Err(RecvError::Forked)));
        in_children!(assert_eq!(receiver.try_recv_into(&mut buffer), Err(TryRecvError::Forked)));
        in_children!(assert_eq!(receiver.recv().unwrap_err(), RecvError::Forked));
        in_children!(assert_eq!(receiver.recv_batch(3).unwrap_err(), RecvError::Forked));
        in_children!(assert_eq!(receiver.messages().next(), Some(Err(RecvError::Forked))));
        for number in 9..20u64 {
            sender.send(&number.to_le_bytes()).unwrap();
        }
        for number in 3..20u64 {
            assert_eq!(receiver.recv_into(&mut buffer), Ok(8));
            assert_eq!(u64::from_le_bytes(buffer), number, "no child sent one, and none took one");
        }
        assert_eq!(receiver.try_recv_into(&mut buffer), Err(TryRecvError::Empty));
    };
}

#[test]
fn the_first_fast_call_in_a_child_is_forked() {
    alone("the_first_fast_call_in_a_child_is_forked", || {
        fast_paths_stop!(spsc);
        fast_paths_stop!(mpsc);
    });
}

#[test]
fn a_batch_whose_iterator_forks_goes_on_in_the_parent_alone() {
    alone("a_batch_whose_iterator_forks_goes_on_in_the_parent_alone", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send(&[0; 8]).unwrap();
        let mut child = None;
        let forking = (1..9u64).inspect(|number| {
            if *number == 5 {
                // SAFETY: the child goes on with its copy of this test, up to its exit below.
                child = Some(unsafe { libc::fork() });
            }
        });
        let outcome = sender.send_batch(forking.map(u64::to_le_bytes));
        match child {
            Some(0) => {
                let is_told = outcome == Err(SendBatchError { sent: 4, error: SendError::Forked });
                // SAFETY: ends the child at once.
                unsafe { libc::_exit(if is_told { 0 } else { 101 }) }
            }
            child => join(child.unwrap()),
        }
        assert_eq!(outcome, Ok(8));
        for number in 0..9u64 {
            assert_eq!(receiver.recv().unwrap().to_vec(), number.to_le_bytes());
        }
        assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Empty);
    });
}

#[test]
fn an_inherited_message_is_not_released() {
    alone("an_inherited_message_is_not_released", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send_batch(["one", "two"]).unwrap();
        let before = snapshot(&channel);
        let mut inherited = Some(receiver.recv().unwrap());
        join(fork(|| {
            let message = inherited.take().unwrap();
            assert_eq!((message.len(), message.sequence()), (3, 0));
            drop(message);
        }));
        assert_eq!(snapshot(&channel), before);
        assert_eq!(inherited.as_ref().unwrap().to_vec(), b"one");
        drop(inherited);
        assert_eq!(receiver.recv().unwrap().to_vec(), b"two");
    });
}

#[test]
fn an_inherited_batch_is_not_released() {
    alone("an_inherited_batch_is_not_released", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
        sender.send_batch(["one", "two"]).unwrap();
        let before = snapshot(&channel);
        let mut inherited = Some(receiver.recv_batch(2).unwrap());
        join(fork(|| drop(inherited.take())));
        join(fork(|| {
            let _batch = inherited.take();
            // Unwinding hands a batch back, which is no more the child's to do.
            let unwound = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                let _batch = _batch;
                std::panic::resume_unwind(Box::new("on purpose"));
            }));
            assert!(unwound.is_err());
        }));
        assert_eq!(snapshot(&channel), before);
        drop(inherited);
        let info = channel.info();
        assert_eq!(info.lanes[0].consumed, info.lanes[0].committed, "the parent releases it");
    });
}

#[test]
fn an_inherited_grant_sends_nothing() {
    alone("an_inherited_grant_sends_nothing", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let mut sender = channel.sender().unwrap();
        let before = snapshot(&channel);
        let mut grant = sender.reserve(8).unwrap();
        grant.write_at(0, b"parent's").unwrap();
        let mut inherited = Some(grant);
        join(fork(|| {
            let mut grant = inherited.take().unwrap();
            assert_eq!(grant.len(), 8);
            assert_eq!(grant.write_at(0, b"child's"), Err(GrantError::Forked));
            assert_eq!(grant.commit(8), Err(GrantError::Forked));
        }));
        join(fork(|| {
            let _ = inherited.take();
        }));
        assert_eq!(snapshot(&channel), before);
        inherited.unwrap().commit(8).unwrap();
        assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"parent's");
    });
}

#[test]
fn an_inherited_channel_makes_no_participants() {
    alone("an_inherited_channel_makes_no_participants", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let _sender = channel.sender().unwrap();
        let before = snapshot(&channel);
        let mut inherited = Some(channel.clone());
        join(fork(|| {
            let channel = inherited.take().unwrap();
            assert!(matches!(channel.sender(), Err(JoinError::Forked { .. })));
            assert!(matches!(channel.receiver(), Err(JoinError::Forked { .. })));
            assert!(matches!(channel.remove(), Err(memlane::RemoveError::InUse { .. })));
            assert_eq!(channel.info(), before, "looking is allowed");
            channel.close();
            drop(channel);
        }));
        assert_eq!(snapshot(&channel), before, "not closed, for one");
    });
}

#[test]
fn a_child_that_opens_the_channel_anew_takes_part() {
    alone("a_child_that_opens_the_channel_anew_takes_part", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let mut sender = channel.sender().unwrap();
        let child = fork(|| {
            let channel = spsc::open(&name).unwrap();
            assert!(matches!(channel.sender(), Err(JoinError::RoleTaken { .. })));
            let mut receiver = channel.receiver().unwrap();
            for number in 0..1000u32 {
                assert_eq!(receiver.recv().unwrap().to_vec(), number.to_le_bytes());
            }
        });
        for number in 0..1000u32 {
            sender.send(&number.to_le_bytes()).unwrap();
        }
        join(child);
        // The child ended without dropping its receiver.
        eventually("its seat is free", || channel.receiver().is_ok());
    });
}

#[test]
fn anonymous_and_private_channels_are_the_parents_too() {
    alone("anonymous_and_private_channels_are_the_parents_too", || {
        for channel in [small().anonymous().unwrap(), small().private().unwrap()] {
            let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
            let before = snapshot(&channel);
            let mut inherited = Some((channel.clone(), &mut sender, &mut receiver));
            join(fork(|| {
                let (channel, sender, receiver) = inherited.take().unwrap();
                assert_eq!(sender.try_send(b"x"), Err(TrySendError::Forked));
                assert_eq!(receiver.try_recv().unwrap_err(), TryRecvError::Forked);
                drop(channel);
            }));
            assert_eq!(snapshot(&channel), before);
            sender.send(b"parent's").unwrap();
            assert_eq!(receiver.recv().unwrap().to_vec(), b"parent's");
        }
    });
}

#[test]
fn a_grandchild_is_not_its_grandparent() {
    alone("a_grandchild_is_not_its_grandparent", || {
        let channel = small().anonymous().unwrap();
        let mut sender = channel.sender().unwrap();
        join(fork(|| {
            // The child makes a mark of its own, and the grandchild another one.
            let own = small().anonymous().unwrap();
            let mut own_sender = own.sender().unwrap();
            join(fork(|| {
                assert_eq!(sender.try_send(b"x"), Err(TrySendError::Forked));
                assert_eq!(own_sender.try_send(b"x"), Err(TrySendError::Forked));
            }));
            own_sender.send(b"x").unwrap();
            assert_eq!(sender.try_send(b"x"), Err(TrySendError::Forked));
        }));
        sender.send(b"x").unwrap();
    });
}

/// Children that are forked at the very moments at which another thread opens a lock file keep no lock alive.
#[test]
fn a_fork_at_any_moment_keeps_no_seat() {
    alone("a_fork_at_any_moment_keeps_no_seat", || {
        let scratch = Scratch::new();
        let channel = small().create(&scratch.name("prices")).unwrap();
        let done = AtomicBool::new(false);
        let mut children = Vec::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    drop(channel.sender().unwrap());
                }
            });
            for _ in 0..200 {
                // SAFETY: the child calls nothing but prctl and pause.
                let child = unsafe { libc::fork() };
                if child == 0 {
                    loop {
                        // SAFETY: goes when its parent does, should that fail; until then, waits for a signal.
                        unsafe {
                            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                            libc::pause();
                        }
                    }
                }
                children.push(child);
            }
            done.store(true, Ordering::Relaxed);
        });
        let seat = channel.sender().map(drop);
        for child in children {
            // SAFETY: kills and waits for a child of this process.
            unsafe {
                libc::kill(child, libc::SIGKILL);
                libc::waitpid(child, std::ptr::null_mut(), 0);
            }
        }
        seat.expect("a free seat, though 200 children live that were forked while it was taken and left");
    });
}
