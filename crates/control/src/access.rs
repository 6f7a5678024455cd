//! What each role may do: the one place that says it, for signed requests and for the console's alike.

use http::Method;
use tollgate_domain::Role;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The id of the pair that signed the request, or that signed in.
    pub(crate) access_key_id: String,
    pub(crate) role: Role,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a Method,
    /// AWS's name of the operation; `None` where nothing has this method and path.
    pub(crate) operation: Option<&'a str>,
    /// The plan that the path names.
    pub(crate) usage_plan: Option<&'a str>,
    /// Whether the answer would show values of keys that may be anybody's.
    pub(crate) with_values: bool,
}

/// Why somebody may not do something, in AWS's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "User: {user} is not authorized to perform: {action} on resource: {resource} because no identity-based policy \
     allows the {action} action"
)]
pub(crate) struct AccessDenied {
    pub(crate) user: String,
    pub(crate) action: String,
    pub(crate) resource: String,
}

impl Caller {
    /// Whether the caller's role allows this.
    pub(crate) fn may(&self, asked: &Asked<'_>) -> bool {
        match &self.role {
            Role::Admin => true,
            // What a stack is made of has values of keys and environments of functions in it.
            Role::ReadOnly => asked.method == Method::GET && asked.operation != Some("GetStack"),
            Role::KeyIssuer { plans } => {
                let own_plan = asked.usage_plan.is_some_and(|id| plans.iter().any(|plan| plan.as_str() == id));
                match asked.operation {
                    Some("CreateApiKey" | "GetAccount" | "GetNode" | "GetUsagePlans") => true,
                    Some("GetApiKey" | "GetApiKeys") => !asked.with_values,
                    Some(
                        "CreateUsagePlanKey" | "GetUsage" | "GetUsagePlan" | "GetUsagePlanKey" | "GetUsagePlanKeys"
                        | "IssueApiKey",
                    ) => own_plan,
                    _ => false,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tollgate_domain::UsagePlanId;

    use super::*;

    fn may(role: Role, method: Method, operation: &str, usage_plan: Option<&str>) -> bool {
        let caller = Caller { access_key_id: "AKID".to_owned(), role };
        caller.may(&Asked { method: &method, operation: Some(operation), usage_plan, with_values: false })
    }

    fn issuer() -> Role {
        Role::KeyIssuer { plans: vec![UsagePlanId::parse("bronze").expect("an id")] }
    }

    #[test]
    fn a_reader_changes_nothing() {
        assert!(may(Role::ReadOnly, Method::GET, "GetApiKeys", None));
        assert!(!may(Role::ReadOnly, Method::GET, "GetStack", None));
        assert!(!may(Role::ReadOnly, Method::PATCH, "UpdateApiKey", None));
        assert!(may(Role::Admin, Method::DELETE, "DeleteApiKey", None));
    }

    #[test]
    fn an_issuer_adds_keys_to_its_own_plans_alone() {
        assert!(may(issuer(), Method::POST, "CreateApiKey", None));
        assert!(may(issuer(), Method::POST, "CreateUsagePlanKey", Some("bronze")));
        assert!(!may(issuer(), Method::POST, "CreateUsagePlanKey", Some("gold")));
        assert!(may(issuer(), Method::POST, "IssueApiKey", Some("bronze")));
        assert!(!may(issuer(), Method::POST, "IssueApiKey", Some("gold")));
        assert!(!may(issuer(), Method::GET, "GetUsagePlanKeys", Some("gold")));
        for operation in ["ImportApiKeys", "UpdateUsagePlan", "DeleteUsagePlanKey", "UpdateUsage", "CreateCredential"] {
            assert!(!may(issuer(), Method::POST, operation, Some("bronze")), "{operation}");
        }
    }

    #[test]
    fn an_issuer_does_not_read_the_values_of_others() {
        let caller = Caller { access_key_id: "AKID".to_owned(), role: issuer() };
        let asked = Asked { method: &Method::GET, operation: Some("GetApiKeys"), usage_plan: None, with_values: true };
        assert!(!caller.may(&asked));
        assert!(caller.may(&Asked { with_values: false, ..asked }));
    }
}
