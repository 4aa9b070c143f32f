//! The real program in a process of its own, with a configuration file.

use crate::vendors;
use sandbox::Sandbox;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// A folder with a configuration file.
pub struct Place {
    pub folder: TempDir,
    pub config: PathBuf,
}

/// Writes a configuration: a database, the sandbox's vendors, and whatever else.
pub fn place(store_url: &str, sandbox: Option<&Sandbox>, more: &str) -> Place {
    let folder = TempDir::new().unwrap();
    let mut text = format!(
        "[store]\nurl = \"{store_url}\"\n\n[sync]\nbackoff_ms = 5\nbackoff_max_ms = 50\n\n"
    );
    if let Some(sandbox) = sandbox {
        text.push_str(&sources(sandbox));
    }
    text.push_str(more);
    let config = folder.path().join("customer360.toml");
    std::fs::write(&config, text).unwrap();
    Place { folder, config }
}

/// The tables of a sandbox's vendors.
pub fn sources(sandbox: &Sandbox) -> String {
    let mut text = String::new();
    for (name, settings) in vendors::settings(sandbox) {
        text.push_str(&format!("[sources.{name}]\nconnector = \"{name}\"\n"));
        for (key, value) in settings.as_object().unwrap() {
            let value = match value.as_object() {
                Some(table) => {
                    let pairs: Vec<String> =
                        table.iter().map(|(k, v)| format!("{k} = {v}")).collect();
                    format!("{{ {} }}", pairs.join(", "))
                }
                None => value.to_string(),
            };
            text.push_str(&format!("{key} = {value}\n"));
        }
        text.push('\n');
    }
    text
}

/// The program, with a configuration and a clean environment.
pub fn c360(config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_c360"));
    command
        .env_clear()
        .args(["--config".as_ref(), config.as_os_str()])
        .stdin(Stdio::null())
        .current_dir(config.parent().unwrap());
    command
}

/// Runs it to the end.
pub fn run(config: &Path, arguments: &[&str]) -> Output {
    c360(config).args(arguments).output().unwrap()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
