//! A relay, and what it tells: a descriptor that is polled, and a task.
//!
//! The steps of the relay's thread and of a handle are those of `core/src/wait/relay`, which needs threads and descriptors for the rest.

use crate::explore::Witness;
use crate::things;
use loom::sync::{Condvar, Mutex};
use memlane::sync::Ordering::Relaxed;
use memlane::sync::{AtomicU32, Ordering, fence, spin_loop};
use memlane::wait::eventcount::{self, Parking, Ticket, Wakes};
use memlane::wait::relay::arming::{Arming, Bell, Seen, Standing};
use memlane::wait::relay::task::Task;
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// The kernel's side of all words: a sleep on several of them at once, without a time-out.
#[derive(Debug)]
struct Kernel {
    sleepers: Mutex<Vec<Sleeper>>,
    woken: Condvar,
    sleep: Witness,
}

#[derive(Debug)]
struct Sleeper {
    number: usize,
    /// Their addresses.
    words: Vec<usize>,
    is_woken: bool,
}

fn address(word: &AtomicU32) -> usize {
    std::ptr::from_ref(word).addr()
}

impl Kernel {
    /// Sleeps while all words are as expected. The kernel queues the sleeper at one word after the other, each under a lock of that word.
    fn wait(&self, words: &[(&AtomicU32, u32)]) {
        let number = {
            let mut sleepers = self.sleepers.lock().unwrap();
            let number = sleepers.last().map_or(0, |last| last.number + 1);
            sleepers.push(Sleeper { number, words: Vec::new(), is_woken: false });
            number
        };
        let of = |sleepers: &Vec<Sleeper>| sleepers.iter().position(|it| it.number == number).expect("queued");
        for &(word, expected) in words {
            let mut sleepers = self.sleepers.lock().unwrap();
            let at = of(&sleepers);
            if sleepers[at].is_woken || word.load(Relaxed) != expected {
                sleepers.remove(at);
                return;
            }
            sleepers[at].words.push(address(word));
        }
        let mut sleepers = self.sleepers.lock().unwrap();
        while !sleepers[of(&sleepers)].is_woken {
            self.sleep.sees_it();
            sleepers = self.woken.wait(sleepers).unwrap();
        }
        let at = of(&sleepers);
        sleepers.remove(at);
    }

    fn wake(&self, word: &AtomicU32, count: u32) -> u32 {
        let mut sleepers = self.sleepers.lock().unwrap();
        let mut woken = 0;
        for sleeper in sleepers.iter_mut() {
            if woken < count && !sleeper.is_woken && sleeper.words.contains(&address(word)) {
                sleeper.is_woken = true;
                woken += 1;
            }
        }
        self.woken.notify_all();
        woken
    }
}

impl Parking for Kernel {
    type Until = ();

    fn light_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn heavy_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn park(&self, word: &AtomicU32, ticket: Ticket, (): ()) {
        self.wait(&[(word, ticket.expected)]);
    }

    fn unpark_all(&self, word: &AtomicU32) {
        self.wake(word, u32::MAX);
    }

    fn unpark(&self, word: &AtomicU32, count: u32) -> u32 {
        self.wake(word, count)
    }
}

/// Things that are given and taken, a handle that waits for them, and the relay that sleeps in its place.
#[derive(Debug)]
pub struct Relayed {
    kernel: Kernel,
    word: AtomicU32,
    /// Relaxed: the wake-ups have to bring the order.
    things: AtomicU32,
    arming: Arming,
    bell: Bell,
    task: Task,
    /// The descriptor's count, how often it was written to, and whether the relay is to end.
    readable: AtomicU32,
    written: AtomicU32,
    is_over: AtomicU32,
}

/// What a waker raises.
#[derive(Debug)]
struct Flag {
    relayed: Arc<Relayed>,
    raised: AtomicU32,
}

/// Who polls the descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trigger {
    /// Whoever finds it readable.
    Level,
    /// Whoever sees it written to.
    Edge,
}

impl Relayed {
    /// Nothing is there, and nobody waits.
    pub fn new(sleep: &Witness) -> Arc<Self> {
        let kernel = Kernel { sleepers: Mutex::new(Vec::new()), woken: Condvar::new(), sleep: sleep.clone() };
        let [word, things, readable, written, is_over] = [0; 5].map(AtomicU32::new);
        let (arming, bell, task) = (Arming::new(), Bell::new(), Task::new());
        Arc::new(Self { kernel, word, things, arming, bell, task, readable, written, is_over })
    }

    /// Puts a thing there, for one.
    pub fn give(&self) {
        self.things.fetch_add(1, Relaxed);
        eventcount::notify_some(&self.kernel, &self.word, 1);
    }

    /// How many things are left.
    pub fn left(&self) -> u32 {
        self.things.load(Relaxed)
    }

    /// Takes a thing, asleep on the word until there is one.
    pub fn take_asleep(&self) {
        while self.take().is_none() {
            let ticket = eventcount::prepare(&self.kernel, &self.word, Wakes::One);
            if self.take().is_some() {
                return;
            }
            eventcount::sleep(&self.kernel, &self.word, ticket, ());
        }
    }

    /// Takes `count` things, and polls a descriptor for them.
    pub fn take_polled(&self, count: u32, trigger: Trigger) {
        let mut taken = 0;
        let mut seen = 0;
        while taken < count {
            if self.take_or_arm().is_some() {
                taken += 1;
                continue;
            }
            match trigger {
                // Readable while the relay has not said yet that it has told: it is polled again and again.
                Trigger::Level if self.readable.load(Relaxed) != 0 => spin_loop(),
                Trigger::Level => self.kernel.wait(&[(&self.readable, 0)]),
                Trigger::Edge => {
                    self.kernel.wait(&[(&self.written, seen)]);
                    seen = self.written.load(Relaxed);
                }
            }
        }
    }

    /// Takes a thing as a task, which is polled as soon as it is woken, each time with another waker. In the first `dropped` rounds, its
    /// future is dropped, woken or not, and another one takes its place.
    pub fn take_as_task(self: &Arc<Self>, mut dropped: u32) {
        loop {
            let flag = Arc::new(Flag { relayed: Arc::clone(self), raised: AtomicU32::new(0) });
            let waker = Waker::from(Arc::clone(&flag));
            if self.poll(&waker).is_some() {
                return;
            }
            if dropped > 0 {
                dropped -= 1;
                self.arming.disarm();
                drop(self.task.take());
                continue;
            }
            self.kernel.wait(&[(&flag.raised, 0)]);
        }
    }

    /// As [`Relayed::take_as_task`], polled once more before it was woken.
    pub fn take_as_task_polled_twice(self: &Arc<Self>) {
        let early = Waker::from(Arc::new(Flag { relayed: Arc::clone(self), raised: AtomicU32::new(0) }));
        if self.poll(&early).is_none() {
            self.take_as_task(0);
        }
    }

    /// The relay's thread.
    pub fn relay(&self) {
        while self.is_over.load(Relaxed) == 0 {
            let bell = self.bell.announce();
            match self.arming.look(&self.word) {
                Seen::Moved => self.tell(),
                Seen::Waits(now) => self.kernel.wait(&[(self.bell.word(), bell), (&self.word, now)]),
                Seen::Idle if self.is_over.load(Relaxed) == 0 => self.kernel.wait(&[(self.bell.word(), bell)]),
                Seen::Idle => {}
            }
        }
    }

    /// Ends the relay.
    pub fn end(&self) {
        self.is_over.store(1, Relaxed);
        self.ring();
    }

    fn take(&self) -> Option<()> {
        things::take(&self.things, 1)
    }

    fn ring(&self) {
        self.bell.ring(|word| _ = self.kernel.wake(word, u32::MAX));
    }

    fn tell(&self) {
        let mut waker = None;
        self.arming.tell(|| {
            waker = self.task.take().or_else(|| waker.take());
            self.write();
        });
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn write(&self) {
        self.readable.fetch_add(1, Relaxed);
        self.written.fetch_add(1, Relaxed);
        self.kernel.wake(&self.readable, u32::MAX);
        self.kernel.wake(&self.written, u32::MAX);
    }

    /// What a call does that finds nothing, of a handle that has a descriptor.
    fn take_or_arm(&self) -> Option<()> {
        if let Some(thing) = self.take() {
            return Some(thing);
        }
        if self.arming.standing() != Standing::Due {
            return None;
        }
        let found = self.arm();
        if found.is_some() {
            self.write();
        }
        found
    }

    fn arm(&self) -> Option<()> {
        let drain = || _ = self.readable.fetch_and(0, Relaxed);
        let look = || Ok::<_, Infallible>(self.take());
        let Ok(found) = self.arming.arm(&self.kernel, &self.word, drain, look, || self.ring());
        found
    }

    /// What a future does.
    fn poll(&self, waker: &Waker) -> Option<()> {
        if let Some(thing) = self.take() {
            return Some(thing);
        }
        self.task.leave(waker);
        match self.arming.standing() {
            Standing::Armed => None,
            Standing::Due => self.arm(),
        }
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.raised.store(1, Relaxed);
        self.relayed.kernel.wake(&self.raised, u32::MAX);
    }
}
