//! The names under which requests are counted, as small numbers.
//!
//! In:  the names of a plan. Out: a [`NameId`] for each; past [`MAX_NAMES`] they share [`OTHER`]. Names that we make up
//! ourselves (a request's redirects) come after all of the plan's and take no place from them.

use std::collections::HashMap;

/// Most names that are counted apart.
pub(crate) const MAX_NAMES: usize = 500;

/// Under which everything beyond is counted.
pub(crate) const OTHER: &str = "(other)";

/// A name, by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NameId(pub(crate) u16);

/// All names of a run. Fixed before it starts, so that counting needs no lock for them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    names: Vec<String>,
    ids: HashMap<String, NameId>,
    folded: usize,
}

impl Names {
    /// The number of a name, given out on first sight.
    pub(crate) fn intern(&mut self, name: &str) -> NameId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        self.folded += usize::from(self.is_full());
        self.place(name)
    }

    /// The same for a name that the plan does not know of. Folding it is worth no warning: most redirects never happen.
    pub(crate) fn intern_own(&mut self, name: &str) -> NameId {
        match self.ids.get(name) {
            Some(id) => *id,
            None => self.place(name),
        }
    }

    fn place(&mut self, name: &str) -> NameId {
        let id = match self.ids.get(OTHER) {
            _ if !self.is_full() => self.push(name),
            Some(id) => *id,
            None => self.push(OTHER),
        };
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn is_full(&self) -> bool {
        self.names.len() >= MAX_NAMES
    }

    /// The name behind a number.
    pub(crate) fn name(&self, id: NameId) -> &str {
        self.names.get(usize::from(id.0)).map_or(OTHER, String::as_str)
    }

    /// How many names were folded into [`OTHER`].
    pub(crate) const fn folded(&self) -> usize {
        self.folded
    }

    fn push(&mut self, name: &str) -> NameId {
        // At most MAX_NAMES + 1 names, so the number always fits.
        let id = NameId(u16::try_from(self.names.len()).unwrap_or(u16::MAX));
        self.names.push(name.to_owned());
        self.ids.insert(name.to_owned(), id);
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn past_five_hundred_names_the_rest_is_counted_together() {
        let mut names = Names::default();
        let ids: Vec<NameId> = (0..600).map(|i| names.intern(&format!("r{i}"))).collect();
        assert_eq!(names.name(ids[499]), "r499");
        assert_eq!(names.name(ids[500]), OTHER);
        assert_eq!(ids[500], ids[599]);
        assert_eq!(names.folded(), 100);
        assert_eq!(names.intern("r3"), ids[3]);
    }

    #[test]
    fn names_of_our_own_fold_without_a_word() {
        let mut names = Names::default();
        let ids: Vec<NameId> = (0..300).map(|i| names.intern(&format!("r{i}"))).collect();
        let own: Vec<NameId> = (0..300).map(|i| names.intern_own(&format!("r{i} [redirect]"))).collect();
        assert_eq!((names.name(ids[299]), names.name(own[199])), ("r299", "r199 [redirect]"));
        assert_eq!((names.name(own[200]), names.folded()), (OTHER, 0));
    }
}
