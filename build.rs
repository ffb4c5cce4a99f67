//! Generates the messages of `src/wire` from `proto/`: prost structs with serde attributes for
//! MLflow's JSON, and the routes, fields and checks of each request.

#[path = "build/access.rs"]
mod access;
#[path = "build/messages.rs"]
mod messages;
#[path = "build/messages_list.rs"]
mod messages_list;
#[path = "build/names.rs"]
mod names;
#[path = "build/requests.rs"]
mod requests;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=migrations");

    let files = proto_files(Path::new("proto/mlflow"))?;
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).open_files(&files)?;
    // The descriptor pool keeps the values of flowkeep's own options, which prost's
    // FileDescriptorSet drops.
    let pool = compiler.descriptor_pool();
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);

    let mut config = prost_build::Config::new();
    config.include_file("messages.rs");
    config.enable_type_names();
    messages::add_json_attributes(&mut config, &pool);
    config.compile_fds(compiler.file_descriptor_set())?;

    fs::write(out_dir.join("requests.rs"), requests::generate(&pool))?;
    fs::write(
        out_dir.join("messages_list.rs"),
        messages_list::generate(&pool),
    )?;
    fs::write(
        out_dir.join("descriptors.bin"),
        compiler.encode_file_descriptor_set(),
    )?;
    Ok(())
}

/// Returns the .proto files of a folder, sorted, relative to `proto/`.
fn proto_files(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "proto")
        {
            files.push(path.strip_prefix("proto")?.to_path_buf());
        }
    }
    files.sort();
    Ok(files)
}
