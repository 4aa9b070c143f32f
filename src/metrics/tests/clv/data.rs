//! Reference data beside the repository, and how close is close.

use std::path::PathBuf;

/// The text of a reference file. Without it the test is skipped, unless `C360_REQUIRE_ALL` is 1.
pub fn text(name: &str) -> Option<String> {
    let path =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/clv").join(name);
    #[allow(clippy::disallowed_methods, reason = "a test's own switch")]
    let required = std::env::var("C360_REQUIRE_ALL").is_ok_and(|value| value == "1");
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(text),
        Err(error) => {
            assert!(!required, "reference file {name}: {error}");
            eprintln!("skipped: no reference file {name}");
            None
        }
    }
}

/// The rows of a reference table without its header.
pub fn rows(name: &str) -> Option<Vec<Vec<String>>> {
    let text = text(name)?;
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    Some(text.lines().skip(1).filter(|line| !line.is_empty()).map(cells).collect())
}

pub fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// Holds a number to another one within a relative tolerance.
#[track_caller]
pub fn close(value: f64, truth: f64, tolerance: f64) {
    assert!(value.is_finite(), "{value} instead of {truth}");
    let error = (value - truth).abs();
    let scale = if truth == 0.0 { 1.0 } else { truth.abs() };
    assert!(error <= tolerance * scale, "{value} instead of {truth}: {:e}", error / scale);
}

/// Holds a number to a published one, to half a unit of its last digit.
#[track_caller]
pub fn prints(value: f64, published: &str) {
    let digits = published.split('.').nth(1).map_or(0, str::len);
    assert_eq!(format!("{value:.digits$}"), published);
}
