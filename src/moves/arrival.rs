//! The steps of a move from the flip on.

use super::engine::{Here, Move, Run, nothing};
use super::ledger::Advance;
use super::{leaving, sql};
use crate::db::audit::{Actor, Context, Record};
use crate::db::batch::Steps;
use crate::http::error::Error;
use crate::ledger::sql::doors as keep_doors;
use crate::ledger::state;
use crate::ledger::trips::{Row, Trips, first};
use crate::partners::placement::Database;

/// What a database has answered; `None` if it is full and has refused to write.
fn unless_full<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Err(Error::StorageFull) => Ok(None),
        other => other.map(Some),
    }
}

impl<T: Trips> Run<'_, T> {
    pub(super) async fn flip(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
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
        let doors = self.tell_directory(target).await?;
        // The ledger learns both at once: where the partner lives, and that there is no way back.
        let mut statements = keep_doors(&doors).statements;
        statements.push(self.advanced(&self.it.to("opening")));
        self.note(statements).await
    }

    /// Has the directory say where the partner lives, and returns what lets it in.
    async fn tell_directory(&self, home: Database) -> Result<String, Error> {
        let Move {
            partner_id,
            passage,
            ref username,
            ..
        } = self.it;
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
        steps.change(sql::flip(partner_id, passage, &home.to_string()), entry);
        steps.add(state::count_doors());
        let doors = steps.add(state::doors(username));
        let doors = self
            .send(Database::DIRECTORY, steps.named(()).statements)
            .await
            .map(|rows| first(rows, doors.index()))?;
        doors.ok_or_else(nothing)?.text("doors")
    }

    pub(super) async fn turn_back(self) -> Result<Move, Error> {
        let Move {
            partner_id,
            passage,
            source,
            target,
            ..
        } = self.it;
        let away = sql::send_away(partner_id, passage);
        let away = unless_full(self.send(target, away.into()).await)?;
        if self.send_and_look(target, vec![]).await?.is_served() {
            return self.astray("the target serves the partner").await;
        }
        // Once the directory has heard of this passage, no earlier run of the move leads anybody to the target. If none has
        // before, the target does not serve even now.
        let doors = unless_full(self.tell_directory(source).await)?;
        let home = vec![sql::home(partner_id)];
        let home = first(self.send(Database::DIRECTORY, home).await?, 0).ok_or_else(nothing)?;
        let there = self.send_and_look(target, vec![]).await?;
        if there.is_served() || home.text("home")? != source.to_string() {
            return self.astray("the target serves the partner").await;
        }
        self.send(source, vec![sql::stay(partner_id, passage)])
            .await?;
        let mut statements = doors
            .as_deref()
            .map_or_else(Vec::new, |doors| keep_doors(doors).statements);
        // What a full database has not taken is sent again, until it takes it.
        let is_over = away.is_some() && doors.is_some();
        statements.extend(is_over.then(|| self.advanced(&self.it.to("abandoned"))));
        let now = self.note(statements).await?;
        match is_over {
            true => Ok(now),
            false => Err(Error::StorageFull),
        }
    }

    pub(super) async fn open(self) -> Result<Move, Error> {
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
        if here.is_served() {
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

    pub(super) async fn delete(self) -> Result<Move, Error> {
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
