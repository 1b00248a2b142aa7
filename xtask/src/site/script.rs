//! The script that loads the wasm and hands it the browser.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use super::SiteFile;

/// How the script is made. A part of the site's fingerprint; the version of `wasm-bindgen` stands in the wasm itself.
pub(super) const RECIPE: &[u8] = include_bytes!("script.rs");

/// Binds the compiled wasm to the browser: `<name>_bg.wasm`, `<name>.js`, and the snippets that libraries bring along.
pub(super) fn bind(wasm: Vec<u8>, name: &str) -> Result<Vec<SiteFile>> {
    let folder = tempfile::tempdir().context("cannot make a folder for the bound wasm")?;
    Bindgen::new()
        .input_bytes(name, wasm)
        .web(true)?
        .typescript(false)
        .omit_default_module_path(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(folder.path())
        .context("cannot bind the wasm; does `wasm-bindgen-cli-support` have the version of `wasm-bindgen`?")?;
    let mut files = Vec::new();
    collect(folder.path(), "", &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<SiteFile>) -> Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), files)?;
        } else {
            files.push(SiteFile { name, bytes: fs::read(entry.path())? });
        }
    }
    Ok(())
}
