//! The command `curl -F`, one process for each upload. Its start counts, as it does for its users.

use std::process::{Command, Stdio};

use super::{Rival, Target};
use crate::Failure;
use crate::form::{DESCRIPTION, NAME, TOKEN};

pub(super) struct Curl {
    target: Target,
    certificate: Option<std::path::PathBuf>,
}

pub(super) fn is_there() -> bool {
    Command::new("curl").arg("--version").output().is_ok()
}

impl Curl {
    pub(super) fn new(target: Target) -> Result<Self, Failure> {
        let certificate = match target.certificate.as_str() {
            "" => None,
            pem => {
                let path = target.file.with_extension("pem");
                std::fs::write(&path, pem)?;
                Some(path)
            }
        };
        Ok(Self { target, certificate })
    }
}

impl Rival for Curl {
    fn upload(&mut self) -> Result<(), Failure> {
        let mut command = Command::new("curl");
        command.args([
            "-q",
            "-sSf",
            "--noproxy",
            "*",
            "-H",
            &format!("Authorization: Bearer {TOKEN}"),
        ]);
        command.args(["-F", &format!("Description={DESCRIPTION}"), "-F", "HasParameters=false"]);
        command.args(["-F", "OverrideIfExists=true"]);
        command.args(["-F", &format!("file=@{};filename={NAME}", self.target.file.display())]);
        if let Some(path) = &self.certificate {
            command.arg("--cacert").arg(path);
        }
        let status = command.arg(self.target.path_url()).stdout(Stdio::null()).status()?;
        status.success().then_some(()).ok_or_else(|| "curl failed".into())
    }
}
