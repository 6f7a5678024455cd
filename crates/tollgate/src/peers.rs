//! What stands beside the gateway in this process: functions, and the management API.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tollgate_control::Control;
use tollgate_functions::{InvocationType, InvokeError};
use tollgate_gateway::{AccessLogs, Answering, FunctionFault, FunctionResult, Functions, Management, Peers, Tracer};

use crate::functions::LocalFunctions;
use crate::outlets::Outlets;

/// The peers of this process's gateway.
pub(crate) fn peers(functions: Arc<LocalFunctions>, management: Arc<InProcessManagement>, outlets: &Outlets) -> Peers {
    Peers {
        functions: Some(Arc::new(GatewayFunctions(functions))),
        management: Some(management),
        access_logs: outlets.access_logs.clone().map(|writer| writer as Arc<dyn AccessLogs>),
        tracer: outlets.traces.clone().map(|traces| traces as Arc<dyn Tracer>),
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

/// The management API, for calls from within, until it is let go of: it holds the data directory, and the gateway may
/// have calls in flight for longer than this process has that.
pub(crate) struct InProcessManagement(Mutex<Option<Control>>);

impl InProcessManagement {
    pub(crate) fn new(control: Control) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Some(control))))
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
    let mut response = Response::new(Bytes::from_static(br#"{"message":"The management API is stopping"}"#));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}
