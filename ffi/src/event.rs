//! Events: setting and clearing bits, waiting for sets and for bits.

use crate::arguments::{Timeout, out};
use crate::call::done;
use crate::channel::Opened;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::status::Status;
use crate::table::Table;
use memlane::event::{self, Channel};
use memlane::{EventError, EventTimeoutError, Interrupter, TryEventError, Waitable};
use std::sync::Arc;
use std::time::Duration;

/// A participant of an event. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct EventHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What a waiter found.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fired {
    /// How many sets there were that this handle had not seen. 0: it waited for bits, which it had seen before.
    pub count: u64,
    /// The bits that are set now.
    pub bits: u32,
    /// Zero.
    pub reserved: u32,
}

/// What a handle of an event leads to.
pub(crate) struct Waiting {
    event: event::Event,
    /// What failures call the channel.
    label: Arc<str>,
}

impl Waiting {
    pub(crate) fn interrupter(&self) -> Interrupter {
        self.event.interrupter()
    }

    pub(crate) fn waitable(&mut self) -> &mut dyn Waitable {
        &mut self.event
    }
}

static EVENTS: Table<Box<Waiting>, { handles::EVENTS }> = Table::new();

impl Handle<{ handles::EVENTS }> for EventHandle {
    type Thing = Box<Waiting>;
    const NOUN: &'static str = "event";

    fn table() -> &'static Table<Box<Waiting>, { handles::EVENTS }> {
        &EVENTS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// The channel, which has to be an event.
fn event_of(of: &Opened) -> Result<Channel, Failed> {
    of.channel.to_event().ok_or_else(|| of.is_no("event"))
}

/// Takes a seat of an event (MEMLANE_EVENT). MEMLANE_ROLE_TAKEN while all are taken; MEMLANE_WRONG_KIND if the channel is none. The handle
/// has seen all sets that there were, unless bits are set now. `event` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_new(channel: ChannelHandle, event: *mut EventHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(event, "event") }?;
        let of = channel.get()?;
        let joined = event_of(&of)?.event().map_err(|error| error.fail())?;
        *into = EventHandle::new(Box::new(Waiting { event: joined, label: of.label }))?;
        Ok(())
    })
}

/// Leaves the event, and closes the handle. The event stays as it is.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_event_close(event: EventHandle) -> Status {
    done(|| event.remove().map(drop))
}

/// Sets these bits, besides those that are set, counts that, and wakes all that wait. `now`, if it is not null, gets the bits that are set
/// then. MEMLANE_DISCONNECTED if the event was shut down. A process that is killed in this call has set all of the bits, or none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_set(event: EventHandle, bits: u32, now: *mut u32) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { now.as_mut() };
        let mut entered = event.enter()?;
        let Waiting { event, label } = &mut **entered;
        let set = event.set(bits).map_err(|error| error.fail_on(label))?;
        if let Some(into) = into {
            *into = set;
        }
        Ok(())
    })
}

/// Clears these bits, unless any were set since this handle last returned from a call that waits. `cleared` gets 1 if it did; 0: wait
/// again, and decide again. So no set is cleared that this handle has not seen.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_clear(event: EventHandle, bits: u32, cleared: *mut u32) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(cleared, "cleared") }?;
        let mut entered = event.enter()?;
        let Waiting { event, label } = &mut **entered;
        *into = event.clear(bits).map_err(|error| error.fail_on(label))?.into();
        Ok(())
    })
}

/// Waits for a set that this handle has not seen: at most timeout_ns nanoseconds, not at all if that is 0 (MEMLANE_EMPTY), for ever if it is
/// -1. MEMLANE_DISCONNECTED if the event was shut down, and there is no set that was not seen. `fired` may be null; it is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_wait(event: EventHandle, fired: *mut Fired, timeout_ns: i64) -> Status {
    // SAFETY: the crate's contract.
    unsafe { wait(event, fired, timeout_ns, event::Event::wait_timeout, event::Event::wait) }
}

/// As memlane_event_wait, but until at least one of these bits is set: at once, and again each time, while one is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_wait_any(
    event: EventHandle,
    bits: u32,
    fired: *mut Fired,
    timeout_ns: i64,
) -> Status {
    let within = |event: &mut event::Event, time| event.wait_any_timeout(bits, time);
    // SAFETY: the crate's contract.
    unsafe { wait(event, fired, timeout_ns, within, |event| event.wait_any(bits)) }
}

/// As memlane_event_wait_any, but until all of these bits are set at once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_wait_all(
    event: EventHandle,
    bits: u32,
    fired: *mut Fired,
    timeout_ns: i64,
) -> Status {
    let within = |event: &mut event::Event, time| event.wait_all_timeout(bits, time);
    // SAFETY: the crate's contract.
    unsafe { wait(event, fired, timeout_ns, within, |event| event.wait_all(bits)) }
}

/// Stores 1 if there was a set that this handle has not seen, else 0; and in `bits`, if it is not null, those that are set. One look at memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_event_has_fired(event: EventHandle, fired: *mut u32, bits: *mut u32) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, bits) = unsafe { (out(fired, "fired")?, bits.as_mut()) };
        let entered = event.enter()?;
        *into = entered.event.has_fired().into();
        if let Some(bits) = bits {
            *bits = entered.event.bits();
        }
        Ok(())
    })
}

/// Waits by one of these two, as the timeout says.
///
/// # Safety
/// `fired` is null, or valid for writing.
unsafe fn wait(
    event: EventHandle,
    fired: *mut Fired,
    timeout_ns: i64,
    within: impl FnOnce(&mut event::Event, Duration) -> Result<event::Fired, EventTimeoutError>,
    forever: impl FnOnce(&mut event::Event) -> Result<event::Fired, EventError>,
) -> Status {
    done(|| {
        // SAFETY: the caller's promise.
        let into = unsafe { fired.as_mut() };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut entered = event.enter()?;
        let Waiting { event, label } = &mut **entered;
        let found = match timeout {
            // As other calls that do not wait, it says that there is nothing, and not that the time is over.
            Timeout::Try => match within(event, Duration::ZERO) {
                Err(EventTimeoutError::Timeout) => Err(TryEventError::NotSet.fail_on(label)),
                other => other.map_err(|error| error.fail_on(label)),
            },
            Timeout::For(time) => within(event, time).map_err(|error| error.fail_on(label)),
            Timeout::Forever => forever(event).map_err(|error| error.fail_on(label)),
        }?;
        if let Some(into) = into {
            *into = Fired { count: found.count, bits: found.bits, reserved: 0 };
        }
        Ok(())
    })
}
