//! The token request: `POST {login}/{tenant}/oauth2/v2.0/token`, with a form as its body.

use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Uri};
use mde_live_response_core::auth::Secret;
use mde_live_response_core::operation::percent_encoded;
use zeroize::Zeroizing;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Proof of who the application is, for one request.
pub(crate) enum Proof {
    Secret(Secret),
    /// Another issuer's token, which the application's registration trusts.
    Assertion(Secret),
}

impl Proof {
    /// The secret that no answer may show.
    pub(crate) fn secret(&self) -> &Secret {
        match self {
            Self::Secret(secret) | Self::Assertion(secret) => secret,
        }
    }
}

/// URL of a tenant's token service.
#[expect(clippy::expect_used, reason = "both parts were checked, and have a bounded length")]
pub(crate) fn url(login: &str, tenant: &str) -> Uri {
    format!("{login}/{tenant}/oauth2/v2.0/token").parse().expect("a base URL and a path")
}

/// The body of a token request. It contains the proof, and is wiped when it is dropped.
pub(crate) struct TokenForm(Zeroizing<Vec<u8>>);

impl TokenForm {
    pub(crate) fn new(client_id: &str, audience: &str, proof: &Proof) -> Self {
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        let mut fields =
            // P39
            vec![("client_id", client_id), ("grant_type", "client_credentials"), ("scope", &scope)];
        match proof {
            Proof::Secret(secret) => fields.push(("client_secret", secret.expose())),
            Proof::Assertion(assertion) => fields.extend([
                // P42
                ("client_assertion_type", ASSERTION_TYPE),
                ("client_assertion", assertion.expose()),
            ]),
        }
        // Room for all of it, because a buffer that grows leaves copies behind.
        let room = fields.iter().map(|(name, value)| name.len() + 2 + 3 * value.len()).sum();
        let mut body = Zeroizing::new(Vec::with_capacity(room));
        for (name, value) in fields {
            if !body.is_empty() {
                body.push(b'&');
            }
            body.extend_from_slice(name.as_bytes());
            body.push(b'=');
            for piece in percent_encoded(value) {
                body.extend_from_slice(piece.as_bytes());
            }
        }
        Self(body)
    }

    pub(crate) fn request(&self, url: Uri) -> Request<&[u8]> {
        let mut request = Request::new(self.0.as_slice());
        *request.method_mut() = Method::POST; // P38
        *request.uri_mut() = url;
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers_mut().insert(CONTENT_TYPE, form);
        request
    }
}
