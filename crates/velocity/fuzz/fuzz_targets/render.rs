//! Any text is a template or an error, and renders within its limits or not at all.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tollgate_velocity::{Input, Limits, Scope, Template};

fuzz_target!(|case: (&str, &str)| {
    let (text, body) = case;
    let Ok(template) = Template::parse(text) else { return };
    let limits = Limits { max_steps: 10_000, max_output_bytes: 10_000, ..Limits::default() };
    let scope = Scope { input: Input { body: body.to_owned(), ..Input::default() }, ..Scope::default() };
    if let Ok(rendered) = template.render(&scope, &limits) {
        assert!(rendered.text.len() <= limits.max_output_bytes);
    }
});
