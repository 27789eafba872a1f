//! Words of a channel that a peer wrote any number into: the command shows what follows from them, and neither panics nor fails.

use crate::sandbox::Sandbox;
use std::fs;

#[test]
fn forged_words_are_listed_and_shown() {
    let sandbox = Sandbox::new();
    sandbox.run(&["create", "lane", "--capacity", "4K"]).ok();
    sandbox.run(&["create", "queue", "--kind", "mpmc", "--slots", "64", "--priorities", "8"]).ok();
    // The last one is that of a row whose sender lives.
    for value in [u64::MAX, 1 << 63, 0xaaaa_aaaa_aaaa_aaaa, 0x5555_5555_5555_5555, 0xffff_ffff_0000_0001] {
        for name in ["lane", "queue"] {
            let path = sandbox.channels().join(format!("{name}.lane"));
            let mut file = fs::read(&path).unwrap();
            file[4096..].chunks_exact_mut(8).for_each(|word| word.copy_from_slice(&value.to_le_bytes()));
            fs::write(&path, file).unwrap();
            sandbox.run(&["info", name]).ok();
            sandbox.run(&["info", name, "--json"]).ok();
        }
        sandbox.run(&["ls"]).ok();
        sandbox.run(&["ls", "--json"]).ok();
    }
    sandbox.run(&["rm", "lane", "queue"]).ok();
}
