//! Compiles what C++ peers need, if they are asked for.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "native-peers")]
    {
        println!("cargo::rerun-if-changed=native");
        cc::Build::new().cpp(true).std("c++17").file("native/boost_queue.cpp").compile("memlane_bench_peers");
    }
}
