//! The library on disk: an index, and contents named by SHA-256.
//!
//! Every file is written under another name, synced and renamed, contents before the index. So the index names only
//! complete contents, even after a crash.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mde_live_response_mock::{FakeLibrary, StoredFile};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

const INDEX: &str = "index.json";
const CONTENTS: &str = "contents";
const LOCK: &str = "lock";
const FORMAT: u32 = 1;

/// A directory that holds a library. Only one emulator at a time has it open.
pub(crate) struct State {
    dir: PathBuf,
    /// Contents that are on disk, by digest.
    on_disk: Mutex<HashMap<String, Arc<[u8]>>>,
    lock: File,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    format: u32,
    files: Vec<Indexed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Indexed {
    /// SHA-256 of the bytes, computed here. The entry may have another one.
    content: String,
    entry: StoredFile,
}

impl State {
    /// Opens or creates a directory, and loads its files into the library.
    pub(crate) fn open(dir: &Path, library: &FakeLibrary) -> io::Result<Self> {
        let at = |what: &str| dir.join(what);
        fs::create_dir_all(at(CONTENTS)).map_err(|error| about(&at(CONTENTS), &error))?;
        let lock = lock(&at(LOCK))?;
        let state = Self { dir: dir.to_owned(), on_disk: Mutex::default(), lock };
        match fs::read(at(INDEX)) {
            Ok(index) => state.load(&index, library)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(about(&at(INDEX), &error)),
        }
        Ok(state)
    }

    fn load(&self, index: &[u8], library: &FakeLibrary) -> io::Result<()> {
        let damaged = |why: &dyn std::fmt::Display| {
            let error = io::Error::new(io::ErrorKind::InvalidData, format!("damaged: {why}"));
            about(&self.dir.join(INDEX), &error)
        };
        let index: Index = serde_json::from_slice(index).map_err(|error| damaged(&error))?;
        if index.format != FORMAT {
            return Err(damaged(&format_args!("format {} is not known", index.format)));
        }
        let mut on_disk = HashMap::new();
        let mut files = HashMap::new();
        for Indexed { content, entry } in index.files {
            let bytes = match on_disk.get(&content) {
                Some(bytes) => Arc::clone(bytes),
                None => self.read_content(&content)?,
            };
            on_disk.insert(content, Arc::clone(&bytes));
            let name = entry.file_name.clone();
            if files.insert(name.clone(), (entry, bytes)).is_some() {
                return Err(damaged(&format_args!("{name:?} occurs twice")));
            }
        }
        library.restore(files.into_values());
        *self.on_disk() = on_disk;
        Ok(())
    }

    fn read_content(&self, digest: &str) -> io::Result<Arc<[u8]>> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if digest.len() != 64 || !digest.bytes().all(hex) {
            let why = format!("damaged: {digest:?} is not a SHA-256");
            let error = io::Error::new(io::ErrorKind::InvalidData, why);
            return Err(about(&self.dir.join(INDEX), &error));
        }
        let path = self.content(digest);
        let bytes = fs::read(&path).map_err(|error| about(&path, &error))?;
        if sha256(&bytes) != digest {
            let why = "damaged: the content does not match the SHA-256 in its name";
            return Err(about(&path, &io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        Ok(bytes.into())
    }

    /// Writes all changes since the last call. They are on disk when this returns.
    ///
    /// After an error, for example because the disk is full, nothing of the change takes up room.
    pub(crate) fn save(&self, files: &[(StoredFile, Arc<[u8]>)]) -> io::Result<()> {
        let mut on_disk = self.on_disk();
        let mut named = HashMap::new();
        let mut index = Index { format: FORMAT, files: Vec::with_capacity(files.len()) };
        for (entry, bytes) in files {
            let known = on_disk.iter().find(|(_, known)| Arc::ptr_eq(known, bytes));
            let digest = known.map_or_else(|| sha256(bytes), |(digest, _)| digest.clone());
            named.insert(digest.clone(), Arc::clone(bytes));
            index.files.push(Indexed { content: digest, entry: entry.clone() });
        }
        let new = || named.iter().filter(|(digest, _)| !on_disk.contains_key(*digest));
        let contents = || new().try_for_each(|(it, bytes)| self.write(&self.content(it), bytes));
        let index = serde_json::to_vec_pretty(&index)?;
        let written = contents()
            .and_then(|()| sync_names(&self.dir.join(CONTENTS)))
            .and_then(|()| self.write(&self.dir.join(INDEX), &index));
        if let Err(error) = written {
            for (digest, _) in new() {
                let _ = fs::remove_file(self.content(digest));
            }
            return Err(error);
        }
        sync_names(&self.dir).map_err(|error| about(&self.dir, &error))?;
        for digest in on_disk.keys().filter(|digest| !named.contains_key(*digest)) {
            // An unused content takes up room, and does no other harm.
            let _ = fs::remove_file(self.content(digest));
        }
        *on_disk = named;
        Ok(())
    }

    /// Replaces a file. A reader finds the old bytes or the new ones; after an error, the old ones.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let unfinished = self.dir.join("unfinished");
        let written = File::create(&unfinished).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&unfinished, path)
        });
        written.map_err(|error| {
            let _ = fs::remove_file(&unfinished);
            about(path, &error)
        })
    }

    fn on_disk(&self) -> MutexGuard<'_, HashMap<String, Arc<[u8]>>> {
        self.on_disk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn content(&self, digest: &str) -> PathBuf {
        self.dir.join(CONTENTS).join(digest)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        // Closing is not enough while a process that is just starting holds a copy of the handle.
        let _ = self.lock.unlock();
    }
}

/// Syncs the names in a directory, so that a rename survives a crash.
#[cfg(unix)]
fn sync_names(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

/// Other systems cannot open a directory, and journal names themselves.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "on Unix this can fail")]
fn sync_names(_: &Path) -> io::Result<()> {
    Ok(())
}

fn lock(path: &Path) -> io::Result<File> {
    let file = File::options().create(true).append(true).open(path);
    let file = file.map_err(|error| about(path, &error))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let why = "another emulator uses this directory";
            Err(about(path, &io::Error::new(io::ErrorKind::WouldBlock, why)))
        }
        Err(TryLockError::Error(error)) => Err(about(path, &error)),
    }
}

fn about(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // a `String` takes everything
        hex
    })
}
