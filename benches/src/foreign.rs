//! Calls into C, for the peers that nothing safer wraps: POSIX message queues, and Boost's through `native/boost_queue.cpp`.
//! What is unsafe about them stands here; the types are safe to use.

use anyhow::{Context, Result, ensure};
use std::ffi::CString;
use std::io::Error;
use std::path::Path;

/// A name for what is no file in a folder, made of the path where the ends meet: its folder's name and its own.
fn name(path: &Path) -> Result<CString> {
    let place = path.parent().and_then(Path::file_name).context("no folder")?;
    let name = path.file_name().context("no name")?;
    Ok(CString::new(format!("/{}-{}", place.display(), name.display()))?)
}

/// An open POSIX message queue of messages of one size.
#[derive(Debug)]
pub struct MessageQueue {
    descriptor: libc::mqd_t,
}

impl MessageQueue {
    /// A new queue with room for so many messages of so many bytes.
    pub fn create(path: &Path, messages: usize, bytes: usize) -> Result<Self> {
        // SAFETY: plain integers, for which zeros are valid.
        let mut attributes: libc::mq_attr = unsafe { std::mem::zeroed() };
        attributes.mq_maxmsg = messages as libc::c_long;
        attributes.mq_msgsize = bytes as libc::c_long;
        let flags = libc::O_RDWR | libc::O_CLOEXEC | libc::O_CREAT | libc::O_EXCL;
        // SAFETY: the name ends with a zero and the attributes outlive the call; with O_CREAT it takes these arguments.
        let descriptor = unsafe { libc::mq_open(name(path)?.as_ptr(), flags, 0o600, &raw mut attributes) };
        ensure!(descriptor >= 0, "creating a message queue: {}", Error::last_os_error());
        Ok(Self { descriptor })
    }

    /// The queue that the other side created. Its name is gone then: both have it open.
    pub fn open(path: &Path) -> Result<Self> {
        let name = name(path)?;
        // SAFETY: the name ends with a zero.
        let descriptor = unsafe { libc::mq_open(name.as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
        ensure!(descriptor >= 0, "opening a message queue: {}", Error::last_os_error());
        // SAFETY: as above.
        ensure!(unsafe { libc::mq_unlink(name.as_ptr()) } == 0, "removing its name: {}", Error::last_os_error());
        Ok(Self { descriptor })
    }

    /// Waits while the queue is full.
    #[inline]
    pub fn send(&self, message: &[u8]) -> Result<()> {
        // SAFETY: the pointer and the length are those of `message`.
        let sent = unsafe { libc::mq_send(self.descriptor, message.as_ptr().cast(), message.len(), 0) };
        ensure!(sent == 0, "sending: {}", Error::last_os_error());
        Ok(())
    }

    /// Waits while the queue is empty. The message's length; `message` has room for as many bytes as one may have.
    #[inline]
    pub fn receive(&self, message: &mut [u8]) -> Result<usize> {
        let (start, room) = (message.as_mut_ptr().cast(), message.len());
        // SAFETY: the pointer and the length are those of `message`; a null pointer says that priorities are not wanted.
        let length = unsafe { libc::mq_receive(self.descriptor, start, room, std::ptr::null_mut()) };
        usize::try_from(length).ok().with_context(|| format!("receiving: {}", Error::last_os_error()))
    }
}

impl Drop for MessageQueue {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody uses it after this.
        unsafe { libc::mq_close(self.descriptor) };
    }
}

#[cfg(feature = "native-peers")]
mod boost {
    use super::{CString, Path, Result, ensure, name};
    use anyhow::Context;
    use std::ffi::{c_char, c_void};
    use std::ptr::NonNull;

    // SAFETY: the same signatures stand in native/boost_queue.cpp, which lets no exception out.
    unsafe extern "C" {
        fn boost_queue_create(name: *const c_char, messages: usize, bytes: usize) -> *mut c_void;
        fn boost_queue_open(name: *const c_char) -> *mut c_void;
        fn boost_queue_remove(name: *const c_char) -> bool;
        fn boost_queue_close(queue: *mut c_void);
        fn boost_queue_send(queue: *mut c_void, message: *const c_void, bytes: usize, spins: bool) -> bool;
        fn boost_queue_receive(queue: *mut c_void, message: *mut c_void, room: usize, spins: bool) -> usize;
    }

    /// An open `boost::interprocess::message_queue`.
    #[derive(Debug)]
    pub struct BoostQueue {
        queue: NonNull<c_void>,
        spins: bool,
        /// Taken away by who created it, in case that the other side never came.
        name: Option<CString>,
    }

    impl BoostQueue {
        /// A new queue with room for so many messages of so many bytes. Who `spins` tries again and again instead of sleeping.
        pub fn create(path: &Path, messages: usize, bytes: usize, spins: bool) -> Result<Self> {
            let name = name(path)?;
            // SAFETY: the name ends with a zero.
            let queue = NonNull::new(unsafe { boost_queue_create(name.as_ptr(), messages, bytes) });
            Ok(Self { queue: queue.context("creating Boost's queue")?, spins, name: Some(name) })
        }

        /// The queue that the other side created.
        pub fn open(path: &Path, spins: bool) -> Result<Self> {
            // SAFETY: the name ends with a zero.
            let queue = NonNull::new(unsafe { boost_queue_open(name(path)?.as_ptr()) });
            Ok(Self { queue: queue.context("opening Boost's queue")?, spins, name: None })
        }

        /// Waits while the queue is full.
        #[inline]
        pub fn send(&self, message: &[u8]) -> Result<()> {
            let start = message.as_ptr().cast();
            // SAFETY: the queue is open; the pointer and the length are those of `message`.
            let sent = unsafe { boost_queue_send(self.queue.as_ptr(), start, message.len(), self.spins) };
            ensure!(sent, "sending through Boost's queue");
            Ok(())
        }

        /// Waits while the queue is empty. The message's length.
        #[inline]
        pub fn receive(&self, message: &mut [u8]) -> Result<usize> {
            let (start, room) = (message.as_mut_ptr().cast(), message.len());
            // SAFETY: as in `send`; no message is longer than the queue allows, which `room` is compared with.
            let length = unsafe { boost_queue_receive(self.queue.as_ptr(), start, room, self.spins) };
            ensure!(length != usize::MAX, "receiving from Boost's queue");
            Ok(length)
        }
    }

    impl Drop for BoostQueue {
        fn drop(&mut self) {
            // SAFETY: it is open, and nobody uses it after this.
            unsafe { boost_queue_close(self.queue.as_ptr()) };
            if let Some(name) = &self.name {
                // SAFETY: the name ends with a zero.
                unsafe { boost_queue_remove(name.as_ptr()) };
            }
        }
    }
}

#[cfg(feature = "native-peers")]
pub use boost::BoostQueue;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_queue_has_no_name_when_both_ends_have_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue");
        let tx = MessageQueue::create(&path, 4, 8).unwrap();
        let rx = MessageQueue::open(&path).unwrap();
        assert!(MessageQueue::open(&path).is_err());
        tx.send(b"12345678").unwrap();
        tx.send(b"123").unwrap();
        let mut message = [0; 8];
        assert_eq!((rx.receive(&mut message).unwrap(), &message), (8, b"12345678"));
        assert_eq!(rx.receive(&mut message).unwrap(), 3);
        assert!(tx.send(&[0; 9]).is_err(), "longer than the queue's messages");
    }

    #[cfg(feature = "native-peers")]
    #[test]
    fn boosts_queue_delivers_and_takes_its_name_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("queue");
        for spins in [false, true] {
            let rx = BoostQueue::create(&path, 4, 8, spins).unwrap();
            let tx = BoostQueue::open(&path, spins).unwrap();
            tx.send(b"12345678").unwrap();
            let mut message = [0; 8];
            assert_eq!((rx.receive(&mut message).unwrap(), &message), (8, b"12345678"));
            assert!(tx.send(&[0; 9]).is_err(), "longer than the queue's messages");
            drop(rx);
            assert!(BoostQueue::open(&path, spins).is_err());
        }
    }
}
