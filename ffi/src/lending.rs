//! An endpoint and what it lends: a grant, or a message or several, that stay open from one C call to the next.
//!
//! In Rust, a [`Message`] borrows its receiver, and a [`Grant`] its sender:
//! one is open at a time, and the endpoint rests until it is finished. C has no borrows, so this type keeps both together
//! and checks at run time what the borrow would have.
//!
//! What holds, and who upholds it:
//! - The endpoint stands on the heap behind a raw pointer, so that moving the lender does not move it.
//! - While `lent` is something, nobody makes a reference to the endpoint: [`Lender::end`] returns none, and
//!   [`Lender::lend`] ends the loan first.
//! - `lent` is dropped before the endpoint ([`Drop`]), and leaves this file by value only for code that works for every
//!   lifetime and so cannot keep it ([`Lender::finish`]).

use memlane::any::{Batch, Grant, Message, Receiver, Sender};
use memlane::{AckError, spsc};
use std::ptr::NonNull;

/// An endpoint, and what it lends.
pub(crate) trait Lend: Sized {
    /// What borrows it.
    type Loan<'a>
    where
        Self: 'a;

    /// It, if it is of the kind whose hot calls have a straight way.
    type Straight;

    fn straight(&mut self) -> Option<&mut Self::Straight>;
}

impl Lend for Sender {
    type Loan<'a> = Grant<'a>;
    type Straight = spsc::Sender;

    #[inline(always)]
    fn straight(&mut self) -> Option<&mut spsc::Sender> {
        if let Self::Spsc(sender) = self { Some(sender) } else { None }
    }
}

impl Lend for Receiver {
    type Loan<'a> = Taken<'a>;
    type Straight = spsc::Receiver;

    #[inline(always)]
    fn straight(&mut self) -> Option<&mut spsc::Receiver> {
        if let Self::Spsc(receiver) = self { Some(receiver) } else { None }
    }
}

/// What a receiver lends.
pub(crate) enum Taken<'a> {
    Message(Message<'a>),
    Batch(Batch<'a>),
}

impl Taken<'_> {
    /// It is done with.
    pub(crate) fn ack(self) -> Result<(), AckError> {
        match self {
            Self::Message(message) => message.ack(),
            Self::Batch(batch) => batch.ack(),
        }
    }

    /// It comes again.
    pub(crate) fn nack(self) -> Result<(), AckError> {
        match self {
            Self::Message(message) => message.nack(),
            Self::Batch(batch) => batch.nack(),
        }
    }
}

/// See the module.
pub(crate) struct Lender<E: Lend + 'static> {
    lent: Option<E::Loan<'static>>,
    /// Whether the endpoint is of the kind whose hot calls have a straight way.
    is_straight: bool,
    /// Whether it is, and nothing is lent.
    straight: bool,
    end: NonNull<E>,
}

// SAFETY: a lender owns its endpoint as a `Box` would; the loan is a mutable borrow of that and of nothing else.
unsafe impl<E: Lend + Send> Send for Lender<E> where E::Loan<'static>: Send {}

impl<E: Lend> Lender<E> {
    pub(crate) fn new(end: E) -> Self {
        let end = Box::leak(Box::new(end));
        let is_straight = end.straight().is_some();
        Self { lent: None, is_straight, straight: is_straight, end: NonNull::from(end) }
    }

    /// The endpoint, unless something is lent.
    #[inline]
    pub(crate) fn end(&mut self) -> Option<&mut E> {
        match self.lent {
            // SAFETY: the pointer came from a `Box` that only `drop` frees; nothing is lent, so no other reference to the
            // endpoint exists, and this one borrows the lender.
            None => Some(unsafe { self.end.as_mut() }),
            Some(_) => None,
        }
    }

    /// The endpoint, if it is of the kind whose hot calls have a straight way, and nothing is lent.
    #[inline(always)]
    pub(crate) fn straight(&mut self) -> Option<&mut E::Straight> {
        if !self.straight {
            return None;
        }
        // SAFETY: as in `end`: nothing is lent.
        let end = unsafe { self.end.as_mut() }.straight();
        // SAFETY: it was of that kind when the lender was made, and no endpoint takes another one's place.
        unsafe { std::hint::assert_unchecked(end.is_some()) };
        end
    }

    /// What is lent.
    #[inline]
    pub(crate) fn lent(&mut self) -> Option<&mut E::Loan<'static>> {
        self.lent.as_mut()
    }

    /// Makes a loan and keeps it. One that is still there ends first.
    pub(crate) fn lend<X>(
        &mut self,
        make: impl for<'a> FnOnce(&'a mut E) -> Result<E::Loan<'a>, X>,
    ) -> Result<&mut E::Loan<'static>, X> {
        self.lent = None;
        // SAFETY: the pointer came from a `Box` that only `drop` frees, after the loan: so the borrow may be of any length as
        // long as no other reference is made meanwhile, which `end` sees to. `make` works for every length, so it cannot keep
        // the reference anywhere but in the loan.
        let loan = make(unsafe { &mut *self.end.as_ptr() });
        self.straight = self.is_straight && loan.is_err();
        Ok(self.lent.insert(loan?))
    }

    /// The endpoint itself. A loan that is still there ends first.
    pub(crate) fn into_end(mut self) -> E {
        self.lent = None;
        let end = self.end;
        // Nothing is left in it but the pointer.
        std::mem::forget(self);
        // SAFETY: it came from `Box::leak` in `new`, nothing is lent any more, and the lender that would free it is forgotten.
        *unsafe { Box::from_raw(end.as_ptr()) }
    }

    /// Ends the loan in this way, if there is one. `end` works for every lifetime, so it cannot keep it.
    #[inline]
    pub(crate) fn finish<R>(&mut self, end: impl for<'a> FnOnce(E::Loan<'a>) -> R) -> Option<R> {
        let outcome = self.lent.take().map(end);
        self.straight = self.is_straight;
        outcome
    }
}

impl<E: Lend> Drop for Lender<E> {
    fn drop(&mut self) {
        self.lent = None;
        // SAFETY: it came from `Box::leak` in `new`, nothing is lent any more, and nobody uses it after this.
        drop(unsafe { Box::from_raw(self.end.as_ptr()) });
    }
}
