//! What can be wrong with a template, and where.

/// A place in a template's text; both numbers begin at one, and a column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The character within the line.
    pub column: u32,
}

impl Position {
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// A template that cannot be parsed or rendered, and the place where that showed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {fault}", at.line, at.column)]
pub struct TemplateError {
    /// Where the fault showed.
    pub at: Position,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a template, apart from where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The text does not go on as the language says it must.
    #[error("expected {expected}, found {found}")]
    Expected {
        /// What the language asks for here.
        expected: &'static str,
        /// The text that is here instead.
        found: String,
    },
    /// A directive, comment or block has no end.
    #[error("{opened} is never closed")]
    Unclosed {
        /// How it was opened, such as `#if`.
        opened: &'static str,
    },
    /// `#else`, `#elseif` or `#end` stands where nothing is open for it.
    #[error("#{directive} does not belong to an open directive")]
    Misplaced {
        /// The directive, without its `#`.
        directive: &'static str,
    },
    /// Velocity has the directive, API Gateway does not.
    #[error("#{directive} is not supported in mapping templates")]
    UnsupportedDirective {
        /// The directive, without its `#`.
        directive: &'static str,
    },
    /// The template's text is longer than API Gateway accepts.
    #[error("the template is longer than {max} bytes")]
    TemplateTooLong {
        /// The most bytes accepted.
        max: usize,
    },
    /// Expressions, directives or values are nested too deeply.
    #[error("nested more than {max} levels deep")]
    NestedTooDeeply {
        /// The most levels accepted.
        max: usize,
    },
    /// Rendering takes more work than it may.
    #[error("rendering takes more than {max} steps")]
    TooManySteps {
        /// The most steps allowed.
        max: u64,
    },
    /// The output grows beyond its bound.
    #[error("the output is longer than {max} bytes")]
    OutputTooLong {
        /// The most bytes allowed.
        max: usize,
    },
    /// The values made while rendering grow beyond their bound.
    #[error("the template's values take more than {max} bytes")]
    MemoryExhausted {
        /// The most bytes allowed.
        max: usize,
    },
    /// A method was called with something it throws on.
    #[error("{method}: {reason}")]
    MethodFailed {
        /// The method's name.
        method: &'static str,
        /// Why it failed.
        reason: String,
    },
    /// A JSONPath expression cannot be read.
    #[error("the JSON path {path:?} is invalid: expected {expected}")]
    InvalidJsonPath {
        /// The expression.
        path: String,
        /// What the path needs where reading stopped.
        expected: &'static str,
    },
    /// A parameter of `$context.requestOverride` or `$context.responseOverride` was set a second time.
    #[error("the override of {parameter} is set twice")]
    OverriddenTwice {
        /// The parameter's name.
        parameter: String,
    },
    /// `$context.responseOverride.status` is not an integer from 100 to 599.
    #[error("the status {status:?} is not an integer from 100 to 599")]
    InvalidStatus {
        /// The value that was set.
        status: String,
    },
}
