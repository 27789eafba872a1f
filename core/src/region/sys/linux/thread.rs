//! Threads of the library's own.
//!
//! A program that uses the engine must not notice them. So such a thread
//! - blocks all signals: no handler of the program runs on it;
//! - has, where it keeps descriptors, a table of its own with those alone ([`own_table`]). Nothing that the program does to its
//!   descriptors reaches them, and the thread keeps none of the program's files open;
//! - keeps no process alive, for nobody joins it when the program ends;
//! - is in this process alone. A forked child has its memory and not the thread; [`LibraryThread::is_foreign`] tells, and the child starts
//!   its own.
//!
//! ```text
//! caller   start ───── sleeps on `state` ─────► its copies of the kept descriptors are closed ─ …
//! thread          own table ─► STARTED, wakes   run ─────────────────────────────────────────► ENDED, wakes all
//! ```
//!
//! Nothing of that needs a time-out or the number of threads that were woken, so it is waited for with the crate `atomic-wait`.

use super::fork::ProcessMark;
use crate::sync::AtomicU32;
use crate::sync::Ordering::{Acquire, Release};
use rustix::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::io;
use std::sync::Arc;
use std::thread::{Builder, ThreadId};

/// What `state` says of a thread that has not come to run yet.
const STARTING: u32 = 0;
/// It runs.
const STARTED: u32 = 1;
/// It has no table of its own, and so ends without having run.
const REFUSED: u32 = 2;
/// It is done: nothing of what it was given is touched any more.
const ENDED: u32 = 3;

/// A thread of the library's own, for the code that started it. Dropping this leaves the thread as it is.
#[derive(Debug)]
#[allow(dead_code, reason = "the relay's thread is not waited for, the guardian's is")]
pub(crate) struct LibraryThread {
    state: Arc<State>,
    id: ThreadId,
    mark: ProcessMark,
}

/// Where a thread is in its life.
#[derive(Debug)]
struct State(AtomicU32);

impl State {
    fn set(&self, state: u32) {
        // EDGE thread→waiter: pairs with the Acquire in `State::await_change`.
        self.0.store(state, Release);
        atomic_wait::wake_all(&self.0);
    }

    /// Waits until it is something else than `state`.
    fn await_change(&self, state: u32) -> u32 {
        loop {
            // EDGE thread→waiter: pairs with the Release in `State::set`.
            match self.0.load(Acquire) {
                now if now == state => atomic_wait::wait(&self.0, state),
                now => return now,
            }
        }
    }
}

/// Says that the thread is done, also if what it ran has panicked.
struct Ending(Arc<State>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.set(ENDED);
    }
}

#[allow(dead_code, reason = "the relay's thread keeps no descriptors and is not waited for, the guardian's is")]
impl LibraryThread {
    /// Starts a thread that shares the program's table of descriptors. For one that keeps none, or that has to use those of the
    /// program.
    ///
    /// # Errors
    /// The system refuses threads, or there are too many.
    pub(crate) fn start(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        Self::spawn(name, || Ok(()), move |()| run())
    }

    /// Starts a thread whose table of descriptors is its own, with `kept` alone in it. The program's table loses them: they are
    /// the thread's from now on.
    ///
    /// # Errors
    /// The system refuses threads, or such a table (before Linux 5.9, in some sandboxes, in an emulator); or there are too many.
    pub(crate) fn start_apart<const N: usize>(
        name: &str,
        kept: [OwnedFd; N],
        run: impl FnOnce([OwnedFd; N]) + Send + 'static,
    ) -> io::Result<Self> {
        let numbers = kept.each_ref().map(AsRawFd::as_raw_fd);
        let own = move || {
            own_table(&numbers)?;
            // SAFETY: the numbers are in this thread's own table by now, where nothing else owns them.
            Ok(numbers.map(|number| unsafe { OwnedFd::from_raw_fd(number) }))
        };
        let started = Self::spawn(name, own, run);
        // The thread has its copies by now.
        drop(kept);
        started
    }

    fn spawn<T>(
        name: &str,
        prepare: impl FnOnce() -> io::Result<T> + Send + 'static,
        run: impl FnOnce(T) + Send + 'static,
    ) -> io::Result<Self> {
        let state = Arc::new(State(AtomicU32::new(STARTING)));
        let theirs = Arc::clone(&state);
        let thread = {
            let _blocked = Blocked::all();
            Builder::new().name(name.to_owned()).spawn(move || {
                let Ok(prepared) = prepare() else { return theirs.set(REFUSED) };
                let _ending = Ending(Arc::clone(&theirs));
                theirs.set(STARTED);
                run(prepared);
            })?
        };
        match state.await_change(STARTING) {
            REFUSED => Err(io::ErrorKind::Unsupported.into()),
            _ => Ok(Self { state, id: thread.thread().id(), mark: ProcessMark::current() }),
        }
    }

    /// Whether the thread is one of this process's parent, which this process does not have.
    pub(crate) fn is_foreign(&self) -> bool {
        self.mark.is_foreign()
    }

    /// Waits until the thread is done. Returns at once in a child, and on the thread itself: there nobody would end it.
    pub(crate) fn wait_until_ended(&self) {
        if !self.is_foreign() && std::thread::current().id() != self.id {
            self.state.await_change(STARTED);
        }
    }
}

/// Gives the calling thread a table of descriptors of its own, in which only `kept` are left.
pub(super) fn own_table(kept: &[i32]) -> io::Result<()> {
    let mut kept: Vec<u32> = kept.iter().map(|&number| number as u32).collect();
    kept.sort_unstable();
    // The first call leaves the table that the other threads share. What it closes is the last stretch: the kernel then copies
    // no more than what stands in front of it.
    let mut flags = libc::CLOSE_RANGE_UNSHARE;
    let mut end = u32::MAX;
    for &number in kept.iter().rev() {
        close_range(number + 1, end, flags)?;
        flags = 0;
        match number.checked_sub(1) {
            Some(before) => end = before,
            None => return Ok(()),
        }
    }
    close_range(0, end, flags)
}

/// Closes the descriptors from `first` to `last`; if `last` is in front of it, none.
fn close_range(first: u32, last: u32, flags: u32) -> io::Result<()> {
    if first > last {
        return Ok(());
    }
    // SAFETY: only called by `own_table`, first with the flag that leaves the table that the other threads share: so all is closed
    // in the thread's own. Nothing on this thread owns a descriptor yet.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Blocks all signals on this thread until it is dropped. A thread or child that is started meanwhile inherits that, and so runs
/// no signal handler of the program.
pub(super) struct Blocked(libc::sigset_t);

impl Blocked {
    pub(super) fn all() -> Self {
        // SAFETY: both sets are ours; a full set is a valid one.
        unsafe {
            let (mut all, mut before) = (std::mem::zeroed(), std::mem::zeroed());
            libc::sigfillset(&mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &all, &mut before);
            Self(before)
        }
    }
}

impl Drop for Blocked {
    fn drop(&mut self) {
        // SAFETY: sets the mask that the thread had before.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &self.0, std::ptr::null_mut()) };
    }
}

/// Starts a thread of the library's in this scope: no signal of the program's is handled on it. False: the system refuses.
pub(crate) fn start_in<'scope>(
    scope: &'scope std::thread::Scope<'scope, '_>,
    name: &str,
    run: impl FnOnce() + Send + 'scope,
) -> bool {
    let _blocked = Blocked::all();
    Builder::new().name(name.to_owned()).stack_size(STACK).spawn_scoped(scope, run).is_ok()
}

/// Bytes of the stack of a thread that does next to nothing.
const STACK: usize = 128 << 10;

/// Runs `act` on a new thread, while the calling one waits. `None`: no thread could be started.
pub(super) fn on_a_thread<R: Send>(name: &str, act: &(impl Fn() -> R + Sync)) -> Option<R> {
    std::thread::scope(|scope| {
        let thread = {
            let _blocked = Blocked::all();
            Builder::new().name(name.to_owned()).spawn_scoped(scope, act).ok()?
        };
        thread.join().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::super::fork::tests::in_a_child;
    use super::*;
    use crate::sync::Ordering::Relaxed;
    use rustix::event::{EventfdFlags, eventfd};
    use rustix::io::Errno;
    use rustix::pipe::{PipeFlags, pipe_with};
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    fn descriptor() -> OwnedFd {
        eventfd(0, EventfdFlags::CLOEXEC).unwrap()
    }

    /// The descriptors of the calling thread's table.
    fn open_descriptors() -> Vec<i32> {
        let mut found: Vec<i32> = Vec::new();
        for entry in std::fs::read_dir("/proc/thread-self/fd").unwrap() {
            found.push(entry.unwrap().file_name().to_str().unwrap().parse().unwrap());
        }
        // The one by which the folder was read is closed by now.
        found.retain(|&number| std::fs::read_link(format!("/proc/thread-self/fd/{number}")).is_ok());
        found.sort_unstable();
        found
    }

    /// Waits until the other end of this pipe is closed in every table: children of other tests may have it for a while.
    fn await_end(reader: &OwnedFd, what: &str) {
        let start = Instant::now();
        while rustix::io::read(reader, &mut [0; 1]) == Err(Errno::AGAIN) {
            assert!(start.elapsed() < Duration::from_secs(20), "{what}");
            std::thread::yield_now();
        }
    }

    #[test]
    fn its_own_table_has_what_it_was_given_alone_and_the_programs_has_that_no_more() {
        let pipe = || pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).unwrap();
        let ((kept_reader, kept), (reader, strange)) = (pipe(), pipe());
        let kept = [kept, descriptor(), descriptor()];
        let mut numbers = kept.each_ref().map(AsRawFd::as_raw_fd);
        numbers.sort_unstable();
        let (tell, told) = channel();
        let (go_on, may_go_on) = channel::<()>();
        let thread = LibraryThread::start_apart("test", kept, move |kept| {
            tell.send(open_descriptors()).unwrap();
            let _ = may_go_on.recv();
            drop(kept);
            let _ = may_go_on.recv();
        });
        let thread = thread.unwrap();
        assert_eq!(told.recv().unwrap(), numbers);
        drop(strange);
        await_end(&reader, "it keeps no file of the program open");
        assert_eq!(rustix::io::read(&kept_reader, &mut [0; 1]), Err(Errno::AGAIN), "it keeps what it was given");
        go_on.send(()).unwrap();
        await_end(&kept_reader, "the program has no copy of what the thread closes");
        drop(go_on);
        thread.wait_until_ended();
    }

    #[test]
    fn its_descriptors_are_the_programs_where_it_shares_the_table() {
        let (tell, told) = channel();
        let thread = LibraryThread::start("test", move || tell.send(descriptor()).unwrap()).unwrap();
        let theirs = told.recv().unwrap();
        assert!(open_descriptors().contains(&theirs.as_raw_fd()));
        thread.wait_until_ended();
    }

    #[test]
    fn no_signal_is_handled_on_it() {
        let (tell, told) = channel();
        let run = move || {
            let blocked = Blocked::all().0;
            // SAFETY: asks about a set that the kernel has filled in.
            let is_blocked = |signal| unsafe { libc::sigismember(&blocked, signal) == 1 };
            tell.send([libc::SIGTERM, libc::SIGALRM, libc::SIGCHLD, libc::SIGPIPE].map(is_blocked)).unwrap();
        };
        LibraryThread::start("test", run).unwrap().wait_until_ended();
        assert_eq!(told.recv().unwrap(), [true; 4]);
    }

    #[test]
    fn its_end_is_waited_for_also_if_it_panics_and_not_by_itself() {
        let finished = Arc::new(AtomicU32::new(0));
        let (hand_over, handed_over) = channel::<Arc<LibraryThread>>();
        let theirs = Arc::clone(&finished);
        let thread = LibraryThread::start("test", move || {
            handed_over.recv().unwrap().wait_until_ended();
            theirs.store(1, Relaxed);
            std::panic::resume_unwind(Box::new("as a test does"));
        });
        let thread = Arc::new(thread.unwrap());
        hand_over.send(Arc::clone(&thread)).unwrap();
        thread.wait_until_ended();
        assert_eq!(finished.load(Relaxed), 1);
    }

    #[test]
    fn a_child_has_no_such_thread_and_does_not_wait_for_it() {
        let (_go_on, may_go_on) = channel::<()>();
        let thread = LibraryThread::start("test", move || assert!(may_go_on.recv().is_err())).unwrap();
        assert!(!thread.is_foreign());
        assert!(in_a_child(|| {
            thread.wait_until_ended();
            thread.is_foreign()
        }));
    }
}
