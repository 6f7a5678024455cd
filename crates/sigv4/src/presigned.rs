//! Claims in a query, as presigned addresses carry them.

use percent_encoding::percent_decode_str;

use crate::claim::{ALGORITHM, Claim, Lifetime};
use crate::payload::{CONTENT_SHA256, StatedPayload};
use crate::refusal::SignatureRefusal;

/// The longest that a presigned address may live, in seconds: a week.
const LONGEST_LIFE: u32 = 604_800;

/// The parameters that are the claim; the signer adds all but the last two by itself when it signs again.
const CLAIM: [&str; 7] = [
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-SignedHeaders",
    "X-Amz-Signature",
    "X-Amz-Security-Token",
];

/// Whether a query carries a claim.
pub(crate) fn is_claim(query: &str) -> bool {
    pairs(query).any(|(_, name, _)| name == "X-Amz-Signature" || name == "X-Amz-Algorithm")
}

/// Reads the claim of a query.
pub(crate) fn read(query: &str) -> Result<Claim, SignatureRefusal> {
    let once = |wanted: &str| {
        let mut values = pairs(query).filter(|(_, name, _)| name == wanted).map(|(.., value)| value);
        // Of two values one would not be signed.
        values.next().filter(|value| !value.is_empty() && values.next().is_none())
    };
    let named = ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders", "X-Amz-Date"];
    let [Some(algorithm), Some(credential), Some(signature), Some(signed), Some(date)] = named.map(once) else {
        return Err(SignatureRefusal::incomplete(
            "AWS query-string parameters must include 'X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Signature', \
             'X-Amz-SignedHeaders' and 'X-Amz-Date'. Re-examine the query-string parameters.",
        ));
    };
    if algorithm != ALGORITHM {
        return Err(SignatureRefusal::Incomplete(format!(
            "Unsupported AWS 'algorithm': '{algorithm}'. Must be '{ALGORITHM}'."
        )));
    }
    // Spelled as the signer spells it, since that is what it signs again.
    let number = |text: String| text.parse::<u32>().ok().filter(|number| number.to_string() == text);
    let life = once("X-Amz-Expires").and_then(number).filter(|life| *life <= LONGEST_LIFE);
    let life = life.ok_or_else(|| {
        SignatureRefusal::Incomplete(format!("'X-Amz-Expires' must be a number of seconds up to {LONGEST_LIFE}."))
    })?;
    let stated = pairs(query).find(|(_, name, _)| name.eq_ignore_ascii_case(CONTENT_SHA256));
    let claim = Claim::assemble(&credential, &signed, signature, date, Lifetime::Presigned(life))?;
    Ok(Claim {
        has_session: pairs(query).any(|(_, name, _)| name == "X-Amz-Security-Token"),
        stated_payload: stated.map(|(.., value)| StatedPayload::read(&value)),
        ..claim
    })
}

/// The target without the claim, for the signer to add its own.
pub(crate) fn without_claim(target: &str) -> String {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let rest: Vec<&str> =
        pairs(query).filter(|(_, name, _)| !CLAIM.contains(&name.as_str())).map(|(pair, ..)| pair).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

/// The pairs of a query: as they were sent, and the name and the value decoded.
fn pairs(query: &str) -> impl Iterator<Item = (&str, String, String)> {
    let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (pair, decode(name), decode(value))
    })
}
