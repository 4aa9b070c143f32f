//! Taste as a test: what a reviewer would otherwise have to say again and again.

use crate::support::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "target" | "node_modules" | "dist" | ".git" | "data") {
                walk(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

fn rust_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    for top in ["src", "entity", "migration", "tests", "benches"] {
        walk(&root().join(top), &mut files);
    }
    files.retain(|f| f.extension().is_some_and(|e| e == "rs"));
    assert!(files.len() > 50, "the walk finds the sources");
    files
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

#[test]
fn every_file_says_what_it_owns() {
    let bare: Vec<String> = rust_files()
        .iter()
        .filter(|f| !std::fs::read_to_string(f).unwrap().starts_with("//!"))
        .map(|f| shown(f))
        .collect();
    assert!(bare.is_empty(), "files without a //! comment at the top: {bare:#?}");
}

#[test]
fn nothing_is_left_undone() {
    // Spelt in two parts so that this file does not find itself.
    let markers = [["todo", "!("], ["unimple", "mented!("], ["FIX", "ME"], ["#[ign", "ore"]]
        .map(|p| p.concat());
    for file in rust_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        for marker in &markers {
            assert!(!text.contains(marker.as_str()), "{} contains {marker}", shown(&file));
        }
    }
}

#[test]
fn every_file_is_reached_from_its_crate() {
    for file in rust_files() {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let parent = file.parent().unwrap();
        let crate_root = matches!(name.as_str(), "lib" | "main" | "build");
        if crate_root || file.starts_with(root().join("benches")) {
            continue;
        }
        // A module is declared by its folder's mod.rs, lib.rs or main.rs, or by the file named
        // like the folder.
        let (dir, module) = if name == "mod" {
            (parent.parent().unwrap(), parent.file_name().unwrap().to_string_lossy().into_owned())
        } else {
            (parent, name.clone())
        };
        let sibling = dir.with_extension("rs");
        let declared = ["mod.rs", "lib.rs", "main.rs"]
            .iter()
            .map(|f| dir.join(f))
            .chain([sibling])
            .filter_map(|f| std::fs::read_to_string(f).ok())
            .any(|text| {
                text.lines().any(|l| {
                    let l = l.trim();
                    l.ends_with(&format!("mod {module};"))
                })
            });
        assert!(declared, "{} is declared by no module", shown(&file));
    }
}

/// Which of our crates each may use (DESIGN section 2).
const EDGES: &[(&str, &[&str])] = &[
    ("src/domain", &[]),
    ("src/connectors", &["domain"]),
    ("src/identity", &["domain"]),
    ("src/lifecycle", &["domain"]),
    ("src/metrics", &["domain"]),
    ("entity", &[]),
    ("migration", &[]),
    ("src/store", &["domain", "entity", "migration"]),
    ("src/jobs", &["connectors", "domain", "identity", "lifecycle", "metrics", "store"]),
    ("src/graphql", &["domain", "identity", "lifecycle", "metrics", "store"]),
    ("src/sandbox", &["domain"]),
];

const OURS: &[&str] = &[
    "connectors",
    "domain",
    "entity",
    "graphql",
    "identity",
    "jobs",
    "lifecycle",
    "metrics",
    "migration",
    "sandbox",
    "store",
];

fn section<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    manifest
        .split("\n[")
        .filter(|part| part.starts_with(&format!("{name}]")))
        .flat_map(str::lines)
        .skip(1)
        .filter_map(|l| l.split(['.', ' ', '=']).next())
        .filter(|l| !l.is_empty() && !l.starts_with('#'))
        .collect()
}

#[test]
fn dependencies_point_only_where_the_design_says() {
    let mut seen = BTreeSet::new();
    for (folder, allowed) in EDGES {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        for used in section(&manifest, "dependencies") {
            if OURS.contains(&used) {
                assert!(allowed.contains(&used), "{folder} must not depend on {used}");
            }
        }
        seen.insert((*folder).to_owned());
    }
    let workspace = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members: BTreeSet<String> = workspace
        .lines()
        .skip_while(|l| !l.starts_with("members"))
        .skip(1)
        .take_while(|l| !l.starts_with(']'))
        .filter_map(|l| l.split('"').nth(1).map(str::to_owned))
        .collect();
    assert_eq!(members, seen, "a crate that the table of edges does not know");
}

#[test]
fn only_the_store_knows_the_orm_and_pure_crates_do_no_io() {
    let banned: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("src/domain", &["sea_orm", "tokio", "reqwest", "std::fs", "std::net"][..]),
        (
            "src/connectors",
            &["sea_orm", "tokio", "reqwest", "std::fs", "std::net", "SystemTime", "Instant::now"][..],
        ),
        (
            "src/identity",
            &["sea_orm", "tokio", "reqwest", "std::fs", "std::net", "SystemTime", "Instant::now"][..],
        ),
        (
            "src/lifecycle",
            &["sea_orm", "tokio", "reqwest", "std::fs", "std::net", "SystemTime", "Instant::now"][..],
        ),
        (
            "src/metrics",
            &["sea_orm", "tokio", "reqwest", "std::fs", "std::net", "SystemTime", "Instant::now"][..],
        ),
        ("src/jobs", &["sea_orm", "sqlx"][..]),
        ("src/graphql", &["sea_orm", "sqlx", "reqwest"][..]),
        ("src/http", &["sea_orm", "sqlx"][..]),
    ]);
    for file in rust_files() {
        let name = shown(&file);
        if name.contains("/tests") {
            continue;
        }
        let Some((_, words)) =
            banned.iter().find(|(folder, _)| name.starts_with(&format!("{folder}/")))
        else {
            continue;
        };
        let text = std::fs::read_to_string(&file).unwrap();
        // Tests within a file may read the shared folder.
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in code.lines().filter(|l| !l.trim_start().starts_with("//")) {
            for word in *words {
                assert!(!line.contains(word), "{name} uses {word}: {line}");
            }
        }
    }
}

#[test]
fn the_architecture_page_names_every_folder_and_invents_none() {
    let page = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let folders = |dir: &str| -> Vec<String> {
        std::fs::read_dir(root().join(dir))
            .unwrap()
            .flatten()
            .filter(|e| e.path().is_dir())
            .map(|e| format!("{dir}/{}", e.file_name().to_string_lossy()))
            .collect()
    };
    for folder in folders("src").iter().chain(&[
        "entity".to_owned(),
        "migration".to_owned(),
        "tests/it".to_owned(),
        "docs/decisions".to_owned(),
    ]) {
        assert!(
            page.contains(&format!("`{folder}/`")),
            "ARCHITECTURE.md does not name `{folder}/`"
        );
    }
    for named in page.split('`').skip(1).step_by(2).filter(|w| w.ends_with('/') && !w.contains(' '))
    {
        assert!(root().join(named).is_dir(), "ARCHITECTURE.md names `{named}`, which is no folder");
    }
}

#[test]
fn every_configuration_key_is_explained_in_the_default_file() {
    let text = std::fs::read_to_string(root().join("src/config.default.toml")).unwrap();
    let mut comment = false;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('#') {
            comment = true;
        } else if line.is_empty() {
            comment = false;
        } else if line.starts_with('[') {
            assert!(
                comment || line.starts_with("[["),
                "config.default.toml line {}: {line} has no comment above it",
                number + 1
            );
        } else if line.contains('=') && !line.starts_with(['"', '{']) {
            let explained = comment || line.contains('#');
            assert!(explained, "config.default.toml line {}: {line} is not explained", number + 1);
        }
    }
}

#[test]
fn every_decision_record_is_numbered_and_says_why() {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("docs/decisions"))
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    for (at, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        assert!(name.starts_with(&format!("{:04}-", at + 1)), "{name} breaks the numbering");
        let text = std::fs::read_to_string(file).unwrap();
        for part in ["## Context", "## Decision", "## Consequences"] {
            assert!(text.contains(part), "{name} lacks {part}");
        }
    }
}
