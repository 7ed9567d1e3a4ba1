//! Rules that hold for all public types.

use std::error::Error as StdError;
use std::fmt::{Debug, Display};

use mde_live_response::auth::*;
use mde_live_response::error::*;
use mde_live_response::library::*;
use mde_live_response::operation::*;
use mde_live_response::policy::*;
use mde_live_response::transport::*;
use mde_live_response::{
    AccessToken, Client, Effect, Endpoint, FileName, IfExists, LibraryFile, Upload,
};

fn shareable<T: Debug + Send + Sync + 'static>() {}
fn cloneable<T: Clone>() {}
fn error<T: StdError + Send + Sync + 'static>() {}
fn shown<T: Display>() {}

/// Calls a function for each type.
macro_rules! all {
    ($rule:ident: $($type:ty),* $(,)?) => { $($rule::<$type>();)* };
}

#[test]
fn every_type_can_be_shared_and_printed() {
    all!(shareable:
        AccessToken, AnswerProblem, CallKind, CancelToken, Client, ClientBuilder, Context<'static>, Deleted,
        DeleteRequest<'static>, Description, Effect, Endpoint, Error, ErrorKind, Event<'static>, Exchange<'static>,
        FileContent, FileName, IfExists, InvalidInput, IssuedToken, LibraryFile, Limits, List<'static>, ListRequest,
        Pacing, Page, ParametersDescription, Phase, Problem, RetryPolicy, Secret, Sha256Digest, SourceProblem,
        SystemClock, Timestamp, TokenClaims, TokenExchange<'static>, TokenProblem, TransportErrorKind, Upload,
        UploadRequest<'static>, WaitReason,
    );
    #[cfg(feature = "ureq")]
    all!(shareable: Certificate, Proxy, Roots, UreqTransport, UreqTransportBuilder);
    #[cfg(feature = "entra")]
    all!(shareable: EntraCredential);
    #[cfg(feature = "sync")]
    {
        use mde_live_response::sync::*;
        all!(shareable:
            Action, Desired, DesiredFile, Orphans, Outcome, Owner, Plan, Reason, Report, Rules, Step,
        );
        all!(error: FolderError);
    }
}

#[test]
fn handles_and_values_can_be_cloned() {
    all!(cloneable: AccessToken, CancelToken, Client, Endpoint, FileContent, FileName, LibraryFile, Secret, Upload);
}

#[test]
fn texts_print_as_they_are() {
    all!(shown:
        Call<'static>, CallKind, Description, Endpoint, FileName, ParametersDescription, Sha256Digest, Timestamp,
        WaitReason,
    );
}

#[test]
fn every_failure_is_an_error() {
    all!(error: CredentialError, Error, InvalidInput, SourceError, TokenProblem, TransportError);
}

/// So that `?` works in a function that returns the one error.
#[test]
fn every_failure_becomes_the_one_error() {
    fn becomes_it<E: Into<Error>>() {}
    all!(becomes_it: CredentialError, InvalidInput, SourceError, TransportError);
}

#[test]
fn the_seams_are_object_safe_and_pass_through_pointers() {
    fn transport<T: Transport + ?Sized>() {}
    fn credential<T: Credential + ?Sized>() {}
    fn observer<T: Observer + ?Sized>() {}
    use std::sync::Arc;
    all!(transport: dyn Transport, Box<dyn Transport>, Arc<dyn Transport>, &dyn Transport);
    all!(credential: dyn Credential, Box<dyn Credential>, Arc<dyn Credential>, AccessToken);
    all!(observer: dyn Observer, Arc<dyn Observer>);
}

#[test]
fn numbers_are_those_of_the_documentation() {
    assert_eq!(MAX_FILE_BYTES, 20_971_520);
    assert_eq!(FileName::MAX_BYTES, 255);
    assert_eq!(Description::MAX_BYTES, 4_194_304);
    assert_eq!(Limits::DEFAULT_TIME.as_secs(), 300);
    assert_eq!(Limits::DEFAULT_SILENCE.as_secs(), 60);
    assert_eq!(Limits::DEFAULT_MAX_ANSWER, 1_048_576);
}
