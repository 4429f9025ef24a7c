//! Orders of events that the random ones have found, or that they meet too seldom.

use super::holds::left_behind;
use super::story::Story;
use super::world::{Last, all};
use crate::http::error::Error;
use crate::ledger::replay::replay;
use crate::ledger::tests::world::{copy, now};
use crate::moves::engine::{Move, PHASES, begin, step, take_turns, unfinished};
use crate::moves::pages::PACE;
use crate::partners::placement::Database;

/// The partner's user name is that of [`Story::new`].
const PARTNER: i64 = 1;

fn story() -> (Story, Database, Database) {
    let mut story = Story::new(7);
    story.create(PARTNER).unwrap();
    let home = all()
        .find(|database| story.serves(*database, PARTNER) == "all")
        .unwrap();
    let target = all().find(|database| *database != home).unwrap();
    (story, home, target)
}

/// Goes on until a phase has begun.
fn until(story: &Story, target: Database, phase: &str) -> Move {
    let mut it = now(begin(&story.world, "partner-1", target)).unwrap();
    while it.phase != phase {
        it = now(step(&story.world, PACE, it.move_id)).unwrap();
    }
    it
}

fn restore(story: &Story, database: Database, earlier: rusqlite::Connection) {
    *story.world.databases[database.index()].borrow_mut() = earlier;
    let isolates = &mut story.world.isolates.borrow_mut();
    isolates
        .iter_mut()
        .for_each(|isolate| *isolate = Default::default());
}

/// The run was cut off when the target served reads and the directory said so, before the ledger knew it.
#[test]
fn a_source_that_was_restored_during_the_flip_is_not_written_to_beside_a_target_that_is_read() {
    let (mut story, home, target) = story();
    let earlier = copy(&story.world.databases[home.index()].borrow());
    story.world.minute().unwrap();
    let it = until(&story, target, "flipping");
    story.world.remain.set(5);
    story.world.last.set(Last::Lost);
    now(step(&story.world, PACE, it.move_id)).unwrap_err();
    story.world.remain.set(u64::MAX);
    assert_eq!(story.serves(target, PARTNER), "reads");

    restore(&story, home, earlier);
    assert!(story.world.is_restored(home));
    story.world.minute().unwrap();
    assert_eq!(story.serves(home, PARTNER), "reads");
    assert!(matches!(story.create(PARTNER), Err(Error::Moving(_))));
    let it = until(&story, target, "complete");
    assert_eq!(it.began_anew, 1);
    story.at_the_end(PARTNER, target);
}

/// A database is taken back to when a partner had not arrived there, or to an earlier stay of the partner.
#[test]
fn a_partner_that_a_restore_has_lost_is_not_served_as_it_was_in_an_earlier_stay() {
    let (mut story, home, target) = story();
    let first_stay = copy(&story.world.databases[home.index()].borrow());
    story.world.minute().unwrap();
    until(&story, target, "complete");
    story.create(PARTNER).unwrap();
    story.erase(PARTNER).unwrap();
    until(&story, home, "complete");
    assert_eq!(story.serves(home, PARTNER), "all");
    story.world.minute().unwrap();

    restore(&story, home, first_stay);
    story.world.minute().unwrap();
    for database in all() {
        assert_eq!(story.serves(database, PARTNER), "nothing", "{database}");
    }
    assert!(matches!(story.create(PARTNER), Err(Error::Moving(_))));
    assert!(matches!(story.follow(PARTNER), Err(Error::Moving(_))));
}

/// The run was cut off when it cleared the target, and what it had sent arrives when the partner lives there.
#[test]
fn what_clears_a_target_deletes_nothing_when_it_arrives_after_the_move() {
    let (mut story, _, target) = story();
    let it = until(&story, target, "clearing");
    story.world.remain.set(2);
    story.world.last.set(Last::Late);
    now(step(&story.world, PACE, it.move_id)).unwrap_err();
    story.world.remain.set(u64::MAX);
    for phase in ["comparing", "complete"] {
        until(&story, target, phase);
        let late = story.world.late.borrow()[0].clone();
        story.world.late.borrow_mut().push(late);
        story.world.arrive(0);
    }
    story.at_the_end(PARTNER, target);
}

#[test]
fn an_erasure_whose_calls_remain_to_be_masked_is_complete_before_the_partner_is_copied() {
    let (mut story, home, target) = story();
    story.call_often(PARTNER).unwrap();
    while story.somebody(PARTNER).is_some() {
        story.erase(PARTNER).unwrap();
    }
    let maskings = "SELECT COUNT(*) AS n FROM maskings";
    assert_eq!(story.world.number(home, maskings), 1);
    until(&story, target, "counting");
    assert_eq!(story.world.number(home, maskings), 0);
    until(&story, target, "complete");
    story.at_the_end(PARTNER, target);
}

#[test]
fn a_move_can_be_turned_back_until_the_flip_and_the_partner_moves_another_time() {
    let (mut story, home, target) = story();
    for phase in &PHASES[..6] {
        until(&story, target, phase);
        let mut it = now(begin(&story.world, "partner-1", home)).unwrap();
        while !it.is_over() {
            it = now(step(&story.world, PACE, it.move_id)).unwrap();
        }
        assert_eq!(it.phase, "abandoned");
        assert_eq!(story.serves(home, PARTNER), "all", "{phase}");
        story.create(PARTNER).unwrap();
        story.world.minute().unwrap();
        assert!(
            left_behind(&story.world, target, PARTNER).is_empty(),
            "{phase}"
        );
        story.at_the_end(PARTNER, home);
    }
    until(&story, target, "opening");
    let late = now(begin(&story.world, "partner-1", home));
    assert!(matches!(late, Err(Error::Conflict(_))));
    until(&story, target, "complete");
    story.at_the_end(PARTNER, target);
}

/// A page that differs is copied again, whichever side has more.
#[test]
fn a_difference_between_both_sides_has_the_move_begin_anew() {
    let (mut story, _, target) = story();
    until(&story, target, "comparing");
    for change in [
        "UPDATE customers SET name = 'x' WHERE partner_id = 1",
        "DELETE FROM custom_fields WHERE partner_id = 1",
        "INSERT INTO custom_fields (partner_id, n) VALUES (1, 20)",
    ] {
        let databases = &story.world.databases;
        databases[target.index()]
            .borrow()
            .execute(change, [])
            .unwrap();
        let before = until(&story, target, "comparing").began_anew;
        let after = until(&story, target, "draining").began_anew;
        assert_eq!(after, before + 1, "{change}");
        until(&story, target, "comparing");
    }
    until(&story, target, "complete");
    story.at_the_end(PARTNER, target);
}

/// Of a partner that lives elsewhere, the operator's change goes to the database with the directory too.
#[test]
fn a_change_by_the_operator_writes_nothing_into_the_database_that_the_partner_moves_to() {
    let (mut story, home, _) = story();
    let away = Database::all().nth(1).unwrap();
    if home != away {
        until(&story, away, "complete");
    }
    until(&story, Database::DIRECTORY, "flipping");
    for _ in 0..3 {
        assert!(matches!(story.put(PARTNER), Err(Error::Moving(_))));
    }
    until(&story, Database::DIRECTORY, "complete");
    story.at_the_end(PARTNER, Database::DIRECTORY);
    for _ in 0..3 {
        story.put(PARTNER).unwrap();
    }
    story.at_the_end(PARTNER, Database::DIRECTORY);
}

/// Has the run of an isolate cut off at the trip with this statement, which then is under way.
fn replay_until(story: &Story, isolate: usize, database: Database, name: &str) {
    let world = &story.world;
    world.at_work.set(isolate);
    world.last.set(Last::Late);
    for trips in 1.. {
        world.remain.set(trips);
        now(replay(world, database)).unwrap_err();
        let late = world.late.borrow_mut().pop().unwrap();
        if late.1.iter().any(|statement| statement.name() == name) {
            world.late.borrow_mut().push(late);
            world.remain.set(u64::MAX);
            return;
        }
    }
}

#[test]
fn a_second_replay_closes_no_partner_that_has_arrived_since_the_first_one() {
    let (mut story, _, target) = story();
    until(&story, target, "comparing");
    let earlier = copy(&story.world.databases[target.index()].borrow());
    story.world.minute().unwrap();
    restore(&story, target, earlier);

    // The first one has told the ledger how far it goes, and the second one hears that.
    replay_until(&story, 0, target, "state::open");
    replay_until(&story, 1, target, "moves::close_away");
    story.world.arrive(0);
    assert!(!story.world.is_restored(target));
    until(&story, target, "complete");
    story.create(PARTNER).unwrap();
    story.world.arrive(0);
    story.world.minute().unwrap();
    story.at_the_end(PARTNER, target);
}

#[test]
fn moves_that_cannot_go_on_keep_no_other_move_waiting() {
    let (mut story, _, target) = story();
    // No database has these partners.
    let stuck = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 40)
         INSERT INTO moves (partner_id, username, source, target, phase, passage, started_at, changed_at)
         SELECT -n, 'nobody', 'DB', 'DB_2', 'opening', 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00' FROM n";
    story.world.ledger.execute_batch(stuck).unwrap();
    let it = now(begin(&story.world, "partner-1", target)).unwrap();
    let mut minutes = 0;
    while now(unfinished(&story.world))
        .unwrap()
        .iter()
        .any(|other| other.move_id == it.move_id)
    {
        story.world.minute().unwrap();
        for move_id in now(take_turns(&story.world, 15)).unwrap() {
            let done = now(step(&story.world, PACE, move_id));
            assert_eq!(done.is_ok(), move_id == it.move_id);
        }
        minutes += 1;
        assert!(minutes < 150, "the move waits for ever");
    }
    story.at_the_end(PARTNER, target);
}

/// However full the target is, the partner's writes and erasures are done again, and nothing of it is left there in the end.
#[test]
fn a_target_without_room_turns_the_move_back_at_any_point_before_the_flip() {
    for target_is_directory in [false, true] {
        for refuses_writes in [false, true] {
            // Once everything is copied, only a database that takes no write stops the move.
            let last = if refuses_writes { 6 } else { 4 };
            for phase in &PHASES[..last] {
                let (mut story, mut home, mut target) = story();
                if (target == Database::DIRECTORY) != target_is_directory {
                    until(&story, target, "complete");
                    (home, target) = (target, home);
                    if (target == Database::DIRECTORY) != target_is_directory {
                        target = all()
                            .find(|it| *it != home && *it != Database::DIRECTORY)
                            .unwrap();
                    }
                }
                let what = format!("{phase}, {home} to {target}, refuses {refuses_writes}");
                let mut it = until(&story, target, phase);
                story.world.full.set(Some((target, 0, refuses_writes)));
                let full = loop {
                    match now(step(&story.world, PACE, it.move_id)) {
                        Ok(done) => it = done,
                        Err(error) => break error,
                    }
                };
                assert!(matches!(full, Error::StorageFull), "{what}: {full:?}");
                assert_eq!(story.serves(home, PARTNER), "all", "{what}");
                // By now every isolate asks anew where the partner lives.
                story.world.time.set(story.world.time.get() + 60);
                story.create(PARTNER).unwrap();
                story.erase(PARTNER).unwrap();
                // The step goes on to fail while the target takes no write, and then ends the move.
                let again = now(step(&story.world, PACE, it.move_id));
                assert_eq!(again.is_err(), refuses_writes, "{what}: {again:?}");
                assert_eq!(story.serves(home, PARTNER), "all", "{what}");
                story.world.full.set(None);
                let over = now(step(&story.world, PACE, it.move_id)).unwrap();
                assert_eq!(over.phase, "abandoned", "{what}");
                story.world.minute().unwrap();
                assert!(
                    left_behind(&story.world, target, PARTNER).is_empty(),
                    "{what}"
                );
                story.at_the_end(PARTNER, home);
            }
        }
    }
}

#[test]
fn a_move_to_a_database_without_room_for_the_partners_customers_does_not_begin() {
    let (mut story, home, target) = story();
    let sum = "SELECT COALESCE(SUM(customers), 0) AS n FROM partners";
    let theirs = format!("{sum} WHERE partner_id = {PARTNER}");
    let others = story.world.number(target, sum);
    let room_for = |story: &Story, more: i64| {
        let customers = story.world.number(home, &theirs);
        let full = Some((target, others + customers + more, false));
        story.world.full.set(full);
    };
    room_for(&story, -1);
    let refused = now(begin(&story.world, "partner-1", target));
    assert!(matches!(refused, Err(Error::StorageFull)));
    assert_eq!(story.serves(home, PARTNER), "all");
    story.create(PARTNER).unwrap();
    room_for(&story, 0);
    // The customers count in the target before they have all arrived.
    until(&story, target, "comparing");
    assert_eq!(
        story.world.number(target, &theirs),
        story.world.number(home, &theirs)
    );
    until(&story, target, "complete");
    story.at_the_end(PARTNER, target);
}
