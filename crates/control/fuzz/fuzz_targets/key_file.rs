//! Any file of keys is imported or refused.
#![no_main]

#[allow(dead_code, reason = "the tests need more of it")]
#[path = "../../tests/api/bench.rs"]
mod bench;
mod ground;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|case: &[u8]| ground::send("POST", "/apikeys?mode=import&format=csv", case));
