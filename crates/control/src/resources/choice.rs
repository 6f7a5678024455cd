//! Members that take one word out of a set.

use crate::conflict::Conflict;
use crate::resources::validation::Validation;

pub(crate) const SECURITY_POLICY: Choice = Choice {
    member: "securityPolicy",
    options: "TLS_1_0,TLS_1_2,SecurityPolicy_TLS13_1_3_2025_09,SecurityPolicy_TLS13_1_3_FIPS_2025_09,\
              SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09,SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09,\
              SecurityPolicy_TLS13_1_2_FIPS_PFS_PQ_2025_09,SecurityPolicy_TLS13_1_2_PQ_2025_09,\
              SecurityPolicy_TLS13_1_2_2021_06,SecurityPolicy_TLS13_2025_EDGE,SecurityPolicy_TLS12_PFS_2025_EDGE,\
              SecurityPolicy_TLS12_2018_EDGE",
};
pub(crate) const ENDPOINT_ACCESS_MODE: Choice = Choice { member: "endpointAccessMode", options: "BASIC,STRICT" };
pub(crate) const ROUTING_MODE: Choice = Choice {
    member: "routingMode",
    options: "BASE_PATH_MAPPING_ONLY,ROUTING_RULE_ONLY,ROUTING_RULE_THEN_BASE_PATH_MAPPING",
};
/// Gigabytes of a stage's cache.
pub(crate) const CACHE_CLUSTER_SIZE: Choice =
    Choice { member: "cacheClusterSize", options: "0.5,1.6,6.1,13.5,28.4,58.2,118,237" };
pub(crate) const RESPONSE_TRANSFER_MODE: Choice = Choice { member: "responseTransferMode", options: "BUFFERED,STREAM" };

/// A member and the words that it takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    member: &'static str,
    /// The words, with commas between them.
    options: &'static str,
}

impl Choice {
    /// Refuses a word that is none of these. No word at all is fine.
    pub(crate) fn check(&self, word: Option<&str>) -> Result<(), Conflict> {
        if self.allows(word) {
            return Ok(());
        }
        Err(Conflict::NotAnOption { member: self.member, options: self.options })
    }

    /// Notes a word that is none of these as a violation in `input`, which is AWS's name for the request.
    pub(crate) fn note(&self, word: Option<&str>, input: &str, validation: &mut Validation) {
        if let Some(word) = word.filter(|word| !self.allows(Some(word))) {
            let set = format!("[{}]", self.options.replace(',', ", "));
            validation.not_in(word, &format!("{input}.{}", self.member), &set);
        }
    }

    fn allows(&self, word: Option<&str>) -> bool {
        word.is_none_or(|word| self.options.split(',').any(|option| option == word))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_of_the_options() {
        for good in [None, Some("0.5"), Some("237")] {
            assert_eq!(CACHE_CLUSTER_SIZE.check(good), Ok(()));
        }
        for bad in ["", "0.5,1.6", "5"] {
            assert!(CACHE_CLUSTER_SIZE.check(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_violation_is_told_in_awss_words() {
        let mut validation = Validation::default();
        ENDPOINT_ACCESS_MODE.note(Some("BASIC"), "createRestApiInput", &mut validation);
        ENDPOINT_ACCESS_MODE.note(Some("x"), "createRestApiInput", &mut validation);
        assert_eq!(
            validation.finish().expect_err("a violation").to_string(),
            "1 validation error detected: Value 'x' at 'createRestApiInput.endpointAccessMode' failed to satisfy \
             constraint: Member must satisfy enum value set: [BASIC, STRICT]"
        );
    }
}
