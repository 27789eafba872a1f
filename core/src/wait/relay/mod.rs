//! The relay: a thread of the library that sleeps in the place of tasks, and of programs that wait by `epoll`.
//!
//! - [`arming`]: how a handle and the relay never miss a change between them.
//! - `place`, `thread`: what the relay knows of a handle, and its thread.
//! - `descriptor`: what a program polls.
//! - [`task`]: the waker of a task, of which the relay has the one that was left last.

pub mod arming;
#[cfg(not(loom))]
mod descriptor;
#[cfg(not(loom))]
mod place;
pub mod task;
#[cfg(not(loom))]
mod thread;

#[cfg(not(loom))]
pub use self::descriptor::Descriptor;
#[cfg(not(loom))]
pub(crate) use self::{descriptor::descriptor, place::WakeWord, thread::Subscription};
