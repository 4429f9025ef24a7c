//! What talks to workerd. It is compiled for wasm32 alone; everything that a host program or a host test needs stands in
//! the pure modules.

pub mod assets;
pub mod bindings;
pub mod body;
pub mod clock;
pub mod d1;
pub mod health;
pub mod log;
pub mod random;
pub mod reply;
pub mod serve;
pub mod site;
