//! What putting keys under ids of their own would come to, whatever the backend.

use std::collections::HashMap;

use tollgate_domain::{ApiKeyId, KeyDigest};

use crate::error::StoreError;
use crate::keys::{KeyImport, KeyRow, PutOutcome};
use crate::secrets::Secrets;

/// Judges each key by who owns its value and what its id has. Two that have the same value, or the same id, clash with
/// each other.
pub(crate) fn judge(
    keys: &[KeyImport],
    secrets: &Secrets,
    owner_of: impl Fn(&KeyDigest) -> Result<Option<ApiKeyId>, StoreError>,
    row_of: impl Fn(ApiKeyId) -> Result<Option<KeyRow>, StoreError>,
) -> Result<Vec<PutOutcome>, StoreError> {
    let mut by_value: HashMap<KeyDigest, ApiKeyId> = HashMap::new();
    let mut by_id: HashMap<ApiKeyId, KeyDigest> = HashMap::new();
    let judge_one = |wanted: &KeyImport, digest: &KeyDigest| {
        if let Some(owner) = owner_of(digest)?.filter(|owner| *owner != wanted.key.id) {
            return Ok(PutOutcome::ValueOf(owner));
        }
        let Some(row) = row_of(wanted.key.id)? else { return Ok(PutOutcome::Made) };
        if row.digest != *digest {
            return Ok(PutOutcome::OtherValue);
        }
        let changed = difference(&row, wanted);
        Ok(if changed.is_empty() { PutOutcome::Same } else { PutOutcome::Changed(changed) })
    };
    keys.iter()
        .map(|key| {
            let (id, digest) = (key.key.id, secrets.digest(&key.value));
            if by_id.insert(id, digest).is_some_and(|other| other != digest) {
                return Ok(PutOutcome::OtherValue);
            }
            if let Some(other) = by_value.insert(digest, id).filter(|other| *other != id) {
                return Ok(PutOutcome::ValueOf(other));
            }
            judge_one(key, &digest)
        })
        .collect()
}

/// The members that differ, by AWS's names. Empty text is no text, and dates do not count.
pub(crate) fn difference(row: &KeyRow, wanted: &KeyImport) -> Vec<&'static str> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (before, after) = (&row.key, &wanted.key);
    let pairs = [
        ("name", text(&before.name) != text(&after.name)),
        ("description", text(&before.description) != text(&after.description)),
        ("customerId", text(&before.customer_id) != text(&after.customer_id)),
        ("enabled", before.enabled != after.enabled),
        ("stageKeys", before.stage_keys != after.stage_keys),
        ("tags", before.tags != after.tags),
        ("usagePlans", wanted.plans.iter().any(|plan| !row.plans.contains(plan))),
    ];
    pairs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}
