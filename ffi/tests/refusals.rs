//! What the system refuses, and what every status and detail says.

mod c_calls;
#[path = "../../core/tests/support/mod.rs"]
mod support;

use c_calls::*;
use memlane::{RecvTimeoutError, SendTimeoutError, TryRecvError, TrySendError};
use memlane_ffi::*;
use std::ffi::{CStr, CString};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use support::child::{self, alone};
use support::{SOMEBODY, Scratch, is_root, space};

fn create(name: &str) -> ChannelHandle {
    open(name, MEMLANE_SPSC, MEMLANE_CREATE, &small(MEMLANE_SPSC))
}

#[test]
fn without_permission_there_is_no_channel() {
    alone("without_permission_there_is_no_channel", || {
        if !is_root("becoming another user") {
            return child::skip("needs root to become another user");
        }
        let scratch = Scratch::new();
        fs::set_permissions(scratch.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let name = scratch.name("prices");
        create(&name);
        // SAFETY: takes an integer; this process is the test's own.
        assert_eq!(unsafe { libc::seteuid(SOMEBODY) }, 0);
        fails(open_status(&name), MEMLANE_PERMISSION, "no permission to open it");
        let other = try_open(&scratch.name("other"), MEMLANE_SPSC, MEMLANE_CREATE, &options()).0;
        fails(other, MEMLANE_PERMISSION, "no permission to create it");
        // SAFETY: the pointer is valid.
        let removed = unsafe { memlane_remove(CString::new(name.as_str()).unwrap().as_ptr()) };
        fails(removed, MEMLANE_PERMISSION, "no permission");
        // SAFETY: as above; root again, to clean up.
        assert_eq!(unsafe { libc::seteuid(0) }, 0);
    });
}

#[test]
fn folders_and_filesystems_that_do_not_do_are_refused() {
    alone("folders_and_filesystems_that_do_not_do_are_refused", || {
        if !space::private_mounts() {
            return;
        }
        let shared = Path::new("/dev/shm");
        space::mount("tmpfs", shared, "mode=1777").unwrap();
        // SAFETY: asks for a number.
        let folder = format!("/dev/shm/memlane-{}", unsafe { libc::geteuid() });
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        fails(try_open("prices", MEMLANE_SPSC, MEMLANE_CREATE, &options()).0, MEMLANE_UNSAFE_FOLDER, "not private");
        let [lower, upper, work, merged] = ["lower", "upper", "work", "merged"].map(|folder| shared.join(folder));
        for folder in [&lower, &upper, &work, &merged] {
            fs::create_dir(folder).unwrap();
        }
        let layers = format!("lowerdir={},upperdir={},workdir={}", lower.display(), upper.display(), work.display());
        if let Err(error) = space::mount("overlay", &merged, &layers) {
            return child::skip(format_args!("no overlay: {error}"));
        }
        let name = merged.join("prices").display().to_string();
        let status = try_open(&name, MEMLANE_SPSC, MEMLANE_CREATE, &options()).0;
        fails(status, MEMLANE_UNSUPPORTED_FILESYSTEM, "does not share memory reliably");
    });
}

#[test]
fn a_channel_that_needs_membarrier_is_refused_without() {
    alone("a_channel_that_needs_membarrier_is_refused_without", || {
        let scratch = Scratch::new();
        let name = scratch.name("prices");
        let asymmetric = Options { fence: MEMLANE_FENCE_ASYMMETRIC, ..options() };
        let (status, channel) = try_open(&name, MEMLANE_SPSC, MEMLANE_CREATE, &asymmetric);
        if status == MEMLANE_INVALID_OPTION {
            return child::skip("this system has no membarrier");
        }
        ok(status);
        ok(memlane_channel_close(channel));
        space::refuse_system_call(libc::SYS_membarrier);
        fails(open_status(&name), MEMLANE_FENCE_UNAVAILABLE, "create it with symmetric fences");
    });
}

#[test]
fn every_status_has_its_own_sentence() {
    let sentence = |status: i32| {
        // SAFETY: a static C string.
        unsafe { CStr::from_ptr(memlane_strerror(status)) }.to_str().unwrap()
    };
    // The header is what C programs know of them.
    let header = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("include/memlane.h")).unwrap();
    let values = header.lines().filter_map(|line| line.trim().strip_suffix(',')?.split_once(" = "));
    let statuses: Vec<(&str, i32)> = values.map(|(name, value)| (name, value.parse().unwrap())).collect();
    assert!(statuses.len() > 40 && statuses.contains(&("MEMLANE_TIMEOUT", MEMLANE_TIMEOUT as i32)), "{statuses:?}");
    let mut sentences: Vec<_> = statuses.iter().map(|(_, value)| sentence(*value)).collect();
    assert!(sentences.iter().all(|sentence| !sentence.is_empty() && *sentence != "no such status"));
    sentences.sort_unstable();
    sentences.dedup();
    assert_eq!(sentences.len(), statuses.len());
    for other in [3, -8, -1000, i32::MIN, i32::MAX] {
        assert_eq!(sentence(other), "no such status");
    }
    // The manual has them all, too.
    let manual = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/c.md")).unwrap();
    for (name, value) in statuses {
        assert!(manual.contains(&format!("| {value} | `{name}` |")), "docs/c.md lacks {name} = {value}");
    }
}

/// Variants that the engine's macro gives every error of sending and receiving.
const COMMON: [&str; 4] = ["Disconnected", "Corrupted", "Removed", "Forked"];

/// The variants of the engine's error enums, by enum, as `rustfmt` leaves them: a plain enum's stand behind four spaces, those
/// of the enums that a macro writes behind eight.
fn errors_of_the_engine() -> Vec<(String, Vec<String>)> {
    let word = |text: &str| text.chars().take_while(|character| character.is_alphanumeric()).collect::<String>();
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut indentation = None;
    for file in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/src/error")).unwrap() {
        for line in fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            if let Some(name) = line.strip_prefix("pub enum ") {
                (indentation, _) = (Some("    "), found.push((word(name), Vec::new())));
            } else if let Some(name) = line.trim_start().strip_suffix(", disconnected") {
                (indentation, _) = (Some("        "), found.push((word(name), COMMON.map(str::to_owned).to_vec())));
            } else if line == "}" {
                indentation = None;
            } else if let Some(variant) = indentation.and_then(|spaces| line.strip_prefix(spaces))
                && variant.starts_with(|character: char| character.is_ascii_uppercase())
            {
                found.last_mut().unwrap().1.push(word(variant));
            }
        }
    }
    found
}

#[test]
fn every_error_of_the_engine_has_a_status() {
    let files =
        ["src/errors.rs", "src/signalling_errors.rs"].map(|file| Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
    let statuses = files.map(|file| fs::read_to_string(file).unwrap()).concat();
    let errors = errors_of_the_engine();
    let count = |name: &str| errors.iter().find(|(error, _)| error == name).map_or(0, |(_, variants)| variants.len());
    assert!(count("OpenError") > 15 && count("TrySendError") == 6 && count("GrantError") > 3, "{errors:?}");
    assert!(count("JoinError") > 8 && count("RemoveError") > 8, "{errors:?}");
    let body = |error: &str| {
        let start = format!("impl Coded for {error} {{");
        statuses.split_once(&start).expect(&start).1.split("\n}").next().unwrap()
    };
    let mut missing = Vec::new();
    // The other enums are parts of errors.
    for (error, variants) in errors.iter().filter(|(error, _)| error.ends_with("Error")) {
        // An error that is part of a wider one has that one's numbers.
        let own = match body(error).split_once("::from(*self)") {
            Some((before, _)) => body(before.split_whitespace().last().unwrap()),
            None => body(error),
        };
        let has = |variant: &&String| [" =>", "(", " {"].iter().any(|end| own.contains(&format!("{variant}{end}")));
        missing.extend(variants.iter().filter(|variant| !has(variant)).map(|variant| format!("{error}::{variant}")));
    }
    assert_eq!(missing, [""; 0], "ffi/src/errors.rs has no number for these");
}

#[test]
fn a_detail_says_what_the_engine_says() {
    for kind in kinds() {
        let (_, tx, rx) = pair(kind);
        let says = |status, wanted, sentence: &dyn std::fmt::Display| {
            fails(status, wanted, "");
            assert_eq!(detail(), format!("channel (private): {sentence}"));
        };
        says(recv(rx, 0).unwrap_err(), MEMLANE_EMPTY, &TryRecvError::Empty);
        says(recv(rx, 1).unwrap_err(), MEMLANE_TIMEOUT, &RecvTimeoutError::Timeout);
        // One channel, one status, one thread, and nobody asks in between: what came to an end is another thing.
        assert_eq!(recv(rx, 1).unwrap_err(), MEMLANE_TIMEOUT);
        let refused = (0..).map(|_| send(tx, &[7; 100], 1)).find(|&status| status != MEMLANE_OK).unwrap();
        says(refused, MEMLANE_TIMEOUT, &SendTimeoutError::Timeout);
        says(send(tx, &[7; 100], 0), MEMLANE_FULL, &TrySendError::Full);
    }
}

#[test]
fn a_detail_is_its_threads_own() {
    fails(open_status(""), MEMLANE_INVALID_NAME, "is not a channel name");
    let before = detail();
    std::thread::spawn(|| {
        assert_eq!(detail(), "", "nothing failed here yet");
        fails(open_status("a/b/c"), MEMLANE_NOT_FOUND, "a/b/c does not exist");
    })
    .join()
    .unwrap();
    let (_, tx, _) = pair(MEMLANE_SPSC);
    ok(send(tx, b"success changes nothing", 0));
    assert_eq!(detail(), before);
}

#[test]
fn a_detail_names_the_channel_that_failed_last() {
    let scratch = Scratch::new();
    let names = [scratch.name("one"), scratch.name("two")];
    let receivers = names.each_ref().map(|name| receiver(create(name)));
    for _ in 0..2 {
        for (name, rx) in names.iter().zip(receivers) {
            fails(recv(rx, 0).unwrap_err(), MEMLANE_EMPTY, &format!("channel {name}: the channel is empty"));
            assert_eq!(recv(rx, 0), Err(MEMLANE_EMPTY));
        }
    }
}
