//! Tasks: whatever the runtime and the kind, no wake-up is lost, and futures may be dropped at any point.

mod support;

use futures_core::Stream;
use futures_sink::Sink;
use memlane::generic::{ChannelKind, Receiver, Sender};
use memlane::{Backend, RecvError, SendError, TrustPeers};
use memlane::{any, broadcast, event, mpmc, mpsc, rpc, semaphore, spsc, watch};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;
use support::Watchdog;
use support::random::Random;

/// Runs a task to its end on each runtime.
fn on_each_runtime<F: Future<Output = ()>>(task: impl Fn() -> F) {
    let _watchdog = Watchdog::new();
    smol::block_on(task());
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(task());
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap().block_on(task());
}

/// Polls both until both are done.
async fn both(one: impl Future<Output = ()>, other: impl Future<Output = ()>) {
    let (mut one, mut other) = (pin!(one), pin!(other));
    let mut done = [false; 2];
    poll_fn(|task| {
        done[0] = done[0] || one.as_mut().poll(task).is_ready();
        done[1] = done[1] || other.as_mut().poll(task).is_ready();
        if done == [true; 2] { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// The result of a future, which is dropped behind so many polls in vain: then `None`.
async fn dropped_after<T>(polls: Option<usize>, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|task| match future.as_mut().poll(task) {
        Poll::Ready(found) => Poll::Ready(Some(found)),
        Poll::Pending => match &mut left {
            None => Poll::Pending,
            Some(0) => Poll::Ready(None),
            Some(left) => {
                *left -= 1;
                Poll::Pending
            }
        },
    })
    .await
}

/// Some futures are dropped after a poll or two in vain, others never.
fn some_polls(random: &mut Random) -> Option<usize> {
    let drawn = random.below(4);
    (drawn < 2).then_some(drawn)
}

/// Sends and receives so many messages, with futures that are dropped at random points.
async fn everything_comes_once<K: ChannelKind>(mut tx: Sender<K>, mut rx: Receiver<K>, count: u64, seed: u64) {
    let sending = async move {
        let mut random = Random(seed);
        for number in 0..count {
            let message = number.to_ne_bytes();
            loop {
                match dropped_after(some_polls(&mut random), tx.send_async(&message)).await {
                    Some(sent) => break sent.unwrap(),
                    None => continue,
                }
            }
        }
    };
    let receiving = async move {
        let mut random = Random(seed + 1);
        let mut next = 0;
        loop {
            match dropped_after(some_polls(&mut random), rx.recv_async()).await {
                Some(Ok(message)) => {
                    assert_eq!(message.to_vec(), u64::to_ne_bytes(next));
                    next += 1;
                }
                Some(Err(error)) => break assert_eq!((error, next), (RecvError::Disconnected, count)),
                None => {}
            }
        }
    };
    both(sending, receiving).await;
}

#[test]
fn everything_comes_once_on_every_runtime_though_futures_are_dropped() {
    const COUNT: u64 = 1_000;
    on_each_runtime(|| async {
        let channel = spsc::Options::new().capacity(4096).private().unwrap();
        everything_comes_once(channel.sender().unwrap(), channel.receiver().unwrap(), COUNT, 1).await;
        let channel = mpsc::Options::new().capacity(4096).private().unwrap();
        everything_comes_once(channel.sender().unwrap(), channel.receiver().unwrap(), COUNT, 2).await;
        let channel = mpmc::Options::new().slots(4).anonymous().unwrap();
        everything_comes_once(channel.sender().unwrap(), channel.receiver().unwrap(), COUNT, 3).await;
        let channel = broadcast::Options::new().capacity(4096).private().unwrap();
        everything_comes_once(channel.sender().unwrap(), channel.receiver().unwrap(), COUNT, 4).await;
    });
}

#[test]
fn tasks_on_several_threads_wake_each_other_on_semaphores_too() {
    let _watchdog = Watchdog::new();
    // SAFETY: the peers are this test's own.
    let trust = unsafe { TrustPeers::promise() };
    let options = mpmc::Options::new().slots(4);
    for options in [options.clone(), options.backend(Backend::Semaphore).trust_peers(trust)] {
        let channel = options.anonymous().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let sending = runtime.spawn(async move {
            for number in 0..2_000u64 {
                tx.send_async(&number.to_ne_bytes()).await.unwrap();
            }
        });
        let receiving = runtime.spawn(async move {
            let mut buffer = [0; 8];
            for number in 0..2_000u64 {
                assert_eq!(rx.recv_into_async(&mut buffer).await, Ok(8));
                assert_eq!(u64::from_ne_bytes(buffer), number);
            }
        });
        runtime.block_on(async { receiving.await.and(sending.await) }).unwrap();
    }
}

#[test]
fn each_set_of_an_event_is_seen_though_futures_are_dropped() {
    const SETS: u64 = 1_000;
    on_each_runtime(|| async {
        let channel = event::Options::new().private().unwrap();
        let (mut setter, mut waiter, mut echo) =
            (channel.event().unwrap(), channel.event().unwrap(), channel.event().unwrap());
        let setting = async move {
            for number in 0..SETS {
                setter.set(1).unwrap();
                if number % 16 == 0 {
                    while echo.wait_async().await.unwrap().count == 0 {}
                }
            }
        };
        let waiting = async move {
            let (mut random, mut seen) = (Random(7), 0);
            while seen < SETS {
                if let Some(fired) = dropped_after(some_polls(&mut random), waiter.wait_async()).await {
                    seen += fired.unwrap().count;
                }
            }
            assert_eq!(seen, SETS);
        };
        both(setting, waiting).await;
    });
}

#[test]
fn permits_are_taken_in_turn_and_a_dropped_future_holds_none() {
    const TURNS: u32 = 500;
    on_each_runtime(|| async {
        let channel = semaphore::Options::new().permits(2).private().unwrap();
        let work = |seed, permits: u32| {
            let mut semaphore = channel.semaphore().unwrap();
            async move {
                let (mut random, mut turns) = (Random(seed), 0);
                while turns < TURNS {
                    let Some(permit) =
                        dropped_after(some_polls(&mut random), semaphore.acquire_many_async(permits)).await
                    else {
                        continue;
                    };
                    assert_eq!(permit.unwrap().count(), permits as usize);
                    turns += 1;
                    // A permit that is held across a turn of the other one makes that wait.
                    if turns % 8 == 0 {
                        let held = semaphore.acquire_async().await.unwrap();
                        smol::future::yield_now().await;
                        drop(held);
                    }
                }
            }
        };
        both(work(1, 1), work(2, 2)).await;
        assert_eq!(channel.semaphore().unwrap().available(), 2);
    });
}

#[test]
fn a_server_answers_as_a_task_what_a_thread_asks() {
    const CALLS: u64 = 300;
    on_each_runtime(|| async {
        let channel = rpc::Options::new().private().unwrap();
        let (client, server) = (channel.client().unwrap(), channel.server().unwrap());
        let asking = std::thread::spawn(move || {
            for number in 0..CALLS {
                let answer = client.call(&number.to_ne_bytes(), std::time::Duration::from_secs(60));
                assert_eq!(answer.unwrap(), (number + 1).to_ne_bytes());
            }
        });
        let (mut random, mut answered) = (Random(9), 0);
        while answered < CALLS {
            let Some(call) = dropped_after(some_polls(&mut random), server.next_async()).await else { continue };
            let call = call.unwrap();
            let number = u64::from_ne_bytes(call.to_vec().unwrap().try_into().unwrap());
            call.respond(&(number + 1).to_ne_bytes()).unwrap();
            answered += 1;
        }
        asking.join().unwrap();
    });
}

/// As many as the variable says; few, without it.
fn messages() -> u64 {
    std::env::var("MEMLANE_TEST_ASYNC_MESSAGES").map_or(20_000, |count| count.parse().unwrap())
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Kilobytes of memory of this process.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The threads of the library that sleep for tasks.
fn relays() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    tasks
        .filter(|task| {
            std::fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == "memlane-relay")
        })
        .count()
}

#[test]
fn neither_memory_nor_descriptors_grow_and_the_thread_ends_with_the_last_handle() {
    let count = messages();
    if count > 20_000 {
        // For so many, nobody waits but who asked for them.
        return many_messages(count);
    }
    support::child::alone("neither_memory_nor_descriptors_grow_and_the_thread_ends_with_the_last_handle", || {
        let _watchdog = Watchdog::new();
        many_messages(count);
    });
}

fn many_messages(count: u64) {
    let round = |count| async move {
        let channel = mpmc::Options::new().slots(4).private().unwrap();
        everything_comes_once(channel.sender().unwrap(), channel.receiver().unwrap(), count, count).await;
    };
    smol::block_on(round(count / 2));
    let before = (descriptors(), memory());
    smol::block_on(round(count - count / 2));
    assert_eq!(descriptors(), before.0);
    assert!(memory() < before.1 + 4096, "{} and {} KiB", before.1, memory());
    while relays() > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn one_task_a_channel_for_a_thousand_channels_on_one_thread() {
    let _watchdog = Watchdog::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async {
        let mut senders = Vec::new();
        let receiving: Vec<_> = (0..1_000u32)
            .map(|number| {
                let channel = spsc::Options::new().capacity(4096).private().unwrap();
                senders.push(channel.sender().unwrap());
                let mut rx = channel.receiver().unwrap();
                tokio::task::spawn_local(async move {
                    for round in 0..2u32 {
                        assert_eq!(rx.recv_async().await.unwrap().to_vec(), (number + round).to_ne_bytes());
                    }
                    assert_eq!(rx.recv_async().await.err(), Some(RecvError::Disconnected));
                })
            })
            .collect();
        for round in 0..2 {
            tokio::task::yield_now().await;
            for (number, tx) in senders.iter_mut().enumerate() {
                tx.send_async(&(number as u32 + round).to_ne_bytes()).await.unwrap();
            }
        }
        tokio::task::yield_now().await;
        drop(senders);
        for receiving in receiving {
            receiving.await.unwrap();
        }
    }));
}

async fn next<S: Stream + Unpin>(stream: &mut S) -> Option<S::Item> {
    poll_fn(|task| Pin::new(&mut *stream).poll_next(task)).await
}

async fn put<I, S: Sink<I> + Unpin>(sink: &mut S, item: I) -> Result<(), S::Error> {
    poll_fn(|task| Pin::new(&mut *sink).poll_ready(task)).await?;
    Pin::new(&mut *sink).start_send(item)
}

async fn close<I, S: Sink<I> + Unpin>(sink: &mut S) -> Result<(), S::Error> {
    poll_fn(|task| Pin::new(&mut *sink).poll_close(task)).await
}

#[test]
fn what_goes_into_a_sink_comes_out_of_a_stream() {
    on_each_runtime(|| async {
        let channel = any::Options::default().max_message(64).private().unwrap();
        let (mut sink, mut stream) = (channel.sender().unwrap().into_sink(), channel.receiver().unwrap().into_stream());
        let sending = async {
            for number in 0..5_000u64 {
                put(&mut sink, number.to_ne_bytes()).await.unwrap();
            }
            close(&mut sink).await.unwrap();
        };
        let receiving = async {
            for number in 0..5_000u64 {
                assert_eq!(next(&mut stream).await, Some(Ok(number.to_ne_bytes().to_vec())));
            }
            assert_eq!(next(&mut stream).await, None, "the sink was closed");
            assert_eq!(next(&mut stream).await, None, "and stays so");
        };
        both(sending, receiving).await;
    });
}

#[test]
fn values_come_as_such_and_an_error_ends_a_stream() {
    on_each_runtime(|| async {
        let channel = mpmc::Options::new().slots(2).of::<u64>().private().unwrap();
        let (mut sink, mut stream) = (channel.sender().unwrap().into_sink(), channel.receiver().unwrap().into_stream());
        let sending = async {
            for number in 0..500 {
                put(&mut sink, number).await.unwrap();
            }
            close(&mut sink).await.unwrap();
        };
        let receiving = async {
            for number in 0..500 {
                assert_eq!(next(&mut stream).await.unwrap().unwrap(), number);
            }
            assert!(next(&mut stream).await.is_none());
        };
        both(sending, receiving).await;
    });
}

#[test]
fn a_watch_yields_the_last_value_whatever_is_skipped() {
    on_each_runtime(|| async {
        let channel = watch::Options::new().private().unwrap();
        let (mut tx, mut rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        let setting =
            std::thread::spawn(move || (0..2_000u64).for_each(|number| _ = tx.set(&number.to_ne_bytes()).unwrap()));
        let mut last = None;
        loop {
            match dropped_after(Some(0), rx.changed_async()).await {
                Some(Ok(value)) => last = Some(value),
                Some(Err(error)) => break assert_eq!(error, RecvError::Disconnected),
                None => match rx.changed_async().await {
                    Ok(value) => last = Some(value),
                    Err(error) => break assert_eq!(error, RecvError::Disconnected),
                },
            }
        }
        assert_eq!(last, Some(1_999u64.to_ne_bytes().to_vec()));
        setting.join().unwrap();
    });
}

#[test]
fn a_task_that_waits_for_room_learns_that_its_receivers_have_gone() {
    on_each_runtime(|| async {
        let channel = mpmc::Options::new().slots(1).private().unwrap();
        let (mut tx, rx) = (channel.sender().unwrap(), channel.receiver().unwrap());
        tx.send_async(b"one").await.unwrap();
        let leaves = std::thread::spawn(move || drop(rx));
        assert_eq!(tx.send_async(b"two").await, Err(SendError::Disconnected));
        leaves.join().unwrap();
    });
}
