//! Where commands write: results to standard output, everything else to standard error.
//!
//! The only module that does. A reader that went away (`| head`) is no error.

use serde::Serialize;
use std::io::{ErrorKind, Write as _};

/// Writes a result, with a line break at its end.
///
/// # Errors
/// When standard output cannot be written to, except that its reader went away.
pub fn say(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    let written = out
        .write_all(text.as_bytes())
        .and_then(|()| if text.ends_with('\n') { Ok(()) } else { out.write_all(b"\n") })
        .and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a result as JSON on several lines.
///
/// # Errors
/// See [`say`].
pub fn say_json(value: &impl Serialize) -> std::io::Result<()> {
    say(&serde_json::to_string_pretty(value)?)
}

/// Writes an error message.
pub fn complain(message: &str) {
    note(&format!("error: {message}"));
}

/// Writes a remark beside the result. There is nobody to tell when that fails.
pub fn note(message: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{message}");
}
