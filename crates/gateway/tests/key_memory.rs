//! How much memory a key takes in the gateway's table, measured at the allocator.

use tollgate_domain::{IdSource, KeyDigester};
use tollgate_gateway::admission::Admission;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

#[test]
fn a_key_takes_less_than_300_bytes() {
    const KEYS: u32 = 100_000;
    let _profiler = dhat::Profiler::builder().testing().build();
    let (ids, digester) = (IdSource::seeded(1), KeyDigester::new([0; 32]));
    let (admission, _inbox) = Admission::new(digester.clone());
    let plan = ids.usage_plan_id();
    let before = dhat::HeapStats::get().curr_bytes;
    for n in 0..KEYS {
        let (digest, hint) = (digester.digest(&n.to_le_bytes()), digester.hint(&n.to_le_bytes()));
        admission.put_key(digest, hint, ids.api_key_id(), true, &[plan]);
    }
    let grown = dhat::HeapStats::get().curr_bytes - before;
    assert_eq!(admission.key_count(), KEYS as usize);
    let per_key = grown / KEYS as usize;
    println!("{per_key} bytes a key");
    assert!(per_key < 300, "{per_key} bytes a key");
}
