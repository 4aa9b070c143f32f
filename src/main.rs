//! The `c360` command: hands arguments and environment to the library.

use std::collections::BTreeMap;
use std::process::ExitCode;

fn main() -> ExitCode {
    customer360::cli::run(std::env::args_os(), environment())
}

/// The environment, read here and nowhere else. Names and values that are not text are left out.
#[allow(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn environment() -> BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
