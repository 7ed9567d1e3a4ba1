//! The longest accepted text, found with few calls.

use super::calls::Asked;

/// Lengths that services are known to limit texts to, and the longest one that is tried. Ours.
const LIKELY: [usize; 23] = [
    100, 128, 255, 256, 500, 512, 1_000, 1_024, 2_000, 2_048, 4_000, 4_096, 8_000, 8_192, 16_384,
    32_767, 32_768, 65_535, 65_536, 1_048_576, 2_097_152, 4_194_304, 8_388_608,
];

/// The service's answer to a text of some length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fit {
    Whole,
    /// The service stored only the first characters.
    Cut(usize),
    /// The service refuses it, with this status and code.
    Refused(String),
}

/// Result of a search. Lengths are in characters.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Longest {
    /// Longest text that was accepted.
    pub(super) accepted: usize,
    /// Shortest text that was refused, with the status and code.
    pub(super) refused: Option<(usize, String)>,
    /// Length to which the service cuts longer texts.
    pub(super) cut: Option<usize>,
    /// Reason why the search ended early.
    pub(super) stopped: Option<String>,
}

impl Longest {
    /// The longest accepted text, if the search was completed and found a limit.
    pub(super) fn limit(&self) -> Option<usize> {
        let refused = self.refused.as_ref().map(|(length, _)| *length);
        self.cut.or((refused == Some(self.accepted + 1)).then_some(self.accepted))
    }

    /// Lengths to try for a text that probably has the same limit.
    pub(super) fn guesses(&self) -> Vec<usize> {
        match (self.cut, &self.refused) {
            (Some(cut), _) => vec![cut, cut + 1],
            (None, Some((refused, _))) => vec![self.accepted, *refused],
            (None, None) => vec![self.accepted],
        }
    }

    /// The next length to try. `None` if the limit is known.
    fn next(&self, guesses: &[usize]) -> Option<usize> {
        let low = self.accepted;
        let high = self.refused.as_ref().map_or(usize::MAX, |(length, _)| *length);
        let is_open = |length: &usize| low < *length && *length < high;
        if low + 1 >= high {
            return None;
        }
        if let Some(guess) = guesses.iter().copied().find(is_open) {
            return Some(guess);
        }
        let likely: Vec<_> = LIKELY.into_iter().filter(is_open).collect();
        match likely.get(share(likely.len())) {
            Some(length) => Some(*length),
            // Nothing longer is tried.
            None if high == usize::MAX => None,
            // If the limit is a likely one, this shows it.
            None if LIKELY.contains(&low) => Some(low + 1),
            None => Some(low + share(high - low).max(1)),
        }
    }
}

/// Where to divide a range. An accepted text costs two calls, because its file is deleted, and a refused one costs one.
///
/// So the part above a refused text, which is the cheaper answer, is the smaller one: nearly the golden section.
fn share(length: usize) -> usize {
    length * 5 / 8
}

/// Searches for the longest accepted text. The guesses are tried first.
///
/// Divides the likely lengths first, and then the lengths between two of them.
pub(super) fn longest(guesses: &[usize], mut ask: impl FnMut(usize) -> Asked<Fit>) -> Longest {
    let mut found = Longest::default();
    while let Some(length) = found.next(guesses) {
        match ask(length) {
            Ok(Fit::Whole) => found.accepted = length,
            Ok(Fit::Refused(why)) => found.refused = Some((length, why)),
            Ok(Fit::Cut(to)) => {
                found.cut = Some(to);
                return found;
            }
            Err(why) => {
                found.stopped = Some(why);
                return found;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service with a limit, and the number of calls: an accepted file costs a second one, for its delete.
    fn search(limit: usize, guesses: &[usize]) -> (Longest, u32) {
        let mut calls = 0;
        let found = longest(guesses, |length| {
            calls += if length <= limit { 2 } else { 1 };
            Ok(if length <= limit { Fit::Whole } else { Fit::Refused("400 X".to_owned()) })
        });
        (found, calls)
    }

    #[test]
    fn a_limit_is_found_with_few_calls() {
        for (limit, guesses, expected) in [
            (0, &[][..], 14),
            (1, &[], 16),
            (255, &[], 8),
            (256, &[], 7),
            (777, &[], 20),
            (1_024, &[], 7),
            (4_096, &[], 9),
            (4_194_304, &[], 8),
            (1_024, &[1_024, 1_025], 3),
            (1_023, &[1_024, 1_025], 15),
            (1_048_575, &[], 38),
        ] {
            let (found, calls) = search(limit, guesses);
            assert_eq!(found.limit(), Some(limit), "{limit} {found:?}");
            assert_eq!(calls, expected, "{limit} {guesses:?}");
        }
    }

    #[test]
    fn without_a_limit_the_longest_text_is_told() {
        for (guesses, expected) in [(&[][..], 6), (&[8_388_608], 2)] {
            let (found, calls) = search(usize::MAX, guesses);
            assert_eq!((found.accepted, found.limit()), (8_388_608, None));
            assert_eq!(calls, expected);
        }
    }

    #[test]
    fn a_cut_text_and_a_failure_end_the_search() {
        let found =
            longest(&[], |length| Ok(if length > 1_000 { Fit::Cut(1_000) } else { Fit::Whole }));
        assert_eq!((found.limit(), &found.stopped), (Some(1_000), &None));
        assert_eq!(found.guesses(), [1_000, 1_001]);
        let found =
            longest(
                &[],
                |length| {
                    if length > 9_000 { Err("500 X".to_owned()) } else { Ok(Fit::Whole) }
                },
            );
        assert_eq!((found.limit(), found.stopped), (None, Some("500 X".to_owned())));
    }
}
