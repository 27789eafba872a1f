//! The guardian: a thread by which a process learns of deaths early.
//!
//! Slices find a death within 200 ms, whatever happens. A process that watches its peers
//! ([`watch_peers`](crate::generic::Options::watch_peers)) has a thread besides, one for all its channels. The kernel tells that thread
//! when a process has ended which takes part, and it then looks for the dead at once.
//!
//! ```text
//! handle   its seat · a life for the guardian · asks the thread to watch · … · leaves · the thread has let go
//! thread   ┌ a duty of a channel is vacant: takes it · watches the lock file · looks for the dead · sleeps until it is told
//!          └ none is vacant: sleeps until it is called
//! told     looks at once, and after 50 µs, 200 µs and 1 ms, as long as it finds nobody
//! found    settled, buried and announced, as at the end of a slice; a guardian is called for each duty that is vacant
//! ```
//!
//! Invariants:
//! 1. *What the kernel tells is a hint.* The lock file was closed by somebody that could write to it; the lock goes a moment later.
//!    Only the lock proves a death (`region/locks/lives.rs`).
//! 2. *First it watches, then it looks.* So a death before the watch is found by the look, and one behind it is told.
//! 3. *A death wakes two*, however many take part: see `liveness/duty.rs`. A process that is on duty in one of its channels is told of
//!    deaths in all of them, since its thread cannot sleep in two ways at once.
//! 4. *The thread has nothing of the program's*: no signal reaches it, and its table of descriptors is its own. It never drops the last
//!    reference to a region, whose descriptors stand in the program's table; a handle that leaves waits until the thread has let go.
//! 5. *It ends with the last handle that asked for it*, and a forked child starts its own.
//!
//! - `watch`: a region's place on the roll, kept by each seat. `roll`: what is watched, and the thread, as the handles see them.
//! - `rounds`: the thread.
//!
//! Where the system refuses any part of it, slices find the dead, and the handle says why
//! ([`peers_watched`](crate::generic::Channel::peers_watched)).

mod roll;
mod rounds;
mod watch;

pub(crate) use self::watch::Watch;
