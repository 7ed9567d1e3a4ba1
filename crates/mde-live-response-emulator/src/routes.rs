//! Requests to calls, and the library's answers to responses.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Shared};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, Version};
use axum::middleware::{Next, from_fn_with_state};
use axum::routing::any;
use mde_live_response_mock::{Action, FakeLibrary, TokenCall, bearer_token};

use crate::form::{self, NoForm};
use crate::state::State;

/// An answer of the library, whole.
type Answer = Response<Vec<u8>>;

struct App {
    library: FakeLibrary,
    state: Option<State>,
}

/// All that is served.
pub(crate) fn router(library: FakeLibrary, state: Option<State>) -> Router {
    let app = Arc::new(App { library, state });
    Router::new()
        .route("/api/libraryfiles", any(files))
        .route("/api/libraryfiles/{name}", any(file))
        .route("/{tenant}/oauth2/v2.0/token", any(token))
        .fallback(nothing)
        .layer(from_fn_with_state(Arc::clone(&app), for_one_host))
        .with_state(app)
}

/// Refuses what HTTP tells every server to refuse, and the one here does not: a request that does not say, once,
/// for which host it is. Only in HTTP/1.0 may it say nothing.
async fn for_one_host(
    Shared(app): Shared<Arc<App>>,
    request: Request,
    next: Next,
) -> Response<Body> {
    match request.headers().get_all(HOST).iter().count() {
        1 => next.run(request).await,
        0 if request.version() == Version::HTTP_10 => next.run(request).await,
        _ => unread(app.no_host(), request.body()),
    }
}

async fn files(Shared(app): Shared<Arc<App>>, request: Request) -> Response<Body> {
    match *request.method() {
        Method::POST => app.upload(request).await,
        Method::GET => unread(app.call(request.headers(), Action::List), request.body()),
        _ => unread(not_allowed("GET, POST"), request.body()),
    }
}

async fn file(
    Shared(app): Shared<Arc<App>>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response<Body> {
    let answer = match (request.method(), name) {
        (&Method::DELETE, Ok(Path(name))) => app.call(request.headers(), Action::Delete { name }),
        // Not UTF-8, and so no name of any file.
        (&Method::DELETE, Err(_)) => app.not_found(),
        _ => not_allowed("DELETE"),
    };
    unread(answer, request.body())
}

async fn token(
    Shared(app): Shared<Arc<App>>,
    tenant: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response<Body> {
    // The router takes an empty segment for a tenant, too.
    let Some(Path(tenant)) = tenant.ok().filter(|Path(tenant)| !tenant.is_empty()) else {
        return unread(app.not_found(), request.body());
    };
    if request.method() != Method::POST {
        return unread(not_allowed("POST"), request.body());
    }
    let (head, body) = request.into_parts();
    if !is_urlencoded(&head.headers) {
        return unread(app.library.refuse_token_form(), &body);
    }
    match to_bytes(body, TokenCall::MAX_FORM_BYTES).await {
        Ok(bytes) => {
            let fields = form_urlencoded::parse(&bytes).into_owned().collect();
            app.library.issue_token(&TokenCall::new(tenant, fields)).map(Body::from)
        }
        Err(_) => closing(app.library.refuse_token_form()),
    }
}

fn is_urlencoded(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

async fn nothing(Shared(app): Shared<Arc<App>>, request: Request) -> Response<Body> {
    unread(app.not_found(), request.body())
}

impl App {
    /// A call without a body.
    fn call(&self, headers: &HeaderMap, action: Action) -> Answer {
        let changes = !matches!(action, Action::List);
        let answer = match self.library.admit(bearer_token(headers), None) {
            Ok(admitted) => admitted.handle(action),
            Err(refusal) => return refusal,
        };
        if changes { self.keep(answer) } else { answer }
    }

    async fn upload(&self, request: Request) -> Response<Body> {
        let (head, body) = request.into_parts();
        let length = body.size_hint().exact();
        let admitted = match self.library.admit(bearer_token(&head.headers), length) {
            Ok(admitted) => admitted,
            Err(refusal) => return unread(refusal, &body),
        };
        match form::read(admitted.longest_body(), &head.headers, body).await {
            Ok(call) => self.keep(admitted.handle(Action::Upload(call))).map(Body::from),
            Err(NoForm::Malformed(why)) => closing(admitted.refuse_body(&why)),
            Err(NoForm::TooLong) => closing(admitted.refuse_too_large()),
        }
    }

    /// Nothing that is lost by a crash is answered as done. Holds up all connections while it writes, which
    /// keeps the order of changes on disk that of the library.
    fn keep(&self, answer: Answer) -> Answer {
        let Some(state) = self.state.as_ref().filter(|_| answer.status().is_success()) else {
            return answer;
        };
        match state.save(&self.library.snapshot()) {
            Ok(()) => answer,
            Err(error) => {
                let status = StatusCode::INTERNAL_SERVER_ERROR;
                self.library.error(status, "InternalServerError", &error.to_string())
            }
        }
    }

    fn no_host(&self) -> Answer {
        self.library.error(StatusCode::BAD_REQUEST, "BadRequest", "there must be one Host")
    }

    fn not_found(&self) -> Answer {
        self.library.error(StatusCode::NOT_FOUND, "NotFound", "there is nothing under this path")
    }
}

fn not_allowed(allowed: &'static str) -> Answer {
    let mut answer = Answer::new(Vec::new());
    *answer.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    answer.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    answer
}

/// An answer given without reading the body: if there is one, the connection cannot be used again.
fn unread(answer: Answer, body: &Body) -> Response<Body> {
    if body.is_end_stream() { answer.map(Body::from) } else { closing(answer) }
}

fn closing(mut answer: Answer) -> Response<Body> {
    answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    answer.map(Body::from)
}
