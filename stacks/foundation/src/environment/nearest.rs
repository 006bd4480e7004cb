//! "Did you mean": the known word that a person most likely wanted.

/// The known word nearest to what was typed, or none when nothing is near: a far guess misleads.
///
/// Case and the choice of `-` or `_` do not count; the beginning of a word counts most, as in `prod` for `production`.
///
/// ```
/// assert_eq!(foundation::environment::nearest("stagging", ["local", "staging", "prod"]), Some("staging"));
/// assert_eq!(foundation::environment::nearest("moon", ["local", "staging", "prod"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace('-', "_");
    let typed = plain(typed);
    let mut best: Option<(f64, &'a str)> = None;
    for word in known {
        let candidate = plain(word);
        let likeness = strsim::jaro_winkler(&typed, &candidate);
        let longest = typed.chars().count().max(candidate.chars().count());
        let near = likeness >= 0.86 || strsim::osa_distance(&typed, &candidate) <= longest / 3;
        if near && best.is_none_or(|(other, _)| other < likeness) {
            best = Some((likeness, word));
        }
    }
    best.map(|(_, word)| word)
}
