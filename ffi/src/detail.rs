//! The sentence behind the last failure of each thread.
//!
//! Failures are recorded where they happen, so that what travels on is a number. Polling an empty or full channel fails
//! all the time: such a failure is recorded without building a sentence; that is made when somebody asks for it.

use crate::status::Status;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};
use std::sync::Arc;

/// A failure that is recorded already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) struct Failed(pub(crate) Status);

/// The last failure of a thread.
enum Last {
    /// There was none.
    Nothing,
    /// A plain one, with what there is to say of it, on this channel: the sentence is not built yet.
    Plain(Status, fn() -> String, Arc<str>),
    /// The sentence.
    Text(CString),
}

thread_local! {
    static LAST: RefCell<Last> = const { RefCell::new(Last::Nothing) };
}

/// Records a failure with its sentence.
#[cold]
pub(crate) fn record(status: Status, sentence: String) -> Failed {
    // A zero byte cannot come from any channel name or error of the engine; if one did, the sentence would end there.
    let text = CString::new(sentence).unwrap_or_else(|error| {
        let end = error.nul_position();
        let mut bytes = error.into_vec();
        bytes.truncate(end);
        CString::new(bytes).unwrap_or_default()
    });
    // A thread that is being torn down has no place for it any more.
    let _ = LAST.try_with(|last| *last.borrow_mut() = Last::Text(text));
    Failed(status)
}

/// Records a failure of which the same is to be said every time.
pub(crate) fn record_plain(status: Status, say: fn() -> String, channel: &Arc<str>) -> Failed {
    let _ = LAST.try_with(|last| {
        let mut last = last.borrow_mut();
        if let Last::Plain(known, known_say, of) = &mut *last
            && *known == status
            && Arc::ptr_eq(of, channel)
        {
            // Sending and receiving have statuses in common.
            *known_say = say;
            return;
        }
        *last = Last::Plain(status, say, Arc::clone(channel));
    });
    Failed(status)
}

/// What the last call of this thread that failed has to say: which channel, what happened, what to do. Calls that succeed
/// leave it as it is. Never null; empty if nothing failed yet. Valid until the next call of this thread that fails.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_last_error_detail() -> *const c_char {
    let text = LAST.try_with(|last| {
        let mut last = last.borrow_mut();
        if let Last::Plain(_, say, channel) = &*last {
            let sentence = format!("channel {channel}: {}", say());
            *last = Last::Text(CString::new(sentence).unwrap_or_default());
        }
        match &*last {
            // The heap's, not the cell's: it stays where it is until the next failure drops it.
            Last::Text(text) => text.as_ptr(),
            _ => <&CStr>::default().as_ptr(),
        }
    });
    text.unwrap_or(<&CStr>::default().as_ptr())
}
