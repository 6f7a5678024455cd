//! A key that tokens are signed with.

use std::collections::HashSet;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Map, Value};

/// A public key, and the one algorithm that it is for. A token may not choose another.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(super) id: String,
    key: DecodingKey,
    validation: Validation,
}

impl Key {
    /// Takes a key of a set, if tokens can be signed with it: RSA or P-256, with a name.
    pub(super) fn read(given: &Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(given.clone()).ok()?;
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(point) if point.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            _ => return None,
        };
        let is_for_tokens = jwk.common.key_algorithm.is_none_or(|named| named == name)
            && jwk.common.public_key_use.as_ref().is_none_or(|wanted| *wanted == PublicKeyUse::Signature);
        let id = jwk.common.key_id.clone().filter(|_| is_for_tokens)?;
        let key = DecodingKey::from_jwk(&jwk).ok()?;
        Some(Self { id, key, validation: validation(algorithm) })
    }

    /// The claims of a token that this key signed. What they say is not judged.
    pub(crate) fn verify(&self, token: &str) -> Option<Map<String, Value>> {
        decode(token, &self.key, &self.validation).ok().map(|token| token.claims)
    }
}

/// Judges the signature alone: the rest needs the time, which is an argument here.
fn validation(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims = HashSet::new();
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    validation
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ring;
    use super::*;

    /// The examples of RFC 7515, appendices A.2 and A.3.
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const EC_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

    fn rsa(more: Value) -> Value {
        let mut key = json!({
            "kty": "RSA", "kid": "rsa", "e": "AQAB",
            "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
        });
        more.as_object().expect("an object").iter().for_each(|(name, value)| key[name] = value.clone());
        key
    }

    fn ec() -> Value {
        json!({
            "kty": "EC", "kid": "ec", "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        })
    }

    fn verified(key: &Value, header: &str, signature: &str) -> bool {
        ring::install();
        let key = Key::read(key).expect("a key");
        key.verify(&format!("{header}.{PAYLOAD}.{signature}")).is_some_and(|claims| claims["iss"] == "joe")
    }

    #[test]
    fn the_examples_of_the_rfc_verify_and_their_like_do_not() {
        let (rs256, es256) = ("eyJhbGciOiJSUzI1NiJ9", "eyJhbGciOiJFUzI1NiJ9");
        assert!(verified(&rsa(json!({})), rs256, RSA_SIGNATURE));
        assert!(verified(&ec(), es256, EC_SIGNATURE));
        assert!(!verified(&ec(), rs256, RSA_SIGNATURE));
        assert!(!verified(&rsa(json!({})), es256, EC_SIGNATURE));
        assert!(!verified(&rsa(json!({})), rs256, &RSA_SIGNATURE.replacen('c', "d", 1)));
        assert!(!verified(&rsa(json!({})), rs256, ""));
        let none = "eyJhbGciOiJub25lIn0";
        assert!(!verified(&rsa(json!({})), none, "") && !verified(&rsa(json!({})), none, RSA_SIGNATURE));
    }

    #[test]
    fn a_key_for_another_purpose_is_no_key() {
        for more in [json!({"use": "enc"}), json!({"alg": "RS512"}), json!({"kid": null}), json!({"n": 7})] {
            assert!(Key::read(&rsa(more.clone())).is_none(), "{more}");
        }
        assert!(Key::read(&rsa(json!({"use": "sig", "alg": "RS256"}))).is_some());
        assert!(Key::read(&json!({"kty": "oct", "kid": "k", "k": "c2VjcmV0", "alg": "HS256"})).is_none());
        assert!(Key::read(&json!({"kty": "new", "kid": "k"})).is_none());
    }
}
