//! Messages through streams of bytes, the same for all that the kernel has. Both ends know a message's length, so nothing
//! stands between messages. A message is one `write`; who reads takes as many bytes as there are, up to [`READ_AHEAD`], and
//! gets the next messages from there.

use crate::peer::{Late, Rx, Tx, Waiting, buffer};
use anyhow::{Context, Result};
use rustix::fd::AsFd;
use std::io::{BufReader, ErrorKind, Read, Write};

/// Bytes that one `read` takes at most; more if a message is longer.
const READ_AHEAD: usize = 64 << 10;

/// A stream on which one waits in a way of one's own.
#[derive(Debug)]
pub struct Stream<S> {
    stream: S,
}

impl<S: AsFd> Stream<S> {
    /// Sets up how to wait.
    pub fn new(stream: S, waiting: Waiting) -> Result<Self> {
        rustix::io::ioctl_fionbio(&stream, waiting == Waiting::Spinning).context("setting up how to wait")?;
        Ok(Self { stream })
    }
}

/// Does what would block again and again: streams on which one sleeps never say that they would.
fn patiently<R>(mut attempt: impl FnMut() -> std::io::Result<R>) -> std::io::Result<R> {
    loop {
        match attempt() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => std::hint::spin_loop(),
            result => return result,
        }
    }
}

impl<S: Read> Read for Stream<S> {
    fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
        patiently(|| self.stream.read(bytes))
    }
}

impl<S: Write> Write for Stream<S> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        patiently(|| self.stream.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// The sending end of a stream.
pub struct StreamTx<const N: usize, S> {
    stream: Late<Stream<S>>,
    message: Box<[u8; N]>,
}

impl<const N: usize, S> StreamTx<N, S> {
    /// Sends through this stream.
    pub fn new(stream: Late<Stream<S>>) -> Self {
        Self { stream, message: buffer() }
    }
}

impl<const N: usize, S: Write> Tx<N> for StreamTx<N, S> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        Ok(self.stream.get()?.write_all(&*self.message)?)
    }
}

/// The receiving end of a stream.
pub struct StreamRx<const N: usize, S> {
    stream: Late<BufReader<Stream<S>>>,
    message: Box<[u8; N]>,
}

impl<const N: usize, S: Read + 'static> StreamRx<N, S> {
    /// Receives from this stream.
    pub fn new(stream: Late<Stream<S>>) -> Self {
        let ahead = |stream| BufReader::with_capacity(READ_AHEAD.max(N), stream);
        Self { stream: stream.map(ahead), message: buffer() }
    }
}

impl<const N: usize, S: Read> Rx<N> for StreamRx<N, S> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        self.stream.get()?.read_exact(&mut *self.message)?;
        Ok(read(&self.message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixStream;

    /// 1000 messages through a pair of sockets.
    fn deliver<const N: usize>(waiting: Waiting) {
        let (one, other) = UnixStream::pair().unwrap();
        let writing = std::thread::spawn(move || {
            let mut tx = StreamTx::<N, _>::new(Late::here(Stream::new(one, waiting).unwrap()));
            (0..1000u32).for_each(|number| tx.send(|message| message.fill(number as u8)).unwrap());
        });
        let mut rx = StreamRx::<N, _>::new(Late::here(Stream::new(other, waiting).unwrap()));
        for number in 0..1000u32 {
            assert!(rx.recv(|message| *message == [number as u8; N]).unwrap(), "{number}");
        }
        writing.join().unwrap();
        assert!(rx.recv(|_| ()).is_err(), "the other end is gone");
    }

    #[test]
    fn a_stream_is_cut_into_messages_where_they_were_joined() {
        for waiting in [Waiting::Asleep, Waiting::Spinning] {
            deliver::<7>(waiting);
            deliver::<{ READ_AHEAD + 1 }>(waiting);
        }
    }

    #[test]
    fn a_stream_that_comes_later_is_waited_for_once() {
        let (one, other) = UnixStream::pair().unwrap();
        let mut tx = StreamTx::<8, _>::new(Late::awaited(|| Stream::new(one, Waiting::Asleep)));
        let mut rx = StreamRx::<8, _>::new(Late::awaited(|| Stream::new(other, Waiting::Asleep)));
        for number in 0..3 {
            tx.send(|message| *message = [number; 8]).unwrap();
            assert!(rx.recv(|message| *message == [number; 8]).unwrap());
        }
    }
}
