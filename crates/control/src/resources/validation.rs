//! Checks that AWS's framework makes before any rule of the field: enums, patterns, required members.
//!
//! All violations are told at once, body before path, in AWS's wording.

/// The violations of one request, worded as one message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} validation {} detected: {}", .0.len(), if .0.len() == 1 { "error" } else { "errors" }, .0.join("; "))]
pub(crate) struct Violations(Vec<String>);

/// Gathers violations.
#[derive(Debug, Default)]
pub(crate) struct Validation(Vec<String>);

impl Validation {
    /// A required member is absent.
    pub(crate) fn missing(&mut self, at: &str) {
        self.0.push(format!("Value null at '{at}' failed to satisfy constraint: Member must not be null"));
    }

    /// A required member, or its absence noted.
    pub(crate) fn required<T: Default>(&mut self, value: Option<T>, at: &str) -> T {
        value.unwrap_or_else(|| {
            self.missing(at);
            T::default()
        })
    }

    /// A value is not in an enum. `set` is printed as AWS prints it, in its own order.
    pub(crate) fn not_in(&mut self, value: &str, at: &str, set: &str) {
        self.constraint(value, at, &format!("Member must satisfy enum value set: {set}"));
    }

    /// A list has a value that is not in an enum.
    pub(crate) fn list_not_in(&mut self, values: &[String], at: &str, set: &str) {
        let constraint = format!("Member must satisfy constraint: [Member must satisfy enum value set: {set}]");
        self.constraint(&format!("[{}]", values.join(", ")), at, &constraint);
    }

    /// A status code of a path is none.
    pub(crate) fn status_code(&mut self, value: &str) {
        self.status_code_at(value, "statusCode");
    }

    /// A status code of a body is none.
    pub(crate) fn status_code_at(&mut self, value: &str, at: &str) {
        if !is_status_code(value) {
            self.mismatch(value, at, r"[1-5]\d\d");
        }
    }

    /// A value does not match a pattern. It is printed as AWS prints it.
    pub(crate) fn mismatch(&mut self, value: &str, at: &str, pattern: &str) {
        self.constraint(value, at, &format!("Member must satisfy regular expression pattern: {pattern}"));
    }

    fn constraint(&mut self, value: &str, at: &str, constraint: &str) {
        self.0.push(format!("Value '{value}' at '{at}' failed to satisfy constraint: {constraint}"));
    }

    /// All is well, or everything that is not.
    pub(crate) fn finish(self) -> Result<(), Violations> {
        if self.0.is_empty() { Ok(()) } else { Err(Violations(self.0)) }
    }
}

/// Whether text is a status code from 100 to 599.
pub(crate) fn is_status_code(text: &str) -> bool {
    matches!(text.as_bytes(), [b'1'..=b'5', a, b] if a.is_ascii_digit() && b.is_ascii_digit())
}

/// Checks a status code alone.
pub(crate) fn status_code(value: &str) -> Result<(), Violations> {
    let mut validation = Validation::default();
    validation.status_code(value);
    validation.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn violations_are_counted_and_joined() {
        let mut validation = Validation::default();
        validation.not_in("x", "a.b", "[y]");
        validation.status_code("999");
        assert_eq!(
            validation.finish().expect_err("two violations").to_string(),
            "2 validation errors detected: Value 'x' at 'a.b' failed to satisfy constraint: Member must satisfy enum \
             value set: [y]; Value '999' at 'statusCode' failed to satisfy constraint: Member must satisfy regular \
             expression pattern: [1-5]\\d\\d"
        );
    }

    #[test]
    fn status_codes_are_three_digits() {
        for (code, good) in [("200", true), ("599", true), ("600", false), ("20", false), ("2x0", false), ("", false)] {
            assert_eq!(status_code(code).is_ok(), good, "{code}");
        }
    }
}
