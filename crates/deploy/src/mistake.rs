//! What is wrong with a template, and where.

use std::fmt;

/// A mistake in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The line of the file, counted from one, where it is known.
    pub line: Option<usize>,
    /// The logical id of the resource, output or condition that it is in.
    pub within: Option<String>,
    /// What it is.
    pub fault: Fault,
}

impl Mistake {
    /// A mistake on a line; zero is a line that is not known.
    pub(crate) fn on(line: usize, fault: Fault) -> Self {
        Self { line: (line > 0).then_some(line), within: None, fault }
    }

    /// Names the logical id that it is in, unless it has one.
    pub(crate) fn within(mut self, logical_id: &str) -> Self {
        self.within.get_or_insert_with(|| logical_id.to_owned());
        self
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if let Some(within) = &self.within {
            write!(f, "{within}: ")?;
        }
        self.fault.fmt(f)
    }
}

impl std::error::Error for Mistake {}

/// The kinds of mistakes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// More bytes than are read.
    #[error("the template has {size} bytes; at most {limit} are read")]
    TooLong {
        /// Its bytes.
        size: usize,
        /// The most.
        limit: usize,
    },
    /// More values than are kept, most likely by aliases of aliases.
    #[error("the template comes to more than {0} values, aliases counted as often as they are used")]
    TooMany(usize),
    /// Values too deep in one another.
    #[error("values are more than {0} deep in one another")]
    TooDeep(usize),
    /// Neither YAML nor JSON.
    #[error("not YAML: {0}")]
    NotYaml(String),
    /// A key twice in one mapping.
    #[error("{0} is there twice")]
    Twice(String),
    /// A value of another kind than is needed.
    #[error("{what} has to be {wanted}")]
    Wrong {
        /// Which value.
        what: String,
        /// What it has to be.
        wanted: &'static str,
    },
    /// Something that has to be there.
    #[error("{0} is missing")]
    Missing(String),
    /// A name that stands for nothing.
    #[error("{0} is neither a parameter nor a resource of this template")]
    UnknownRef(String),
    /// A resource without this attribute.
    #[error("{resource} has no attribute {attribute} here")]
    UnknownAttribute {
        /// The logical id of the resource.
        resource: String,
        /// The attribute.
        attribute: String,
    },
    /// A condition that is not defined.
    #[error("there is no condition {0}")]
    UnknownCondition(String),
    /// An intrinsic function that is not known, or not where it stands.
    #[error("{0} is no intrinsic function that works here")]
    UnknownFunction(String),
    /// An entry of a mapping that is not there.
    #[error("the mapping {0} is not there")]
    UnknownMapping(String),
    /// An export that no stack has.
    #[error("no stack exports {0}")]
    UnknownExport(String),
    /// An export whose name is taken.
    #[error("{0} is exported already, by another output or stack")]
    ExportTaken(String),
    /// More text than is made.
    #[error("what Fn::Sub and Fn::Join make is longer than {0} bytes")]
    TooMuchText(usize),
    /// An index that is out of range.
    #[error("Fn::Select takes item {index} of {length}")]
    OutOfRange {
        /// The index.
        index: i64,
        /// How many there are.
        length: usize,
    },
    /// A resource type that is not deployed here.
    #[error("resources of type {0} are not supported")]
    UnknownType(String),
    /// A property that its type does not have.
    #[error("{kind} has no property {property}")]
    UnknownProperty {
        /// The type.
        kind: String,
        /// The property, with those that it is in.
        property: String,
    },
    /// A feature that is known and not built.
    #[error("{0} is not supported")]
    Unsupported(String),
    /// A parameter without a value.
    #[error("the parameter {0} has no default: give it with --parameter {0}=…")]
    NoValue(String),
    /// A value that a parameter does not allow.
    #[error("the parameter {name} cannot be {value}: {why}")]
    BadParameter {
        /// The parameter.
        name: String,
        /// The value.
        value: String,
        /// Which rule it breaks.
        why: String,
    },
    /// Things that wait for one another.
    #[error("these wait for one another: {}", .0.join(" → "))]
    Cycle(Vec<String>),
    /// Two resources that would be the same thing.
    #[error("{what} is the same as that of {other}")]
    Same {
        /// What they share.
        what: String,
        /// The other's logical id.
        other: String,
    },
    /// Two things on the node that could be meant.
    #[error(
        "{one} and {other} on the node are both what it describes; one of them has to go, or to be called otherwise"
    )]
    Several {
        /// One's id.
        one: String,
        /// The other's.
        other: String,
    },
    /// Code of a function that is not there.
    #[error("the code of the function is not found: {0}")]
    NoCode(String),
}
