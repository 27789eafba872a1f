//! The routines that copy payload bytes in and out of shared memory.

use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::ptr::NonNull;

/// Up to this many bytes are copied word by word in line, larger ones by the C library.
const SMALL: usize = 64;

/// Copies `bytes` to `place`.
///
/// # Safety
/// `place` is aligned to 8 and valid for writes of `bytes.len()` bytes.
#[inline]
pub(super) unsafe fn copy_in(bytes: &[u8], place: NonNull<u8>) {
    if bytes.len() > SMALL {
        // SAFETY: passed on from the caller; private memory and the ring do not overlap.
        return unsafe { copy_large(NonNull::from(bytes).cast(), place, bytes.len()) };
    }
    let (words, rest) = bytes.as_chunks::<8>();
    for (index, word) in words.iter().enumerate() {
        // SAFETY: the word lies within the bytes that the caller vouches for, at a multiple of 8.
        unsafe { place.add(index * 8).cast::<AtomicU64>().as_ref() }.store(u64::from_le_bytes(*word), Relaxed);
    }
    if !rest.is_empty() {
        // SAFETY: the rest lies within the bytes that the caller vouches for.
        unsafe { place.add(words.len() * 8).copy_from_nonoverlapping(NonNull::from(rest).cast(), rest.len()) }
    }
}

/// Fills `buffer` from `place`, reading every byte once.
///
/// # Safety
/// `place` is aligned to 8 and valid for reads of `buffer.len()` bytes.
#[inline]
pub(super) unsafe fn copy_out(place: NonNull<u8>, buffer: &mut [u8]) {
    if buffer.len() > SMALL {
        let length = buffer.len();
        // SAFETY: passed on from the caller; private memory and the ring do not overlap.
        return unsafe { copy_large(place, NonNull::from(buffer).cast(), length) };
    }
    let (words, rest) = buffer.as_chunks_mut::<8>();
    let whole = words.len() * 8;
    for (index, word) in words.iter_mut().enumerate() {
        // SAFETY: the word lies within the bytes that the caller vouches for, at a multiple of 8. A relaxed atomic load
        // happens exactly once, so that nothing that was checked can be read again as something else.
        *word = unsafe { place.add(index * 8).cast::<AtomicU64>().as_ref() }.load(Relaxed).to_le_bytes();
    }
    for (index, byte) in rest.iter_mut().enumerate() {
        // SAFETY: the byte lies within the bytes that the caller vouches for; a volatile load happens exactly once.
        *byte = unsafe { place.add(whole + index).read_volatile() };
    }
}

/// Copies `length` bytes from `from` to `to`.
///
/// Never inlined: the compiler must not see through it, or it could replace a later look at the copy by a second look at
/// the shared original.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `length` bytes, and they do not overlap.
#[inline(never)]
pub(super) unsafe fn copy_large(from: NonNull<u8>, to: NonNull<u8>, length: usize) {
    // SAFETY: passed on from the caller.
    unsafe { to.copy_from_nonoverlapping(from, length) }
}
