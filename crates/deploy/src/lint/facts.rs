//! What is so about keys, plans and APIs, whether a template says so or a node.

use serde_json::Value;

use crate::scope::text;
use crate::stack::Entry;

/// What is so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Plans.
    pub plans: Vec<PlanFacts>,
    /// Keys.
    pub keys: Vec<KeyFacts>,
    /// APIs.
    pub apis: Vec<ApiFacts>,
}

/// A plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanFacts {
    /// What it is called where it was found.
    pub about: String,
    /// The line of the file, zero where there is none.
    pub line: usize,
    /// Tokens per second.
    pub rate_limit: Option<f64>,
    /// Tokens that a bucket holds.
    pub burst_limit: Option<i64>,
    /// Limit, offset and period; what is missing is `None`.
    pub quota: Option<(Option<i64>, i64, Option<String>)>,
    /// The ids of the APIs of the stages that it covers.
    pub apis: Vec<String>,
}

/// A key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyFacts {
    /// What it is called where it was found.
    pub about: String,
    /// The line of the file, zero where there is none.
    pub line: usize,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Whether a plan has it.
    pub in_plan: bool,
}

/// An API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ApiFacts {
    /// What it is called where it was found.
    pub about: String,
    /// The line of the file, zero where there is none.
    pub line: usize,
    /// Its id.
    pub id: String,
    /// How many of its methods ask for a key.
    pub private_methods: usize,
    /// Whether it is known what its methods are.
    pub known: bool,
}

impl Facts {
    /// What resources of a template say, each with its line.
    pub(crate) fn of_entries(entries: &[(usize, &Entry)]) -> Self {
        let of_kind = |kind: &'static str| {
            entries.iter().filter(move |(_, entry)| entry.kind.strip_prefix("AWS::ApiGateway::") == Some(kind))
        };
        let joined =
            |key: &Entry| of_kind("UsagePlanKey").any(|(_, one)| one.text("KeyId").as_ref() == Some(&key.physical_id));
        let private = |api: &Entry| {
            let of_api = of_kind("Method").filter(|(_, one)| one.text("RestApiId").as_ref() == Some(&api.physical_id));
            let by_hand = of_api.filter(|(_, one)| one.text("ApiKeyRequired").as_deref() == Some("true")).count();
            by_hand + api.properties.get("Body").map_or(0, private_operations)
        };
        Self {
            plans: of_kind("UsagePlan").map(|(line, plan)| plan_facts(*line, plan)).collect(),
            keys: of_kind("ApiKey")
                .map(|(line, key)| KeyFacts {
                    about: key.logical_id.clone(),
                    line: *line,
                    enabled: key.text("Enabled").is_some_and(|enabled| enabled.eq_ignore_ascii_case("true")),
                    in_plan: joined(key),
                })
                .collect(),
            apis: of_kind("RestApi")
                .map(|(line, api)| ApiFacts {
                    about: api.logical_id.clone(),
                    line: *line,
                    id: api.physical_id.clone(),
                    private_methods: private(api),
                    known: true,
                })
                .collect(),
        }
    }
}

fn plan_facts(line: usize, plan: &Entry) -> PlanFacts {
    let member = |of: &str, name: &str| plan.properties.get(of).and_then(|of| text(of.get(name)?));
    let stages = plan.properties.get("ApiStages").and_then(Value::as_array).cloned().unwrap_or_default();
    let quota = plan.properties.get("Quota").filter(|quota| quota.as_object().is_some_and(|quota| !quota.is_empty()));
    PlanFacts {
        about: plan.logical_id.clone(),
        line,
        rate_limit: member("Throttle", "RateLimit").and_then(|text| text.parse().ok()),
        burst_limit: member("Throttle", "BurstLimit").and_then(|text| text.parse().ok()),
        quota: quota.map(|_| {
            let number = |name: &str| member("Quota", name).and_then(|text| text.parse().ok());
            (number("Limit"), number("Offset").unwrap_or(0), member("Quota", "Period"))
        }),
        apis: stages.iter().filter_map(|stage| text(stage.get("ApiId")?)).collect(),
    }
}

/// How many operations of a document ask for a key: by a scheme that sends `x-api-key`.
fn private_operations(document: &Value) -> usize {
    let schemes = document.get("securityDefinitions").or_else(|| document.pointer("/components/securitySchemes"));
    let is_key = |name: &str| {
        let scheme = schemes.and_then(|schemes| schemes.get(name));
        scheme
            .and_then(|scheme| scheme.get("name")?.as_str())
            .is_some_and(|name| name.eq_ignore_ascii_case("x-api-key"))
    };
    let asks = |security: &Value| {
        let alternatives = security.as_array().into_iter().flatten().filter_map(Value::as_object);
        alternatives.flat_map(|one| one.keys()).any(|name| is_key(name))
    };
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let operations = paths.flat_map(|(_, path)| path.as_object().into_iter().flatten());
    operations
        .filter(|(method, _)| !method.eq_ignore_ascii_case("options"))
        .filter(|(_, operation)| operation.get("security").or_else(|| document.get("security")).is_some_and(asks))
        .count()
}
