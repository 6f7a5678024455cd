//! What is wrong with a document that can be read: errors, which refuse it, and warnings, which are told.

use crate::conflict::Conflict;

/// The notes of one import, in the order of the document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Notes {
    errors: Vec<String>,
    warnings: Vec<String>,
}

impl Notes {
    pub(crate) fn error(&mut self, text: String) {
        self.errors.push(text);
    }

    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Notes a "no" as the reason why something could not be done.
    pub(crate) fn refused(&mut self, what: &str, conflict: &impl std::fmt::Display) {
        self.error(format!("Unable to {what}: {conflict}"));
    }

    /// The warnings, if nothing worse was noted. AWS tells all errors at once, and the warnings after them.
    pub(crate) fn finish(self, fail_on_warnings: bool) -> Result<Vec<String>, Conflict> {
        let list = |notes: &[String]| notes.iter().map(|note| format!("\n\t{note}")).collect::<String>();
        let warnings = list(&self.warnings);
        match (self.errors.is_empty(), self.warnings.is_empty()) {
            (true, false) if fail_on_warnings => Err(Conflict::ImportWarnings(warnings)),
            (true, _) => Ok(self.warnings),
            (false, true) => Err(Conflict::ImportErrors(list(&self.errors))),
            (false, false) => {
                let also = format!("\nAdditionally, these warnings were found:{warnings}");
                Err(Conflict::ImportErrors(list(&self.errors) + &also))
            }
        }
    }
}
