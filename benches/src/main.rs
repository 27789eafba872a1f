//! The bench runner.
fn main() {}
