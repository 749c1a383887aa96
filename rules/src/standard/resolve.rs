//! Which number of a clause holds for a subject: fixed, a row of the table, a point of the curve.

use model::{
    Id, Instant, Place, Register,
    register::{Body, Post},
};

use super::{Attribute, Bound, Clause, Curve, Rating, Row};

/// The number that holds for a subject, or why none does. Never a wrong row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Resolved {
    /// This bound.
    Bound(Bound),
    /// The register lacks an attribute: the verdict is insufficient and names it.
    MissingAttribute(Attribute),
    /// The document has no number for these attributes: nothing to judge.
    NoRow,
}

/// Attributes of one subject, in the order of [`Clause::key_attributes`]; `None` where the register is silent.
pub type Key = Vec<Option<String>>;

impl Clause {
    /// The attributes that choose the number: empty where it is the same for everybody.
    #[must_use]
    pub fn key_attributes(&self) -> &[Attribute] {
        match (&self.limit.table, &self.limit.curve) {
            (Some(table), _) => &table.by,
            (None, Some(curve)) => std::slice::from_ref(&curve.over),
            (None, None) => &[],
        }
    }

    /// The bound for attributes in the order of [`Self::key_attributes`].
    #[must_use]
    pub fn bound_for_key(&self, key: &[Option<String>]) -> Resolved {
        for (i, attribute) in self.key_attributes().iter().enumerate() {
            if !key.get(i).is_some_and(Option::is_some) {
                return Resolved::MissingAttribute(*attribute);
            }
        }
        if let Some(curve) = &self.limit.curve {
            let x = key.first().and_then(|cell| cell.as_deref()).and_then(|text| text.parse().ok());
            return x.map_or(Resolved::MissingAttribute(curve.over), |x| Resolved::Bound(curve.bound(x)));
        }
        if self.limit.table.is_some() {
            return self.row(key).map_or(Resolved::NoRow, |row| Resolved::Bound(row.bound));
        }
        Resolved::Bound(self.limit.fixed)
    }

    /// The ratings for attributes in the order of [`Self::key_attributes`].
    #[must_use]
    pub fn rating_for_key(&self, key: &[Option<String>]) -> Option<Rating> {
        if self.limit.table.is_some() { self.row(key).and_then(|row| row.rating) } else { self.rating }
    }

    fn row(&self, key: &[Option<String>]) -> Option<&Row> {
        let same = |row: &&Row| row.key.iter().map(Some).eq(key.iter().map(Option::as_ref));
        self.limit.table.as_ref()?.rows.iter().find(same)
    }

    /// The attributes of a place for [`Self::bound_for_key`] and [`Self::rating_for_key`].
    #[must_use]
    pub fn key_of_place(&self, register: &Register, place: &Place, at: Instant) -> Key {
        self.key_attributes().iter().map(|a| attribute_of_place(register, place, at, *a)).collect()
    }

    /// The attributes of a body for [`Self::bound_for_key`] and [`Self::rating_for_key`].
    #[must_use]
    pub fn key_of_body(&self, register: &Register, body: &Body, at: Instant) -> Key {
        self.key_attributes().iter().map(|a| attribute_of_body(register, body, at, *a)).collect()
    }

    /// The bound for a place. Where rank decides, the mean of the bounds of the posts in the room.
    #[must_use]
    pub fn bound_for_place(&self, register: &Register, place: &Place, at: Instant) -> Resolved {
        if !self.key_attributes().contains(&Attribute::Rank) {
            return self.bound_for_key(&self.key_of_place(register, place, at));
        }
        let posts = posts_in(register, &place.id, at);
        let bounds =
            posts.iter().map(|post| self.bound_for_key(&self.key_of_post(register, place, post, at)));
        mean(bounds)
    }

    /// The ratings for a place. Where rank decides, the mean of the ratings of the posts in the room, as
    /// far as each has all of them.
    #[must_use]
    pub fn rating_for_place(&self, register: &Register, place: &Place, at: Instant) -> Option<Rating> {
        if !self.key_attributes().contains(&Attribute::Rank) {
            return self.rating_for_key(&self.key_of_place(register, place, at));
        }
        let posts = posts_in(register, &place.id, at);
        let of_post = |post: &&Post| self.rating_for_key(&self.key_of_post(register, place, post, at));
        let ratings: Vec<Rating> = posts.iter().map(of_post).collect::<Option<_>>()?;
        let mean = |sum: f64| u32::try_from(ratings.len()).ok().map(|n| sum / f64::from(n));
        let baselines: Option<Vec<f64>> = ratings.iter().map(|rating| rating.baseline).collect();
        (!ratings.is_empty()).then_some(Rating {
            baseline: baselines.and_then(|all| mean(all.iter().sum())),
            guide: mean(ratings.iter().map(|rating| rating.guide).sum())?,
        })
    }

    /// The ratings for a body.
    #[must_use]
    pub fn rating_for_body(&self, register: &Register, body: &Body, at: Instant) -> Option<Rating> {
        self.rating_for_key(&self.key_of_body(register, body, at))
    }

    /// The bound for a body.
    #[must_use]
    pub fn bound_for_body(&self, register: &Register, body: &Body, at: Instant) -> Resolved {
        self.bound_for_key(&self.key_of_body(register, body, at))
    }

    /// Rank and level are the post's own: a guest of another body keeps its level.
    fn key_of_post(&self, register: &Register, room: &Place, post: &Post, at: Instant) -> Key {
        let body = register.bodies.get(&post.body).and_then(|h| h.at(at));
        let cell = |attribute: &Attribute| match attribute {
            Attribute::Rank => Some(post.rank.name().to_owned()),
            Attribute::Level => body.and_then(|b| register.level_of(b, at)).map(|l| l.name().to_owned()),
            other => attribute_of_place(register, room, at, *other),
        };
        self.key_attributes().iter().map(cell).collect()
    }
}

impl Curve {
    /// The cap at `x`: level outside the points, straight between them.
    #[must_use]
    pub fn bound(&self, x: f64) -> Bound {
        let after = self.at_most.iter().position(|(x1, _)| x <= *x1);
        let cap = match after {
            Some(0) => self.at_most.first().map(|(_, y)| *y),
            Some(i) => self.at_most.get(i - 1).zip(self.at_most.get(i)).map(|((x0, y0), (x1, y1))| {
                // This form gives the very numbers of the document at both points.
                (y0 * (x1 - x) + y1 * (x - x0)) / (x1 - x0)
            }),
            None => self.at_most.last().map(|(_, y)| *y),
        };
        Bound { at_most: cap, at_least: None }
    }
}

/// The mean of several bounds; the first that is none wins.
fn mean(bounds: impl Iterator<Item = Resolved>) -> Resolved {
    let (mut most, mut least, mut count) = (Some(0.0), Some(0.0), 0.0);
    for resolved in bounds {
        let Resolved::Bound(bound) = resolved else { return resolved };
        most = most.zip(bound.at_most).map(|(sum, x)| sum + x);
        least = least.zip(bound.at_least).map(|(sum, x)| sum + x);
        count += 1.0;
    }
    if count < 1.0 {
        return Resolved::MissingAttribute(Attribute::Rank);
    }
    Resolved::Bound(Bound { at_most: most.map(|x| x / count), at_least: least.map(|x| x / count) })
}

/// The posts assigned to a room at `at`, in the order of their ids.
#[must_use]
pub fn posts_in<'r>(register: &'r Register, room: &Id, at: Instant) -> Vec<&'r Post> {
    let posts = register.posts.values().filter_map(|history| history.at(at));
    posts.filter(|post| post.room.as_ref() == Some(room)).collect()
}

/// The word that the register has for an attribute of a place: its own, else that of what encloses or holds it.
///
/// The rank of a room is known only while all its posts have the same one.
#[must_use]
pub fn attribute_of_place(
    register: &Register,
    place: &Place,
    at: Instant,
    attribute: Attribute,
) -> Option<String> {
    let own = |f: &dyn Fn(&Place) -> Option<String>| {
        f(place).or_else(|| register.ancestors(&place.id, at).into_iter().find_map(f))
    };
    match attribute {
        Attribute::Use => place.room_use.map(|u| u.name().to_owned()),
        Attribute::ClimateZone => own(&|p| p.climate_zone.map(|z| z.name().to_owned())),
        Attribute::BuildingType => own(&|p| p.building_type.map(|t| t.name().to_owned())),
        Attribute::BuildingClass => own(&|p| p.building_class.map(|c| c.name().to_owned())),
        Attribute::FloorArea => {
            let building = register.enclosing(&place.id, model::PlaceKind::Building, at)?;
            building.floor_area_m2.map(|area| area.to_string())
        }
        Attribute::Storeys => {
            let building = register.enclosing(&place.id, model::PlaceKind::Building, at)?;
            building.storeys.map(|storeys| storeys.to_string())
        }
        Attribute::Capacity => place.capacity.map(|capacity| capacity.to_string()),
        Attribute::Rank => {
            let mut ranks = posts_in(register, &place.id, at).into_iter().map(|post| post.rank);
            let first = ranks.next()?;
            ranks.all(|rank| rank == first).then(|| first.name().to_owned())
        }
        Attribute::Level
        | Attribute::QuotaZone
        | Attribute::AuthorisedHeadcount
        | Attribute::EnergyHeadcount => {
            attribute_of_body(register, register.body_of(&place.id, at)?, at, attribute)
        }
    }
}

/// The word or number that the register has for an attribute of a body, inherited where it is inherited.
#[must_use]
pub fn attribute_of_body(
    register: &Register,
    body: &Body,
    at: Instant,
    attribute: Attribute,
) -> Option<String> {
    match attribute {
        Attribute::Level => register.level_of(body, at).map(|level| level.name().to_owned()),
        Attribute::QuotaZone => register.quota_zone_of(body, at).map(str::to_owned),
        Attribute::AuthorisedHeadcount => body.authorised_headcount.map(|count| count.to_string()),
        Attribute::EnergyHeadcount => body.energy_headcount.map(|count| count.to_string()),
        Attribute::Rank
        | Attribute::Use
        | Attribute::ClimateZone
        | Attribute::BuildingType
        | Attribute::BuildingClass
        | Attribute::FloorArea
        | Attribute::Storeys
        | Attribute::Capacity => None,
    }
}
