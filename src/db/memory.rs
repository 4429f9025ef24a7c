//! An isolate's memory between requests: a bounded map whose entries age.

/// A map from a text to a value and the value's time, in milliseconds since 1970. A lookup scans all entries: for a
/// thousand of them, that is faster than any I/O.
#[derive(Debug)]
pub struct Memory<V> {
    max: usize,
    life: i64,
    /// The oldest insertion comes first.
    entries: Vec<(String, i64, V)>,
}

impl<V: Clone> Memory<V> {
    /// Makes a memory for at most `max` entries. Each is young for `life` milliseconds.
    pub const fn new(max: usize, life: i64) -> Self {
        Self {
            max,
            life,
            entries: Vec::new(),
        }
    }

    /// The value of a text, if it is still young.
    pub fn young(&self, now: i64, key: &str) -> Option<V> {
        let (_, at, value) = self.entries.iter().find(|(known, ..)| known == key)?;
        is_young(*at, now, self.life).then(|| value.clone())
    }

    /// Whether the memory has a text, at any age.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, ..)| known == key)
    }

    /// Stores a value, unless the memory has a later one: a slow read may finish after a newer value is stored. Returns
    /// the value that the memory then has. If the memory is full, the oldest insertion is dropped.
    pub fn put(&mut self, key: &str, at: i64, value: V) -> V {
        let known = self.entries.iter().position(|(known, ..)| known == key);
        let known = known.map(|place| self.entries.remove(place));
        let latest = match known {
            Some((_, known_at, known)) if known_at > at => (key.to_owned(), known_at, known),
            _ => (key.to_owned(), at, value),
        };
        if self.entries.len() >= self.max {
            self.entries.remove(0);
        }
        self.entries.push(latest.clone());
        latest.2
    }

    /// Removes a text.
    pub fn forget(&mut self, key: &str) {
        self.entries.retain(|(known, ..)| known != key);
    }
}

/// How far another clock may be ahead of ours, in milliseconds.
pub const SKEW_MS: i64 = 5_000;

/// Whether a value of the time `at` is younger than `life` milliseconds at `now`. `at` may be later than `now` by at most
/// [`SKEW_MS`], because it may come from another clock.
pub fn is_young(at: i64, now: i64, life: i64) -> bool {
    (-SKEW_MS..life).contains(&now.saturating_sub(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_young_for_its_life() {
        let mut memory = Memory::new(2, 1_000);
        memory.put("a", 5_000, 'a');
        for (now, expected) in [
            (-1, None),
            (0, Some('a')),
            (4_990, Some('a')),
            (5_000, Some('a')),
            (5_999, Some('a')),
            (6_000, None),
            (i64::MAX, None),
        ] {
            assert_eq!(memory.young(now, "a"), expected, "{now}");
        }
        assert_eq!(memory.young(5_000, "b"), None);
        // The memory keeps an entry that is no longer young.
        assert!(memory.has("a") && !memory.has("b"));
        memory.put("a", 6_000, 'A');
        assert_eq!(memory.young(6_999, "a"), Some('A'));
    }

    #[test]
    fn of_too_many_the_one_that_was_put_there_first_is_forgotten() {
        let mut memory = Memory::new(3, 1_000);
        for (at, key) in (0..).zip(["a", "b", "c", "a", "d"]) {
            memory.put(key, at, at);
        }
        // The second insertion of "a" made "b" the oldest.
        let left = ["a", "b", "c", "d"].map(|key| memory.young(10, key));
        assert_eq!(left, [Some(3), None, Some(2), Some(4)]);
        for n in 0..1_000 {
            memory.put(&n.to_string(), n, n);
        }
        assert_eq!(memory.entries.len(), 3);
        assert_eq!(memory.young(1_000, "997"), Some(997));
    }

    #[test]
    fn what_was_read_earlier_does_not_replace_what_was_read_later() {
        let mut memory = Memory::new(3, 1_000);
        assert_eq!(memory.put("a", 20, "later"), "later");
        assert_eq!(memory.put("a", 10, "earlier"), "later");
        assert_eq!(memory.young(1_015, "a"), Some("later"));
        assert_eq!(memory.put("a", 20, "as late"), "as late");
    }

    #[test]
    fn what_is_forgotten_is_gone_and_nothing_else() {
        let mut memory = Memory::new(3, 1_000);
        memory.put("a", 0, ());
        memory.put("b", 0, ());
        memory.forget("a");
        assert!(!memory.has("a") && memory.has("b"));
    }
}
