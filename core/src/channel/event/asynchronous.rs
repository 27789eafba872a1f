//! Waiting for an event as a task.

use super::handle::{Event, Fired, Until, Wait};
use crate::error::EventError;
use crate::wait::poll;
use std::future::poll_fn;

/// Waiting for an event as a task. Dropping one of these futures loses nothing: a set that was not returned is still unseen.
impl Event {
    /// As [`Event::wait`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Event::wait`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let channel = memlane::event::Options::new().private()?;
    /// let (mut setter, mut waiter) = (channel.event()?, channel.event()?);
    /// setter.set(0b01)?;
    /// assert_eq!(waiter.wait_async().await?.bits, 0b01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn wait_async(&mut self) -> Result<Fired, EventError> {
        self.wait_for(Until::Set).await
    }

    /// As [`Event::wait_any`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Event::wait_any`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b01)?;
    /// assert_eq!(event.wait_any_async(0b11).await?.bits, 0b01);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn wait_any_async(&mut self, bits: u32) -> Result<Fired, EventError> {
        self.wait_for(Until::Any(bits)).await
    }

    /// As [`Event::wait_all`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Event::wait_all`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let mut event = memlane::event::Options::new().private()?.event()?;
    /// event.set(0b11)?;
    /// assert_eq!(event.wait_all_async(0b11).await?.bits, 0b11);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn wait_all_async(&mut self, bits: u32) -> Result<Fired, EventError> {
        self.wait_for(Until::All(bits)).await
    }

    async fn wait_for(&mut self, until: Until) -> Result<Fired, EventError> {
        poll_fn(|task| poll(&mut Wait { event: self, until }, task.waker())).await
    }
}
