//! Embeds the built explorer (`src/http/explorer/dist`): each file gzipped into `OUT_DIR`, listed in a sorted table that
//! `src/http/explorer.rs` includes. Without a built explorer the table is empty, so a plain `cargo build` needs no Node.
//! It never runs npm and writes nothing outside `OUT_DIR`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

const EXPLORER: &str = "src/http/explorer";

fn main() -> Result<(), Box<dyn Error>> {
    let dist = Path::new(EXPLORER).join("dist");
    // Cargo takes a watched path that is missing as changed, at every build; so until dist exists, watch its parent.
    let watched = if dist.is_dir() { dist.as_path() } else { Path::new(EXPLORER) };
    println!("cargo::rerun-if-changed={}", watched.display());

    let mut files = Vec::new();
    if dist.is_dir() {
        collect_files(&dist, &mut files)?;
    }
    files.sort();

    let out = out_dir()?;
    let blobs = out.join("explorer");
    if blobs.exists() {
        fs::remove_dir_all(&blobs)?;
    }
    fs::create_dir_all(&blobs)?;

    let mut entries = Vec::new();
    for (number, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        let bytes = fs::read(file)?;
        fs::write(blobs.join(format!("{number}.gz")), gzip(&bytes)?)?;
        let path = url_path(file.strip_prefix(&dist)?)?;
        let content_type = content_type(&path)?;
        let etag = format!("{:016x}", fnv1a(&bytes));
        entries.push((path, content_type, number, etag));
    }
    // The lookup is a binary search over the path as text, which sorts otherwise than `Path` does.
    entries.sort();

    let mut table = String::from("&[\n");
    for (path, content_type, number, etag) in entries {
        writeln!(
            table,
            "    Asset {{ path: {path:?}, content_type: {content_type:?}, gzip: include_bytes!(\"explorer/{number}.gz\"), etag: {etag:?} }},"
        )?;
    }
    table.push_str("]\n");
    fs::write(out.join("explorer.rs"), table)?;
    Ok(())
}

#[allow(
    clippy::disallowed_methods,
    reason = "cargo tells a build script its folder by the environment only"
)]
fn out_dir() -> Result<PathBuf, Box<dyn Error>> {
    Ok(PathBuf::from(
        std::env::var_os("OUT_DIR").ok_or("OUT_DIR is not set; run this through cargo")?,
    ))
}

fn collect_files(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect_files(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn url_path(relative: &Path) -> Result<String, Box<dyn Error>> {
    let mut parts = Vec::new();
    for part in relative {
        parts.push(
            part.to_str()
                .ok_or_else(|| format!("{}: the name is not UTF-8", relative.display()))?,
        );
    }
    Ok(parts.join("/"))
}

/// The media type by the file's ending. An unknown ending is an error, so that none is served as something a browser guesses.
fn content_type(path: &str) -> Result<&'static str, Box<dyn Error>> {
    Ok(match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("md") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("ttf") => "font/ttf",
        Some("woff2") => "font/woff2",
        _ => {
            return Err(format!(
                "{EXPLORER}/dist/{path}: no media type known for this ending; add it to build.rs"
            )
            .into());
        }
    })
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?)
}

/// FNV-1a, 64 bits: tells one build's file from the next in an `ETag`; not meant against an adversary.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
