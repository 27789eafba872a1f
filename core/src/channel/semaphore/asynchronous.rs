//! Acquiring permits as a task.

use super::handle::{Acquiring, Semaphore};
use super::permit::Permit;
use crate::error::AcquireError;
use crate::wait::poll;
use std::future::poll_fn;

/// Acquiring permits as a task. A future that is dropped holds none: a permit is taken in the same step that returns it.
impl Semaphore {
    /// As [`Semaphore::acquire`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Semaphore::acquire`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let mut semaphore = memlane::semaphore::Options::new().private()?.semaphore()?;
    /// let permit = semaphore.acquire_async().await?;
    /// assert_eq!(semaphore.available(), 0);
    /// # drop(permit);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn acquire_async(&mut self) -> Result<Permit, AcquireError> {
        self.acquire_many_async(1).await
    }

    /// As [`Semaphore::acquire_many`], but suspends the task in place of blocking the thread.
    ///
    /// # Errors
    /// As [`Semaphore::acquire_many`].
    ///
    /// ```
    /// # smol::block_on(async {
    /// let mut semaphore = memlane::semaphore::Options::new().permits(3).private()?.semaphore()?;
    /// assert_eq!(semaphore.acquire_many_async(2).await?.count(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub async fn acquire_many_async(&mut self, permits: u32) -> Result<Permit, AcquireError> {
        self.check_count(permits)?;
        poll_fn(|task| poll(&mut Acquiring { semaphore: self, count: permits }, task.waker())).await
    }
}
