//! A C program compiles against the header, links the library, and finds that both belong together.

use std::path::{Path, PathBuf};
use std::process::Command;

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
fn a_c_and_a_cpp_program_find_header_and_library_together() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/version.c");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let (scratch, library) = (tempfile::tempdir().unwrap(), library());
    for (compiler, standard) in [("cc", "-std=c99"), ("c++", "-std=c++17")] {
        let program = scratch.path().join(compiler);
        let language = if compiler == "cc" { "c" } else { "c++" };
        run(Command::new(compiler)
            .args([standard, "-Wall", "-Wextra", "-Werror", "-pedantic", "-x", language])
            .arg(&source)
            .args(["-x", "none", "-I"])
            .arg(&include)
            .arg("-o")
            .arg(&program)
            .arg(&library)
            .args(["-lpthread", "-ldl", "-lm"]));
        run(&mut Command::new(&program));
    }
}
