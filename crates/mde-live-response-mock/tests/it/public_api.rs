//! What is exported, and what may be done with it.

use std::fmt::Debug;

use mde_live_response_core::Transport;
use mde_live_response_mock::{
    Action, Admitted, Application, Call, ExistsAnswer, FakeLibrary, FakeLibraryBuilder, FilePart,
    Form, FormError, MockTransport, Part, RecordedRequest, Reply, StoredFile, TokenCall,
    TooLargeAnswer, UploadCall, bearer_token,
};

fn is_shareable<T: Debug + Send + Sync + 'static>() {}

fn is_cloneable<T: Clone>() {}

fn is_error<T: std::error::Error>() {}

#[test]
fn everything_can_be_shared_and_printed() {
    is_shareable::<Action>();
    is_shareable::<Admitted>();
    is_shareable::<Application>();
    is_shareable::<Call>();
    is_shareable::<ExistsAnswer>();
    is_shareable::<FakeLibrary>();
    is_shareable::<FakeLibraryBuilder>();
    is_shareable::<FilePart>();
    is_shareable::<Form<'static>>();
    is_shareable::<FormError>();
    is_shareable::<MockTransport>();
    is_shareable::<Part<'static>>();
    is_shareable::<RecordedRequest>();
    is_shareable::<Reply>();
    is_shareable::<StoredFile>();
    is_shareable::<TokenCall>();
    is_shareable::<TooLargeAnswer>();
    is_shareable::<UploadCall>();
    let _: fn(&http::HeaderMap) -> Option<&str> = bearer_token;
}

#[test]
fn handles_and_values_can_be_cloned() {
    is_cloneable::<Application>();
    is_cloneable::<Call>();
    is_cloneable::<FakeLibrary>();
    is_cloneable::<Form<'static>>();
    is_cloneable::<MockTransport>();
    is_cloneable::<RecordedRequest>();
    is_cloneable::<Reply>();
    is_cloneable::<StoredFile>();
    is_cloneable::<TokenCall>();
    is_error::<FormError>();
}

#[test]
fn both_are_transports() {
    let _: [Box<dyn Transport>; 2] =
        [Box::new(MockTransport::default()), Box::new(FakeLibrary::default())];
}
