//! How long each single message took: a histogram, and what is read off it.

use hdrhistogram::Histogram;

/// The shares of messages whose latency is reported, in percent. The last one is the slowest message of all.
pub const PERCENTILES: [f64; 5] = [50.0, 90.0, 99.0, 99.9, 100.0];

/// Latencies in nanoseconds, to three digits.
#[derive(Debug, Clone)]
pub struct Distribution {
    histogram: Histogram<u64>,
}

impl Distribution {
    /// Of these latencies; `None` without any.
    pub fn of<'a>(latencies_ns: impl IntoIterator<Item = &'a u64>) -> Option<Self> {
        let mut histogram = Histogram::new(3).expect("three digits are allowed");
        // It grows by itself, so that nothing is too long to be counted.
        latencies_ns.into_iter().for_each(|&ns| histogram.record(ns).expect("it grows"));
        (!histogram.is_empty()).then_some(Self { histogram })
    }

    /// All messages of all of these; `None` of none.
    pub fn merged<'a>(all: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let first = all.next()?.clone();
        Some(all.fold(first, |mut sum, one| {
            sum.histogram.add(&one.histogram).expect("it grows");
            sum
        }))
    }

    /// How many messages there were.
    pub fn messages(&self) -> u64 {
        self.histogram.len()
    }

    /// The latency that so many percent of the messages do not exceed; `None` if there were too few to tell it from the
    /// slowest one.
    pub fn percentile_ns(&self, percent: f64) -> Option<f64> {
        let beyond = (1.0 - percent / 100.0) * self.messages() as f64;
        // With some room for what binary fractions round off.
        (percent == 100.0 || beyond > 0.999).then(|| self.value_at(percent))
    }

    fn value_at(&self, percent: f64) -> f64 {
        self.histogram.value_at_percentile(percent) as f64
    }

    /// The curve for a plot: pairs of *one message in so many* and the latency that only this one exceeds, from 1 to as many
    /// as there were. Ten points for each power of ten.
    pub fn curve(&self) -> Vec<(f64, f64)> {
        const POINTS_A_DECADE: f64 = 10.0;
        let messages = self.messages() as f64;
        let steps = (messages.log10() * POINTS_A_DECADE).floor() as u32;
        let inner = (0..=steps).map(|step| 10f64.powf(f64::from(step) / POINTS_A_DECADE));
        let point = |one_in: f64| (one_in, self.value_at(100.0 * (1.0 - 1.0 / one_in)));
        inner.map(point).chain([(messages, self.value_at(100.0))]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn up_to(last: u64) -> Distribution {
        Distribution::of(&(1..=last).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn percentiles_are_where_they_belong() {
        let thousand = up_to(1000);
        for (percent, expected) in PERCENTILES.into_iter().zip([500.0, 900.0, 990.0, 999.0, 1000.0]) {
            // A share that has no exact binary fraction may round to the next message.
            let found = thousand.percentile_ns(percent).unwrap();
            assert!((0.0..=1.0).contains(&(found - expected)), "p{percent}: {found}");
        }
        assert!(Distribution::of(&[]).is_none());
    }

    #[test]
    fn a_percentile_of_too_few_messages_is_not_told() {
        assert_eq!(up_to(999).percentile_ns(99.9), None);
        assert_eq!(up_to(999).percentile_ns(100.0), Some(999.0));
        assert!(up_to(1000).percentile_ns(99.9).is_some());
    }

    #[test]
    fn one_slow_message_shows_in_the_last_percentiles_only() {
        let mut latencies = vec![200; 9999];
        latencies.push(3_000_000_000);
        let distribution = Distribution::of(&latencies).unwrap();
        let [p50, .., p999, max] = PERCENTILES.map(|percent| distribution.percentile_ns(percent).unwrap());
        assert_eq!((p50, p999), (200.0, 200.0));
        assert!((max / 3e9 - 1.0).abs() < 0.001, "{max}");
    }

    #[test]
    fn merging_keeps_every_message_of_both() {
        let (fast, slow) = (up_to(100), Distribution::of(&[50_000; 100]).unwrap());
        let both = Distribution::merged([&fast, &slow]).unwrap();
        assert_eq!(both.messages(), 200);
        assert_eq!([25.0, 50.0].map(|percent| both.percentile_ns(percent)), [Some(50.0), Some(100.0)]);
        assert!((both.percentile_ns(51.0).unwrap() / 50_000.0 - 1.0).abs() < 0.001);
        assert!(Distribution::merged([]).is_none());
    }

    #[test]
    fn the_curve_ends_at_the_slowest_message() {
        let curve = up_to(1000).curve();
        assert_eq!(curve.len(), 32);
        assert_eq!((curve[0], curve[10], curve[31]), ((1.0, 1.0), (10.0, 900.0), (1000.0, 1000.0)));
        assert!(curve.windows(2).all(|pair| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1), "{curve:?}");
    }
}
