//! Names without a path: the folder that they lead to, and who may use it.

mod support;

use memlane::spsc::{self, Options};
use memlane::{CreateError, OpenError};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use support::child::{self, Child};
use support::{SOMEBODY, Scratch, assert_same, files_in, is_root, space};

/// The folder that names lead to where nobody sets another one.
fn default_folder() -> PathBuf {
    format!("/dev/shm/memlane-{}", rustix::process::geteuid().as_raw()).into()
}

fn mode_of(path: impl AsRef<Path>) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn child_part() {
    child::play(&[
        ("creates", |arguments| {
            Options::new().capacity(4096).create(&arguments[0]).unwrap();
            child::tell(memlane::channel_path(&arguments[0]).unwrap().display());
            child::tell(memlane::list().unwrap().join(" "));
        }),
        ("creates for a group", |arguments| {
            Options::new().capacity(4096).mode(0o660).create(&arguments[0]).unwrap();
        }),
        ("fails", |arguments| {
            let (name, options) = (&arguments[0], Options::new().capacity(4096));
            child::tell(format_args!("create: {}", options.create(name).unwrap_err()));
            child::tell(format_args!("open: {}", options.open(name).unwrap_err()));
            child::tell(format_args!("open or create: {}", options.open_or_create(name).unwrap_err()));
            child::tell(format_args!("inspect: {}", memlane::inspect(name).unwrap_err()));
            child::tell(format_args!("remove: {}", memlane::remove(name).unwrap_err()));
            child::tell(format_args!("list: {}", memlane::list().unwrap_err()));
        }),
        ("tells the path", |arguments| child::tell(memlane::channel_path(&arguments[0]).unwrap().display())),
    ]);
}

/// Plays a part with `MEMLANE_DIR` set.
fn with_folder(part: &str, argument: &str, folder: &str) -> Vec<String> {
    let mut child = Child::start_with(part, &[argument], |command| {
        command.env("MEMLANE_DIR", folder);
    });
    child.finish()
}

#[test]
fn names_lead_to_the_folder_of_the_environment() {
    let scratch = Scratch::new();
    let folder = scratch.name("channels");
    fs::create_dir(&folder).unwrap();
    let told = with_folder("creates", "prices", &folder);
    assert_eq!(told, [format!("{folder}/prices.lane"), "prices".to_owned()]);
    let told = with_folder("creates", "quotes", &folder);
    assert_eq!(told[1], "prices quotes", "the folder is used again");
    spsc::open(&format!("{folder}/prices.lane")).unwrap();

    fs::write(scratch.join("channels/notes.txt"), "").unwrap();
    fs::write(scratch.join("channels/two words.lane"), "").unwrap();
    let told = with_folder("creates", "a.b_c-9", &folder);
    assert_eq!(told[1], "a.b_c-9 prices quotes", "what cannot be a channel's file is not listed");
    assert_eq!(files_in(Path::new(&folder)).len(), 8, "two files a channel, and the two of somebody else");
}

#[test]
fn the_folder_of_the_environment_may_be_shared() {
    let scratch = Scratch::new();
    let folder = scratch.name("shared");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    with_folder("creates for a group", "prices", &folder);
    assert_eq!(mode_of(format!("{folder}/prices.lane")), 0o660);
    assert_eq!(mode_of(&folder), 0o777, "it is left as it is");
    let link = scratch.name("link");
    symlink(&folder, &link).unwrap();
    with_folder("creates", "quotes", &link);
    assert!(Path::new(&folder).join("quotes.lane").exists(), "who sets the folder may choose a link");
}

/// Were it made, two programs one of which has a slip in its `MEMLANE_DIR` would wait for each other for ever.
#[test]
fn a_folder_of_the_environment_that_is_missing_is_named_and_not_made() {
    let scratch = Scratch::new();
    let file = scratch.name("file");
    fs::write(&file, "").unwrap();
    let missing = |folder: &str| {
        format!("channel prices: the folder {folder} does not exist; make it first, or correct MEMLANE_DIR")
    };
    for folder in [scratch.name("slip"), scratch.name("no/such")] {
        let told = with_folder("fails", "prices", &folder);
        assert_eq!(
            told[..5],
            ["create", "open", "open or create", "inspect", "remove"]
                .map(|call| { format!("{call}: {}", missing(&folder)) })
        );
        assert_eq!(
            told[5..],
            [format!("list: the folder {folder} does not exist; make it first, or correct MEMLANE_DIR")]
        );
    }
    let told = with_folder("fails", "prices", &file);
    let not_a_folder = "is not a folder; use another one (MEMLANE_DIR, or a path)";
    assert_eq!(told[0], format!("create: channel prices: {file} {not_a_folder}"));
    assert_eq!(told[1], format!("open: {}", missing(&file)));
    assert_eq!(scratch.files(), ["file"]);
}

/// A set-uid program, as far as the kernel tells: a copy of this one, which is its own part.
#[test]
fn a_program_with_rights_beyond_its_callers_does_not_look_at_the_environment() {
    if !is_root("a set-uid program") {
        return;
    }
    // Not in /dev/shm, which may be mounted without set-uid programs.
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (mode, wanted) in
        [(0o755, "/chosen/prices.lane".to_owned()), (0o4755, "/dev/shm/memlane-0/prices.lane".to_owned())]
    {
        fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
        let mut child = Child::start_program(&program, "tells the path", &["prices"], |command| {
            command.env("MEMLANE_DIR", "/chosen").uid(SOMEBODY).gid(SOMEBODY);
        });
        assert_eq!(child.finish(), [wanted], "{mode:o}");
    }
}

#[test]
fn without_shared_memory_the_default_folder_is_refused_in_words() {
    child::alone("without_shared_memory_the_default_folder_is_refused_in_words", || {
        if !space::private_mounts() {
            return;
        }
        // /dev/shm is the machine's; a /dev without it is ours.
        space::mount("tmpfs", Path::new("/dev"), "").unwrap();
        let error = Options::new().create("prices").unwrap_err();
        assert_eq!(
            error.to_string(),
            "channel prices: /dev/shm does not exist, and channels stand there by default; mount a tmpfs there, or set \
             MEMLANE_DIR to another folder"
        );
    });
}

#[test]
fn a_path_is_used_as_it_is() {
    let scratch = Scratch::new();
    let name = scratch.name("channels/prices");
    fs::create_dir(scratch.join("channels")).unwrap();
    fs::create_dir(scratch.join("elsewhere")).unwrap();
    let told = with_folder("creates", &name, &scratch.name("elsewhere"));
    assert_eq!(told, [name, String::new()]);
    assert_eq!(files_in(&scratch.join("elsewhere")), [""; 0], "the folder of names is not used for a path");
}

#[test]
fn the_default_folder_is_made_for_its_user_alone() {
    child::alone("the_default_folder_is_made_for_its_user_alone", || {
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", Path::new("/dev/shm"), "mode=1777").unwrap();
        assert_eq!(memlane::list().unwrap(), [""; 0], "an absent folder has no channels");
        assert!(matches!(spsc::open("prices"), Err(OpenError::NotFound { .. })));
        assert!(!default_folder().exists(), "looking makes no folder");
        rustix::process::umask(0.into());
        let channel = Options::new().create("prices").unwrap();
        assert_eq!(channel.info().path, Some(default_folder().join("prices.lane")));
        assert_eq!(mode_of(default_folder()), 0o700);
        assert_eq!(memlane::list().unwrap(), ["prices"]);
        spsc::open("prices").unwrap();
    });
}

#[test]
fn a_default_folder_that_is_not_ours_alone_is_refused() {
    child::alone("a_default_folder_that_is_not_ours_alone_is_refused", || {
        if !space::private_mounts() {
            return;
        }
        let folder = default_folder();
        let make = |mode: u32| {
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        };
        type Spoil<'a> = (&'a str, Box<dyn Fn() + 'a>);
        let cases: [Spoil<'_>; 6] = [
            ("others may enter", Box::new(|| make(0o701))),
            ("others may write", Box::new(|| make(0o777))),
            ("the group may read", Box::new(|| make(0o740))),
            ("a file", Box::new(|| fs::write(&folder, "").unwrap())),
            ("of another user", {
                Box::new(|| {
                    make(0o700);
                    chown(&folder, Some(SOMEBODY), None).unwrap();
                })
            }),
            ("a link to a folder of ours", {
                Box::new(|| {
                    fs::create_dir("/dev/shm/ours").unwrap();
                    fs::set_permissions("/dev/shm/ours", fs::Permissions::from_mode(0o700)).unwrap();
                    symlink("/dev/shm/ours", &folder).unwrap();
                })
            }),
        ];
        for (what, spoil) in cases {
            space::mount("tmpfs", Path::new("/dev/shm"), "mode=1777").unwrap();
            spoil();
            let wanted = CreateError::UnsafeFolder { channel: "prices".into(), folder: folder.display().to_string() };
            assert_same(&Options::new().create("prices").unwrap_err(), &wanted, what);
            assert!(!folder.is_dir() || files_in(&folder).is_empty(), "{what}: nothing left behind");
        }
    });
}

#[test]
fn a_channel_for_others_is_refused_where_only_its_user_can_go() {
    child::alone("a_channel_for_others_is_refused_where_only_its_user_can_go", || {
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", Path::new("/dev/shm"), "mode=1777").unwrap();
        for mode in [0o660, 0o606, 0o640, 0o604] {
            let wanted = CreateError::InvalidOption {
                channel: "prices".into(),
                option: "mode",
                given: format!("{mode:#o}"),
                wanted: "is for others, who cannot enter the private folder: give a path, or set MEMLANE_DIR".into(),
            };
            assert_same(&Options::new().mode(mode).create("prices").unwrap_err(), &wanted, "in the private folder");
        }
        assert!(!default_folder().exists());
        Options::new().mode(0o660).create("/dev/shm/prices").unwrap();
    });
}

#[test]
fn a_channel_planted_by_another_user_in_the_default_folder_is_not_opened() {
    child::alone("a_channel_planted_by_another_user_in_the_default_folder_is_not_opened", || {
        if !space::private_mounts() {
            return;
        }
        space::mount("tmpfs", Path::new("/dev/shm"), "mode=1777").unwrap();
        Options::new().create("prices").unwrap();
        let path = memlane::channel_path("prices").unwrap();
        chown(&path, Some(SOMEBODY), None).unwrap();
        chown(default_folder(), Some(SOMEBODY), None).unwrap();
        let wanted = OpenError::ForeignOwner { channel: "prices".into(), owner: SOMEBODY };
        assert_same(&spsc::open("prices").unwrap_err(), &wanted, "opening");
        assert_same(&Options::new().open_or_create("prices").unwrap_err(), &wanted, "opening or creating");
    });
}
