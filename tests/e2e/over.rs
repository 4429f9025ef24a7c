//! The end of what a thread does until another one is ready.

use std::sync::atomic::{AtomicBool, Ordering};

/// Sets the flag when it is dropped. A panic drops it too: else the thread that waits for the flag would go on, and its scope
/// would wait for it.
pub struct Over<'a>(pub &'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
