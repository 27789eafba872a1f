//! Opening, shutting down and removing a channel.

use crate::arguments::{self, invalid, out};
use crate::call::{call, done, done_with_descriptors};
use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::handles::{self, ChannelHandle, Handle};
use crate::options::Options;
use crate::status::Status;
use crate::table::{Inside, Refusal, Table};
use memlane::Origin;
use memlane::any::Channel;
use std::ffi::{c_char, c_int};
use std::os::fd::{BorrowedFd, IntoRawFd, OwnedFd};
use std::sync::Arc;

/// The channel has to exist.
pub const MEMLANE_OPEN: u32 = 1;
/// The channel must not exist.
pub const MEMLANE_CREATE: u32 = 2;
/// Open the channel, or create it if there is none, or only one from before the last reboot.
pub const MEMLANE_OPEN_OR_CREATE: u32 = 3;

/// An open channel. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) channel: Channel,
    /// What failures call it.
    pub(crate) label: Arc<str>,
}

impl Opened {
    fn new(channel: Channel, label: &str) -> Self {
        Self { channel, label: label.into() }
    }

    /// Refused, for it is of another kind than this.
    #[cold]
    pub(crate) fn is_no(&self, kind: &str) -> Failed {
        let sentence = format!("channel {} is a {}, and no {kind}", self.label, self.channel.kind());
        detail::record(Status::MEMLANE_WRONG_KIND, sentence)
    }

    pub(crate) fn anonymous(channel: Channel) -> Self {
        Self::new(channel, "(anonymous)")
    }

    /// Ends the channel for everybody.
    pub(crate) fn shut_down(&self) {
        self.channel.close();
    }

    fn origin(&self) -> Origin {
        self.channel.origin()
    }
}

static CHANNELS: Table<Opened, { handles::CHANNELS }> = Table::new();

impl Handle<{ handles::CHANNELS }> for ChannelHandle {
    type Thing = Opened;
    const NOUN: &'static str = "channel";

    fn table() -> &'static Table<Opened, { handles::CHANNELS }> {
        &CHANNELS
    }

    fn of_id(id: u64) -> Self {
        Self { id }
    }

    fn id(self) -> u64 {
        self.id
    }

    /// Waits for another thread that is inside: it copies a pointer, and is gone.
    fn enter(self) -> Result<Inside<'static, Opened>, Failed> {
        loop {
            match CHANNELS.enter(self.id) {
                Ok(inside) => return Ok(inside),
                Err(Refusal::Busy) => std::thread::yield_now(),
                Err(refusal) => return Err(handles::refused(Self::NOUN, refusal)),
            }
        }
    }
}

impl ChannelHandle {
    /// The channel, which stays open for as long as the caller has it.
    pub(crate) fn get(self) -> Result<Opened, Failed> {
        self.enter().map(|inside| inside.clone())
    }
}

/// Puts the channel where the program wants its handle.
fn hand_out(channel: Opened, into: &mut ChannelHandle) -> Result<(), Failed> {
    *into = ChannelHandle::new(channel)?;
    Ok(())
}

/// Opens or creates the channel of this name. The name is 1 to 100 of A-Z a-z 0-9 . _ - without a leading dot, and stands
/// for $MEMLANE_DIR/NAME.lane (default folder: /dev/shm/memlane-UID); with a slash it is a path. The folder has to exist; only
/// the default one is made.
///
/// `kind` is MEMLANE_SPSC, MEMLANE_MPMC, MEMLANE_MPSC or MEMLANE_WATCH, or MEMLANE_ANY_KIND for that of a channel that exists. `how` is MEMLANE_OPEN, MEMLANE_CREATE or MEMLANE_OPEN_OR_CREATE; the last one
/// returns MEMLANE_OK, MEMLANE_CREATED or MEMLANE_REPLACED_STALE. `options` may be null. Does not wait. `channel` is
/// written on success only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_open(
    channel: *mut ChannelHandle,
    name: *const c_char,
    kind: u32,
    how: u32,
    options: *const Options,
) -> Status {
    call(|| {
        // SAFETY: the crate's contract.
        let (into, name) = unsafe { (out(channel, "channel")?, arguments::name(name)?) };
        // SAFETY: the crate's contract.
        let options = unsafe { Options::of_kind(kind, options) }?;
        let opened = match how {
            MEMLANE_OPEN => options.open(name).map_err(|error| error.fail())?,
            MEMLANE_CREATE => options.create(name).map_err(|error| error.fail())?,
            MEMLANE_OPEN_OR_CREATE => options.open_or_create(name).map_err(|error| error.fail())?,
            _ => {
                return Err(invalid(format!(
                    "how is {how}: use MEMLANE_OPEN, MEMLANE_CREATE or MEMLANE_OPEN_OR_CREATE"
                )));
            }
        };
        let opened = Opened::new(opened, name);
        let status = match opened.origin() {
            Origin::Created if how == MEMLANE_OPEN_OR_CREATE => Status::MEMLANE_CREATED,
            Origin::ReplacedStale => Status::MEMLANE_REPLACED_STALE,
            _ => Status::MEMLANE_OK,
        };
        hand_out(opened, into).map(|()| status)
    })
}

/// Creates a channel without a name: hand it over by memlane_channel_send_to; or hand what memlane_channel_descriptors returns over, by
/// inheritance, and open it there with memlane_channel_open_descriptors. Nobody can truncate such a channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_anonymous(
    channel: *mut ChannelHandle,
    kind: u32,
    options: *const Options,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        let channel = options.anonymous().map_err(|error| error.fail())?;
        hand_out(Opened::new(channel, "(anonymous)"), into)
    })
}

/// Creates a channel in this process's memory, for threads.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_private(
    channel: *mut ChannelHandle,
    kind: u32,
    options: *const Options,
) -> Status {
    done(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        let channel = options.private().map_err(|error| error.fail())?;
        hand_out(Opened::new(channel, "(private)"), into)
    })
}

/// A descriptor that is ours, for one that is the program's.
fn duplicate(descriptor: c_int, what: &'static str) -> Result<OwnedFd, Failed> {
    if descriptor < 0 {
        return Err(invalid(format!("{what} is {descriptor}, which is no descriptor")));
    }
    // SAFETY: not -1; used for one system call only, which says so if it is not open.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    duplicated(descriptor)
}

fn duplicated(descriptor: BorrowedFd<'_>) -> Result<OwnedFd, Failed> {
    let channel = || "(anonymous)".to_owned();
    descriptor.try_clone_to_owned().map_err(|source| {
        memlane::OpenError::Io { channel: channel(), action: "duplicating a descriptor", source }.fail()
    })
}

/// Opens an anonymous channel from its two descriptors, which stay the caller's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_open_descriptors(
    channel: *mut ChannelHandle,
    kind: u32,
    region: c_int,
    locks: c_int,
    options: *const Options,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (into, options) = unsafe { (out(channel, "channel")?, Options::of_kind(kind, options)?) };
        let (region, locks) = (duplicate(region, "region")?, duplicate(locks, "locks")?);
        let channel = options.open_descriptors(region, locks).map_err(|error| error.fail())?;
        hand_out(Opened::new(channel, "(anonymous)"), into)
    })
}

/// Two new descriptors of an anonymous channel, for the caller to hand over and to close. They are closed on exec unless
/// the caller clears that. MEMLANE_INVALID_ARGUMENT for any other channel.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_channel_descriptors(
    channel: ChannelHandle,
    region: *mut c_int,
    locks: *mut c_int,
) -> Status {
    done_with_descriptors(|| {
        // SAFETY: the crate's contract.
        let (region, locks) = unsafe { (out(region, "region")?, out(locks, "locks")?) };
        let opened = channel.get()?;
        let descriptors = opened.channel.descriptors();
        let Some((for_region, for_locks)) = descriptors else {
            return Err(invalid(format!("channel {} is not anonymous and has no descriptors", opened.label)));
        };
        let (for_region, for_locks) = (duplicated(for_region)?, duplicated(for_locks)?);
        (*region, *locks) = (for_region.into_raw_fd(), for_locks.into_raw_fd());
        Ok(())
    })
}

/// Gives the handle back. The channel stays, and so do its senders and receivers, here and elsewhere.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_channel_close(channel: ChannelHandle) -> Status {
    done(|| channel.remove().map(drop))
}

/// Ends the channel for everybody, for good: senders get MEMLANE_DISCONNECTED at their next call, receivers when they have
/// drained it. What is being sent at this moment may stay in the channel: to lose nothing, close the senders instead. Wakes
/// the participants that wait; in a forked child it does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_channel_shutdown(channel: ChannelHandle) -> Status {
    done(|| {
        channel.get()?.shut_down();
        Ok(())
    })
}

/// Removes the channel's file with the messages that are still in it; the handle stays open. MEMLANE_IN_USE while anybody
/// lives in it, this process's senders and receivers included.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_channel_remove(channel: ChannelHandle) -> Status {
    done(|| {
        let opened = channel.get()?;
        opened.channel.remove().map_err(|error| error.fail())
    })
}

/// Removes the channel of this name with the messages that are still in it. MEMLANE_IN_USE while anybody lives in it;
/// MEMLANE_NOT_A_CHANNEL and MEMLANE_UNSUPPORTED_FILESYSTEM where that cannot be known: these yield to force.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_remove(name: *const c_char) -> Status {
    // SAFETY: the crate's contract.
    done(|| memlane::remove(unsafe { arguments::name(name) }?).map_err(|error| error.fail()))
}

/// The same even if somebody lives in it: senders get MEMLANE_REMOVED at their next call, receivers when they have drained it.
/// A file or a link of this name that is no channel goes as well; folders, pipes, sockets and devices never do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlane_remove_forced(name: *const c_char) -> Status {
    // SAFETY: the crate's contract.
    done(|| memlane::remove_forced(unsafe { arguments::name(name) }?).map_err(|error| error.fail()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detail::memlane_last_error_detail;
    use std::ffi::CStr;

    #[test]
    fn a_process_that_has_all_the_handles_there_are_is_told() {
        let channel = memlane::spsc::Options::new().capacity(4096).private().unwrap();
        let opened = Opened { channel: channel.into(), label: "(private)".into() };
        let handles: Vec<_> = (0..65_536).map(|_| ChannelHandle::new(opened.clone()).unwrap()).collect();
        assert_eq!(ChannelHandle::new(opened.clone()), Err(Failed(Status::MEMLANE_TOO_MANY_HANDLES)));
        // SAFETY: a C string, looked at before the next call.
        let detail = unsafe { CStr::from_ptr(memlane_last_error_detail()) };
        assert!(detail.to_str().unwrap().contains("close some"), "{detail:?}");
        drop(handles[1000].remove().unwrap());
        assert!(ChannelHandle::new(opened).is_ok());
    }
}
