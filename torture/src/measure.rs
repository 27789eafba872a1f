//! What a process has open, mapped and in use, as the kernel says.

#![allow(
    unsafe_code,
    reason = "asking the allocator to give back what is free is unsafe, and everything else here is not"
)]

use anyhow::{Context, Result};
use std::time::Duration;

/// What this process's descriptors lead to.
pub fn descriptors() -> Result<Vec<String>> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fd")? {
        if let Ok(target) = std::fs::read_link(entry?.path()) {
            open.push(target.display().to_string());
        }
    }
    open.sort_unstable();
    Ok(open)
}

/// Files that this process maps, once for each mapping; also those that have no name any more. Memory of the allocator is no
/// file: how many mappings that takes is the kernel's choice.
pub fn mapped_files() -> Result<Vec<String>> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let path = |line: &str| line.find('/').map(|start| line[start..].to_owned());
    let mut files: Vec<String> = maps.lines().filter_map(path).collect();
    files.sort_unstable();
    Ok(files)
}

/// Memory of this process, in KiB, after the allocator gave back what it could.
pub fn resident_kib() -> Result<u64> {
    // SAFETY: gives free memory back to the system; nothing that is in use is touched.
    unsafe { libc::malloc_trim(0) };
    status_kib("self", "VmRSS")
}

/// Memory of that process that is no file, in KiB. `None` if it is gone.
pub fn anonymous_kib(process: u32) -> Option<u64> {
    status_kib(&process.to_string(), "RssAnon").ok()
}

fn status_kib(process: &str, field: &str) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    value_of(&status, field).with_context(|| format!("no {field} of {process}"))
}

/// How long this thread of this process was ready and had no processor.
pub fn thread_delay(thread: u32) -> Result<Duration> {
    let text = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).context("reading schedstat")?;
    Ok(Duration::from_nanos(text.split_whitespace().nth(1).context("schedstat is short")?.parse()?))
}

/// Time that all threads of a process have run, by the scheduler's own clock.
pub fn processor_time(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let text = std::fs::read_to_string(task?.path().join("schedstat")).context("reading schedstat")?;
        nanoseconds += text.split_whitespace().next().context("schedstat is empty")?.parse::<u64>()?;
    }
    Ok(Duration::from_nanos(nanoseconds))
}

/// The middle one, the one that 99 in a hundred do not exceed, and the longest, in words.
pub fn spread(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |part: usize| times.get((times.len() * part / 100).min(times.len().saturating_sub(1)));
    let ms = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1e3);
    let [middle, late, longest] = [at(50), at(99), times.last()].map(ms);
    format!("p50 {middle:8.3} ms   p99 {late:8.3} ms   longest {longest:8.3} ms   of {}", times.len())
}

/// The number behind `field:`.
fn value_of(status: &str, field: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let status = "VmRSSx:\t1 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 7 kB\n";
        assert_eq!(value_of(status, "VmRSS"), Some(2048));
        assert_eq!(value_of(status, "RssAnon"), Some(7));
        assert_eq!(value_of(status, "Rss"), None);
    }

    #[test]
    fn times_are_told_by_their_middle_and_their_ends() {
        let mut times: Vec<_> = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(spread(&mut times), "p50   51.000 ms   p99  100.000 ms   longest  100.000 ms   of 100");
        assert_eq!(spread(&mut []), "p50    0.000 ms   p99    0.000 ms   longest    0.000 ms   of 0");
    }

    #[test]
    fn a_mapping_of_a_file_is_seen_while_it_lasts() {
        let path = std::env::temp_dir().join(format!("memlane-mapped-{}", std::process::id()));
        let map = crate::map::create(&path, 1).unwrap();
        std::fs::remove_file(&path).unwrap();
        let maps_it = || mapped_files().unwrap().iter().any(|file| file.contains("memlane-mapped-"));
        assert!(maps_it());
        drop(map);
        assert!(!maps_it());
    }
}
