//! A channel from before the last reboot: nobody is alive in it, and its messages are of unknown age.

use crate::sandbox::{Sandbox, eventually};
use std::fs;

/// Changes the boot id in the file's header, as the next boot would, and its checksum with it.
fn make_stale(sandbox: &Sandbox, name: &str) {
    let path = sandbox.channels().join(format!("{name}.lane"));
    let mut file = fs::read(&path).unwrap();
    file[32] ^= 0xff;
    let checksum = crc32c(&file[..1020]);
    file[1020..1024].copy_from_slice(&checksum.to_le_bytes());
    fs::write(&path, file).unwrap();
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 })
    })
}

#[test]
fn a_stale_channel_can_be_looked_at_and_removed() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "old", "hello"]).ok();
    make_stale(&sandbox, "old");
    assert_eq!(sandbox.look("old").unwrap()["status"], "stale");
    assert!(sandbox.run(&["info", "old"]).text().contains("stale: from before the last reboot"));
    assert!(sandbox.run(&["ls"]).text().contains("stale"));
    sandbox.run(&["rm", "old"]).ok();
}

#[test]
fn a_sender_replaces_a_stale_channel_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "old", "--capacity", "64K", "forgotten"]).ok();
    make_stale(&sandbox, "old");
    let ended = sandbox.run(&["send", "old", "new"]);
    let said = "memlane: channel old was from before the last reboot; it was replaced by a new one\n";
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), said));
    assert_eq!(sandbox.run(&["recv", "old"]).text(), "new\n");
}

#[test]
fn a_receiver_waits_until_a_stale_channel_is_replaced() {
    let sandbox = Sandbox::new();
    sandbox.run(&["send", "old", "forgotten"]).ok();
    make_stale(&sandbox, "old");
    let ended = sandbox.run(&["recv", "old", "--timeout", "30ms"]);
    let sentence = ended.failed(4);
    let expected = "channel old is from before the last reboot and was not replaced within 0.03 s; its place is /";
    assert!(sentence.starts_with(expected), "{sentence}");
    let receiver = sandbox.start(&["recv", "old"]);
    eventually("the receiver waits", || receiver.is_asleep());
    sandbox.run(&["send", "old", "new"]);
    assert_eq!(receiver.end().text(), "new\n");
}
