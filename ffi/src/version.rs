//! Whether header and library belong together.

use std::ffi::{CStr, c_char};

/// The library's version, as in `Cargo.toml`.
const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version has no zero byte"),
};

/// The library's version, to be compared with MEMLANE_VERSION: a string with static lifetime, never null.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_version() -> *const c_char {
    VERSION.as_ptr()
}

/// Major version of the file layout that this library reads and writes, to be compared with MEMLANE_LAYOUT_MAJOR.
#[unsafe(no_mangle)]
pub extern "C" fn memlane_layout_major() -> u16 {
    memlane::LAYOUT_VERSION.0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The header that C programs compile against.
    const HEADER: &str = include_str!("../include/memlane.h");

    #[test]
    fn header_and_library_have_the_same_version() {
        let version = VERSION.to_str().unwrap();
        assert!(HEADER.contains(&format!("#define MEMLANE_VERSION \"{version}\"")));
        let (major, _) = memlane::LAYOUT_VERSION;
        assert!(HEADER.contains(&format!("#define MEMLANE_LAYOUT_MAJOR {major}")));
    }

    #[test]
    fn the_version_is_a_c_string() {
        // SAFETY: the function returns a static string with its zero byte.
        let version = unsafe { CStr::from_ptr(memlane_version()) };
        assert_eq!(version.to_str().unwrap(), env!("CARGO_PKG_VERSION"));
    }
}
