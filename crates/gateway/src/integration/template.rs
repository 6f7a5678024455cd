//! Mapping templates: parsed with the snapshot, rendered for each call.

use std::collections::BTreeMap;

use bytes::Bytes;
use tollgate_velocity::{ContextOverrides, Limits, Scope};

use crate::call::Call;
use crate::execution_log::LogLevel;
use crate::refusal::Refusal;

/// A template.
#[derive(Debug)]
pub(super) enum Template {
    /// Text that stays as it is.
    Plain(Bytes),
    /// Text with directives or references.
    Dynamic(tollgate_velocity::Template),
    /// What is wrong with it, and where.
    Broken(String),
}

/// What a template made of a call.
#[derive(Debug, Default)]
pub(super) struct Rendering {
    pub(super) text: Bytes,
    pub(super) overrides: ContextOverrides,
}

impl Template {
    fn parse(text: &str) -> Self {
        if !text.contains(['$', '#']) {
            return Self::Plain(Bytes::copy_from_slice(text.as_bytes()));
        }
        match tollgate_velocity::Template::parse(text) {
            Ok(template) => Self::Dynamic(template),
            Err(error) => Self::Broken(error.to_string()),
        }
    }

    /// Whether the text depends on the call.
    pub(super) fn is_dynamic(&self) -> bool {
        matches!(self, Self::Dynamic(_))
    }

    /// Renders it. What goes wrong is told with its line and column, in the log only.
    pub(super) fn render(
        &self,
        call: &Call<'_>,
        scope: impl FnOnce() -> Result<Scope, Refusal>,
    ) -> Result<Rendering, Refusal> {
        let failed = |reason: &str| {
            call.note(LogLevel::Error, || {
                format!("Execution failed due to configuration error: Unable to transform request: {reason}")
            });
            Refusal::Misconfigured(format!("a mapping template failed at {reason}"))
        };
        match self {
            Self::Plain(text) => Ok(Rendering { text: text.clone(), overrides: ContextOverrides::default() }),
            Self::Broken(reason) => Err(failed(reason)),
            Self::Dynamic(template) => {
                let rendered = template.render(&scope()?, &Limits::default());
                let rendered = rendered.map_err(|error| failed(&error.to_string()))?;
                Ok(Rendering { text: rendered.text.into(), overrides: rendered.overrides })
            }
        }
    }
}

/// Templates by media type. One without text is none.
pub(super) fn compile(given: &BTreeMap<String, Option<String>>) -> Vec<(String, Template)> {
    let texts = given.iter().filter_map(|(media_type, text)| {
        let text = text.as_deref().filter(|text| !text.is_empty())?;
        Some((media_type.clone(), Template::parse(text)))
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_directives_is_never_taken_for_plain() {
        let kind = |text: &str| match Template::parse(text) {
            Template::Plain(text) => String::from_utf8_lossy(&text).into_owned(),
            Template::Dynamic(_) => "dynamic".to_owned(),
            Template::Broken(reason) => reason.split(':').next().unwrap_or_default().to_owned(),
        };
        assert_eq!(kind("{}"), "{}");
        assert_eq!(kind("$input.body"), "dynamic");
        assert_eq!(kind("#set($a = 1)"), "dynamic");
        assert_eq!(kind("{\n #if("), "line 2, column 6");
    }

    #[test]
    fn a_template_without_text_is_none() {
        let given = [("a", None), ("b", Some(String::new())), ("c", Some("{}".to_owned()))];
        let compiled = compile(&given.map(|(name, text)| (name.to_owned(), text)).into());
        assert_eq!(compiled.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["c"]);
    }
}
