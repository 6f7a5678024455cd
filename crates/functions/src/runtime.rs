//! The runtimes that processes of this machine can have.

use std::str::FromStr;

/// The oldest Node whose features the bootstrap needs.
const OLDEST_NODE: u32 = 18;

/// What runs the code of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// `node` of the search path, whatever its version.
    NodeJs,
    /// `python3` of the search path, whatever its version.
    Python,
    /// The executable `bootstrap` in the folder of the code, which speaks the Runtime API itself.
    Provided,
}

/// A runtime that cannot be had here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the runtime {0} is not supported: there are nodejs18.x and newer, python3.x and provided")]
pub struct UnknownRuntime(pub String);

impl FromStr for Runtime {
    type Err = UnknownRuntime;

    /// Reads AWS's identifier, such as `nodejs20.x`.
    fn from_str(text: &str) -> Result<Self, UnknownRuntime> {
        let node = text.strip_prefix("nodejs").and_then(|rest| rest.strip_suffix(".x"));
        if node.and_then(|version| version.parse().ok()).is_some_and(|version: u32| version >= OLDEST_NODE) {
            return Ok(Self::NodeJs);
        }
        if text.strip_prefix("python3.").is_some_and(|minor| minor.parse::<u8>().is_ok()) {
            return Ok(Self::Python);
        }
        match text {
            "provided" | "provided.al2" | "provided.al2023" => Ok(Self::Provided),
            _ => Err(UnknownRuntime(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_known_by_the_identifiers_of_aws() {
        assert_eq!("nodejs20.x".parse(), Ok(Runtime::NodeJs));
        assert_eq!("python3.12".parse(), Ok(Runtime::Python));
        assert_eq!("provided.al2023".parse(), Ok(Runtime::Provided));
        for unknown in ["nodejs16.x", "nodejs", "python2.7", "java21", "", "nodejs20.x; rm"] {
            assert_eq!(unknown.parse::<Runtime>(), Err(UnknownRuntime(unknown.to_owned())));
        }
    }
}
