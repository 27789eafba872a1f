//! Handing the channel over to a peer: its two descriptors, through the socket that is the peer's standard input.

use memlane::any::Channel;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, sendmsg,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// Descriptors go with a byte, at least.
const BYTE: [u8; 1] = *b"\n";

/// Sends the channel.
pub fn send(channel: &Channel, socket: &UnixStream) -> io::Result<()> {
    let (region, locks) = channel.descriptors().ok_or(io::ErrorKind::Unsupported)?;
    let descriptors = [region, locks];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    ancillary.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(socket, &[IoSlice::new(&BYTE)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives what [`send`] sends: the region, and its locks.
pub fn receive(socket: impl AsFd) -> io::Result<(OwnedFd, OwnedFd)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut byte = BYTE;
    recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let received = ancillary.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let mut descriptors = received.flatten();
    descriptors.next().zip(descriptors.next()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}
