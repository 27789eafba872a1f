//! Where a value lies on an axis, and which values are written beside it.

/// How an axis is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From zero, in equal steps.
    Linear,
    /// Powers of ten are equally far apart.
    Log10,
    /// Powers of two are; for sizes and numbers of participants.
    Log2,
    /// Shares of all messages, as *the slowest one in so many*: 90, 99, 99.9 % are equally far apart.
    Percentiles,
}

/// An axis that shows all of some values.
#[derive(Debug, Clone, PartialEq)]
pub struct Span {
    scale: Scale,
    /// Where its ends lie, in units of the axis.
    from: f64,
    to: f64,
    /// The values that are written beside it.
    pub ticks: Vec<f64>,
}

impl Scale {
    /// Where a value lies, in units of the axis.
    fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Log10 | Self::Percentiles => value.log10(),
            Self::Log2 => value.log2(),
        }
    }

    /// The axis for these values, which have to be positive on all but a linear scale; `None` without any.
    pub fn span(self, values: impl Iterator<Item = f64> + Clone) -> Option<Span> {
        let (low, high) = (values.clone().reduce(f64::min)?, values.clone().reduce(f64::max)?);
        let (ticks, margin) = match self {
            Self::Linear => (equal_steps(high), 0.0),
            Self::Log10 => (decades(low, high), 0.0),
            Self::Percentiles => (powers(10.0, low, high), 0.0),
            Self::Log2 => {
                let mut ticks: Vec<f64> = values.collect();
                ticks.sort_by(f64::total_cmp);
                ticks.dedup();
                (ticks, 0.25)
            }
        };
        let (first, last) = (*ticks.first()?, *ticks.last()?);
        let (from, to) = (self.place(first.min(low)) - margin, self.place(last.max(high)) + margin);
        Some(Span { scale: self, from, to, ticks })
    }
}

impl Span {
    /// How far along the axis a value lies: from 0 to 1.
    pub fn share(&self, value: f64) -> f64 {
        (self.scale.place(value) - self.from) / (self.to - self.from).max(f64::MIN_POSITIVE)
    }
}

/// Zero and some round steps, the last at `high` or beyond.
fn equal_steps(high: f64) -> Vec<f64> {
    const STEPS: f64 = 6.0;
    let rough = (high / STEPS).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|digit| digit * power).into_iter().find(|&step| step >= 0.999 * rough);
    let step = step.unwrap_or(10.0 * power);
    (0..=(high / step - 1e-9).ceil() as u32).map(|tick| f64::from(tick) * step).collect()
}

/// The powers of ten around two values; with their doubles and fivefolds where they are few.
fn decades(low: f64, high: f64) -> Vec<f64> {
    const FEW: f64 = 2.5;
    if (high / low).log10() > FEW {
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        return (first..=last).map(|power| 10f64.powi(power)).collect();
    }
    let (first, last) = (low.log10().floor() as i32, high.log10().floor() as i32 + 1);
    let all: Vec<f64> =
        (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| digit * 10f64.powi(power))).collect();
    let below = all.iter().rposition(|&tick| tick <= 1.0001 * low).unwrap_or(0);
    let above = all.iter().position(|&tick| tick >= 0.9999 * high).unwrap_or(all.len() - 1);
    all[below..=above].to_vec()
}

/// The powers of `base` between two values.
fn powers(base: f64, low: f64, high: f64) -> Vec<f64> {
    let power = |value: f64| value.log(base);
    (power(low).ceil() as i32..=power(high).floor() as i32).map(|power| base.powi(power)).collect()
}

/// The share of messages that are faster than the slowest one in so many.
pub fn percentile(one_in: f64) -> String {
    // As many digits behind the point as there are nines.
    let digits = (one_in.log10().round() as usize).saturating_sub(2);
    format!("{:.digits$} %", 100.0 * (1.0 - 1.0 / one_in))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(scale: Scale, values: &[f64]) -> Span {
        scale.span(values.iter().copied()).unwrap()
    }

    #[test]
    fn nines_are_equally_far_apart() {
        let span = span(Scale::Percentiles, &[1.0, 10_000.0]);
        let shares = [1.0, 10.0, 100.0, 1000.0].map(|one_in| span.share(one_in));
        assert_eq!((shares, &*span.ticks), ([0.0, 0.25, 0.5, 0.75], &[1.0, 10.0, 100.0, 1e3, 1e4][..]));
        let names = [1.0, 10.0, 100.0, 1000.0, 1e5].map(percentile);
        assert_eq!(names, ["0 %", "90 %", "99 %", "99.9 %", "99.999 %"]);
    }

    #[test]
    fn every_value_lies_on_its_axis() {
        for scale in [Scale::Linear, Scale::Log10, Scale::Log2, Scale::Percentiles] {
            for values in [&[3.0, 17.0][..], &[1.0, 9.99, 1000.0], &[110.0, 113.0, 2.5e9], &[7.0], &[0.002, 0.3]] {
                let values: Vec<f64> =
                    values.iter().map(|value| if scale == Scale::Percentiles { value + 1.0 } else { *value }).collect();
                let Some(span) = scale.span(values.iter().copied()) else { continue };
                for &value in values.iter().chain(&span.ticks) {
                    let share = span.share(value);
                    assert!((-1e-9..=1.0 + 1e-9).contains(&share), "{scale:?} {value} {span:?}");
                }
                assert!(span.ticks.windows(2).all(|pair| pair[0] < pair[1]), "{span:?}");
                assert!(span.ticks.len() <= 14, "{span:?}");
            }
        }
    }

    #[test]
    fn a_linear_axis_starts_at_zero_and_has_round_steps() {
        assert_eq!(span(Scale::Linear, &[120.0, 290.0]).ticks, [0.0, 50.0, 100.0, 150.0, 200.0, 250.0, 300.0]);
        assert_eq!(span(Scale::Linear, &[6.0]).ticks.last(), Some(&6.0));
    }

    #[test]
    fn a_logarithmic_axis_has_finer_steps_where_it_is_short() {
        assert_eq!(span(Scale::Log10, &[3.0, 17.0]).ticks, [2.0, 5.0, 10.0, 20.0]);
        assert_eq!(span(Scale::Log10, &[130.0, 2.0e6]).ticks, [1e2, 1e3, 1e4, 1e5, 1e6, 1e7]);
    }

    #[test]
    fn sizes_are_written_where_they_were_measured() {
        let span = span(Scale::Log2, &[64.0, 8.0, 64.0]);
        assert_eq!((&*span.ticks, span.from, span.to), (&[8.0, 64.0][..], 2.75, 6.25));
        let half_way = 8f64.powf(0.5) * 8.0;
        assert!((span.share(half_way) - 0.5).abs() < 1e-9);
    }
}
