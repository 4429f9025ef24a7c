//! Writes the OpenAPI documents: `cargo run --bin openapi -- DIRECTORY`.
//!
//! They are made of what the Worker itself is made of: the paths and methods of its router, the limits that stand beside
//! the fields of its input types, the answers that its validation gives to wrong values, and the columns of its migrations
//! with their comments. What is left to be written by hand for each operation is a sentence, an example, and the statuses
//! that it may end in; schemathesis fails on one that it meets and that is not told. A route, a rule or a column that this
//! does not know ends it with an error, and so the build.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use columns::Columns;
use customers_api::http::version::Version;

mod columns;
mod document;
mod inputs;
mod operations;
mod outputs;
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
        fs::create_dir_all(&directory)?;
        for (name, document) in [
            ("openapi.json", document::partner(&columns, version)?),
            (
                "openapi-operator.json",
                document::operator(&columns, version)?,
            ),
        ] {
            let text = serde_json::to_string_pretty(&document)? + "\n";
            fs::write(directory.join(name), text)?;
        }
    }
    Ok(())
}
