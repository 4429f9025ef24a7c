//! Authentication and admission of callers.

pub mod admit;
pub mod basic;
pub mod digest;
pub mod networks;
pub mod replay;
pub mod vouch;

#[cfg(target_arch = "wasm32")]
pub mod cache;
#[cfg(target_arch = "wasm32")]
mod limits;
#[cfg(target_arch = "wasm32")]
pub mod login;
#[cfg(target_arch = "wasm32")]
pub mod seal;
#[cfg(target_arch = "wasm32")]
pub mod secrets;
