//! Any ARN is read or refused.
#![no_main]

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/api/bench.rs"]
mod bench;
mod ground;

use libfuzzer_sys::fuzz_target;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

fuzz_target!(|case: &[u8]| {
    let path = format!("/tags/{}", percent_encode(case, NON_ALPHANUMERIC));
    ground::send("GET", &path, b"");
    ground::send("PUT", &path, br#"{"tags": {"a": "1"}}"#);
});
