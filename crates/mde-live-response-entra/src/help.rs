//! Help texts for the common refusals of Microsoft Entra.
//!
//! The codes are for people: only this text depends on them.

/// For an answer that is not in Entra's form.
pub(crate) const OF_ANOTHER_SERVER: &str =
    "Check the login host, and whether a gateway answers in its place.";

/// For a token file without a token.
pub(crate) const OF_TOKEN_FILE: &str =
    "Check the path, and the program that writes the token to it.";

/// For a certificate file that cannot sign.
pub(crate) const OF_CERTIFICATE: &str = "Use one PEM file with the RSA key, without a password, and its certificate. Convert a \
     .pfx file with `openssl pkcs12 -in FILE.pfx -out FILE.pem -nodes`.";

/// For a machine without the identity.
pub(crate) const OF_MANAGED_IDENTITY: &str = "Run this on an Azure machine that has a managed identity, or correct the client ID of the user-assigned one.";

/// Help for a refusal, by its code.
pub(crate) fn of(code: Option<&str>) -> &'static str {
    match code {
        None => OF_ANOTHER_SERVER,
        Some("AADSTS7000215") => "Check the client secret: use the secret's value, not its ID.",
        Some("AADSTS7000222") => {
            "Create a new client secret for the application: this one has expired."
        }
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
            "Ask the tenant's administrator to permit the application in the conditional access policies: one blocks it."
        }
        Some("AADSTS70021" | "AADSTS700211" | "AADSTS700212" | "AADSTS700213") => {
            "Compare issuer, subject and audience of the application's federated credential with those of the token."
        }
        Some("AADSTS700024") => {
            "Get a new federated token, and check this machine's clock: the token is expired or not yet valid."
        }
        _ => "Check the tenant ID, the client ID, and the application's secret or federated token.",
    }
}
