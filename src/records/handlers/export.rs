//! Exports everything that the database holds about one customer, as one document of any length (GDPR articles 15 and 20).

use js_sys::{Array, JsString};

use super::scope;
use crate::auth::login::Partner;
use crate::db::audit::{Actor, Context};
use crate::db::schema::{Table, exported_tables};
use crate::http::call::{Call, Taken};
use crate::http::error::Error;
use crate::platform::d1::{Results, Row, Store};
use crate::platform::log;
use crate::platform::reply::{Body, Reply};
use crate::platform::stream::{Sink, Stream};
use crate::records::export::{After, Export, FIRST_ROWS, PAGE_ROWS};
use crate::records::sql::Scope;

/// Reads everything about a customer:
/// 1. reads the id (400);
/// 2. reads the customer and the first rows of every list, in one transaction (404);
/// 3. answers them. The rest is read page by page while the answer is sent. A customer that is erased meanwhile, or a
///    database that fails, breaks the answer off before its last member, `"complete":true`.
pub async fn read(partner: &Partner, store: &Store, mut call: Call) -> Result<Reply, Error> {
    let customer_id = call.params.required_id("customer_id");
    let call = call.finish()?;

    let first = store
        .run(scope(partner, &call, customer_id).export())
        .await?;
    if first.first(|export| export.customer).is_none() {
        return Err(Error::NotFound("customer"));
    }
    let document = Document {
        partner_id: partner.partner_id,
        store: store.clone(),
        call,
        customer_id,
        first,
        rows: 0,
    };
    Ok(Reply::ok(Body::Stream(Stream::new(|sink| {
        document.send(sink)
    }))))
}

/// An export that is being sent.
struct Document {
    partner_id: i64,
    store: Store,
    call: Taken,
    customer_id: i64,
    /// The results of the first read.
    first: Results<Export>,
    /// The rows that were sent.
    rows: i64,
}

impl Document {
    /// Sends the whole document, and says in the log whether it was complete.
    async fn send(mut self, sink: Sink) {
        let sent = self.write(&sink).await;
        let error = match &sent {
            Ok(()) => sink.close().await.err().map(|_| "the caller has gone"),
            Err(error) => {
                sink.abort().await;
                Some(error.internal_text().unwrap_or("the customer was erased"))
            }
        };
        log::stream_ended(&self.call.request_id, self.rows, self.store.cost(), error);
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            audit: Context::of(&self.call, Actor::Partner(self.partner_id)),
            partner_id: self.partner_id,
            customer_id: self.customer_id,
            version: self.call.version,
        }
    }

    async fn write(&mut self, sink: &Sink) -> Result<(), Error> {
        let trips = self.store.cost().trips;
        let alone = [
            ("customers", self.first.names.customer),
            ("custom_fields", self.first.names.custom_fields),
        ];
        let mut before = "{";
        for (name, at) in alone {
            let rows = self.first.all(|_| at);
            self.write_rows(sink, &format!("{before}\"{name}\":["), &rows)
                .await?;
            before = "],";
        }
        let lists = self.first.names.lists.clone();
        for (table, at) in exported_tables().zip(lists) {
            let rows = self.first.all(|_| at);
            self.write_rows(sink, &format!("],\"{}\":[", table.name), &rows)
                .await?;
            self.write_pages(sink, table, rows).await?;
        }
        // What was read in one transaction is complete by itself.
        if self.store.cost().trips > trips {
            let end = self.scope().export_end();
            let end = self.store.read(end).await?.first();
            end.ok_or(Error::NotFound("customer"))?;
        }
        write(sink, &"],\"complete\":true}".into()).await
    }

    /// Writes the pages of a list that follow the first one. Each is a read of its own, and finds only rows of a live
    /// customer.
    async fn write_pages(
        &mut self,
        sink: &Sink,
        table: &Table,
        first: Vec<Row>,
    ) -> Result<(), Error> {
        let mut rows = first;
        let mut limit = FIRST_ROWS;
        while i64::try_from(rows.len()) == Ok(limit) {
            let Some(last) = rows.last() else { break };
            let after = After::row(table, &last.text("json")?);
            let after = after.ok_or_else(|| Error::Internal("a row without its key".to_owned()))?;
            limit = PAGE_ROWS;
            let page = self.scope().export_page(table, Some(&after), limit);
            rows = self.store.read(page).await?.all();
            if !rows.is_empty() {
                self.write_rows(sink, ",", &rows).await?;
            }
        }
        Ok(())
    }

    async fn write_rows(&mut self, sink: &Sink, before: &str, rows: &[Row]) -> Result<(), Error> {
        let texts = rows.iter().map(|row| row.js_text("json"));
        let texts: Array = texts.collect::<Result<_, _>>()?;
        self.rows += i64::from(texts.length());
        write(sink, &JsString::from(before).concat(&texts.join(","))).await
    }
}

async fn write(sink: &Sink, text: &JsString) -> Result<(), Error> {
    let gone = |_| Error::Internal("the caller has gone".to_owned());
    sink.write(text).await.map_err(gone)
}
