//! Help texts for the common refusals of Microsoft Entra.
//!
//! The codes are for people: only this text depends on them.

/// For an answer that is not in Entra's form.
pub(crate) const OF_ANOTHER_SERVER: &str =
    "Check the login host, and whether a gateway on the way answers in its place.";

/// For a token file without a token.
pub(crate) const OF_TOKEN_FILE: &str = "Check the path, and the program that writes the token.";

/// Help for a refusal, by its code.
pub(crate) fn of(code: Option<&str>) -> &'static str {
    match code {
        None => OF_ANOTHER_SERVER,
        Some("AADSTS7000215") => "Check the client secret: use the secret's value, not its ID.",
        Some("AADSTS7000222") => "Add a new secret to the application: this one has expired.",
        Some("AADSTS700016") => {
            "Check the client ID, and that the application exists in this tenant."
        }
        Some("AADSTS7000112") => {
            "Ask the tenant's administrator to enable the application: it is disabled."
        }
        Some("AADSTS7000229") => {
            "Ask the tenant's administrator to add a service principal for the application."
        }
        Some("AADSTS90002" | "AADSTS900023") => {
            "Check the tenant ID, and that the login host belongs to its cloud."
        }
        Some("AADSTS900382" | "AADSTS900432") => {
            "Use the endpoint and the login host of the application's own cloud."
        }
        Some("AADSTS500011") => {
            "Check the audience, and that this tenant uses Defender for Endpoint."
        }
        Some("AADSTS70011" | "AADSTS1002012") => "Check the audience: it must be a URL.",
        Some("AADSTS53003") => {
            "Ask the tenant's administrator: a conditional access policy blocks the application."
        }
        Some("AADSTS70021" | "AADSTS700211" | "AADSTS700212" | "AADSTS700213") => {
            "Compare issuer, subject and audience of the application's federated credential with those of the token."
        }
        Some("AADSTS700024") => {
            "Get a fresh federated token, and check this machine's clock: the token is expired or not yet valid."
        }
        _ => "Check the tenant ID, the client ID, and the application's secret or federated token.",
    }
}
