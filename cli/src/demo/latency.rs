//! Latencies: recorded by each receiver, put together by the demo.

use crate::failure::{Failure, Outcome};
use hdrhistogram::Histogram;
use serde::Serialize;

/// What takes longer counts as a minute.
const LONGEST_NS: u64 = 60_000_000_000;

/// Nanoseconds with three significant digits.
pub struct Latencies(Histogram<u64>);

/// How long it took at most, for so many of all messages.
#[derive(Debug, Clone, Serialize)]
pub struct Latency {
    pub p50_ns: u64,
    pub p99_ns: u64,
    pub p999_ns: u64,
    pub max_ns: u64,
}

impl Latencies {
    pub fn new() -> Outcome<Self> {
        let histogram = Histogram::new_with_bounds(1, LONGEST_NS, 3);
        histogram.map(Self).map_err(|error| Failure::failed(format!("measuring failed: {error}")))
    }

    /// Counts one.
    pub fn record(&mut self, ns: u64) {
        self.record_several(ns, 1);
    }

    /// Counts several that took equally long.
    pub fn record_several(&mut self, ns: u64, times: u64) {
        self.0.saturating_record_n(ns.max(1), times);
    }

    /// Each value, and how often it was counted.
    pub fn all(&self) -> Vec<(u64, u64)> {
        self.0.iter_recorded().map(|one| (one.value_iterated_to(), one.count_at_value())).collect()
    }

    /// `None` if nothing was counted.
    pub fn summary(&self) -> Option<Latency> {
        let at = |quantile| self.0.value_at_quantile(quantile);
        (!self.0.is_empty()).then(|| Latency {
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            p999_ns: at(0.999),
            max_ns: self.0.max(),
        })
    }
}
