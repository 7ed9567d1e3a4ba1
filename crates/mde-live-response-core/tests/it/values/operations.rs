//! The calls as values, for a program with its own HTTP client.

use std::time::SystemTime;

use mde_live_response_core::operation::{
    Context, DeleteRequest, ListRequest, Operation, UploadRequest,
};
use mde_live_response_core::policy::CallKind;
use mde_live_response_core::{Endpoint, IfExists, LibraryFile};

use crate::support::{json, upload};

#[test]
fn an_operation_says_what_it_is_and_whether_it_may_be_repeated() {
    let (adding, overriding) = (upload(), upload().with_if_exists(IfExists::Override));
    let request = |upload| UploadRequest::new(upload, [0xaa; 20]).unwrap();
    let (adding, overriding) = (request(&adding), request(&overriding));
    assert_eq!((adding.kind(), adding.is_repeatable()), (CallKind::Upload, false));
    assert_eq!((overriding.kind(), overriding.is_repeatable()), (CallKind::Upload, true));
    let name = "a.ps1".parse().unwrap();
    let (list, delete) = (ListRequest::new(), DeleteRequest::new(&name));
    assert_eq!((list.kind(), list.is_repeatable()), (CallKind::List, true));
    assert_eq!((delete.kind(), delete.is_repeatable()), (CallKind::Delete, true));
}

#[test]
fn a_page_has_its_files_and_leads_to_the_next() {
    let endpoint = Endpoint::COMMERCIAL;
    let next = "https://api.security.microsoft.com/api/libraryfiles?$skip=2";
    let names = r#"[{"fileName":"a.ps1"},{"fileName":"b.ps1"}]"#;
    let answer = json(200, &format!(r#"{{"value":{names},"@odata.nextLink":"{next}"}}"#));
    let list = ListRequest::new();
    let context = Context::new(&list.exchange(&endpoint), &endpoint, SystemTime::UNIX_EPOCH);
    let page = list.read(&answer, &context).unwrap();
    assert_eq!(
        page.files().iter().map(LibraryFile::file_name).collect::<Vec<_>>(),
        ["a.ps1", "b.ps1"]
    );
    let (files, following) = page.into_parts();
    assert_eq!(files.len(), 2);
    assert_eq!(following.unwrap().exchange(&endpoint).head().uri.to_string(), next);
}
