//! Passing descriptors on: over a Unix socket, and to a program that this process starts.
//!
//! No descriptor of the engine is ever open for programs that others start. So one that is to be inherited stays closed on `exec` here,
//! and loses that flag in the child alone, between its `fork` and its `exec`.

use super::descriptors::{above_standard, exclusively};
use super::files::look_at_open;
use rustix::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recv, recvmsg, sendmsg, sockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Descriptors that one message takes from the socket at most. The kernel closes what a peer sends beyond that.
const DESCRIPTORS_MAX: usize = 4;

/// What came with a message.
#[derive(Debug)]
pub(crate) struct Arrived {
    /// Its length in bytes.
    pub(crate) length: usize,
    /// In the order in which they were sent.
    pub(crate) descriptors: Vec<OwnedFd>,
    /// Whether there were more descriptors, or more bytes, than there was room for.
    pub(crate) is_cut_short: bool,
}

/// Whether a descriptor is that of a Unix socket, over which descriptors can go.
pub(crate) fn is_unix_socket(socket: BorrowedFd<'_>) -> io::Result<bool> {
    match sockopt::socket_domain(socket) {
        Ok(domain) => Ok(domain == AddressFamily::UNIX),
        Err(Errno::NOTSOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Sends a message with descriptors. Waits for room as the socket is set to.
pub(crate) fn send_descriptors(socket: BorrowedFd<'_>, message: &[u8], files: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let sent = retry_on_intr(|| {
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        ancillary.push(SendAncillaryMessage::ScmRights(files));
        sendmsg(socket, &[IoSlice::new(message)], &mut ancillary, SendFlags::NOSIGNAL)
    })?;
    // The kernel takes a message of this size whole, or not at all.
    if sent == message.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

/// Copies the start of what comes next, and leaves it, with its descriptors, in the socket. Waits for it as the socket is set to.
/// 0: the other side has closed its end.
pub(crate) fn peek(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(retry_on_intr(|| recv(socket, &mut *buffer, RecvFlags::PEEK))?.0)
}

/// Takes a message and its descriptors, of which it is known that they are there. They are closed on `exec`.
///
/// # Errors
/// `WouldBlock`: another thread took it.
pub(crate) fn take_descriptors(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<Arrived> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS_MAX))];
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
    let mut descriptors = Vec::with_capacity(DESCRIPTORS_MAX);
    let message = above_standard(|| {
        retry_on_intr(|| {
            let mut ancillary = RecvAncillaryBuffer::new(&mut space);
            let message = recvmsg(socket, &mut [IoSliceMut::new(buffer)], &mut ancillary, flags)?;
            for message in ancillary.drain() {
                if let RecvAncillaryMessage::ScmRights(files) = message {
                    descriptors.extend(files);
                }
            }
            Ok::<_, Errno>(message)
        })
    })?;
    let is_cut_short = message.flags.intersects(ReturnFlags::CTRUNC | ReturnFlags::TRUNC);
    Ok(Arrived { length: message.bytes, descriptors, is_cut_short })
}

/// Has the programs that this command starts inherit these files, by the numbers that they have here. Here they stay closed on `exec`,
/// and open for as long as the command lives.
pub(crate) fn bequeath(command: &mut Command, files: Vec<OwnedFd>) {
    let keep_open = move || {
        for file in &files {
            fcntl_setfd(file, FdFlags::empty())?;
        }
        Ok(())
    };
    // SAFETY: between fork and exec, the closure makes one system call for each file, and nothing else.
    unsafe { command.pre_exec(keep_open) };
}

/// Another descriptor of the file that was inherited by this number. `None`: the number is a standard one, or stands for nothing.
pub(crate) fn inherited(number: RawFd) -> io::Result<Option<OwnedFd>> {
    const FIRST: RawFd = 3;
    if number < FIRST {
        return Ok(None);
    }
    // SAFETY: not -1. The number is used for one system call, which says so if it stands for nothing.
    match fcntl_dupfd_cloexec(unsafe { BorrowedFd::borrow_raw(number) }, FIRST) {
        Ok(file) => Ok(Some(file)),
        Err(Errno::BADF) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Closes the numbers by which these files were inherited, each of which still stands for its file. They belong to nobody else in this
/// process: its parent has them stand there for the one that asks by the name which the parent gave them.
pub(crate) fn close_inherited(files: &[(RawFd, BorrowedFd<'_>)]) {
    exclusively(|| {
        for &(number, file) in files {
            // SAFETY: as in `inherited`; the caller got the file from there.
            let there = look_at_open(unsafe { BorrowedFd::borrow_raw(number) });
            let is_same = |id| look_at_open(file).is_ok_and(|ours| ours.id == id);
            if number != file.as_raw_fd() && there.is_ok_and(|there| is_same(there.id)) {
                // SAFETY: it is the inherited one, which nobody else owns, and no other thread comes here meanwhile.
                drop(unsafe { OwnedFd::from_raw_fd(number) });
            }
        }
    });
}

/// Has a descriptor that the program handed over closed on `exec`, whatever it was.
pub(crate) fn close_on_exec(file: impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfd(file, FdFlags::CLOEXEC)?)
}
