//! What the commonest refusals of Microsoft Entra mean to whoever runs the application.
//!
//! The codes are for people: nothing but this text depends on them.

/// For an answer that is not in Entra's words.
pub(super) const OF_ANOTHER_SERVER: &str =
    "check the login host, and whether a gateway on the way answers in its place";

/// What to do next, by the refusal's code; without one it was hardly Entra that answered.
pub(super) fn of(code: Option<&str>) -> &'static str {
    match code {
        None => OF_ANOTHER_SERVER,
        Some("AADSTS7000215") => {
            "check the client secret: it is the secret's value, not its identifier"
        }
        Some("AADSTS7000222") => "the client secret has expired: add a new one to the application",
        Some("AADSTS700016") => {
            "check the client ID, and that the application is known in this tenant"
        }
        Some("AADSTS7000112") => {
            "the application is disabled in this tenant: ask its administrator"
        }
        Some("AADSTS7000229") => {
            "the application has no service principal in this tenant: ask its administrator to add one"
        }
        Some("AADSTS90002" | "AADSTS900023") => {
            "check the tenant ID, and that the login host is that of its cloud"
        }
        Some("AADSTS900382" | "AADSTS900432") => {
            "the application is of another cloud: use that cloud's endpoint and login host"
        }
        Some("AADSTS500011") => {
            "check the audience, and that Defender for Endpoint is used in this tenant"
        }
        Some("AADSTS70011" | "AADSTS1002012") => {
            "check the audience: tokens are asked for by its URL"
        }
        Some("AADSTS53003") => {
            "a conditional access policy of the tenant forbids it: ask its administrator"
        }
        Some("AADSTS70021" | "AADSTS700211" | "AADSTS700212" | "AADSTS700213") => {
            "check issuer, subject and audience of the application's federated credential against the token's"
        }
        Some("AADSTS700024") => {
            "the federated token is expired or not yet valid: get a fresh one, and check this machine's clock"
        }
        _ => "check tenant ID, client ID, and the secret or federated token of the application",
    }
}
