//! Every exported item, and what is promised of it.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};

use mde_live_response::*;

fn shareable<T: Debug + Send + Sync + 'static>() {}
fn cloneable<T: Clone>() {}
fn error<T: StdError + Send + Sync + 'static>() {}
fn shown<T: Display>() {}

#[test]
fn every_type_can_be_shared_and_printed() {
    shareable::<AccessToken>();
    shareable::<CallKind>();
    shareable::<CancelToken>();
    shareable::<Client>();
    shareable::<ClientBuilder>();
    shareable::<ClientSecret>();
    shareable::<ContentType>();
    shareable::<CredentialFn<fn(&TokenRequest<'_>) -> Result<IssuedToken, CredentialError>>>();
    shareable::<Deleted>();
    shareable::<Delivery>();
    shareable::<Description>();
    shareable::<Endpoint>();
    shareable::<EntraCredential>();
    shareable::<Event<'static>>();
    shareable::<FileContent>();
    shareable::<FileName>();
    shareable::<IfExists>();
    shareable::<IssuedToken>();
    shareable::<LibraryFile>();
    shareable::<Limits>();
    shareable::<List<'static>>();
    shareable::<OsRandom>();
    shareable::<Pacing>();
    shareable::<ParametersDescription>();
    shareable::<Phase>();
    shareable::<RetryPolicy>();
    shareable::<SendRecord>();
    shareable::<Sha256Digest>();
    shareable::<SystemClock>();
    shareable::<Timestamp>();
    shareable::<TokenClaims>();
    shareable::<Upload>();
    shareable::<WaitReason>();
    shareable::<wire::Boundary>();
    shareable::<Body<'static>>();
    shareable::<wire::UploadForm<'static>>();
}

#[test]
fn plans_and_reports_can_be_shared_and_printed() {
    shareable::<sync::Action>();
    shareable::<sync::Conflict>();
    shareable::<sync::Desired>();
    shareable::<sync::DesiredFile>();
    shareable::<sync::Fate>();
    shareable::<sync::Kept>();
    shareable::<sync::Orphans>();
    shareable::<sync::Outcome>();
    shareable::<sync::Owner>();
    shareable::<sync::Plan>();
    shareable::<sync::Progress<'static>>();
    shareable::<sync::Reason>();
    shareable::<sync::Report>();
    shareable::<sync::Rules>();
    shareable::<sync::Step>();
    error::<sync::DuplicateName>();
    error::<sync::InvalidOwner>();
}

#[test]
fn values_can_be_cloned() {
    cloneable::<AccessToken>();
    cloneable::<CancelToken>();
    cloneable::<Client>();
    cloneable::<ClientSecret>();
    cloneable::<Endpoint>();
    cloneable::<EntraCredential>();
    cloneable::<FileContent>();
    cloneable::<FileName>();
    cloneable::<LibraryFile>();
    cloneable::<Upload>();
}

#[test]
fn texts_print_as_they_are() {
    shown::<ContentType>();
    shown::<CallKind>();
    shown::<Call<'static>>();
    shown::<Description>();
    shown::<Endpoint>();
    shown::<FileName>();
    shown::<ParametersDescription>();
    shown::<Sha256Digest>();
    shown::<Timestamp>();
    shown::<WaitReason>();
}

#[test]
fn every_failure_is_an_error_with_its_kind() {
    error::<AuthError>();
    error::<CancelledError>();
    error::<CredentialError>();
    error::<Error>();
    error::<InputError>();
    error::<InvalidApplication>();
    error::<InvalidContentType>();
    error::<InvalidEndpoint>();
    error::<InvalidFileName>();
    error::<InvalidSecret>();
    error::<InvalidSha256>();
    error::<InvalidText>();
    error::<InvalidToken>();
    error::<MismatchError>();
    error::<RandomError>();
    error::<ResponseError>();
    error::<ServiceError>();
    error::<SourceError>();
    error::<ThrottledError>();
    error::<TokenProblem>();
    error::<TransportError>();
    error::<wire::InvalidBoundary>();
    shareable::<AuthErrorKind>();
    shareable::<MismatchErrorKind>();
    shareable::<ResponseErrorKind>();
    shareable::<ServiceErrorKind>();
    shareable::<SourceErrorKind>();
    shareable::<TransportErrorKind>();
}

#[test]
fn the_seams_are_object_safe_and_pass_through_pointers() {
    fn transport<T: Transport + ?Sized>() {}
    fn credential<T: Credential + ?Sized>() {}
    fn observer<T: Observer + ?Sized>() {}
    transport::<dyn Transport>();
    transport::<Box<dyn Transport>>();
    transport::<std::sync::Arc<dyn Transport>>();
    transport::<&dyn Transport>();
    credential::<AccessToken>();
    credential::<Box<dyn Credential>>();
    credential::<std::sync::Arc<dyn Credential>>();
    shareable::<Box<dyn Random>>();
    observer::<dyn Observer>();
    observer::<std::sync::Arc<dyn Observer>>();
}

#[test]
fn numbers_are_what_the_documentation_says() {
    assert_eq!(MAX_FILE_BYTES, 20_971_520);
    assert_eq!(FileName::MAX_BYTES, 255);
    assert_eq!(Description::MAX_BYTES, 4_194_304);
    assert_eq!(Limits::DEFAULT_TIME.as_secs(), 300);
    assert_eq!(Limits::DEFAULT_MAX_RESPONSE, 1_048_576);
}

#[test]
#[cfg(feature = "ureq")]
fn the_ureq_transport_can_be_shared() {
    shareable::<UreqTransport>();
    shareable::<UreqTransportBuilder>();
    shareable::<Roots>();
    shareable::<Certificate>();
    shareable::<Proxy>();
    error::<InvalidCertificate>();
    error::<InvalidProxy>();
}

/// So that `?` works throughout a function that ends in the one error.
#[test]
fn what_cannot_be_sent_becomes_the_one_error() {
    fn becomes_it<E: Into<Error>>() {}
    becomes_it::<CredentialError>();
    becomes_it::<InvalidApplication>();
    becomes_it::<InvalidContentType>();
    becomes_it::<InvalidEndpoint>();
    becomes_it::<InvalidFileName>();
    becomes_it::<InvalidSecret>();
    becomes_it::<InvalidSha256>();
    becomes_it::<InvalidText>();
    becomes_it::<InvalidToken>();
    becomes_it::<TransportError>();
}
