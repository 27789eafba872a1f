//! What a model sleeps on: a futex or semaphores, made of loom's parts.
//!
//! There are no time-outs unless a model says so: a sleeper whose wake got lost sleeps for ever, and loom reports that as
//! a deadlock. Nor does a sleeper wake up early, which could only help.

use crate::explore::{Model, Witness};
use loom::sync::{Condvar, Mutex};
use memlane::sync::{AtomicU32, AtomicU64, Ordering, fence};
use memlane::wait::eventcount::{self, Parking, Ticket, Wakes};
use memlane::wait::interrupt::Interruption;
use memlane::wait::several::{self, Several};
use memlane::wait::sleepers::{self, Semaphores};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// With what the sleepers of a model sleep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// A futex.
    Futex,
    /// A semaphore for each, and a bitmap: more steps, hence a bound even where the futex needs none.
    Semaphores,
}

/// Both of them.
pub const BACKENDS: [Backend; 2] = [Backend::Futex, Backend::Semaphores];

impl Backend {
    /// The model with a name that tells the backend.
    pub fn names(self, model: &Model) -> Model {
        match self {
            Self::Futex => model.clone(),
            Self::Semaphores => model.renamed("on semaphores").within(3),
        }
    }
}

/// A word to sleep on, and what is behind it.
#[derive(Debug)]
pub struct Event {
    word: AtomicU32,
    parking: LoomParking,
}

impl Event {
    /// Nobody sleeps yet; whenever somebody does, the witness sees it.
    pub fn new(backend: Backend, sleep: &Witness) -> Self {
        let parking = match backend {
            Backend::Futex => LoomParking::Futex(LoomFutex::new(sleep)),
            Backend::Semaphores => LoomParking::Semaphores(LoomSemaphores::new(sleep)),
        };
        Self { word: AtomicU32::new(0), parking }
    }

    /// The same after so many wake-ups: with semaphores, they decide whose turn it is next.
    pub fn aged(self, wake_ups: u32) -> Self {
        Self { word: AtomicU32::new(wake_ups << 3), ..self }
    }

    /// Wakes every sleeper, after a change. Returns whether there was anybody.
    pub fn notify(&self) -> bool {
        eventcount::notify(&self.parking, &self.word)
    }

    /// Wakes one sleeper, after a change that one can use. Returns whether there was anybody.
    pub fn notify_one(&self) -> bool {
        self.notify_some(1)
    }

    /// Wakes so many sleepers, after a change of which each can use a part. Returns whether there was anybody.
    pub fn notify_some(&self, count: u32) -> bool {
        eventcount::notify_some(&self.parking, &self.word, count)
    }

    /// Whether the word says that there may be sleepers.
    pub fn is_flagged(&self) -> bool {
        self.word.load(Ordering::Relaxed) & 7 != 0
    }

    /// The word, and how it is slept on: for what brings its own steps.
    pub fn parts(&self) -> (&AtomicU32, &(impl Parking<Until = ()> + use<>)) {
        (&self.word, &self.parking)
    }

    /// Ends by timeout the sleep of every thread that sleeps here, now or later.
    pub fn slice_ends(&self) {
        match &self.parking {
            LoomParking::Futex(futex) => futex.slice_ends(),
            LoomParking::Semaphores(semaphores) => semaphores.slice_ends(),
        }
    }

    /// Ends the wait of the thread that this interrupts.
    pub fn interrupt(&self, interruption: &Interruption) {
        interruption.raise(&self.parking, [&self.word]);
    }

    /// As [`Event::wait`], unless it is interrupted: `None`.
    pub fn wait_unless<T>(&self, interruption: &Interruption, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
        loop {
            if let Some(output) = attempt() {
                return Some(output);
            }
            if interruption.take() {
                return None;
            }
            let ticket = eventcount::prepare(&self.parking, &self.word, Wakes::One);
            if let Some(output) = attempt() {
                return Some(output);
            }
            if interruption.take() {
                return None;
            }
            eventcount::sleep(&self.parking, &self.word, ticket, ());
        }
    }

    /// Waits until `attempt` yields something. Any wake-up will do.
    pub fn wait<T>(&self, attempt: impl FnMut() -> Option<T>) -> T {
        self.wait_taking(Wakes::One, attempt)
    }

    /// Waits until `attempt` yields something: the steps of `park` in `core/src/wait/block.rs`, which needs a clock.
    pub fn wait_taking<T>(&self, wakes: Wakes, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(output) = attempt() {
                return output;
            }
            let ticket = eventcount::prepare(&self.parking, &self.word, wakes);
            if let Some(output) = attempt() {
                return output;
            }
            eventcount::sleep(&self.parking, &self.word, ticket, ());
        }
    }
}

/// Two words, behind which are two things, and one futex for both: a wake-up of one word wakes a thread that sleeps on both.
#[derive(Debug)]
pub struct Pair {
    words: [AtomicU32; 2],
    parking: LoomParking,
}

impl Pair {
    /// Nobody sleeps yet; whenever somebody does, the witness sees it.
    pub fn new(sleep: &Witness) -> Self {
        let parking = LoomParking::Futex(LoomFutex::new(sleep));
        Self { words: [AtomicU32::new(0), AtomicU32::new(0)], parking }
    }

    /// Wakes every sleeper on this word, after a change.
    pub fn notify(&self, word: usize) {
        eventcount::notify(&self.parking, &self.words[word]);
    }

    /// Wakes one sleeper on this word, after a change that one can use.
    pub fn notify_one(&self, word: usize) {
        eventcount::notify_some(&self.parking, &self.words[word], 1);
    }

    /// Waits on this word alone until `attempt` yields something, and takes wake-ups of one.
    pub fn wait_on<T>(&self, word: usize, mut attempt: impl FnMut() -> Option<T>) -> T {
        loop {
            if let Some(output) = attempt() {
                return output;
            }
            let ticket = eventcount::prepare(&self.parking, &self.words[word], Wakes::One);
            if let Some(output) = attempt() {
                return output;
            }
            eventcount::sleep(&self.parking, &self.words[word], ticket, ());
        }
    }

    /// Waits on both words until `look` finds something.
    pub fn wait_for_any<T>(&self, look: impl FnMut() -> Option<T>) -> T {
        let (mut both, mut tickets) = (Both { pair: self, look }, Vec::new());
        loop {
            if let Some(found) = several::park(&mut both, &mut tickets, ()) {
                return found;
            }
        }
    }
}

/// A wait on both words.
struct Both<'a, F> {
    pair: &'a Pair,
    look: F,
}

impl<T, F: FnMut() -> Option<T>> Several for Both<'_, F> {
    type Found = T;
    type Until = ();

    fn count(&self) -> usize {
        2
    }

    fn word(&self, at: usize) -> &AtomicU32 {
        &self.pair.words[at]
    }

    fn heavy_fence(&self) {
        self.pair.parking.heavy_fence();
    }

    fn look(&mut self) -> Option<T> {
        (self.look)()
    }

    fn park(&self, tickets: &[Ticket], (): ()) {
        if let LoomParking::Futex(futex) = &self.pair.parking {
            futex.park_on(self.pair.words.iter().zip(tickets.iter().copied()));
        }
    }
}

/// The surroundings of an eventcount.
#[derive(Debug)]
enum LoomParking {
    Futex(LoomFutex),
    Semaphores(LoomSemaphores),
}

impl Parking for LoomParking {
    type Until = ();

    // The light fence is a compiler fence where the heavy one is a membarrier. Together they order as much as two full
    // fences do, which is what symmetric mode uses, and what loom knows.
    fn light_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn heavy_fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn park(&self, word: &AtomicU32, ticket: Ticket, (): ()) {
        match self {
            Self::Futex(futex) => futex.park(word, ticket),
            Self::Semaphores(all) => sleepers::park(all, all.own_row(), word, ticket, ()),
        }
    }

    fn unpark_all(&self, _word: &AtomicU32) {
        match self {
            Self::Futex(futex) => futex.unpark_all(),
            Self::Semaphores(all) => sleepers::unpark_all(all, 0..ROWS),
        }
    }

    fn unpark(&self, word: &AtomicU32, count: u32) -> u32 {
        match self {
            Self::Futex(futex) => futex.unpark(count),
            Self::Semaphores(all) => {
                sleepers::unpark(all, 0..ROWS, count, eventcount::sequence(word.load(Ordering::Relaxed)))
            }
        }
    }
}

/// Whether a sleep may still take any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Left,
    Over,
}

/// The kernel's side of one futex word.
///
/// The kernel compares the word and queues the sleeper under the lock that a waker takes too; so does this. Of several, it
/// wakes those first that take wake-ups of all only, as the kernel does if they run with a higher priority.
#[derive(Debug)]
struct LoomFutex {
    bucket: Mutex<Bucket>,
    /// Those that take wake-ups of all only, and the others.
    sleepers: [Condvar; 2],
    sleep: Witness,
}

/// What the kernel's lock protects.
#[derive(Debug)]
struct Bucket {
    time: Time,
    /// Sleepers that nobody has woken yet.
    asleep: [usize; 2],
}

impl LoomFutex {
    fn new(sleep: &Witness) -> Self {
        Self {
            bucket: Mutex::new(Bucket { time: Time::Left, asleep: [0, 0] }),
            sleepers: [Condvar::new(), Condvar::new()],
            sleep: sleep.clone(),
        }
    }

    fn slice_ends(&self) {
        *self.bucket.lock().expect("not poisoned") = Bucket { time: Time::Over, asleep: [0, 0] };
        self.sleepers.iter().for_each(Condvar::notify_all);
    }

    fn park(&self, word: &AtomicU32, ticket: Ticket) {
        self.park_on(std::iter::once((word, ticket)));
    }

    /// Sleeps while each of the words is as its ticket says.
    fn park_on<'a>(&self, mut words: impl Iterator<Item = (&'a AtomicU32, Ticket)> + Clone) {
        let takes_any = words.clone().all(|(_, ticket)| ticket.wakes == Wakes::One);
        let queue = usize::from(takes_any);
        let mut bucket = self.bucket.lock().expect("not poisoned");
        let mut unchanged = || words.all(|(word, ticket)| word.load(Ordering::Relaxed) == ticket.expected);
        match catch_unwind(AssertUnwindSafe(&mut unchanged)) {
            Ok(true) if bucket.time == Time::Left => {
                self.sleep.sees_it();
                bucket.asleep[queue] += 1;
                drop(self.sleepers[queue].wait(bucket));
            }
            Ok(_) => {}
            Err(killed) => {
                // In the kernel, which lets go of its lock.
                drop(bucket);
                resume_unwind(killed);
            }
        }
    }

    fn unpark_all(&self) {
        let mut bucket = self.bucket.lock().expect("not poisoned");
        for (sleepers, asleep) in self.sleepers.iter().zip(&mut bucket.asleep) {
            if *asleep > 0 {
                *asleep = 0;
                sleepers.notify_all();
            }
        }
        drop(bucket);
    }

    fn unpark(&self, count: u32) -> u32 {
        let mut bucket = self.bucket.lock().expect("not poisoned");
        let mut woken = 0;
        while woken < count
            && let Some(queue) = bucket.asleep.iter().position(|&asleep| asleep > 0)
        {
            bucket.asleep[queue] -= 1;
            self.sleepers[queue].notify_one();
            woken += 1;
        }
        drop(bucket);
        woken
    }
}

/// Rows that have a semaphore: as many as a model has threads.
const ROWS: u32 = 4;

/// A semaphore for each thread that ever sleeps, and the bitmaps.
#[derive(Debug)]
struct LoomSemaphores {
    bitmaps: [AtomicU64; 2],
    semaphores: [LoomSemaphore; ROWS as usize],
    /// Rows given out. All threads of a model are one of the system.
    seated: Cell<u32>,
    sleep: Witness,
}

#[derive(Debug)]
struct LoomSemaphore {
    /// Posts that nobody has waited for, and whether waiting still takes any time.
    posts: Mutex<(u32, Time)>,
    posted: Condvar,
}

loom::thread_local! {
    /// The row of this thread.
    static ROW: Cell<Option<u32>> = Cell::new(None);
}

impl LoomSemaphores {
    fn new(sleep: &Witness) -> Self {
        let semaphore = || LoomSemaphore { posts: Mutex::new((0, Time::Left)), posted: Condvar::new() };
        Self {
            bitmaps: [AtomicU64::new(0), AtomicU64::new(0)],
            semaphores: std::array::from_fn(|_| semaphore()),
            seated: Cell::new(0),
            sleep: sleep.clone(),
        }
    }

    /// The row of the thread that asks. A thread has one row only, so it sleeps on one such event only.
    fn own_row(&self) -> u32 {
        ROW.with(|row| {
            row.get().unwrap_or_else(|| {
                let next = self.seated.get();
                self.seated.set(next + 1);
                row.set(Some(next));
                next
            })
        })
    }

    fn slice_ends(&self) {
        for semaphore in &self.semaphores {
            semaphore.posts.lock().expect("not poisoned").1 = Time::Over;
            semaphore.posted.notify_all();
        }
    }
}

impl Semaphores for LoomSemaphores {
    type Until = ();

    fn sleepers(&self, wakes: Wakes, _index: usize) -> &AtomicU64 {
        match wakes {
            Wakes::One => &self.bitmaps[0],
            Wakes::All => &self.bitmaps[1],
        }
    }

    fn wait(&self, row: u32, (): ()) {
        let semaphore = &self.semaphores[row as usize];
        let mut posts = semaphore.posts.lock().expect("not poisoned");
        while *posts == (0, Time::Left) {
            self.sleep.sees_it();
            posts = semaphore.posted.wait(posts).expect("not poisoned");
        }
        posts.0 = posts.0.saturating_sub(1);
    }

    fn post(&self, row: u32) {
        let semaphore = &self.semaphores[row as usize];
        semaphore.posts.lock().expect("not poisoned").0 += 1;
        semaphore.posted.notify_one();
    }
}
