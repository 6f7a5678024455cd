//! Findings: what is most likely not what was meant.

use std::fmt;

/// Something that is most likely not what was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The line of the file, where it is known.
    pub line: Option<usize>,
    /// What it is about, by name.
    pub about: String,
    /// What is wrong.
    pub subject: Subject,
}

/// The kinds of findings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Subject {
    /// A plan that bounds nothing.
    #[error("the plan has neither a throttle nor a quota: its keys are not limited")]
    Unlimited,
    /// A plan that is nowhere in force.
    #[error("the plan covers no stage: its keys open nothing")]
    NoStage,
    /// A plan that covers only what anybody may call.
    #[error("no method of the stages that the plan covers asks for a key: the plan limits nobody")]
    NothingPrivate,
    /// A throttle or quota that lets nobody through.
    #[error("{0} is 0: nobody is let through")]
    LetsNobodyThrough(&'static str),
    /// A quota that no plan can have.
    #[error("the quota's limit is {0}; it has to be 1 or more")]
    BadLimit(String),
    /// A quota without a period that is known.
    #[error("the quota's period is {0}; it has to be DAY, WEEK or MONTH")]
    BadPeriod(String),
    /// An offset that the period does not have.
    #[error("the quota's offset is {offset}; in a {period} it goes from 0 to {most}")]
    BadOffset {
        /// The offset.
        offset: i64,
        /// The period.
        period: String,
        /// The largest.
        most: i64,
    },
    /// A key that opens nothing.
    #[error("the key is in no plan: whoever calls with it is refused")]
    KeyInNoPlan,
    /// A key that is off.
    #[error("the key is not enabled: whoever calls with it is refused")]
    KeyDisabled,
    /// Methods that nobody can call.
    #[error("{0} of its methods ask for a key, and no plan covers a stage of it: nobody can call them")]
    PrivateInNoPlan(usize),
    /// Settings that the tool reads nowhere.
    #[error("{setting} is not read here: {hint}")]
    Dropped {
        /// The setting, with where it stands.
        setting: String,
        /// Where it belongs.
        hint: String,
    },
    /// A setting with nothing in it.
    #[error("{0} is empty: what belongs in it stands beside it, or is missing")]
    Empty(String),
    /// Keys of a tier that has no plan.
    #[error("the keys of {0} have no plan of that name")]
    UnknownTier(String),
    /// A method that asks for a key where there is none.
    #[error("it is private, and there are no apiKeys: nobody can call it until keys are made by hand")]
    PrivateWithoutKeys,
}

impl Subject {
    /// Whether it cannot be deployed at all, since no plan can be so.
    pub fn is_refused(&self) -> bool {
        matches!(self, Self::BadLimit(_) | Self::BadPeriod(_) | Self::BadOffset { .. })
    }
}

impl Finding {
    pub(crate) fn new(line: Option<usize>, about: &str, subject: Subject) -> Self {
        Self { line: line.filter(|line| *line > 0), about: about.to_owned(), subject }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        write!(f, "{}: {}", self.about, self.subject)
    }
}
