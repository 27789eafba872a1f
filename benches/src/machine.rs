//! What the figures were measured on, and pinning.

use crate::processor::ProcessorFamily;
use anyhow::{Context, Result};
use rustix::thread::{CpuSet, sched_setaffinity};
use serde::Serialize;
use std::fs;

/// A description for the report.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The processor as it calls itself.
    pub processor: String,
    /// Which family it belongs to, for which alone the ratios hold.
    pub family: ProcessorFamily,
    /// Processors that the system has.
    pub processors: usize,
    /// Kernel release.
    pub kernel: String,
    /// Whether a hypervisor says that it is there: it can move virtual processors between cores at any time.
    pub virtualised: bool,
}

impl Machine {
    /// This machine.
    pub fn describe() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let value = |key: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(key));
            line.and_then(|line| line.split(": ").nth(1)).unwrap_or("unknown").to_owned()
        };
        Self {
            processor: value("model name"),
            family: ProcessorFamily::of(&cpuinfo),
            processors: cpuinfo.lines().filter(|line| line.starts_with("processor")).count(),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default().trim().to_owned(),
            virtualised: value("flags").split(' ').any(|flag| flag == "hypervisor"),
        }
    }
}

/// Keeps the calling thread on one core.
pub fn pin(core: usize) -> Result<()> {
    anyhow::ensure!(core < CpuSet::MAX_CPU, "core {core} is beyond what a CPU set holds");
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("pinning a thread to core {core}"))
}
