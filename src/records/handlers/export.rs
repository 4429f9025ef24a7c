//! Exports everything that the database holds about one customer, as one document of any length (GDPR articles 15 and 20).

use js_sys::{Array, JsString};

use super::scope;
use crate::auth::login::Partner;
use crate::db::audit::{Actor, Context};
use crate::db::schema::exported_tables;
use crate::http::call::{Call, Taken};
use crate::http::error::Error;
use crate::platform::d1::Store;
use crate::platform::log;
use crate::platform::reply::{Body, Reply};
use crate::platform::rows::Results;
use crate::platform::stream::{Sink, Stream};
use crate::records::export::{Export, FIRST_ROWS, page_rows};
use crate::records::sql::Scope;

/// How many rows are made one text, so that the copies on their way are short.
const ROWS_AT_ONCE: usize = 500;

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
    let customer = first.first(|export| export.customer);
    let customer = customer.ok_or(Error::NotFound("customer"))?;
    let calls = customer.integer("calls")?;
    let document = Document {
        partner_id: partner.partner_id,
        store: store.clone(),
        call,
        customer_id,
        first,
        page_rows: page_rows(calls),
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
    /// The rows of each further read.
    page_rows: i64,
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
        let level = log::level_of(sent.as_ref().err(), false);
        let cost = self.store.cost();
        log::stream_ended(&self.call.request_id, self.rows, cost, level, error);
    }

    fn scope(&self) -> Scope<'_> {
        Scope {
            audit: Context::of(&self.call, Actor::Partner(self.partner_id)),
            partner_id: self.partner_id,
            customer_id: self.customer_id,
            version: self.call.version,
        }
    }

    /// Writes every member. The pages of a list that follow its first rows are reads of their own, and find only rows of a
    /// live customer.
    async fn write(&mut self, sink: &Sink) -> Result<(), Error> {
        let Export {
            customer,
            custom_fields,
            ref lists,
        } = self.first.names;
        let alone = [
            ("customers", customer, None),
            ("custom_fields", custom_fields, None),
        ];
        let lists = exported_tables().zip(lists.clone());
        let lists = lists.map(|(table, at)| (table.name, at, Some(table)));
        let mut before = "{".to_owned();
        let mut is_one_read = true;
        for (name, at, table) in alone.into_iter().chain(lists) {
            before.push_str(&format!("\"{name}\":["));
            let mut rows = self.first.all(|_| at);
            let mut limit = FIRST_ROWS;
            loop {
                self.rows += i64::try_from(rows.len()).unwrap_or(0);
                write(sink, &before.into()).await?;
                for (n, some) in rows.chunks(ROWS_AT_ONCE).enumerate() {
                    let texts = some.iter().map(|row| row.js_text("json"));
                    let texts: Array = texts.collect::<Result<_, _>>()?;
                    let comma = JsString::from(if n == 0 { "" } else { "," });
                    write(sink, &comma.concat(&texts.join(","))).await?;
                }
                let is_full = i64::try_from(rows.len()) == Ok(limit);
                let (Some(table), Some(last), true) = (table, rows.last(), is_full) else {
                    break;
                };
                let after = last.text("json")?;
                limit = self.page_rows;
                is_one_read = false;
                let page = self.scope().export_page(table, Some(&after), limit);
                rows = self.store.read_column(page).await?.all();
                before = if rows.is_empty() { "" } else { "," }.to_owned();
            }
            before = "],".to_owned();
        }
        // What was read in one transaction is complete by itself.
        if !is_one_read {
            let end = self.scope().export_end();
            let end = self.store.read_column(end).await?.first();
            end.ok_or(Error::NotFound("customer"))?;
        }
        write(sink, &"],\"complete\":true}".into()).await
    }
}

async fn write(sink: &Sink, text: &JsString) -> Result<(), Error> {
    let gone = |_| Error::Internal("the caller has gone".to_owned());
    sink.write(text).await.map_err(gone)
}
