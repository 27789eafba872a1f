//! What the tests themselves leave in shared memory: nothing, also where a test mounted something or was killed.

mod support;

use memlane::spsc;
use std::path::Path;
use support::child::{Child, alone, play, stay, tell};
use support::{Scratch, folder, space};

#[test]
fn child_part() {
    play(&[("user", |_| {
        let scratch = Scratch::new();
        let _channel = spsc::Options::new().create(&scratch.name("prices")).unwrap();
        tell(scratch.path().display());
        stay();
    })]);
}

#[test]
fn the_folder_of_a_killed_test_is_removed_by_the_next_and_a_living_ones_stays() {
    let [mut killed, mut living] = [(); 2].map(|()| Child::start("user", &[]));
    let [left, used] = [&killed, &living].map(Child::line);
    killed.kill();
    assert!(Path::new(&left).join("prices").exists(), "it could not tidy up");
    folder::sweep();
    assert!(!Path::new(&left).exists(), "nobody uses it");
    assert!(Path::new(&used).join("prices").exists(), "somebody uses it");
    living.say("");
    living.finish();
    assert!(!Path::new(&used).exists(), "it tidied up");
}

#[test]
fn a_folder_goes_with_what_is_mounted_on_it_and_in_it() {
    alone("a_folder_goes_with_what_is_mounted_on_it_and_in_it", || {
        if !space::private_mounts() {
            return;
        }
        let paths = [true, false].map(|inside| {
            let scratch = Scratch::new();
            let target = if inside { scratch.join("merged") } else { scratch.path().to_owned() };
            std::fs::create_dir_all(&target).unwrap();
            space::mount("tmpfs", &target, "size=1m").unwrap();
            scratch.path().to_owned()
        });
        assert!(paths.iter().all(|path| !path.exists()));
    });
}
