//! What the broker holds for us, and what it should: filters of an earlier configuration must go.

use std::collections::VecDeque;

/// The filters of a session.
///
/// A broker cannot be asked what it holds. So the first connection of a process always subscribes, even into a
/// session that is present: the process before may have died between connecting and subscribing.
#[derive(Debug)]
pub(super) struct Filters {
    wanted: Vec<String>,
    /// What earlier runs asked for and this one does not, as long as the broker may hold it.
    former: Vec<String>,
    /// Asked for together and not answered yet, in their order.
    asked: Vec<String>,
    /// Former ones whose end is asked for, one by one, and not answered yet.
    ending: VecDeque<String>,
    /// Refused, with the broker's reason: they are asked for again.
    refused: Vec<(String, String)>,
    /// Granted without its promise to keep what we have not acknowledged.
    weak: Vec<String>,
    /// Why a former one stays.
    stays: Option<(String, String)>,
    /// Whether a session of ours needs to be told nothing.
    is_settled: bool,
}

/// What has to be said to the broker.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ask {
    pub(super) subscribe: Vec<String>,
    pub(super) unsubscribe: Vec<String>,
}

impl Ask {
    pub(super) fn is_nothing(&self) -> bool {
        self.subscribe.is_empty() && self.unsubscribe.is_empty()
    }
}

/// What a broker answers to one filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// As it was asked for.
    Granted,
    /// At `QoS` 0 only.
    Weak,
    /// Not at all, and why.
    Refused(String),
}

impl Filters {
    /// `former` are those of earlier runs, as far as they are known.
    pub(super) fn new(wanted: Vec<String>, former: Vec<String>) -> Self {
        let former = former.into_iter().filter(|filter| !wanted.contains(filter)).collect();
        Self {
            wanted,
            former,
            asked: Vec::new(),
            ending: VecDeque::new(),
            refused: Vec::new(),
            weak: Vec::new(),
            stays: None,
            is_settled: false,
        }
    }

    /// What to say on a connection, whose session is an earlier one or new; nothing when that holds it all.
    pub(super) fn connected(&mut self, has_session: bool) -> Ask {
        if has_session && self.is_settled {
            return Ask::default();
        }
        if !has_session {
            self.former.clear();
        }
        self.ask(self.wanted.clone())
    }

    /// What to say again on a connection that stands: what was refused, and what got no answer.
    pub(super) fn again(&mut self) -> Ask {
        if self.holds() {
            return Ask::default();
        }
        let refused = self.refused.iter().map(|(filter, _)| filter.clone());
        let open = refused.chain(self.asked.iter().cloned()).collect();
        self.ask(open)
    }

    fn ask(&mut self, subscribe: Vec<String>) -> Ask {
        self.is_settled = false;
        self.refused.clear();
        self.weak.retain(|filter| !subscribe.contains(filter));
        self.stays = None;
        self.asked.clone_from(&subscribe);
        self.ending = self.former.iter().cloned().collect();
        Ask { subscribe, unsubscribe: self.former.clone() }
    }

    /// Takes the answers to what was asked for together; those of another question are passed over.
    pub(super) fn subscribed(&mut self, answers: Vec<Answer>) {
        if answers.len() != self.asked.len() {
            return;
        }
        for (filter, answer) in std::mem::take(&mut self.asked).into_iter().zip(answers) {
            match answer {
                Answer::Granted => {}
                Answer::Weak => self.weak.push(filter),
                Answer::Refused(why) => self.refused.push((filter, why)),
            }
        }
        self.settle();
    }

    /// Takes the answer to the end of a former filter; a reason when it stays.
    pub(super) fn unsubscribed(&mut self, refused: Option<String>) {
        let Some(filter) = self.ending.pop_front() else { return };
        match refused {
            Some(why) => self.stays = Some((filter, why)),
            None => self.former.retain(|former| *former != filter),
        }
        self.settle();
    }

    /// A weak grant may be better at the next connection: brokers bound it by their configuration.
    fn settle(&mut self) {
        self.is_settled = self.holds() && self.weak.is_empty();
    }

    /// Whether the broker holds everything that we want, and nothing else.
    pub(super) fn holds(&self) -> bool {
        self.asked.is_empty() && self.refused.is_empty() && self.former.is_empty()
    }

    /// What is not as it should be, in words.
    pub(super) fn fault(&self) -> Option<String> {
        let mut faults: Vec<String> = Vec::new();
        let refused = self.refused.iter();
        faults.extend(refused.map(|(filter, why)| format!("subscription to `{filter}` refused: {why}")));
        let stays = self.stays.iter();
        faults
            .extend(stays.map(|(filter, why)| format!("the former subscription to `{filter}` stays: {why}")));
        faults.extend(self.weak.iter().map(|filter| {
            format!(
                "the broker grants `{filter}` at QoS 0 only: what we miss of it is lost. Let it grant QoS 1"
            )
        }));
        (!faults.is_empty()).then(|| faults.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn ask(subscribe: &[&str], unsubscribe: &[&str]) -> Ask {
        Ask { subscribe: texts(subscribe), unsubscribe: texts(unsubscribe) }
    }

    fn refused() -> Answer {
        Answer::Refused("NotAuthorized".to_owned())
    }

    #[test]
    fn the_first_connection_subscribes_and_lets_go_what_is_no_longer_wanted() {
        let mut filters = Filters::new(texts(&["a", "b"]), texts(&["b", "c"]));
        assert_eq!(filters.connected(true), ask(&["a", "b"], &["c"]));
        filters.subscribed(vec![Answer::Granted, Answer::Granted]);
        assert!(!filters.holds());
        filters.unsubscribed(None);
        assert!(filters.holds());
        assert!(filters.connected(true).is_nothing(), "the session holds it");
        assert_eq!(filters.connected(false), ask(&["a", "b"], &[]));
    }

    #[test]
    fn what_was_not_answered_is_asked_again_at_the_next_connection_and_on_this_one() {
        let mut filters = Filters::new(texts(&["a"]), texts(&["c"]));
        filters.connected(true);
        filters.subscribed(vec![Answer::Granted]);
        assert_eq!(filters.again(), ask(&[], &["c"]));
        assert_eq!(filters.connected(true), ask(&["a"], &["c"]), "the connection broke in between");
        assert_eq!(filters.again(), ask(&["a"], &["c"]));
        assert_eq!(filters.connected(false), ask(&["a"], &[]), "a new session holds no former ones");
    }

    #[test]
    fn only_what_was_refused_is_asked_for_again_and_named_until_it_is_granted() {
        let mut filters = Filters::new(texts(&["a", "b"]), texts(&["c"]));
        filters.connected(true);
        filters.subscribed(vec![Answer::Granted, refused()]);
        filters.unsubscribed(Some("UnspecifiedError".to_owned()));
        let fault = filters.fault().unwrap();
        assert!(fault.contains("`b` refused: NotAuthorized") && fault.contains("`c` stays"), "{fault}");
        assert_eq!(filters.again(), ask(&["b"], &["c"]));
        filters.subscribed(vec![Answer::Granted, Answer::Granted]);
        assert!(!filters.holds(), "that was the answer to another question");
        filters.subscribed(vec![Answer::Granted]);
        filters.unsubscribed(None);
        assert!(filters.holds() && filters.fault().is_none());
        assert!(filters.again().is_nothing() && filters.connected(true).is_nothing());
    }

    #[test]
    fn a_grant_without_the_promise_is_held_and_named_and_asked_for_at_the_next_connection() {
        let mut filters = Filters::new(texts(&["a"]), Vec::new());
        filters.connected(true);
        filters.subscribed(vec![Answer::Weak]);
        assert!(filters.holds());
        assert!(filters.fault().unwrap().contains("`a` at QoS 0 only"));
        assert!(filters.again().is_nothing(), "not on the same one");
        assert_eq!(filters.connected(true), ask(&["a"], &[]));
        filters.subscribed(vec![Answer::Granted]);
        assert_eq!(filters.fault(), None);
    }
}
