//! The rules of the source tree as a test: who may know whom, where unsafe may stand, how long a file may be.
//!
//! The layer table is read from the crate documentation in `src/lib.rs`, so that what a reader sees there is what
//! holds. Sources are read as text, with comments and string contents blanked out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 800;

/// Longer files that are known and waiting to be split. To stay empty.
const LONG_FILES: &[&str] = &[];

/// System calls, the data structures, and what lies on the allocator's blocks: a key's entry, listpacks and intsets.
const UNSAFE_ALLOWED: &[&str] = &["src/sys/", "src/ds/", "src/keyspace/entry", "c-compat/src/block.rs"];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, by its path from the root.
fn rust_files(folder: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                let name = path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
                found.insert(name, fs::read_to_string(&path).expect("UTF-8"));
            }
        }
    }
    found
}

fn all_files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for folder in ["src", "c-compat", "tests", "benches"] {
        files.extend(rust_files(folder));
    }
    files
}

/// The text with comments, strings and character literals turned into spaces; line ends stay.
fn code_only(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut blank = |from: usize, to: usize| {
        for byte in &mut out[from..to.min(bytes.len())] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
    };
    let mut i = 0;
    while i < bytes.len() {
        let rest = &bytes[i..];
        let start = i;
        if rest.starts_with(b"//") {
            i += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
            blank(start, i);
        } else if rest.starts_with(b"/*") {
            i += 2 + text[i + 2..].find("*/").map_or(rest.len(), |n| n + 2);
            blank(start, i);
        } else if let Some(hashes) = raw_string(bytes, i) {
            let end = format!("\"{}", "#".repeat(hashes));
            let open = i + 1 + hashes + 1;
            i = text[open..].find(&end).map_or(bytes.len(), |n| open + n + end.len());
            blank(start, i);
        } else if rest[0] == b'"' {
            i += 1;
            while i < bytes.len() && bytes[i] != b'"' {
                i += if bytes[i] == b'\\' { 2 } else { 1 };
            }
            i += 1;
            blank(start, i);
        } else if rest.starts_with(b"'\\") || (rest[0] == b'\'' && rest.get(2) == Some(&b'\'')) {
            i += if rest[1] == b'\\' { 3 } else { 2 };
            i += bytes[i..].iter().position(|&b| b == b'\'').map_or(0, |n| n + 1);
            blank(start, i);
        } else {
            i += 1;
        }
    }
    String::from_utf8(out).expect("blanking keeps or removes whole characters")
}

/// The number of hashes of a raw string that starts here.
fn raw_string(bytes: &[u8], at: usize) -> Option<usize> {
    let word_before =
        at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_') && bytes[at - 1] != b'b';
    if bytes[at] != b'r' || word_before {
        return None;
    }
    let hashes = bytes[at + 1..].iter().take_while(|&&b| b == b'#').count();
    (bytes.get(at + 1 + hashes) == Some(&b'"')).then_some(hashes)
}

/// Module to layer, from the table in src/lib.rs.
fn layers() -> BTreeMap<String, u32> {
    let text = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let mut layers = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("//! ")) {
        for cell in line.split("  ").map(str::trim) {
            let Some((number, names)) = cell.split_once(' ') else { continue };
            let Ok(layer) = number.parse() else { continue };
            layers.extend(names.split(", ").map(|name| (name.replace('-', "_"), layer)));
        }
    }
    assert!(layers.len() >= 15, "the layer table of src/lib.rs was not understood: {layers:?}");
    layers
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c| !is_word(c))
        .filter(|word| !word.is_empty())
        .map(|word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// What follows each `crate::`: one name, or the names a group starts with.
fn crate_paths(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let line = code[..at].matches('\n').count() + 1;
        if let Some(group) = rest.strip_prefix('{') {
            let (mut depth, mut start) = (0, true);
            for (_, token) in tokens(group) {
                match token {
                    "{" => depth += 1,
                    "}" if depth == 0 => break,
                    "}" => depth -= 1,
                    "," if depth == 0 => start = true,
                    name if start => {
                        found.push((line, name.to_string()));
                        start = false;
                    }
                    _ => {}
                }
            }
        } else if let Some((0, name)) = words(rest).next()
            && !rest[name.len()..].starts_with('!')
        {
            found.push((line, name.to_string()));
        }
    }
    found
}

fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut found: Vec<(usize, &str)> = words(text).collect();
    found.extend(text.match_indices(['{', '}', ',']));
    found.sort();
    found
}

#[test]
fn no_layer_uses_a_lower_one() {
    let layers = layers();
    let mut wrong = Vec::new();
    let mut checked = 0;
    for (file, text) in rust_files("src") {
        let module =
            file.trim_start_matches("src/").split('/').next().expect("a name").trim_end_matches(".rs");
        if module == "lib" || module == "main" {
            continue;
        }
        let Some(own) = layers.get(module) else {
            wrong.push(format!("{file}: {module} is not in the table of src/lib.rs"));
            continue;
        };
        for (line, target) in crate_paths(&code_only(&text)) {
            checked += 1;
            match layers.get(&target) {
                Some(layer) if layer <= own => {}
                Some(layer) => {
                    wrong.push(format!("{file}:{line}: {module} (layer {own}) uses {target} (layer {layer})"))
                }
                // A macro or an item of the crate root.
                None if rust_files("src").contains_key(&format!("src/{target}/mod.rs")) => {
                    wrong.push(format!("{file}:{line}: {target} is not in the table of src/lib.rs"));
                }
                None => {}
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(checked > 0, "no use of another module was seen");
}

#[test]
fn unsafe_stands_only_where_it_is_allowed() {
    let mut wrong = Vec::new();
    for (file, text) in all_files() {
        if UNSAFE_ALLOWED.iter().any(|path| file.starts_with(path)) {
            continue;
        }
        let code = code_only(&text);
        for (at, _) in words(&code).filter(|(_, word)| *word == "unsafe") {
            wrong.push(format!("{file}:{}", code[..at].matches('\n').count() + 1));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn c_compat_is_pure() {
    let files = rust_files("c-compat/src");
    assert!(files["c-compat/src/lib.rs"].contains("#![deny(unsafe_code)]"));
    for (file, text) in files {
        let code = code_only(&text);
        for banned in [
            "std::fs",
            "std::net",
            "std::io",
            "std::time",
            "std::thread",
            "std::process",
            "std::env",
            "static mut",
        ] {
            assert!(!code.contains(banned), "{file} uses {banned}");
        }
    }
}

#[test]
fn files_are_short_and_open_with_what_they_are_for() {
    let mut wrong = Vec::new();
    for (file, text) in all_files() {
        let lines = text.lines().count();
        if (lines > LINES_MAX) != LONG_FILES.contains(&file.as_str()) {
            wrong.push(format!("{file}: {lines} lines, {LINES_MAX} are the limit"));
        }
        if !text.starts_with("//!") {
            wrong.push(format!("{file}: does not open with //!"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_unfinished() {
    let mut wrong = Vec::new();
    // Split, so that this file does not find itself.
    let banned = [
        concat!("todo", "!("),
        concat!("unimplemented", "!("),
        concat!("dbg", "!("),
        concat!("#[", "ignore"),
    ];
    let marks = [concat!("FIX", "ME"), concat!("TO", "DO"), concat!("XX", "X:")];
    for (file, text) in all_files() {
        for (number, line) in text.lines().enumerate() {
            if banned.iter().chain(&marks).any(|word| line.contains(word)) {
                wrong.push(format!("{file}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// A file that no `mod` names is compiled by nobody and rots.
#[test]
fn every_source_file_is_part_of_the_crate() {
    let mut wrong = Vec::new();
    for folder in ["src", "c-compat/src"] {
        let files = rust_files(folder);
        for file in files.keys() {
            let path = Path::new(file);
            let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
            if ["lib", "main"].contains(&stem.as_str()) {
                continue;
            }
            let (name, parent) = match stem.as_str() {
                "mod" => {
                    let folder = path.parent().expect("in a folder");
                    (folder.file_name().expect("a name").to_string_lossy().into_owned(), folder.parent())
                }
                _ => (stem, path.parent()),
            };
            let parent = parent.expect("in a folder").to_string_lossy().into_owned();
            let parents = [format!("{parent}/mod.rs"), format!("{parent}.rs"), format!("{parent}/lib.rs")];
            let declared = parents.iter().filter_map(|parent| files.get(parent)).any(|text| {
                let code = code_only(text);
                code.contains(&format!("mod {name};")) || text.contains(&format!("/{name}.rs\"]"))
            });
            if !declared {
                wrong.push(format!("{file}: no `mod {name};` in {}", parents.join(" or ")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_names_a_folder_of_one_machine() {
    let folders: BTreeSet<&str> =
        [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/")].into();
    for (file, text) in all_files() {
        for folder in &folders {
            assert!(!text.contains(folder), "{file} names {folder}");
        }
    }
}

#[test]
fn the_command_table_is_sorted_and_complete() {
    let names: Vec<&str> = oxidis::commands::TABLE.iter().map(|command| command.name).collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(names, sorted, "the table of commands is by name, each once");
    let table = fs::read_to_string(root().join("src/commands/mod.rs")).expect("src/commands/mod.rs");
    let mut rows = 0;
    for (file, text) in rust_files("src/commands") {
        for row in
            code_only(&text).split("pub static ").skip(1).filter_map(|rest| rest.split_once(": Command ="))
        {
            rows += 1;
            assert!(table.contains(&format!("::{},", row.0)), "{file}: {} is not in TABLE", row.0);
        }
    }
    assert_eq!(rows, names.len(), "rows written and rows in TABLE");
}
