//! The principal: who a call was authorized as, and what its authorizer said.

use std::ops::Deref;
use std::sync::LazyLock;

use serde_json::{Map, Value};

/// Who a call was authorized as, or nobody. Boxed, since calls that anybody may make would carry room for it.
#[derive(Debug, Default)]
pub(crate) struct Authorized(Option<Box<Principal>>);

impl From<Principal> for Authorized {
    fn from(principal: Principal) -> Self {
        Self((principal != *NOBODY).then(|| Box::new(principal)))
    }
}

impl Deref for Authorized {
    type Target = Principal;

    fn deref(&self) -> &Principal {
        self.0.as_deref().unwrap_or(&NOBODY)
    }
}

static NOBODY: LazyLock<Principal> = LazyLock::new(Principal::default);

/// Who a call was authorized as. Methods that anybody may call leave all of it empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Principal {
    /// `$context.authorizer.principalId`: the name that a function gave the caller.
    pub(crate) id: Option<String>,
    /// `$context.authorizer.*`: what a function said of the caller; values as strings, as AWS passes them on.
    pub(crate) context: Map<String, Value>,
    /// `$context.authorizer.claims.*`: what the caller's token says.
    pub(crate) claims: Map<String, Value>,
    /// The value of the key to meter the call by, where the API takes it from its authorizer.
    pub(crate) usage_identifier_key: Option<String>,
    /// Who signed the call, for methods with `AWS_IAM`.
    pub(crate) signer: Option<Signer>,
}

/// The owner of the credentials that a call was signed with.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Signer {
    /// `$context.identity.accessKey`
    pub(crate) access_key_id: String,
    /// `$context.identity.userArn`
    pub(crate) user_arn: String,
    /// `$context.identity.user` and `.caller`
    pub(crate) user_id: String,
    /// `$context.identity.accountId`
    pub(crate) account_id: String,
}
