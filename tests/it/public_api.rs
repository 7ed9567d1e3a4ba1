//! What the listings of the API do not show: types that threads can share, and the values of constants.

use mde_live_response::auth::*;
use mde_live_response::error::*;
use mde_live_response::library::*;
use mde_live_response::operation::*;
use mde_live_response::policy::*;
use mde_live_response::transport::*;
use mde_live_response::{
    AccessToken, Client, Effect, Endpoint, FileName, IfExists, LibraryFile, Upload,
};

fn shareable<T: Send + Sync + 'static>() {}

macro_rules! shareable {
    ($($type:ty),* $(,)?) => { $(shareable::<$type>();)* };
}

#[test]
fn every_type_can_be_shared_by_threads() {
    shareable! {
        AccessToken, AnswerProblem, CallKind, CancelToken, Client, ClientBuilder, Context<'static>, Deleted,
        DeleteRequest<'static>, Description, Effect, Endpoint, Error, ErrorKind, Event<'static>, Exchange<'static>,
        FileContent, FileName, IfExists, InvalidInput, IssuedToken, LibraryFile, Limits, List<'static>, ListRequest,
        Pacing, Page, ParametersDescription, Phase, Problem, RetryPolicy, Secret, Sha256Digest, SourceProblem,
        SystemClock, Timestamp, TokenClaims, TokenExchange<'static>, TokenProblem, TransportErrorKind, Upload,
        UploadRequest<'static>, WaitReason,
        CredentialError, SourceError, TransportError, Box<dyn Transport>, Box<dyn Credential>, Box<dyn Observer>,
    }
    #[cfg(feature = "ureq")]
    shareable! { Certificate, Proxy, Roots, UreqTransport, UreqTransportBuilder }
    #[cfg(feature = "entra")]
    shareable! { EntraCredential }
    #[cfg(feature = "sync")]
    {
        use mde_live_response::sync::*;
        shareable! {
            Action, Choice, Contents, Desired, DesiredFile, Folder, FolderError, Jobs, Outcome, Owner, Plan, Reason, Report,
            Rules, Skipped, SkipReason, Step, Unmanaged,
        }
    }
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
