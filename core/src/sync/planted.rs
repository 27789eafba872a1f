//! Bugs that can be planted to see that the tools notice them: a cargo feature each, `__planted-…`.
//!
//! Without these features, which nothing but `ci/planted.sh` switches on, every constant here is false, and nothing of it is
//! in the code that is compiled.

macro_rules! planted {
    ($($(#[$doc:meta])* $name:ident = $feature:literal;)*) => {
        $($(#[$doc])* pub const $name: bool = cfg!(feature = $feature);)*
    };
}

planted! {
    /// A reaper gives slots back without passing head over what the dead one took.
    NO_SETTLE = "__planted-no-settle";
    /// A receiver does not look at head again after it loaded the slot's word.
    NO_HEAD_RECHECK = "__planted-no-head-recheck";
    /// A writer leaves what stands behind its record as it is.
    NO_ZEROING = "__planted-no-zeroing";
    /// Whoever looks for the dead reaps the living, too.
    REAP_THE_LIVING = "__planted-reap-without-the-byte";
    /// A receiver releases a message before it copied it.
    RELEASE_BEFORE_THE_COPY = "__planted-release-before-the-copy";
    /// Whoever finds nobody asleep takes the flag back, and wakes nobody.
    NO_SECOND_WAKE = "__planted-missing-second-wake";
    /// A receiver believes any length.
    UNCHECKED_LENGTH = "__planted-unchecked-length";
    /// The sleepers' flag is cleared without a step of the sequence.
    FLAG_WITHOUT_SEQUENCE = "__planted-flag-without-sequence";
    /// A sender locks a word of its ring while it commits, and others spin.
    LOCK_AROUND_COMMIT = "__planted-lock-around-commit";
    /// A sender commits a message, then copies it.
    COMMIT_BEFORE_THE_COPY = "__planted-commit-before-the-copy";
    /// A reaper leaves the first slot of the dead one as it is.
    FORGOTTEN_SLOT = "__planted-forgotten-slot";
    /// Who joins keeps the region mapped for ever.
    LEAKED_MAPPING = "__planted-leaked-mapping";
    /// Who joins keeps a descriptor of the lock file for ever.
    LEAKED_DESCRIPTOR = "__planted-leaked-descriptor";
}
