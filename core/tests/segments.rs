//! Channels in named segments: what is weaker than in files, and that each weakness is an error and not a surprise.
#![cfg(feature = "named-segments")]

mod support;

use memlane::spsc::{Channel, Options};
use memlane::{CreateError, NotAChannel, OpenError, RemoveError};
use shared_memory::{Shmem, ShmemConf};
use std::fs::File;
use std::path::PathBuf;
use support::{Scratch, assert_same, space};

/// A name that no other test uses, gone in the end.
struct Segment {
    name: String,
    _scratch: Scratch,
}

impl Segment {
    fn new() -> Self {
        let scratch = Scratch::new();
        let path = scratch.path().to_str().unwrap();
        Self { name: format!("segment{}", path.replace(['/', '.'], "-")), _scratch: scratch }
    }

    fn create(&self) -> Channel {
        Options::new().capacity(4096).create_segment(&self.name).unwrap()
    }

    /// The segment as any program sees it.
    fn raw(&self, bytes: &[u8]) -> Shmem {
        let id = format!("/memlane-{}-{}", rustix::process::geteuid().as_raw(), self.name);
        let segment = ShmemConf::new().os_id(id).size(bytes.len()).create().unwrap();
        // SAFETY: fresh memory of this length.
        unsafe { segment.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
        segment
    }

    /// The file that it is on Linux.
    fn file(&self) -> PathBuf {
        format!("/dev/shm/memlane-{}-{}", rustix::process::geteuid().as_raw(), self.name).into()
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let _ = memlane::remove_segment(&self.name);
    }
}

#[test]
fn a_channel_stays_until_it_is_removed() {
    let segment = Segment::new();
    let channel = segment.create();
    channel.sender().unwrap().send(b"kept").unwrap();
    drop(channel);
    let channel = Options::new().open_segment(&segment.name).unwrap();
    assert_eq!(channel.receiver().unwrap().recv().unwrap().to_vec(), b"kept");
    assert_eq!(channel.info().path, None);
    channel.remove().unwrap();
    assert!(matches!(Options::new().open_segment(&segment.name).unwrap_err(), OpenError::NotFound { .. }));
    assert!(matches!(memlane::remove_segment(&segment.name).unwrap_err(), RemoveError::NotFound { .. }));
}

#[test]
fn a_name_is_taken_once_and_its_channel_is_not_removed_under_anybody() {
    let segment = Segment::new();
    let channel = segment.create();
    let again = Options::new().create_segment(&segment.name).unwrap_err();
    assert!(matches!(again, CreateError::AlreadyExists { .. }), "{again}");
    let sender = channel.sender().unwrap();
    let in_use = memlane::remove_segment(&segment.name).unwrap_err();
    assert!(matches!(in_use, RemoveError::InUse { participants: 1, .. }), "{in_use}");
    drop(sender);
    memlane::remove_segment(&segment.name).unwrap();
}

#[test]
fn an_opener_that_comes_too_early_is_told_so() {
    let segment = Segment::new();
    let unfinished = segment.raw(&[0; 12_288]);
    let error = Options::new().open_segment(&segment.name).unwrap_err();
    assert!(matches!(error, OpenError::NotAChannel { found: NotAChannel::Unfinished, .. }), "{error}");
    drop(unfinished);
    // The magic is there, the rest is not.
    let half = segment.raw(b"\x89memlane\x01\0\0\0");
    assert!(matches!(Options::new().open_segment(&segment.name).unwrap_err(), OpenError::Truncated { .. }));
    drop(half);
    let mut start = vec![0; 12_288];
    start[..12].copy_from_slice(b"\x89memlane\x01\0\0\0");
    let half = segment.raw(&start);
    let error = Options::new().open_segment(&segment.name).unwrap_err();
    assert!(matches!(error, OpenError::BadHeader { field: "checksum", .. }), "{error}");
    drop(half);
}

#[test]
fn what_a_killed_creator_left_can_be_removed() {
    let segment = Segment::new();
    let mut unfinished = segment.raw(&[0; 4096]);
    unfinished.set_owner(false);
    drop(unfinished);
    assert!(matches!(Options::new().create_segment(&segment.name).unwrap_err(), CreateError::AlreadyExists { .. }));
    memlane::remove_segment(&segment.name).unwrap();
    segment.create();
}

#[test]
fn a_segment_of_somebody_else_is_refused() {
    if !support::is_root("a segment of somebody else") {
        return;
    }
    let segment = Segment::new();
    segment.create();
    std::os::unix::fs::chown(segment.file(), Some(support::SOMEBODY), None).unwrap();
    let error = Options::new().open_segment(&segment.name).unwrap_err();
    assert!(matches!(error, OpenError::ForeignOwner { owner: support::SOMEBODY, .. }), "{error}");
    Options::new().any_owner(true).open_segment(&segment.name).unwrap();
}

#[test]
fn a_segment_that_claims_more_than_is_there_is_not_opened() {
    for hole in [64 << 10, 4096] {
        let segment = Segment::new();
        let channel = Options::new().capacity(1 << 20).create_segment(&segment.name).unwrap();
        let file = File::options().read(true).write(true).open(segment.file()).unwrap();
        space::punch(&file, file.metadata().unwrap().len() - hole, hole);
        let wanted = OpenError::NotAChannel { channel: segment.name.clone(), found: NotAChannel::Sparse };
        assert_same(&Options::new().open_segment(&segment.name).unwrap_err(), &wanted, "opening");
        drop(channel);
        memlane::remove_segment(&segment.name).unwrap();
    }
}

#[test]
fn names_and_modes_are_checked() {
    for name in ["", ".hidden", "a/path", "two words"] {
        assert!(matches!(Options::new().create_segment(name).unwrap_err(), CreateError::InvalidName { .. }));
        assert!(matches!(memlane::remove_segment(name).unwrap_err(), RemoveError::InvalidName { .. }));
    }
    let error = Options::new().mode(0o660).create_segment("shared").unwrap_err();
    assert!(matches!(error, CreateError::InvalidOption { option: "mode", .. }), "{error}");
}

#[test]
fn a_creator_that_asked_for_it_removes_its_channel() {
    let segment = Segment::new();
    let channel = Options::new().remove_on_drop(true).create_segment(&segment.name).unwrap();
    let opened = Options::new().open_segment(&segment.name).unwrap();
    drop(channel);
    assert!(matches!(Options::new().open_segment(&segment.name).unwrap_err(), OpenError::NotFound { .. }));
    drop(opened);
}
