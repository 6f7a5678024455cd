//! Route: from the address of a call to the stage and the method that serve it.

use tollgate_domain::HttpMethod;

use crate::domains::Target;
use crate::path::is_treacherous;
use crate::refusal::Refusal;
use crate::routes::Captures;
use crate::snapshot::{Method, Snapshot, Stage};
use crate::variables::domain_name;

/// What a call is addressed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Address<'h, 'p> {
    api: &'h str,
    stage: &'p str,
    /// The path below the stage; empty or with a slash at its front.
    path: &'p str,
}

/// Where an address leads.
#[derive(Debug)]
pub(crate) enum Destination<'a> {
    /// To a stage.
    Stage(Staged<'a>),
    /// To the gateway itself, which tells that it is there.
    Health,
}

/// The stage that a call is for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Staged<'a> {
    pub(crate) stage: &'a Stage,
    /// The base path that the call matched, on a custom domain name.
    pub(crate) base_path: Option<&'a str>,
    /// The path below the stage.
    pub(crate) path: &'a str,
}

/// The method that serves a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Routed<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) method: &'a Method,
}

/// Finds the stage that a call is for.
pub(crate) fn stage<'a>(snapshot: &'a Snapshot, host: &str, path: &'a str) -> Result<Destination<'a>, Refusal> {
    if !snapshot.domains.is_empty()
        && let Some(target) = domain_name(host).and_then(|host| snapshot.domains.find(host, path))
    {
        return domain(snapshot, target);
    }
    let Some(address) = address(host, path) else { return Err(Refusal::UnknownStage) };
    let Some(stage) = snapshot.stage(address.api, address.stage) else { return Err(Refusal::UnknownStage) };
    // The forms of emulators stand for the same endpoint: whoever closes it means callers to come by their domain alone.
    if stage.deployed.api.disable_execute_api_endpoint {
        return Err(Refusal::EndpointDisabled);
    }
    Ok(Destination::Stage(Staged { stage, base_path: None, path: address.path }))
}

/// Follows a custom domain name. A mapping without a stage leaves it to the path to name one.
fn domain<'a>(snapshot: &'a Snapshot, target: Target<'a, 'a>) -> Result<Destination<'a>, Refusal> {
    let (base_path, mapping, rest) = match target {
        Target::Health => return Ok(Destination::Health),
        Target::Nothing => return Err(Refusal::UnknownStage),
        Target::Mapped { base_path, mapping, rest } => (base_path, mapping, rest),
    };
    let (stage, path) = match &mapping.stage {
        Some(stage) => (stage.as_str(), rest),
        None => first_segment(rest.strip_prefix('/').ok_or(Refusal::UnknownStage)?),
    };
    let stage = snapshot.stage(mapping.rest_api_id.as_str(), stage).ok_or(Refusal::UnknownStage)?;
    Ok(Destination::Stage(Staged { stage, base_path: Some(base_path), path }))
}

/// Finds the method that serves a call, and where the variables of its path lie.
pub(crate) fn method<'a>(staged: Staged<'a>, verb: &http::Method) -> Result<(Routed<'a>, Captures), Refusal> {
    let Staged { stage, path, .. } = staged;
    if is_treacherous(path) {
        return Err(Refusal::Malformed("the path has dot segments"));
    }
    let found = verb_of(verb).and_then(|verb| stage.program.routes.find(path, verb));
    match found.and_then(|found| Some((stage.program.methods.get(found.method)?, found.captures))) {
        Some((method, captures)) => Ok((Routed { stage, method }, captures)),
        None => Err(Refusal::UnknownRoute),
    }
}

/// The verb of a call. `ANY` is a word of configuration, and no caller's.
fn verb_of(method: &http::Method) -> Option<HttpMethod> {
    HttpMethod::parse(method.as_str()).filter(|verb| *verb != HttpMethod::Any)
}

/// Reads the forms of address: the host `{api}.execute-api.{suffix}` with `/{stage}/…`, or, as emulators of AWS have
/// it, `/restapis/{api}/{stage}/_user_request_/…` and `/_aws/execute-api/{api}/{stage}/…` on any host.
fn address<'h, 'p: 'h>(host: &'h str, path: &'p str) -> Option<Address<'h, 'p>> {
    if let Some((api, rest)) = split_before(host, b'.').map(|(api, rest)| (api, &rest[1..]))
        && rest.get(..12).is_some_and(|label| label.eq_ignore_ascii_case("execute-api."))
    {
        let (stage, path) = first_segment(path.strip_prefix('/')?);
        return Some(Address { api, stage, path });
    }
    if let Some(rest) = path.strip_prefix("/_aws/execute-api/") {
        let (api, rest) = first_segment(rest);
        let (stage, path) = first_segment(rest.strip_prefix('/')?);
        return Some(Address { api, stage, path });
    }
    let (api, rest) = first_segment(path.strip_prefix("/restapis/")?);
    let (stage, rest) = first_segment(rest.strip_prefix('/')?);
    let path = rest.strip_prefix("/_user_request_")?;
    (path.is_empty() || path.starts_with('/')).then_some(Address { api, stage, path })
}

/// Splits before the first slash.
fn first_segment(path: &str) -> (&str, &str) {
    split_before(path, b'/').unwrap_or((path, ""))
}

/// Splits before the first of a letter of ASCII. What comes before is short: a search for many letters at once would take
/// longer to begin.
fn split_before(text: &str, letter: u8) -> Option<(&str, &str)> {
    text.split_at_checked(text.bytes().position(|byte| byte == letter)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts<'a>(host: &'a str, path: &'a str) -> Option<(&'a str, &'a str, &'a str)> {
        address(host, path).map(|address| (address.api, address.stage, address.path))
    }

    #[test]
    fn the_three_forms_of_address_are_read() {
        let by_host = Some(("abc", "prod", "/pets/1"));
        assert_eq!(parts("abc.execute-api.us-east-1.amazonaws.com", "/prod/pets/1"), by_host);
        assert_eq!(parts("abc.Execute-Api.localhost:8080", "/prod/pets/1"), by_host);
        assert_eq!(parts("localhost", "/restapis/abc/prod/_user_request_/pets/1"), by_host);
        assert_eq!(parts("localhost", "/_aws/execute-api/abc/prod/pets/1"), by_host);
    }

    #[test]
    fn a_stage_alone_is_its_root() {
        assert_eq!(parts("abc.execute-api.x", "/prod"), Some(("abc", "prod", "")));
        assert_eq!(parts("x", "/restapis/abc/prod/_user_request_"), Some(("abc", "prod", "")));
        assert_eq!(parts("x", "/_aws/execute-api/abc/prod/"), Some(("abc", "prod", "/")));
    }

    #[test]
    fn anything_else_is_no_address() {
        for (host, path) in [
            ("localhost", "/"),
            ("localhost", "/prod/pets"),
            ("localhost", "/restapis/abc/prod/pets"),
            ("localhost", "/restapis/abc/prod/_user_request_x"),
            ("localhost", "/_aws/execute-api/abc"),
            ("execute-api.localhost", "/prod"),
            ("abc.execute-api.x", "*"),
        ] {
            assert_eq!(parts(host, path), None, "{host}{path}");
        }
    }

    #[test]
    fn no_caller_says_any() {
        assert_eq!(verb_of(&http::Method::GET), Some(HttpMethod::Get));
        assert_eq!(verb_of(&http::Method::from_bytes(b"ANY").expect("a token")), None);
        assert_eq!(verb_of(&http::Method::TRACE), None);
    }
}
