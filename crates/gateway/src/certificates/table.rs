//! Which certificate is for which name.

use std::collections::HashMap;
use std::sync::Arc;

use rustls::sign::CertifiedKey;
use webpki::EndEntityCert;

use super::files::Site;

/// Certificates by name. Where two are for the same name, the one named first is taken.
#[derive(Debug)]
pub(super) struct Table {
    exact: HashMap<String, Arc<CertifiedKey>>,
    /// By what follows the `*.`, which stands for one label.
    wildcard: HashMap<String, Arc<CertifiedKey>>,
    first: Arc<CertifiedKey>,
}

impl Table {
    /// None without a certificate.
    pub(super) fn new(sites: &[Site]) -> Option<Self> {
        let first = Arc::clone(&sites.first()?.certified);
        let mut table = Self { exact: HashMap::new(), wildcard: HashMap::new(), first };
        for certified in sites.iter().map(|site| &site.certified) {
            for name in names(certified) {
                let (names, name) = match name.strip_prefix("*.") {
                    Some(parent) => (&mut table.wildcard, parent.to_owned()),
                    None => (&mut table.exact, name),
                };
                names.entry(name).or_insert_with(|| Arc::clone(certified));
            }
        }
        Some(table)
    }

    /// The certificate for a host: its own, else a wildcard's, else the first. rustls has put the name in small letters.
    pub(super) fn find(&self, host: Option<&str>) -> Arc<CertifiedKey> {
        let own = host.and_then(|host| {
            self.exact.get(host).or_else(|| host.split_once('.').and_then(|(_, parent)| self.wildcard.get(parent)))
        });
        Arc::clone(own.unwrap_or(&self.first))
    }
}

/// The names that a certificate is for. One that cannot be parsed is for none, though it may come first.
fn names(certified: &CertifiedKey) -> Vec<String> {
    let leaf = certified.end_entity_cert().ok().and_then(|leaf| EndEntityCert::try_from(leaf).ok());
    leaf.iter().flat_map(|leaf| leaf.valid_dns_names()).map(str::to_ascii_lowercase).collect()
}
