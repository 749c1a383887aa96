//! Devices of a shard: each binding of a sensor or meter, with shortcuts to where its series are kept.

use std::sync::Arc;

use model::{Id, Instant, Quantity, Register, Series, Span, register::Sensor};
use serde::{Deserialize, Serialize};

use crate::{
    about::{About, millis},
    buffer::SeriesBuffer,
    heard::Heard,
    meter::MeterFacts,
    stuck::Stuck,
};

/// Shortcuts beside the first few; most devices have none.
type Far = Option<Box<Vec<(Quantity, Option<Id>, u32)>>>;

/// What an id is bound to over some time.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) id: Id,
    pub(super) span: Span,
    pub(super) place: usize,
    pub(super) kind: DeviceKind,
    /// Where its series went lately: number of a buffer of the place, or of a chain of the shard.
    /// The first few without a channel stand apart, at hand.
    near: [Option<(Quantity, u32)>; 4],
    far: Far,
    /// When it was heard, where the place asks.
    pub(super) heard: Heard,
    /// Series of it that were flagged stuck.
    pub(super) stuck: Option<Box<Stuck>>,
    /// Event time of the first word that we listen with this binding known.
    pub(super) known: Option<Instant>,
}

#[derive(Debug, Clone)]
pub(super) enum DeviceKind {
    /// How its readings stand. The rest of its row is in the register.
    Sensor(Arc<About>),
    Meter(Arc<MeterFacts>),
}

/// What a checkpoint holds of a device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeviceLog {
    id: Id,
    from: Instant,
    pub(super) heard: Heard,
    pub(super) stuck: Option<Box<Stuck>>,
    pub(super) known: Option<Instant>,
}

impl DeviceLog {
    pub(super) fn of(device: &Device) -> Self {
        let (heard, stuck) = (device.heard.clone(), device.stuck.clone());
        Self { id: device.id.clone(), from: device.span.from, heard, stuck, known: device.known }
    }

    /// Whether it is of this binding.
    pub(super) fn is_of(&self, device: &Device) -> bool {
        self.id == device.id && self.from == device.span.from
    }
}

impl Device {
    pub(super) fn new(id: Id, span: Span, place: usize, kind: DeviceKind) -> Self {
        Self {
            id,
            span,
            place,
            kind,
            near: [None; 4],
            far: None,
            heard: Heard::default(),
            stuck: None,
            known: None,
        }
    }

    /// Longest time that a reading of it stands, ms.
    pub(super) fn max_gap_ms(&self) -> i64 {
        match &self.kind {
            DeviceKind::Sensor(about) => about.max_gap_ms,
            DeviceKind::Meter(facts) => facts.at(self.span.from).map_or(0, |meter| millis(meter.max_gap_s)),
        }
    }

    /// The register's row of a sensor.
    pub(super) fn row<'r>(&self, register: &'r Register) -> Option<&'r Sensor> {
        let is_sensor = matches!(self.kind, DeviceKind::Sensor(_));
        register.sensors.get(&self.id).filter(|_| is_sensor)?.at(self.span.from)
    }

    /// What the register says of its series, as far as their readings need it.
    pub(super) fn about(&self) -> Arc<About> {
        match &self.kind {
            DeviceKind::Sensor(about) => Arc::clone(about),
            DeviceKind::Meter(facts) => Arc::new(
                facts
                    .at(self.span.from)
                    .map_or_else(|| About::bound(self.span), |meter| About::of_meter(meter, self.span)),
            ),
        }
    }

    /// Gives a buffer that a checkpoint held what the register says now.
    pub(super) fn describe(&self, buffer: &mut SeriesBuffer) {
        buffer.series.sensor = self.id.clone();
        buffer.about = self.about();
    }

    /// How often it sends, ms.
    pub(super) fn interval_ms(&self) -> i64 {
        match &self.kind {
            DeviceKind::Sensor(about) => about.interval_ms,
            DeviceKind::Meter(facts) => facts.at(self.span.from).map_or(0, |meter| millis(meter.interval_s)),
        }
    }

    /// Where a series of it was put before.
    pub(super) fn slot(&self, series: &Series) -> Option<usize> {
        if series.channel.is_none() {
            let near = self.near.iter().flatten().find(|(quantity, _)| *quantity == series.quantity);
            if let Some((_, slot)) = near {
                return Some(*slot as usize);
            }
        }
        let same = |(quantity, channel, _): &&(Quantity, Option<Id>, u32)| {
            *quantity == series.quantity && *channel == series.channel
        };
        self.far.as_deref()?.iter().find(same).map(|(_, _, slot)| *slot as usize)
    }

    pub(super) fn remember(&mut self, series: &Series, slot: usize) {
        let Ok(slot) = u32::try_from(slot) else { return };
        match self.near.iter_mut().find(|near| near.is_none()) {
            Some(free) if series.channel.is_none() => *free = Some((series.quantity, slot)),
            _ => self.far.get_or_insert_default().push((series.quantity, series.channel.clone(), slot)),
        }
    }

    /// Forgets all shortcuts: what they pointed to has been replaced.
    pub(super) fn forget(&mut self) {
        self.near = [None; 4];
        self.far = None;
    }
}
