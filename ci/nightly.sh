# Sourced, not run: `cargo_nightly ARGUMENTS…` runs cargo with unstable flags allowed, by the nightly toolchain where there
# is one, else by the stable one, told that it is.
cargo_nightly() {
    if rustup run nightly cargo --version >/dev/null 2>&1; then
        cargo +nightly "$@"
    else
        RUSTC_BOOTSTRAP=1 cargo "$@"
    fi
}
