//! Help for inputs that cannot be used, by their field.
//!
//! Has the fields of this project's other crates too, so that all these texts are in one place.

use super::Problem;

pub(super) fn of(field: &str, problem: &Problem) -> &'static str {
    match field {
        "file name" => of_file_name(problem),
        "file" => match problem {
            Problem::Empty => "Check the program that writes the file, then upload it again.",
            _ => "Make the file smaller, or split it.",
        },
        "service URL" | "MDE_BASE_URL" | "login URL" | "AZURE_AUTHORITY_HOST" | "request URL" => {
            of_url(field, problem)
        }
        "proxy URL" | "https_proxy" | "HTTPS_PROXY" | "all_proxy" | "ALL_PROXY" => {
            "Give the URL of an HTTP proxy, such as http://proxy.example:3128: it serves https, too. Percent-encode special characters of the password."
        }
        "token" => of_token(problem),
        "secret" | "AZURE_CLIENT_SECRET" => match problem {
            Problem::Missing => {
                "Set AZURE_CLIENT_SECRET to the value of the application's client secret."
            }
            Problem::Empty => {
                "Give the secret's value, as it was shown when the secret was created."
            }
            Problem::Edge(_) => TRIM,
            _ => ONE_LINE,
        },
        _ => of_another(field, problem),
    }
}

const TRIM: &str =
    "Remove spaces and line ends around the value: a file often ends with a line end.";
const ONE_LINE: &str = "Use the value exactly as it was issued, on one line.";

fn of_file_name(problem: &Problem) -> &'static str {
    match problem {
        Problem::Empty => "Give the name of a file, for example collect-dns.ps1.",
        Problem::TooLong { .. } => "Rename the file: shorten its name.",
        Problem::Character('/' | '\\') => "Give the name alone: the library has no folders.",
        Problem::Character(_) => "Rename the file without this character.",
        Problem::PercentEscape => "Rename the file without the percent sign.",
        Problem::Edge('.') => "Rename the file: its name must not end with a dot.",
        Problem::Edge(_) => "Remove spaces and line ends around the name.",
        Problem::Reserved(name) if name.starts_with('.') => {
            "Give the name of a file, not of a folder."
        }
        Problem::Reserved(_) => "Rename the file: Windows keeps this name for a device.",
        Problem::Duplicate { first, second } if first == second => "Give each file once.",
        Problem::Duplicate { .. } => {
            "Rename one of the two files: the library may not tell these names apart."
        }
        Problem::NotUtf8 => "Rename the file: its name must be UTF-8.",
        _ => "Rename the file, for example to collect-dns.ps1.",
    }
}

fn of_url(field: &str, problem: &Problem) -> &'static str {
    match (field, problem) {
        (_, Problem::NotLoopback) => {
            "Use https, or a loopback address written as a number, such as http://127.0.0.1:8080."
        }
        ("MDE_BASE_URL", _) => {
            "Set MDE_BASE_URL to the service's base URL, for example https://api.security.microsoft.com."
        }
        ("service URL", _) => {
            "Give the service's base URL, for example https://api.security.microsoft.com."
        }
        ("AZURE_AUTHORITY_HOST", _) => {
            "Set AZURE_AUTHORITY_HOST to the login host, for example https://login.microsoftonline.com."
        }
        ("login URL", _) => "Give the login host, for example https://login.microsoftonline.com.",
        _ => "Give an https URL without a user name and password.",
    }
}

fn of_token(problem: &Problem) -> &'static str {
    match problem {
        Problem::Empty => "Check the program that issues the token: it gave none.",
        Problem::Edge(_) => TRIM,
        Problem::Form(_) => "Remove the word Bearer and the space after it.",
        _ => ONE_LINE,
    }
}

fn of_another(field: &str, problem: &Problem) -> &'static str {
    match field {
        "AZURE_TENANT_ID" => {
            "Set AZURE_TENANT_ID to the tenant's ID or domain, for example contoso.onmicrosoft.com."
        }
        "tenant" => "Give the tenant's ID or domain, for example contoso.onmicrosoft.com.",
        "AZURE_CLIENT_ID" => "Set AZURE_CLIENT_ID to the application's (client) ID.",
        "client ID" => "Give the application's (client) ID.",
        "AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or AZURE_FEDERATED_TOKEN_FILE" => {
            "Set one of them: the application's secret, or the path of a file with its certificate or a federated token."
        }
        "AZURE_CLIENT_CERTIFICATE_PATH" => {
            "Set AZURE_CLIENT_CERTIFICATE_PATH to a PEM file with the application's key and certificate."
        }
        "AZURE_FEDERATED_TOKEN_FILE" => {
            "Set AZURE_FEDERATED_TOKEN_FILE to a file with a token that the application trusts."
        }
        "IDENTITY_ENDPOINT" | "IDENTITY_HEADER" => {
            "Leave IDENTITY_ENDPOINT and IDENTITY_HEADER as Azure sets them. On other machines, unset both."
        }
        "ACTIONS_ID_TOKEN_REQUEST_URL" | "ACTIONS_ID_TOKEN_REQUEST_TOKEN" => {
            "Run this in a job of GitHub Actions that has the permission `id-token: write`."
        }
        "SYSTEM_OIDCREQUESTURI" => "Run this in Azure Pipelines.",
        "SYSTEM_ACCESSTOKEN" => {
            "Set SYSTEM_ACCESSTOKEN to $(System.AccessToken) in the step's `env`."
        }
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID" => {
            "Run this in a step AzureCLI@2, or set the variable to the service connection's ID."
        }
        "owner" => "Give a name of one line, for example that of the repository.",
        "SHA-256" => "Give the hash as 64 hex digits, as sha256sum prints it.",
        "certificate" => {
            "Give a certificate in PEM, from BEGIN CERTIFICATE to END CERTIFICATE, or in DER."
        }
        "boundary seed" => "Call again with other random bytes.",
        _ => match problem {
            Problem::Empty | Problem::Missing => {
                "Set the variable or option that the message names."
            }
            Problem::TooLong { .. } => "Shorten the text.",
            Problem::Character(_) => "Remove this character from the text.",
            Problem::PercentEscape => "Remove the percent sign.",
            Problem::SecretCharacter => ONE_LINE,
            Problem::Edge(_) => TRIM,
            Problem::Reserved(_) | Problem::Duplicate { .. } => "Choose another name.",
            Problem::NotUtf8 => "Save the text as UTF-8.",
            Problem::Form(_) => "Give the value in the form that the message names.",
            Problem::NotHttps => "Give a URL that starts with https://.",
            Problem::NotLoopback => {
                "Give a URL that starts with https://, or the address 127.0.0.1."
            }
        },
    }
}
