//! Writes the OpenAPI documents: `cargo run --bin openapi -- DIRECTORY`.
//!
//! It makes them from the Worker's own parts: the paths and methods of the router, the limits of the input types, the
//! faults that the validation finds in wrong values, and the columns of the migrations with their comments. Only the
//! description, the examples and the error statuses of each operation are written by hand. Schemathesis fails if it
//! meets a status that the document does not name. An unknown route, rule or column is an error, and stops the build.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use columns::Columns;
use customers_api::http::version::Version;

mod columns;
mod contact;
mod document;
mod examples;
mod inputs;
mod operations;
mod outputs;
mod parameters;
mod patterns;
mod responses;
mod schema;

fn main() -> Result<(), Box<dyn Error>> {
    let directory: PathBuf = std::env::args_os()
        .nth(1)
        .ok_or("usage: openapi DIRECTORY")?
        .into();
    let columns = Columns::read()?;
    for version in [Version::Bare, Version::Published] {
        let directory = directory.join(version.prefix().trim_start_matches('/'));
        fs::create_dir_all(directory.join("operator"))?;
        for (name, document) in [
            ("openapi.json", document::partner(&columns, version)?),
            (
                "operator/openapi.json",
                document::operator(&columns, version)?,
            ),
        ] {
            let text = serde_json::to_string_pretty(&document)? + "\n";
            fs::write(directory.join(name), text)?;
        }
    }
    Ok(())
}
