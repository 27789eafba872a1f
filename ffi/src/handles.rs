//! The handles that a C program holds: numbers into one [`Table`] for each type.
//!
//! A sender or receiver is used by one thread at a time, as in Rust; a second one is told so. A channel may be used by
//! many: a call only copies what it needs out of the table, so there they wait for each other for some instructions.

use crate::call::Failed;
use crate::channel::Opened;
use crate::detail;
use crate::receiver::Receiving;
use crate::sender::Sending;
use crate::status::Status;
use crate::table::{Inside, Refusal, Table};

/// A channel that this process has opened. All zero is no channel. Any number of threads may use it at once.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChannelHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A sender. All zero is no sender. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderHandle {
    /// Nobody's business.
    pub id: u64,
}

/// A receiver. All zero is no receiver. One thread at a time may use it, any thread; another one gets MEMLANE_BUSY.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReceiverHandle {
    /// Nobody's business.
    pub id: u64,
}

static CHANNELS: Table<Opened> = Table::new(1);
static SENDERS: Table<Sending> = Table::new(2);
static RECEIVERS: Table<Receiving> = Table::new(3);

#[cold]
fn refused(what: &str, refusal: Refusal) -> Failed {
    match refusal {
        Refusal::Stale => invalid(what),
        Refusal::Busy => detail::record(
            Status::MEMLANE_BUSY,
            format!("another thread is inside a call with this {what}; give each thread its own"),
        ),
        Refusal::Forked => detail::record(
            Status::MEMLANE_FORKED,
            format!("this {what} belongs to the parent process; open the channel again after a fork"),
        ),
    }
}

/// A handle, or what stands for a message or grant, leads nowhere.
#[cold]
pub(crate) fn invalid(what: &str) -> Failed {
    detail::record(
        Status::MEMLANE_INVALID_HANDLE,
        format!("this is not an open {what}: it was closed or finished, is of another type, or was never made"),
    )
}

fn full<T>(_not_kept: T) -> Failed {
    detail::record(
        Status::MEMLANE_TOO_MANY_HANDLES,
        "65,536 handles of this type are open, which is all there can be; close some".to_owned(),
    )
}

impl ChannelHandle {
    pub(crate) fn new(channel: Opened) -> Result<Self, Failed> {
        CHANNELS.insert(channel).map(|id| Self { id }).map_err(full)
    }

    fn enter(self) -> Result<Inside<'static, Opened>, Failed> {
        loop {
            match CHANNELS.enter(self.id) {
                Ok(inside) => return Ok(inside),
                // Whoever is inside copies a pointer, and is gone.
                Err(Refusal::Busy) => std::thread::yield_now(),
                Err(refusal) => return Err(refused("channel", refusal)),
            }
        }
    }

    /// The channel, which stays open for as long as the caller has it.
    pub(crate) fn get(self) -> Result<Opened, Failed> {
        self.enter().map(|inside| inside.clone())
    }

    pub(crate) fn remove(self) -> Result<Opened, Failed> {
        self.enter().map(Inside::remove)
    }
}

impl SenderHandle {
    pub(crate) fn new(sender: Sending) -> Result<Self, Failed> {
        SENDERS.insert(sender).map(|id| Self { id }).map_err(full)
    }

    #[inline]
    pub(crate) fn enter(self) -> Result<Inside<'static, Sending>, Failed> {
        SENDERS.enter(self.id).map_err(|refusal| refused("sender", refusal))
    }

    pub(crate) fn remove(self) -> Result<Sending, Failed> {
        self.enter().map(Inside::remove)
    }
}

impl ReceiverHandle {
    pub(crate) fn new(receiver: Receiving) -> Result<Self, Failed> {
        RECEIVERS.insert(receiver).map(|id| Self { id }).map_err(full)
    }

    #[inline]
    pub(crate) fn enter(self) -> Result<Inside<'static, Receiving>, Failed> {
        RECEIVERS.enter(self.id).map_err(|refusal| refused("receiver", refusal))
    }

    pub(crate) fn remove(self) -> Result<Receiving, Failed> {
        self.enter().map(Inside::remove)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::ByKind;
    use crate::memlane_last_error_detail;
    use std::ffi::CStr;

    #[test]
    fn a_process_that_has_all_the_handles_there_are_is_told() {
        let channel = memlane::spsc::Options::new().capacity(4096).private().unwrap();
        let opened = Opened { channel: ByKind::Spsc(channel), label: "(private)".into() };
        let handles: Vec<_> = (0..65_536).map(|_| ChannelHandle::new(opened.clone()).unwrap()).collect();
        assert_eq!(ChannelHandle::new(opened.clone()), Err(Failed(Status::MEMLANE_TOO_MANY_HANDLES)));
        // SAFETY: a C string, looked at before the next call.
        let detail = unsafe { CStr::from_ptr(memlane_last_error_detail()) };
        assert!(detail.to_str().unwrap().contains("close some"), "{detail:?}");
        drop(handles[1000].remove().unwrap());
        assert!(ChannelHandle::new(opened).is_ok());
    }
}
