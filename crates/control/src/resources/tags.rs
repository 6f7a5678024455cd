//! Tags, read and changed by the ARN of what carries them.

use serde::Serialize;
use tollgate_domain::{
    ApiKeyId, Catalog, ClientCertificate, DomainName, DomainNameAccessAssociation, Record, RecordKey, RestApi,
    RestApiId, Stage, StageName, Tags, UsagePlan, UsagePlanId, VpcLink,
};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::json::Members;
use crate::request::Request;
use crate::write::Change;

const KEY_LIMIT: usize = 128;
const VALUE_LIMIT: usize = 256;
const COUNT_LIMIT: usize = 50;

#[derive(Serialize)]
struct TagsWire<'a> {
    tags: &'a Tags,
}

/// What carries tags.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Tagged {
    ApiKey(ApiKeyId),
    Record(RecordKey),
}

pub(crate) async fn get(control: &Control, request: &Request) -> Reply {
    let arn = request.label("resource_arn");
    let tags = match parse(arn)? {
        Tagged::ApiKey(id) => control.store().key(id).await?.map(|row| row.key.tags),
        Tagged::Record(key) => find(&control.catalog(), &key).and_then(|record| record.tags().cloned()),
    };
    let tags = tags.ok_or_else(|| Conflict::NoSuchTagged(arn.to_owned()))?;
    Answer::json(&TagsWire { tags: &tags })
}

pub(crate) async fn tag(control: &Control, request: &Request) -> Reply {
    let added = request.body()?.string_map("tags")?.unwrap_or_default();
    change(control, request, |tags| tags.extend(added.clone())).await
}

pub(crate) async fn untag(control: &Control, request: &Request) -> Reply {
    let keys: Vec<&str> = request.query_all("tagKeys").collect();
    change(control, request, |tags| tags.retain(|key, _| !keys.contains(&key.as_str()))).await
}

/// Reads the tags of something that is being made.
pub(crate) fn read(body: &Members) -> Result<Tags, Failure> {
    let tags = body.string_map("tags")?.unwrap_or_default();
    check(&tags)?;
    Ok(tags)
}

async fn change(control: &Control, request: &Request, edit: impl Fn(&mut Tags)) -> Reply {
    let arn = request.label("resource_arn");
    match parse(arn)? {
        Tagged::ApiKey(id) => change_key(control, id, arn, edit).await?,
        Tagged::Record(key) => control.writer().write(|catalog| decide(catalog, &key, arn, &edit)).await?,
    }
    Ok(Answer::Empty)
}

async fn change_key(control: &Control, id: ApiKeyId, arn: &str, edit: impl Fn(&mut Tags)) -> Result<(), Failure> {
    let _turn = control.writer().turn().await?;
    let unknown = || Conflict::NoSuchTagged(arn.to_owned());
    let mut key = control.store().key(id).await?.ok_or_else(unknown)?.key;
    edit(&mut key.tags);
    check(&key.tags)?;
    control.store().update_key(key).await?.ok_or_else(unknown)?;
    Ok(())
}

fn decide(catalog: &Catalog, key: &RecordKey, arn: &str, edit: impl Fn(&mut Tags)) -> Result<Change<()>, Failure> {
    let mut record = find(catalog, key).ok_or_else(|| Conflict::NoSuchTagged(arn.to_owned()))?;
    if let Some(tags) = record.tags_mut() {
        edit(tags);
        check(tags)?;
    }
    Ok(Change::answering(()).put(record))
}

/// The record with this key, if it is there and of a kind that carries tags.
fn find(catalog: &Catalog, key: &RecordKey) -> Option<Record> {
    Some(match key {
        RecordKey::RestApi(api) => Record::RestApi(RestApi::clone(&catalog.rest_apis.get(api)?.api)),
        RecordKey::Stage(api, stage) => {
            Record::Stage(api.clone(), Stage::clone(catalog.rest_apis.get(api)?.stages.get(stage)?))
        }
        RecordKey::UsagePlan(plan) => Record::UsagePlan(UsagePlan::clone(catalog.usage_plans.get(plan)?)),
        RecordKey::DomainName(name) => Record::DomainName(DomainName::clone(catalog.domain_names.get(name)?)),
        RecordKey::DomainNameAccessAssociation(arn) => Record::DomainNameAccessAssociation(
            DomainNameAccessAssociation::clone(catalog.domain_name_access_associations.get(arn)?),
        ),
        RecordKey::VpcLink(id) => Record::VpcLink(VpcLink::clone(catalog.vpc_links.get(id)?)),
        RecordKey::ClientCertificate(id) => {
            Record::ClientCertificate(ClientCertificate::clone(catalog.client_certificates.get(id)?))
        }
        _ => return None,
    })
}

/// Reads `arn:{partition}:apigateway:{region}::/{path}`.
fn parse(arn: &str) -> Result<Tagged, Conflict> {
    let bad = || Conflict::BadTagArn(arn.to_owned());
    let ["arn", _, "apigateway", _, _, path] = *arn.splitn(6, ':').collect::<Vec<_>>() else { return Err(bad()) };
    let unknown = |_| Conflict::NoSuchTagged(arn.to_owned());
    Ok(match *path.trim_start_matches('/').split('/').collect::<Vec<_>>() {
        ["apikeys", id] => Tagged::ApiKey(ApiKeyId::parse(id).map_err(unknown)?),
        ["usageplans", id] => Tagged::Record(RecordKey::UsagePlan(UsagePlanId::parse(id).map_err(unknown)?)),
        ["restapis", id] => Tagged::Record(RecordKey::RestApi(RestApiId::new(id))),
        ["restapis", id, "stages", name] => Tagged::Record(RecordKey::Stage(RestApiId::new(id), StageName::new(name))),
        // A private domain name's ARN ends with its id.
        ["domainnames", name] => {
            let (name, _) = name.split_once('+').unwrap_or((name, ""));
            Tagged::Record(RecordKey::DomainName(name.to_owned()))
        }
        ["domainnameaccessassociations", ..] => Tagged::Record(RecordKey::DomainNameAccessAssociation(arn.to_owned())),
        ["vpclinks", id] => Tagged::Record(RecordKey::VpcLink(id.to_owned())),
        ["clientcertificates", id] => Tagged::Record(RecordKey::ClientCertificate(id.to_owned())),
        _ => return Err(bad()),
    })
}

/// The rules for tags.
pub(crate) fn check(tags: &Tags) -> Result<(), Conflict> {
    if tags.len() > COUNT_LIMIT {
        return Err(Conflict::TooManyTags);
    }
    let bad = |(key, value): &(&String, &String)| {
        key.is_empty()
            || key.starts_with("aws:")
            || key.chars().count() > KEY_LIMIT
            || value.chars().count() > VALUE_LIMIT
    };
    match tags.iter().find(bad) {
        Some((key, _)) => Err(Conflict::BadTag(key.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_what_carries_tags() {
        let key = ApiKeyId::parse("x5k3eopvub").expect("an id");
        assert_eq!(parse("arn:aws:apigateway:us-east-1::/apikeys/x5k3eopvub"), Ok(Tagged::ApiKey(key)));
        let stage = RecordKey::Stage(RestApiId::new("abc"), StageName::new("dev"));
        assert_eq!(parse("arn:aws-cn:apigateway:eu-west-1::/restapis/abc/stages/dev"), Ok(Tagged::Record(stage)));
        for bad in ["", "arn:aws:s3:::bucket", "arn:aws:apigateway:us-east-1::/models/abc"] {
            assert_eq!(parse(bad), Err(Conflict::BadTagArn(bad.to_owned())));
        }
    }

    #[test]
    fn tags_have_bounds() {
        let tags = |count: usize| (0..count).map(|n| (format!("k{n}"), String::new())).collect::<Tags>();
        assert_eq!(check(&tags(50)), Ok(()));
        assert_eq!(check(&tags(51)), Err(Conflict::TooManyTags));
        assert!(check(&[("aws:x".to_owned(), String::new())].into()).is_err());
        assert!(check(&[("k".repeat(129), String::new())].into()).is_err());
        assert!(check(&[("k".to_owned(), "v".repeat(257))].into()).is_err());
    }
}
