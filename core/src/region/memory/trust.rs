//! The promise by which messages may be borrowed in place.

/// The caller's word that no peer writes to messages while they are borrowed.
///
/// A shared region can be written by every process that mapped it. Rust's `&[u8]` promises that nobody writes to the
/// bytes while the reference lives, so borrowing a message in place is a promise about *other processes*, which no type
/// can check. This token is that promise, made once; the methods that take it are then safe to call.
///
/// Without it, messages are copied: always sound, and for messages of up to a few hundred bytes just as fast.
#[derive(Debug, Clone, Copy)]
pub struct TrustPeers(());

impl TrustPeers {
    /// Promises that the peers of every channel on which this token is used are correct memlane participants.
    ///
    /// # Safety
    /// For as long as a slice obtained with this token lives, no other process or thread writes to the bytes that it
    /// covers, nor (for a mutable one) reads them. Every correct memlane participant obeys this: a sender writes only to
    /// what no receiver holds. A process that maps the file by other means, or a memlane participant with a memory
    /// error, may not.
    ///
    /// And, for a channel whose backend is [`Semaphore`](crate::Backend::Semaphore): for as long as this process takes part in
    /// it, nobody writes to its semaphores but participants, by the functions of the C library.
    ///
    /// ```
    /// use memlane::{TrustPeers, spsc};
    /// let channel = spsc::Options::new().private()?;
    /// let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    /// tx.send(b"hello")?;
    /// // SAFETY: the channel is private, and nothing else in this process touches its memory.
    /// let trust = unsafe { TrustPeers::promise() };
    /// assert_eq!(rx.recv()?.as_slice(trust), b"hello"); // in place, not copied
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const unsafe fn promise() -> Self {
        Self(())
    }
}
