//! Medians, paired ratios, and how far to trust them.

use serde::{Deserialize, Serialize};

/// What an [`Estimate`] tells besides the median, for readers of tables. Of two groups, the true median is between them in half of all
/// cases, of three in 75 %, of four in 88 %, of five in 94 %.
pub const INTERVAL: &str = "of up to five groups the least and the greatest, of more a 95 % interval of the median";

/// A median with its spread.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The median of the values.
    pub median: f64,
    /// Lower end of the interval: see [`INTERVAL`].
    pub low: f64,
    /// Upper end of it.
    pub high: f64,
    /// How many values there were.
    pub values: usize,
}

impl Estimate {
    /// The median of `values` and its bootstrap interval; `None` without values.
    ///
    /// The bootstrap (Efron 1979) draws as many values again, with repetition, many times, and takes the 2.5 and 97.5 %
    /// points of the medians. It assumes nothing about how the values are distributed, which suits timings. Of five values or
    /// fewer, so many draws have the least or the greatest as their median that the interval is from one to the other.
    pub fn of(values: &[f64]) -> Option<Self> {
        const RESAMPLES: usize = 2000;
        let median = median(values)?;
        let mut random = 0x9e37_79b9_7f4a_7c15_u64; // fixed: the same values give the same interval
        let mut medians = Vec::with_capacity(RESAMPLES);
        for _ in 0..RESAMPLES {
            let draw: Vec<f64> = values
                .iter()
                .map(|_| {
                    // Marsaglia's xorshift.
                    random ^= random << 13;
                    random ^= random >> 7;
                    random ^= random << 17;
                    values[(random % values.len() as u64) as usize]
                })
                .collect();
            medians.extend(self::median(&draw));
        }
        let [low, high] = [0.025, 0.975].map(|share| quantile(&medians, share).unwrap_or(median));
        Some(Self { median, low, high, values: values.len() })
    }
}

/// The middle value, or the mean of the two middle ones.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The value below which this share of the values lies, interpolated between neighbours.
pub fn quantile(values: &[f64], share: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = share.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    Some(below + (above - below) * place.fract())
}

/// `values` over `baseline`, group by group. A group in which either is missing has no ratio.
pub fn paired_ratios(values: &[Option<f64>], baseline: &[Option<f64>]) -> Vec<f64> {
    values.iter().zip(baseline).filter_map(|(value, base)| Some((*value)? / (*base)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_sorted_values() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[7.0]), Some(7.0));
        assert_eq!(median(&[9.0, 1.0, 5.0]), Some(5.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(quantile(&[0.0, 10.0], 0.9), Some(9.0));
    }

    #[test]
    fn ratios_are_taken_within_a_group_so_that_drift_cancels() {
        // The machine got four times slower half-way: the ratio of the medians would be 0.8 or so, and wrong.
        let baseline = [Some(100.0), Some(100.0), Some(400.0), Some(400.0)];
        let values = [Some(150.0), None, Some(600.0), Some(600.0)];
        assert_eq!(paired_ratios(&values, &baseline), [1.5, 1.5, 1.5]);
        assert_eq!(paired_ratios(&values, &[None; 4]), [0.0; 0]);
    }

    #[test]
    fn the_interval_contains_the_median_and_narrows_with_more_values() {
        let noisy = |count: usize| -> Vec<f64> { (0..count).map(|i| 100.0 + (i * 7919 % 41) as f64).collect() };
        let [few, many] = [noisy(8), noisy(400)].map(|values| Estimate::of(&values).unwrap());
        for estimate in [few, many] {
            assert!(estimate.low <= estimate.median && estimate.median <= estimate.high, "{estimate:?}");
        }
        assert!(many.high - many.low < few.high - few.low);
        assert_eq!(Estimate::of(&[]), None);
    }

    #[test]
    fn the_interval_of_few_values_is_from_the_least_to_the_greatest() {
        let values = [5.0, 1.0, 4.0, 2.0, 3.0, 6.0];
        for count in 1..=values.len() {
            let few = &values[..count];
            let (least, greatest) =
                (few.iter().copied().fold(f64::MAX, f64::min), few.iter().copied().fold(0.0, f64::max));
            let Estimate { low, high, .. } = Estimate::of(few).unwrap();
            assert_eq!((low, high) == (least, greatest), count <= 5, "{count} values: {low} to {high}");
        }
    }

    #[test]
    fn one_wild_round_does_not_move_the_estimate() {
        let mut values = vec![100.0; 20];
        values.push(1e6);
        let estimate = Estimate::of(&values).unwrap();
        assert_eq!((estimate.median, estimate.low, estimate.high), (100.0, 100.0, 100.0));
    }
}
