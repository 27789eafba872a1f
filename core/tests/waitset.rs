//! Waiting for several handles at once: of every kind, in turn, until a deadline, or until somebody wakes the set.

mod support;

use memlane::{
    Backend, RecvError, RecvTimeoutError, Strategy, TryRecvError, WaitSet, WaitSetError, Waitable, Waker, broadcast,
    mpmc, mpsc, pipe, spsc, watch,
};
use std::ffi::c_int;
use std::io::{Read, Write};
use std::os::unix::thread::JoinHandleExt;
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use support::child::{self, Child};
use support::{PATIENCE, Scratch, Watchdog};

const STRATEGIES: [Strategy; 4] = [Strategy::Spin, Strategy::SpinThenYield, Strategy::Adaptive, Strategy::Park];

#[test]
fn child_part() {
    child::play(&[("send and stay", |arguments| {
        let mut tx = mpmc::open(&arguments[0]).unwrap().sender().unwrap();
        tx.send(b"here").unwrap();
        child::tell("sent");
        child::stay();
        drop(tx);
    })]);
}

#[test]
fn a_set_wakes_for_whichever_member_something_comes_to() {
    let _watchdog = Watchdog::new();
    for strategy in STRATEGIES {
        let lanes = [(); 3].map(|()| mpmc::Options::new().private().unwrap());
        let mut receivers = lanes.each_ref().map(|lane| lane.receiver().unwrap());
        let mut set = WaitSet::new();
        set.set_strategy(strategy);
        for at in [2, 0, 1] {
            std::thread::scope(|scope| {
                let sending = scope.spawn(|| lanes[at].sender().unwrap().send(b"hello").unwrap());
                assert_eq!(set.wait(&mut receivers), Ok(&[at][..]), "{strategy:?}");
                sending.join().unwrap();
            });
            assert_eq!(set.wait(&mut receivers), Ok(&[at][..]), "until it was served");
            assert_eq!(receivers[at].recv().unwrap().to_vec(), b"hello");
            // Its sender has left: it is at its end. Another one comes for it.
            assert_eq!(receivers[at].recv().unwrap_err(), RecvError::Disconnected);
            receivers[at] = lanes[at].receiver().unwrap();
        }
    }
}

#[test]
fn members_of_all_kinds_are_waited_for() {
    let scratch = Scratch::new();
    let latest = watch::Options::new().create(&scratch.name("latest")).unwrap();
    let feed = broadcast::Options::new().create(&scratch.name("feed")).unwrap();
    let (lane, lanes) = (spsc::Options::new().private().unwrap(), mpsc::Options::new().private().unwrap());
    let queue = mpmc::Options::new().backend(Backend::Semaphore).private().unwrap();
    let any = memlane::any::Options::default().private().unwrap();
    let typed = spsc::Options::new().of::<u64>().private().unwrap();
    let (mut writer, mut reader) = pipe::pair().unwrap();
    let (mut value, mut looks) = (latest.receiver().unwrap(), watch::open_read_only(&scratch.name("latest")).unwrap());
    let (mut fed, mut onlooker) = (feed.receiver().unwrap(), broadcast::open_read_only(&scratch.name("feed")).unwrap());
    let (mut one, mut many, mut job) = (lane.receiver().unwrap(), lanes.receiver().unwrap(), queue.receiver().unwrap());
    let (mut whatever, mut number) = (any.receiver().unwrap(), typed.receiver().unwrap());
    let mut senders = (lane.sender().unwrap(), lanes.sender().unwrap(), queue.sender().unwrap());
    let mut others = (latest.sender().unwrap(), feed.sender().unwrap(), any.sender().unwrap(), typed.sender().unwrap());
    let mut set = WaitSet::new();
    let mut comes = |acts: &mut (dyn FnMut() + Send), wanted: &[usize]| {
        std::thread::scope(|scope| {
            scope.spawn(acts);
            let mut seen = Vec::new();
            while seen.len() < wanted.len() {
                let mut members: [&mut dyn Waitable; 10] = [
                    &mut one,
                    &mut many,
                    &mut job,
                    &mut fed,
                    &mut onlooker,
                    &mut value,
                    &mut looks,
                    &mut reader,
                    &mut whatever,
                    &mut number,
                ];
                seen = set.wait(&mut members).unwrap().to_vec();
                seen.sort_unstable();
            }
            assert_eq!(seen, wanted);
        });
        one.try_iter().for_each(drop);
        many.try_iter().for_each(drop);
        job.try_iter().for_each(drop);
        fed.try_iter().for_each(drop);
        onlooker.try_iter().for_each(drop);
        whatever.try_iter().for_each(drop);
        let _ = (value.get(), looks.get(), number.try_recv());
        reader.set_nonblocking(true);
        let _ = reader.read(&mut [0; 64]);
    };
    comes(&mut || senders.0.send(b"message").unwrap(), &[0]);
    comes(&mut || senders.1.send(b"message").unwrap(), &[1]);
    comes(&mut || senders.2.send(b"message").unwrap(), &[2]);
    comes(&mut || others.1.send(b"message").unwrap(), &[3, 4]);
    comes(&mut || assert_eq!(others.0.set(b"value"), Ok(1)), &[5, 6]);
    comes(&mut || writer.write_all(b"bytes").unwrap(), &[7]);
    comes(&mut || others.2.send(b"message").unwrap(), &[8]);
    comes(&mut || others.3.send(&7).unwrap(), &[9]);
}

#[test]
fn a_set_waits_for_room_too() {
    let _watchdog = Watchdog::new();
    let channel = broadcast::Options::new().capacity(4096).private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    while tx.try_send(&[0; 64]).is_ok() {}
    std::thread::scope(|scope| {
        scope.spawn(|| rx.drain().for_each(|message| assert_eq!(message.unwrap(), [0; 64])));
        assert_eq!(WaitSet::new().wait(&mut [&mut tx]), Ok(&[0][..]));
    });
    tx.try_send(&vec![0; tx.max_message()]).unwrap();
}

#[test]
fn those_that_are_ready_take_turns_in_being_the_first() {
    let lanes = [(); 4].map(|()| spsc::Options::new().private().unwrap());
    let mut ends = lanes.each_ref().map(|lane| (lane.sender().unwrap(), lane.receiver().unwrap()));
    (0..3).for_each(|at| ends[at].0.send(b"there").unwrap());
    let mut members = ends.each_mut().map(|(_, rx)| rx);
    let mut set = WaitSet::new();
    let turns: Vec<_> = (0..4).map(|_| set.wait(&mut members).unwrap().to_vec()).collect();
    assert_eq!(turns, [vec![0, 1, 2], vec![1, 2, 0], vec![2, 0, 1], vec![0, 1, 2]]);
    // Fewer members than before: it begins anew.
    assert_eq!(set.wait(&mut members[..1]), Ok(&[0][..]));
}

#[test]
fn names_of_members_go_with_them() {
    let lanes = ["bids", "asks"].map(|name| (name, spsc::Options::new().private().unwrap()));
    let mut members = lanes.each_ref().map(|(name, lane)| (*name, lane.receiver().unwrap()));
    lanes[1].1.sender().unwrap().send(b"there").unwrap();
    let mut set = WaitSet::new();
    let names: Vec<_> = set.wait(&mut members).unwrap().iter().map(|&at| members[at].0).collect();
    assert_eq!(names, ["asks"]);
}

#[test]
fn a_set_waits_as_long_as_it_is_told_to() {
    let _watchdog = Watchdog::new();
    for strategy in STRATEGIES {
        let mut rx = spsc::Options::new().private().unwrap().receiver().unwrap();
        let mut set = WaitSet::new();
        set.set_strategy(strategy);
        for timeout in [Duration::ZERO, Duration::from_millis(1), Duration::from_millis(130)] {
            let began = Instant::now();
            assert_eq!(set.wait_timeout(&mut [&mut rx], timeout), Err(WaitSetError::Timeout));
            assert!(began.elapsed() >= timeout, "{strategy:?}");
        }
        assert_eq!(set.wait_deadline(&mut [&mut rx], Instant::now()), Err(WaitSetError::Timeout));
    }
}

static WAKER: OnceLock<Waker> = OnceLock::new();

extern "C" fn wake(_: c_int) {
    WAKER.get().unwrap().wake();
}

#[test]
fn a_waker_ends_one_wait_from_a_thread_and_from_a_handler() {
    let _watchdog = Watchdog::new();
    for strategy in STRATEGIES {
        let mut rx = spsc::Options::new().private().unwrap().receiver().unwrap();
        let mut set = WaitSet::new();
        set.set_strategy(strategy);
        let waker = set.waker();
        std::thread::scope(|scope| {
            scope.spawn(|| waker.wake());
            assert_eq!(set.wait(&mut [&mut rx]), Err(WaitSetError::Woken), "{strategy:?}");
        });
        assert_eq!(set.wait_timeout(&mut [&mut rx], Duration::from_millis(1)), Err(WaitSetError::Timeout));
    }
    let mut set = WaitSet::new();
    set.set_strategy(Strategy::Park);
    WAKER.set(set.waker()).unwrap();
    // SAFETY: zero is an action without flags.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = wake as extern "C" fn(c_int) as usize;
    // SAFETY: the handler does what may be done there.
    assert_eq!(unsafe { libc::sigaction(libc::SIGUSR2, &action, std::ptr::null_mut()) }, 0);
    for _ in 0..100 {
        let waiting = std::thread::spawn(move || {
            let mut none: [spsc::Receiver; 0] = [];
            assert_eq!(set.wait(&mut none), Err(WaitSetError::Woken));
            set
        });
        // SAFETY: the thread has not been joined.
        assert_eq!(unsafe { libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR2) }, 0);
        set = waiting.join().unwrap();
    }
}

#[test]
fn what_is_ready_comes_before_a_wake_up_and_that_stays() {
    let channel = spsc::Options::new().private().unwrap();
    let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let mut set = WaitSet::new();
    set.waker().wake();
    tx.send(b"there").unwrap();
    assert_eq!(set.wait(&mut [&mut rx]), Ok(&[0][..]));
    rx.recv().unwrap().ack().unwrap();
    assert_eq!(set.wait(&mut [&mut rx]), Err(WaitSetError::Woken));
}

#[test]
fn the_death_of_a_sender_and_the_end_of_a_channel_are_noticed() {
    let scratch = Scratch::new();
    let names = ["dies", "is closed", "is removed", "lives"].map(|name| scratch.name(name));
    let channels = names.each_ref().map(|name| mpmc::Options::new().create(name).unwrap());
    let mut receivers = channels.each_ref().map(|channel| channel.receiver().unwrap());
    let _lives = channels[3].sender().unwrap();
    let mut set = WaitSet::new();
    let child = Child::start("send and stay", &[&names[0]]);
    child.expect("sent");
    assert_eq!(set.wait(&mut receivers), Ok(&[0][..]));
    assert_eq!(receivers[0].recv().unwrap().to_vec(), b"here");
    assert_eq!(set.wait_timeout(&mut receivers, Duration::from_millis(1)), Err(WaitSetError::Timeout));
    drop(child);
    assert_eq!(set.wait(&mut receivers), Ok(&[0][..]), "it was killed");
    assert_eq!(receivers[0].try_recv().unwrap_err(), TryRecvError::Disconnected);
    std::thread::scope(|scope| {
        scope.spawn(|| channels[1].close());
        assert_eq!(set.wait(&mut receivers[1..]), Ok(&[0][..]));
    });
    assert_eq!(receivers[1].try_recv().unwrap_err(), TryRecvError::Disconnected);
    std::fs::remove_file(&names[2]).unwrap();
    assert_eq!(set.wait(&mut receivers[2..]), Ok(&[0][..]), "nobody told of it");
    assert_eq!(receivers[2].recv_timeout(PATIENCE).unwrap_err(), RecvTimeoutError::Removed);
}

#[test]
fn a_forked_child_is_not_left_waiting() {
    let channel = mpmc::Options::new().private().unwrap();
    let (_tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
    let mut set = WaitSet::new();
    // SAFETY: the child makes two calls that take no lock, and ends.
    let child = unsafe { libc::fork() };
    if child == 0 {
        let ready = set.wait_timeout(&mut [&mut rx], PATIENCE).map(<[usize]>::len);
        let is_told = ready == Ok(1) && matches!(rx.try_recv().err(), Some(TryRecvError::Forked));
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(c_int::from(!is_told)) };
    }
    let mut status = 0;
    // SAFETY: a child of this process.
    assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
    assert_eq!(status, 0);
}

#[test]
fn more_members_than_one_thread_sleeps_on_are_waited_for_all_the_same() {
    let _watchdog = Watchdog::new();
    let channels: Vec<_> = (0..300).map(|_| spsc::Options::new().capacity(4096).private().unwrap()).collect();
    let mut senders: Vec<_> = channels.iter().map(|channel| channel.sender().unwrap()).collect();
    let mut receivers: Vec<_> = channels.iter().map(|channel| channel.receiver().unwrap()).collect();
    let mut set = WaitSet::new();
    for at in [0, 126, 127, 128, 299] {
        std::thread::scope(|scope| {
            scope.spawn(|| senders[at].send(b"there").unwrap());
            assert_eq!(set.wait(&mut receivers), Ok(&[at][..]));
        });
        receivers[at].recv().unwrap().ack().unwrap();
    }
}
