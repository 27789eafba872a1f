//! A sender as a sink.

use crate::any;
use crate::channel::kind::ChannelKind;
use crate::channel::sender::Sender;
use crate::error::SendError;
use crate::typed;
use crate::typed::{Carrier, Codec};
use futures_sink::Sink;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// A sender that a sink of such items is made of: of bytes, of every kind and of [`any`]; of values, typed.
#[expect(private_bounds, reason = "only this crate knows how its handles are polled")]
pub trait Carries<I>: Sealed {
    /// Why an item was not sent.
    type Error;

    #[doc(hidden)]
    fn poll_carry(&mut self, task: &mut Context<'_>, item: &I) -> Poll<Result<(), Self::Error>>;
}

/// Nobody else makes such a type.
pub(crate) trait Sealed {}

/// A sender as a sink. Made by `into_sink`.
///
/// The item that has no room yet waits in the sink, and not in the channel: once it is flushed, it is sent, whatever becomes of this process.
/// One that is not sent when the sink is dropped is lost. Closing flushes, and leaves the channel.
#[derive(Debug)]
#[must_use = "sinks do nothing unless polled"]
pub struct IntoSink<S, I> {
    /// `None`: it was closed.
    sender: Option<S>,
    waiting: Option<I>,
}

impl<S, I> IntoSink<S, I>
where
    S: Carries<I>,
{
    fn new(sender: S) -> Self {
        Self { sender: Some(sender), waiting: None }
    }

    /// Sends what waits. It waits no longer, if that fails.
    fn poll_waiting(&mut self, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if let (Some(sender), Some(item)) = (&mut self.sender, &self.waiting) {
            let sent = ready!(sender.poll_carry(task, item));
            self.waiting = None;
            return Poll::Ready(sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S, I> Sink<I> for IntoSink<S, I>
where
    S: Carries<I> + Unpin,
    I: Unpin,
{
    type Error = S::Error;

    fn poll_ready(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.poll_waiting(task)
    }

    fn start_send(mut self: Pin<&mut Self>, item: I) -> Result<(), S::Error> {
        self.waiting = Some(item);
        Ok(())
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.poll_waiting(task)
    }

    fn poll_close(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        ready!(self.poll_waiting(task))?;
        self.sender = None;
        Poll::Ready(Ok(()))
    }
}

impl<K: ChannelKind> Sealed for Sender<K> {}

impl<K: ChannelKind, I: AsRef<[u8]>> Carries<I> for Sender<K> {
    type Error = SendError;

    fn poll_carry(&mut self, task: &mut Context<'_>, item: &I) -> Poll<Result<(), SendError>> {
        self.poll_send(task, item.as_ref())
    }
}

impl Sealed for any::Sender {}

impl<I: AsRef<[u8]>> Carries<I> for any::Sender {
    type Error = SendError;

    fn poll_carry(&mut self, task: &mut Context<'_>, item: &I) -> Poll<Result<(), SendError>> {
        self.poll_send(task, item.as_ref())
    }
}

impl<T, K: Carrier, C> Sealed for typed::Sender<T, K, C> {}

impl<T, K: Carrier, C: Codec<T>> Carries<T> for typed::Sender<T, K, C> {
    type Error = typed::SendError;

    fn poll_carry(&mut self, task: &mut Context<'_>, item: &T) -> Poll<Result<(), typed::SendError>> {
        self.poll_send(task, item)
    }
}

/// Sinks.
impl<K: ChannelKind> Sender<K> {
    /// This sender as a sink of messages.
    ///
    /// ```
    /// use futures_sink::Sink;
    /// use std::{future::poll_fn, pin::Pin};
    /// # smol::block_on(async {
    /// let channel = memlane::spsc::Options::new().private()?;
    /// let mut sink = channel.sender()?.into_sink();
    /// let mut sink = Pin::new(&mut sink);
    /// poll_fn(|task| sink.as_mut().poll_ready(task)).await?; // as `SinkExt::send` of the crate futures-util does
    /// sink.as_mut().start_send("hello")?;
    /// poll_fn(|task| sink.as_mut().poll_flush(task)).await?;
    /// assert_eq!(channel.receiver()?.recv()?.to_vec(), b"hello");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn into_sink<I: AsRef<[u8]>>(self) -> IntoSink<Self, I> {
        IntoSink::new(self)
    }
}

/// Sinks.
impl any::Sender {
    /// See [`generic::Sender::into_sink`](crate::generic::Sender::into_sink).
    ///
    /// ```
    /// # let channel = memlane::any::Options::default().private()?;
    /// let sink = channel.sender()?.into_sink::<Vec<u8>>();
    /// # drop(sink);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_sink<I: AsRef<[u8]>>(self) -> IntoSink<Self, I> {
        IntoSink::new(self)
    }
}

/// Sinks.
impl<T, K: Carrier, C: Codec<T>> typed::Sender<T, K, C> {
    /// This sender as a sink of values.
    ///
    /// ```
    /// # let channel = memlane::spsc::Options::new().of::<u64>().private()?;
    /// let sink = channel.sender()?.into_sink();
    /// # drop(sink);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn into_sink(self) -> IntoSink<Self, T> {
        IntoSink::new(self)
    }
}
