//! What users get wrong about keys and plans, said before it costs them: in a template, in the settings of a Serverless
//! project, or on a node that runs.

mod facts;
mod finding;
mod rules;
mod serverless;

pub use facts::{ApiFacts, Facts, KeyFacts, PlanFacts};
pub use finding::{Finding, Subject};
pub use rules::judge;
pub use serverless::lint_serverless;
