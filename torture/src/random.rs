//! Numbers that look random and follow from a seed.

/// A number that looks random and follows from `value` (the finaliser of SplitMix64).
pub fn mix(value: u64) -> u64 {
    let mut mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// A row of such numbers.
pub struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    /// The row number `row` of this seed.
    pub fn new(seed: u64, row: u64) -> Self {
        Self { seed: mix(seed ^ mix(row)), drawn: 0 }
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.drawn += 1;
        mix(self.seed ^ self.drawn) % limit
    }

    /// True once in `times`, on average.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// A seed that differs from run to run.
pub fn fresh_seed() -> u64 {
    let uptime = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
    uptime.bytes().fold(u64::from(std::process::id()), |sum, byte| mix(sum ^ u64::from(byte))) % 1_000_000_000
}
