//! The master key's two children: one digests key values for looking up, one seals them for keeping.

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use tollgate_domain::{ApiKeyId, IdSource, KeyDigest, KeyDigester, KeyHint};

use crate::data_dir::MASTER_KEY_FILE;
use crate::error::StoreError;

const NONCE_LEN: usize = 24;

/// Digests and seals key values. The same master key always gives the same secrets.
#[derive(Clone)]
pub struct Secrets {
    fingerprint: [u8; 32],
    digester: KeyDigester,
    cipher: XChaCha20Poly1305,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// The secrets that follow from a master key.
    pub fn new(master_key: &[u8; 32]) -> Self {
        let sealing = blake3::derive_key("tollgate 2026-11 seal API key values", master_key);
        let digesting = blake3::derive_key("tollgate 2026-11 digest API key values", master_key);
        let fingerprint = blake3::derive_key("tollgate 2026-11 name the master key", master_key);
        Self { fingerprint, digester: KeyDigester::new(digesting), cipher: XChaCha20Poly1305::new(&sealing.into()) }
    }

    /// Tells one master key from another, and nothing else about it.
    pub(crate) fn fingerprint(&self) -> [u8; 32] {
        self.fingerprint
    }

    /// What digests key values; the gateway needs the same.
    pub fn digester(&self) -> KeyDigester {
        self.digester.clone()
    }

    pub(crate) fn hint(&self, value: &str) -> KeyHint {
        self.digester.hint(value.as_bytes())
    }

    pub(crate) fn digest(&self, value: &str) -> KeyDigest {
        self.digester.digest(value.as_bytes())
    }

    /// Encrypts a value so that it opens only for the same owner: a nonce, then the sealed bytes.
    pub(crate) fn seal(&self, owner: &str, value: &str, ids: &IdSource) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        ids.fill(&mut nonce);
        self.seal_with(nonce, owner, value)
    }

    fn seal_with(&self, nonce: [u8; NONCE_LEN], owner: &str, value: &str) -> Result<Vec<u8>, StoreError> {
        let payload = Payload { msg: value.as_bytes(), aad: owner.as_bytes() };
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), payload)
            .map_err(|_| StoreError::Io("a secret cannot be encrypted".to_owned()))?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, owner: &str, sealed: &[u8]) -> Result<String, StoreError> {
        let wrong = || StoreError::WrongMasterKey(MASTER_KEY_FILE);
        let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| wrong())?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        let value = self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| wrong())?;
        String::from_utf8(value).map_err(|_| wrong())
    }
}

/// The value of a key as it is stored.
///
/// Its nonce begins with the value's hint, so that a table of a million keys is filled without opening any; the other
/// sixteen bytes are random, and nonces never meet. The digest beside it tells more than the hint does.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedValue {
    digest: KeyDigest,
    bytes: Box<[u8]>,
}

impl std::fmt::Debug for SealedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealedValue(..)")
    }
}

impl SealedValue {
    /// Seals a value for the key of this id. Fails where the cipher does, which no value of a key makes it do.
    pub fn new(secrets: &Secrets, id: ApiKeyId, value: &str, ids: &IdSource) -> Result<Self, StoreError> {
        let mut nonce = [0; NONCE_LEN];
        ids.fill(&mut nonce);
        nonce[..8].copy_from_slice(&secrets.hint(value).0.to_le_bytes());
        Ok(Self { digest: secrets.digest(value), bytes: secrets.seal_with(nonce, id.as_str(), value)?.into() })
    }

    /// The digest of the value, which is the same whoever it is sealed for.
    pub fn digest(&self) -> KeyDigest {
        self.digest
    }

    pub(crate) fn hint(&self) -> KeyHint {
        hint_of_sealed(&self.bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// The hint of a value that is sealed. Values that were sealed before hints were have another: a hint may be wrong.
pub(crate) fn hint_of_sealed(bytes: &[u8]) -> KeyHint {
    KeyHint(bytes.first_chunk().map_or(0, |hint| u64::from_le_bytes(*hint)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_for_its_own_key_under_its_own_master_key_only() {
        let (ids, secrets) = (IdSource::seeded(1), Secrets::new(&[1; 32]));
        let sealed = secrets.seal("key1", "a key value of some length", &ids).expect("sealed");
        assert!(!String::from_utf8_lossy(&sealed).contains("value"));
        assert_eq!(secrets.open("key1", &sealed).expect("opens"), "a key value of some length");
        assert!(secrets.open("key2", &sealed).is_err());
        assert!(Secrets::new(&[2; 32]).open("key1", &sealed).is_err());
        assert!(secrets.open("key1", &sealed[..10]).is_err());
    }

    #[test]
    fn the_hint_of_a_value_is_known_without_opening_it() {
        let (ids, secrets) = (IdSource::seeded(1), Secrets::new(&[1; 32]));
        let id = ids.api_key_id();
        let seal = || SealedValue::new(&secrets, id, "value", &ids).expect("sealed");
        let (sealed, again) = (seal(), seal());
        assert_eq!(sealed.hint(), secrets.hint("value"));
        assert_ne!(sealed.bytes()[8..NONCE_LEN], again.bytes()[8..NONCE_LEN], "a nonce is used once");
        assert_eq!(secrets.open(id.as_str(), sealed.bytes()).expect("opens"), "value");
        assert_eq!(hint_of_sealed(b"short"), KeyHint(0));
    }
}
