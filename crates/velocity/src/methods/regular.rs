//! Java's regular expressions, as far as Rust's have them: no look-around and no back-references, and in return no
//! pattern takes more than linear time.

use regex::{Captures, Regex, RegexBuilder};

use super::failed;
use crate::{
    Fault,
    value::{Heap, Value},
};

/// The most memory of a compiled pattern.
const MAX_COMPILED_BYTES: usize = 256 * 1024;

/// Steps it takes to compile a pattern.
const COMPILE_STEPS: usize = 2_000;

/// How much longer a search takes with a counted repetition, which can stand for many states.
const COUNTED_COST: usize = 256;

/// Compiles a pattern, or finds it compiled: a pattern in a loop is paid for once.
fn compile(heap: &mut Heap, method: &'static str, pattern: &str) -> Result<Regex, Fault> {
    if let Some(regex) = heap.patterns.get(pattern) {
        return Ok(regex.clone());
    }
    heap.budget.visit(COMPILE_STEPS)?;
    heap.budget.allocate(2 * MAX_COMPILED_BYTES)?;
    let regex = RegexBuilder::new(pattern)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(MAX_COMPILED_BYTES)
        .build()
        .map_err(|error| failed(method, error.to_string()))?;
    heap.patterns.insert(pattern.to_owned(), regex.clone());
    Ok(regex)
}

/// Whether the pattern matches the whole text.
pub(super) fn matches(heap: &mut Heap, text: &str, pattern: &str) -> Result<bool, Fault> {
    search_cost(heap, text, pattern)?;
    Ok(compile(heap, "matches", &format!("^(?:{pattern})$"))?.is_match(text))
}

/// Replaces the first so many matches, or all if that is zero.
pub(super) fn replace(heap: &mut Heap, text: &str, pattern: &str, with: &str, limit: usize) -> Result<Value, Fault> {
    let method = if limit == 0 { "replaceAll" } else { "replaceFirst" };
    search_cost(heap, text, pattern)?;
    let regex = compile(heap, method, pattern)?;
    let mut out = String::new();
    let mut end = 0;
    for (count, captures) in regex.captures_iter(text).enumerate() {
        let Some(whole) = captures.get(0).filter(|_| limit == 0 || count < limit) else { break };
        let before = out.len();
        out.push_str(&text[end..whole.start()]);
        expand(method, with, &captures, &mut out)?;
        heap.budget.allocate(out.len() - before)?;
        heap.budget.step()?;
        end = whole.end();
    }
    out.push_str(&text[end..]);
    heap.text(out)
}

/// Writes a replacement: `$1` is a group, and a backslash takes the next character as it is.
fn expand(method: &'static str, with: &str, captures: &Captures<'_>, out: &mut String) -> Result<(), Fault> {
    let mut characters = with.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => out.push(characters.next().ok_or_else(|| failed(method, "a character to be escaped is missing"))?),
            '$' => {
                let group = characters.next().and_then(|digit| digit.to_digit(10));
                let group = group.ok_or_else(|| failed(method, "a group's number must follow $"))? as usize;
                if group >= captures.len() {
                    return Err(failed(method, format!("there is no group {group}")));
                }
                out.push_str(captures.get(group).map_or("", |found| found.as_str()));
            }
            other => out.push(other),
        }
    }
    Ok(())
}

/// Splits as Java does: an empty match at the start makes no part, and without a limit empty parts at the end go.
pub(super) fn split(heap: &mut Heap, text: &str, pattern: &str, limit: i128) -> Result<Vec<String>, Fault> {
    search_cost(heap, text, pattern)?;
    let regex = compile(heap, "split", pattern)?;
    let most = usize::try_from(limit).ok().filter(|&most| most > 0).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    let mut start = 0;
    for found in regex.find_iter(text) {
        if parts.len() + 1 >= most {
            break;
        }
        if found.end() == 0 || found.start() == text.len() && found.is_empty() {
            continue;
        }
        heap.budget.step()?;
        parts.push(text[start..found.start()].to_owned());
        start = found.end();
    }
    parts.push(text[start..].to_owned());
    if limit == 0 {
        let kept = parts.iter().rposition(|part| !part.is_empty()).map_or(0, |last| last + 1);
        // A text without any match is its own only part, even if it is empty.
        parts.truncate(kept.max(usize::from(text.is_empty())));
    }
    Ok(parts)
}

/// Pays for a search, which may take time in proportion to both the text and the pattern.
fn search_cost(heap: &mut Heap, text: &str, pattern: &str) -> Result<(), Fault> {
    let counted = if pattern.contains('{') { COUNTED_COST } else { 1 };
    heap.budget.look_at(text.len().saturating_mul(1 + pattern.len() / 8).saturating_mul(counted))
}
