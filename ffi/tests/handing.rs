//! Channels that go over a socket, and seats that are handed over, as C programs do it.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::ptr::null;
use support::Watchdog;

fn anonymous(
    kind: u32,
    make: unsafe extern "C" fn(*mut ChannelHandle, u32, *const Options) -> Status,
) -> ChannelHandle {
    let mut channel = ChannelHandle::default();
    // SAFETY: the pointers are valid, or null where they may be.
    ok(unsafe { make(&mut channel, kind, null()) });
    channel
}

fn received(kind: u32, socket: &UnixStream) -> Result<ChannelHandle, Status> {
    let mut channel = ChannelHandle::default();
    // SAFETY: as above.
    let status = unsafe { memlane_channel_receive_from(&mut channel, kind, socket.as_raw_fd(), null()) };
    if status == MEMLANE_OK { Ok(channel) } else { Err(status) }
}

fn send(sender: SenderHandle, text: &str) {
    // SAFETY: so many bytes are there.
    ok(unsafe { memlane_send(sender, text.as_ptr().cast(), text.len(), -1) });
}

fn recv(receiver: ReceiverHandle) -> String {
    let (mut buffer, mut length) = ([0u8; 64], 0);
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    ok(unsafe {
        memlane_recv(
            receiver,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
            &mut length,
            std::ptr::null_mut(),
            10_000_000_000,
        )
    });
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

fn new_sender(channel: ChannelHandle) -> SenderHandle {
    let mut sender = SenderHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_sender_new(channel, &mut sender) });
    sender
}

fn new_receiver(channel: ChannelHandle) -> ReceiverHandle {
    let mut receiver = ReceiverHandle::default();
    // SAFETY: the pointers are valid, or null where they may be.
    ok(unsafe { memlane_receiver_new(channel, null(), &mut receiver) });
    receiver
}

#[test]
fn a_channel_goes_over_a_socket_and_what_comes_in_its_place_has_a_status() {
    let _watchdog = Watchdog::new();
    let (here, there) = UnixStream::pair().unwrap();
    let channel = anonymous(MEMLANE_MPMC, memlane_channel_anonymous);
    ok(memlane_channel_send_to(channel, here.as_raw_fd()));
    assert_eq!(received(MEMLANE_SPSC, &there), Err(MEMLANE_WRONG_KIND));
    let theirs = received(MEMLANE_MPMC, &there).unwrap();
    send(new_sender(channel), "hello");
    assert_eq!(recv(new_receiver(theirs)), "hello");
    fails(memlane_channel_send_to(channel, -1), MEMLANE_INVALID_ARGUMENT, "no descriptor");
    fails(memlane_channel_send_read_only_to(channel, here.as_raw_fd()), MEMLANE_WRONG_KIND, "of kind mpmc");
    drop(here);
    assert_eq!(received(MEMLANE_MPMC, &there), Err(MEMLANE_NOT_HANDED_OVER));
    let mut inherited = ChannelHandle::default();
    // SAFETY: the pointers are valid, or null where they may be.
    let status =
        unsafe { memlane_channel_open_inherited(&mut inherited, MEMLANE_ANY_KIND, c"NOBODY_SET_IT".as_ptr(), null()) };
    fails(status, MEMLANE_NOT_HANDED_OVER, "NOBODY_SET_IT");
}

#[test]
fn one_way_channels_are_only_read() {
    let _watchdog = Watchdog::new();
    let (here, there) = UnixStream::pair().unwrap();
    let channel = anonymous(MEMLANE_BROADCAST, memlane_channel_one_way);
    let sender = new_sender(channel);
    fails(memlane_channel_send_to(channel, here.as_raw_fd()), MEMLANE_INVALID_ARGUMENT, "one-way");
    ok(memlane_channel_send_read_only_to(channel, here.as_raw_fd()));
    let mut onlooker = OnlookerHandle::default();
    // SAFETY: the pointers are valid, or null where they may be.
    ok(unsafe { memlane_onlooker_receive_from(&mut onlooker, there.as_raw_fd(), null(), MEMLANE_START_NOW, 0) });
    send(sender, "hello");
    let (mut buffer, mut length) = ([0u8; 64], 0);
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    ok(unsafe { memlane_onlooker_recv(onlooker, buffer.as_mut_ptr().cast(), 64, &mut length, -1) });
    assert_eq!(&buffer[..length], b"hello");

    let watch = anonymous(MEMLANE_WATCH, memlane_channel_one_way);
    let mut setter = SetterHandle::default();
    // SAFETY: the pointers are valid.
    ok(unsafe { memlane_setter_new(watch, &mut setter) });
    // SAFETY: so many bytes are there.
    ok(unsafe { memlane_set(setter, b"10".as_ptr().cast(), 2, std::ptr::null_mut()) });
    ok(memlane_channel_send_read_only_to(watch, here.as_raw_fd()));
    let mut getter = GetterHandle::default();
    // SAFETY: the pointers are valid, or null where they may be.
    ok(unsafe { memlane_getter_receive_from(&mut getter, there.as_raw_fd(), null()) });
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    ok(unsafe { memlane_get(getter, buffer.as_mut_ptr().cast(), 64, &mut length) });
    assert_eq!(&buffer[..length], b"10");
}

#[test]
fn seats_are_handed_over() {
    let _watchdog = Watchdog::new();
    let channel = anonymous(MEMLANE_SPSC, memlane_channel_anonymous);
    let (mut sender, mut receiver) = (new_sender(channel), new_receiver(channel));
    send(sender, "one");
    // SAFETY: the pointer is valid.
    fails(unsafe { memlane_sender_hand_over(&mut sender, 1_000_000) }, MEMLANE_TIMEOUT, "no successor");
    send(sender, "two");
    assert_eq!(recv(receiver), "one");
    std::thread::scope(|scope| {
        let successor = scope.spawn(|| {
            let (mut sender, mut receiver) = (SenderHandle::default(), ReceiverHandle::default());
            // SAFETY: the pointers are valid.
            ok(unsafe { memlane_sender_take_over(channel, &mut sender, -1) });
            // SAFETY: as above.
            ok(unsafe { memlane_receiver_take_over(channel, &mut receiver, -1) });
            send(sender, "three");
            assert_eq!([recv(receiver), recv(receiver)], ["two", "three"]);
        });
        // SAFETY: the pointers are valid.
        ok(unsafe { memlane_sender_hand_over(&mut sender, -1) });
        // SAFETY: as above.
        ok(unsafe { memlane_receiver_hand_over(&mut receiver, -1) });
        successor.join().unwrap();
    });
    assert_eq!((sender, receiver), (SenderHandle::default(), ReceiverHandle::default()));
    // SAFETY: the pointer is valid.
    fails(unsafe { memlane_sender_take_over(channel, &mut sender, 0) }, MEMLANE_TIMEOUT, "no sender");
}
