//! Payload bytes in shared memory: the routines that copy them in and out, and borrowing them.

use super::trust::TrustPeers;
use crate::sync::AtomicU64;
use crate::sync::Ordering::Relaxed;
use std::collections::TryReserveError;
use std::marker::PhantomData;
use std::ptr::NonNull;

/// Up to this many bytes are copied in line, by a word or two at a time; more by the C library.
///
/// The C library's routines load more than 16 bytes at once. If the message was just put together, these bytes are still on
/// their way to the cache, in several stores, and the load waits for all of them.
const SHORT: usize = 256;

/// Bytes of a message in shared memory.
#[derive(Debug, Clone, Copy)]
pub(in crate::region) struct PayloadView<'a> {
    start: NonNull<u8>,
    length: usize,
    memory: PhantomData<&'a ()>,
}

impl<'a> PayloadView<'a> {
    /// The `length` bytes at `start`.
    ///
    /// # Safety
    /// `start` is aligned to 8, and valid for reads and writes of `length` bytes of initialised memory (all of a file or
    /// zeroed allocation is) for `'a`. A lane's headers or a slot's word decide which participant writes to them, and which
    /// reads them; a peer that does not obey garbles copies, nothing else.
    #[inline]
    pub(in crate::region) unsafe fn new(start: NonNull<u8>, length: usize) -> Self {
        Self { start, length, memory: PhantomData }
    }

    /// Copies `bytes` to the place `skip` bytes from the start, up to the end.
    #[inline]
    pub(in crate::region) fn write(self, skip: usize, bytes: &[u8]) {
        debug_assert_eq!(skip + bytes.len(), self.length);
        // SAFETY: valid for `skip + bytes.len()` bytes, as this type promises, and aligned to 8 at its start.
        unsafe {
            if skip == 0 {
                copy_in(bytes, self.start);
            } else {
                copy_large(NonNull::from(bytes).cast(), self.start.add(skip), bytes.len());
            }
        }
    }

    /// Copies all of it into `buffer`, which is as long.
    #[inline]
    pub(in crate::region) fn read(self, buffer: &mut [u8]) {
        debug_assert_eq!(buffer.len(), self.length);
        // SAFETY: valid for `buffer.len()` bytes, as this type promises, and aligned to 8.
        unsafe { copy_out(self.start, buffer) }
    }

    /// Copies the bytes behind the first `skip` into `buffer`, up to the end.
    #[inline]
    pub(in crate::region) fn read_behind(self, skip: usize, buffer: &mut [u8]) {
        debug_assert_eq!(skip + buffer.len(), self.length);
        // SAFETY: valid for `skip + buffer.len()` bytes, as this type promises, and aligned to 8 at its start; private memory and
        // the ring do not overlap.
        unsafe {
            if skip == 0 {
                copy_out(self.start, buffer);
            } else {
                let length = buffer.len();
                copy_large(self.start.add(skip), NonNull::from(buffer).cast(), length);
            }
        }
    }

    /// Copies all of it to the end of `vector`, which grows by it, unless there is no memory for that.
    pub(in crate::region) fn append_to(self, vector: &mut Vec<u8>) -> Result<(), TryReserveError> {
        vector.try_reserve(self.length)?;
        let end = vector.len();
        // SAFETY: valid for reads, as this type promises; `try_reserve` made room for as many bytes behind the vector's end, and
        // the copy initialises them before the length covers them.
        unsafe {
            let spare = NonNull::new_unchecked(vector.as_mut_ptr().add(end));
            copy_large(self.start, spare, self.length);
            vector.set_len(end + self.length);
        }
        Ok(())
    }

    /// Borrows all of it.
    #[inline]
    pub(in crate::region) fn borrow(self, _: TrustPeers) -> &'a [u8] {
        // SAFETY: valid and initialised, as this type promises; that nobody writes to it meanwhile is what
        // `TrustPeers::promise` promised.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    /// Borrows all of it for writing.
    ///
    /// # Safety
    /// In this process, nobody else has a view of these bytes for `'a`.
    #[inline]
    pub(in crate::region) unsafe fn borrow_mut(self, _: TrustPeers) -> &'a mut [u8] {
        // SAFETY: valid and initialised, as this type promises; this process's only view, as the caller promises; that no
        // other process touches it is what `TrustPeers::promise` promised.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

/// Copies `bytes` to `place`.
///
/// # Safety
/// `place` is aligned to 8 and valid for writes of `bytes.len()` bytes.
#[inline]
unsafe fn copy_in(bytes: &[u8], place: NonNull<u8>) {
    if bytes.len() > SHORT {
        // SAFETY: passed on from the caller; private memory and the ring do not overlap.
        return unsafe { copy_large(NonNull::from(bytes).cast(), place, bytes.len()) };
    }
    let (lots, rest) = bytes.as_chunks::<32>();
    for (index, lot) in lots.iter().enumerate() {
        // SAFETY: the four words lie within the bytes that the caller vouches for, from a multiple of 8 on.
        unsafe { store_words(lot.as_chunks().0, place.add(index * 32)) };
    }
    let whole = lots.len() * 32;
    let (words, rest) = rest.as_chunks::<8>();
    // SAFETY: the words lie within the bytes that the caller vouches for, from a multiple of 8 on.
    unsafe { store_words(words, place.add(whole)) };
    let whole = whole + words.len() * 8;
    if !rest.is_empty() {
        // SAFETY: the rest lies within the bytes that the caller vouches for.
        unsafe { place.add(whole).copy_from_nonoverlapping(NonNull::from(rest).cast(), rest.len()) }
    }
}

/// Stores words one after the other.
///
/// # Safety
/// `place` is aligned to 8 and valid for writes of as many words.
#[inline(always)]
unsafe fn store_words(words: &[[u8; 8]], place: NonNull<u8>) {
    for (index, word) in words.iter().enumerate() {
        // SAFETY: the word lies within what the caller vouches for, at a multiple of 8.
        unsafe { place.add(index * 8).cast::<AtomicU64>().as_ref() }.store(u64::from_le_bytes(*word), Relaxed);
    }
}

/// Fills `buffer` from `place`, reading every byte once.
///
/// # Safety
/// `place` is aligned to 8 and valid for reads of `buffer.len()` bytes.
#[inline]
pub(in crate::region) unsafe fn copy_out(place: NonNull<u8>, buffer: &mut [u8]) {
    if buffer.len() > SHORT {
        let length = buffer.len();
        // SAFETY: passed on from the caller; private memory and the ring do not overlap.
        return unsafe { copy_large(place, NonNull::from(buffer).cast(), length) };
    }
    let (pairs, rest) = buffer.as_chunks_mut::<16>();
    let whole = pairs.len() * 16;
    for (index, pair) in pairs.iter_mut().enumerate() {
        // SAFETY: the pair lies within the bytes that the caller vouches for, at a multiple of 8.
        *pair = unsafe { load_pair(place.add(index * 16)) };
    }
    let (words, rest) = rest.as_chunks_mut::<8>();
    for (index, word) in words.iter_mut().enumerate() {
        // SAFETY: the word lies within the bytes that the caller vouches for, at a multiple of 8. A relaxed atomic load
        // happens exactly once, so that nothing that was checked can be read again as something else.
        *word = unsafe { place.add(whole + index * 8).cast::<AtomicU64>().as_ref() }.load(Relaxed).to_le_bytes();
    }
    let whole = whole + words.len() * 8;
    for (index, byte) in rest.iter_mut().enumerate() {
        // SAFETY: the byte lies within the bytes that the caller vouches for; a volatile load happens exactly once.
        *byte = unsafe { place.add(whole + index).read_volatile() };
    }
}

/// What the processor loads and stores as a whole, in 16 bytes.
#[cfg(target_arch = "x86_64")]
type Pair = std::arch::x86_64::__m128i;
#[cfg(not(target_arch = "x86_64"))]
type Pair = u128;

/// Two words, read once.
///
/// As a whole, because the caller may read the copy as a whole: a load that needs two stores which are still on their way
/// to the cache waits for both, some ten times as long as for one.
///
/// # Safety
/// `place` is aligned to 8 and valid for reads of 16 bytes.
#[inline(always)]
unsafe fn load_pair(place: NonNull<u8>) -> [u8; 16] {
    #[derive(Clone, Copy)]
    #[repr(C, packed(8))]
    struct AlignedToWords(Pair);
    // SAFETY: passed on from the caller; a volatile load happens exactly once.
    let AlignedToWords(pair) = unsafe { place.cast::<AlignedToWords>().read_volatile() };
    // SAFETY: both are 16 bytes, any of which are valid.
    unsafe { std::mem::transmute::<Pair, [u8; 16]>(pair) }
}

/// Copies `length` bytes from `from` to `to`.
///
/// Never inlined: the compiler must not see through it, or it could replace a later look at the copy by a second look at
/// the shared original.
///
/// # Safety
/// `from` is valid for reads and `to` for writes of `length` bytes, and they do not overlap.
#[inline(never)]
unsafe fn copy_large(from: NonNull<u8>, to: NonNull<u8>, length: usize) {
    // SAFETY: passed on from the caller.
    unsafe { to.copy_from_nonoverlapping(from, length) }
}
