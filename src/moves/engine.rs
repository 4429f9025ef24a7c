//! The steps of a move.

use base16ct::lower::encode_string;
use sha2::{Digest, Sha256};

use super::ledger::{self, Advance};
use super::pages::{self, Cursor, Pace};
use super::parts::{PARTS, Part};
use super::{leaving, sql};
use crate::db::audit::{Actor, Context, Record};
use crate::db::batch::Steps;
use crate::db::sql::Statement;
use crate::erasure::steps::Work;
use crate::http::error::{Error, Fault};
use crate::http::json::Json;
use crate::ledger::replay::{allot, close, hear, record};
use crate::ledger::sql::doors as keep_doors;
use crate::ledger::state;
use crate::ledger::trips::{Row, Rows, Trips, first};
use crate::partners::placement::Database;

/// The phases in their order; the last one ends a move that a restore has made void.
pub const PHASES: [&str; 10] = [
    "draining",
    "counting",
    "clearing",
    "copying",
    "comparing",
    "flipping",
    "opening",
    "deleting",
    "complete",
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
    step: i64,
    passage: i64,
    part: String,
    place: String,
    hash: String,
    rows: i64,
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
    fn to(&self, phase: &'static str) -> Advance {
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

/// Begins to move a partner, or finds the move that is unfinished, or that has brought it there.
///
/// # Errors
/// 400 if the partner lives there and has not moved there last; 409 while it moves elsewhere; 503 if the ledger does not
/// answer. That there is such a partner and such a database is seen to by the caller.
pub async fn begin(trips: &impl Trips, username: &str, target: Database) -> Result<Move, Error> {
    let statements = vec![
        ledger::begin(username, target, &trips.now()),
        ledger::last(username),
    ];
    let last = first(trips.ledger(statements).await?, 1);
    let last = last.map(|row| Move::of(&row)).transpose()?;
    match last {
        Some(last) if last.target == target && last.phase != "abandoned" => Ok(last),
        Some(last) if !last.is_over() => {
            let message = format!("the partner moves to {}: finish that first", last.target);
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

/// The moves that are unfinished, by their ids.
///
/// # Errors
/// 503 if the ledger does not answer.
pub async fn unfinished(trips: &impl Trips) -> Result<Vec<i64>, Error> {
    let rows = trips.ledger(vec![ledger::unfinished()]).await?;
    let rows = rows.into_iter().flatten();
    rows.map(|row| row.integer("move_id")).collect()
}

/// What a database does for the partner: see [`sql::here`].
struct Here {
    serves: String,
    passage: i64,
    leaves: bool,
}

impl Here {
    fn of<R: Row>(row: Option<R>) -> Result<Self, Error> {
        let row = row.ok_or_else(nothing)?;
        Ok(Self {
            serves: row.text("serves")?,
            passage: row.integer("passage")?,
            leaves: row.integer("leaves")? == 1,
        })
    }

    fn is(&self, serves: &str, passage: i64) -> bool {
        self.serves == serves && self.passage == passage
    }
}

/// A page of one side.
struct Page {
    lines: String,
    count: i64,
    /// Where the next page begins; `None` after the last one.
    next: Option<String>,
}

/// Does the next step of a move, and returns how far it then is: perhaps further, if somebody else is at it too.
///
/// # Errors
/// 503 if a database does not answer or was restored: a repeat goes on. 500 if a database does not have what it must have:
/// nothing goes on then until somebody has looked.
pub async fn step(trips: &impl Trips, pace: Pace, move_id: i64) -> Result<Move, Error> {
    let statements = vec![ledger::find(move_id), ledger::heads(move_id)];
    let mut rows = trips.ledger(statements).await?.into_iter();
    let found = rows.next().into_iter().flatten().next();
    let it = Move::of(&found.ok_or_else(nothing)?)?;
    let heads = rows.flatten().map(|row| {
        let sequence = row.integer("sequence")?;
        Ok((row.text("database")?, sequence))
    });
    let run = Run {
        trips,
        pace,
        it,
        heads: heads.collect::<Result<_, Error>>()?,
    };
    match run.it.phase.as_str() {
        "draining" => run.drain().await,
        "counting" => run.count().await,
        "clearing" => run.clear().await,
        "copying" => run.copy().await,
        "comparing" => run.compare().await,
        "flipping" => run.flip().await,
        "opening" => run.open().await,
        "deleting" => run.delete().await,
        _ => Ok(run.it),
    }
}

struct Run<'a, T> {
    trips: &'a T,
    pace: Pace,
    it: Move,
    /// How far the databases have come, as far as the ledger knows.
    heads: Vec<(String, i64)>,
}

impl<T: Trips> Run<'_, T> {
    /// Runs statements in a database, unless it was restored: then the move waits until that is undone.
    async fn send(
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
    async fn send_and_look(
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
    async fn note(&self, mut statements: Vec<Statement>) -> Result<Move, Error> {
        statements.push(ledger::find(self.it.move_id));
        let last = statements.len() - 1;
        let row = first(self.trips.ledger(statements).await?, last);
        Move::of(&row.ok_or_else(nothing)?)
    }

    async fn advance(&self, to: &Advance) -> Result<Move, Error> {
        self.note(vec![self.advanced(to)]).await
    }

    fn advanced(&self, to: &Advance) -> Statement {
        ledger::advance(self.it.move_id, self.it.step, to, &self.trips.now())
    }

    /// A database was found to be other than the ledger has it. Either somebody else has gone on meanwhile, or it needs a
    /// person.
    async fn astray(&self, what: &str) -> Result<Move, Error> {
        let now = self.note(Vec::new()).await?;
        if now.step != self.it.step {
            return Ok(now);
        }
        let Move { move_id, phase, .. } = &self.it;
        Err(Error::Internal(format!("move {move_id}, {phase}: {what}")))
    }

    async fn drain(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
            ..
        } = self.it;
        let statements = vec![
            sql::fence(partner_id, passage),
            sql::here(partner_id),
            sql::work(partner_id),
            sql::outbox(partner_id),
        ];
        let mut rows = self.send(source, statements).await?.into_iter().skip(1);
        let here = Here::of(rows.next().into_iter().flatten().next())?;
        if here.serves.is_empty() || here.serves == "nothing" {
            let away = sql::send_away(partner_id, passage);
            self.send(target, away.into()).await?;
            return self.advance(&self.it.to("abandoned")).await;
        }
        if !here.is("reads", passage) {
            return self.astray("the source serves the partner").await;
        }
        if let Some(work) = rows.next().into_iter().flatten().next() {
            let work = Work::of(work.integer("id")?, work.integer("n")?);
            let step = work.step(&self.trips.now());
            self.send(source, step.statements).await?;
            return Ok(self.it);
        }
        let mut is_recorded = true;
        for row in rows.flatten() {
            let entry = row.text("entry")?;
            let kept = record(self.trips, source, &entry).await?;
            close(self.trips, source, &entry, &kept).await?;
            is_recorded = false;
        }
        match is_recorded {
            true => self.advance(&self.it.to("counting")).await,
            false => Ok(self.it),
        }
    }

    async fn count(self) -> Result<Move, Error> {
        let cursor = Cursor::of(&self.it.place);
        let count = pages::count(self.it.partner_id, &cursor, self.pace);
        let counted = first(self.send(self.it.source, vec![count]).await?, 0);
        let counted = counted.ok_or_else(nothing)?;
        let more = counted.integer("customers")? + counted.integer("records")?;
        let place = counted.text("rest")?;
        let phase = if place.is_empty() {
            "clearing"
        } else {
            "counting"
        };
        let to = Advance {
            place,
            total: self.it.total + more,
            ..self.it.to(phase)
        };
        self.advance(&to).await
    }

    async fn clear(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            target,
            ..
        } = self.it;
        let mut steps = Steps::default();
        steps.extend(sql::send_away(partner_id, passage));
        leaving::step(&mut steps, partner_id, self.pace);
        steps.add(sql::take_in(partner_id, &self.it.username, passage));
        let here = self
            .send_and_look(target, steps.named(()).statements)
            .await?;
        match here {
            here if here.leaves => Ok(self.it),
            here if here.is("nothing", passage) => {
                // Every id of the partner was given before: the target's next ones are above them.
                allot(self.trips, target, 0, true).await?;
                self.advance(&self.it.to("copying")).await
            }
            _ => self.astray("the target serves the partner").await,
        }
    }

    /// Reads the page at which the move is from one side; `None` if that side is no longer what it must be.
    async fn page(
        &self,
        database: Database,
        part: &Part,
        serves: &str,
    ) -> Result<Option<Page>, Error> {
        let Move {
            partner_id,
            passage,
            place,
            ..
        } = &self.it;
        let statements = vec![
            sql::here(*partner_id),
            pages::page(part, *partner_id, &Cursor::of(place), self.pace),
        ];
        let mut rows = self.send(database, statements).await?.into_iter().flatten();
        if !Here::of(rows.next())?.is(serves, *passage) {
            return Ok(None);
        }
        let row = rows.next().ok_or_else(nothing)?;
        let (count, size) = (row.integer("count")?, row.integer("size")?);
        let is_full = count >= self.pace.rows || size >= self.pace.chars;
        let next = row.text(if is_full { "place" } else { "rest" })?;
        Ok(Some(Page {
            lines: row.text("lines")?,
            count,
            next: Some(next).filter(|next| !next.is_empty()),
        }))
    }

    async fn copy(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
            ..
        } = self.it;
        let part = Part::of(&self.it.part).ok_or_else(nothing)?;
        let Some(page) = self.page(source, part, "reads").await? else {
            return self.astray("the source does not serve reads").await;
        };
        if page.count > 0 {
            let insert = pages::insert(part, partner_id, passage, &page.lines);
            let here = self.send_and_look(target, vec![insert]).await?;
            if here.leaves || !here.is("nothing", passage) {
                return self.astray("the target does not take the partner in").await;
            }
        }
        let to = self.after(part, &page, "copying", "comparing");
        self.advance(&to).await
    }

    async fn compare(self) -> Result<Move, Error> {
        let Move { source, target, .. } = self.it;
        let part = Part::of(&self.it.part).ok_or_else(nothing)?;
        let Some(page) = self.page(source, part, "reads").await? else {
            return self.astray("the source does not serve reads").await;
        };
        let Some(other) = self.page(target, part, "nothing").await? else {
            return self.astray("the target does not take the partner in").await;
        };
        if page.lines != other.lines || page.next != other.next {
            let anew = ledger::begin_anew(self.it.move_id, self.it.step, &self.trips.now());
            return self.note(vec![anew]).await;
        }
        let mut hash = Sha256::new();
        hash.update(self.it.hash.as_bytes());
        hash.update(page.lines.as_bytes());
        let hash = encode_string(&hash.finalize());
        let rows = self.it.rows + page.count;
        let mut to = self.after(part, &page, "comparing", "flipping");
        if to.part == part.name {
            (to.hash, to.rows) = (hash, rows);
        } else {
            let compared = Json::object([
                ("table", part.name.into()),
                ("rows", rows.into()),
                ("sha256", hash.into()),
            ]);
            let mut tables = Json::parse(self.it.tables.as_bytes()).unwrap_or(Json::Null);
            if let Json::List(tables) = &mut tables {
                tables.push(compared);
            }
            to.tables = tables.to_string();
        }
        self.advance(&to).await
    }

    /// Where the move is after a page.
    fn after(&self, part: &Part, page: &Page, phase: &'static str, then: &'static str) -> Advance {
        let more = if part.is_counted { page.count } else { 0 };
        let name = match (&page.next, part.next()) {
            (Some(_), _) => part.name,
            (None, Some(next)) => next.name,
            (None, None) => return self.it.to(then),
        };
        Advance {
            part: name.to_owned(),
            place: page.next.clone().unwrap_or_default(),
            done: self.it.done + more,
            ..self.it.to(phase)
        }
    }

    async fn flip(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
            ref username,
            ..
        } = self.it;
        let row = self
            .send(source, vec![sql::row(partner_id, passage)])
            .await?;
        let Some(row) = first(row, 0) else {
            return self.astray("the source does not serve reads").await;
        };
        let (name, country) = (row.text("name")?, row.text("country")?);
        let customers = row.integer("customers")?;
        let reads = sql::serve_reads(partner_id, passage, &name, &country, customers);
        if !self
            .send_and_look(target, vec![reads])
            .await?
            .is("reads", passage)
        {
            return self.astray("the target does not take the partner in").await;
        }
        let now = self.trips.now();
        let audit = Context {
            now: &now,
            request_id: "",
            actor: Actor::Service(partner_id),
            login: "",
        };
        let mut steps = Steps::default();
        let entry = audit.entry(
            "change",
            "partners",
            Record::Partner,
            vec!["database".into()],
        );
        steps.change(sql::flip(partner_id, passage, &target.to_string()), entry);
        steps.add(state::count_doors());
        let doors = steps.add(state::doors(username));
        let doors = self
            .send(Database::DIRECTORY, steps.named(()).statements)
            .await
            .map(|rows| first(rows, doors.index()))?;
        let doors = doors.ok_or_else(nothing)?.text("doors")?;
        // The ledger learns both at once: where the partner lives, and that there is no way back.
        let mut statements = keep_doors(&doors).statements;
        statements.push(self.advanced(&self.it.to("opening")));
        self.note(statements).await
    }

    async fn open(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
            ..
        } = self.it;
        let here = self
            .send_and_look(source, vec![sql::close(partner_id, passage)])
            .await?;
        if here.serves == "reads" || here.serves == "all" {
            return self.astray("the source serves the partner").await;
        }
        let all = sql::serve_all(partner_id, passage);
        if !self
            .send_and_look(target, vec![all])
            .await?
            .is("all", passage)
        {
            return self.astray("the target has lost the partner").await;
        }
        self.advance(&self.it.to("deleting")).await
    }

    async fn delete(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            ..
        } = self.it;
        let mut steps = Steps::default();
        steps.add(sql::leave(partner_id, passage));
        let left = leaving::step(&mut steps, partner_id, self.pace);
        let here = steps.add(sql::here(partner_id));
        let rows = self.send(source, steps.named(()).statements).await?;
        let mut done = self.it.done;
        for at in left.deleted {
            let changed = rows.get(at.index()).and_then(|rows| rows.first());
            done += changed.map_or(Ok(0), |row| row.integer("changed"))?;
        }
        let here = Here::of(first(rows, here.index()))?;
        let phase = match here.serves.is_empty() && !here.leaves {
            true => "complete",
            false => "deleting",
        };
        let to = Advance {
            done,
            ..self.it.to(phase)
        };
        self.advance(&to).await
    }
}

fn nothing() -> Error {
    Error::Internal("a row of a move is missing".to_owned())
}
