//! Assembles the documents from the paths of the router, the operations, and the parts that operations share.

use customers_api::http::error::codes::Code;
use customers_api::http::error::{Error, unauthorized_lines};
use customers_api::http::intent::Intent;
use customers_api::http::origin::BUILT;
use customers_api::http::routes::{HEALTH, KEYS, PartnerRoute, PublicRoute, Route, routes};
use customers_api::http::version::{PUBLISHED, Version};
use customers_api::records::kind;
use customers_api::records::kind::Creation;
use serde_json::{Map, Value, json};

use crate::columns::Columns;
use crate::contact;
use crate::examples;
use crate::inputs;
use crate::operations::{self, Body, Content, Named, Operation, named, reference, schema_name};
use crate::outputs::Outputs;
use crate::parameters::{Place, form_of, id_parameter, variant};
use crate::responses::{error, error_code, errors, headers, not_healthy, responses, success};
use crate::schema::insert;

/// The document of all paths that a partner can call.
pub fn partner(columns: &Columns, version: Version) -> Result<Value, String> {
    let outputs = Outputs { columns, version };
    let mut document = Document::new(outputs);
    for (name, schema) in [
        ("Customer", outputs.customer()?),
        (
            operations::partner::NEW_CUSTOMERS,
            operations::partner::new_customers(),
        ),
        ("Receipt", outputs.receipt()?),
        ("ReceiptClaims", outputs.claims()?),
        ("Change", operations::partner::change(outputs)?),
        ("Key", operations::public::key(outputs)?),
        (inputs::PHONE_NUMBER, inputs::phone_number()),
        (inputs::PHONE_NUMBER_OR_NONE, inputs::phone_number_or_none()),
    ] {
        document.define(named(name, schema))?;
    }
    for record in outputs.export()?.0 {
        document.define(record)?;
    }
    for (method, path, route) in routes() {
        match route {
            Route::Partner(route) => {
                if let PartnerRoute::ReadRecords(resource) = route {
                    let kind = kind(resource);
                    document.define(named(schema_name(kind), outputs.record(kind)?))?;
                    if kind.creation == Creation::Batch {
                        let record = inputs::record(columns, kind, Intent::Create)?;
                        document.define(named(operations::records::new_name(kind), record))?;
                    }
                }
                let operation = operations::partner::operation(outputs, route, path)?;
                document.add(method, path, operation)?;
            }
            Route::Public(PublicRoute::Health) => {
                document.add(method, path, operations::public::health(outputs))?;
            }
            Route::Public(PublicRoute::ReadKeys) => {
                document.add(method, path, operations::public::keys())?;
            }
            Route::Public(PublicRoute::File(_)) | Route::Operator(_) => {}
        }
    }
    document.finish(Audience {
        title: "Customers",
        about: format!(
            "Manage your customers and their records: measures (tracked numbers), users, allowed numbers and calls.\n\n\
             Every path works without a version and under `/{PUBLISHED}`, where answers hold integers as strings. You can \
             send an id in the path, the query or the body. Bodies are forms or JSON. In a JSON body too, an integer may be \
             sent as a string of its digits. Texts are counted in Unicode's form NFC. A 400 names all faults at once. A method \
             that a path does not have is a 405 with the code `method_not_allowed`. An answer may have more members one day, \
             and a member more words: ignore those that you do not know."
        ),
        schemes: json!({
            "basic": { "type": "http", "scheme": "basic", "description": "Only over TLS or from the same machine." },
            "digest": { "type": "http", "scheme": "digest", "description": "RFC 7616: SHA-256, `qop=auth`." },
        }),
        refusal: refusal(),
        tags: json!([
            { "name": "Customers", "description": "The customers of yours that are live." },
            { "name": "Erasure", "description": "What removes a customer's personal data for good, and the receipt of it." },
            { "name": "Measures", "description": "The tracked numbers of a customer." },
            { "name": "Users", "description": "The persons who may see a customer's statistics." },
            { "name": "Calls", "description": "The call records of a customer." },
            { "name": "Allowed numbers", "description": "The numbers that a customer lets through." },
            { "name": "Service", "description": "Whether the service and your credentials are well." },
        ]),
        is_met: Code::is_for_partners,
    })
}

/// The content of a partner's 401.
fn refusal() -> Value {
    let lines = unauthorized_lines();
    let example = lines.first();
    json!({ "text/plain": { "schema": { "type": "string", "enum": lines }, "example": example } })
}

/// The document of all paths that the operator can call.
pub fn operator(columns: &Columns, version: Version) -> Result<Value, String> {
    let outputs = Outputs { columns, version };
    let mut document = Document::new(outputs);
    for schema in operations::operator::schemas::all(outputs)? {
        document.define(schema)?;
    }
    for (method, path, route) in routes() {
        if let Route::Operator(route) = route {
            let operation = operations::operator::operation(outputs, route)?;
            document.add(method, path, operation)?;
        }
    }
    let error = examples::error(&Error::OperatorUnauthorized);
    document.finish(Audience {
        title: "Customers: the operator's API",
        about: "Create, change and disable partners. These paths exist only if the secret `OPERATOR_TOKEN` is set."
            .to_owned(),
        schemes: json!({
            "operator": { "type": "http", "scheme": "bearer", "description": "`OPERATOR_TOKEN`" },
        }),
        refusal: json!({ "application/json": { "schema": reference("Errors"), "example": error } }),
        tags: json!([
            { "name": "Partners", "description": "The partners, their custom fields and their customers." },
            { "name": "Logins", "description": "What a partner authenticates with." },
            { "name": "Audit trail", "description": "Who has changed what." },
            { "name": "Ledger", "description": "The erasures, which no restore takes back." },
            { "name": "Databases", "description": "The databases of customers, and which partner lives in which." },
            { "name": "Document", "description": "What this API is, for programs." },
        ]),
        is_met: Code::is_for_operators,
    })
}

/// What the document of an audience says besides its operations.
struct Audience {
    title: &'static str,
    about: String,
    schemes: Value,
    /// The content of a 401.
    refusal: Value,
    tags: Value,
    /// Whether the audience can meet a code.
    is_met: fn(&Code) -> bool,
}

/// A document under construction.
struct Document<'a> {
    outputs: Outputs<'a>,
    schemas: Value,
    paths: Map<String, Value>,
}

impl<'a> Document<'a> {
    fn new(outputs: Outputs<'a>) -> Self {
        Self {
            outputs,
            schemas: json!({}),
            paths: Map::new(),
        }
    }

    /// Defines a schema, and refers to it. A name stands for one schema.
    fn define(&mut self, Named { name, schema }: Named) -> Result<Value, String> {
        let known = self.schemas.get(&name);
        if known.is_some_and(|known| *known != schema) {
            return Err(format!("{name} names two schemas"));
        }
        insert(&mut self.schemas, &name, schema);
        Ok(reference(&name))
    }

    /// Adds an operation at a path.
    fn add(&mut self, method: &str, path: &str, operation: Operation) -> Result<(), String> {
        let Operation {
            tag,
            task,
            summary,
            about,
            ids,
            parameters: others,
            mut body,
            answer,
            headers,
            statuses,
        } = operation;
        let columns = self.outputs.columns;
        let mut parameters = Vec::new();
        let mut elsewhere = Vec::new();
        for (table, name) in ids {
            if path.contains(&format!("{{{name}}}")) {
                parameters.push(id_parameter(columns, Place::Path, table, name)?);
            } else if let Some(body) = &mut body {
                body.require(name, &inputs::id_of(columns, table, name)?);
                elsewhere.push(name);
            } else {
                let place = if method == "DELETE" {
                    Place::QueryOrForm
                } else {
                    Place::Query
                };
                parameters.push(id_parameter(columns, place, table, name)?);
                elsewhere.push(name);
            }
        }
        parameters.extend(others);
        let place = if body.is_some() { "body" } else { "query" };
        let variant = variant(path, &elsewhere, place);
        let mut members = json!({
            "operationId": format!("{task}{}", variant.of_id),
            "tags": [tag],
            "summary": format!("{summary}{}", variant.of_summary),
            "description": about,
            "parameters": examples::of_parameters(&parameters)?,
        });
        if !elsewhere.is_empty() {
            insert(&mut members, "x-variant-of", task.clone().into());
        }
        if let Some(body) = body {
            let body = self.body(body, &elsewhere)?;
            insert(&mut members, "requestBody", body);
        } else if method == "DELETE"
            && !elsewhere.is_empty()
            && let Some(form) = form_of(&task, &elsewhere, &parameters)
        {
            let content = self.content(form)?;
            let content = json!({ "application/x-www-form-urlencoded": content });
            let about = "The parameters of the query, if they do not stand there.";
            let body = json!({ "description": about, "required": false, "content": content });
            insert(&mut members, "requestBody", body);
        }
        let mut answers = answers(method, path, statuses);
        let schema = self.define(answer)?;
        let example = examples::of_schema(&schema, &self.schemas)
            .map_err(|error| format!("{task}: {error}"))?;
        insert(&mut answers, "200", success(schema, example, headers));
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

    /// A request's body. The names of its schemas tell which ids stand in it.
    fn body(&mut self, body: Body, ids: &[&str]) -> Result<Value, String> {
        let Body { json, form } = body;
        let schema = &json.named.schema;
        // A change without a body is valid and changes nothing.
        let is_required = schema.get("required").is_some() || schema.get("oneOf").is_some();
        let form = form
            .map(|form| self.content(form.with_ids(ids)))
            .transpose()?;
        let mut content = json!({ "application/json": self.content(json.with_ids(ids))? });
        if let Some(form) = form {
            insert(&mut content, "application/x-www-form-urlencoded", form);
        }
        Ok(json!({ "required": is_required, "content": content }))
    }

    fn content(&mut self, Content { named, example }: Content) -> Result<Value, String> {
        Ok(json!({ "schema": self.define(named)?, "example": example }))
    }

    fn finish(mut self, audience: Audience) -> Result<Value, String> {
        let Audience {
            title,
            about,
            schemes,
            refusal,
            tags,
            is_met,
        } = audience;
        self.define(named("ErrorCode", error_code(is_met)))?;
        self.define(named("Error", error()))?;
        self.define(named("Errors", errors()))?;
        let mut responses = responses(&refusal, is_met);
        retain_used(&mut responses, &json!(self.paths));
        let mut headers = headers();
        retain_used(&mut headers, &json!([self.paths, responses]));
        let names = schemes.as_object().into_iter().flatten();
        let security: Vec<Value> = names.map(|(name, _)| json!({ name: [] })).collect();
        Ok(json!({
            "openapi": "3.1.0",
            "info": {
                "title": title,
                "version": PUBLISHED,
                "description": about,
                "contact": contact::contact()?,
                "license": { "name": "Proprietary", "identifier": "LicenseRef-Proprietary" },
            },
            "servers": [{ "url": format!("{BUILT}{}", self.outputs.version.prefix()) }],
            "security": security,
            "tags": tags,
            "paths": self.paths,
            "components": {
                "securitySchemes": schemes,
                "schemas": self.schemas,
                "responses": responses,
                "headers": headers,
            },
        }))
    }
}

/// Keeps the components that a text refers to.
fn retain_used(components: &mut Value, users: &Value) {
    let users = users.to_string();
    if let Some(components) = components.as_object_mut() {
        components.retain(|name, _| users.contains(&format!("/{name}\"")));
    }
}

/// The error answers of an operation: the given statuses, and those that its method and path always have.
fn answers(method: &str, path: &str, statuses: Vec<u16>) -> Value {
    let mut all = statuses;
    all.extend([400, 500, 503]);
    if !is_public(path) {
        all.extend([401, 429]);
    }
    if path != HEALTH {
        all.push(403);
    }
    if matches!(method, "POST" | "PUT" | "DELETE") {
        all.extend([412, 413, 415]);
    }
    // What removes is never refused for want of room.
    if matches!(method, "POST" | "PUT") {
        all.push(507);
    }
    all.sort_unstable();
    let answers = all.into_iter().map(|status| {
        let reference = json!({ "$ref": format!("#/components/responses/{status}") });
        (status.to_string(), reference)
    });
    Value::Object(answers.collect())
}

/// Whether a path needs no credentials.
fn is_public(path: &str) -> bool {
    path == HEALTH || path == KEYS
}
