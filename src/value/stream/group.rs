//! Consumer groups.

/// The consumer groups of a stream.
#[derive(Clone, Debug, Default)]
pub struct Groups {}

impl Groups {
    /// How many groups there are.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many allocations freeing them takes, about.
    #[must_use]
    pub fn free_effort(&self) -> usize {
        0
    }

    /// Bytes that they take, as [`crate::value::Collection::memory`].
    #[must_use]
    pub fn memory(&self, _samples: usize) -> usize {
        0
    }
}
