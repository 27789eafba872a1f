//! A C program compiles against the header, links the library, and finds that both belong together.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Where cargo put the static library: beside this test's own folder.
fn library_folder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().to_owned()
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_c_and_a_cpp_program_find_header_and_library_together() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/version.c");
    let include = Path::new(env!("CARGO_MANIFEST_DIR")).join("include");
    let scratch = tempfile::tempdir().unwrap();
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
            .arg(library_folder().join("libmemlane_ffi.a"))
            .args(["-lpthread", "-ldl", "-lm"]));
        run(&mut Command::new(&program));
    }
}
