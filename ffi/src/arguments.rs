//! What a C program passes in, checked as far as it can be: null, numbers out of range, text that is none.

use crate::detail::{self, Failed};
use crate::errors::Coded;
use crate::status::Status;
use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

/// An argument that means nothing.
#[cold]
pub(crate) fn invalid(what: impl Into<String>) -> Failed {
    detail::record(Status::MEMLANE_INVALID_ARGUMENT, what.into())
}

/// Bytes of a word: the hot calls have a straight way for a message that is one.
pub(crate) const WORD: usize = size_of::<u64>();

/// How long a call waits.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Timeout {
    Try,
    For(Duration),
    Forever,
}

impl Timeout {
    /// For ever, as programs write it.
    pub(crate) const FOREVER_NS: i64 = -1;

    #[inline]
    pub(crate) fn from_ns(nanoseconds: i64) -> Result<Self, Failed> {
        match nanoseconds {
            0 => Ok(Self::Try),
            1.. => Ok(Self::For(Duration::from_nanos(nanoseconds as u64))),
            Self::FOREVER_NS => Ok(Self::Forever),
            _ => Err(no_timeout(nanoseconds)),
        }
    }

    /// Whether there is a timeout of so many nanoseconds.
    #[inline(always)]
    pub(crate) fn is_one(nanoseconds: i64) -> bool {
        nanoseconds >= Self::FOREVER_NS
    }

    /// Makes the one call of three that waits so long.
    #[inline(always)]
    pub(crate) fn call<E, T, A: Coded, B: Coded, C: Coded>(
        self,
        end: E,
        channel: &Arc<str>,
        at_once: impl FnOnce(E) -> Result<T, A>,
        within: impl FnOnce(E, Duration) -> Result<T, B>,
        for_ever: impl FnOnce(E) -> Result<T, C>,
    ) -> Result<T, Failed> {
        match self {
            Self::Forever => for_ever(end).map_err(|error| error.fail_on(channel)),
            Self::Try => at_once(end).map_err(|error| error.fail_on(channel)),
            Self::For(time) => within(end, time).map_err(|error| error.fail_on(channel)),
        }
    }
}

#[cold]
fn no_timeout(nanoseconds: i64) -> Failed {
    invalid(format!("a timeout of {nanoseconds} ns: use nanoseconds, 0 to try, or -1 to wait for ever"))
}

#[cold]
fn null(what: &str) -> Failed {
    invalid(format!("{what} is null"))
}

/// Bytes that cannot be. None at a null pointer are fine.
#[cold]
fn no_bytes(is_null: bool, length: usize) -> Result<(), Failed> {
    match is_null {
        true if length == 0 => Ok(()),
        true => Err(invalid(format!("{length} bytes at a null pointer"))),
        false => Err(invalid(format!("{length} bytes are more than there can be"))),
    }
}

/// Where a result goes. Null: `what` is missing.
///
/// # Safety
/// Null, or valid for writing a `T`, and nobody else's for `'a`.
#[inline]
pub(crate) unsafe fn out<'a, T>(pointer: *mut T, what: &str) -> Result<&'a mut T, Failed> {
    // SAFETY: the caller's promise. All types that are passed this way are plain data, so any content is a valid value.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(what))
}

/// Something that is passed by pointer. Null: `what` is missing.
///
/// # Safety
/// Null, or valid for reading a `T`, which nobody writes to for `'a`.
#[inline]
pub(crate) unsafe fn given<'a, T>(pointer: *const T, what: &str) -> Result<&'a T, Failed> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(what))
}

/// Bytes to be sent. Null is fine for none.
///
/// # Safety
/// Null, or valid for reading `length` bytes, which nobody writes to for `'a`.
#[inline]
pub(crate) unsafe fn bytes<'a>(data: *const c_void, length: usize) -> Result<&'a [u8], Failed> {
    if data.is_null() || length > isize::MAX as usize {
        return no_bytes(data.is_null(), length).map(|()| &[][..]);
    }
    // SAFETY: not null, not longer than can be, and otherwise the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(data.cast(), length) })
}

/// Room for a message. Null is fine for none.
///
/// # Safety
/// Null, or valid for writing `capacity` bytes, nobody else's for `'a`.
#[inline]
pub(crate) unsafe fn buffer<'a>(data: *mut c_void, capacity: usize) -> Result<&'a mut [u8], Failed> {
    if data.is_null() || capacity > isize::MAX as usize {
        return no_bytes(data.is_null(), capacity).map(|()| &mut [][..]);
    }
    // SAFETY: not null, not longer than can be, and otherwise the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts_mut(data.cast(), capacity) })
}

/// Whether there can be so many at this place.
fn check_count<T>(is_null: bool, count: usize, what: &str) -> Result<(), Failed> {
    match count.checked_mul(size_of::<T>()) {
        Some(bytes) if bytes <= isize::MAX as usize && (!is_null || count == 0) => Ok(()),
        _ if is_null => Err(null(what)),
        _ => Err(invalid(format!("{count} {what} are more than there can be"))),
    }
}

/// Several of something. Null is fine for none.
///
/// # Safety
/// Null, or valid for reading `count` of them, which nobody writes to for `'a`.
pub(crate) unsafe fn array<'a, T>(first: *const T, count: usize, what: &str) -> Result<&'a [T], Failed> {
    check_count::<T>(first.is_null(), count, what)?;
    if count == 0 {
        return Ok(&[]);
    }
    // SAFETY: not null, not more than can be, and otherwise the caller's promise.
    Ok(unsafe { std::slice::from_raw_parts(first, count) })
}

/// Room for several of something. Null is fine for none.
///
/// # Safety
/// Null, or valid for writing `count` of them, nobody else's for `'a`.
pub(crate) unsafe fn array_out<'a, T>(first: *mut T, count: usize, what: &str) -> Result<&'a mut [T], Failed> {
    check_count::<T>(first.is_null(), count, what)?;
    if count == 0 {
        return Ok(&mut []);
    }
    // SAFETY: as above; all types that are passed this way are plain data, so any content is a valid value.
    Ok(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

/// A text. `None` for null; bytes that are not UTF-8 are `otherwise`.
///
/// # Safety
/// Null, or a string with its zero byte, which nobody writes to for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char, what: &str, otherwise: Status) -> Result<Option<&'a str>, Failed> {
    if text.is_null() {
        return Ok(None);
    }
    // SAFETY: not null, and otherwise the caller's promise.
    let text = unsafe { CStr::from_ptr(text) };
    let shown = text.to_string_lossy();
    text.to_str().map(Some).map_err(|_| detail::record(otherwise, format!("{what} `{shown}` is not UTF-8")))
}

/// The name of a channel.
///
/// # Safety
/// Null, or a string with its zero byte, which nobody writes to for `'a`.
pub(crate) unsafe fn name<'a>(name: *const c_char) -> Result<&'a str, Failed> {
    // SAFETY: the caller's promise.
    let name = unsafe { text(name, "the channel name", Status::MEMLANE_INVALID_NAME) }?;
    name.ok_or_else(|| invalid("the channel name is null"))
}
