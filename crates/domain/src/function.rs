//! Functions: code that answers calls, run by this node or by a Lambda endpoint.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Tags;
use crate::clock::UnixMillis;

/// A function.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name, unique in the account.
    pub name: String,
    /// Free text.
    pub description: String,
    /// The ARN of a role. Kept for clients; it gives no rights here.
    pub role: String,
    /// What runs it.
    pub source: FunctionSource,
    /// How long a call may take, from 1 to 900 seconds.
    pub timeout_seconds: u32,
    /// Megabytes that it is told to have.
    pub memory_mb: u32,
    /// Environment variables of its own.
    pub environment: BTreeMap<String, String>,
    /// Who may call it, as Lambda's permissions. Kept for clients; callers of the gateway are not checked against it.
    pub permissions: Vec<FunctionPermission>,
    /// When it was last changed.
    pub modified: UnixMillis,
    /// Changes with each change.
    pub revision_id: String,
    /// Tags.
    pub tags: Tags,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The values of environment variables may be secrets.
        f.debug_struct("Function")
            .field("name", &self.name)
            .field("source", &self.source)
            .field("environment", &self.environment.keys())
            .finish_non_exhaustive()
    }
}

/// What runs a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FunctionSource {
    /// Processes of this machine.
    Process {
        /// AWS's identifier of the runtime, such as `nodejs20.x`.
        runtime: String,
        /// Where in the code the call is answered: `file.export`.
        handler: String,
        /// The code.
        code: FunctionCode,
    },
    /// An endpoint that speaks Lambda's Invoke API.
    Endpoint {
        /// Its address.
        url: String,
        /// The name or ARN that the function has there.
        function: String,
        /// The region that calls are signed for.
        region: String,
    },
}

/// Where the code of a function is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum FunctionCode {
    /// In an archive that was uploaded and unpacked into the data directory.
    Zip {
        /// SHA-256 of the archive, as lower-case hexadecimal digits: names the folder.
        sha256: String,
        /// Bytes of the archive.
        size: u64,
    },
    /// In a folder of the operator's.
    Folder {
        /// Its absolute path.
        path: String,
    },
}

/// A statement of a function's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionPermission {
    /// Its id, unique in the function.
    pub sid: String,
    /// The statement, as JSON.
    pub statement: String,
}
