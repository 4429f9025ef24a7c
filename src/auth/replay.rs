//! Refuses a digest that was used before. Pure.
//!
//! Whoever reads a request on its way can send it again while its nonce is good, five minutes long. TLS keeps others from
//! reading it. This is a second line: it covers an isolate's last few thousand digests. It does not cover another
//! isolate, nor what came after the same place of the table was taken by another digest.

/// How many digests an isolate remembers, at most: 8 bytes each, 256 KB. A digest has one place, by its fingerprint, and
/// takes it from the one before.
const PLACES: usize = 32_768;

/// The digests that were used, by their fingerprints.
#[derive(Debug, Default)]
pub struct Used(Vec<u64>);

impl Used {
    /// None was used. Takes no memory yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Marks a digest as used. Says whether this is its first use, as far as is known.
    pub fn is_first(&mut self, fingerprint: u64) -> bool {
        self.0.resize(PLACES, 0);
        let place = usize::try_from(fingerprint % PLACES as u64);
        let place = place.ok().and_then(|place| self.0.get_mut(place));
        place.is_none_or(|used| std::mem::replace(used, fingerprint) != fingerprint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_used_once_and_the_memory_is_bounded() {
        let mut used = Used::new();
        let places = PLACES as u64;
        assert!(used.is_first(7) && used.is_first(8));
        assert!(!used.is_first(7) && !used.is_first(8) && !used.is_first(7));
        // Another digest takes the place.
        assert!(used.is_first(7 + places));
        assert!(used.is_first(7));
        for n in 1..200_000 {
            used.is_first(n);
        }
        assert_eq!(used.0.len(), PLACES);
    }
}
