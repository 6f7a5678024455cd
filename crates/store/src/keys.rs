//! API keys as rows, and the questions asked of them.

use tollgate_domain::{ApiKey, ApiKeyId, KeyDigest, KeyHint, Tags, UnixMillis, UsagePlanId};

use crate::error::StoreError;
use crate::secrets::SealedValue;

/// A key as it is stored.
#[derive(Clone, PartialEq)]
pub struct KeyRow {
    /// Its place in the order of creation; the cursor of paging.
    pub seq: i64,
    /// The key.
    pub key: ApiKey,
    /// Its value, unsealed.
    pub value: String,
    /// The digest of its value.
    pub digest: KeyDigest,
    /// The hint that follows from its value.
    pub hint: KeyHint,
    /// The plans it is in.
    pub plans: Vec<UsagePlanId>,
}

impl std::fmt::Debug for KeyRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The value is a secret.
        f.debug_struct("KeyRow").field("seq", &self.seq).field("key", &self.key).field("plans", &self.plans).finish()
    }
}

/// What the gateway needs to know of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallerRow {
    /// The digest of its value.
    pub digest: KeyDigest,
    /// The hint that follows from its value.
    pub hint: KeyHint,
    /// Its id.
    pub id: ApiKeyId,
    /// A disabled key may not call.
    pub enabled: bool,
    /// The plans it is in.
    pub plans: Vec<UsagePlanId>,
}

impl From<&KeyRow> for CallerRow {
    fn from(row: &KeyRow) -> Self {
        let KeyRow { digest, hint, ref key, ref plans, .. } = *row;
        Self { digest, hint, id: key.id, enabled: key.enabled, plans: plans.clone() }
    }
}

/// Which keys to list. Newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyQuery {
    /// Only keys older than this place.
    pub after: Option<i64>,
    /// At most so many.
    pub limit: u32,
    /// Only names that begin so, in this case.
    pub name_prefix: Option<String>,
    /// Only this customer's.
    pub customer_id: Option<String>,
    /// Only keys of this plan.
    pub plan: Option<UsagePlanId>,
}

/// A page of keys.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KeyPage {
    /// The keys.
    pub rows: Vec<KeyRow>,
    /// Whether older ones follow.
    pub more: bool,
}

/// A key to put under the id that it has.
#[derive(Clone, PartialEq)]
pub struct KeyImport {
    /// The key.
    pub key: ApiKey,
    /// Its value.
    pub value: String,
    /// The plans to add it to.
    pub plans: Vec<UsagePlanId>,
}

/// A key of a file of keys. A file has a hundred thousand, so it takes as little room as can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// Its id, if it is new. Once imported, the id that the key of this value has.
    pub id: ApiKeyId,
    /// Its name.
    pub name: Option<Box<str>>,
    /// Its description.
    pub description: Option<Box<str>>,
    /// A disabled key may not call.
    pub enabled: bool,
    /// Its value, sealed for the id that it came with. Of a value that was known, digest and hint are all that counts.
    pub value: SealedValue,
    /// The plans to add it to. Once imported, all that it is in.
    pub plans: Box<[UsagePlanId]>,
}

impl ListedKey {
    /// The key that is made of it, if it is new.
    pub(crate) fn to_new_key(&self, now: UnixMillis) -> ApiKey {
        let owned = |text: &Option<Box<str>>| text.as_deref().map(str::to_owned);
        ApiKey {
            id: self.id,
            name: owned(&self.name),
            description: owned(&self.description),
            customer_id: None,
            enabled: self.enabled,
            created: now,
            updated: now,
            stage_keys: Vec::new(),
            tags: Tags::new(),
        }
    }
}

impl From<&ListedKey> for CallerRow {
    fn from(key: &ListedKey) -> Self {
        let ListedKey { id, enabled, ref value, ref plans, .. } = *key;
        Self { digest: value.digest(), hint: value.hint(), id, enabled, plans: plans.to_vec() }
    }
}

/// A key that was put under the id that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyPut {
    /// What came of it.
    pub outcome: PutOutcome,
    /// The key as it is now; `None` where it was only to be told what would be done.
    pub row: Option<KeyRow>,
}

/// What came of putting a key, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutOutcome {
    /// It was made.
    Made,
    /// What differed was changed: the names of its members.
    Changed(Vec<&'static str>),
    /// It was so already.
    Same,
    /// Nothing: its id has another value here.
    OtherValue,
    /// Nothing: this key, of another id, has its value.
    ValueOf(ApiKeyId),
}

impl PutOutcome {
    /// Whether the key cannot be put.
    pub fn is_clash(&self) -> bool {
        matches!(self, Self::OtherValue | Self::ValueOf(_))
    }
}

/// What became of adding a key to a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Attached {
    /// It is in the plan now.
    Done(Box<KeyRow>),
    /// It was already.
    AlreadyThere,
    /// There is no such key.
    NoSuchKey,
}

pub(crate) fn parse_key_id(text: &str) -> Result<ApiKeyId, StoreError> {
    ApiKeyId::parse(text).map_err(|_| StoreError::Corrupt(format!("API key id {text:?}")))
}

pub(crate) fn parse_plan_id(text: &str) -> Result<UsagePlanId, StoreError> {
    UsagePlanId::parse(text).map_err(|_| StoreError::Corrupt(format!("usage plan id {text:?}")))
}
