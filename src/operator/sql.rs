//! The SQL of the `/operator` paths that read and change partners. A partner stands in the directory, and in its home.

use super::input::{CustomFieldSetUp, FieldNumber, PartnerInput};
use crate::customers::german;
use crate::db::audit::{Context, Entry, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::blocks::{List, Order};
use crate::db::sql::{Sql, Statement};
use crate::erasure::steps;
use crate::http::json::Json;
use crate::http::paging::Paging;
use crate::ledger::state;
use crate::partners::placement::Database;
use crate::partners::profile::{WRITE, custom_field};
use crate::partners::sql::{directory_json, of_partner, tenant, tenant_json};
use crate::sql;

pub mod databases;
pub mod erasures;
pub mod logins;
pub mod trail;

/// The results of [`put`].
#[derive(Clone, Copy, Debug)]
pub struct Put {
    /// A row if the partner is new.
    pub created: At,
    /// A row if something changed that stands in the directory.
    pub changed: At,
    /// See [`PutTenant::ending`]. No row if another database is the partner's home.
    pub ending: At,
    /// The partner's logins, as [`of_partner`] reads them. No row if the user name is a login of another partner.
    pub logins: At,
    /// See [`state::doors`].
    pub doors: At,
}

/// Creates a partner that does not exist in the directory, together with its own login, unless another partner has a login
/// with this user name; changes the given fields that stand in the directory; does what [`put_tenant`] does if the directory's
/// database is the partner's home; and reads the partner. It adds entries to the audit trail, each only if something changed.
/// It writes at most 16 rows.
pub fn put(
    username: &str,
    home: Database,
    sealed: &str,
    input: &PartnerInput,
    audit: Context<'_>,
) -> Batch<Put> {
    let create = sql!(
        "INSERT INTO directory (username, database, created) SELECT {username}, {home}, {now} \
         WHERE {username} NOT IN (SELECT username FROM logins WHERE username = {username}) \
         ON CONFLICT (username) DO NOTHING RETURNING partner_id",
        username = username,
        home = home.to_string(),
        now = audit.now,
    );
    let login = sql!(
        "INSERT INTO logins (username, partner_id, access, ha1_sealed, created) \
         SELECT username, partner_id, {write}, {sealed}, created FROM directory \
         WHERE username = {username} AND changes() = 1",
        write = WRITE,
        sealed = sealed,
        username = username,
    );
    let mut steps = Steps::default();
    let created = steps.counted_change(
        create.named("operator::create"),
        login.named("operator::own_login"),
        entry("create", input, audit),
    );
    steps.add(list().count_new(1));
    let changed = steps.change(
        change_directory(username, input),
        entry("change", input, audit).once(),
    );
    let here = sql!(
        "INSERT INTO partners (partner_id, username) SELECT partner_id, username FROM directory \
         WHERE username = {username} AND database = {here} AND passage = 0 ON CONFLICT DO NOTHING",
        username = username,
        here = Database::DIRECTORY.to_string(),
    );
    steps.add(here.named("operator::create_tenant_here"));
    let told = entry("change", input, audit).once();
    let ending = change_tenant(&mut steps, username, input, Some(told), audit);
    let logins = steps.add(of_partner(username));
    steps.add(state::count_doors());
    let doors = steps.add(state::doors(username));
    steps.named(Put {
        created,
        changed,
        ending,
        logins,
        doors,
    })
}

/// The entry for a change of a partner, with the names of the given fields.
fn entry(action: &'static str, input: &PartnerInput, audit: Context<'_>) -> Entry {
    let fields = input.fields().into_iter().map(Json::from).collect();
    audit.entry(action, "partners", Record::Partner, fields)
}

/// Creates the row of a new partner in its home, if that is another database than the directory's. It writes one row.
pub fn create_tenant(partner_id: i64, username: &str) -> Statement {
    sql!(
        "INSERT INTO partners (partner_id, username) VALUES ({partner_id}, {username}) ON CONFLICT DO NOTHING",
        partner_id = partner_id,
        username = username,
    )
    .named("operator::create_tenant")
}

/// The results of [`put_tenant`].
#[derive(Clone, Copy, Debug)]
pub struct PutTenant {
    /// See [`ending_of`]: of the fields of the German rule, if the partner was to become German.
    pub ending: At,
    /// See [`tenant`].
    pub tenant: At,
}

/// Changes the given fields that stand in the partner's home, sets up the fields of the German rule if the partner is
/// German, and reads the partner. It adds an entry for the partner, unless the request `is_told` of already, and one for the
/// fields of the rule to the audit trail, each only if something changed. It writes at most 9 rows.
pub fn put_tenant(
    partner_id: i64,
    username: &str,
    input: &PartnerInput,
    is_told: bool,
    audit: Context<'_>,
) -> Batch<PutTenant> {
    let mut steps = Steps::default();
    let entry = (!is_told).then(|| entry("change", input, audit));
    let ending = change_tenant(&mut steps, username, input, entry, audit);
    let tenant = steps.add(tenant(partner_id));
    steps.named(PutTenant { ending, tenant })
}

/// The changes of [`put_tenant`], if the database is the partner's home. Returns its `ending`.
fn change_tenant(
    steps: &mut Steps,
    username: &str,
    input: &PartnerInput,
    entry: Option<Entry>,
    audit: Context<'_>,
) -> At {
    let german_fields = german::FIELDS.iter();
    let german_fields = german_fields.filter_map(|field| Some(custom_field(field.n)?.into()));
    let german_fields = audit.entry(
        "set up",
        "custom_fields",
        Record::Partner,
        german_fields.collect(),
    );
    let ending = ending_german_fields(username, input);
    let change = change(username, input, &ending);
    match entry {
        Some(entry) => steps.change(change, entry),
        None => steps.add(change),
    };
    steps.change(set_up_german_fields(username), german_fields);
    steps.add(ending.named("operator::ending"))
}

/// Changes the given fields of a partner that stand in the directory, if any of them has a new value.
fn change_directory(username: &str, input: &PartnerInput) -> Statement {
    let PartnerInput {
        allowed_networks,
        enabled,
        ..
    } = input;
    let networks = allowed_networks.as_ref().map(|networks| {
        let networks = networks.iter().map(|network| network.as_str().into());
        Json::List(networks.collect()).to_string()
    });
    sql!(
        "UPDATE directory SET {columns} = {new} WHERE username = {username} AND {columns} IS NOT {new} RETURNING 1",
        columns = sql!("(allowed_networks, enabled)"),
        new = sql!(
            "(COALESCE({networks}, allowed_networks), COALESCE({enabled}, enabled))",
            networks = networks,
            enabled = enabled.map(i64::from),
        ),
        username = username,
    )
    .named("operator::change_directory")
}

/// The condition that a row of `partners` is this partner, and that the database is its home: one that it moves to or from
/// has a row of it too.
fn at_home(username: &str) -> Sql {
    sql!(
        "username = {username} AND serves = 'all'",
        username = username
    )
}

/// Finds the custom fields of a partner of which values remain to be removed, as `n`, among the fields with the numbers
/// in this JSON array. They cannot be set up until the last value is removed. At most 20 rows.
fn ending_of(username: &str, numbers: String) -> Sql {
    sql!(
        "SELECT n FROM endings WHERE partner_id = (SELECT partner_id FROM partners WHERE {at_home}) \
         AND n IN (SELECT value FROM json_each({numbers}))",
        at_home = at_home(username),
        numbers = numbers,
    )
}

/// The same for the fields of the German rule, if the country is given and is Germany.
fn ending_german_fields(username: &str, input: &PartnerInput) -> Sql {
    let becomes_german = input.country.as_deref() == Some(german::COUNTRY);
    let numbers = if becomes_german {
        german_numbers()
    } else {
        "[]".to_owned()
    };
    ending_of(username, numbers)
}

/// The numbers of the fields of the German rule, as a JSON array.
fn german_numbers() -> String {
    let numbers = german::FIELDS.iter();
    let numbers = numbers.map(|field| Json::from(i64::from(field.n)));
    Json::List(numbers.collect()).to_string()
}

/// Changes the given fields of a partner that stand in its home, if any of them has a new value and `ending` finds no field.
fn change(username: &str, input: &PartnerInput, ending: &Sql) -> Statement {
    let PartnerInput { name, country, .. } = input;
    sql!(
        "UPDATE partners SET {columns} = {new} \
         WHERE {at_home} AND {columns} IS NOT {new} AND NOT EXISTS ({ending})",
        at_home = at_home(username),
        ending = ending,
        columns = sql!("(name, country)"),
        new = sql!(
            "(COALESCE({name}, name), COALESCE({country}, country))",
            name = name.as_deref(),
            country = country.as_deref(),
        ),
    )
    .named("operator::change")
}

/// Sets up the fields of the German rule, if the partner is German and any of them differs from the rule.
fn set_up_german_fields(username: &str) -> Statement {
    let rows = german::FIELDS.iter().map(|field| {
        sql!(
            "({n}, {label}, {max_length})",
            n = i64::from(field.n),
            label = field.label,
            max_length = i64::try_from(field.max_length).unwrap_or(i64::MAX),
        )
    });
    sql!(
        "WITH rule (n, label, max_length) AS (VALUES {rows}) \
         INSERT INTO custom_fields (partner_id, n, label, max_length, required) \
         SELECT partner_id, n, rule.label, rule.max_length, 1 FROM partners, rule \
         WHERE {at_home} AND country = {country} \
         ON CONFLICT (partner_id, n) DO UPDATE SET label = excluded.label, \
         max_length = excluded.max_length, required = 1 WHERE \
         (label, max_length, required) IS NOT (excluded.label, excluded.max_length, 1)",
        rows = Sql::join(rows, ", "),
        at_home = at_home(username),
        country = german::COUNTRY,
    )
    .named("operator::set_up_german_fields")
}

/// The condition that a row of `partners` is this partner and the operator may set up and end this custom field. The
/// operator may not touch the fields of the German rule if the partner is German.
fn may_set_up(username: &str, field: FieldNumber) -> Sql {
    sql!(
        "username = {username} AND NOT (country = {country} \
         AND {n} IN (SELECT value FROM json_each({german})))",
        username = username,
        country = german::COUNTRY,
        n = field.n(),
        german = german_numbers(),
    )
}

/// The results of [`put_custom_field`].
#[derive(Clone, Copy, Debug)]
pub struct SettingUp {
    /// A row if values of the field remain to be removed.
    pub ending: At,
    /// See [`tenant`].
    pub tenant: At,
}

/// Sets up a custom field of a partner or changes the given parts of its set-up, adds an entry to the audit trail, and
/// reads the partner. It changes nothing while values of the field remain to be removed. It writes two rows.
pub fn put_custom_field(
    partner_id: i64,
    username: &str,
    field: FieldNumber,
    set_up: &CustomFieldSetUp,
    audit: Context<'_>,
) -> Batch<SettingUp> {
    let CustomFieldSetUp {
        label,
        max_length,
        required,
    } = set_up;
    let (label, required) = (label.as_deref(), required.map(i64::from));
    let ending = ending_of(username, Json::List(vec![field.n().into()]).to_string());
    let put = sql!(
        "INSERT INTO custom_fields (partner_id, n, label, max_length, required) \
         SELECT partner_id, {n}, COALESCE({label}, ''), COALESCE({max_length}, 255), COALESCE({required}, 0) \
         FROM partners WHERE {may_set_up} AND NOT EXISTS ({ending}) \
         ON CONFLICT (partner_id, n) DO UPDATE SET {columns} = {new} WHERE {columns} IS NOT {new}",
        n = field.n(),
        label = label,
        max_length = *max_length,
        required = required,
        may_set_up = may_set_up(username, field),
        ending = &ending,
        columns = sql!("(label, max_length, required)"),
        new = sql!(
            "(COALESCE({label}, label), COALESCE({max_length}, max_length), COALESCE({required}, required))",
            label = label,
            max_length = *max_length,
            required = required,
        ),
    );
    let entry = custom_field_entry("set up", field, set_up.fields(), audit);
    let mut steps = Steps::default();
    steps.change(put.named("operator::put_custom_field"), entry);
    let ending = steps.add(ending.named("operator::ending"));
    let tenant = steps.add(tenant(partner_id));
    steps.named(SettingUp { ending, tenant })
}

/// The results of [`delete_custom_field`].
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// A row if the field was set up and could be ended.
    pub ended: At,
    /// How many customers had a value in the field that this transaction removed, as `changed`.
    pub changed: At,
    /// A row if values remain to be removed.
    pub ending: At,
    /// See [`tenant`].
    pub tenant: At,
}

/// Ends a custom field of a partner, unless the German rule fixes it, and removes its values: those of the first
/// customers at once, and all of them if there are fewer than [`ROWS_LEAST`](steps::ROWS_LEAST). The others are left to
/// further steps. It reads and writes at most as many customers.
pub fn delete_custom_field(
    partner_id: i64,
    username: &str,
    field: FieldNumber,
    audit: Context<'_>,
) -> Batch<Ending> {
    let end = sql!(
        "DELETE FROM custom_fields WHERE n = {n} \
         AND partner_id = (SELECT partner_id FROM partners WHERE {may_set_up}) RETURNING n",
        n = field.n(),
        may_set_up = may_set_up(username, field),
    );
    // The preceding statement writes the audit entry, and only if the field was set up. So changes() is 1 only then.
    let begin = sql!(
        "INSERT INTO endings (partner_id, n) \
         SELECT partner_id, {n} FROM partners WHERE username = {username} AND changes() = 1",
        n = field.n(),
        username = username,
    );
    let ending = sql!(
        "partner_id = (SELECT partner_id FROM partners WHERE username = {username}) AND n = {n}",
        username = username,
        n = field.n(),
    );
    let mut steps = Steps::default();
    let entry = custom_field_entry("end", field, Vec::new(), audit);
    let ended = steps.change(end.named("operator::end_custom_field"), entry);
    steps.add(begin.named("operator::begin_ending"));
    let emptied = steps::empty(&mut steps, &ending, field, steps::ROWS_LEAST);
    let tenant = steps.add(tenant(partner_id));
    steps.named(Ending {
        ended,
        changed: emptied.changed,
        ending: emptied.goes_on,
        tenant,
    })
}

/// The audit entry for a change of a custom field, with the names of the given parts of its set-up.
fn custom_field_entry(
    action: &'static str,
    field: FieldNumber,
    given: Vec<&str>,
    audit: Context<'_>,
) -> Entry {
    let mut fields = vec![Json::from(field.name())];
    fields.extend(given.into_iter().map(Json::from));
    audit.entry(
        action,
        "custom_fields",
        Record::OfPartner(field.n()),
        fields,
    )
}

/// The results of [`page`].
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// One row: the number of partners, as `total`.
    pub total: At,
    /// The partners, each as `id`, `database`, `directory`, which is the JSON of [`directory_json`], and `tenant`, which is
    /// that of [`tenant_json`], or `''` if another database is the home.
    pub rows: At,
}

/// The list of all partners.
pub fn list() -> List {
    List {
        name: "directory",
        id: "partner_id",
        order: Order::Id,
        rows: sql!("partner_id > 0"),
        owner: sql!("(SELECT 0 AS owner_id) WHERE TRUE"),
        owner_id: sql!("owner_id"),
        total: sql!(
            "(SELECT COALESCE(SUM(live), 0) FROM blocks WHERE kind = 'directory' AND owner_id = 0)"
        ),
    }
}

/// Reads a page of the partners by ascending id, and their number. It reads the rows that it answers, what
/// [`List::begin`] reads, and the blocks of the list once more for their sum.
pub fn page(paging: Paging) -> Batch<Page> {
    let list = list();
    let begin = list.begin(paging);
    let rows = sql!(
        "{with}SELECT {directory} AS directory, d.partner_id AS id, database, \
         COALESCE((SELECT {tenant} FROM partners AS p \
         WHERE p.partner_id = d.partner_id AND d.database = {here}), '') AS tenant \
         FROM directory AS d WHERE {past} ORDER BY partner_id LIMIT {limit} OFFSET {skip}",
        with = begin.with,
        directory = directory_json(),
        tenant = tenant_json(),
        here = Database::DIRECTORY.to_string(),
        past = Sql::join(begin.past, " AND "),
        limit = paging.limit(),
        skip = begin.skip,
    );
    let mut steps = Steps::default();
    let total = sql!("SELECT {total} AS total", total = list.total);
    let total = steps.add(total.named("operator::total"));
    let rows = steps.add(rows.named("operator::page"));
    steps.named(Page { total, rows })
}

/// Reads partners of whom another database than the directory's is the home, as that has them: `id` and `tenant`. `ids` is a
/// JSON list of their ids; of each it reads at most 21 rows.
pub fn tenants(ids: String) -> Statement {
    sql!(
        "SELECT partner_id AS id, {tenant} AS tenant FROM partners AS p \
         WHERE partner_id IN (SELECT value FROM json_each({ids}))",
        tenant = tenant_json(),
        ids = ids,
    )
    .named("operator::tenants")
}
