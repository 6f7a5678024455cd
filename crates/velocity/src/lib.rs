//! Mapping templates: the Velocity Template Language as API Gateway speaks it.
//!
//! A [`Template`] is parsed once and rendered for each call against a [`Scope`]: the payload, the parameters, the
//! `$context` tree and the stage variables. [`Limits`] bound every rendering, so that a template can be wrong but can
//! neither hang nor fill memory, and [`TemplateError`] says at which line and column it went wrong.
//!
//! The dialect is Velocity 1.7 with `#set`, `#if`, `#foreach`, `#define`, `#break` and `#stop`. `#macro`, `#parse`,
//! `#include` and `#evaluate` are refused, because API Gateway does not run them.
//!
//! ```
//! use tollgate_velocity::{Input, Limits, Scope, Template};
//!
//! let template = Template::parse(r##"[#foreach($pet in $input.path('$.pets'))"$pet.name"#if($foreach.hasNext),#end#end]"##)?;
//! let body = r#"{"pets": [{"name": "Rex"}, {"name": "Tom"}]}"#.to_owned();
//! let scope = Scope { input: Input { body, ..Input::default() }, ..Scope::default() };
//! assert_eq!(template.render(&scope, &Limits::default())?.text, r#"["Rex","Tom"]"#);
//! # Ok::<(), tollgate_velocity::TemplateError>(())
//! ```

mod error;
mod jsonpath;
mod limits;
mod methods;
mod overrides;
mod query;
mod render;
mod scope;
mod syntax;
mod template;
mod value;

pub use error::{Fault, Position, TemplateError};
pub use limits::Limits;
pub use overrides::{ContextOverrides, OverriddenParameters, RequestOverride, ResponseOverride};
pub use query::Query;
pub use scope::{Input, Parameters, Params, Scope};
pub use template::{Rendered, Template};
