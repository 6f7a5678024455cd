//! Which operations have answered and which have refused, as the SDK itself sees it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex};

use aws_sdk_apigateway::config::interceptors::FinalizerInterceptorContextRef;
use aws_sdk_apigateway::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_apigateway::error::BoxError;
use aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint;
use aws_smithy_runtime_api::client::orchestrator::Metadata;

/// Sees every call of the clients that it is hooked into. A clone sees the same.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    answered: BTreeSet<String>,
    refused: BTreeSet<String>,
}

#[dyn_dispatch_hint]
impl Intercept for Coverage {
    fn name(&self) -> &'static str {
        "Coverage"
    }

    fn read_after_execution(
        &self,
        call: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let operation = config.load::<Metadata>().ok_or("a call without an operation")?.name().to_owned();
        let mut seen = self.seen.lock().map_err(|_| "a panic while counting")?;
        match call.output_or_error() {
            Some(Ok(_)) => seen.answered.insert(operation),
            // What never came back is no refusal.
            Some(Err(error)) if error.is_operation_error() => seen.refused.insert(operation),
            Some(Err(_)) | None => false,
        };
        Ok(())
    }
}

impl Coverage {
    /// What the table of operations says is built and no case has seen, as a line each.
    pub fn missing(&self) -> Vec<String> {
        let seen = self.seen.lock().expect("nobody panics while counting");
        let built = operations().into_iter().filter(|(_, built)| *built).map(|(name, _)| name);
        let missing = |name: String| {
            let answer = (!seen.answered.contains(&name)).then(|| format!("{name} has not answered"));
            let refusal = (!seen.refused.contains(&name)).then(|| format!("{name} has not refused"));
            [answer, refusal]
        };
        built.flat_map(missing).flatten().collect()
    }
}

/// Every operation, and whether it is built, from docs/operations.md.
fn operations() -> Vec<(String, bool)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md");
    let text = std::fs::read_to_string(page).expect("the table of operations");
    let rows = text.lines().filter_map(|line| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        matches!(cells.get(2), Some(&("GET" | "POST" | "PUT" | "PATCH" | "DELETE")))
            .then(|| (cells[1].to_owned(), cells[4] == "yes"))
    });
    let operations: Vec<_> = rows.collect();
    assert_eq!(operations.len(), 124, "AWS has 124 operations");
    operations
}
