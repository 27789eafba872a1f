//! A peer that writes garbage into the words of an `rpc` channel: the others get a typed error, and nobody panics or hangs.

mod support;

use memlane::rpc::{Channel, Client, Options, Server};
use memlane::{CallError, ChannelStatus, Corruption, RecvError, RespondError};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;
use support::layout::field;
use support::peer::Peer;
use support::random::Random;
use support::{PATIENCE, Scratch};

/// A channel of four frames in a file, its ends, and a peer's access to it.
struct Victim {
    _scratch: Scratch,
    channel: Channel,
    client: Client,
    server: Server,
    file: File,
    peer: Peer,
    queue_at: u64,
    cells_at: u64,
    data_at: u64,
}

/// Bytes of a frame for requests and answers of up to 32 bytes.
const FRAME: u64 = 64;

impl Victim {
    fn new() -> Self {
        let scratch = Scratch::new();
        let name = scratch.name("sums");
        let channel = Options::new().frames(4).max_request(32).max_response(32).create(&name).unwrap();
        let (client, server) = (channel.client().unwrap(), channel.server().unwrap());
        let peer = Peer::of(&name);
        let [queue_at, cells_at, data_at] = ["queue_at", "cells_at", "data_at"].map(|part| peer.part(part));
        let file = File::options().read(true).write(true).open(&name).unwrap();
        Self { _scratch: scratch, channel, client, server, file, peer, queue_at, cells_at, data_at }
    }

    fn write(&self, at: u64, word: u64) {
        self.file.write_all_at(&word.to_le_bytes(), at).unwrap();
    }

    /// The frame that the client's only call is in.
    fn frame_in_use(&self) -> u64 {
        (0..4).map(|frame| self.data_at + frame * FRAME).find(|at| self.peer.word(*at) >> 12 & 15 != 0).unwrap()
    }

    #[track_caller]
    fn assert_corrupted(&self, reason: Corruption) {
        assert_eq!(self.client.call(b"", PATIENCE), Err(CallError::Corrupted(reason)));
        assert_eq!(self.server.next().unwrap_err(), RecvError::Corrupted(reason));
        assert_eq!(self.channel.info().status, ChannelStatus::Corrupted(reason));
    }
}

#[test]
fn a_frame_in_a_state_that_it_cannot_have_is_noticed_by_its_server() {
    // Free, Returned, Answered and Failed are no states of a frame that is queued; from 8 on there are none.
    for state in [0u64, 3, 6, 7, 8, 15] {
        let victim = Victim::new();
        let _pending = victim.client.start(b"", PATIENCE).unwrap();
        let frame = victim.frame_in_use();
        victim.write(frame, 1 << 40 | state << 12);
        assert_eq!(victim.server.next().unwrap_err(), RecvError::Corrupted(Corruption::SlotState), "{state}");
        victim.assert_corrupted(Corruption::SlotState);
    }
}

#[test]
fn a_frame_that_was_taken_away_is_noticed_by_its_client() {
    for word in [0u64, 1 << 40 | 1 << 12 | 7, 4 << 12, 5 << 12, 6 << 12 | 1, 7 << 12 | 2, 9 << 12, u64::MAX] {
        let victim = Victim::new();
        let mut pending = victim.client.start(b"", PATIENCE).unwrap();
        victim.write(victim.frame_in_use(), word);
        assert_eq!(pending.wait(), Err(CallError::Corrupted(Corruption::SlotState)), "{word:#x}");
        drop(pending);
        victim.assert_corrupted(Corruption::SlotState);
    }
}

#[test]
fn a_call_that_was_taken_away_from_its_server_is_noticed_when_it_answers() {
    for word in [0u64, 1 << 12, 2 << 12, 5 << 12 | 9, u64::MAX] {
        let victim = Victim::new();
        let pending = victim.client.start(b"", PATIENCE).unwrap();
        let call = victim.server.next().unwrap();
        victim.write(victim.frame_in_use(), word);
        assert_eq!(call.respond(b""), Err(RespondError::Corrupted(Corruption::SlotState)), "{word:#x}");
        drop(pending);
        victim.assert_corrupted(Corruption::SlotState);
    }
}

#[test]
fn lengths_beyond_the_frame_are_noticed() {
    for length in [33u64, 1 << 31, u32::MAX.into()] {
        let victim = Victim::new();
        let _pending = victim.client.start(b"", PATIENCE).unwrap();
        victim.write(victim.frame_in_use() + 8, length);
        assert_eq!(victim.server.next().unwrap_err(), RecvError::Corrupted(Corruption::RecordLength));

        let victim = Victim::new();
        let mut pending = victim.client.start(b"", PATIENCE).unwrap();
        victim.server.next().unwrap().respond(b"answer").unwrap();
        victim.write(victim.frame_in_use() + 24, length);
        assert_eq!(pending.wait(), Err(CallError::Corrupted(Corruption::RecordLength)));
        drop(pending);
        victim.assert_corrupted(Corruption::RecordLength);
    }
}

#[test]
fn a_caller_that_does_not_exist_is_noticed() {
    for row in [64u64, 4095] {
        let victim = Victim::new();
        let _pending = victim.client.start(b"", PATIENCE).unwrap();
        victim.write(victim.frame_in_use() + 16, row);
        assert_eq!(victim.server.next().unwrap_err(), RecvError::Corrupted(Corruption::Participant));
    }
}

#[test]
fn a_cell_that_names_no_frame_is_noticed() {
    let victim = Victim::new();
    let _pending = victim.client.start(b"", PATIENCE).unwrap();
    victim.write(victim.cells_at, 1 << 16 | 4);
    assert_eq!(victim.server.next().unwrap_err(), RecvError::Corrupted(Corruption::SlotIndex));
}

/// Whatever is written where, while both sides are at work: every call ends, with an answer or with a typed error.
#[test]
fn garbage_everywhere_ends_in_typed_errors() {
    for seed in 0..12u64 {
        let victim = Victim::new();
        let stop = AtomicBool::new(false);
        let Victim { channel, client, server, file, queue_at, cells_at, data_at, _scratch, peer: _ } = victim;
        let head_at = queue_at + 256 + field("RingControl", "head").offset as u64;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut numbers = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                while !stop.load(Relaxed) {
                    let random = numbers.next();
                    let at = match random % 7 {
                        0 => head_at,
                        1 => head_at + 128,
                        2 => cells_at + random / 7 % 64 * 8,
                        _ => data_at + random / 7 % (4 * FRAME / 8) * 8,
                    };
                    let word = if random.is_multiple_of(2) { random >> (random % 64) } else { random % 40 };
                    let _ = file.write_all_at(&word.to_le_bytes(), at);
                }
            });
            let serving = scope.spawn(|| {
                let server = server;
                loop {
                    match server.next_timeout(Duration::from_millis(5)) {
                        Ok(call) => {
                            let request = call.to_vec().unwrap();
                            let _ = (call.deadline(), call.is_cancelled(), call.respond(&request));
                        }
                        Err(memlane::RecvTimeoutError::Timeout) if !stop.load(Relaxed) => {}
                        Err(_) => break,
                    }
                }
            });
            for number in 0..200u32 {
                match client.call(&number.to_le_bytes(), Duration::from_millis(2)) {
                    Ok(_) | Err(CallError::Timeout | CallError::ServerDied) => {}
                    Err(CallError::Corrupted(_)) => break,
                    Err(CallError::NoServer) => assert!(serving.is_finished()),
                    Err(error) => panic!("{error}"),
                }
                let _ = channel.info();
            }
            stop.store(true, Relaxed);
        });
    }
}
