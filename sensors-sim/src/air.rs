//! The air of a room: carbon dioxide by mass balance, temperature and humidity by set-point and weather.

/// What one person at a desk breathes out, m³ of CO2 an hour (0.0052 L/s, light office work).
const BREATH_M3H: f64 = 0.0187;

/// A well mixed room: volume and supply of outdoor air.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Mixed {
    /// Volume of the air, m³.
    pub(crate) volume_m3: f64,
    /// Outdoor air, m³/h.
    pub(crate) supply_m3h: f64,
}

impl Mixed {
    /// CO2 in ppm after `hours` with `people` inside, from `before` ppm with `outdoor` ppm outside.
    ///
    /// Exact solution of `V dC/dt = G + Q (Cout - C)` while people and supply stand still.
    pub(crate) fn after(self, before: f64, outdoor: f64, people: f64, hours: f64) -> f64 {
        let end = self.steady(outdoor, people);
        end + (before - end) * (-self.supply_m3h / self.volume_m3 * hours).exp()
    }

    /// CO2 in ppm that the room tends to.
    pub(crate) fn steady(self, outdoor: f64, people: f64) -> f64 {
        outdoor + people * BREATH_M3H / self.supply_m3h * 1e6
    }
}

/// What the air conditioning is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Neither season.
    Off,
    /// Cooling season.
    Cooling,
    /// Heating season.
    Heating,
}

/// How strongly the conditioning holds the room at a local hour of the day, 0 to 1.
pub(crate) fn grip(hour: f64) -> f64 {
    let rise = ((hour - 5.5) / 2.0).clamp(0.0, 1.0);
    let fall = ((hour - 18.0) / 5.0).clamp(0.0, 1.0);
    let smooth = |x: f64| x * x * (3.0 - 2.0 * x);
    smooth(rise) * (1.0 - smooth(fall))
}

/// Whether the conditioning runs at a local hour.
pub(crate) fn is_running(hour: f64) -> bool {
    (7.5..18.0).contains(&hour)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert, proptest};

    use super::*;

    proptest! {
        #[test]
        fn co2_stays_between_where_it_was_and_where_it_tends(
            before in 400.0..5_000.0, people in 0.0..40.0, volume_m3 in 20.0..2_000.0,
            supply_m3h in 1.0..5_000.0, hours in 0.0..10.0,
        ) {
            let room = Mixed { volume_m3, supply_m3h };
            let (now, end) = (room.after(before, 430.0, people, hours), room.steady(430.0, people));
            prop_assert!(now >= before.min(end) - 1e-6 && now <= before.max(end) + 1e-6);
        }
    }

    #[test]
    fn an_empty_room_decays_to_the_outdoor_air() {
        let room = Mixed { volume_m3: 100.0, supply_m3h: 100.0 };
        let after_one_change = room.after(1430.0, 430.0, 0.0, 1.0);
        assert!((after_one_change - (430.0 + 1000.0 / std::f64::consts::E)).abs() < 1e-9);
        assert!((room.after(1430.0, 430.0, 0.0, 50.0) - 430.0).abs() < 1e-6);
    }

    #[test]
    fn many_small_steps_equal_one_large_step() {
        let room = Mixed { volume_m3: 90.0, supply_m3h: 200.0 };
        let small = (0..60).fold(430.0, |c, _| room.after(c, 430.0, 4.0, 1.0 / 60.0));
        assert!((small - room.after(430.0, 430.0, 4.0, 1.0)).abs() < 1e-9);
    }

    #[test]
    fn thirty_cubic_metres_a_person_hold_just_above_a_thousand_ppm() {
        let room = Mixed { volume_m3: 90.0, supply_m3h: 30.0 };
        let steady = room.steady(430.0, 1.0);
        assert!((1050.0..1057.0).contains(&steady), "{steady}");
    }

    #[test]
    fn carbon_is_conserved() {
        // What was breathed in equals what left with the air plus what stayed.
        let room = Mixed { volume_m3: 80.0, supply_m3h: 60.0 };
        let (mut now, mut left, step) = (430.0, 0.0, 1.0 / 3600.0);
        for _ in 0..7200 {
            let next = room.after(now, 430.0, 3.0, step);
            left += (f64::midpoint(now, next) - 430.0) * 1e-6 * room.supply_m3h * step;
            now = next;
        }
        let stayed = (now - 430.0) * 1e-6 * room.volume_m3;
        assert!((left + stayed - 3.0 * BREATH_M3H * 2.0).abs() < 1e-6);
    }
}
