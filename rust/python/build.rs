//! Places the functions that an application runs when it starts next to each other, so that importing the module reads
//! few of its pages.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=first_functions.ld");
    let variable = |name| env::var(name).unwrap_or_default();
    // GNU ld and LLD know the commands of the script. Others, such as mold, do not.
    let names_a_linker = variable("CARGO_ENCODED_RUSTFLAGS").contains("-fuse-ld=");
    if variable("CARGO_CFG_TARGET_OS") == "linux" && !names_a_linker {
        let script = format!("{}/first_functions.ld", variable("CARGO_MANIFEST_DIR"));
        // Linux maps up to 64 KB around a page that is read. Code that starts at such a boundary needs fewer of them.
        for argument in ["-T", &script, "-z", "max-page-size=65536"] {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    }
}
