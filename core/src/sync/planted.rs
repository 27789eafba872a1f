//! Bugs that can be planted to see that the tools notice them: a cargo feature each, `__planted-…`.
//!
//! Without these features, which nothing but `ci/planted.sh` switches on, every answer here is false when it is compiled, and
//! nothing of it is left in the code. In a build with several of them, the variable `MEMLANE_PLANTED` names the one that is
//! to be there, so that one build serves all tools.

use std::sync::OnceLock;

macro_rules! planted {
    ($($(#[$doc:meta])* $bug:ident = $feature:literal;)*) => {
        $($(#[$doc])* #[inline] pub fn $bug() -> bool { cfg!(feature = $feature) && is_wanted($feature) })*
    };
}

planted! {
    /// A reaper gives slots back without passing head over what the dead one took.
    no_settle = "__planted-no-settle";
    /// A receiver does not look at head again after it loaded the slot's word.
    no_head_recheck = "__planted-no-head-recheck";
    /// A writer leaves what stands behind its record as it is.
    no_zeroing = "__planted-no-zeroing";
    /// Whoever looks for the dead reaps the living, too.
    reap_the_living = "__planted-reap-without-the-byte";
    /// A receiver releases a message before it copied it.
    release_before_the_copy = "__planted-release-before-the-copy";
    /// Whoever finds nobody asleep takes the flag back, and wakes nobody.
    no_second_wake = "__planted-missing-second-wake";
    /// A receiver believes any length.
    unchecked_length = "__planted-unchecked-length";
    /// The sleepers' flag is cleared without a step of the sequence.
    flag_without_sequence = "__planted-flag-without-sequence";
    /// A sender locks a word of its ring while it commits, and others spin.
    lock_around_commit = "__planted-lock-around-commit";
    /// A sender commits a message, then copies it.
    commit_before_the_copy = "__planted-commit-before-the-copy";
    /// A reaper leaves the first slot of the dead one as it is.
    forgotten_slot = "__planted-forgotten-slot";
    /// Who joins keeps the region mapped for ever.
    leaked_mapping = "__planted-leaked-mapping";
    /// Who joins keeps a descriptor of the lock file for ever.
    leaked_descriptor = "__planted-leaked-descriptor";
}

#[cold]
fn is_wanted(feature: &str) -> bool {
    static WANTED: OnceLock<Option<String>> = OnceLock::new();
    let wanted = WANTED.get_or_init(|| std::env::var("MEMLANE_PLANTED").ok());
    wanted.as_deref().is_none_or(|wanted| feature.strip_prefix("__planted-") == Some(wanted))
}
