//! Bodies and posts.

use serde::{Deserialize, Serialize};

use crate::{Id, closed::closed_list};

closed_list! {
    /// Level of a body in the administration.
    pub enum Level {
        Central = "central",
        Provincial = "provincial",
        City = "city",
        County = "county",
        Township = "township",
    }
}

closed_list! {
    /// Rank of a post; which ranks exist depends on the level, see [`Rank::fits`].
    pub enum Rank {
        Minister = "minister",
        ViceMinister = "vice_minister",
        DirectorGeneral = "director_general",
        DeputyDirectorGeneral = "deputy_director_general",
        Division = "division",
        Governor = "governor",
        ViceGovernor = "vice_governor",
        DepartmentHead = "department_head",
        DepartmentDeputy = "department_deputy",
        DivisionHead = "division_head",
        DivisionDeputy = "division_deputy",
        BelowDivision = "below_division",
        Mayor = "mayor",
        ViceMayor = "vice_mayor",
        BureauHead = "bureau_head",
        BureauDeputy = "bureau_deputy",
        BelowBureau = "below_bureau",
        CountyHead = "county_head",
        CountyDeputy = "county_deputy",
        SectionHead = "section_head",
        SectionDeputy = "section_deputy",
        BelowSection = "below_section",
        TownshipHead = "township_head",
        TownshipDeputy = "township_deputy",
        TownshipOther = "township_other",
    }
}

impl Rank {
    /// The ranks that exist at a level.
    #[must_use]
    pub const fn of(level: Level) -> &'static [Self] {
        use Rank as R;
        match level {
            Level::Central => &[
                R::Minister,
                R::ViceMinister,
                R::DirectorGeneral,
                R::DeputyDirectorGeneral,
                R::Division,
                R::BelowDivision,
            ],
            Level::Provincial => &[
                R::Governor,
                R::ViceGovernor,
                R::DepartmentHead,
                R::DepartmentDeputy,
                R::DivisionHead,
                R::DivisionDeputy,
                R::BelowDivision,
            ],
            Level::City => &[R::Mayor, R::ViceMayor, R::BureauHead, R::BureauDeputy, R::BelowBureau],
            Level::County => {
                &[R::CountyHead, R::CountyDeputy, R::SectionHead, R::SectionDeputy, R::BelowSection]
            }
            Level::Township => &[R::TownshipHead, R::TownshipDeputy, R::TownshipOther],
        }
    }

    /// Whether this rank exists at a level.
    #[must_use]
    pub fn fits(self, level: Level) -> bool {
        Self::of(level).contains(&self)
    }
}

/// An organisation unit that holds space.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// Stable id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// The body above it.
    pub parent: Option<Id>,
    /// Its level; inherited from above when absent.
    pub level: Option<Level>,
    /// Authorised headcount (编制定员): denominates service rooms, canteen and garage.
    pub authorised_headcount: Option<f64>,
    /// Energy-using headcount (用能人数): denominates energy and water per person.
    pub energy_headcount: Option<f64>,
    /// Key of a local quota table, such as `db37-b`; inherited from above when absent.
    pub quota_zone: Option<String>,
}

impl Body {
    /// A body of which only this is known; its id stands in for its name.
    #[must_use]
    pub fn new(id: Id) -> Self {
        Self {
            name: id.as_str().to_owned(),
            id,
            parent: None,
            level: None,
            authorised_headcount: None,
            energy_headcount: None,
            quota_zone: None,
        }
    }
}

/// A position with a rank, assigned to a room; never a person's name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Post {
    /// Stable id.
    pub id: Id,
    /// Its rank.
    pub rank: Rank,
    /// The body it belongs to.
    pub body: Id,
    /// The room it is assigned to.
    pub room: Option<Id>,
}
