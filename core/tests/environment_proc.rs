//! What a process can do without `/proc`, with a part of it, and when its first thread has ended.

mod support;

use memlane::spsc::{self, Options};
use std::fs;
use std::os::fd::AsRawFd;
use std::path::Path;
use support::child::{self, alone, fork, join};
use support::{Scratch, eventually, space};

fn small() -> Options {
    Options::new().capacity(4096)
}

/// A message comes through.
#[track_caller]
fn assert_talks(channel: &spsc::Channel) {
    let (mut sender, mut receiver) = (channel.sender().unwrap(), channel.receiver().unwrap());
    sender.send(b"hello").unwrap();
    assert_eq!(receiver.recv().unwrap().to_vec(), b"hello");
}

#[track_caller]
fn assert_ends(error: &dyn std::error::Error, wanted: &str) {
    let text = error.to_string();
    assert!(text.ends_with(wanted), "{text}");
}

#[test]
fn without_proc_nothing_is_created_or_opened_and_who_is_in_goes_on() {
    alone("without_proc_nothing_is_created_or_opened_and_who_is_in_goes_on", || {
        if !space::private_mounts() {
            return;
        }
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        let anonymous = small().anonymous().unwrap();
        let mut receiver = channel.receiver().unwrap();
        space::mount("tmpfs", Path::new("/proc"), "").unwrap();
        let files = "there is no /proc here, through which memlane reaches the files that it has looked at; mount it";
        let boot = "there is no /proc here, and a channel with a name needs /proc/sys/kernel/random/boot_id, to tell whether \
                    it is from before the last reboot; mount /proc, or use a private channel";
        assert_ends(&small().create(&scratch.name("new")).unwrap_err(), boot);
        assert_ends(&spsc::open(&name).unwrap_err(), files);
        assert_ends(&memlane::inspect(&name).unwrap_err(), files);
        assert_ends(&memlane::remove(&name).unwrap_err(), files);
        assert_ends(&anonymous.sender().unwrap_err(), files);
        // Neither has a boot id, since neither lasts beyond a reboot.
        assert!(small().anonymous().is_ok());
        assert_talks(&small().private().unwrap());
        assert_eq!(scratch.files().len(), 2);
        // A row's lock is found by its path.
        let mut sender = channel.sender().unwrap();
        sender.send(b"still here").unwrap();
        assert_eq!(receiver.recv().unwrap().to_vec(), b"still here");
    });
}

#[test]
fn where_proc_hides_the_boot_id_only_named_channels_are_refused() {
    alone("where_proc_hides_the_boot_id_only_named_channels_are_refused", || {
        if !space::private_mounts() {
            return;
        }
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let channel = small().create(&name).unwrap();
        if let Err(error) = space::mount("proc", Path::new("/proc"), "subset=pid") {
            return child::skip(format_args!("no /proc of processes only: {error}"));
        }
        let boot = "/proc shows processes only (ProcSubset=pid, or a sandbox), and a channel with a name needs \
                    /proc/sys/kernel/random/boot_id, to tell whether it is from before the last reboot; show all of /proc \
                    (ProcSubset=all), or use an anonymous channel";
        assert_ends(&small().create(&scratch.name("new")).unwrap_err(), boot);
        assert_ends(&spsc::open(&name).unwrap_err(), boot);
        assert_eq!(scratch.files().len(), 2);
        assert_talks(&channel);
        let anonymous = small().anonymous().unwrap();
        assert_talks(&anonymous);
        let (region, locks) = anonymous.descriptors().unwrap();
        let [region, locks] = [region, locks].map(|descriptor| descriptor.try_clone_to_owned().unwrap());
        assert_talks(&Options::new().open_descriptors(region, locks).unwrap());
        assert_talks(&small().private().unwrap());
        channel.remove().unwrap();
    });
}

/// `/proc/self` shows no descriptors any more then.
#[test]
fn a_process_whose_first_thread_has_ended_opens_channels() {
    alone("a_process_whose_first_thread_has_ended_opens_channels", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        join(fork(|| {
            std::thread::spawn(move || {
                let first = format!("/proc/self/task/{}/fd/0", std::process::id());
                let ended = || fs::symlink_metadata(&first).is_err();
                let outcome = std::panic::catch_unwind(|| {
                    eventually("the first thread ends", ended);
                    assert_talks(&small().create(&name).unwrap());
                    assert_talks(&spsc::open(&name).unwrap());
                    assert_talks(&small().anonymous().unwrap());
                    memlane::inspect(&name).unwrap();
                    memlane::remove(&name).unwrap();
                });
                // SAFETY: ends the process, whose first thread cannot any more.
                unsafe { libc::_exit(i32::from(outcome.is_err())) }
            });
            // SAFETY: ends this thread alone, which owns nothing that the other one uses.
            unsafe { libc::syscall(libc::SYS_exit, 0) };
        }));
    });
}

/// `vm.memfd_noexec=2` refuses others in Linux 6.3 to 6.5. Later ones add the seal by themselves there, so it is looked for
/// where nothing is asked for, too.
#[test]
fn where_only_files_that_nobody_can_execute_are_allowed_anonymous_channels_work() {
    const F_SEAL_EXEC: i32 = 0x20;
    alone("where_only_files_that_nobody_can_execute_are_allowed_anonymous_channels_work", || {
        let channel = small().anonymous().unwrap();
        let (region, locks) = channel.descriptors().unwrap();
        for descriptor in [region, locks] {
            // SAFETY: asks for a number.
            let seals = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_GET_SEALS) };
            assert!(seals & F_SEAL_EXEC != 0 || !Path::new("/proc/sys/vm/memfd_noexec").exists(), "{seals:#x}");
        }
        // SAFETY: unsharing concerns the children of this process, nothing in memory.
        if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
            return child::skip(format_args!("no PID namespace: {}", std::io::Error::last_os_error()));
        }
        join(fork(|| match fs::write("/proc/sys/vm/memfd_noexec", "2") {
            Ok(()) => assert_talks(&small().anonymous().unwrap()),
            Err(error) => child::skip(format_args!("memfd_noexec: {error}")),
        }));
    });
}
