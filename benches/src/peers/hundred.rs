//! A hundred channels that one thread waits for, of which one at a time has a message: by a [`WaitSet`] over lanes, and by `epoll` over
//! stream sockets. The sender goes round them in an order that jumps.
//!
//! Both copy in and out, and both sleep. When a peer dies: the set's receiver is told, and the socket's reads the end of the stream.

use crate::peer::{Late, Named, Peer, Rx, Shape, Side, Tx, buffer, whole};
use anyhow::{Context, Result, ensure};
use memlane::{Strategy, WaitSet, spsc};
use rustix::event::epoll;
use rustix::fd::OwnedFd;
use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Channels of each direction.
const CHANNELS: usize = 100;
/// From one message's channel to the next one's: coprime to their number, so that each gets its turn.
const JUMP: usize = 37;

/// What waits for the hundred.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hundred {
    /// A set that waits so, over as many lanes.
    Set(Strategy),
    /// `epoll`, over as many Unix stream sockets.
    Epoll,
}

impl Named for Hundred {
    fn id(&self) -> String {
        match self {
            Self::Set(strategy) => format!("waitset-{strategy:?}").to_lowercase(),
            Self::Epoll => "epoll-sockets".to_owned(),
        }
    }

    fn label(&self) -> String {
        match self {
            Self::Set(strategy) => format!("WaitSet over {CHANNELS} lanes, {strategy:?}"),
            Self::Epoll => format!("epoll over {CHANNELS} Unix stream sockets"),
        }
    }

    fn may_sleep(&self) -> bool {
        true
    }
}

/// The sending ends, and whose turn it is.
pub struct HundredTx<const N: usize> {
    ends: Senders,
    turn: usize,
    message: Box<[u8; N]>,
}

enum Senders {
    Lanes(Vec<spsc::Sender>),
    Sockets(Late<Vec<UnixStream>>),
}

/// The receiving ends, and what waits for them.
pub struct HundredRx<const N: usize> {
    ends: Receivers,
    message: Box<[u8; N]>,
}

enum Receivers {
    Lanes(Vec<spsc::Receiver>, Box<WaitSet>),
    Sockets(Late<(Vec<UnixStream>, OwnedFd)>),
}

impl<const N: usize> Peer<N> for Hundred {
    type Tx = HundredTx<N>;
    type Rx = HundredRx<N>;

    fn tx(&self, path: &Path, side: Side, shape: Shape) -> Result<HundredTx<N>> {
        let ends = match self {
            Self::Set(_) => {
                Senders::Lanes(lanes(path, side, shape)?.iter().map(spsc::Channel::sender).collect::<Result<_, _>>()?)
            }
            Self::Epoll => Senders::Sockets(sockets(path, side)?),
        };
        Ok(HundredTx { ends, turn: 0, message: buffer() })
    }

    fn rx(&self, path: &Path, side: Side, shape: Shape) -> Result<HundredRx<N>> {
        let ends = match *self {
            Self::Set(strategy) => {
                let receivers =
                    lanes(path, side, shape)?.iter().map(spsc::Channel::receiver).collect::<Result<_, _>>()?;
                let mut set = Box::new(WaitSet::new());
                set.set_strategy(strategy);
                Receivers::Lanes(receivers, set)
            }
            Self::Epoll => Receivers::Sockets(sockets(path, side)?.map(|sockets| {
                let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).expect("a descriptor");
                for (at, socket) in sockets.iter().enumerate() {
                    let data = epoll::EventData::new_u64(at as u64);
                    epoll::add(&epoll, socket, data, epoll::EventFlags::IN).expect("a socket that is not there yet");
                }
                (sockets, epoll)
            })),
        };
        Ok(HundredRx { ends, message: buffer() })
    }
}

fn lanes(path: &Path, side: Side, shape: Shape) -> Result<Vec<spsc::Channel>> {
    let options = spsc::Options::new().capacity((shape.room / CHANNELS).max(4096));
    let lane = |at: usize| {
        let name = format!("{}-{at}", path.display());
        Ok(match side {
            Side::Creates => options.create(&name)?,
            Side::Opens => options.open(&name)?,
        })
    };
    (0..CHANNELS).map(lane).collect()
}

fn sockets(path: &Path, side: Side) -> Result<Late<Vec<UnixStream>>> {
    Ok(match side {
        Side::Creates => {
            let listener = UnixListener::bind(path).with_context(|| format!("binding {}", path.display()))?;
            Late::awaited(move || (0..CHANNELS).map(|_| Ok(listener.accept()?.0)).collect())
        }
        Side::Opens => Late::here((0..CHANNELS).map(|_| UnixStream::connect(path)).collect::<Result<_, _>>()?),
    })
}

impl<const N: usize> Tx<N> for HundredTx<N> {
    fn send(&mut self, write: impl FnOnce(&mut [u8; N])) -> Result<()> {
        write(&mut self.message);
        self.turn = (self.turn + JUMP) % CHANNELS;
        match &mut self.ends {
            Senders::Lanes(lanes) => lanes[self.turn].send(&*self.message)?,
            Senders::Sockets(sockets) => sockets.get()?[self.turn].write_all(&*self.message)?,
        }
        Ok(())
    }
}

impl<const N: usize> Rx<N> for HundredRx<N> {
    fn recv<R>(&mut self, read: impl FnOnce(&[u8; N]) -> R) -> Result<R> {
        match &mut self.ends {
            Receivers::Lanes(lanes, set) => {
                let at = set.wait(lanes)?[0];
                let length = lanes[at].recv_into(&mut *self.message)?;
                whole::<N>(&self.message[..length])?;
            }
            Receivers::Sockets(sockets) => {
                let (sockets, epoll) = sockets.get()?;
                let mut events =
                    [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; 1];
                let ready = epoll::wait(&*epoll, &mut events[..], None)?;
                ensure!(ready == 1, "epoll returned without an event");
                let at = usize::try_from(events[0].data.u64())?;
                (&sockets[at]).read_exact(&mut *self.message)?;
            }
        }
        Ok(read(&self.message))
    }
}
