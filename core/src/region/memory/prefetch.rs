//! Prefetching a cache line for writing: asking for a line, and for the right to write to it, without waiting for either.
//!
//! A plain prefetch brings a line that two cores share from then on; the first store to it has to wait for the other core once
//! more. The processor's own instruction is written by hand here. The intrinsic that has its name (`_mm_prefetch` with
//! `_MM_HINT_ET0`) becomes a plain prefetch, unless the whole program is compiled for processors that have the instruction.

use crate::sync::AtomicU64;

/// Takes the lines of these words to this core, for writing, some time soon.
///
/// A hint: no memory changes, and nothing waits. It is for lines that this participant alone may write to, and soon will. The
/// core of a peer that still uses one would have to fetch it back.
///
/// It does nothing on a processor without such an instruction, and before [`learn_prefetching`].
#[inline(always)]
pub(in crate::region) fn prefetch_write<'a>(words: impl IntoIterator<Item = &'a AtomicU64>) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    x86_64::prefetch_write(words);
    #[cfg(all(target_arch = "aarch64", not(miri)))]
    for word in words {
        // SAFETY: every processor of this architecture has the instruction. It changes neither memory nor registers nor flags,
        // and faults at no address; this one is valid besides.
        unsafe {
            std::arch::asm!(
                "prfm pstl1keep, [{0}]", in(reg) std::ptr::from_ref(word).addr(),
                options(nomem, nostack, preserves_flags)
            );
        }
    }
    #[cfg(any(miri, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
    let _ = words;
}

/// Finds out once whether this processor can prefetch for writing. Called before a view is made of words that are written often.
pub(in crate::region) fn learn_prefetching() {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    x86_64::learn();
}

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86_64 {
    use crate::sync::Ordering::Relaxed;
    use crate::sync::{AtomicU32, AtomicU64};
    use std::arch::x86_64::__cpuid;

    /// Whether the processor has the instruction. Intel's manuals promise nothing for one that does not say so: some of the
    /// first with 64 bits may refuse it.
    // Not a `OnceLock`: a child that is born while another thread initialises it would wait for that thread for ever.
    static KNOWN: AtomicU32 = AtomicU32::new(UNKNOWN);
    const UNKNOWN: u32 = 0;
    const ABSENT: u32 = 1;
    const PRESENT: u32 = 2;

    #[inline(always)]
    pub(super) fn prefetch_write<'a>(words: impl IntoIterator<Item = &'a AtomicU64>) {
        if KNOWN.load(Relaxed) != PRESENT {
            return;
        }
        for word in words {
            // SAFETY: `learn` found that this processor has the instruction. It changes neither memory nor registers nor
            // flags, and faults at no address; this one is valid besides.
            unsafe {
                std::arch::asm!(
                    "prefetchw [{0}]", in(reg) std::ptr::from_ref(word).addr(),
                    options(nomem, nostack, preserves_flags)
                );
            }
        }
    }

    pub(super) fn learn() {
        if KNOWN.load(Relaxed) == UNKNOWN {
            KNOWN.store(if has_prefetchw() { PRESENT } else { ABSENT }, Relaxed);
        }
    }

    /// What the processor says of itself: PRFCHW of Intel, 3DNowPrefetch of AMD, which are one bit.
    fn has_prefetchw() -> bool {
        const EXTENDED: u32 = 0x8000_0000;
        const FEATURES: u32 = 0x8000_0001;
        const PRFCHW: u32 = 1 << 8;
        #[allow(unused_unsafe, reason = "safe from Rust 1.94 on")]
        // SAFETY: every processor of this architecture has `cpuid`, which changes nothing.
        unsafe {
            __cpuid(EXTENDED).eax >= FEATURES && __cpuid(FEATURES).ecx & PRFCHW != 0
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_kernel_agrees_on_whether_the_processor_can_prefetch_for_writing() {
            let information = std::fs::read_to_string("/proc/cpuinfo").unwrap();
            let flags = information.lines().find(|line| line.starts_with("flags")).unwrap();
            assert_eq!(has_prefetchw(), flags.split_whitespace().any(|flag| flag == "3dnowprefetch"));
            learn();
            prefetch_write([&AtomicU64::new(0)]);
        }
    }
}
