//! The site: what browsers fetch besides pages. Wasm and its script, one style sheet, the icon.
//!
//! In:  `app/` built for wasm, `style/`. Out: `target/site/pkg`, each file also as `.br` and `.gz`.
//! Nothing is written when nothing has changed, so the server is not rebuilt for it either.

mod compress;
mod script;
mod style;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::cargo::{self, cargo};
use crate::process;
use crate::project::{self, short};
use crate::report::{Size, fact, step, timed};

/// What the pages' wasm and script may weigh together, compressed, so that a cold load stays under a second.
const BUDGET_BYTES: u64 = 150_000;

/// Names the files of the site; the server tells its pages the same name.
const NAME: &str = "perflab";

/// The target that browsers run.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// A file of the site: its name and its bytes.
struct SiteFile {
    name: String,
    bytes: Vec<u8>,
}

/// Builds the site where anything of it has changed. Returns its fingerprint.
pub(crate) fn build() -> Result<String> {
    ensure_target()?;
    let wasm =
        timed("Building the browser's half of the app (wasm)", || {
            cargo::build(
                cargo("build")
                    .args(["--package", "perflab-app", "--lib", "--profile", "wasm", "--target", TARGET])
                    .args(["--no-default-features", "--features", "hydrate"]),
                "perflab_app.wasm",
            )
        })?;
    let wasm = fs::read(&wasm).with_context(|| format!("cannot read {}", short(&wasm)))?;
    let mut files = vec![
        SiteFile { name: format!("{NAME}.css"), bytes: style::sheet(&project::root().join("style"))?.into_bytes() },
        SiteFile { name: "icon.svg".to_owned(), bytes: read("style/icon.svg")? },
    ];

    let print = fingerprint(&wasm, &files);
    let folder = project::site_files();
    let stamp = folder.with_file_name("fingerprint");
    if fs::read_to_string(&stamp).is_ok_and(|last| last == print) {
        fact("the site has not changed");
        return Ok(print);
    }

    timed("Binding wasm to its script, compressing the site", || {
        files.extend(script::bind(wasm, NAME)?);
        replace(&folder, &files)?;
        fs::write(&stamp, &print).with_context(|| format!("cannot write {}", short(&stamp)))
    })?;
    weigh(&folder);
    Ok(print)
}

/// Adds the wasm target to the toolchain when it is missing.
pub(crate) fn ensure_target() -> Result<()> {
    let sysroot = Command::new("rustc").current_dir(project::root()).args(["--print", "sysroot"]).output()?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    if Path::new(&sysroot).join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    step(format_args!("Adding the target {TARGET}"));
    process::run(Command::new("rustup").current_dir(project::root()).args(["target", "add", TARGET])).with_context(
        || format!("the target {TARGET} is missing; install it with `rustup target add {TARGET}`, or your system's package of it"),
    )
}

fn read(path: &str) -> Result<Vec<u8>> {
    fs::read(project::root().join(path)).with_context(|| format!("cannot read {path}"))
}

fn fingerprint(wasm: &[u8], files: &[SiteFile]) -> String {
    let mut hash = Sha256::new();
    hash.update(script::RECIPE);
    hash.update(wasm);
    for file in files {
        hash.update(&file.name);
        hash.update(&file.bytes);
    }
    hex::encode(hash.finalize())
}

/// Puts the files, each with its compressed forms, in the place of what was there. The folder itself stays: a server may
/// be reading from it.
fn replace(folder: &Path, files: &[SiteFile]) -> Result<()> {
    let mut kept = Vec::new();
    for file in files {
        let path = folder.join(&file.name);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).with_context(|| format!("cannot make {}", short(parent)))?;
        let mut write = |ending: &str, bytes: &[u8]| {
            let path = folder.join(format!("{}{ending}", file.name));
            fs::write(&path, bytes).with_context(|| format!("cannot write {}", short(&path)))?;
            kept.push(path);
            anyhow::Ok(())
        };
        write("", &file.bytes)?;
        write(".br", &compress::brotli(&file.bytes)?)?;
        write(".gz", &compress::gzip(&file.bytes)?)?;
    }
    remove_all_but(&kept, folder)
}

fn remove_all_but(kept: &[PathBuf], folder: &Path) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_all_but(kept, &path)?;
        } else if !kept.contains(&path) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", short(&path)))?;
        }
    }
    Ok(())
}

/// Prints what the site weighs.
fn weigh(folder: &Path) {
    for name in [format!("{NAME}_bg.wasm"), format!("{NAME}.js"), format!("{NAME}.css")] {
        let (plain, brotli) = (size(folder, &name), size(folder, &format!("{name}.br")));
        fact(format_args!("{name:<16} {:>9}, {:>9} as brotli", Size(plain).to_string(), Size(brotli).to_string()));
    }
}

/// Fails when wasm and script have become too heavy. They still work, so only the tests ask.
pub(crate) fn keep_to_budget() -> Result<()> {
    let folder = project::site_files();
    let heavy = size(&folder, &format!("{NAME}_bg.wasm.br")) + size(&folder, &format!("{NAME}.js.br"));
    if heavy > BUDGET_BYTES {
        bail!(
            "wasm and script weigh {} as brotli, more than the {} that a quick first page allows",
            Size(heavy),
            Size(BUDGET_BYTES)
        );
    }
    fact(format_args!("wasm and script weigh {} of {} as brotli", Size(heavy), Size(BUDGET_BYTES)));
    Ok(())
}

fn size(folder: &Path, name: &str) -> u64 {
    fs::metadata(folder.join(name)).map(|file| file.len()).unwrap_or_default()
}
