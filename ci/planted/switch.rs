/// Whether this bug, one of `ci/planted`, is the one that the variable `MEMLANE_PLANTED` names.
#[inline]
pub fn planted(bug: &str) -> bool {
    static WANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    WANTED.get_or_init(|| std::env::var("MEMLANE_PLANTED").ok()).as_deref() == Some(bug)
}
