//! A receiver as a stream.

use crate::any;
use crate::channel::kind::ChannelKind;
use crate::channel::receiver::Receiver;
use crate::channel::watch;
use crate::error::RecvError;
use crate::typed;
use crate::typed::{Carrier, Codec};
use futures_core::stream::{FusedStream, Stream};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A receiver that a stream is made of: of every kind, of [`any`], typed, and of a [`watch`]; and references to
/// them.
#[expect(private_bounds, reason = "only this crate knows how its handles are polled")]
pub trait Yields: Sealed {
    /// What it yields.
    type Value;
    /// Why it yields no more.
    type Error;

    #[doc(hidden)]
    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<Self::Value, Self::Error>>;

    /// Whether this says that all has come.
    #[doc(hidden)]
    fn is_end(error: &Self::Error) -> bool;
}

/// Nobody else makes such a type.
pub(crate) trait Sealed {}

/// A receiver as a stream: copies of messages, each acknowledged as it is copied; values of a typed one. Made by `into_stream`.
///
/// It ends when the channel is drained and its senders have gone. Any other error comes once, then it ends. Dropping it, or a future that
/// polls it, loses nothing.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct IntoStream<R> {
    receiver: R,
    ended: bool,
}

impl<R: Yields> IntoStream<R> {
    fn new(receiver: R) -> Self {
        Self { receiver, ended: false }
    }

    /// The receiver.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().private()?;
    /// # let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// let stream = rx.into_stream();
    /// let mut rx = stream.into_receiver();
    /// assert!(rx.try_recv().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_receiver(self) -> R {
        self.receiver
    }
}

impl<R: Yields + Unpin> Stream for IntoStream<R> {
    type Item = Result<R::Value, R::Error>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        let value = ready!(self.receiver.poll_value(task));
        self.ended = value.is_err();
        Poll::Ready(match value {
            Err(error) if R::is_end(&error) => None,
            value => Some(value),
        })
    }
}

impl<R: Yields + Unpin> FusedStream for IntoStream<R> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}

impl<R: Sealed> Sealed for &mut R {}

impl<R: Yields> Yields for &mut R {
    type Value = R::Value;
    type Error = R::Error;

    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<R::Value, R::Error>> {
        (**self).poll_value(task)
    }

    fn is_end(error: &R::Error) -> bool {
        R::is_end(error)
    }
}

impl<K: ChannelKind> Sealed for Receiver<K> {}

impl<K: ChannelKind> Yields for Receiver<K> {
    type Value = Vec<u8>;
    type Error = RecvError;

    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        self.poll_copy(task)
    }

    fn is_end(error: &RecvError) -> bool {
        *error == RecvError::Disconnected
    }
}

impl Sealed for any::Receiver {}

impl Yields for any::Receiver {
    type Value = Vec<u8>;
    type Error = RecvError;

    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        self.poll_copy(task)
    }

    fn is_end(error: &RecvError) -> bool {
        *error == RecvError::Disconnected
    }
}

impl Sealed for watch::Receiver {}

impl Yields for watch::Receiver {
    type Value = Vec<u8>;
    type Error = RecvError;

    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<Vec<u8>, RecvError>> {
        self.poll_copy(task)
    }

    fn is_end(error: &RecvError) -> bool {
        *error == RecvError::Disconnected
    }
}

impl<T: ?Sized, K: Carrier, C: Codec<T>> Sealed for typed::Receiver<T, K, C> {}

impl<T: ?Sized, K: Carrier, C: Codec<T>> Yields for typed::Receiver<T, K, C> {
    type Value = C::Owned;
    type Error = typed::RecvError;

    fn poll_value(&mut self, task: &mut Context<'_>) -> Poll<Result<C::Owned, typed::RecvError>> {
        self.poll_value(task)
    }

    fn is_end(error: &typed::RecvError) -> bool {
        matches!(error, typed::RecvError::Channel(RecvError::Disconnected))
    }
}

/// Streams.
impl<K: ChannelKind> Receiver<K> {
    /// The messages as a stream. To keep the receiver, make one of `&mut rx` by [`Receiver::stream`].
    ///
    /// ```
    /// use smol::stream::StreamExt;
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// drop(tx);
    /// let all: Vec<_> = rx.into_stream().try_collect().await?;
    /// assert_eq!(all, [b"one", b"two"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn into_stream(self) -> IntoStream<Self> {
        IntoStream::new(self)
    }

    /// The messages as a stream, by a receiver that stays the caller's.
    ///
    /// ```
    /// use smol::stream::StreamExt;
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch(["one", "two"])?;
    /// assert_eq!(rx.stream().next().await.unwrap()?, b"one");
    /// assert_eq!(rx.recv()?.to_vec(), b"two");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn stream(&mut self) -> IntoStream<&mut Self> {
        IntoStream::new(self)
    }
}

/// Streams.
impl any::Receiver {
    /// See [`generic::Receiver::into_stream`](crate::generic::Receiver::into_stream).
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// # let rx = channel.receiver()?;
    /// let stream = rx.into_stream();
    /// # let _ = stream.into_receiver();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_stream(self) -> IntoStream<Self> {
        IntoStream::new(self)
    }
}

/// Streams.
impl watch::Receiver {
    /// The values as a stream: each the latest one that was not returned before.
    ///
    /// ```
    /// use smol::stream::StreamExt;
    /// # smol::block_on(async {
    /// let channel = memlane::watch::Options::new().private()?;
    /// channel.sender()?.set(b"one")?;
    /// assert_eq!(channel.receiver()?.into_stream().next().await.unwrap()?, b"one");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn into_stream(self) -> IntoStream<Self> {
        IntoStream::new(self)
    }
}

/// Streams.
impl<T: ?Sized, K: Carrier, C: Codec<T>> typed::Receiver<T, K, C> {
    /// The values as a stream.
    ///
    /// ```
    /// use smol::stream::StreamExt;
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let (mut tx, rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send_batch([1, 2, 3])?;
    /// drop(tx);
    /// let all: Vec<_> = rx.into_stream().try_collect().await?;
    /// assert_eq!(all, [1, 2, 3]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn into_stream(self) -> IntoStream<Self> {
        IntoStream::new(self)
    }
}
