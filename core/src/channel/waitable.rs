//! What can be waited for together with other things.
//!
//! A handle says where one sleeps that waits for it, and whether it is ready: whether the call that it is waited for would go on at once,
//! with a message or with an error. It looks, and takes nothing. So a thread that waits for several handles looks at all of them, sleeps on all
//! their words at once, and then calls the one that is ready.
//!
//! ```text
//! is_ready of each ── none ──► before_park of each · prepare each word, for wake-ups of all · one heavy fence
//!    ▲                                                                      │
//!    │                                        is_ready of each, may_park of each
//!    └── woken, or the slice is over: slice_ended of each ◄── sleep ◄───────┘
//! ```
//!
//! What holds:
//! - *Ready is a level, not an edge.* It stays until the caller has taken what there is, and what is over stays ready.
//! - *What a look finds, the next call gets.* A loss is not told by a look, nor is an end noted as told.
//! - *A sleeper takes wake-ups of all alone*: it may be woken by a change that it leaves to others, and must not use up a wake-up of one.

use super::end::Seated;
use super::kind::ChannelKind;
use super::port::Outlet;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::region::{Moment, Signals};
use crate::sync::AtomicU32;
use crate::wait::relay::{self, Descriptor, Subscription};
use crate::wait::{Waiter, Waiting, subscribe};
use std::io;
use std::sync::Arc;

/// What can be waited for together with other things: a receiver, for its next message; a sender, for room for the longest message.
///
/// A handle is *ready* if the call that it is waited for would return at once: with a message, or with an error. A receiver whose channel
/// is drained and whose senders have gone is ready, and stays so; so is one that this process inherited by `fork`.
///
/// Receivers of every kind are, also typed ones, those of [`any`](crate::any) and those without a seat; servers of [`rpc`](crate::rpc)
/// channels for their next call, and calls that are under way for their answer; semaphores for a permit, and events for a set. So are
/// references to them, and pairs of something that names a handle, and the handle.
///
/// ```
/// fn wait_for(_: &mut dyn memlane::Waitable) {}
/// let lane = memlane::spsc::Options::new().private()?;
/// let latest = memlane::watch::Options::new().private()?;
/// wait_for(&mut lane.receiver()?);
/// wait_for(&mut latest.receiver()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[expect(private_bounds, reason = "only this crate knows how its handles sleep")]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be waited for together with others",
    note = "receivers can, and senders; references to them; and pairs of a key and one of these"
)]
pub trait Waitable: Waited {
    /// A descriptor for `poll`, `epoll` and what is made of them: readable, as if there were something, when the call that this is waited
    /// for is worth making.
    ///
    /// - *Call until it finds nothing.* It is readable from the start, and stays so until a call that does not wait, or whose time is over,
    ///   found nothing. By edges, there is one for what comes after such a call.
    /// - *It may be readable for nothing*: where another receiver was faster; and every 100 ms, so that the call looks for peers that died.
    ///   Of a death nobody else tells.
    /// - *Nobody reads or writes it but the handle.* The descriptor is the handle's one, however often it is asked for. It stays open
    ///   with the last clone of what this returns, but is never readable again once the handle was dropped.
    /// - *Not in a child.* One that was forked has a copy of the descriptor, but no handle that would be ready: it should close it.
    /// - *On semaphores* ([`Backend::Semaphore`](crate::Backend::Semaphore)), and before Linux 5.16, it is late by up to 5 ms.
    ///
    /// The first one starts a thread, which sleeps for up to 127 handles, and ends when the last of them is dropped. A handle that is never
    /// asked has neither.
    ///
    /// # Errors
    /// The process is out of descriptors or threads. `Unsupported`: of a receiver without a seat, since nobody wakes it.
    ///
    /// ```
    /// use memlane::Waitable;
    /// use std::os::fd::AsRawFd;
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let descriptor = rx.descriptor()?;
    /// assert!(descriptor.as_raw_fd() > 2); // register it, and poll; then:
    /// tx.send(b"hello")?;
    /// while let Ok(message) = rx.try_recv() {
    ///     assert_eq!(message.to_vec(), b"hello");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    fn descriptor(&mut self) -> io::Result<Descriptor> {
        relay::descriptor(&*self.awaited().subscribe()?)
    }
}

/// Leads to the handle that is waited for.
pub(crate) trait Waited {
    /// That handle.
    fn awaited(&mut self) -> &mut dyn Awaited;
}

/// What such a handle does for the one that waits.
pub(crate) trait Awaited {
    /// Where it is woken that waits for this. `None`: nobody wakes it, and it looks every now and then.
    fn woken_at(&self) -> Option<WokenAt<'_>>;

    /// Whether the call that this is waited for would return at once, with something or with an error. It overlooks nothing, and takes
    /// nothing.
    fn is_ready(&mut self) -> bool;

    /// Called before a sleep: says all that peers wait for, and that was put off.
    fn before_park(&mut self) {}

    /// Called before a sleep, behind the last look. False: that may have overlooked something, and the caller looks again.
    fn may_park(&mut self) -> bool {
        true
    }

    /// Its place with a relay, which it gets now if it has none.
    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// When this is to be told that a slice is over.
    fn slice_end(&self) -> Moment;

    /// A slice is over: looks for dead peers, and at the file. Returns whether that found something that the call which this is waited
    /// for fails with.
    fn slice_ended(&mut self) -> bool;
}

/// Where one sleeps that waits for something in a region.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WokenAt<'a> {
    /// How it sleeps, and is woken.
    pub(crate) signals: &'a Signals,
    /// The word on which it sleeps.
    pub(crate) word: &'a AtomicU32,
}

impl<'a> WokenAt<'a> {
    /// On this word, as this participant.
    pub(in crate::channel) fn seated(end: &'a Seated, word: &'a AtomicU32) -> Self {
        Self { signals: end.parking(), word }
    }
}

impl<T: Waitable + ?Sized> Waitable for &mut T {}

impl<T: Waited + ?Sized> Waited for &mut T {
    fn awaited(&mut self) -> &mut dyn Awaited {
        (**self).awaited()
    }
}

impl<T: Waitable + ?Sized> Waitable for Box<T> {}

impl<T: Waited + ?Sized> Waited for Box<T> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        (**self).awaited()
    }
}

/// A handle, and what names it.
impl<N, T: Waitable> Waitable for (N, T) {}

impl<N, T: Waited> Waited for (N, T) {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self.1.awaited()
    }
}

/// For its next message.
impl<K: ChannelKind> Waitable for Receiver<K> {}

impl<K: ChannelKind> Waited for Receiver<K> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl<K: ChannelKind> Awaited for Receiver<K> {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.end.data()))
    }

    fn is_ready(&mut self) -> bool {
        self.has_message_or_ended()
    }

    fn before_park(&mut self) {
        Waiting::before_park(self);
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(self)
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

/// For room for the longest message.
impl<K: ChannelKind> Waitable for Sender<K> {}

impl<K: ChannelKind> Waited for Sender<K> {
    fn awaited(&mut self) -> &mut dyn Awaited {
        self
    }
}

impl<K: ChannelKind> Awaited for Sender<K> {
    fn woken_at(&self) -> Option<WokenAt<'_>> {
        Some(WokenAt::seated(&self.end, self.port.space()))
    }

    fn is_ready(&mut self) -> bool {
        self.has_room_or_ended(self.max_message())
    }

    fn before_park(&mut self) {
        self.port.names_blocker();
    }

    fn may_park(&mut self) -> bool {
        self.port.names_blocker()
    }

    fn subscribe(&mut self) -> io::Result<Arc<Subscription>> {
        subscribe(&mut self.room_for(0))
    }

    fn slice_end(&self) -> Moment {
        self.end.patience().slice_end()
    }

    fn slice_ended(&mut self) -> bool {
        self.end.slice_ended().is_err()
    }
}

/// Polls for a task: has it woken when `call`, which does not wait, is worth another try on this handle. `call` has to find all that makes
/// the handle [ready](Awaited::is_ready).
#[cfg(feature = "async")]
pub(crate) fn poll_handle<H: Waited, T>(
    handle: &mut H,
    waker: &std::task::Waker,
    mut call: impl FnMut(&mut H) -> Option<T>,
) -> std::task::Poll<T> {
    use std::task::Poll;
    /// A handle that is ready so often though its call finds nothing is asked again when the task's turn comes.
    const TURNS: u32 = 3;
    for _ in 0..TURNS {
        if let Some(found) = call(handle) {
            return Poll::Ready(found);
        }
        let awaited = handle.awaited();
        let Ok(subscription) = awaited.subscribe() else { break };
        if crate::region::Clock::now() >= awaited.slice_end() && awaited.slice_ended() {
            continue;
        }
        awaited.before_park();
        let until = awaited.slice_end();
        let is_ready = || awaited.is_ready() || !awaited.may_park() && awaited.is_ready();
        if crate::wait::arm_for_task(&subscription, waker, until, is_ready) {
            return Poll::Pending;
        }
    }
    waker.wake_by_ref();
    Poll::Pending
}
