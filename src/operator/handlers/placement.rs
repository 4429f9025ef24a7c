//! Chooses the home of a new partner.

use crate::db::room::look;
use crate::http::error::{Error, Fault};
use crate::partners::placement::Database;
use crate::platform::bindings;
use crate::platform::site::Site;

/// The database with this name.
///
/// # Errors
/// 409 if none of this name is bound.
pub fn bound(site: &Site<'_>, name: &'static str, database: Database) -> Result<Database, Error> {
    let bound = bindings::databases(site.env);
    if bound.contains(&database) {
        return Ok(database);
    }
    let names: Vec<String> = bound.iter().map(Database::to_string).collect();
    let message = format!("must be a database that is there: {}", names.join(", "));
    Err(conflict(name, message))
}

fn conflict(name: &'static str, message: String) -> Error {
    Error::Conflict(vec![Fault::of(name, "database_unfit", message)])
}

/// The home of a partner: where it is, or, if it is new, the `wanted` one, or the one with most room.
///
/// # Errors
/// 409 if the partner has another home than the `wanted` one, or if no database has its name.
pub async fn home(
    site: &Site<'_>,
    found: Option<(i64, Database)>,
    wanted: Option<Database>,
) -> Result<Database, Error> {
    match (found, wanted) {
        (Some((_, home)), Some(wanted)) if home != wanted => {
            let message =
                format!("is the home of a new partner; this one lives in {home}: move it");
            Err(conflict("database", message))
        }
        (Some((_, home)), _) => Ok(home),
        (None, Some(wanted)) => bound(site, "database", wanted),
        (None, None) => with_most_room(site).await,
    }
}

/// The smallest database: each may hold as much as another. If there are several, it makes a trip to each.
async fn with_most_room(site: &Site<'_>) -> Result<Database, Error> {
    let bound = bindings::databases(site.env);
    let mut smallest = (Database::DIRECTORY, i64::MAX);
    for database in bound.iter().copied().filter(|_| bound.len() > 1) {
        let store = site.other(database, false).await?;
        store.read(look()).await?;
        let size = store.cost().size_after;
        if size < smallest.1 {
            smallest = (database, size);
        }
    }
    Ok(smallest.0)
}
