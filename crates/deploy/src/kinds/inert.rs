//! Types that templates are full of and that have nothing to do here: they are taken for their names and ARNs.

use serde_json::Value;

use crate::call::Call;
use crate::kind::{Kind, Noun, Source, Subject};
use crate::mistake::Fault;
use crate::stack::Entry;

macro_rules! inert {
    ($name:ident, $type:literal, $named:literal, $attributes:expr) => {
        pub(crate) static $name: Kind =
            Kind { name: $type, members: &[], attributes: $attributes, noun: &Inert { named: $named } };
    };
}

inert!(
    ROLE,
    "AWS::IAM::Role",
    "RoleName",
    &[("Arn", Source::Text("arn:aws:iam::{account}:role/{id}")), ("RoleId", Source::Id)]
);
inert!(POLICY, "AWS::IAM::Policy", "PolicyName", &[("Id", Source::Id)]);
inert!(
    LOG_GROUP,
    "AWS::Logs::LogGroup",
    "LogGroupName",
    &[("Arn", Source::Text("arn:aws:logs:{region}:{account}:log-group:{id}:*"))]
);
inert!(
    BUCKET,
    "AWS::S3::Bucket",
    "BucketName",
    &[
        ("Arn", Source::Text("arn:aws:s3:::{id}")),
        ("DomainName", Source::Text("{id}.s3.amazonaws.com")),
        ("DualStackDomainName", Source::Text("{id}.s3.dualstack.{region}.amazonaws.com")),
        ("RegionalDomainName", Source::Text("{id}.s3.{region}.amazonaws.com")),
        ("WebsiteURL", Source::Text("http://{id}.s3-website-{region}.amazonaws.com"))
    ]
);
inert!(BUCKET_POLICY, "AWS::S3::BucketPolicy", "", &[]);
inert!(CDK_METADATA, "AWS::CDK::Metadata", "", &[]);

struct Inert {
    /// The property that names it.
    named: &'static str,
}

impl Noun for Inert {
    fn create(&self, _: &Subject<'_>) -> Result<Vec<Call>, Fault> {
        Ok(Vec::new())
    }

    fn id(&self, subject: &Subject<'_>, _: &Value) -> String {
        let given = subject.text(self.named).filter(|name| !name.is_empty());
        given.unwrap_or_else(|| format!("{}-{}", subject.place.stack, subject.logical_id))
    }

    fn update(&self, subject: &Subject<'_>, before: &Entry) -> Result<Option<Vec<Call>>, Fault> {
        Ok((subject.text(self.named) == before.text(self.named)).then(Vec::new))
    }

    fn delete(&self, _: &Entry, _: &[&Entry]) -> Vec<Call> {
        Vec::new()
    }
}
