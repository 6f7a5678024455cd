//! The edge of the console: `/console/session`, and the management API under `/console/api`.

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, get};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};

use super::session::SessionRefusal;
use super::{origin, sign_in};
use crate::Control;
use crate::answer::Answer;
use crate::error::Failure;
use crate::server::{self, Answered, Question};

/// Where the operations of the management API are, for the console.
const API: &str = "/console/api";
const COOKIE: &str = "tollgate-session";
/// What a change has to bring along.
const CSRF: &str = "x-tollgate-csrf";
/// Bytes of what somebody signs in with.
const SIGN_IN_LIMIT: usize = 4096;

/// Marks a request that came by TLS, so that its cookie never leaves by anything else.
#[derive(Clone, Copy, Debug)]
pub struct SecureConnection;

pub(crate) fn routes() -> Router<Control> {
    let session = get(current).post(begin).delete(end);
    Router::new().route("/console/session", session).route(&format!("{API}/{{*path}}"), any(operate))
}

/// Tells who is signed in.
async fn current(State(control): State<Control>, headers: HeaderMap) -> Response {
    server::respond(control.clone(), async move {
        let (session, caller) = sign_in::find(&control, token(&headers).as_deref()).await?;
        Ok(Answered::new(StatusCode::OK, sign_in::describe(&session, &caller.role)?))
    })
    .await
}

/// Signs in.
async fn begin(State(control): State<Control>, request: http::Request<Body>) -> Response {
    let secure = request.extensions().get::<SecureConnection>().is_some();
    let (parts, body) = request.into_parts();
    let begun = async {
        require_ours(&parts.headers)?;
        let body = server::read_body(body, SIGN_IN_LIMIT).await?;
        sign_in::sign_in(&control, &body).await
    };
    let begun = begun.await;
    let cookie = begun.as_ref().ok().map(|token| cookie(token, secure));
    let mut response = server::respond(control.clone(), async move {
        let (session, caller) = sign_in::find(&control, Some(&begun?)).await?;
        Ok(Answered::new(StatusCode::CREATED, sign_in::describe(&session, &caller.role)?))
    })
    .await;
    set_cookie(&mut response, cookie);
    response
}

/// Signs out.
async fn end(State(control): State<Control>, headers: HeaderMap) -> Response {
    let mut response = server::respond(control.clone(), async move {
        let token = token(&headers);
        let (session, _) = sign_in::find(&control, token.as_deref()).await?;
        require_ours(&headers)?;
        require_csrf(&headers, |given| session.knows(given))?;
        control.sessions().end(&token.unwrap_or_default()).await?;
        Ok(Answered::new(StatusCode::NO_CONTENT, Answer::Empty))
    })
    .await;
    if response.status().is_success() {
        set_cookie(&mut response, Some(format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Strict; Max-Age=0")));
    }
    response
}

/// Runs an operation of the management API for who is signed in.
async fn operate(State(control): State<Control>, request: http::Request<Body>) -> Response {
    let mut response = server::respond(control.clone(), async move {
        let (mut parts, body) = request.into_parts();
        let (session, caller) = sign_in::find(&control, token(&parts.headers).as_deref()).await?;
        require_ours(&parts.headers)?;
        if parts.method != Method::GET {
            require_csrf(&parts.headers, |given| session.knows(given))?;
        }
        parts.uri = inner(&parts)?;
        let question = Question::read(&parts);
        let body = server::read_body(body, question.body_limit()).await?;
        question.answer(&control, caller, &parts, body).await
    })
    .await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The address that the management API knows an operation by.
fn inner(parts: &Parts) -> Result<Uri, Failure> {
    let target = parts.uri.path_and_query().and_then(|target| target.as_str().strip_prefix(API));
    target.and_then(|target| target.parse().ok()).ok_or(Failure::UnknownOperation)
}

fn require_ours(headers: &HeaderMap) -> Result<(), SessionRefusal> {
    if origin::is_ours(headers) { Ok(()) } else { Err(SessionRefusal::ForeignOrigin) }
}

fn require_csrf(headers: &HeaderMap, knows: impl Fn(&str) -> bool) -> Result<(), SessionRefusal> {
    let given = headers.get(CSRF).and_then(|token| token.to_str().ok());
    if given.is_some_and(knows) { Ok(()) } else { Err(SessionRefusal::ForeignOrigin) }
}

/// The token of the session that a request belongs to.
fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

fn cookie(token: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/console; HttpOnly; SameSite=Strict{secure}")
}

fn set_cookie(response: &mut Response, cookie: Option<String>) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = cookie.and_then(|cookie| HeaderValue::try_from(cookie).ok()) {
        headers.insert(header::SET_COOKIE, cookie);
    }
}
