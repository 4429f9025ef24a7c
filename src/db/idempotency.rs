//! The `Idempotency-Key`s that have created something, and what each has created.
//!
//! A batch that creates something under a key begins with [`Keyed::look_up`]. Its insert requires that the key is not
//! known, and [`Keyed::keep`] follows it. So a key is looked at and kept in the transaction of what it creates.

use super::batch::{At, Steps};
use super::schema::IDEMPOTENCY_KEYS;
use super::sql::{Sql, Statement};
use crate::http::error::{Error, Fault};
use crate::sql;

/// The most characters of an `Idempotency-Key`.
pub const KEY_MAX: usize = 255;

/// The most keys that one transaction of an erasure blanks. Each is a row and an index entry, some 10 µs.
pub const ERASE_MAX: i64 = 5_000;

/// The most keys that one run forgets. Each is a row and two index entries.
pub const FORGET_MAX: i64 = 10_000;

/// The fault of a malformed key.
pub fn key_fault(key: &str) -> Option<Fault> {
    let printable = key
        .bytes()
        .all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if (1..=KEY_MAX).contains(&key.len()) && printable {
        return None;
    }
    let message = format!("must be 1 to {KEY_MAX} printable ASCII characters");
    Some(Fault::of("Idempotency-Key", "idempotency_key", message))
}

/// The HMACs that the database keeps in place of an `Idempotency-Key` and the parameters that came with it.
#[derive(Clone, Debug)]
pub struct Fingerprints {
    /// The HMAC of the key.
    pub key: String,
    /// The HMAC of the parameters.
    pub params: String,
}

/// A request with an `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub struct Keyed<'a> {
    /// The partner that sends it. Two partners can use the same key.
    pub partner_id: i64,
    /// The HMACs of the key and of the parameters.
    pub fingerprints: &'a Fingerprints,
    /// The table of the records that the request creates.
    pub kind: &'static str,
    /// The time of the request.
    pub now: &'a str,
}

/// The results of [`Keyed::look_up`].
#[derive(Clone, Copy, Debug)]
pub struct Repeat {
    /// The key, if it is known: see [`Repeated`].
    pub found: At,
    /// The records that it has created and that are still there, in their order.
    pub records: At,
}

/// What the database knows of a key.
#[derive(Debug)]
pub struct Repeated {
    /// The HMAC of the parameters that the key came with; `""` when a customer that it has created was erased.
    pub params: String,
    /// How many records it has created.
    pub made: usize,
}

impl Repeated {
    /// Whether a request with these parameters, of whose records `there` are still there, has the first result again.
    ///
    /// # Errors
    /// 400 for other parameters; 404 if a record was erased or removed.
    pub fn judge(&self, params: &str, there: usize) -> Result<(), Error> {
        if !self.params.is_empty() && self.params != params {
            return Err(Error::invalid(
                "Idempotency-Key",
                "idempotency_key_reused",
                "was used before with other parameters or another path",
            ));
        }
        if self.params.is_empty() || self.made != there {
            return Err(Error::NotFound(
                "record: what this Idempotency-Key has created was erased or removed",
            ));
        }
        Ok(())
    }
}

impl Keyed<'_> {
    /// The condition that a row of `idempotency_keys` is this key. One that was used too long ago is unknown, although
    /// its row may still be there. It finds one row at most.
    fn row(&self) -> Sql {
        sql!(
            "partner_id = {partner_id} AND key_hmac = {key} AND used_at > {oldest}",
            partner_id = self.partner_id,
            key = self.fingerprints.key.as_str(),
            oldest = oldest(self.now),
        )
    }

    /// The condition that the key is not known.
    pub fn is_new(&self) -> Sql {
        sql!(
            "NOT EXISTS (SELECT 1 FROM idempotency_keys WHERE {row})",
            row = self.row()
        )
    }

    /// The ids that the key has made, as a table named `made`. It has at most as many rows as a batch has records.
    pub fn made(&self) -> Sql {
        sql!(
            "json_each((SELECT ids FROM idempotency_keys WHERE {row} AND kind = {kind})) AS made",
            row = self.row(),
            kind = self.kind,
        )
    }

    /// Looks at the key, before anything is created. `records` reads the rows of [`Keyed::made`].
    pub fn look_up(&self, steps: &mut Steps, records: Statement) -> Repeat {
        let found = sql!(
            "SELECT params_hmac, json_array_length(ids) AS made FROM idempotency_keys WHERE {row}",
            row = self.row()
        );
        Repeat {
            found: steps.add(found.named("idempotency::find")),
            records: steps.add(records),
        }
    }

    /// Keeps the key with what it has created, if the condition holds: the JSON list of the ids, and the customer that
    /// the records hang on, or the first of those that were created. It writes one row.
    pub fn keep(&self, customer_id: &Sql, ids: &Sql, condition: &Sql) -> Statement {
        sql!(
            "INSERT OR REPLACE INTO idempotency_keys \
             (partner_id, key_hmac, params_hmac, kind, customer_id, ids, used_at) \
             SELECT {partner_id}, {key}, {params}, {kind}, {customer_id}, {ids}, {now} WHERE {condition}",
            partner_id = self.partner_id,
            key = self.fingerprints.key.as_str(),
            params = self.fingerprints.params.as_str(),
            kind = self.kind,
            customer_id = customer_id,
            ids = ids,
            now = self.now,
            condition = condition,
        )
        .named("idempotency::keep")
    }
}

/// The time up to which a key that was used is forgotten.
fn oldest(now: &str) -> Sql {
    sql!("datetime({now}, '-30 days')", now = now)
}

/// Forgets the keys that were used more than 30 days ago, the oldest first: at most [`FORGET_MAX`] rows. Those of a partner
/// that is being moved stay, so that both sides have the same.
///
/// The pair begins with the column that few rows share: for the other order SQLite seeks by the partner alone, and reads all
/// of its keys.
pub fn forget_keys(now: &str) -> Statement {
    sql!(
        "DELETE FROM idempotency_keys WHERE (key_hmac, partner_id) IN \
         (SELECT key_hmac, partner_id FROM idempotency_keys WHERE used_at <= {oldest} \
         AND EXISTS (SELECT 1 FROM partners WHERE partners.partner_id = idempotency_keys.partner_id AND serves = 'all') \
         ORDER BY used_at LIMIT {max})",
        oldest = oldest(now),
        max = FORGET_MAX,
    )
    .named("idempotency::forget_keys")
}

/// The keys of what hangs on a customer that an erasure has not blanked yet. Left to itself, SQLite takes the primary key,
/// and reads all keys of the partner.
pub fn of_customer(partner_id: &Sql, customer_id: &Sql) -> Sql {
    sql!(
        "SELECT key_hmac FROM idempotency_keys INDEXED BY idempotency_keys_customer WHERE partner_id = {partner_id} \
         AND kind IN ('measures', 'users', 'calls') AND params_hmac <> '' AND customer_id = {customer_id}",
        partner_id = partner_id,
        customer_id = customer_id,
    )
}

/// The condition that a row is one of these, of which it finds at most so many.
fn some_of_customer(partner_id: &Sql, customer_id: &Sql, most: i64) -> Sql {
    sql!(
        "partner_id = {partner_id} AND key_hmac IN ({keys} LIMIT {most})",
        partner_id = partner_id,
        keys = of_customer(partner_id, customer_id),
        most = most,
    )
}

/// Applies the rules of an erasure to the keys that have created this customer, or something of it. `customer_id` is an
/// expression; where it is `NULL`, no row is looked at.
///
/// The customers of a batch have consecutive ids, and a customer was created once. So the key that has created this one
/// is the one with the greatest first id up to it, or none is. Of the keys of what hangs on the customer it writes
/// at most [`ERASE_MAX`], and leaves the others to [`erase_next`].
pub fn erase(partner_id: i64, customer_id: &Sql, now: &str) -> [Statement; 2] {
    let created_it = sql!(
        "partner_id = {partner_id} AND key_hmac = \
         (SELECT key_hmac FROM idempotency_keys WHERE partner_id = {partner_id} AND kind = 'customers' \
         AND params_hmac <> '' AND customer_id <= {customer_id} ORDER BY customer_id DESC LIMIT 1) \
         AND ids ->> '$[#-1]' >= {customer_id}",
        partner_id = partner_id,
        customer_id = customer_id,
    );
    let partner_id = sql!("{partner_id}", partner_id = partner_id);
    let created_of_it = some_of_customer(&partner_id, customer_id, ERASE_MAX);
    [created_it, created_of_it].map(|keys| {
        IDEMPOTENCY_KEYS
            .erase(now, &keys)
            .named("idempotency::erase")
    })
}

/// Blanks the next keys of what hangs on an erased customer: at most so many `rows`. Both ids are expressions.
pub fn erase_next(partner_id: &Sql, customer_id: &Sql, now: &str, rows: i64) -> Statement {
    IDEMPOTENCY_KEYS
        .erase(now, &some_of_customer(partner_id, customer_id, rows))
        .named("idempotency::erase_next")
}
