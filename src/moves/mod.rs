//! Moving a partner from its home to another database, in steps that may be killed anywhere.
//!
//! The ledger knows how far a move has come. Its phases:
//!
//! 1. `draining`: the source serves nothing but reads from now on. What the service itself still has to do for the partner
//!    there is done: calls are masked, ended fields emptied, erasures recorded.
//! 2. `counting`: how much there is to copy.
//! 3. `clearing`: the target deletes what it still has of the partner from an earlier time.
//! 4. `copying`: page by page, in the order of [`parts::PARTS`].
//! 5. `comparing`: the same pages of both sides. If one differs, the move begins anew.
//! 6. `flipping`: the target serves reads, and the directory says that the partner lives there. When the ledger knows
//!    that, the target is the partner's home.
//! 7. `opening`: the source serves nothing, then the target serves all.
//! 8. `deleting`: the source deletes its rows of the partner ([`leaving`]).
//! 9. `complete`.
//!
//! Until the flip the operator can turn it back: then it is `returning`, the source serves all again, and the target deletes what
//! it has. So it is when the target has no room for the partner. Such a move ends as `abandoned`; so does one whose partner a
//! restore has taken from the source.
//!
//! What a database does for a partner stands in its own row there (`partners.serves`), and the fence of every batch looks at
//! it. So a node that has not heard of the move does nothing in the wrong place. Two runners of a move do no harm: each
//! step can be done twice, and the ledger takes the advance of one. Neither does a run that was cut off and whose last
//! statements arrive later: each change asks for the passage that it belongs to ([`sql`]).

mod arrival;
mod copying;
pub mod engine;
pub mod leaving;
pub mod ledger;
pub mod pages;
pub mod parts;
pub mod restored;
pub mod sql;

#[cfg(target_arch = "wasm32")]
pub mod run;

#[cfg(test)]
mod tests;
