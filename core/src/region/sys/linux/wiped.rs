//! Words that a forked child finds zero, for whatever a handle must not go on with there.
//!
//! ```text
//! SHEETS ─► Sheet ─► Sheet ─► …          which words are taken: inherited by a child, with the handles that they belong to
//!             │        │
//!             ▼        ▼
//!           64 words, a line each        on pages that the kernel zeroes in a child (`MADV_WIPEONFORK`), or zeroed by a fork handler
//! ```
//!
//! A [mark](super::fork) costs each call a comparison. A word that a call compares anyway costs nothing, if zero means that the call
//! has to look around: it does so in a child, and finds the mark there.
//!
//! Invariants:
//! 1. *A word has one owner.* A child inherits who owns which word, though all words are zero there: so no handle that it makes gets
//!    the word of one that it inherited, and that one finds zero for as long as it lives.
//! 2. *Nothing is freed.* A word that was given back is taken again. So none points nowhere, whatever thread made it.
//!
//! As in `fork`, no thread waits for another one.

use super::pages::wiped_on_fork;
use crate::sync::Ordering::{Acquire, Relaxed, Release};
use crate::sync::{AtomicPtr, AtomicU64};
use rustix::io::Errno;

/// Words of a sheet: one for each bit of `taken`.
const WORDS: usize = 64;

/// A word that a forked child finds zero, for one owner.
///
/// Where the kernel wipes no pages, it is a word that a fork handler zeroes: then a child of `fork` finds zero, and a child of a bare
/// `clone` does not, as with the [mark](super::fork). Where not even a handler can be had, it is zero, and stays so.
#[derive(Debug)]
pub(crate) struct WipedWord {
    word: &'static AtomicU64,
    /// Where it is given back: the sheet, and its bit there.
    home: Option<(&'static Sheet, u64)>,
}

/// One word on a line of its own, for each has another thread that stores into it.
#[derive(Debug)]
#[repr(C, align(64))]
struct Line(AtomicU64);

/// Words that are handed out.
#[derive(Debug)]
struct Sheet {
    lines: &'static [Line; WORDS],
    /// Bit i: word i is taken.
    taken: AtomicU64,
    next: AtomicPtr<Sheet>,
}

/// The sheet that was made last.
static SHEETS: AtomicPtr<Sheet> = AtomicPtr::new(std::ptr::null_mut());

/// What a handle has for which there is no word: no thread stores anything but zero into it.
static NONE: AtomicU64 = AtomicU64::new(0);

impl WipedWord {
    /// A word, which is zero. Where nothing zeroes words in children, it stays zero.
    pub(crate) fn take() -> Self {
        // EDGE sheet→word: pairs with the Release in `publish`.
        let mut sheet = SHEETS.load(Acquire);
        // SAFETY: a sheet that was published is never freed.
        while let Some(found) = unsafe { sheet.as_ref() } {
            if let Some(word) = found.take() {
                return word;
            }
            // Relaxed: it came with the sheet.
            sheet = found.next.load(Relaxed);
        }
        add_sheet().and_then(Sheet::take).unwrap_or(Self::none())
    }

    /// A word that stays zero.
    pub(in crate::region) fn none() -> Self {
        Self { word: &NONE, home: None }
    }

    /// The word.
    #[inline]
    pub(crate) fn word(&self) -> &AtomicU64 {
        self.word
    }

    /// Makes it zero.
    #[inline]
    pub(crate) fn clear(&self) {
        self.word.store(0, Relaxed);
    }

    /// Stores into it, if it is not one that stays zero.
    #[inline]
    pub(crate) fn set(&self, value: u64) {
        if self.home.is_some() {
            self.word.store(value, Relaxed);
        }
    }
}

impl Drop for WipedWord {
    fn drop(&mut self) {
        if let Some((sheet, bit)) = self.home {
            self.clear();
            // EDGE word→owner: pairs with the Acquire in `Sheet::take`.
            sheet.taken.fetch_and(!bit, Release);
        }
    }
}

impl Sheet {
    /// One of its words, if one is free.
    fn take(&'static self) -> Option<WipedWord> {
        let mut taken = self.taken.load(Relaxed);
        loop {
            let index = taken.trailing_ones() as usize;
            let word = &self.lines.get(index)?.0;
            let bit = 1 << index;
            // EDGE word→owner: pairs with the Release in `WipedWord::drop`, so that its last owner's stores are over.
            match self.taken.compare_exchange_weak(taken, taken | bit, Acquire, Relaxed) {
                Ok(_) => return Some(WipedWord { word, home: Some((self, bit)) }),
                Err(now) => taken = now,
            }
        }
    }
}

/// Adds a sheet, unless nothing can be had that zeroes words in children. Other threads may take its words before the caller does.
#[cold]
fn add_sheet() -> Option<&'static Sheet> {
    let lines = match wiped_lines() {
        Ok(lines) => lines,
        // The kernel wipes no pages. So the mark is a word that a handler zeroes, too, and these need not be better.
        Err(Errno::INVAL) => lines_for_the_handler()?,
        // The process is out of mappings, or of memory.
        Err(_) => return None,
    };
    Some(publish(lines))
}

/// Lines on a page that the kernel zeroes in a child.
fn wiped_lines() -> Result<&'static [Line; WORDS], Errno> {
    let page = wiped_on_fork(size_of::<[Line; WORDS]>())?;
    // SAFETY: as many bytes were mapped, aligned to a page, and are never unmapped; zero is a valid atomic.
    Ok(unsafe { page.cast().as_ref() })
}

/// Lines on the heap, which a fork handler zeroes. `None`: the C library has no memory for the handler.
fn lines_for_the_handler() -> Option<&'static [Line; WORDS]> {
    // Once for each sheet: a handler that runs several times does no harm, and no thread has to wait for another one.
    // SAFETY: the handler only loads and stores words that are never freed.
    let error = unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) };
    (error == 0).then(|| &*Box::leak(Box::new(std::array::from_fn(|_| Line(AtomicU64::new(0))))))
}

unsafe extern "C" fn after_fork_in_child() {
    zero_all();
}

/// Zeroes every word, those too that the kernel has zeroed already.
fn zero_all() {
    // EDGE sheet→word: pairs with the Release in `publish`.
    let mut sheet = SHEETS.load(Acquire);
    // SAFETY: a sheet that was published is never freed.
    while let Some(found) = unsafe { sheet.as_ref() } {
        found.lines.iter().for_each(|line| line.0.store(0, Relaxed));
        sheet = found.next.load(Relaxed);
    }
}

/// Makes a sheet of zeroed lines, none of which is taken.
fn publish(lines: &'static [Line; WORDS]) -> &'static Sheet {
    let sheet = Box::leak(Box::new(Sheet { lines, taken: AtomicU64::new(0), next: AtomicPtr::default() }));
    let mut next = SHEETS.load(Relaxed);
    loop {
        sheet.next.store(next, Relaxed);
        // EDGE sheet→word: pairs with the Acquire in `WipedWord::take` and `zero_all`. A read-modify-write continues what
        // the others published.
        match SHEETS.compare_exchange_weak(next, std::ptr::from_mut(sheet), Release, Relaxed) {
            Ok(_) => return sheet,
            Err(now) => next = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fork::tests::{has_succeeded, in_a_child};
    use super::*;
    use std::collections::HashSet;

    fn addresses(words: &[WipedWord]) -> HashSet<*const AtomicU64> {
        words.iter().map(|word| std::ptr::from_ref(word.word())).collect()
    }

    #[test]
    fn every_word_has_one_owner_and_comes_back_zero() {
        let words: Vec<_> = (0..3 * WORDS).map(|_| WipedWord::take()).collect();
        let all = addresses(&words);
        assert_eq!(all.len(), words.len(), "none twice");
        words.iter().for_each(|word| word.set(7));
        drop(words);
        let again: Vec<_> = (0..3 * WORDS).map(|_| WipedWord::take()).collect();
        assert!(again.iter().all(|word| word.word().load(Relaxed) == 0));
        assert!(
            addresses(&again).intersection(&all).count() > WORDS,
            "they are taken again, as far as other tests let them"
        );
    }

    #[test]
    fn a_child_finds_zero_and_gives_nobody_the_words_of_what_it_inherited() {
        let inherited = WipedWord::take();
        inherited.set(7);
        assert!(in_a_child(|| {
            let is_wiped = inherited.word().load(Relaxed) == 0;
            let new = WipedWord::take();
            new.set(9);
            is_wiped && inherited.word().load(Relaxed) == 0 && new.word().load(Relaxed) == 9
        }));
        assert_eq!(inherited.word().load(Relaxed), 7, "here it stays");
    }

    #[test]
    fn a_word_that_the_kernel_does_not_wipe_is_zeroed_by_the_handler() {
        let sheet = publish(lines_for_the_handler().unwrap());
        let inherited = sheet.take().unwrap();
        inherited.set(7);
        // SAFETY: the child only loads and exits; the handlers that run in it are the engine's.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: ends the child at once.
            unsafe { libc::_exit(i32::from(inherited.word().load(Relaxed) != 0)) };
        }
        assert!(has_succeeded(child));
        assert_eq!(inherited.word().load(Relaxed), 7, "here it stays");
    }

    #[test]
    fn a_child_that_drops_what_it_inherited_gets_zero_words_and_its_parent_keeps_its_own() {
        let mut inherited: Vec<_> = (0..2 * WORDS).map(|_| WipedWord::take()).collect();
        inherited.iter().for_each(|word| word.set(7));
        assert!(in_a_child(|| {
            // What it holds on to finds zero for good, though the words of its neighbours are taken again.
            let kept = inherited.pop();
            inherited.iter_mut().for_each(|word| drop(std::mem::replace(word, WipedWord::take())));
            inherited.iter().for_each(|word| word.set(9));
            kept.is_some_and(|word| word.word().load(Relaxed) == 0)
                && inherited.iter().all(|word| word.word().load(Relaxed) == 9)
        }));
        assert!(inherited.iter().all(|word| word.word().load(Relaxed) == 7), "here they stay");
    }
}
