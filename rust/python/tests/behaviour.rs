//! Builds the module, and runs the Python tests of the Rust engine on it.
//!
//! `make mutants` judges each mutant by it. `FLASK_CORS_RS_PYTHON` names an interpreter that has the dependencies of
//! the tests.

use std::error::Error;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

/// The tests of what the engine decides, the fastest first.
const FILES: [&str; 10] = [
    "tests/test_extension.py",
    "tests/test_vary.py",
    "tests/test_middleware.py",
    "tests/test_decorator.py",
    "tests/test_differences.py",
    "tests/test_engines_agree.py",
    "tests/test_origins.py",
    "tests/test_hostile_requests.py",
    "tests/test_reconfigure.py",
    "tests/test_regex_translation.py",
];

#[test]
#[ignore = "`make test` runs the same tests on the module as it is released; this is for `make mutants`"]
fn python_tests_of_the_rust_engine_pass() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let package = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flask_cors_rs");
    copy_python_files(&root.join("python/flask_cors_rs"), &package)?;
    // Cargo does not build a cdylib for a test.
    let build = Command::new(env!("CARGO")).args(["build", "--lib", "--locked", "--profile", "mutants"]).status()?;
    assert!(build.success(), "cargo build: {build}");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("..");
    fs::copy(target.join("mutants/lib_rust.so"), package.join("_rust.abi3.so"))?;
    let status = Command::new(env::var("FLASK_CORS_RS_PYTHON")?)
        .args(["-m", "pytest", "-x", "-q", "-p", "no:benchmark", "-p", "no:cacheprovider", "-k", "not python"])
        .args(FILES)
        .current_dir(root)
        .env("PYTHONPATH", env!("CARGO_TARGET_TMPDIR"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("FLASK_CORS_RS_BACKEND", "rust")
        .env("CI", "true") // the same random cases for each mutant
        .status()?;
    assert!(status.success(), "pytest: {status}");
    Ok(())
}

fn copy_python_files(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().ok_or("an entry without a name")?);
        if path.is_dir() {
            copy_python_files(&path, &target)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
