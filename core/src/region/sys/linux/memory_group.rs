//! How much memory this process can still get: of the system, and of its memory control groups.
//!
//! The kernel does not refuse memory beyond that. It kills a process of the group, or any process. So a creator looks here
//! before it makes a channel. The numbers are the kernel's of one moment, from files that a container may not have. Where a file
//! is missing, no limit is assumed. Memory that the kernel can take back or move to swap counts as free.

use super::files::read_text;
use std::path::{Path, PathBuf};

/// A limit of a memory control group, and how much of it is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MemoryLimit {
    /// The group's folder.
    pub(crate) group: PathBuf,
    /// Bytes.
    pub(crate) limit: u64,
    /// Bytes that are free, or that the kernel could take back as far as can be seen.
    pub(crate) free: u64,
}

/// The tightest limit: the one with the least left, among those of this process's groups and of the groups around them.
pub(crate) fn memory_limit() -> Option<MemoryLimit> {
    let groups =
        ["/proc/thread-self/cgroup", "/proc/self/cgroup"].iter().find_map(|path| read_text(Path::new(path)).ok())?;
    tightest(&groups, Path::new("/"), swap_free)
}

/// Bytes that the system can still give to a process: what is free, what the kernel can take back, and swap.
pub(crate) fn memory_available() -> Option<u64> {
    available_of(&read_text(Path::new("/proc/meminfo")).ok()?)
}

fn available_of(told: &str) -> Option<u64> {
    let kibibytes = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok()
    };
    Some(kibibytes("MemAvailable")?.saturating_add(kibibytes("SwapFree")?).saturating_mul(1024))
}

/// One version of the kernel's interface.
struct Interface {
    /// Where it is usually mounted.
    mounts: &'static [&'static str],
    limit: &'static str,
    used: &'static str,
    /// Caches of files in `memory.stat`, of the group and those in it.
    caches: &'static [&'static str],
    swap_limit: &'static str,
    swap_used: &'static str,
}

const FIRST: Interface = Interface {
    mounts: &["sys/fs/cgroup/memory"],
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    caches: &["total_inactive_file", "total_active_file"],
    // Memory and swap together; that is more than swap alone, so that nothing is refused for it.
    swap_limit: "memory.memsw.limit_in_bytes",
    swap_used: "memory.memsw.usage_in_bytes",
};

const SECOND: Interface = Interface {
    mounts: &["sys/fs/cgroup", "sys/fs/cgroup/unified"],
    limit: "memory.max",
    used: "memory.current",
    caches: &["inactive_file", "active_file", "slab_reclaimable"],
    swap_limit: "memory.swap.max",
    swap_used: "memory.swap.current",
};

/// A group of the first version that has no limit tells one above this, which nothing reaches.
const UNLIMITED: u64 = 1 << 62;

/// The tightest limit of the groups in this text, with `root` in the place of `/`, and with this much free swap.
fn tightest(groups: &str, root: &Path, swap_free: impl Fn() -> u64) -> Option<MemoryLimit> {
    let mut found: Option<MemoryLimit> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let interface = match controllers {
            "" => &SECOND,
            some if some.split(',').any(|controller| controller == "memory") => &FIRST,
            _ => continue,
        };
        for mount in interface.mounts {
            // In a container the path may be the host's, of which only the end, or nothing, is mounted.
            for group in Path::new(path.trim_start_matches('/')).ancestors() {
                let group = root.join(mount).join(group);
                let limit = limit_of(&group, interface, &swap_free);
                if let Some(limit) = limit.filter(|one| found.as_ref().is_none_or(|other| one.free < other.free)) {
                    found = Some(limit);
                }
            }
        }
    }
    found
}

fn limit_of(group: &Path, interface: &Interface, swap_free: impl Fn() -> u64) -> Option<MemoryLimit> {
    let number = |file: &str| read_text(&group.join(file)).ok()?.trim().parse::<u64>().ok();
    let limit = number(interface.limit).filter(|&limit| limit < UNLIMITED)?;
    let used = number(interface.used)?;
    let statistics = read_text(&group.join("memory.stat")).unwrap_or_default();
    let value = |line: &str| {
        let (name, value) = line.split_once(' ')?;
        interface.caches.contains(&name).then(|| value.parse::<u64>().ok())?
    };
    let caches = statistics.lines().filter_map(value).fold(0, u64::saturating_add);
    let swap = match swap_free() {
        0 => 0,
        free => {
            let limit = number(interface.swap_limit).unwrap_or(u64::MAX);
            free.min(limit.saturating_sub(number(interface.swap_used).unwrap_or(0)))
        }
    };
    let free = limit.saturating_sub(used).saturating_add(caches.min(used)).saturating_add(swap);
    Some(MemoryLimit { group: group.components().collect(), limit, free })
}

/// Bytes of swap that the system has left.
fn swap_free() -> u64 {
    let told = rustix::system::sysinfo();
    told.freeswap.saturating_mul(u64::from(told.mem_unit))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A tree of files with these contents.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    fn found(files: &[(&str, &str)], groups: &str, swap: u64) -> Option<(String, u64, u64)> {
        let root = tree(files);
        let limit = tightest(groups, root.path(), || swap)?;
        let group = limit.group.strip_prefix(root.path()).unwrap().display().to_string();
        Some((group, limit.limit, limit.free))
    }

    #[test]
    fn the_tightest_limit_of_a_group_and_those_around_it_counts() {
        let files = [
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/a/memory.current", "900\n"),
            ("sys/fs/cgroup/a/b/memory.max", "500\n"),
            ("sys/fs/cgroup/a/b/memory.current", "100\n"),
        ];
        assert_eq!(found(&files, "0::/a/b\n", 0), Some(("sys/fs/cgroup/a".to_owned(), 1000, 100)));
        assert_eq!(found(&files[2..], "0::/a/b\n", 0), Some(("sys/fs/cgroup/a/b".to_owned(), 500, 400)));
        assert_eq!(found(&files, "0::/c\n1:cpu:/a/b\n", 0), None);
    }

    #[test]
    fn what_can_be_given_back_or_swapped_out_is_free() {
        let files = [
            ("sys/fs/cgroup/a/memory.max", "1000\n"),
            ("sys/fs/cgroup/a/memory.current", "1000\n"),
            ("sys/fs/cgroup/a/memory.stat", "anon 600\ninactive_file 150\nactive_file 50\nshmem 7\n"),
            ("sys/fs/cgroup/a/memory.swap.max", "30\n"),
            ("sys/fs/cgroup/a/memory.swap.current", "10\n"),
        ];
        assert_eq!(found(&files, "0::/a", 0), Some(("sys/fs/cgroup/a".to_owned(), 1000, 200)));
        assert_eq!(found(&files, "0::/a", 1 << 30), Some(("sys/fs/cgroup/a".to_owned(), 1000, 220)));
    }

    #[test]
    fn a_container_of_the_first_version_sees_its_group_as_the_root() {
        let files = [
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "400\n"),
        ];
        let groups = "4:memory:/docker/0123\n1:cpu:/docker/0123\n0::/\n";
        assert_eq!(found(&files, groups, 0), Some(("sys/fs/cgroup/memory".to_owned(), 1000, 600)));
    }

    #[test]
    fn what_the_system_has_is_what_is_available_and_swap() {
        let told = "MemTotal:  9 kB\nMemFree: 1 kB\nMemAvailable:    5 kB\nSwapFree: 2 kB\nHugePages_Free: 7\n";
        assert_eq!(available_of(told), Some(7 * 1024));
        assert_eq!(available_of("MemTotal: 9 kB\n"), None);
    }

    #[test]
    fn no_limit_is_none() {
        let unlimited = [
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "400\n"),
            ("sys/fs/cgroup/memory.max", "max\n"),
            ("sys/fs/cgroup/memory.current", "400\n"),
        ];
        assert_eq!(found(&unlimited, "4:memory:/\n0::/\n", 0), None);
        assert_eq!(found(&[], "nonsense\n\n:::\n", 0), None);
    }
}
