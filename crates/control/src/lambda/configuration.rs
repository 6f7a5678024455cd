//! A function on the wire.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tollgate_domain::function_name::LATEST;
use tollgate_domain::{Function, FunctionCode, FunctionSource, UnixMillis};

use super::Lambda;

impl Lambda {
    /// AWS's FunctionConfiguration. A function at an endpoint has neither runtime nor handler.
    pub(super) fn configuration(&self, function: &Function) -> Value {
        let mut shown = json!({
            "FunctionName": function.name,
            "FunctionArn": self.arn(&function.name),
            "Role": function.role,
            "Description": function.description,
            "Timeout": function.timeout_seconds,
            "MemorySize": function.memory_mb,
            "LastModified": timestamp(function.modified),
            "Version": LATEST,
            "RevisionId": function.revision_id,
            "State": "Active",
            "LastUpdateStatus": "Successful",
            "PackageType": "Zip",
            "Architectures": [architecture()],
            "TracingConfig": { "Mode": "PassThrough" },
            "EphemeralStorage": { "Size": 512 },
            "CodeSize": 0,
            "CodeSha256": "",
        });
        if !function.environment.is_empty() {
            shown["Environment"] = json!({ "Variables": function.environment });
        }
        if let FunctionSource::Process { runtime, handler, code } = &function.source {
            shown["Runtime"] = json!(runtime);
            shown["Handler"] = json!(handler);
            if let FunctionCode::Zip { sha256, size } = code {
                shown["CodeSize"] = json!(size);
                shown["CodeSha256"] = json!(BASE64_STANDARD.encode(hex::decode(sha256).unwrap_or_default()));
            }
        }
        shown
    }

    /// AWS's FunctionCodeLocation: where the code is, as an address that this machine understands.
    pub(super) fn code_location(&self, function: &Function) -> Value {
        let location = match &function.source {
            FunctionSource::Endpoint { url, .. } => url.clone(),
            FunctionSource::Process { code, .. } => {
                format!("file://{}", self.code.folder(&function.name, code).display())
            }
        };
        json!({ "RepositoryType": "Tollgate", "Location": location })
    }
}

/// AWS's name for the processor that this program was built for.
fn architecture() -> &'static str {
    if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" }
}

/// `2026-11-24T14:00:00.000+0000`, the form in which Lambda tells times.
fn timestamp(at: UnixMillis) -> String {
    let millis = at.0.rem_euclid(86_400_000);
    let (hour, minute, second) = (millis / 3_600_000, millis / 60_000 % 60, millis / 1000 % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}.{:03}+0000", at.day(), millis % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_form_of_lambda() {
        assert_eq!(timestamp(UnixMillis(1_795_348_800_007)), "2026-11-22T12:00:00.007+0000");
    }
}
