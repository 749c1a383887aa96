//! A sensor that nobody knew gets its place: who may, what is checked, and what is written when.

use std::time::Duration;

use jiff::civil::Date;
use model::{Id, register::NewSensor};

use super::{desk::Desk, error::ApiError};
use crate::{
    claims::ClaimError,
    pipeline::{Act, Claim},
};

/// How long an answer waits for the claim to be in force, real time.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(10);

/// What a claim asks for.
#[derive(Debug, Default)]
pub(super) struct NewClaim {
    pub(super) place: String,
    pub(super) profile: Option<String>,
    pub(super) interval_s: Option<u32>,
    pub(super) from: Option<Date>,
    pub(super) note: String,
}

impl Desk {
    /// Gives an unknown sensor its row in the register. Returns it when it is in force, or durable at least.
    pub(super) async fn claim(&self, sensor: &str, wish: NewClaim) -> Result<(Claim, bool), ApiError> {
        self.actor()?;
        let Some(registry) = self.registry() else {
            return Err(ApiError::Internal("this console only shows".to_owned()));
        };
        let claim = self.checked(sensor, &wish)?;
        let new = NewSensor {
            id: claim.sensor.clone(),
            place: claim.place.clone(),
            profile: claim.profile.clone(),
            interval_s: claim.interval_s.map(f64::from),
            from: Some(claim.from),
        };
        let prepared = registry.claims.prepare(&new).await.map_err(refused)?;
        // Who did it is durable before it is done.
        self.write(wish.note, Act::Claim(claim.clone())).await?;
        prepared.put().map_err(refused)?;
        Ok((claim.clone(), self.is_in_force(&claim.sensor).await))
    }

    fn checked(&self, sensor: &str, wish: &NewClaim) -> Result<Claim, ApiError> {
        let snapshot = self.snapshot();
        // The register in force knows more than a snapshot that is half a second old.
        if self.sees_everything() && Id::parse(sensor).is_ok_and(|id| self.register().knows_sensor(&id)) {
            let what = "this sensor is in the register already: edit its row there";
            return Err(ApiError::Conflict(what.to_owned()));
        }
        let unknown = snapshot.unknown_sensors.iter().find(|held| held.sensor.as_str() == sensor);
        let unknown = unknown.ok_or_else(|| ApiError::not_found("unknown sensor", sensor))?;
        let place = snapshot.places.keys().find(|place| place.as_str() == wish.place);
        let place = place.ok_or_else(|| ApiError::not_found("place", wish.place.as_str()))?;
        if wish.interval_s == Some(0) {
            return Err(ApiError::BadRequest("interval_s must be 1 or more".to_owned()));
        }
        let today = || self.register().calendar.date(Self::now(&snapshot));
        Ok(Claim {
            sensor: unknown.sensor.clone(),
            place: place.clone(),
            profile: wish.profile.clone().filter(|profile| !profile.is_empty()),
            interval_s: wish.interval_s,
            from: wish.from.unwrap_or_else(today),
        })
    }

    /// Waits for the reload to take it up.
    async fn is_in_force(&self, sensor: &Id) -> bool {
        let Some(mut in_force) = self.in_force() else { return false };
        let known = in_force.wait_for(|book| book.register.knows_sensor(sensor));
        matches!(tokio::time::timeout(IN_FORCE_WITHIN, known).await, Ok(Ok(_)))
    }
}

fn refused(error: ClaimError) -> ApiError {
    match error {
        ClaimError::Problems(problems) => {
            ApiError::Refused(problems.iter().map(ToString::to_string).collect())
        }
        ClaimError::Edited => ApiError::Conflict(error.to_string()),
        ClaimError::File { .. } => {
            tracing::error!(%error, "a claim cannot be written");
            ApiError::Conflict(error.to_string())
        }
    }
}
