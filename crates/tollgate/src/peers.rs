//! What stands beside the gateway in this process: functions, the management API, and its credentials.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use serde_json::{Value, json};
use tollgate_control::{Control, Credentials, Refused};
use tollgate_functions::{InvocationType, InvokeError};
use tollgate_gateway::{
    AccessKey, AccessKeys, AccessLogs, Answering, FunctionFault, FunctionResult, Functions, Management, Peers, Tracer,
};

use crate::functions::LocalFunctions;
use crate::outlets::Outlets;

/// The peers of this process's gateway.
pub(crate) fn peers(
    functions: Arc<LocalFunctions>,
    management: Arc<InProcessManagement>,
    access_keys: ManagementKeys,
    outlets: &Outlets,
) -> Peers {
    Peers {
        functions: Some(Arc::new(GatewayFunctions(functions))),
        management: Some(management),
        access_keys: Some(Arc::new(access_keys)),
        access_logs: outlets.access_logs.clone().map(|writer| writer as Arc<dyn AccessLogs>),
        tracer: outlets.traces.clone().map(|traces| traces as Arc<dyn Tracer>),
        ..Peers::default()
    }
}

/// The pairs of the management API, with which calls may be signed, too. Their owners have the ARNs that AWS gives
/// users: the root pair that of the account, another that of a user by its name.
#[derive(Debug)]
pub(crate) struct ManagementKeys {
    pub(crate) credentials: Arc<Credentials>,
    pub(crate) root: String,
    pub(crate) account_id: String,
}

impl AccessKeys for ManagementKeys {
    fn find(&self, access_key_id: &str) -> Option<AccessKey> {
        let (account, secret_access_key) = (&self.account_id, self.credentials.secret(access_key_id)?);
        let (owner, user_id) = match access_key_id == self.root {
            true => ("root".to_owned(), account.clone()),
            false => (format!("user/{access_key_id}"), access_key_id.to_owned()),
        };
        Some(AccessKey { secret_access_key, user_arn: format!("arn:aws:iam::{account}:{owner}"), user_id })
    }
}

const CLOSED: &str = "The management API is stopping";

struct GatewayFunctions(Arc<LocalFunctions>);

impl fmt::Debug for GatewayFunctions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GatewayFunctions")
    }
}

impl Functions for GatewayFunctions {
    fn invoke(&self, function: &str, payload: Bytes) -> Answering<Result<FunctionResult, FunctionFault>> {
        let (functions, function) = (Arc::clone(&self.0), function.to_owned());
        Box::pin(async move {
            let called = functions.call(&function, payload, InvocationType::RequestResponse).await.map_err(fault)?;
            Ok(FunctionResult { payload: called.payload, failed: called.function_error.is_some() })
        })
    }

    fn send(&self, function: &str, payload: Bytes) -> Answering<Result<(), FunctionFault>> {
        let (functions, function) = (Arc::clone(&self.0), function.to_owned());
        Box::pin(async move {
            let called = functions.call(&function, payload, InvocationType::Event).await;
            called.map(|_| ()).map_err(fault)
        })
    }
}

fn fault(error: InvokeError) -> FunctionFault {
    let text = error.to_string();
    match error {
        InvokeError::BadName(_) | InvokeError::UnknownFunction(_) => FunctionFault::Unknown(text),
        InvokeError::Throttled(_) => FunctionFault::Busy(text),
        InvokeError::RequestTooLarge { .. }
        | InvokeError::CannotStart { .. }
        | InvokeError::Unreachable { .. }
        | InvokeError::EndpointTimedOut(_)
        | InvokeError::EndpointRefused { .. }
        | InvokeError::AnswerTooLarge(_)
        | InvokeError::Stopping => FunctionFault::Unavailable(text),
    }
}

/// The management API, for calls from within: from when it is opened, after the functions that call it, until it is let
/// go of. It holds the data directory, and the gateway may have calls in flight for longer than this process has that.
#[derive(Default)]
pub(crate) struct InProcessManagement(Mutex<Option<Control>>);

impl InProcessManagement {
    /// Answers by `control` from now on.
    pub(crate) fn open(&self, control: Control) {
        *self.control() = Some(control);
    }

    /// Runs one operation, AWS's or our own, and returns its answer.
    pub(crate) async fn operate(&self, method: Method, uri: &str, body: Option<Value>) -> Result<Value, Refused> {
        let control = self.control().clone();
        let closed =
            || Refused { status: 503, code: "ServiceUnavailableException".to_owned(), message: CLOSED.to_owned() };
        control.ok_or_else(closed)?.operate(method, uri, body).await
    }

    /// Lets go of the management API. Calls of it are refused from here on.
    pub(crate) fn close(&self) {
        *self.control() = None;
    }

    fn control(&self) -> MutexGuard<'_, Option<Control>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for InProcessManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcessManagement")
    }
}

impl Management for InProcessManagement {
    fn answer(&self, request: Request<Bytes>) -> Answering<Response<Bytes>> {
        let control = self.control().clone();
        Box::pin(async move {
            match control {
                Some(control) => control.answer(request).await,
                None => closed(),
            }
        })
    }
}

fn closed() -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(json!({ "message": CLOSED }).to_string()));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

#[cfg(test)]
mod tests {
    use tollgate_domain::Role;

    use super::*;

    #[test]
    fn pairs_are_the_root_of_their_account_or_users_of_it() {
        let credentials = Credentials::root("ROOT", "s3cret").with("OTHER", "t0psecret", Role::ReadOnly);
        let credentials = Arc::new(credentials);
        let keys = ManagementKeys { credentials, root: "ROOT".to_owned(), account_id: "111122223333".to_owned() };
        let of = |id: &str| keys.find(id).map(|key| (key.secret_access_key, key.user_arn, key.user_id));
        let owned = |texts: [&str; 3]| Some(texts.map(str::to_owned).into());
        assert_eq!(of("ROOT"), owned(["s3cret", "arn:aws:iam::111122223333:root", "111122223333"]));
        assert_eq!(of("OTHER"), owned(["t0psecret", "arn:aws:iam::111122223333:user/OTHER", "OTHER"]));
        assert_eq!(of("root"), None);
    }

    #[test]
    fn printing_keys_shows_no_secret() {
        let (credentials, root) = (Arc::new(Credentials::root("ROOT", "s3cret")), "ROOT".to_owned());
        let keys = ManagementKeys { credentials, root, account_id: String::new() };
        assert!(!format!("{keys:?} {:?}", keys.find("ROOT")).contains("s3cret"));
    }
}
