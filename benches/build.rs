//! Compiles what is written in C and C++, if it is asked for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(any(feature = "c", feature = "native-peers"))]
    println!("cargo::rerun-if-changed=native");
    #[cfg(feature = "c")]
    {
        println!("cargo::rerun-if-changed=../ffi/include");
        let mut ends = cc::Build::new();
        ends.file("native/c_ends.c").include("../ffi/include").std("c11").opt_level(3).compile("memlane_bench_c");
    }
    #[cfg(feature = "native-peers")]
    cc::Build::new().cpp(true).std("c++17").file("native/boost_queue.cpp").compile("memlane_bench_peers");
}
