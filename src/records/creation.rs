//! The SQL that creates records: one, or a batch, created whole or not at all.

use super::calls::EXTERNAL_IDS;
use super::given::Given;
use super::kind::{Creation, Kind, Order, RECORDS_MAX};
use super::places::Places;
use super::sql::{Scope, fields};
use crate::db::audit::Record;
use crate::db::batch::{At, Batch, Steps};
use crate::db::idempotency::{Keyed, Repeat};
use crate::db::sql::{Sql, Statement};
use crate::http::json::Json;
use crate::ledger::state::ids_are_promised;
use crate::sql;

/// The results of [`Scope::create`]. A `place` is one in [`Places::records`].
#[derive(Clone, Copy, Debug)]
pub struct Created {
    /// What the `Idempotency-Key` has created before.
    pub repeat: Option<Repeat>,
    /// The records whose `external_id` the customer had before, each with its `place` and whether its values differ, as
    /// `differs`. One that differs prevents the creation of all.
    pub known: Option<At>,
    /// The new records, in the order of the others.
    pub created: At,
    /// The places of the records that name a measure which the customer does not have; of a kind that is created one by one,
    /// the place of the record if the customer has [`RECORDS_MAX`]. One such place prevents the creation of all.
    pub forbidden: At,
}

/// Records that are to be created, and what forbids it.
struct Creating<'a> {
    scope: &'a Scope<'a>,
    kind: &'a Kind,
    places: &'a Places,
    /// The JSON list of the records.
    list: String,
}

impl Scope<'_> {
    /// Creates all the records or none, counts them and adds an entry to the audit trail. It creates none if the
    /// `Idempotency-Key` is taken. It writes one row for each record, at most
    /// [`BATCH_MAX`](crate::http::batch::BATCH_MAX), one for each `external_id`, one row in each of three other tables, and the
    /// blocks that the records are counted in.
    pub fn create(
        &self,
        kind: &Kind,
        places: &Places,
        keyed: Option<&Keyed<'_>>,
    ) -> Batch<Created> {
        let list = places.records.iter().map(Given::to_json);
        let creating = Creating {
            scope: self,
            kind,
            places,
            list: Json::List(list.collect()).to_string(),
        };
        let record = match kind.creation {
            Creation::One => Record::InsertedOf(self.customer_id),
            Creation::Batch => Record::OfCustomer(self.customer_id, self.customer_id),
        };
        let fields = fields(&places.records);
        let entry = self.audit.entry("create", kind.name, record, fields);
        let has_ids = places.have_external_ids();
        // With an `external_id` a call may be there already: then only the database knows how many numbers are new.
        let numbers = match has_ids {
            true => 0,
            false => places.records.iter().map(Given::numbers).sum(),
        };
        let endless = kind.endless.map_or(sql!(""), |endless| {
            let records = places.records.iter();
            let records = records.filter(|given| given.is_endless().unwrap_or(true));
            sql!(
                ", {endless} = {endless} + {count}",
                endless = Sql::name(endless),
                count = i64::try_from(records.count()).unwrap_or(i64::MAX),
            )
        });
        let count = sql!(
            "UPDATE customers SET {total} = {total} + changes(), numbers_total = numbers_total + {numbers}{endless} \
             WHERE {live} AND changes() > 0",
            total = Sql::name(kind.total),
            numbers = numbers,
            endless = endless,
            live = self.live(),
        );
        let keep = |condition: Sql| {
            let customer_id = sql!("{id}", id = self.customer_id);
            keyed.map(|keyed| keyed.keep(&customer_id, &creating.ids(), &condition))
        };

        let mut steps = Steps::default();
        let repeat = keyed.map(|keyed| keyed.look_up(&mut steps, self.repeated(kind, keyed)));
        let known = has_ids.then(|| steps.add(creating.known().named("records::known")));
        if has_ids {
            steps.add(creating.count_numbers(keyed));
            steps.add(creating.count_by_start());
        }
        let created = steps.keyed_change(
            creating.insert(keyed).named("records::create"),
            count.named("records::count"),
            keep(sql!("changes() > 0")),
            entry,
        );
        match kind.order {
            Order::Id => steps.extend([self.list(kind).count_new(1)]),
            Order::NewestFirst => {
                steps.extend((!has_ids).then(|| creating.count_by_start()));
                steps.extend(self.list(kind).splits());
            }
        }
        // The customer may have had every record before. Then nothing was inserted, and the key is kept here.
        let has_all = sql!(
            "EXISTS (SELECT 1 FROM customers WHERE {live}) AND {may}",
            live = self.live(),
            may = creating.may(keyed),
        );
        if has_ids && let Some(keep) = keep(has_all) {
            steps.add(keep);
        }
        let forbidden = steps.add(creating.forbidden().named("records::forbidden"));
        steps.add(ids_are_promised(kind.name, kind.id));
        steps.named(Created {
            repeat,
            known,
            created,
            forbidden,
        })
    }

    /// Looks at an `Idempotency-Key`, and creates nothing.
    pub fn look_up(&self, kind: &Kind, keyed: &Keyed<'_>) -> Batch<Repeat> {
        let mut steps = Steps::default();
        let repeat = keyed.look_up(&mut steps, self.repeated(kind, keyed));
        steps.named(repeat)
    }

    /// Reads the records that a key has created, in their order: at most as many as a batch has.
    fn repeated(&self, kind: &Kind, keyed: &Keyed<'_>) -> Statement {
        sql!(
            "SELECT {row} FROM {made} CROSS JOIN {name} ON {id} = made.value WHERE {of_live}",
            row = self.row(kind),
            made = keyed.made(),
            name = Sql::name(kind.name),
            id = Sql::name(kind.id),
            of_live = self.of_live(),
        )
        .named("records::repeated")
    }
}

impl Creating<'_> {
    fn insert(&self, keyed: Option<&Keyed<'_>>) -> Sql {
        let Scope { audit, .. } = self.scope;
        let columns = self.kind.columns.iter();
        let columns = columns.map(|(column, _)| Sql::name(column));
        let values = self.kind.columns.iter();
        let values = values.map(|(column, unset)| value(column, unset.sql(audit.now)));
        sql!(
            "INSERT INTO {name} (customer_id, {columns}) \
             SELECT customer_id, {values} FROM customers CROSS JOIN json_each({list}) AS given \
             WHERE {live} AND {may} AND {is_new} RETURNING {row}",
            name = Sql::name(self.kind.name),
            columns = Sql::join(columns, ", "),
            values = Sql::join(values, ", "),
            list = self.list.as_str(),
            live = self.scope.live(),
            may = self.may(keyed),
            is_new = self.is_new(),
            row = self.scope.row(self.kind),
        )
    }

    /// Counts the phone numbers of the calls that the customer does not have yet, before they are inserted.
    fn count_numbers(&self, keyed: Option<&Keyed<'_>>) -> Statement {
        let numbers = self.kind.numbers.iter().map(|column| {
            sql!(
                "(COALESCE(given.value ->> '{column}', '') <> '')",
                column = Sql::name(column)
            )
        });
        sql!(
            "UPDATE customers SET numbers_total = numbers_total + \
             (SELECT COALESCE(SUM({numbers}), 0) FROM json_each({list}) AS given \
             WHERE {is_new}) WHERE {live} AND {may}",
            numbers = Sql::join(numbers, " + "),
            list = self.list.as_str(),
            is_new = self.is_new(),
            live = self.scope.live(),
            may = self.may(keyed),
        )
        .named("records::count_numbers")
    }

    /// Counts the new calls in the blocks of their starts, if the statement before it changed a row. With an `external_id`
    /// only those are new that are not known yet, so it comes before the insert then.
    fn count_by_start(&self) -> Statement {
        let starts = sql!(
            "SELECT given.value ->> 'start' AS start \
             FROM json_each(iif(changes() > 0, {list}, '[]')) AS given WHERE {is_new}",
            list = self.list.as_str(),
            is_new = self.is_new(),
        );
        self.scope.list(self.kind).count_by_start(&starts)
    }

    /// The condition that nothing forbids the creation. It is the same before the insert and after it, until the key is
    /// kept.
    fn may(&self, keyed: Option<&Keyed<'_>>) -> Sql {
        if !self.places.clashes.is_empty() {
            return sql!("FALSE");
        }
        let mut conditions: Vec<Sql> = keyed.map(Keyed::is_new).into_iter().collect();
        conditions.push(sql!(
            "NOT EXISTS ({forbidden})",
            forbidden = self.forbidden()
        ));
        if self.places.have_external_ids() {
            conditions.push(sql!(
                "NOT EXISTS (SELECT 1 FROM ({known}) WHERE differs)",
                known = self.known()
            ));
        }
        Sql::join(conditions, " AND ")
    }

    /// Selects [`Created::forbidden`]. It looks for one measure for each record.
    fn forbidden(&self) -> Sql {
        let is_forbidden = match self.kind.creation {
            Creation::One => sql!(
                "{total} >= {most}",
                total = Sql::name(self.kind.total),
                most = RECORDS_MAX
            ),
            Creation::Batch => sql!(
                "NOT EXISTS (SELECT 1 FROM measures WHERE customer_id = {customer_id} \
                 AND measure_id = given.value ->> 'measure_id')",
                customer_id = self.scope.customer_id
            ),
        };
        sql!(
            "SELECT given.key AS place FROM customers CROSS JOIN json_each({list}) AS given \
             WHERE {live} AND {is_forbidden}",
            list = self.list.as_str(),
            live = self.scope.live(),
            is_forbidden = is_forbidden,
        )
    }

    /// Selects [`Created::known`]. It reads at most one record for each given one.
    fn known(&self) -> Sql {
        let differs = self.kind.given_members().map(|(column, unset)| {
            sql!(
                "{column} IS NOT {value}",
                column = Sql::name(column),
                value = value(column, unset.sql(self.scope.audit.now))
            )
        });
        sql!(
            "SELECT {row}, given.key AS place, ({differs}) AS differs \
             FROM json_each({list}) AS given CROSS JOIN {name} WHERE {id} = ({known})",
            row = self.scope.row(self.kind),
            differs = Sql::join(differs, " OR "),
            list = self.list.as_str(),
            name = Sql::name(self.kind.name),
            id = Sql::name(self.kind.id),
            known = self.with_external_id(&sql!("given.value ->> 'external_id'")),
        )
    }

    /// The condition that the customer does not have a given record yet.
    fn is_new(&self) -> Sql {
        if !self.places.have_external_ids() {
            return sql!("TRUE");
        }
        let known = self.with_external_id(&sql!("given.value ->> 'external_id'"));
        sql!("NOT EXISTS ({known})", known = known)
    }

    /// Selects the id of the customer's call with an `external_id`.
    fn with_external_id(&self, external_id: &Sql) -> Sql {
        sql!(
            "SELECT call_id FROM {external_ids} WHERE {of_live} AND external_id = {external_id}",
            external_ids = Sql::name(EXTERNAL_IDS),
            of_live = self.scope.of_live(),
            external_id = external_id,
        )
    }

    /// The JSON list of the ids of the records at all places, once they are inserted.
    fn ids(&self) -> Sql {
        let by_external_id = if self.places.have_external_ids() {
            let known = self.with_external_id(&sql!("finder.value"));
            sql!("({known})", known = known)
        } else {
            sql!("NULL")
        };
        sql!(
            "(SELECT json_group_array(CASE finder.type WHEN 'integer' THEN last_insert_rowid() - finder.value \
             ELSE {by_external_id} END) FROM json_each({finders}) AS finder)",
            by_external_id = by_external_id,
            finders = self.places.finders().to_string(),
        )
    }
}

/// The value that is stored of a column of a given record.
fn value(column: &'static str, unset: Sql) -> Sql {
    sql!(
        "COALESCE(given.value ->> '{column}', {unset})",
        column = Sql::name(column),
        unset = unset
    )
}
