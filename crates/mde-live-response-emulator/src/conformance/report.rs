//! The findings of a run.

use std::fmt;

/// A broken rule of the contract, with the case that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// The case.
    pub case: String,
    /// The expected outcome.
    pub expected: String,
    /// The seen outcome.
    pub seen: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, case, expected, seen } = self;
        write!(f, "rule: {rule}\ncase: {case}\nexpected: {expected}\nseen: {seen}\n")
    }
}

/// The findings of a run of the suite.
#[derive(Debug, Clone)]
#[must_use]
pub struct Report {
    pub(super) cases: usize,
    pub(super) left_out: usize,
    pub(super) findings: Vec<Finding>,
}

impl Report {
    /// The findings, in the order of the cases.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Panics with all findings, if there are any.
    ///
    /// # Panics
    ///
    /// If the transport breaks a rule.
    #[track_caller]
    pub fn assert_ok(&self) {
        assert!(self.findings.is_empty(), "{self}");
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { cases, left_out, findings } = self;
        let count = findings.len();
        writeln!(f, "{cases} cases run, {count} finding{}", if count == 1 { "" } else { "s" })?;
        if *left_out > 0 {
            writeln!(f, "{left_out} cases left out, because too many did not end")?;
        }
        findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))
    }
}
