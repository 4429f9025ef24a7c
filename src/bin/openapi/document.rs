//! Assembles the documents from the paths of the router, the operations, and the parts that operations share.

use customers_api::http::intent::Intent;
use customers_api::http::params::ID_MAX;
use customers_api::http::routes::{HEALTH, KEYS, PartnerRoute, PublicRoute, Route, routes};
use customers_api::http::version::{PUBLISHED, Version};
use customers_api::partners::profile::{CUSTOM_FIELDS, USERNAME_MAX};
use customers_api::records::kind;
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::inputs;
use crate::operations::{self, Body, Operation, reference, schema_name};
use crate::outputs::Outputs;
use crate::patterns;
use crate::responses::{errors, headers, not_healthy, responses, success};
use crate::schema::{insert, list, object, object_with};

/// The document of all paths that a partner can call.
pub fn partner(columns: &Columns, version: Version) -> Result<Value, String> {
    let outputs = Outputs { columns, version };
    let numbers = [(
        "allowed_numbers".to_owned(),
        list(json!({ "type": "string" })),
    )];
    let mut document = Document::new(
        outputs,
        json!({
            "Customer": outputs.customer()?,
            operations::partner::NEW_CUSTOMER: inputs::customer(columns, Intent::Create)?,
            "Receipt": outputs.receipt()?,
            "Change": operations::partner::change(outputs)?,
            "Export": outputs.export()?,
            "AllowedNumbers": object(numbers.into_iter().collect()),
            inputs::PHONE_NUMBER: inputs::phone_number(),
            inputs::PHONE_NUMBER_OR_NONE: inputs::phone_number_or_none(),
        }),
    );
    for (method, path, route) in routes() {
        match route {
            Route::Partner(route) => {
                if let PartnerRoute::ReadRecords(resource) = route {
                    let kind = kind(resource);
                    document.add_schema(&schema_name(kind), outputs.record(kind)?);
                }
                document.add(
                    method,
                    path,
                    operations::partner::operation(outputs, route, path)?,
                )?;
            }
            Route::Public(PublicRoute::Health) => document.add(method, path, health(outputs))?,
            Route::Public(PublicRoute::ReadKeys) => document.add(method, path, keys())?,
            Route::Public(PublicRoute::File(_)) | Route::Operator(_) => {}
        }
    }
    let about = format!(
        "Manage your customers and their records: measures (tracked numbers), users, allowed numbers and calls.\n\n\
         Every path works without a version and under `/{PUBLISHED}`, where answers hold integers as strings. You can \
         send an id in the path, the query or the body. Bodies are forms or JSON. A 400 names all faults at once."
    );
    let schemes = json!({
        "digest": { "type": "http", "scheme": "digest", "description": "RFC 7616: SHA-256, `qop=auth`." },
        "basic": { "type": "http", "scheme": "basic", "description": "Only over TLS or from the same machine." },
    });
    let refusal = json!({ "text/plain": { "schema": { "type": "string" } } });
    Ok(document.finish("Customers", &about, &schemes, &refusal))
}

/// The document of all paths that the operator can call.
pub fn operator(columns: &Columns, version: Version) -> Result<Value, String> {
    let outputs = Outputs { columns, version };
    let mut document = Document::new(
        outputs,
        json!({
            "Partner": operations::operator::partner_schema(outputs, false)?,
            "CreatedPartner": operations::operator::partner_schema(outputs, true)?,
            "Login": operations::operator::login_schema(outputs, false)?,
            "CreatedLogin": operations::operator::login_schema(outputs, true)?,
            "Receipt": outputs.receipt()?,
            "AuditEntry": operations::operator::audit_entry(outputs)?,
            "Erasure": operations::operator::erasure(outputs)?,
            "Database": operations::operator::database(outputs),
            "Move": operations::operator::move_of(outputs),
        }),
    );
    for (method, path, route) in routes() {
        if let Route::Operator(route) = route {
            document.add(
                method,
                path,
                operations::operator::operation(outputs, route)?,
            )?;
        }
    }
    let about = "Create, change and disable partners. These paths exist only if the secret `OPERATOR_TOKEN` is set.";
    let schemes = json!({ "operator": { "type": "http", "scheme": "bearer", "description": "`OPERATOR_TOKEN`" } });
    let refusal = json!({ "application/json": { "schema": reference("Errors") } });
    Ok(document.finish("Customers: the operator's API", about, &schemes, &refusal))
}

/// A document under construction.
struct Document<'a> {
    outputs: Outputs<'a>,
    schemas: Value,
    paths: Map<String, Value>,
}

impl<'a> Document<'a> {
    fn new(outputs: Outputs<'a>, schemas: Value) -> Self {
        let paths = Map::new();
        Self {
            outputs,
            schemas,
            paths,
        }
    }

    fn add_schema(&mut self, name: &str, schema: Value) {
        insert(&mut self.schemas, name, schema);
    }

    /// Adds an operation at a path.
    fn add(&mut self, method: &str, path: &str, operation: Operation) -> Result<(), String> {
        let Operation {
            tag,
            summary,
            about,
            ids,
            mut parameters,
            mut body,
            answer,
            headers,
            statuses,
        } = operation;
        let columns = self.outputs.columns;
        for (table, name) in ids {
            if path.contains(&format!("{{{name}}}")) {
                parameters.insert(0, id_parameter(columns, "path", table, name)?);
            } else if let Some(body) = &mut body {
                body.require(name, &inputs::id_of(columns, table, name)?);
            } else {
                parameters.insert(0, id_parameter(columns, "query", table, name)?);
            }
        }
        let id = operation_id(method, path);
        let mut members = json!({
            "operationId": id,
            "tags": [tag],
            "summary": summary,
            "description": about,
            "parameters": parameters,
        });
        if let Some(body) = body {
            insert(&mut members, "requestBody", self.body(&id, body));
        }
        let mut answers = answers(method, path, statuses);
        insert(&mut answers, "200", success(answer, headers));
        if is_public(path) {
            insert(&mut members, "security", json!([]));
        }
        if path == HEALTH {
            let not_healthy = not_healthy(&answers);
            insert(&mut answers, "503", not_healthy);
        }
        insert(&mut members, "responses", answers);
        let of_path = self.paths.entry(path).or_insert_with(|| json!({}));
        insert(of_path, &method.to_ascii_lowercase(), members);
        Ok(())
    }

    /// A request's body. If JSON and form have the same schema, both refer to one schema of the document.
    fn body(&mut self, id: &str, body: Body) -> Value {
        let Body {
            mut json,
            form,
            example,
        } = body;
        // A change without a body is valid and changes nothing.
        let is_required = json.get("required").is_some() || json.get("anyOf").is_some();
        let is_shared = form.as_ref() == Some(&json);
        if is_shared {
            let name = format!("{id}_body");
            self.add_schema(&name, json);
            json = reference(&name);
        }
        let form = if is_shared { Some(json.clone()) } else { form };
        let mut content = json!({ "application/json": { "schema": json, "example": example } });
        if let Some(form) = form {
            insert(
                &mut content,
                "application/x-www-form-urlencoded",
                json!({ "schema": form }),
            );
        }
        json!({ "required": is_required, "content": content })
    }

    /// `refusal` is the content of a 401.
    fn finish(mut self, title: &str, about: &str, schemes: &Value, refusal: &Value) -> Value {
        self.add_schema("Errors", errors());
        let names = schemes.as_object().into_iter().flatten();
        let security: Vec<Value> = names.map(|(name, _)| json!({ name: [] })).collect();
        let server = match self.outputs.version {
            Version::Bare => "/",
            version => version.prefix(),
        };
        json!({
            "openapi": "3.1.0",
            "info": { "title": title, "version": PUBLISHED, "description": about },
            "servers": [{ "url": server }],
            "security": security,
            "paths": self.paths,
            "components": {
                "securitySchemes": schemes,
                "schemas": self.schemas,
                "responses": responses(refusal),
                "headers": headers(),
            },
        })
    }
}

/// The error answers of an operation: the given statuses, and those that its method and path always have.
fn answers(method: &str, path: &str, statuses: Vec<u16>) -> Value {
    let mut all = statuses;
    all.extend([400, 500, 503, 507]);
    if !is_public(path) {
        all.extend([401, 429]);
    }
    if path != HEALTH {
        all.push(403);
    }
    if matches!(method, "POST" | "PUT" | "DELETE") {
        all.extend([412, 413, 415]);
    }
    all.sort_unstable();
    let answers = all.into_iter().map(|status| {
        let reference = json!({ "$ref": format!("#/components/responses/{status}") });
        (status.to_string(), reference)
    });
    Value::Object(answers.collect())
}

fn health(outputs: Outputs<'_>) -> Operation {
    let text = || json!({ "type": "string" });
    let members = [
        ("status", text()),
        ("version", text()),
        ("migrations", outputs.integer()),
        ("missing", list(text())),
        ("apply_with", list(text())),
    ];
    let members = members.map(|(name, schema)| (name.to_owned(), schema));
    let answer = object_with(members.into_iter().collect(), |name| {
        !matches!(name, "missing" | "apply_with")
    });
    Operation {
        tag: "Service",
        summary: "Check the health of the service".to_owned(),
        about: "Needs no credentials. Answers a 503 if the schema of the database is older than the code.",
        answer,
        ..Operation::default()
    }
}

fn keys() -> Operation {
    let text = || json!({ "type": "string" });
    let names = ["kty", "crv", "x", "y", "kid", "use", "alg"];
    let key = object(
        names
            .map(|name| (name.to_owned(), text()))
            .into_iter()
            .collect(),
    );
    Operation {
        tag: "Service",
        summary: "Read the keys that verify receipts".to_owned(),
        about: "Needs no credentials. A JWK Set with every key that has ever signed a receipt; the one that signs now is the \
        first.",
        answer: object([("keys".to_owned(), list(key))].into_iter().collect()),
        headers: vec![("Cache-Control", true)],
        ..Operation::default()
    }
}

/// Whether a path needs no credentials.
fn is_public(path: &str) -> bool {
    path == HEALTH || path == KEYS
}

/// `GET /customers/{customer_id}/users` -> `get_customers_customer_id_users`
fn operation_id(method: &str, path: &str) -> String {
    let words = path.split(['/', '{', '}']).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.collect();
    format!("{}_{}", method.to_ascii_lowercase(), words.join("_"))
}

fn id_parameter(columns: &Columns, place: &str, table: &str, name: &str) -> Result<Value, String> {
    let column = match name {
        "login" => "username",
        column => column,
    };
    let column = columns.get(table, column)?;
    let schema = match name {
        "username" | "login" => {
            json!({ "type": "string", "pattern": format!("^[A-Za-z0-9._-]{{1,{USERNAME_MAX}}}$") })
        }
        "custnr" => {
            json!({ "type": "string", "minLength": 1, "maxLength": 45, "pattern": patterns::unpadded() })
        }
        "n" => {
            json!({ "type": "integer", "minimum": 1, "maximum": CUSTOM_FIELDS.len() })
        }
        _ => json!({ "type": "integer", "minimum": 1, "maximum": ID_MAX }),
    };
    Ok(
        json!({ "name": name, "in": place, "required": true, "schema": schema, "description": column.about }),
    )
}

impl Body {
    /// Adds a required member.
    fn require(&mut self, name: &str, schema: &Value) {
        // These records belong to the second customer of the demo data.
        let id = match name {
            "measure_id" => 4,
            "user_id" => 3,
            _ => 2,
        };
        insert(&mut self.example, name, id.into());
        for body in [Some(&mut self.json), self.form.as_mut()]
            .into_iter()
            .flatten()
        {
            if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert(name.to_owned(), schema.clone());
            }
            let mut required = body
                .get("required")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            required.push(name.into());
            insert(body, "required", required.into());
        }
    }
}
