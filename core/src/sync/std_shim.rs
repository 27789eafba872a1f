//! The shipping side of the shim: the standard library's own.
#![allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "this is the shim that the rule points to")]

pub use std::sync::atomic::Ordering;

/// The standard library's.
pub type AtomicU32 = std::sync::atomic::AtomicU32;
/// The standard library's.
pub type AtomicU64 = std::sync::atomic::AtomicU64;
/// The standard library's. Private memory only, so no model has it.
pub type AtomicPtr<T> = std::sync::atomic::AtomicPtr<T>;

/// The standard library's.
#[inline]
pub fn spin_loop() {
    std::hint::spin_loop();
}

/// The standard library's.
#[inline]
pub fn fence(order: Ordering) {
    std::sync::atomic::fence(order);
}

/// The standard library's.
#[inline]
pub fn compiler_fence(order: Ordering) {
    std::sync::atomic::compiler_fence(order);
}

/// The standard library's. For this process alone.
pub type Mutex<T> = std::sync::Mutex<T>;
