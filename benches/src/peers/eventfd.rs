//! A bare ring in shared memory with an event descriptor for each side to sleep on: what programs write for themselves. The
//! descriptors go through a Unix socket at the path; the ring is the file beside it.
//!
//! Copies in and out. Waits asleep in `read` on the descriptor, at once; who hands something over writes to the other one's
//! descriptor if that one said that it sleeps. When a peer dies: nobody notices; the other one waits forever.

use crate::arena::{APART, Arena, BareRing, FREE_AT};
use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx, buffer};
use anyhow::{Context, Result, bail, ensure};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{AsFd, OwnedFd};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU64, fence};

/// It has only one way.
#[derive(Debug, Clone, Copy)]
pub struct EventRing;

impl Named for EventRing {
    fn id(&self) -> String {
        "eventfd-ring".to_owned()
    }

    fn label(&self) -> String {
        "bare ring with eventfd".to_owned()
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

/// The two ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Writer,
    Reader,
}

impl End {
    /// The word where it says that it sleeps.
    fn sleeps(self, words: &Arena) -> &AtomicU64 {
        words.word(match self {
            Self::Writer => FREE_AT,
            Self::Reader => FREE_AT + APART,
        })
    }
}

impl<const N: usize> Peer<N> for EventRing {
    type Tx = EventEnd<N>;
    type Rx = EventEnd<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<EventEnd<N>> {
        EventEnd::open(End::Writer, path, side, shape)
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<EventEnd<N>> {
        EventEnd::open(End::Reader, path, side, shape)
    }
}

/// Either end.
pub struct EventEnd<const N: usize> {
    ring: BareRing<N>,
    bells: Late<Bells>,
    message: Box<[u8; N]>,
}

impl<const N: usize> EventEnd<N> {
    fn open(end: End, path: &Path, side: Side, shape: Shape) -> Result<Self> {
        let ring = PathBuf::from(format!("{}.ring", path.display()));
        let arena = match side {
            Side::Creates => Arena::create(&ring, BareRing::<N>::file_bytes(shape.room))?,
            Side::Opens => Arena::open(&ring)?,
        };
        let words = arena.clone();
        let bells = match side {
            Side::Creates => {
                let listener = UnixListener::bind(path).with_context(|| format!("binding {}", path.display()))?;
                Late::awaited(move || {
                    let [writers, readers] = receive(&listener.accept()?.0)?;
                    Ok(Bells::new(end, words, writers, readers))
                })
            }
            Side::Opens => {
                let [writers, readers] = [eventfd(0, EventfdFlags::CLOEXEC)?, eventfd(0, EventfdFlags::CLOEXEC)?];
                let socket = UnixStream::connect(path).with_context(|| format!("connecting to {}", path.display()))?;
                send(&socket, [&writers, &readers])?;
                Late::here(Bells::new(end, words, writers, readers))
            }
        };
        Ok(Self { ring: BareRing::new(arena), bells, message: buffer() })
    }
}

impl<const N: usize> Tx<N> for EventEnd<N> {
    #[inline]
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        let bells = self.bells.get()?;
        while !self.ring.try_write(&self.message) {
            bells.sleep_unless(|| self.ring.has_room())?;
        }
        self.ring.hand_over_written();
        bells.ring()
    }
}

impl<const N: usize> Rx<N> for EventEnd<N> {
    #[inline]
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        let bells = self.bells.get()?;
        while !self.ring.try_read(&mut self.message) {
            bells.sleep_unless(|| self.ring.has_records())?;
        }
        self.ring.hand_over_read();
        bells.ring()?;
        Ok(read(&self.message))
    }
}

/// What one end sleeps on, and what it wakes the other one with.
struct Bells {
    words: Arena,
    own: (End, OwnedFd),
    other: (End, OwnedFd),
}

impl Bells {
    fn new(end: End, words: Arena, writers: OwnedFd, readers: OwnedFd) -> Self {
        let (writer, reader) = ((End::Writer, writers), (End::Reader, readers));
        match end {
            End::Writer => Self { words, own: writer, other: reader },
            End::Reader => Self { words, own: reader, other: writer },
        }
    }

    /// Sleeps until the other end rings, unless what one waits for is there. May also return for nothing.
    fn sleep_unless(&self, mut is_there: impl FnMut() -> bool) -> Result<()> {
        let sleeps = self.own.0.sleeps(&self.words);
        sleeps.store(1, Relaxed);
        // Either the other end sees that this one sleeps, or this one sees what the other one handed over before it looked.
        fence(SeqCst);
        if is_there() {
            sleeps.store(0, Relaxed);
        } else {
            rustix::io::read(&self.own.1, &mut [0; 8])?;
        }
        Ok(())
    }

    /// Wakes the other end, if it sleeps, for what was handed over.
    #[inline]
    fn ring(&self) -> Result<()> {
        fence(SeqCst);
        let sleeps = self.other.0.sleeps(&self.words);
        if sleeps.load(Relaxed) == 1 && sleeps.swap(0, Relaxed) == 1 {
            rustix::io::write(&self.other.1, &1u64.to_ne_bytes())?;
        }
        Ok(())
    }
}

/// Sends two descriptors.
fn send(socket: &UnixStream, descriptors: [&OwnedFd; 2]) -> Result<()> {
    let descriptors = descriptors.map(AsFd::as_fd);
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ensure!(ancillary.push(SendAncillaryMessage::ScmRights(&descriptors)), "no space for two descriptors");
    sendmsg(socket, &[IoSlice::new(&[0])], &mut ancillary, SendFlags::empty()).context("sending descriptors")?;
    Ok(())
}

/// Receives two descriptors.
fn receive(socket: &UnixStream) -> Result<[OwnedFd; 2]> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            return descriptors.collect::<Vec<_>>().try_into().ok().context("not two descriptors");
        }
    }
    bail!("no descriptors came")
}
