//! Shows how far a long command is: in a terminal in one line that changes, elsewhere in a line for each tenth.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use crate::consent::grouped;

/// The width of the bar in characters.
const WIDTH: i64 = 30;

/// The parts after each of which a line is written where there is no terminal.
const PARTS: i64 = 10;

/// The progress of a command.
pub struct Progress {
    /// What is done with the things, such as "customers erased".
    what: String,
    began: Instant,
    /// What was done when this began. A command that goes on with earlier work begins in the middle.
    first: i64,
    part: Option<i64>,
    is_terminal: bool,
}

impl Progress {
    /// Nothing was shown yet.
    pub fn new() -> Self {
        Self {
            what: String::new(),
            began: now(),
            first: 0,
            part: None,
            is_terminal: io::stderr().is_terminal(),
        }
    }

    /// Shows that of some things so many are done. Another `what` begins anew.
    pub fn show(&mut self, what: &str, done: i64, of: i64) {
        if self.what != what {
            *self = Self {
                what: what.to_owned(),
                first: done,
                ..Self::new()
            };
        }
        let of = of.max(done);
        let part = done.saturating_mul(PARTS) / of.max(1);
        let is_new = self.part.replace(part) != Some(part);
        let counts = format!("{} of {} {what}", grouped(done), grouped(of));
        let left = left(self.began.elapsed(), done - self.first, of - done);
        let left = left
            .map(|left| format!(", {left} left"))
            .unwrap_or_default();
        if self.is_terminal {
            let end = if done == of { "\n" } else { "" };
            // The last sequence clears what a longer line has left.
            eprint!("\r{} {counts}{left}\x1b[K{end}", bar(done, of));
        } else if is_new || done == of {
            eprintln!("{counts}{left}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the command runs on the host")]
fn now() -> Instant {
    Instant::now()
}

fn bar(done: i64, of: i64) -> String {
    let full = done.saturating_mul(WIDTH) / of.max(1);
    let mark = |at| if at < full { '#' } else { '.' };
    (0..WIDTH).map(mark).collect()
}

/// How long the rest takes if it goes on as it went. `None` if nothing is left, or nothing is done yet.
fn left(elapsed: Duration, done: i64, rest: i64) -> Option<String> {
    let done = u64::try_from(done).ok().filter(|done| *done > 0)?;
    let rest = u64::try_from(rest).ok().filter(|rest| *rest > 0)?;
    let millis = u64::try_from(elapsed.as_millis()).ok()?;
    let seconds = millis.saturating_mul(rest) / done / 1_000;
    Some(match seconds {
        0..120 => format!("about {} s", seconds.max(1)),
        120..7_200 => format!("about {} min", seconds / 60),
        _ => format!("about {} h", seconds / 3_600),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_is_estimated_from_what_was_done() {
        let ten = Duration::from_secs(10);
        for (done, rest, expected) in [
            (0, 5, None),
            (5, 0, None),
            (100, 50, Some("about 5 s")),
            (1_000, 1, Some("about 1 s")),
            (1, 60, Some("about 10 min")),
            (1, 3_600, Some("about 10 h")),
        ] {
            assert_eq!(left(ten, done, rest).as_deref(), expected, "{done} {rest}");
        }
    }

    #[test]
    fn the_bar_is_empty_at_the_beginning_and_full_at_the_end() {
        assert_eq!(bar(0, 10), ".".repeat(30));
        assert_eq!(bar(5, 10), format!("{}{}", "#".repeat(15), ".".repeat(15)));
        assert_eq!(bar(10, 10), "#".repeat(30));
        assert_eq!(bar(0, 0), ".".repeat(30));
    }
}
