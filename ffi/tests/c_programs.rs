//! C and C++ programs compile against the header without a warning, link the library, and find that it does what it says.

#[path = "../../core/tests/support/folder.rs"]
mod folder;

use folder::Folder;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The static library: testing alone does not build it, so this does.
fn library() -> PathBuf {
    run(Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "memlane-ffi", "--lib"])
        .current_dir(env!("CARGO_MANIFEST_DIR")));
    let test = std::env::current_exe().unwrap();
    // …/target/<profile>/deps/<test>
    test.ancestors().nth(3).unwrap().join("debug/libmemlane_ffi.a")
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// The compilers, each with its standard and language.
const COMPILERS: [(&str, &str, &str); 2] = [("cc", "-std=c99", "c"), ("c++", "-std=c++17", "c++")];

/// Compiles a program, and refuses warnings.
fn compile((compiler, standard, language): (&str, &str, &str), library: &Path, source: &str, program: &Path) {
    run(Command::new(compiler)
        .args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-x", language])
        .arg(here(source))
        .args(["-x", "none", "-I"])
        .arg(here("include"))
        .arg("-o")
        .arg(program)
        .arg(library)
        .args(["-lpthread", "-ldl", "-lm"]));
}

fn files_in(folder: &Folder) -> Vec<std::ffi::OsString> {
    std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
}

#[test]
fn programs_in_c_and_cpp_do_what_the_header_says() {
    let library = library();
    for compiler in COMPILERS {
        for program in ["tests/version.c", "tests/calls.c", "tests/interruptions.c", "tests/feed.c", "examples/hello.c"]
        {
            let scratch = Folder::new(0o755);
            let binary = scratch.path().join("program");
            compile(compiler, &library, program, &binary);
            let mut command = Command::new(&binary);
            command.env("MEMLANE_DIR", scratch.path());
            match program {
                "tests/feed.c" => continue, // ci/ffi.sh has the command for its other end
                "tests/calls.c" | "tests/interruptions.c" => run(command.arg(scratch.path().join("prices"))),
                "examples/hello.c" => {
                    run(&mut command);
                    assert_eq!(files_in(&scratch), ["program"], "the example removes what it made");
                }
                _ => run(&mut command),
            }
        }
    }
}

#[test]
fn examples_reach_each_other_and_remove_their_channel() {
    const PAIRS: [(&str, &str, usize); 4] = [
        ("spsc_sender", "spsc_receiver", 10),
        ("mpsc_sender", "mpsc_receiver", 10),
        ("broadcast_sender", "broadcast_receiver", 10),
        ("mpmc_producer", "mpmc_worker", 20),
    ];
    let library = library();
    for compiler in COMPILERS {
        for (sender, receiver, messages) in PAIRS {
            let programs = Folder::new(0o755);
            let channels = Folder::new(0o755);
            let start = |example: &str| {
                let program = programs.path().join(example);
                compile(compiler, &library, &format!("examples/{example}.c"), &program);
                let mut command = Command::new(program);
                command.env("MEMLANE_DIR", channels.path()).stdout(Stdio::piped()).spawn().unwrap()
            };
            let (receiver, sender) = (start(receiver), start(sender));
            for (process, lines) in [(sender, 0), (receiver, messages)] {
                let output = process.wait_with_output().unwrap();
                assert!(output.status.success(), "{output:?}");
                assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), lines);
            }
            assert!(files_in(&channels).is_empty(), "the receiver removes the channel");
        }
    }
}

#[test]
fn workers_share_two_licences_and_the_last_one_removes_them() {
    let library = library();
    for compiler in COMPILERS {
        let (programs, channels) = (Folder::new(0o755), Folder::new(0o755));
        let program = programs.path().join("semaphore_worker");
        compile(compiler, &library, "examples/semaphore_worker.c", &program);
        // Without a handle of this test's, the channel would go with the first worker if that were done before another one began.
        let options = memlane::semaphore::Options::new().permits(2);
        let name = channels.path().join("example-licences.lane");
        let keeper = options.create(name.to_str().unwrap()).unwrap().semaphore().unwrap();
        let start =
            || Command::new(&program).env("MEMLANE_DIR", channels.path()).stdout(Stdio::piped()).spawn().unwrap();
        for worker in [(); 4].map(|()| start()) {
            let output = worker.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "job 1\njob 2\njob 3\n");
        }
        drop(keeper);
        assert!(start().wait().unwrap().success());
        assert!(files_in(&channels).is_empty(), "the last one removes the channel");
    }
}

#[test]
fn the_receivers_of_a_value_come_to_the_last_one_and_remove_its_channel() {
    let library = library();
    for compiler in COMPILERS {
        let (programs, channels) = (Folder::new(0o755), Folder::new(0o755));
        let start = |example: &str| {
            let program = programs.path().join(example);
            if !program.exists() {
                compile(compiler, &library, &format!("examples/{example}.c"), &program);
            }
            let mut command = Command::new(program);
            command.env("MEMLANE_DIR", channels.path()).stdout(Stdio::piped()).spawn().unwrap()
        };
        let processes = ["watch_receiver", "watch_receiver", "watch_sender"].map(start);
        for (process, is_receiver) in processes.into_iter().zip([true, true, false]) {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
            let printed = String::from_utf8(output.stdout).unwrap();
            assert_eq!(printed.lines().last(), is_receiver.then_some("limit 10 (version 10)"), "{printed}");
        }
        assert!(files_in(&channels).is_empty(), "the last one removes the channel");
    }
}
