//! The steps of a move until both sides are the same.

use base16ct::lower::encode_string;
use sha2::{Digest, Sha256};

use super::engine::{Here, Move, Page, Run, expect_room, nothing};
use super::ledger::{self, Advance};
use super::pages::{self, Cursor};
use super::parts::Part;
use super::{leaving, sql};
use crate::db::batch::Steps;
use crate::erasure::steps::Work;
use crate::http::error::Error;
use crate::http::json::Json;
use crate::ledger::replay::{allot, close, record};
use crate::ledger::trips::{Row, Trips, first};
use crate::partners::placement::Database;

impl<T: Trips> Run<'_, T> {
    pub(super) async fn drain(self) -> Result<Move, Error> {
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
            let at = self.trips.now();
            let mut statements = work.step(&at, self.pace.rows).statements;
            statements.extend(work.finish(&at));
            self.send(source, statements).await?;
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

    pub(super) async fn count(self) -> Result<Move, Error> {
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

    pub(super) async fn clear(self) -> Result<Move, Error> {
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
        let here = Here::of(rows.next())?;
        if !here.is(serves, *passage) {
            return Ok(None);
        }
        let row = rows.next().ok_or_else(nothing)?;
        let (count, size) = (row.integer("count")?, row.integer("size")?);
        let is_full = count >= self.pace.rows || size >= self.pace.chars;
        let next = row.text(if is_full { "place" } else { "rest" })?;
        Ok(Some(Page {
            lines: row.text("lines")?,
            count,
            customers: here.customers,
            next: Some(next).filter(|next| !next.is_empty()),
        }))
    }

    pub(super) async fn copy(self) -> Result<Move, Error> {
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
            expect_room(self.trips, target, partner_id, page.customers).await?;
            let statements = vec![
                sql::expect(partner_id, passage, page.customers),
                pages::insert(part, partner_id, passage, &page.lines),
            ];
            let here = self.send_and_look(target, statements).await?;
            if here.leaves || !here.is("nothing", passage) {
                return self.astray("the target does not take the partner in").await;
            }
        }
        let to = self.after(part, &page, "copying", "comparing");
        self.advance(&to).await
    }

    pub(super) async fn compare(self) -> Result<Move, Error> {
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
}
