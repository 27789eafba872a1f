//! What each process has one of: a child that inherits its parent's makes its own.
//!
//! A lock that another thread of the parent held when the child was born stays locked in the child for ever. So the child does not
//! touch what it inherited.

use super::fork::ProcessMark;
use crate::sync::AtomicPtr;
use crate::sync::Ordering::{AcqRel, Acquire};

/// One `T` a process, made when it is first asked for, and never freed.
#[derive(Debug)]
pub(crate) struct PerProcess<T: 'static>(AtomicPtr<Owned<T>>);

#[derive(Debug)]
struct Owned<T> {
    mark: ProcessMark,
    value: T,
}

impl<T: Sync + Send + 'static> PerProcess<T> {
    /// No process has one yet.
    pub(crate) const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// This process's.
    pub(crate) fn get(&self, make: impl Fn() -> T) -> &'static T {
        // EDGE own→process: pairs with the Release below.
        let mut found = self.0.load(Acquire);
        loop {
            // SAFETY: what was published is never freed, and only read.
            match unsafe { found.as_ref() } {
                Some(owned) if !owned.mark.is_foreign() => return &owned.value,
                _ => found = self.publish(found, make()),
            }
        }
    }

    /// Publishes a value in place of what was found. Returns what is there behind that.
    #[cold]
    fn publish(&self, found: *mut Owned<T>, value: T) -> *mut Owned<T> {
        let fresh = Box::into_raw(Box::new(Owned { mark: ProcessMark::current(), value }));
        // EDGE own→process: the value is made before; Acquire for what another thread published first.
        match self.0.compare_exchange(found, fresh, AcqRel, Acquire) {
            Ok(_) => fresh,
            Err(first) => {
                // SAFETY: made above, and not published.
                drop(unsafe { Box::from_raw(fresh) });
                first
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fork::tests::in_a_child;
    use super::*;
    use crate::sync::AtomicU32;
    use crate::sync::Ordering::Relaxed;

    #[test]
    fn a_process_has_one_and_a_child_another() {
        static NUMBERS: PerProcess<AtomicU32> = PerProcess::new();
        let own = NUMBERS.get(|| AtomicU32::new(1));
        assert!(std::ptr::eq(own, NUMBERS.get(|| AtomicU32::new(2))));
        assert!(in_a_child(|| NUMBERS.get(|| AtomicU32::new(3)).load(Relaxed) == 3));
        assert_eq!(NUMBERS.get(|| AtomicU32::new(4)).load(Relaxed), 1);
    }
}
