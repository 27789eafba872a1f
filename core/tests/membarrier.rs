//! Systems that refuse `membarrier`: channels are made with symmetric fences, and others are refused with advice.

mod support;

use memlane::spsc::{self, Options};
use memlane::{CreateError, FenceMode, OpenError};
use support::{Scratch, assert_same, child, space};

#[test]
fn with_membarrier_fences_are_asymmetric_unless_asked_otherwise() {
    let scratch = Scratch::new();
    let channel = Options::new().create(&scratch.name("default")).unwrap();
    if channel.info().fence == FenceMode::Symmetric {
        return eprintln!("skipped: this system refuses membarrier");
    }
    assert_eq!(Options::new().private().unwrap().info().fence, FenceMode::Asymmetric);
    let symmetric = Options::new().fence(FenceMode::Symmetric).create(&scratch.name("symmetric")).unwrap();
    assert_eq!(symmetric.info().fence, FenceMode::Symmetric);
    let (mut sender, mut receiver) = (symmetric.sender().unwrap(), symmetric.receiver().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(move || (0..1000u32).for_each(|number| sender.send(&number.to_le_bytes()).unwrap()));
        assert_eq!(receiver.messages().filter(Result::is_ok).count(), 1000);
    });
}

#[test]
fn without_membarrier_fences_are_symmetric_or_refused() {
    child::alone("without_membarrier_fences_are_symmetric_or_refused", || {
        let scratch = Scratch::new();
        let [made_before, made_after] = ["before", "after"].map(|file| scratch.name(file));
        let before = Options::new().capacity(4096).create(&made_before).unwrap();
        let asymmetric = before.info().fence == FenceMode::Asymmetric;
        space::refuse_system_call(libc::SYS_membarrier);

        let after = Options::new().capacity(4096).create(&made_after).unwrap();
        assert_eq!(after.info().fence, FenceMode::Symmetric);
        let again = spsc::open(&made_after).unwrap();
        again.sender().unwrap().send(b"works").unwrap();
        assert_eq!(after.receiver().unwrap().recv().unwrap().to_vec(), b"works");

        let wanted = CreateError::InvalidOption {
            channel: scratch.name("insisting"),
            option: "fence",
            given: "asymmetric".into(),
            wanted: "needs membarrier, which this system refuses: use symmetric".into(),
        };
        let insisting = Options::new().fence(FenceMode::Asymmetric).create(&scratch.name("insisting"));
        assert_same(&insisting.unwrap_err(), &wanted, "creating");
        if asymmetric {
            let wanted = OpenError::FenceUnavailable { channel: made_before.clone() };
            assert_same(&spsc::open(&made_before).unwrap_err(), &wanted, "opening");
            assert_eq!(memlane::inspect(&made_before).unwrap().fence, FenceMode::Asymmetric, "looking needs no fence");
        }
        // Who registered before the refusal came goes on: its sleepers look for themselves now and then.
        let (mut sender, mut receiver) = (before.sender().unwrap(), before.receiver().unwrap());
        std::thread::scope(|scope| {
            scope.spawn(move || (0..1000u32).for_each(|number| sender.send(&number.to_le_bytes()).unwrap()));
            assert_eq!(receiver.messages().filter(Result::is_ok).count(), 1000);
        });
    });
}

/// The commands `GLOBAL_EXPEDITED` and `PRIVATE_EXPEDITED`, with what registers for each.
const ALL_REGISTERED: [u32; 2] = [1 << 1, 1 << 2];
const THIS_PROCESS: [u32; 2] = [1 << 3, 1 << 4];

/// The fences of a private channel, and of one that other processes can open, in a process that may not use these commands.
fn fences_without(commands: [u32; 2]) -> [FenceMode; 2] {
    space::refuse_membarrier(commands);
    [Options::new().private().unwrap(), Options::new().anonymous().unwrap()].map(|channel| channel.info().fence)
}

#[test]
fn a_private_channel_needs_no_barrier_that_reaches_other_processes() {
    child::alone("a_private_channel_needs_no_barrier_that_reaches_other_processes", || {
        if Options::new().private().unwrap().info().fence == FenceMode::Symmetric {
            return child::skip("this system refuses membarrier");
        }
        assert_eq!(fences_without(ALL_REGISTERED), [FenceMode::Asymmetric, FenceMode::Symmetric]);
    });
}

#[test]
fn a_channel_of_several_processes_needs_no_barrier_of_one_process() {
    child::alone("a_channel_of_several_processes_needs_no_barrier_of_one_process", || {
        if Options::new().private().unwrap().info().fence == FenceMode::Symmetric {
            return child::skip("this system refuses membarrier");
        }
        assert_eq!(fences_without(THIS_PROCESS), [FenceMode::Symmetric, FenceMode::Asymmetric]);
    });
}
