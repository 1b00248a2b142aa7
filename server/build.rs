//! Prepares the embedding of the site, which `cargo xtask wasm` puts into `target/site/pkg`.

use std::io;

fn main() -> io::Result<()> {
    // A debug build reads the folder while it runs, a release build embeds it. Both need it to exist now: its real path
    // is fixed at this moment.
    std::fs::create_dir_all("../target/site/pkg")?;
    println!("cargo::rerun-if-changed=build.rs");
    // Cargo does not see that files were added to the folder. `cargo xtask bundle` names the site's content here.
    println!("cargo::rerun-if-env-changed=PERFLAB_SITE");
    Ok(())
}
