//! Semaphores: acquiring permits, giving them back, using them up, adding some.

use crate::arguments::{Timeout, out};
use crate::call::done;
use crate::channel::Opened;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::status::Status;
use crate::table::Table;
use memlane::semaphore::{Channel, Permit, Semaphore};
use memlane::{Interrupter, Waitable};
use std::sync::Arc;

/// A participant of a semaphore. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SemaphoreHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A permit of a semaphore, or several that were acquired at once. All zero is none. It is any thread's, and may outlive its semaphore's handle.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PermitHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What a handle of a semaphore leads to.
pub(crate) struct Acquiring {
    semaphore: Semaphore,
    /// What failures call the channel.
    label: Arc<str>,
}

impl Acquiring {
    pub(crate) fn interrupter(&self) -> Interrupter {
        self.semaphore.interrupter()
    }

    pub(crate) fn waitable(&mut self) -> &mut dyn Waitable {
        &mut self.semaphore
    }
}

/// Permits, and what failures call their channel.
pub(crate) struct Acquired {
    permit: Permit,
    label: Arc<str>,
}

static SEMAPHORES: Table<Box<Acquiring>, { handles::SEMAPHORES }> = Table::new();
static PERMITS: Table<Box<Acquired>, { handles::PERMITS }> = Table::new();

impl Handle<{ handles::SEMAPHORES }> for SemaphoreHandle {
    type Thing = Box<Acquiring>;
    const NOUN: &'static str = "semaphore";

    fn table() -> &'static Table<Box<Acquiring>, { handles::SEMAPHORES }> {
        &SEMAPHORES
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

impl Handle<{ handles::PERMITS }> for PermitHandle {
    type Thing = Box<Acquired>;
    const NOUN: &'static str = "permit";

    fn table() -> &'static Table<Box<Acquired>, { handles::PERMITS }> {
        &PERMITS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// The channel, which has to be a semaphore.
fn semaphore_of(of: &Opened) -> Result<Channel, Failed> {
    of.channel.to_semaphore().ok_or_else(|| of.is_no("semaphore"))
}

/// Takes a seat of a semaphore (MEMLANE_SEMAPHORE). MEMLANE_ROLE_TAKEN while all are taken; MEMLANE_WRONG_KIND if the channel is none.
/// `semaphore` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_semaphore_new(channel: ChannelHandle, semaphore: *mut SemaphoreHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(semaphore, "semaphore") }?;
        let of = channel.get()?;
        let joined = semaphore_of(&of)?.semaphore().map_err(|error| error.fail())?;
        *into = SemaphoreHandle::new(Box::new(Acquiring { semaphore: joined, label: of.label }))?;
        Ok(())
    })
}

/// Closes the handle, and leaves the semaphore once its last permit is released or forgotten.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_semaphore_close(semaphore: SemaphoreHandle) -> Status {
    done(|| semaphore.remove().map(drop))
}

/// Acquires so many permits at once, all of them or none: waits while there are fewer, for timeout_ns nanoseconds, not at all if that is 0
/// (MEMLANE_EMPTY), for ever if it is -1. MEMLANE_INVALID_ARGUMENT if more are wanted than can be held at once; MEMLANE_DISCONNECTED if the
/// semaphore was shut down. `permit` is written on success only. If the process dies, its permits come back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_semaphore_acquire(
    semaphore: SemaphoreHandle,
    permits: u32,
    permit: *mut PermitHandle,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(permit, "permit") }?;
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut entered = semaphore.enter()?;
        let Acquiring { semaphore, label } = &mut **entered;
        let acquired = match timeout {
            Timeout::Try => semaphore.try_acquire_many(permits).map_err(|error| error.fail_on(label)),
            Timeout::For(time) => semaphore.acquire_many_timeout(permits, time).map_err(|error| error.fail_on(label)),
            Timeout::Forever => semaphore.acquire_many(permits).map_err(|error| error.fail_on(label)),
        }?;
        *into = PermitHandle::new(Box::new(Acquired { permit: acquired, label: label.clone() }))?;
        Ok(())
    })
}

/// Gives the permits back, and closes their handle. Wakes as many that wait. What it may have to say (MEMLANE_CORRUPTED, MEMLANE_FORKED) does
/// not keep the handle open.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_permit_release(permit: PermitHandle) -> Status {
    done(|| {
        let Acquired { permit, label } = *permit.remove()?;
        permit.release().map_err(|error| error.fail_on(&label))
    })
}

/// Uses the permits up: they are gone. Closes their handle, as memlane_permit_release does. So one waits for signals, which
/// memlane_semaphore_add gives: sem_wait is to acquire one and to forget it.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_permit_forget(permit: PermitHandle) -> Status {
    done(|| {
        let Acquired { permit, label } = *permit.remove()?;
        permit.forget().map_err(|error| error.fail_on(&label))
    })
}

/// Adds so many permits, which are nobody's, and wakes as many that wait: sem_post is to add one. MEMLANE_INVALID_ARGUMENT if more would be free
/// than 16,777,215; MEMLANE_DISCONNECTED if the semaphore was shut down. None was added then.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_semaphore_add(semaphore: SemaphoreHandle, permits: u32) -> Status {
    done(|| {
        let mut entered = semaphore.enter()?;
        let Acquiring { semaphore, label } = &mut **entered;
        semaphore.add_permits(permits).map_err(|error| error.fail_on(label))
    })
}

/// Stores how many permits nobody holds. Others acquire and release meanwhile.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_semaphore_available(semaphore: SemaphoreHandle, available: *mut u64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(available, "available") }?;
        *into = semaphore.enter()?.semaphore.available();
        Ok(())
    })
}
