//! A move, as the ledger knows it, and what its steps have in common.

use super::ledger::{self, Advance};
use super::pages::Pace;
use super::parts::PARTS;
use super::sql;
use crate::db::room;
use crate::db::sql::Statement;
use crate::http::error::{Error, Fault};
use crate::ledger::replay::hear;
use crate::ledger::state;
use crate::ledger::trips::{Row, Rows, Trips, first};
use crate::partners::placement::Database;

/// The phases in their order. The last two are those of a move that is turned back, or that a restore has made void.
pub const PHASES: [&str; 11] = [
    "draining",
    "counting",
    "clearing",
    "copying",
    "comparing",
    "flipping",
    "opening",
    "deleting",
    "complete",
    "returning",
    "abandoned",
];

/// How far a move has come, as the ledger knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    /// Its id.
    pub move_id: i64,
    /// The partner.
    pub partner_id: i64,
    /// The partner's user name.
    pub username: String,
    /// Where the partner comes from.
    pub source: Database,
    /// Where it goes.
    pub target: Database,
    /// See [`super`].
    pub phase: String,
    /// How many rows there are to copy of those that the customers count: they themselves, measures, users and calls.
    pub total: i64,
    /// How many of them the present phase has done.
    pub done: i64,
    /// The parts that were compared: JSON, a list of objects with the name of the part, its rows, and the SHA-256 of its
    /// pages.
    pub tables: String,
    /// How often the move had to begin anew.
    pub began_anew: i64,
    pub(super) step: i64,
    pub(super) passage: i64,
    pub(super) part: String,
    pub(super) place: String,
    pub(super) hash: String,
    pub(super) rows: i64,
}

impl Move {
    fn of(row: &impl Row) -> Result<Self, Error> {
        let database = |column| {
            let name = row.text(column)?;
            Database::parse(&name).ok_or_else(|| Error::Internal(format!("no database {name}")))
        };
        Ok(Self {
            move_id: row.integer("move_id")?,
            partner_id: row.integer("partner_id")?,
            username: row.text("username")?,
            source: database("source")?,
            target: database("target")?,
            phase: row.text("phase")?,
            total: row.integer("total")?,
            done: row.integer("done")?,
            tables: row.text("tables")?,
            began_anew: row.integer("began_anew")?,
            step: row.integer("step")?,
            passage: row.integer("passage")?,
            part: row.text("part")?,
            place: row.text("place")?,
            hash: row.text("hash")?,
            rows: row.integer("rows")?,
        })
    }

    /// Whether nothing is left to do.
    pub fn is_over(&self) -> bool {
        ["complete", "abandoned"].contains(&self.phase.as_str())
    }

    /// What it is when it goes on in another phase. Where that goes through the parts, it begins with the first one.
    pub(super) fn to(&self, phase: &'static str) -> Advance {
        let parts = ["copying", "comparing"].contains(&phase);
        let part = PARTS.first().filter(|_| parts);
        Advance {
            phase,
            part: part.map_or("", |part| part.name).to_owned(),
            place: String::new(),
            hash: String::new(),
            rows: 0,
            tables: self.tables.clone(),
            total: self.total,
            done: if phase == "flipping" { self.done } else { 0 },
        }
    }
}

/// Begins to move a partner, or finds the move that is unfinished, or that has brought it there. A move to where the partner
/// comes from turns it back, as long as that is its home.
///
/// # Errors
/// 400 if the partner lives there and has not moved there last; 409 while it moves elsewhere; 507 if there is no room for a new
/// move; 503 if a database does not answer. That there is such a partner and such a database is seen to by the caller.
pub async fn begin(trips: &impl Trips, username: &str, target: Database) -> Result<Move, Error> {
    let could_begin = ledger::could_begin(username, target);
    if let Some(row) = first(trips.ledger(vec![could_begin]).await?, 0) {
        let partner_id = row.integer("partner_id")?;
        let home = row.text("home")?;
        let home = Database::parse(&home).ok_or_else(nothing)?;
        let here = trips.run(home, vec![sql::here(partner_id)]).await?;
        let customers = Here::of(first(here, 0))?.customers;
        expect_room(trips, target, partner_id, customers).await?;
    }
    let statements = vec![
        ledger::begin(username, target, &trips.now()),
        ledger::last(username),
    ];
    let last = first(trips.ledger(statements).await?, 1);
    let last = last.map(|row| Move::of(&row)).transpose()?;
    match last {
        Some(last) if last.target == target && last.phase != "abandoned" => Ok(last),
        Some(last) if last.source == target && last.is_over() && last.phase == "abandoned" => {
            Ok(last)
        }
        Some(last) if last.source == target && !last.is_over() => turn_back(trips, last).await,
        Some(last) if !last.is_over() => {
            let message = format!(
                "cannot be that: the partner moves to {}; finish that first",
                last.target
            );
            Err(Error::Conflict(vec![Fault::of(
                "to",
                "moves_elsewhere",
                message,
            )]))
        }
        _ => Err(Error::invalid(
            "to",
            "same_database",
            "is where the partner lives",
        )),
    }
}

/// Sees that a database has room for a partner with so many customers, by the rule of creations.
///
/// # Errors
/// 507 if it has none; 503 if it does not answer.
pub(super) async fn expect_room(
    trips: &impl Trips,
    target: Database,
    partner_id: i64,
    customers: i64,
) -> Result<(), Error> {
    let others = trips.run(target, vec![room::customers(partner_id)]).await?;
    let others = first(others, 0).ok_or_else(nothing)?.integer("customers")?;
    match trips.has_room(target, others.saturating_add(customers)) {
        true => Ok(()),
        false => Err(Error::StorageFull),
    }
}

async fn turn_back(trips: &impl Trips, it: Move) -> Result<Move, Error> {
    let statements = vec![
        ledger::turn_back(it.move_id, it.step, &trips.now()),
        ledger::find(it.move_id),
    ];
    let now = first(trips.ledger(statements).await?, 1).ok_or_else(nothing)?;
    let now = Move::of(&now)?;
    if ["returning", "abandoned"].contains(&now.phase.as_str()) {
        return Ok(now);
    }
    let message = format!(
        "cannot be that: the partner lives in {} already, or nearly; repeat this later",
        now.target
    );
    Err(Error::Conflict(vec![Fault::of(
        "to",
        "moves_elsewhere",
        message,
    )]))
}

/// The moves that are unfinished.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn unfinished(trips: &impl Trips) -> Result<Vec<Move>, Error> {
    let rows = trips.ledger(vec![ledger::unfinished()]).await?;
    let rows = rows.into_iter().flatten();
    rows.map(|row| Move::of(&row)).collect()
}

/// Picks the unfinished moves whose turn it is, at most so many. Those that have waited longest come first, so moves that
/// cannot go on keep no other one waiting.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn take_turns(trips: &impl Trips, most: i64) -> Result<Vec<i64>, Error> {
    let rows = trips
        .ledger(vec![ledger::take_turns(most, &trips.now())])
        .await?;
    let rows = rows.into_iter().flatten();
    rows.map(|row| row.integer("move_id")).collect()
}

/// What a database does for the partner: see [`sql::here`].
pub(super) struct Here {
    pub(super) serves: String,
    pub(super) passage: i64,
    pub(super) customers: i64,
    pub(super) leaves: bool,
}

impl Here {
    pub(super) fn of<R: Row>(row: Option<R>) -> Result<Self, Error> {
        let row = row.ok_or_else(nothing)?;
        Ok(Self {
            serves: row.text("serves")?,
            passage: row.integer("passage")?,
            customers: row.integer("customers")?,
            leaves: row.integer("leaves")? == 1,
        })
    }

    pub(super) fn is(&self, serves: &str, passage: i64) -> bool {
        self.serves == serves && self.passage == passage
    }

    /// Whether the partner's requests are answered there.
    pub(super) fn is_served(&self) -> bool {
        self.serves == "reads" || self.serves == "all"
    }
}

/// A page of one side.
pub(super) struct Page {
    pub(super) lines: String,
    pub(super) count: i64,
    /// How many customers the partner has there.
    pub(super) customers: i64,
    /// Where the next page begins; `None` after the last one.
    pub(super) next: Option<String>,
}

/// Does the next step of a move, and returns how far it then is: perhaps further, if somebody else is at it too.
///
/// # Errors
/// 503 if a database does not answer or was restored: a repeat goes on. 500 if a database does not have what it must have:
/// nothing goes on then until somebody has looked. 507 if a database has no room: while the partner's home is still the source,
/// the move is turned back, so that its writes and erasures are done again.
pub async fn step(trips: &impl Trips, pace: Pace, move_id: i64) -> Result<Move, Error> {
    let run = find(trips, pace, move_id).await?;
    let (step, phase) = (run.it.step, run.it.phase.clone());
    let done = run.go_on().await;
    if matches!(done, Err(Error::StorageFull)) && phase != "returning" {
        let back = ledger::turn_back(move_id, step, &trips.now());
        trips.ledger(vec![back]).await?;
        let run = find(trips, pace, move_id).await?;
        if run.it.phase == "returning" {
            run.turn_back().await?;
        }
    }
    done
}

async fn find<T: Trips>(trips: &T, pace: Pace, move_id: i64) -> Result<Run<'_, T>, Error> {
    let statements = vec![ledger::find(move_id), ledger::heads(move_id)];
    let mut rows = trips.ledger(statements).await?.into_iter();
    let found = rows.next().into_iter().flatten().next();
    let it = Move::of(&found.ok_or_else(nothing)?)?;
    let heads = rows.flatten().map(|row| {
        let sequence = row.integer("sequence")?;
        Ok((row.text("database")?, sequence))
    });
    Ok(Run {
        trips,
        pace,
        it,
        heads: heads.collect::<Result<_, Error>>()?,
    })
}

pub(super) struct Run<'a, T> {
    pub(super) trips: &'a T,
    pub(super) pace: Pace,
    pub(super) it: Move,
    /// How far the databases have come, as far as the ledger knows.
    pub(super) heads: Vec<(String, i64)>,
}

impl<T: Trips> Run<'_, T> {
    async fn go_on(self) -> Result<Move, Error> {
        match self.it.phase.as_str() {
            "draining" => self.drain().await,
            "counting" => self.count().await,
            "clearing" => self.clear().await,
            "copying" => self.copy().await,
            "comparing" => self.compare().await,
            "flipping" => self.flip().await,
            "opening" => self.open().await,
            "deleting" => self.delete().await,
            "returning" => self.turn_back().await,
            _ => Ok(self.it),
        }
    }

    /// Runs statements in a database, unless it was restored: then the move waits until that is undone.
    pub(super) async fn send(
        &self,
        database: Database,
        statements: Vec<Statement>,
    ) -> Result<Rows<T::Row>, Error> {
        let name = database.to_string();
        let heard = match self.heads.iter().find(|(known, _)| *known == name) {
            Some((_, sequence)) => *sequence,
            None => hear(self.trips, database).await?,
        };
        let fenced = [vec![state::fence(heard)], statements].concat();
        let mut rows = self.trips.run(database, fenced).await?;
        Ok(rows.split_off(1))
    }

    /// Runs a statement, and looks what the database then does for the partner.
    pub(super) async fn send_and_look(
        &self,
        database: Database,
        statements: impl Into<Vec<Statement>>,
    ) -> Result<Here, Error> {
        let mut statements = statements.into();
        statements.push(sql::here(self.it.partner_id));
        let last = statements.len() - 1;
        Here::of(first(self.send(database, statements).await?, last))
    }

    /// The statements run in the ledger, which then tells how far the move is.
    pub(super) async fn note(&self, mut statements: Vec<Statement>) -> Result<Move, Error> {
        statements.push(ledger::find(self.it.move_id));
        let last = statements.len() - 1;
        let row = first(self.trips.ledger(statements).await?, last);
        Move::of(&row.ok_or_else(nothing)?)
    }

    pub(super) async fn advance(&self, to: &Advance) -> Result<Move, Error> {
        self.note(vec![self.advanced(to)]).await
    }

    pub(super) fn advanced(&self, to: &Advance) -> Statement {
        ledger::advance(self.it.move_id, self.it.step, to, &self.trips.now())
    }

    /// A database was found to be other than the ledger has it. Either somebody else has gone on meanwhile, or it needs a
    /// person.
    pub(super) async fn astray(&self, what: &str) -> Result<Move, Error> {
        let now = self.note(Vec::new()).await?;
        if now.step != self.it.step {
            return Ok(now);
        }
        let Move { move_id, phase, .. } = &self.it;
        Err(Error::Internal(format!("move {move_id}, {phase}: {what}")))
    }
}

pub(super) fn nothing() -> Error {
    Error::Internal("a row of a move is missing".to_owned())
}
