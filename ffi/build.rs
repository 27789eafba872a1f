//! Gives the shared library the name under which programs find it at run time; `ffi/Makefile` installs it as that.

fn main() {
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmemlane.so.{major}");
    println!("cargo:rerun-if-changed=build.rs");
}
