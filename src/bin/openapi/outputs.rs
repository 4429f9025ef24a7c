//! The schemas of answers. The members come from the lists that the handlers answer with. Their types and descriptions
//! come from the columns in the migrations.

use customers_api::customers::model;
use customers_api::db::json::Member;
use customers_api::db::schema::{CUSTOMER_TABLES, exported_tables};
use customers_api::erasure::{evidence, receipt};
use customers_api::http::version::Version;
use customers_api::records::kind::{Form, Kind};
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::examples;
use crate::inputs;
use crate::operations::{Named, capitalized, named, reference};
use crate::schema::{described, insert, list, object, object_with, shown};

/// Makes the schemas of answers under a version.
#[derive(Clone, Copy)]
pub struct Outputs<'a> {
    pub columns: &'a Columns,
    pub version: Version,
}

impl Outputs<'_> {
    /// The schema of an integer under the version.
    fn integer(self) -> Value {
        match self.version {
            Version::Bare => json!({ "type": "integer", "format": "int64" }),
            Version::Published => json!({ "type": "string", "pattern": "^-?[0-9]+$" }),
        }
    }

    /// An integer that does not come from a column.
    pub fn member(self, name: &str, about: &str) -> Value {
        let schema = described(self.integer(), about);
        shown(schema, self.example("", name))
    }

    /// A text that does not come from a column.
    pub fn text(self, name: &str, about: &str) -> Value {
        let schema = described(json!({ "type": "string" }), about);
        shown(schema, self.example("", name))
    }

    /// A value of a member as the version writes it.
    fn example(self, table: &str, name: &str) -> Option<Value> {
        let example = examples::of(table, name)?;
        Some(match self.version {
            Version::Published if example.is_number() => example.to_string().into(),
            _ => example,
        })
    }

    /// The schema of a member that comes from a column.
    pub fn column(self, table: &str, name: &str) -> Result<Value, String> {
        let column = self.columns.get(table, name)?;
        let schema = if column.is_integer {
            self.integer()
        } else {
            json!({ "type": "string" })
        };
        let schema = described(schema, &column.about);
        Ok(shown(schema, self.example(table, name)))
    }

    /// The names of the fields of a change.
    pub fn names_of_fields(self, about: &str) -> Value {
        described(list(self.text("field", "The name of a field.")), about)
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

    /// The receipt of an erasure. Its `jws` says what a verifier finds in it, as JSON Schema's section 8 shows it for a JWT.
    pub fn receipt(self) -> Result<Value, String> {
        let mut members = self.signed()?;
        let mut jws = self.column("erasures", "jws")?;
        insert(&mut jws, "contentMediaType", "application/jwt".into());
        insert(&mut jws, "contentSchema", reference("ReceiptClaims"));
        members.insert("jws".to_owned(), jws);
        Ok(object(members))
    }

    /// The claims of a signed receipt. They are written once, so they are the same under every version.
    pub fn claims(self) -> Result<Value, String> {
        let bare = Self {
            version: Version::Bare,
            ..self
        };
        let receipt = described(object(bare.signed()?), "The receipt, without `jws`.");
        let seconds = "When it was signed, in seconds since 1970.";
        let claims = [
            (
                "iss",
                json!({ "type": "string", "const": evidence::ISSUER, "description": "The name of the service." }),
            ),
            ("sub", bare.text("uuid", "The customer's `uuid`.")),
            (
                "iat",
                described(json!({ "type": "integer", "format": "int64" }), seconds),
            ),
            (
                "jti",
                described(
                    json!({ "type": "string" }),
                    "A name that no other signature has.",
                ),
            ),
            (evidence::CLAIM, receipt),
        ];
        let claims = claims.map(|(name, schema)| (name.to_owned(), schema));
        Ok(object(claims.into_iter().collect()))
    }

    /// The members of a receipt that are signed.
    fn signed(self) -> Result<Map<String, Value>, String> {
        let mut members = self.columns("customers", ["customer_id", "uuid", "removed_at"])?;
        let status = json!({ "type": "string", "enum": receipt::STATUSES });
        let about =
            "Whether every phone number is masked, or numbers on calls remain to be masked.";
        members.insert("status".to_owned(), described(status, about));
        members.append(&mut self.columns("erasures", ["completed_at", "reerased_at"])?);
        members.append(&mut self.columns("erasures", ["backups_until"])?);
        members.append(&mut self.columns("erasures", receipt::COUNTS)?);
        Ok(members)
    }

    /// The columns of the audit trail that a partner reads, described by what it can meet there.
    pub fn trail<'n>(
        self,
        names: impl IntoIterator<Item = &'n str>,
    ) -> Result<Map<String, Value>, String> {
        let mut members = self.columns("audit", names)?;
        for (name, about) in [
            (
                "action",
                "What was done: create, change, remove, expire, replace, erase, set up or end.",
            ),
            (
                "kind",
                "What kind of record it is: customers, measures, users, allowed_numbers, calls or custom_fields.",
            ),
            (
                "record_id",
                "The id of the record. Of a list or a batch it is the id of the customer; of a custom field, its n.",
            ),
        ] {
            if let Some(member) = members.get_mut(name) {
                insert(member, "description", about.into());
            }
        }
        if let Some(fields) = members.get_mut("fields") {
            *fields = self.names_of_fields(&self.columns.get("audit", "fields")?.about);
        }
        Ok(members)
    }

    /// The records of an export, by the name of their list, and the export itself.
    pub fn export(self) -> Result<(Vec<Named>, Value), String> {
        let customer = CUSTOMER_TABLES
            .iter()
            .filter(|table| table.name == "customers");
        let (mut records, mut members) = (Vec::new(), Map::new());
        let mut add = |table: &str, columns: Map<String, Value>| {
            let record = named(
                format!("Exported{}", capitalized(table.trim_end_matches('s'))),
                object(columns),
            );
            members.insert(table.to_owned(), list(reference(&record.name)));
            records.push(record);
        };
        for table in customer.chain(exported_tables()) {
            let mut columns = match table.name {
                "audit" => self.trail(table.exported())?,
                _ => self.columns(table.name, table.exported())?,
            };
            for (_, field) in columns
                .iter_mut()
                .filter(|(name, _)| name.starts_with("custom_"))
            {
                let about =
                    "The value of a custom field; `\"\"` too where the field is not set up.";
                insert(field, "description", about.into());
            }
            add(table.name, columns);
            if table.name == "customers" {
                add(
                    "custom_fields",
                    self.columns("custom_fields", ["n", "label"])?,
                );
            }
        }
        let complete = json!({ "type": "boolean", "const": true });
        let about = "The last member. A document without it was broken off and is not complete.";
        members.insert("complete".to_owned(), described(complete, about));
        Ok((records, object(members)))
    }

    /// A page of a list.
    pub fn page(self, name: &str, record: Value) -> Value {
        object(self.page_members(name, record))
    }

    /// A page of a list, or one record in an envelope that has only the list.
    pub fn page_or_one(self, name: &str, record: Value) -> Value {
        object_with(self.page_members(name, record), |member| member == name)
    }

    fn page_members(self, name: &str, record: Value) -> Map<String, Value> {
        let mut members = envelope(name, record);
        for (name, about) in [
            ("total", "The number of records in the whole list."),
            (
                "page",
                "The number of this page, from 0; with `after`, counted from there.",
            ),
            ("pagesize", "The most records in a page."),
            ("numpages", "The number of pages."),
        ] {
            members.insert(name.to_owned(), self.member(name, about));
        }
        members
    }

    /// The envelope of one record.
    pub fn one(self, name: &str, record: Value) -> Value {
        object(envelope(name, record))
    }

    /// The envelope of one record, which says whether the request has created it.
    pub fn one_or_created(self, name: &str, record: Value) -> Value {
        let mut members = envelope(name, record);
        let created =
            json!({ "type": "boolean", "const": true, "description": "The record is new." });
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
