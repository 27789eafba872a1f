//! Calls, as C programs make and answer them.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane_ffi::*;

fn client_of(channel: ChannelHandle) -> ClientHandle {
    let mut client = ClientHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_client_new(channel, &mut client) });
    client
}

fn server_of(channel: ChannelHandle) -> ServerHandle {
    let mut server = ServerHandle::default();
    // SAFETY: the pointer is valid.
    ok(unsafe { memlane_server_new(channel, &mut server) });
    server
}

/// On failure, the length that was stored comes with it.
fn call(client: ClientHandle, request: &[u8], capacity: usize, timeout_ns: i64) -> Result<Vec<u8>, (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    let place = buffer.as_mut_ptr().cast();
    // SAFETY: the pointers are valid, the buffers for as many bytes.
    let status = unsafe {
        memlane_call(client, request.as_ptr().cast(), request.len(), place, capacity, &mut length, timeout_ns)
    };
    if status != MEMLANE_OK {
        return Err((status, length));
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn next(server: ServerHandle, capacity: usize, timeout_ns: i64) -> Result<Vec<u8>, (Status, usize)> {
    let (mut buffer, mut length) = (vec![0xee; capacity], usize::MAX);
    // SAFETY: the pointers are valid, the buffer for as many bytes.
    let status = unsafe { memlane_next_call(server, buffer.as_mut_ptr().cast(), capacity, &mut length, timeout_ns) };
    if status != MEMLANE_OK {
        return Err((status, length));
    }
    buffer.truncate(length);
    Ok(buffer)
}

fn respond(server: ServerHandle, answer: &[u8]) -> Status {
    // SAFETY: the pointer is valid for as many bytes.
    unsafe { memlane_respond(server, answer.as_ptr().cast(), answer.len()) }
}

const FOREVER: i64 = -1;

#[test]
fn calls_are_made_and_answered() {
    let channel = private(MEMLANE_RPC, &Options { max_message: 100, max_response: 10, ..options() });
    let client = client_of(channel);
    assert_eq!(call(client, b"", 10, FOREVER), Err((MEMLANE_NO_SERVER, usize::MAX)));
    let server = server_of(channel);
    assert_eq!(next(server, 100, 0), Err((MEMLANE_EMPTY, usize::MAX)));
    assert_eq!(respond(server, b""), MEMLANE_EMPTY, "there is no call");
    assert_eq!(memlane_refuse(server), MEMLANE_EMPTY);
    assert_eq!(call(client, b"", 10, 1_000_000), Err((MEMLANE_TIMEOUT, usize::MAX)));
    assert_eq!(call(client, &[0; 101], 10, FOREVER), Err((MEMLANE_TOO_LARGE, usize::MAX)));
    std::thread::scope(|scope| {
        let serving = scope.spawn(move || {
            assert_eq!(next(server, 3, FOREVER), Err((MEMLANE_BUFFER_TOO_SMALL, 5)));
            assert_eq!(next(server, 5, FOREVER).unwrap(), b"hello", "the same");
            let mut cancelled = u32::MAX;
            // SAFETY: the pointer is valid.
            ok(unsafe { memlane_is_cancelled(server, &mut cancelled) });
            assert_eq!(cancelled, 0);
            ok(respond(server, b"world"));
            assert_eq!(next(server, 5, FOREVER).unwrap(), b"");
            ok(memlane_refuse(server));
            assert_eq!(next(server, 5, FOREVER).unwrap(), b"1");
            assert_eq!(next(server, 5, FOREVER).unwrap(), b"2", "the one before is dropped");
            assert_eq!(respond(server, &[0; 11]), MEMLANE_TOO_LARGE);
            assert_eq!(next(server, 5, FOREVER).unwrap(), b"3");
            ok(respond(server, b"long"));
        });
        assert_eq!(call(client, b"hello", 10, FOREVER).unwrap(), b"world");
        assert_eq!(call(client, b"", 10, FOREVER), Err((MEMLANE_SERVER_DIED, usize::MAX)));
        for request in [b"1", b"2"] {
            assert_eq!(call(client, request, 10, FOREVER), Err((MEMLANE_SERVER_DIED, usize::MAX)));
        }
        assert_eq!(call(client, b"3", 3, FOREVER), Err((MEMLANE_BUFFER_TOO_SMALL, 4)));
        serving.join().unwrap();
    });
    ok(memlane_server_close(server));
    assert_eq!(memlane_server_close(server), MEMLANE_INVALID_HANDLE);
    ok(memlane_client_close(client));
}

#[test]
fn a_call_that_was_given_up_is_told_and_a_server_that_closes_tells() {
    let channel = private(MEMLANE_RPC, &options());
    let (client, server) = (client_of(channel), server_of(channel));
    std::thread::scope(|scope| {
        let calling = scope.spawn(move || {
            let first = call(client, b"1", 10, 50_000_000).unwrap_err().0;
            (first, call(client, b"2", 10, FOREVER).unwrap_err().0)
        });
        assert_eq!(next(server, 10, FOREVER).unwrap(), b"1");
        let mut cancelled = 0;
        while cancelled == 0 {
            // SAFETY: the pointer is valid.
            ok(unsafe { memlane_is_cancelled(server, &mut cancelled) });
        }
        assert_eq!(respond(server, b"late"), MEMLANE_CANCELLED);
        assert_eq!(next(server, 10, FOREVER).unwrap(), b"2");
        ok(memlane_server_close(server));
        assert_eq!(calling.join().unwrap(), (MEMLANE_TIMEOUT, MEMLANE_SERVER_DIED));
    });
}

#[test]
fn other_kinds_have_no_calls() {
    let channel = private(MEMLANE_SPSC, &options());
    let (mut client, mut server) = (ClientHandle::default(), ServerHandle::default());
    // SAFETY: the pointers are valid.
    let refused = unsafe { (memlane_client_new(channel, &mut client), memlane_server_new(channel, &mut server)) };
    assert_eq!(refused, (MEMLANE_WRONG_KIND, MEMLANE_WRONG_KIND));
    assert_eq!((client, server), (ClientHandle::default(), ServerHandle::default()));
}
