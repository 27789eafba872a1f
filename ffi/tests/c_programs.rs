//! C and C++ programs compile against the header without a warning, link the library, and find that it does what it says.

#[path = "../../core/tests/support/folder.rs"]
mod folder;

use folder::Folder;
use std::path::{Path, PathBuf};
use std::process::Command;

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

#[test]
fn programs_in_c_and_cpp_do_what_the_header_says() {
    let library = library();
    for (compiler, standard, language) in [("cc", "-std=c99", "c"), ("c++", "-std=c++17", "c++")] {
        for program in ["tests/version.c", "tests/calls.c", "tests/interruptions.c", "tests/feed.c", "examples/hello.c"]
        {
            let scratch = Folder::new(0o755);
            let binary = scratch.path().join("program");
            run(Command::new(compiler)
                .args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-x", language])
                .arg(here(program))
                .args(["-x", "none", "-I"])
                .arg(here("include"))
                .arg("-o")
                .arg(&binary)
                .arg(&library)
                .args(["-lpthread", "-ldl", "-lm"]));
            let mut command = Command::new(&binary);
            command.env("MEMLANE_DIR", scratch.path());
            match program {
                "tests/feed.c" => continue, // ci/ffi.sh has the command for its other end
                "tests/calls.c" | "tests/interruptions.c" => run(command.arg(scratch.path().join("prices"))),
                "examples/hello.c" => {
                    run(&mut command);
                    let left = std::fs::read_dir(scratch.path()).unwrap().map(|entry| entry.unwrap().file_name());
                    assert_eq!(left.collect::<Vec<_>>(), ["program"], "the example removes what it made");
                }
                _ => run(&mut command),
            }
        }
    }
}
