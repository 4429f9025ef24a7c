//! The code that talks to workerd. It compiles only for wasm32. Everything that a host program or a host test needs is
//! in the pure modules.

pub mod assets;
pub mod bindings;
pub mod body;
pub mod clock;
pub mod d1;
pub mod document;
pub mod health;
pub mod log;
pub mod random;
pub mod reply;
pub mod retry;
pub mod room;
pub mod rows;
pub mod scheduled;
pub mod serve;
pub mod site;
pub mod stream;
pub mod text;
