//! The parameters of a template, and the values that they are given.

use std::collections::BTreeMap;

use regex::Regex;
use serde_json::Value;

use crate::document::Node;
use crate::mistake::{Fault, Mistake};
use crate::template::{Template, wrong};

/// A parameter that a template declares.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    line: usize,
    kind: Kind,
    default: Option<String>,
    allowed_values: Vec<String>,
    allowed_pattern: Option<String>,
    lengths: (Option<f64>, Option<f64>),
    values: (Option<f64>, Option<f64>),
    /// Whether its value is not to be shown.
    pub(crate) no_echo: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Text,
    Number,
    List,
}

impl Parameter {
    pub(crate) fn read(node: &Node) -> Result<Self, Mistake> {
        let kind = node.get("Type").and_then(Node::as_text);
        let kind = match kind.ok_or_else(|| Mistake::on(node.line, Fault::Missing("Type".to_owned())))? {
            "Number" => Kind::Number,
            kind if kind == "CommaDelimitedList" || kind.contains("List<") => Kind::List,
            _ => Kind::Text,
        };
        let bound = |name: &str| node.get(name).and_then(plain).and_then(|text| text.parse().ok());
        let allowed = node.get("AllowedValues").and_then(Node::as_list).unwrap_or_default();
        Ok(Self {
            line: node.line,
            kind,
            default: match node.get("Default").filter(|default| !default.is_null()) {
                Some(default) => Some(plain(default).ok_or_else(|| wrong(default, "Default", "a text"))?),
                None => None,
            },
            allowed_values: allowed.iter().filter_map(plain).collect(),
            allowed_pattern: node.get("AllowedPattern").and_then(Node::as_text).map(str::to_owned),
            lengths: (bound("MinLength"), bound("MaxLength")),
            values: (bound("MinValue"), bound("MaxValue")),
            no_echo: node.get("NoEcho").and_then(plain).is_some_and(|text| text == "true"),
        })
    }

    /// The rule that a value breaks, if it breaks one.
    fn broken_rule(&self, value: &str) -> Option<String> {
        let number = value.parse::<f64>().ok();
        if self.kind == Kind::Number && number.is_none() {
            return Some("it is no number".to_owned());
        }
        if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(|allowed| allowed == value) {
            return Some(format!("it has to be one of {}", self.allowed_values.join(", ")));
        }
        if let Some(pattern) = &self.allowed_pattern {
            let whole = Regex::new(&format!("^(?:{pattern})$"));
            if whole.is_ok_and(|whole| !whole.is_match(value)) {
                return Some(format!("it does not match {pattern}"));
            }
        }
        let length = Some(value.chars().count() as f64).filter(|_| self.kind == Kind::Text);
        let outside = |value: Option<f64>, (least, most): (Option<f64>, Option<f64>)| {
            value.is_some_and(|value| least.is_some_and(|least| value < least) || most.is_some_and(|most| value > most))
        };
        if outside(length, self.lengths) {
            return Some("its length is out of bounds".to_owned());
        }
        let number = number.filter(|_| self.kind == Kind::Number);
        outside(number, self.values).then(|| "it is out of bounds".to_owned())
    }

    fn value(&self, text: &str) -> Value {
        match self.kind {
            Kind::Text | Kind::Number => text.into(),
            Kind::List => text.split(',').map(str::trim).collect(),
        }
    }
}

/// The values of all parameters of a template: those given, defaults for the rest.
pub(crate) fn values(
    template: &Template,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, Value>, Mistake> {
    let declared = |name: &String| template.parameters.iter().any(|(known, _)| known == name);
    if let Some(unknown) = given.keys().find(|name| !declared(name)) {
        return Err(Mistake::on(0, Fault::UnknownRef(format!("the parameter {unknown}"))));
    }
    let mut values = BTreeMap::new();
    for (name, parameter) in &template.parameters {
        let text = given.get(name).or(parameter.default.as_ref());
        let text = text.ok_or_else(|| Mistake::on(parameter.line, Fault::NoValue(name.clone())))?;
        if let Some(why) = parameter.broken_rule(text) {
            let value = if parameter.no_echo { "****".to_owned() } else { text.clone() };
            return Err(Mistake::on(parameter.line, Fault::BadParameter { name: name.clone(), value, why }));
        }
        values.insert(name.clone(), parameter.value(text));
    }
    Ok(values)
}

/// A scalar as the text that it was written as.
fn plain(node: &Node) -> Option<String> {
    match &node.content {
        crate::document::Content::Scalar(Value::String(text)) => Some(text.clone()),
        crate::document::Content::Scalar(value @ (Value::Bool(_) | Value::Number(_))) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const TEMPLATE: &str = "
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Rate: {Type: Number, Default: 10, MaxValue: 100}
  Names: {Type: CommaDelimitedList, Default: 'a, b'}
  Key: {Type: String, MinLength: 20, NoEcho: true, Default: aaaaaaaaaaaaaaaaaaaa, AllowedPattern: '[a-z]+'}
Resources:
  Api: {Type: AWS::ApiGateway::RestApi}
";

    fn with(given: &[(&str, &str)]) -> Result<BTreeMap<String, Value>, String> {
        let template = Template::read(TEMPLATE).expect("a template");
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        values(&template, &given).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn defaults_stand_for_what_is_not_given() {
        let found = with(&[("Stage", "prod")]).expect("values");
        assert_eq!(
            (&found["Stage"], &found["Rate"], &found["Names"]),
            (&json!("prod"), &json!("10"), &json!(["a", "b"]))
        );
    }

    #[test]
    fn a_value_keeps_its_rules_and_secrets_are_not_told() {
        let said = |name, value| with(&[(name, value)]).expect_err("a mistake");
        assert!(said("Stage", "test").ends_with("Stage cannot be test: it has to be one of dev, prod"));
        assert!(said("Rate", "101").contains("out of bounds"));
        assert!(said("Key", "SECRETSECRETSECRETSE").contains("Key cannot be ****: it does not match [a-z]+"));
        assert!(said("Nope", "1").contains("the parameter Nope"));
    }
}
