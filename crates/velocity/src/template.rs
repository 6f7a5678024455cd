//! A template: parsed once, rendered for each call.

use crate::{
    ContextOverrides, Fault, Limits, Position, Scope, TemplateError,
    render::Renderer,
    syntax::{self, Node},
};

/// The longest template API Gateway accepts.
const MAX_TEMPLATE_BYTES: usize = 300 * 1024;

/// A parsed mapping template.
#[derive(Debug, Clone)]
pub struct Template {
    nodes: Vec<Node>,
}

/// What a template made of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The new payload.
    pub text: String,
    /// What the template set in `$context.requestOverride` and `$context.responseOverride`.
    pub overrides: ContextOverrides,
}

impl Template {
    /// Parses a template, or says where it is malformed.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if text.len() > MAX_TEMPLATE_BYTES {
            let fault = Fault::TemplateTooLong { max: MAX_TEMPLATE_BYTES };
            return Err(TemplateError { at: Position::START, fault });
        }
        Ok(Self { nodes: syntax::parse(text)? })
    }

    /// Renders the template for one call, or says where and why it cannot be.
    pub fn render(&self, scope: &Scope, limits: &Limits) -> Result<Rendered, TemplateError> {
        Renderer::new(scope, *limits).render(&self.nodes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Template>();
    }

    #[test]
    fn a_template_renders_the_same_each_time() {
        let template = Template::parse("#set($l = [1])$l.add(2)$l").expect("the template is well-formed");
        let render = || template.render(&Scope::default(), &Limits::default()).map(|rendered| rendered.text);
        assert_eq!((render(), render()), (Ok("true[1, 2]".to_owned()), Ok("true[1, 2]".to_owned())));
    }
}
