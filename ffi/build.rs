//! Gives the shared library the name under which programs find it at run time; `ffi/Makefile` installs it as that. And keeps
//! it in a process that has loaded it: it has handlers for forks and tables of handles, which a `dlclose` must not unmap.

fn main() {
    let major = std::env::var("CARGO_PKG_VERSION_MAJOR").expect("cargo sets the version");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libmemlane.so.{major}");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo:rerun-if-changed=build.rs");
}
