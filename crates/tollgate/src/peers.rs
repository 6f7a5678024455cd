//! What stands beside the gateway in this process: functions, and the management API.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tollgate_control::Control;
use tollgate_functions::{InvocationType, InvokeError};
use tollgate_gateway::{Answering, FunctionFault, FunctionResult, Functions, Management, Peers};

use crate::functions::LocalFunctions;

/// The peers of this process's gateway.
pub(crate) fn peers(functions: Arc<LocalFunctions>, control: Control) -> Peers {
    Peers {
        functions: Some(Arc::new(GatewayFunctions(functions))),
        management: Some(Arc::new(InProcessManagement(control))),
    }
}

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

struct InProcessManagement(Control);

impl fmt::Debug for InProcessManagement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcessManagement")
    }
}

impl Management for InProcessManagement {
    fn answer(&self, request: Request<Bytes>) -> Answering<Response<Bytes>> {
        let control = self.0.clone();
        Box::pin(async move { control.answer(request).await })
    }
}
