//! The SQL of logins and their passwords.

use crate::db::audit::{Context, Record};
use crate::db::batch::{At, Batch, Steps};
use crate::db::json::{Member, json_object};
use crate::db::sql::{Sql, Statement};
use crate::ledger::state;
use crate::partners::sql::of_partner;
use crate::sql;

/// The most logins of a partner besides its own. A change of the partner goes into the cache once for each.
pub const LOGINS_MAX: i64 = 20;

/// The results of the batches here.
#[derive(Clone, Copy, Debug)]
pub struct Results {
    /// A row if the login is new or has ended.
    pub changed: At,
    /// The partner's logins, as [`of_partner`] reads them. No row if there is no such partner.
    pub profiles: At,
    /// The partner's logins, as the operator sees them.
    pub logins: At,
    /// See [`state::doors`].
    pub doors: At,
}

/// A login of a partner, by the user names of both.
#[derive(Clone, Copy, Debug)]
pub struct Login<'a> {
    /// The partner's.
    pub partner: &'a str,
    /// The login's. The partner's own login has the partner's.
    pub login: &'a str,
}

/// Reads the logins of a partner, its own among them. It reads at most 22 rows.
pub fn list(partner: &str) -> Statement {
    let json = json_object(&[
        Member::scalar("login", sql!("l.username")),
        Member::column("access"),
        Member::scalar("created", sql!("l.created")),
        Member::column("previous_until"),
    ]);
    sql!(
        "SELECT {json} AS json, l.username AS login FROM directory AS d JOIN logins AS l USING (partner_id) \
         WHERE d.username = {partner}",
        json = json,
        partner = partner,
    )
    .named("logins::list")
}

impl Login<'_> {
    /// Adds the login, unless any partner has one with its user name or the partner has too many; or changes its access.
    /// The partner's own login is left as it is. It reads the partner's logins and writes at most six rows.
    pub fn put(self, access: &str, sealed: &str, audit: Context<'_>) -> Batch<Results> {
        let Self { partner, login } = self;
        let add = sql!(
            "INSERT INTO logins (username, partner_id, access, ha1_sealed, created) \
             SELECT {login}, partner_id, {access}, {sealed}, {now} FROM directory AS d WHERE username = {partner} \
             AND (SELECT COUNT(*) FROM logins AS l WHERE l.partner_id = d.partner_id) <= {max} \
             ON CONFLICT (username) DO NOTHING RETURNING username",
            login = login,
            access = access,
            sealed = sealed,
            now = audit.now,
            partner = partner,
            max = LOGINS_MAX,
        );
        let change = sql!(
            "UPDATE logins SET access = {access} WHERE {further} AND access <> {access}",
            access = access,
            further = self.further(),
        );
        let entry = |action| {
            let fields = vec!["access".into()];
            audit.entry(action, "logins", Record::Partner, fields)
        };
        let mut steps = Steps::default();
        let added = steps.change(add.named("logins::add"), entry("create"));
        steps.change(change.named("logins::change"), entry("change"));
        self.results(steps, added)
    }

    /// Ends the login. The partner's own cannot be ended. The row in `changed` has the time as `at`, in milliseconds.
    pub fn end(self, audit: Context<'_>) -> Batch<Results> {
        let end = sql!(
            "DELETE FROM logins WHERE {further} \
             RETURNING CAST(1000 * unixepoch('now', 'subsec') AS INTEGER) AS at",
            further = self.further(),
        );
        let mut steps = Steps::default();
        let entry = audit.entry("end", "logins", Record::Partner, Vec::new());
        let ended = steps.change(end.named("logins::end"), entry);
        self.results(steps, ended)
    }

    /// Replaces the password of the login. The old one stays good for `overlap` seconds, and the one before that ends.
    pub fn new_password(self, sealed: &str, overlap: i64, audit: Context<'_>) -> Batch<Results> {
        let replace = sql!(
            "UPDATE logins SET ha1_previous_sealed = iif({overlap} > 0, ha1_sealed, ''), \
             previous_until = iif({overlap} > 0, datetime({now}, {overlap} || ' seconds'), ''), \
             ha1_sealed = {sealed} WHERE {this}",
            overlap = overlap,
            now = audit.now,
            sealed = sealed,
            this = self.this(),
        );
        let kind = if self.is_own() { "partners" } else { "logins" };
        let entry = audit.entry("new password", kind, Record::Partner, Vec::new());
        let mut steps = Steps::default();
        let replaced = steps.change(replace.named("logins::new_password"), entry);
        self.results(steps, replaced)
    }

    /// Whether it is the partner's own login.
    pub fn is_own(self) -> bool {
        self.login == self.partner
    }

    fn results(self, mut steps: Steps, changed: At) -> Batch<Results> {
        let profiles = steps.add(of_partner(self.partner));
        let logins = steps.add(list(self.partner));
        steps.add(state::count_doors());
        let doors = steps.add(state::doors(self.partner));
        steps.named(Results {
            changed,
            profiles,
            logins,
            doors,
        })
    }

    /// A row of `logins` is this one.
    fn this(self) -> Sql {
        sql!(
            "username = {login} AND partner_id = (SELECT partner_id FROM directory WHERE username = {partner})",
            login = self.login,
            partner = self.partner,
        )
    }

    /// A row of `logins` is this one, and not the partner's own.
    fn further(self) -> Sql {
        sql!(
            "{this} AND username <> {partner}",
            this = self.this(),
            partner = self.partner
        )
    }
}
