//! The catalogue: every pack that is loaded, checked against the others.

use std::{collections::BTreeMap, sync::Arc};

use model::{Calendar, Instant, Problem, Register, Span};

use crate::LiveClause;

use super::{
    Clause, Decides, Pack, Provenance, builtin, editions, layers, origin::Origins, overlay, words::suggest,
};

/// All packs, by their order of loading.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    packs: Vec<Arc<Pack>>,
    /// Where a clause stands: pack and place in it.
    index: BTreeMap<String, (usize, usize)>,
    origins: Origins,
    /// The pack that the overlay adds; it needs no listing in the register.
    overlay: Option<String>,
    /// Whether the overlay is a proposal, free of the layers above it.
    is_draft: bool,
}

/// How many clauses there are, and of what kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// All clauses.
    pub clauses: usize,
    /// All numbers: a band counts two, a table each row.
    pub limits: usize,
    /// Clauses by where their number comes from.
    pub by_provenance: BTreeMap<Provenance, usize>,
    /// Clauses by what decides them.
    pub by_decides: BTreeMap<Decides, usize>,
}

impl Catalogue {
    /// The packs that come with the product.
    ///
    /// # Errors
    /// Returns every problem of them; a release has none.
    pub fn builtin() -> Result<Self, Vec<Problem>> {
        Self::load(&[], None)
    }

    /// The packs of the product, the operator's own (name and text of each file) and an overlay.
    ///
    /// Among the operator's files `*.test.toml` are test cases and are passed over; see [`Self::run_cases`].
    ///
    /// # Errors
    /// Returns every problem of every file, and where files contradict each other.
    pub fn load(packs: &[(String, String)], overlay: Option<(&str, &str)>) -> Result<Self, Vec<Problem>> {
        Self::assemble(packs, overlay, false)
    }

    /// Like [`Self::load`], but the overlay is a proposal: it may relax what the layers above forbid to
    /// relax, so that it can be tried on recorded data before anybody issues it.
    ///
    /// # Errors
    /// Returns every other problem of the files.
    pub fn draft(packs: &[(String, String)], overlay: (&str, &str)) -> Result<Self, Vec<Problem>> {
        Self::assemble(packs, Some(overlay), true)
    }

    fn assemble(
        own: &[(String, String)],
        overlay: Option<(&str, &str)>,
        is_draft: bool,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut packs: Vec<Arc<Pack>> = Vec::new();
        let mut origins = Origins::default();
        let builtin = builtin::PACKS.iter().copied();
        let own = own.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        let own = own.filter(|(file, _)| !file.ends_with(".test.toml"));
        for (file, text) in builtin.chain(own) {
            match Pack::load(file, text) {
                Ok(pack) => add(&mut packs, &mut origins, (file, text), pack, &mut problems),
                Err(found) => problems.extend(found),
            }
        }
        let mut added = None;
        if let Some((file, text)) = overlay {
            match overlay::apply(file, text, &mut packs, is_draft) {
                Ok(Some(pack)) => {
                    added = Some(pack.id.clone());
                    add(&mut packs, &mut origins, (file, text), pack, &mut problems);
                }
                Ok(None) => {}
                Err(found) => problems.extend(found),
            }
        }
        editions::close(&mut packs, &origins, &mut problems);
        if problems.is_empty() { Ok(Self::of(packs, origins, added, is_draft)) } else { Err(problems) }
    }

    fn of(packs: Vec<Arc<Pack>>, origins: Origins, overlay: Option<String>, is_draft: bool) -> Self {
        let mut index = BTreeMap::new();
        for (i, pack) in packs.iter().enumerate() {
            for (j, clause) in pack.clauses.iter().enumerate() {
                index.insert(clause.id.clone(), (i, j));
            }
        }
        Self { packs, index, origins, overlay, is_draft }
    }

    /// Every pack.
    #[must_use]
    pub fn packs(&self) -> &[Arc<Pack>] {
        &self.packs
    }

    /// The pack of this id.
    #[must_use]
    pub fn pack(&self, id: &str) -> Option<&Arc<Pack>> {
        self.packs.iter().find(|pack| pack.id == id)
    }

    /// The clause of this id (`<pack>/<clause>`).
    #[must_use]
    pub fn clause(&self, id: &str) -> Option<&Arc<Clause>> {
        let (pack, clause) = self.index.get(id)?;
        self.packs.get(*pack)?.clauses.get(*clause)
    }

    /// The ids of all clauses, in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.index.keys().map(String::as_str)
    }

    /// When a clause is in force, in the local time of a site; nothing for a clause of no pack here.
    #[must_use]
    pub fn span(&self, clause: &Clause, calendar: &Calendar) -> Option<Span> {
        self.pack(&clause.pack).map(|pack| layers::span(pack, calendar))
    }

    /// Whether a clause is in force at an instant. A window asks with its start and is never split.
    #[must_use]
    pub fn in_force(&self, clause: &Clause, at: Instant, calendar: &Calendar) -> bool {
        self.span(clause, calendar).is_some_and(|span| span.contains(at))
    }

    /// The packs that a register lists, and that of the overlay.
    fn packs_of(&self, register: &Register) -> Vec<&Arc<Pack>> {
        let is_listed = |pack: &&Arc<Pack>| {
            register.packs.contains(&pack.id) || self.overlay.as_deref() == Some(pack.id.as_str())
        };
        self.packs.iter().filter(is_listed).collect()
    }

    /// The clauses in use of the packs that a register lists, and of the overlay.
    ///
    /// Unverified ones are among them; see [`Clause::is_enforced`] before raising an alert.
    #[must_use]
    pub fn for_register(&self, register: &Register) -> Vec<Arc<Clause>> {
        let clauses = self.packs_of(register).into_iter().flat_map(|pack| &pack.clauses);
        clauses.filter(|clause| clause.in_use).map(Arc::clone).collect()
    }

    /// The clauses of [`Self::for_register`] as the engine takes them: with the span in which each is
    /// in force, and whether a breach raises an alert.
    #[must_use]
    pub fn live(&self, register: &Register) -> Vec<LiveClause> {
        let live = |clause: Arc<Clause>| {
            let in_force = self.span(&clause, &register.calendar)?;
            let is_enforced = clause.is_enforced(register);
            Some(LiveClause { clause, in_force, is_enforced })
        };
        self.for_register(register).into_iter().filter_map(live).collect()
    }

    /// What is wrong between a register and the catalogue: packs and clauses that are not here, and
    /// listed packs of which a lower layer does what it must not. The line is 0 where the register is meant.
    ///
    /// Layers are held against each other here and not on loading, because packs that no register
    /// lists together (of two countries, say) need not agree.
    #[must_use]
    pub fn check_register(&self, register: &Register) -> Vec<Problem> {
        let mut problems = self.unknown_ids(register);
        let packs = self.packs_of(register);
        for low in &packs {
            if self.is_draft && self.overlay.as_deref() == Some(low.id.as_str()) {
                continue;
            }
            for high in packs.iter().filter(|high| layers::are_together(high, low)) {
                problems.extend(layers::conflicts(high, low, &self.origins));
            }
        }
        problems
    }

    fn unknown_ids(&self, register: &Register) -> Vec<Problem> {
        let packs: Vec<&str> = self.packs.iter().map(|pack| pack.id.as_str()).collect();
        let clauses: Vec<&str> = self.ids().collect();
        let mut problems = Vec::new();
        let mut ask = |file: &str, key: &str, id: &str, known: &[&str]| {
            if !known.contains(&id) {
                problems.push(Problem::new(file, 0, key, format!("unknown `{id}`"), suggest(id, known)));
            }
        };
        for id in &register.packs {
            ask("register.toml", "packs", id, &packs);
        }
        for id in &register.accept_unverified {
            ask("register.toml", "accept_unverified", id, &clauses);
        }
        for waiver in register.waivers.iter().map(|row| &row.value).filter(|w| w.clause != "*") {
            ask("waivers.csv", "clause", &waiver.clause, &clauses);
        }
        problems
    }

    /// How many clauses there are, and of what kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self.packs.iter().flat_map(|pack| &pack.clauses))
    }
}

impl Counts {
    fn of<'c>(clauses: impl Iterator<Item = &'c Arc<Clause>>) -> Self {
        let mut counts = Self::default();
        for clause in clauses {
            counts.clauses += 1;
            counts.limits += clause.limit.count();
            *counts.by_provenance.entry(clause.provenance).or_default() += 1;
            *counts.by_decides.entry(clause.measure.decides()).or_default() += 1;
        }
        counts
    }
}

impl Pack {
    /// How many clauses it has, and of what kind.
    #[must_use]
    pub fn counts(&self) -> Counts {
        Counts::of(self.clauses.iter())
    }
}

fn add(
    packs: &mut Vec<Arc<Pack>>,
    origins: &mut Origins,
    (file, text): (&str, &str),
    pack: Pack,
    problems: &mut Vec<Problem>,
) {
    if let Err(other) = origins.insert(&pack.id, file, text) {
        let what = format!("pack `{}` is also in {other}", pack.id);
        let mut here = Origins::default();
        if here.insert(&pack.id, file, text).is_ok() {
            problems.push(here.of_standard(&pack.id, "id", what, "give it an id of its own"));
        }
        return;
    }
    packs.push(Arc::new(pack));
}
