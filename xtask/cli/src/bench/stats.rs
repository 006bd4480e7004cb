//! Numbers out of numbers.

/// The one in the middle; of an even number of them, the mean of the two. Nothing of nothing.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// How many times as much; nothing where there is nothing to compare with.
pub(super) fn ratio(one: f64, other: f64) -> Option<f64> {
    (0.0 < other).then(|| one / other)
}

/// Three digits that count, or as many as stand before the point.
pub(super) fn short(value: f64) -> String {
    let decimals = match value.abs() {
        large if 99.95 <= large => 0,
        middle if 9.995 <= middle => 1,
        small if 0.9995 <= small => 2,
        _ => 3,
    };
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_does_not_mind_one_bad_round() {
        assert_eq!(median(&[3.0, 1.0, 900.0]), Some(3.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn a_ratio_to_nothing_is_none() {
        assert_eq!(ratio(3.0, 1.5), Some(2.0));
        assert_eq!(ratio(3.0, 0.0), None, "a clock that is too coarse would make us infinitely fast");
    }

    #[test]
    fn no_figure_pretends_to_be_exact() {
        assert_eq!([0.012_345, 1.234_5, 12.345, 123.45, 1_234.5].map(short), ["0.012", "1.23", "12.3", "123", "1234"]);
        assert_eq!([0.0, 2.0, 10.0, 100.0].map(short), ["0", "2", "10", "100"]);
    }
}
