//! The model side of the shim: loom's atomics behind the crash fuse.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "this is the shim that the rule points to")]

pub use loom::sync::Mutex;
pub use loom::sync::atomic::Ordering;

/// loom's.
#[track_caller]
pub fn fence(order: Ordering) {
    loom::sync::atomic::fence(order);
}

/// Lets loom run another thread. The engine needs no other thread to make progress, but a model may need one to come to its end.
pub fn spin_loop() {
    loom::thread::yield_now();
}

/// Makes loom try every order of two accesses, where it would skip some.
///
/// loom compares an access only with the last one to the same atomic. Suppose that one thread loads, and another one loads and
/// then stores. loom compares the store with the second load, which is of the same thread. So it never tries the store before
/// the first load. A model in which that matters sets this switch. Then every access also touches a companion of the atomic, by
/// a relaxed read-modify-write, which orders nothing but makes all accesses depend on each other.
pub mod thorough {
    use std::cell::Cell;

    // Model threads share one thread of the system.
    std::thread_local! {
        static THOROUGH: Cell<bool> = const { Cell::new(false) };
    }

    /// Sets the switch for the models that this thread runs from now on.
    pub fn set(thorough: bool) {
        THOROUGH.set(thorough);
    }

    pub(super) fn is_set() -> bool {
        THOROUGH.get()
    }
}

/// Kills a model thread at its k-th shared operation.
pub mod fuse {
    use std::cell::Cell;

    loom::thread_local! {
        static LEFT: Cell<Option<usize>> = Cell::new(None);
        static BURNT: Cell<usize> = Cell::new(0);
    }

    /// What a thread unwinds with when its fuse blows. It is no panic: no hook runs, and nothing is printed.
    #[derive(Debug)]
    pub struct Crashed;

    /// Runs `body` and kills it right before shared operation number `operations` (0: before the first).
    ///
    /// Returns the body's result, or `None` if the fuse blew. The body's destructors run while it unwinds, but with the
    /// fuse blown no shared operation takes effect any more, as after SIGKILL: each one unwinds again or, if the thread
    /// is unwinding already, is skipped.
    pub fn with<T>(operations: usize, body: impl FnOnce() -> T) -> Option<T> {
        LEFT.with(|left| left.set(Some(operations)));
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(body));
        LEFT.with(|left| left.set(None));
        match result {
            Ok(value) => Some(value),
            Err(payload) if payload.is::<Crashed>() => None,
            Err(payload) => std::panic::resume_unwind(payload),
        }
    }

    /// How many shared operations this thread has done so far. A model learns from it how many crash points there are.
    pub fn burnt() -> usize {
        BURNT.with(Cell::get)
    }

    /// Called before each shared operation. Returns whether it takes effect.
    pub(super) fn burn() -> bool {
        BURNT.with(|burnt| burnt.set(burnt.get() + 1));
        LEFT.with(|left| match left.get() {
            None => true,
            Some(0) if std::thread::panicking() => false,
            Some(0) => std::panic::resume_unwind(Box::new(Crashed)),
            Some(n) => {
                left.set(Some(n - 1));
                true
            }
        })
    }
}

macro_rules! fused_atomic {
    ($(#[$doc:meta])* $name:ident, $inner:ty, $value:ty) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name($inner, loom::sync::atomic::AtomicUsize);

        #[allow(missing_docs, clippy::missing_errors_doc, reason = "the methods of std's atomics, with their meaning")]
        impl $name {
            pub fn new(value: $value) -> Self {
                Self(<$inner>::new(value), loom::sync::atomic::AtomicUsize::new(0))
            }

            /// Whether an operation takes effect.
            #[track_caller]
            fn burn(&self) -> bool {
                let burns = fuse::burn();
                if burns && thorough::is_set() {
                    self.1.fetch_add(0, Ordering::Relaxed);
                }
                burns
            }

            #[track_caller]
            pub fn load(&self, order: Ordering) -> $value {
                // Not even a load: loom could switch to another thread, which would seem to be unwinding then.
                if self.burn() { self.0.load(order) } else { 0 }
            }

            #[track_caller]
            pub fn store(&self, value: $value, order: Ordering) {
                if self.burn() {
                    self.0.store(value, order);
                }
            }

            #[track_caller]
            pub fn fetch_or(&self, value: $value, order: Ordering) -> $value {
                if self.burn() { self.0.fetch_or(value, order) } else { 0 }
            }

            #[track_caller]
            pub fn fetch_and(&self, value: $value, order: Ordering) -> $value {
                if self.burn() { self.0.fetch_and(value, order) } else { 0 }
            }

            #[track_caller]
            pub fn fetch_add(&self, value: $value, order: Ordering) -> $value {
                if self.burn() { self.0.fetch_add(value, order) } else { 0 }
            }

            #[track_caller]
            pub fn compare_exchange(
                &self,
                current: $value,
                new: $value,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$value, $value> {
                if self.burn() {
                    self.0.compare_exchange(current, new, success, failure)
                } else {
                    Err(current)
                }
            }
        }
    };
}

fused_atomic! {
    /// loom's `AtomicU32` behind the crash fuse.
    AtomicU32, loom::sync::atomic::AtomicU32, u32
}
fused_atomic! {
    /// loom's `AtomicU64` behind the crash fuse.
    AtomicU64, loom::sync::atomic::AtomicU64, u64
}
