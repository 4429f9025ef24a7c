//! The schemas of answers. The members come from the lists that the handlers answer with. Their types and descriptions
//! come from the columns in the migrations.

use customers_api::customers::model;
use customers_api::db::json::Member;
use customers_api::db::schema::{CUSTOMER_TABLES, exported_tables};
use customers_api::erasure::receipt;
use customers_api::http::version::Version;
use customers_api::records::kind::{Form, Kind};
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::inputs;
use crate::schema::{described, list, object, object_with};

/// Makes the schemas of answers under a version.
#[derive(Clone, Copy)]
pub struct Outputs<'a> {
    pub columns: &'a Columns,
    pub version: Version,
}

impl Outputs<'_> {
    /// The schema of an integer under the version.
    pub fn integer(self) -> Value {
        match self.version {
            Version::Bare => json!({ "type": "integer" }),
            Version::Published => json!({ "type": "string", "pattern": "^-?[0-9]+$" }),
        }
    }

    /// The schema of a member that comes from a column.
    pub fn column(self, table: &str, name: &str) -> Result<Value, String> {
        let column = self.columns.get(table, name)?;
        let mut schema = if column.is_integer {
            self.integer()
        } else {
            json!({ "type": "string" })
        };
        if let Some(schema) = schema.as_object_mut() {
            schema.insert("description".to_owned(), column.about.clone().into());
        }
        Ok(schema)
    }

    /// The schemas of members that come from columns of a table.
    pub fn columns<'n>(
        self,
        table: &str,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Map<String, Value>, String> {
        let members = names.into_iter();
        members
            .map(|name| Ok((name.to_owned(), self.column(table, name)?)))
            .collect()
    }

    /// A customer. Custom fields are optional, because an answer has only those that are set up for the partner.
    pub fn customer(self) -> Result<Value, String> {
        let members = model::output(self.version, &inputs::partner());
        let names = members.iter().map(Member::name);
        let members = self.columns("customers", names)?;
        Ok(object_with(members, |name| !name.starts_with("custom_")))
    }

    /// A record of a kind.
    pub fn record(self, kind: &Kind) -> Result<Value, String> {
        let mut members = Map::new();
        for (name, form) in kind.members {
            let schema = match form {
                Form::Integer | Form::Text => self.column(kind.name, name)?,
                Form::Computed(_) => computed(name)?,
            };
            members.insert((*name).to_owned(), schema);
        }
        Ok(object(members))
    }

    /// The receipt of an erasure.
    pub fn receipt(self) -> Result<Value, String> {
        let mut members = self.columns("customers", ["customer_id", "uuid", "removed_at"])?;
        let status = json!({ "type": "string", "enum": receipt::STATUSES });
        let about =
            "Whether every phone number is masked, or numbers on calls remain to be masked.";
        members.insert("status".to_owned(), described(status, about));
        members.append(&mut self.columns("erasures", ["completed_at", "reerased_at"])?);
        members.append(&mut self.columns("erasures", ["backups_until"])?);
        members.append(&mut self.columns("erasures", receipt::COUNTS)?);
        members.append(&mut self.columns("erasures", ["jws"])?);
        Ok(object(members))
    }

    /// The export of everything that the database holds about a customer.
    pub fn export(self) -> Result<Value, String> {
        let label = self.columns("custom_fields", ["n", "label"])?;
        let customer = CUSTOMER_TABLES
            .iter()
            .filter(|table| table.name == "customers");
        let mut members = Map::new();
        for table in customer.chain(exported_tables()) {
            let mut columns = self.columns(table.name, table.exported())?;
            if let Some(fields) = columns.get_mut("fields") {
                *fields = described(
                    list(json!({ "type": "string" })),
                    "The names of the fields that were given.",
                );
            }
            members.insert(table.name.to_owned(), list(object(columns)));
            if table.name == "customers" {
                members.insert("custom_fields".to_owned(), list(object(label.clone())));
            }
        }
        let complete = json!({ "type": "boolean", "const": true });
        let about = "The last member. A document without it was broken off and is not complete.";
        members.insert("complete".to_owned(), described(complete, about));
        Ok(object(members))
    }

    /// A page of a list.
    pub fn page(self, name: &str, record: Value) -> Value {
        let mut members = envelope(name, record);
        for (name, about) in [
            ("total", "The number of records in the whole list."),
            ("page", "The number of this page, from 0."),
            ("pagesize", "The most records in a page."),
            ("numpages", "The number of pages."),
        ] {
            members.insert(name.to_owned(), described(self.integer(), about));
        }
        object(members)
    }

    /// The envelope of one record.
    pub fn one(self, name: &str, record: Value) -> Value {
        object(envelope(name, record))
    }

    /// The envelope of one record, which says whether the request has created it.
    pub fn one_or_created(self, name: &str, record: Value) -> Value {
        let mut members = envelope(name, record);
        let created = json!({ "const": true, "description": "The record is new." });
        members.insert("created".to_owned(), created);
        object_with(members, |name| name != "created")
    }
}

fn envelope(name: &str, record: Value) -> Map<String, Value> {
    [(name.to_owned(), list(record))].into_iter().collect()
}

/// A member that does not come from a column.
fn computed(name: &str) -> Result<Value, String> {
    match name {
        "status" => Ok(json!({
            "type": "string",
            "enum": ["active", "expired"],
            "description": "Whether the measure is active or has expired.",
        })),
        _ => Err(format!(
            "{name}: no schema is known for this computed member"
        )),
    }
}
