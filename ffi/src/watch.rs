//! Watches: setting the value, looking at it, waiting for another one.

use crate::arguments::{self, Timeout, out};
use crate::call::done;
use crate::channel::Opened;
use crate::detail::Failed;
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::kinds::MEMLANE_WATCH;
use crate::options::Options;
use crate::status::Status;
use crate::table::Table;
use memlane::watch::{Channel, ReadOnlyReceiver, Receiver, Sender};
use memlane::{GetError, Interrupter, RecvError, RecvTimeoutError, TryRecvError, Waitable};
use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

/// The sender of a watch. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetterHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A receiver of a watch, with a seat or without. All zero is none. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GetterHandle {
    /// Nobody's business.
    pub id: u64,
}

/// What a handle of a watch leads to.
pub(crate) struct Watching<E> {
    end: E,
    /// What failures call the channel.
    label: Arc<str>,
}

impl<E> Watching<E> {
    pub(crate) fn boxed(end: E, label: &str) -> Box<Self> {
        Box::new(Self { end, label: label.into() })
    }
}

/// What looks at a value.
pub(crate) enum Getting {
    Seated(Receiver),
    ReadOnly(ReadOnlyReceiver),
}

impl Watching<Getting> {
    pub(crate) fn waitable(&mut self) -> &mut dyn Waitable {
        match &mut self.end {
            Getting::Seated(receiver) => receiver,
            Getting::ReadOnly(receiver) => receiver,
        }
    }

    pub(crate) fn interrupter(&self) -> Interrupter {
        match &self.end {
            Getting::Seated(receiver) => receiver.interrupter(),
            Getting::ReadOnly(receiver) => receiver.interrupter(),
        }
    }
}

impl Getting {
    fn get_into(&mut self, buffer: &mut [u8]) -> Result<usize, GetError> {
        match self {
            Self::Seated(receiver) => receiver.get_into(buffer),
            Self::ReadOnly(receiver) => receiver.get_into(buffer),
        }
    }

    fn changed_into(&mut self, buffer: &mut [u8]) -> Result<usize, RecvError> {
        match self {
            Self::Seated(receiver) => receiver.changed_into(buffer),
            Self::ReadOnly(receiver) => receiver.changed_into(buffer),
        }
    }

    fn changed_into_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<usize, RecvTimeoutError> {
        match self {
            Self::Seated(receiver) => receiver.changed_into_timeout(buffer, timeout),
            Self::ReadOnly(receiver) => receiver.changed_into_timeout(buffer, timeout),
        }
    }

    fn has_changed(&self) -> bool {
        match self {
            Self::Seated(receiver) => receiver.has_changed(),
            Self::ReadOnly(receiver) => receiver.has_changed(),
        }
    }

    fn version(&self) -> u64 {
        match self {
            Self::Seated(receiver) => receiver.version(),
            Self::ReadOnly(receiver) => receiver.version(),
        }
    }
}

static SETTERS: Table<Box<Watching<Sender>>, { handles::SETTERS }> = Table::new();
static GETTERS: Table<Box<Watching<Getting>>, { handles::GETTERS }> = Table::new();

impl Handle<{ handles::SETTERS }> for SetterHandle {
    type Thing = Box<Watching<Sender>>;
    const NOUN: &'static str = "setter";

    fn table() -> &'static Table<Box<Watching<Sender>>, { handles::SETTERS }> {
        &SETTERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

impl Handle<{ handles::GETTERS }> for GetterHandle {
    type Thing = Box<Watching<Getting>>;
    const NOUN: &'static str = "getter";

    fn table() -> &'static Table<Box<Watching<Getting>>, { handles::GETTERS }> {
        &GETTERS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }
}

/// The channel, which has to be a watch.
fn watch(of: &Opened) -> Result<Channel, Failed> {
    of.channel.to_watch().ok_or_else(|| of.is_no("watch"))
}

/// Takes the sender's seat of a watch (MEMLANE_WATCH). MEMLANE_ROLE_TAKEN while there is a sender; MEMLANE_WRONG_KIND if the channel
/// is no watch. If the last sender died, this one goes on behind the last value that was set. `setter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_setter_new(channel: ChannelHandle, setter: *mut SetterHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(setter, "setter") }?;
        let of = channel.get()?;
        let end = watch(&of)?.sender().map_err(|error| error.fail())?;
        *into = SetterHandle::new(Box::new(Watching { end, label: of.label }))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle. The value stays. What it may have to say about that (MEMLANE_REMOVED, MEMLANE_CORRUPTED,
/// MEMLANE_FORKED) does not keep the handle open.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_setter_close(setter: SetterHandle) -> Status {
    done(|| {
        let Watching { end, label } = *setter.remove()?;
        end.leave().map_err(|error| error.fail_on(&label))
    })
}

/// Sets the value of a watch: `length` bytes; `data` may be null if there are none. Waits for nobody, and needs no receiver.
/// MEMLANE_TOO_LARGE if the channel's max_message is less; MEMLANE_DISCONNECTED if it was shut down. `version`, if it is not null, gets
/// how many values were set by now, this one included, on success only. A process that is killed in this call has set the value, or
/// not: nobody sees a part of it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_set(
    setter: SetterHandle,
    data: *const c_void,
    length: usize,
    version: *mut u64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (value, into) = unsafe { (arguments::bytes(data, length)?, version.as_mut()) };
        let mut setter = setter.enter()?;
        let Watching { end, label } = &mut **setter;
        let set = end.set(value).map_err(|error| error.fail_on(label))?;
        if let Some(into) = into {
            *into = set;
        }
        Ok(())
    })
}

/// Takes a receiver's seat of a watch (MEMLANE_WATCH). MEMLANE_ROLE_TAKEN while all are taken; MEMLANE_WRONG_KIND if the channel is no
/// watch. It has seen no value yet. `getter` is written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_getter_new(channel: ChannelHandle, getter: *mut GetterHandle) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(getter, "getter") }?;
        let of = channel.get()?;
        let end = Getting::Seated(watch(&of)?.receiver().map_err(|error| error.fail())?);
        *into = GetterHandle::new(Box::new(Watching { end, label: of.label }))?;
        Ok(())
    })
}

/// Opens the watch of this name, for which see memlane_channel_open, to look at its value without a seat: with no more than permission to
/// read its file, which it does not change by a byte, so that nobody notices. `options` may be null; of those that are set, the channel's
/// have to agree. It learns of changes within 100 ms, and of a sender's death when a participant has found out. `getter` is written on
/// success only; all calls of a getter take it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_getter_open_read_only(
    getter: *mut GetterHandle,
    name: *const c_char,
    options: *const Options,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, name) = unsafe { (out(getter, "getter")?, arguments::name(name)?) };
        // SAFETY: the crate's contract.
        let options = unsafe { Options::of_kind(MEMLANE_WATCH, options) }?;
        let of_a_watch = options.to_watch().unwrap_or_default();
        let end = Getting::ReadOnly(of_a_watch.open_read_only(name).map_err(|error| error.fail())?);
        *into = GetterHandle::new(Watching::boxed(end, name))?;
        Ok(())
    })
}

/// Leaves the channel, and closes the handle.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_getter_close(getter: GetterHandle) -> Status {
    done(|| getter.remove().map(drop))
}

/// Copies the latest value into `buffer`, and stores its length; `buffer` may be null if it has no room. Waits for no value:
/// MEMLANE_EMPTY if none was set yet. MEMLANE_BUFFER_TOO_SMALL if the value has more than `capacity` bytes: its length is stored then,
/// too, and it stays unseen. MEMLANE_OVERTAKEN if the sender overwrote each value while it was copied: try again. Behind the value, and
/// after a failure, `buffer` may hold anything.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_get(
    getter: GetterHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let mut getter = getter.enter()?;
        let Watching { end, label } = &mut **getter;
        tell(end.get_into(buffer), length, label)
    })
}

/// As memlane_get, but of a value that this getter has not copied yet: waits while there is none, for timeout_ns nanoseconds, not at all
/// if that is 0 (MEMLANE_EMPTY), for ever if it is -1. MEMLANE_DISCONNECTED if every sender that there was since the getter joined has
/// left or died, and there is no new value, unless the channel is persistent; or if the channel was shut down.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_changed(
    getter: GetterHandle,
    buffer: *mut c_void,
    capacity: usize,
    length: *mut usize,
    timeout_ns: i64,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (buffer, length) = unsafe { (arguments::buffer(buffer, capacity)?, out(length, "length")?) };
        let timeout = Timeout::from_ns(timeout_ns)?;
        let mut getter = getter.enter()?;
        let Watching { end, label } = &mut **getter;
        match timeout {
            // As other calls that do not wait, it says that there is nothing, and not that the time is over.
            Timeout::Try => match end.changed_into_timeout(buffer, Duration::ZERO) {
                Err(RecvTimeoutError::Timeout) => Err(TryRecvError::Empty.fail_on(label)),
                other => tell(other, length, label),
            },
            Timeout::For(time) => tell(end.changed_into_timeout(buffer, time), length, label),
            Timeout::Forever => tell(end.changed_into(buffer), length, label),
        }
    })
}

/// Stores 1 if there is a value that this getter has not copied yet, else 0. One look at memory, without a system call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_has_changed(getter: GetterHandle, changed: *mut u32) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(changed, "changed") }?;
        *into = getter.enter()?.end.has_changed().into();
        Ok(())
    })
}

/// Stores the version of the value that this getter copied last: how many were set up to that one. 0: it has copied none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_version_seen(getter: GetterHandle, version: *mut u64) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let into = unsafe { out(version, "version") }?;
        *into = getter.enter()?.end.version();
        Ok(())
    })
}

/// What became of a copy. The length is stored if the value was too long, too.
fn tell<E: Coded>(outcome: Result<usize, E>, length: &mut usize, channel: &Arc<str>) -> Result<(), Failed> {
    match outcome {
        Ok(copied) => {
            *length = copied;
            Ok(())
        }
        Err(error) => {
            if let Some(needed) = error.needed() {
                *length = needed;
            }
            Err(error.fail_on(channel))
        }
    }
}
