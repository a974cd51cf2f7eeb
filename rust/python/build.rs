//! Places the functions that an application runs when it starts next to each other, so that importing the module reads
//! few of its pages.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=first_functions.ld");
    let target = variable("TARGET");
    if !["x86_64", "aarch64"].contains(&variable("CARGO_CFG_TARGET_ARCH").as_str()) || !target.contains("-linux-") {
        return;
    }
    let script = format!("{}/first_functions.ld", variable("CARGO_MANIFEST_DIR"));
    // Linux maps up to 64 KB around a page that is read. Code that starts at such a boundary needs fewer of them.
    let arguments = ["-T", &script, "-z", "max-page-size=65536"];
    if links_with(&arguments, &target) {
        for argument in arguments {
            println!("cargo::rustc-cdylib-link-arg={argument}");
        }
    } else {
        println!("cargo::warning=the linker does not read first_functions.ld, so the module will use more memory");
    }
}

fn variable(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

/// Returns whether the linker takes some arguments. GNU ld and LLD know the commands of the script; mold and gold do
/// not.
fn links_with(arguments: &[&str], target: &str) -> bool {
    let folder = variable("OUT_DIR");
    let source = Path::new(&folder).join("empty.rs");
    let mut compiler = Command::new(variable("RUSTC"));
    compiler.args(["--crate-type", "cdylib", "--target", target, "--out-dir", &folder]).arg(&source);
    compiler.args(variable("CARGO_ENCODED_RUSTFLAGS").split('\x1f').filter(|flag| !flag.is_empty()));
    if let Ok(linker) = env::var("RUSTC_LINKER") {
        compiler.arg(format!("-Clinker={linker}"));
    }
    compiler.args(arguments.iter().map(|argument| format!("-Clink-arg={argument}")));
    compiler.stdout(Stdio::null()).stderr(Stdio::null());
    fs::write(&source, "").is_ok() && compiler.status().is_ok_and(|status| status.success())
}
