//! Opens an arbitrary file image as a channel and uses it.
//!
//! The input overwrites parts of a real channel's file: `(offset: u16 in units of 8 bytes, length: u8, bytes)*`. If the
//! first byte is odd, the header's checksum is made right again, so that what lies behind it is reached. Whatever the file
//! holds, safe calls return: a message, or a typed error.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memlane::spsc;
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Offset of the header's checksum, which covers everything before it.
const CHECKSUM_AT: usize = 508;

fuzz_target!(|data: &[u8]| {
    let Some((&flags, mut rest)) = data.split_first() else { return };
    let folder = format!("/dev/shm/memlane-fuzz-{}", std::process::id());
    let _ = std::fs::create_dir(&folder);
    let name = format!("{folder}/channel");
    let _ = memlane::remove(&name);
    let _ = std::fs::remove_file(&name);
    let channel = spsc::Options::new().capacity(4096).create(&name).expect("a fresh channel");
    if flags & 2 != 0 {
        let mut tx = channel.sender().expect("the first sender");
        for length in [0, 8, 100, 700] {
            tx.send(&vec![0xa5; length]).expect("room");
        }
    }
    drop(channel);

    let file = OpenOptions::new().read(true).write(true).open(&name).expect("the channel's file");
    while let Some((head, bytes)) = rest.split_at_checked(3) {
        let offset = u64::from(u16::from_le_bytes([head[0], head[1]])) * 8;
        let (patch, after) = bytes.split_at(bytes.len().min(head[2].into()));
        rest = after;
        if offset + patch.len() as u64 <= 4096 + 8192 {
            file.write_all_at(patch, offset).expect("writing the image");
        }
    }
    if flags & 1 != 0 {
        let mut header = [0; CHECKSUM_AT];
        file.read_exact_at(&mut header, 0).expect("the header");
        file.write_all_at(&crc32c::crc32c(&header).to_le_bytes(), CHECKSUM_AT as u64).expect("writing the checksum");
    }

    let _ = memlane::inspect(&name);
    let Ok(channel) = spsc::open(&name) else { return };
    if let Ok(mut rx) = channel.receiver() {
        let mut buffer = vec![0; rx.max_message()];
        for _ in 0..600 {
            if rx.try_recv_into(&mut buffer).is_err() {
                break;
            }
        }
        let _ = rx.try_recv_batch(8);
        let _ = rx.recv_timeout(Duration::ZERO);
    }
    if let Ok(mut tx) = channel.sender() {
        for length in [0, 1, 700, 1 << 20] {
            let _ = tx.try_send(&vec![1; length]);
        }
        let _ = tx.send_timeout(&[2; 64], Duration::ZERO);
    }
});
