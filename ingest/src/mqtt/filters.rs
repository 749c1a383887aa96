//! What the broker holds for us, and what it should: filters of an earlier configuration must go.

/// The filters of a session.
///
/// A broker cannot be asked what it holds. So the first connection of a process always subscribes, even into a
/// session that is present: the process before may have died between connecting and subscribing.
#[derive(Debug)]
pub(super) struct Filters {
    wanted: Vec<String>,
    /// What earlier runs asked for and this one does not.
    former: Vec<String>,
    /// Answers that the broker still owes.
    owed: usize,
    is_settled: bool,
}

/// What has to be said on a new connection.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ask<'f> {
    pub(super) subscribe: &'f [String],
    pub(super) unsubscribe: &'f [String],
}

impl Filters {
    /// `former` are those of earlier runs, as far as they are known.
    pub(super) fn new(wanted: Vec<String>, former: Vec<String>) -> Self {
        let former = former.into_iter().filter(|filter| !wanted.contains(filter)).collect();
        Self { wanted, former, owed: 0, is_settled: false }
    }

    /// What to say on a connection, whose session is an earlier one or new; nothing when that holds it all.
    pub(super) fn connected(&mut self, has_session: bool) -> Ask<'_> {
        if has_session && self.is_settled {
            return Ask::default();
        }
        self.is_settled = false;
        let unsubscribe: &[String] = if has_session { &self.former } else { &[] };
        self.owed = 1 + unsubscribe.len();
        Ask { subscribe: &self.wanted, unsubscribe }
    }

    /// Takes an answer; true when everything is as it should be. A refusal never is: the next connection asks again.
    pub(super) fn answered(&mut self, is_refused: bool) -> bool {
        if is_refused {
            return false;
        }
        self.owed = self.owed.saturating_sub(1);
        self.is_settled = self.owed == 0;
        if self.is_settled {
            self.former.clear();
        }
        self.is_settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_first_connection_subscribes_and_lets_go_what_is_no_longer_wanted() {
        let mut filters = Filters::new(texts(&["a", "b"]), texts(&["b", "c"]));
        let ask = filters.connected(true);
        assert_eq!((ask.subscribe, ask.unsubscribe), (&texts(&["a", "b"])[..], &texts(&["c"])[..]));
        assert!(!filters.answered(false) && filters.answered(false));
        assert_eq!(filters.connected(true), Ask::default(), "the session holds it");
        assert_eq!(filters.connected(false), Ask { subscribe: &texts(&["a", "b"]), unsubscribe: &[] });
    }

    #[test]
    fn what_was_not_answered_or_was_refused_is_asked_again() {
        let mut filters = Filters::new(texts(&["a"]), texts(&["c"]));
        filters.connected(true);
        assert!(!filters.answered(false));
        assert_eq!(filters.connected(true).unsubscribe, texts(&["c"]), "the connection broke in between");
        filters.answered(false);
        filters.answered(true);
        assert_eq!(filters.connected(true).subscribe, texts(&["a"]));
    }
}
