//! `$context.requestOverride` and `$context.responseOverride`.

use tollgate_velocity::{ContextOverrides, Fault};

use crate::try_render;

fn overrides(template: &str) -> Result<ContextOverrides, Fault> {
    try_render(template, "").map(|rendered| rendered.overrides).map_err(|error| error.fault)
}

#[test]
fn a_template_that_sets_none_has_none() {
    assert_eq!(overrides("$context.requestOverride.header.x"), Ok(ContextOverrides::default()));
}

#[test]
fn request_parameters_are_set_by_property_index_or_put() {
    let found = overrides(
        "#set($context.requestOverride.header.one = 'a')\
         #set($context.requestOverride.path['two'] = 2)\
         $!context.requestOverride.querystring.put('three', true)",
    );
    let request = found.unwrap().request;
    assert_eq!(request.header["one"], ["a"]);
    assert_eq!(request.path["two"], ["2"]);
    assert_eq!(request.querystring["three"], ["true"]);
}

#[test]
fn a_list_sets_several_values() {
    let found = overrides("#set($context.requestOverride.header.many = ['a', 'b'])").unwrap();
    assert_eq!(found.request.header["many"], ["a", "b"]);
}

#[test]
fn the_response_has_a_status_and_headers() {
    let found =
        overrides("#set($context.responseOverride.status = 404)#set($context.responseOverride.header['x-a'] = 'b')");
    let response = found.unwrap().response;
    assert_eq!((response.status, &*response.header["x-a"]), (Some(404), ["b".to_owned()].as_slice()));
}

#[test]
fn a_status_may_be_written_as_text() {
    assert_eq!(overrides("#set($context.responseOverride.status = '201')").unwrap().response.status, Some(201));
}

#[test]
fn a_status_outside_100_to_599_is_refused() {
    for status in ["99", "600", "'x'", "20.5"] {
        let template = format!("#set($context.responseOverride.status = {status})");
        let expected = Fault::InvalidStatus { status: status.trim_matches('\'').to_owned() };
        assert_eq!(overrides(&template), Err(expected));
    }
}

#[test]
fn a_parameter_is_set_once() {
    for template in [
        "#set($context.responseOverride.header.a = 1)#set($context.responseOverride.header.a = 2)",
        "#set($context.responseOverride.header.a = 1)$context.responseOverride.header.put('a', 2)",
    ] {
        assert_eq!(overrides(template), Err(Fault::OverriddenTwice { parameter: "a".to_owned() }));
    }
}

#[test]
fn parameters_of_one_name_in_two_places_are_two() {
    let template = "#set($context.requestOverride.header.a = 1)#set($context.requestOverride.path.a = 2)";
    assert!(overrides(template).is_ok());
}

#[test]
fn what_is_set_can_be_read() {
    let rendered = try_render("#set($context.responseOverride.status = 418)$context.responseOverride.status", "");
    assert_eq!(rendered.unwrap().text, "418");
}
