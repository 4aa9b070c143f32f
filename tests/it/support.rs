//! Small things that every test needs.

use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether a missing tool or folder must fail the run: set where everything is installed.
fn require_all() -> bool {
    #[allow(clippy::disallowed_methods)] // the tests' own switch
    std::env::var("C360_REQUIRE_ALL").is_ok_and(|v| v == "1")
}

/// Says why a test does not run here; fails it where everything must run.
pub fn skip(why: &str) {
    assert!(!require_all(), "must not be skipped here: {why}");
    eprintln!("SKIPPED: {why}");
}

/// The first of the given commands that exists, by path or on the path.
pub fn find_program(candidates: &[&str]) -> Option<PathBuf> {
    #[allow(clippy::disallowed_methods)]
    let path = std::env::var_os("PATH").unwrap_or_default();
    candidates.iter().find_map(|name| {
        if name.contains('/') {
            return Path::new(name).exists().then(|| PathBuf::from(name));
        }
        std::env::split_paths(&path).map(|dir| dir.join(name)).find(|p| p.exists())
    })
}
