//! The files of a folder, in the library at start.

use std::fs;
use std::io;
use std::path::Path;

use mde_live_response_core::FileName;
use mde_live_response_core::library::MAX_FILE_BYTES;
use mde_live_response_mock::FakeLibrary;

/// Stores the files of this folder under their names. Skips all that is not a file.
pub(crate) fn plant(dir: &Path, library: &FakeLibrary) -> io::Result<()> {
    let about = |path: &Path, kind, why: &dyn std::fmt::Display| {
        io::Error::new(kind, format!("{}: {why}", path.display()))
    };
    let failed = |path: &Path, error: &io::Error| about(path, error.kind(), error);
    for entry in fs::read_dir(dir).map_err(|error| failed(dir, &error))? {
        let path = entry.map_err(|error| failed(dir, &error))?.path();
        let metadata = fs::metadata(&path).map_err(|error| failed(&path, &error))?;
        if !metadata.is_file() {
            continue;
        }
        let refused = |why: &dyn std::fmt::Display| about(&path, io::ErrorKind::InvalidData, why);
        let name = FileName::from_path(&path).map_err(|error| refused(&error))?;
        if metadata.len() > MAX_FILE_BYTES {
            return Err(refused(&format_args!("larger than {MAX_FILE_BYTES} bytes")));
        }
        library.insert(name.as_str(), fs::read(&path).map_err(|error| failed(&path, &error))?);
    }
    Ok(())
}
