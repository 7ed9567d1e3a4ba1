//! A13, A16: no secret of an application is shown, whatever the login host repeats.

use mde_live_response_core::ClientSecret;
use mde_live_response_mock::{ManualClock, MockTransport};

use super::{SECRET, builder, credential, refusal};
use crate::support::upload;

#[test]
fn a16_an_echo_of_the_secret_is_shown_nowhere() {
    let json = SECRET.replace('\\', "\\\\").replace('"', "\\\"");
    let encoded = "canary~Se8Q%2Fret%2B%26%3D%25%3F%C3%A9-._%22%5Cx";
    for echo in [json.as_str(), encoded] {
        let mock = MockTransport::new().reply(refusal(401, 1, echo));
        let error = builder(mock, &ManualClock::new()).build().upload(&upload()).unwrap_err();
        let shown = format!("{error} {error:?} {error:#?} {:?}", error.help());
        assert!(!shown.contains("canary") && shown.contains("[redacted]"), "{shown}");
    }
    let client = builder(MockTransport::new(), &ManualClock::new());
    let shown = format!("{:?} {client:?} {:?}", credential(), ClientSecret::new(SECRET));
    assert!(!shown.contains("canary"), "{shown}");
}
