//! The decoder: routes, names, profiles, and what is remembered from message to message.

use std::sync::Arc;

use crate::{
    DecodeError, Decoded, ErrorKind, Format, MAX_READINGS, Message, Profiles, Routes, diagnostics,
    formats::{self, Env, Parsed, State},
    names::Names,
    route::Target,
    sniff,
};

/// Everything that is known of a message after decoding it once.
#[derive(Debug)]
pub struct Outcome {
    /// The format it was read as; `None` when no route and no shape matched.
    pub format: Option<Format>,
    /// What it said.
    pub result: Result<Decoded, DecodeError>,
    /// The vendor's id of the transmission, equal for a repeated delivery of the same one.
    pub dedup_key: Option<String>,
}

/// Turns messages into readings. Reads no clock, opens nothing, never panics on any bytes.
///
/// # Examples
/// ```
/// use ingest::{Decoded, Decoder, Message, Routes};
/// let mut decoder = Decoder::new(Routes::defaults());
/// let payload = br#"[{"n":"temperature","u":"Cel","v":21.5}]"#;
/// let message = Message { topic: "normwatch/v1/r301", payload, retained: false, received_at: None };
/// let (format, decoded) = decoder.decode(&message);
/// assert_eq!(format.map(|f| f.name()), Some("senml"));
/// assert!(matches!(decoded, Ok(Decoded::Readings(readings)) if readings[0].value == 21.5));
/// ```
#[derive(Debug)]
pub struct Decoder {
    routes: Routes,
    names: Arc<Names>,
    state: State,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub fn new(routes: Routes) -> Self {
        Self { routes, names: Names::builtin(), state: State::default() }
    }

    /// Gives sensors the device profiles that the register names or that claim them, replacing earlier ones.
    pub fn set_profiles(&mut self, profiles: Profiles) {
        self.state.profiles = profiles;
    }

    /// The format that a message would be read as: by its topic, else by its shape.
    #[must_use]
    pub fn route(&self, topic: &str, payload: &[u8]) -> Option<Format> {
        match self.routes.target(topic) {
            Some(Target::Format(Format::ChirpstackV4)) if is_chirpstack_v3(topic, payload) => {
                Some(Format::ChirpstackV3)
            }
            Some(Target::Format(format)) => Some(format),
            Some(Target::Auto) | None => sniff::format_of(topic, payload, &self.names)
                .or_else(|| self.is_profiled(topic, payload).then_some(Format::VendorJson)),
        }
    }

    /// Whether a message of no known shape comes from a sensor with a profile, which knows what the shapes do not.
    fn is_profiled(&self, topic: &str, payload: &[u8]) -> bool {
        !self.state.profiles.is_empty()
            && formats::sender_of(topic, payload).is_some_and(|sensor| self.state.profile(&sensor).is_some())
    }

    /// Decodes a message: the format it was read as, and what it said.
    ///
    /// A message that no route and no shape matches is `Ignored("no_route")`.
    pub fn decode(&mut self, message: &Message<'_>) -> (Option<Format>, Result<Decoded, DecodeError>) {
        let outcome = self.decode_message(message);
        (outcome.format, outcome.result)
    }

    /// Decodes a message in a given format, whatever its topic.
    ///
    /// # Errors
    /// Returns [`DecodeError`] when the message breaks the format's rules.
    pub fn decode_as(&mut self, format: Format, message: &Message<'_>) -> Result<Decoded, DecodeError> {
        self.parse(format, message).map(|parsed| parsed.decoded)
    }

    /// Decodes a message, with the vendor's id of the transmission for deduplication.
    pub fn decode_message(&mut self, message: &Message<'_>) -> Outcome {
        let Some(format) = self.route(message.topic, message.payload) else {
            return Outcome { format: None, result: Ok(Decoded::Ignored("no_route")), dedup_key: None };
        };
        match self.parse(format, message).and_then(|parsed| self.of_its_own(message.topic, parsed)) {
            // An old value without a time of its own is of unknown age: news is what is published from now on.
            Ok(Parsed { decoded: Decoded::Readings(mut readings), dedup_key }) if message.retained => {
                readings.retain(|reading| reading.time.is_some());
                let result = Ok(Decoded::readings_or(readings, "retained"));
                Outcome { format: Some(format), result, dedup_key }
            }
            Ok(Parsed { decoded, dedup_key }) => {
                Outcome { format: Some(format), result: Ok(decoded), dedup_key }
            }
            Err(error) => Outcome { format: Some(format), result: Err(error), dedup_key: None },
        }
    }

    /// The vendor's id of a transmission (ChirpStack's deduplication id; TTS device, session and frame counter).
    ///
    /// Parses the message; where it is decoded anyway, take [`Outcome::dedup_key`].
    pub fn dedup_key(&mut self, message: &Message<'_>) -> Option<String> {
        self.decode_message(message).dedup_key
    }

    /// Topic filters to subscribe to: they cover every route, and no topic matches two of them.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<String> {
        self.routes.subscriptions()
    }

    /// The common table of names.
    pub(crate) fn names(&self) -> &Names {
        &self.names
    }

    fn parse(&mut self, format: Format, message: &Message<'_>) -> Result<Parsed, DecodeError> {
        // A wide route of the user's brings back what we said ourselves: no reading, whatever it looks like.
        if diagnostics::is_diagnostics(message.topic) {
            return Ok(Decoded::Ignored("diagnostics").into());
        }
        // Nothing is what clears a retained message. Our own contract knows none.
        if format != Format::Senml && message.payload.iter().all(u8::is_ascii_whitespace) {
            return Ok(Decoded::Ignored("cleared").into());
        }
        let received_at = message.received_at.filter(|_| !message.retained);
        let message = &Message { received_at, ..*message };
        let mut env = Env { names: &self.names, state: &mut self.state };
        let Parsed { decoded, dedup_key } = format.decode(message, &mut env)?;
        let Decoded::Readings(mut readings) = decoded else { return Ok(Parsed { decoded, dedup_key }) };
        if readings.len() > MAX_READINGS {
            let message = format!("more than {MAX_READINGS} readings in one message: send several");
            return Err(DecodeError::new(ErrorKind::TooMany, message));
        }
        // A conversion can leave the numbers that there are: 1e308 as a hundredth part is none.
        readings.retain(|reading| reading.value.is_finite());
        // How well a device was heard is no reading by itself, unless it was published under that very name.
        if !format.is_value_by_value() && readings.iter().all(|reading| reading.quantity.is_of_radio()) {
            readings.clear();
        }
        Ok(Parsed { decoded: Decoded::readings_or(readings, "no_reading"), dedup_key })
    }

    /// What a message said, unless it speaks for a device that its route does not own.
    fn of_its_own(&self, topic: &str, parsed: Parsed) -> Result<Parsed, DecodeError> {
        let Decoded::Readings(readings) = &parsed.decoded else { return Ok(parsed) };
        let Some(owned) = self.routes.owned(topic) else { return Ok(parsed) };
        match readings.iter().find(|reading| !owned.has(reading.sensor.as_str())) {
            None => Ok(parsed),
            Some(foreign) => {
                let message = format!("`{}` is not a device of this route", foreign.sensor);
                Err(DecodeError::at(ErrorKind::NotItsDevice, "sensor", message))
            }
        }
    }
}

/// Both versions publish on the same topics, but version 3 numbers its applications and has no `deviceInfo`.
fn is_chirpstack_v3(topic: &str, payload: &[u8]) -> bool {
    const MARK: &[u8] = b"\"deviceInfo\"";
    let application = topic.split('/').nth(1).unwrap_or_default();
    let is_numbered = !application.is_empty() && application.bytes().all(|b| b.is_ascii_digit());
    is_numbered && !payload.windows(MARK.len()).any(|part| part == MARK)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use model::Id;

    use super::*;
    use crate::Profile;

    #[test]
    fn a_retained_value_of_unknown_age_is_no_reading() {
        let mut decoder = Decoder::new(Routes::defaults());
        let at = model::Instant::parse("2026-03-01T08:00:00Z").ok();
        let mut said = |payload: &str, retained| {
            let message =
                Message { topic: "normwatch/v1/a", payload: payload.as_bytes(), retained, received_at: at };
            decoder.decode(&message).1.unwrap()
        };
        let undated = r#"[{"n":"co2","v":500}]"#;
        assert_eq!(said(undated, true), Decoded::Ignored("retained"));
        assert!(matches!(said(undated, false), Decoded::Readings(r) if r[0].time == at));
        assert!(matches!(said(r#"[{"n":"co2","v":500,"t":1700000000}]"#, true), Decoded::Readings(_)));
    }

    #[test]
    fn a_route_with_devices_refuses_the_whole_message_that_names_another() {
        let sensors = ["a-*".to_owned()];
        let entry = crate::RouteEntry { filter: "vendor-a/#", format: "senml", sensors: &sensors };
        let mut decoder = Decoder::new(Routes::with([entry]).unwrap());
        let mut kind = |payload: &[u8]| {
            let message = Message { topic: "vendor-a/up", payload, retained: false, received_at: None };
            decoder.decode(&message).1.err().map(|error| error.kind)
        };
        assert_eq!(kind(br#"[{"n":"a-1:co2","v":500}]"#), None);
        assert_eq!(
            kind(br#"[{"n":"a-1:co2","v":500},{"n":"b-1:co2","v":9}]"#),
            Some(ErrorKind::NotItsDevice)
        );
    }

    #[test]
    fn a_value_that_no_number_holds_in_our_unit_is_left_out_and_the_rest_stays() {
        let mut decoder = Decoder::new(Routes::defaults());
        let mut said = |payload: &[u8]| {
            let message = Message { topic: "normwatch/v1/a", payload, retained: false, received_at: None };
            decoder.decode(&message).1.unwrap()
        };
        let both = said(br#"[{"n":"battery_level","u":"/","v":1e308},{"n":"co2","v":500}]"#);
        assert!(matches!(both, Decoded::Readings(r) if r.len() == 1 && (r[0].value - 500.0).abs() < 1e-9));
        let alone = said(br#"[{"n":"battery_level","u":"/","v":1e308}]"#);
        assert_eq!(alone, Decoded::Ignored("no_reading"));
    }

    /// Messages of formats that remember nothing from one to the next, from the golden cases.
    fn samples() -> Vec<(Format, String, String)> {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
        let stateless = Format::ALL.iter().filter(|format| {
            !matches!(format, Format::SparkplugB | Format::HaDiscovery | Format::HaStatestream)
        });
        let mut found = Vec::new();
        for format in stateless {
            for line in std::fs::read_to_string(folder.join(format!("{format}.jsonl"))).unwrap().lines() {
                let case: serde_json::Value = serde_json::from_str(line).unwrap();
                let text = |key: &str| case[key].as_str().unwrap().to_owned();
                found.push((*format, text("topic"), text("payload")));
            }
        }
        found
    }

    #[test]
    fn what_was_looked_up_before_changes_no_reading_whatever_the_order() {
        let samples = samples();
        assert!(samples.len() > 60);
        let read = |decoder: &mut Decoder, (format, topic, payload): &(Format, String, String)| {
            let message = Message { topic, payload: payload.as_bytes(), retained: false, received_at: None };
            format!("{:?} {:?}", decoder.decode_as(*format, &message), decoder.route(topic, message.payload))
        };
        let fresh: Vec<String> = samples
            .iter()
            .map(|sample| {
                let names = Arc::new(Names::read_builtin());
                read(&mut Decoder { routes: Routes::defaults(), names, state: State::default() }, sample)
            })
            .collect();
        let mut used = Decoder::new(Routes::defaults());
        for round in 0..8_usize {
            // A step that shares no factor with the length visits each once.
            let step = [1, 7, 11, 13, 17, 19, 23, 29].into_iter().cycle().nth(round).unwrap();
            let step = if samples.len().is_multiple_of(step) { 1 } else { step };
            for at in (0..samples.len()).map(|i| (i * step + round) % samples.len()) {
                assert_eq!(read(&mut used, &samples[at]), fresh[at], "{:?}", samples[at]);
            }
        }
    }

    #[test]
    fn our_own_diagnostics_are_no_readings_on_any_route() {
        let mut decoder = Decoder::new(Routes::with([("#", "auto")]).unwrap());
        let message = |topic| Message {
            topic,
            payload: br#"{"co2":700,"temperature":21}"#,
            retained: false,
            received_at: None,
        };
        assert!(matches!(decoder.decode(&message("x/y")).1, Ok(Decoded::Readings(_))));
        let ours = decoder.decode(&message("normwatch/v1/r1/diagnostics")).1;
        assert_eq!(ours, Ok(Decoded::Ignored("diagnostics")));
    }

    #[test]
    fn the_versions_of_chirpstack_share_a_topic_and_not_a_shape() {
        let decoder = Decoder::new(Routes::defaults());
        let topic = "application/3/device/00aa11bb22cc33dd/event/up";
        assert_eq!(decoder.route(topic, br#"{"devEUI":"x","fCnt":1}"#), Some(Format::ChirpstackV3));
        assert_eq!(decoder.route(topic, br#"{"deviceInfo":{"devEui":"x"}}"#), Some(Format::ChirpstackV4));
    }

    fn named(sensor: &str, profile: Arc<Profile>) -> Profiles {
        Profiles { named: HashMap::from([(Id::parse(sensor).unwrap(), profile)]), claiming: Vec::new() }
    }

    #[test]
    fn a_profile_that_says_whose_it_is_reads_sensors_that_nobody_has_registered() {
        let text = |id: &str, name: &str| {
            format!("sensors = [\"{id}\"]\n[[name]]\nquantity = \"gas\"\nnames = [\"{name}\"]\n")
        };
        let profile = |id, name| Arc::new(Profile::parse(&text(id, name)).unwrap());
        let mut decoder = Decoder::new(Routes::defaults());
        let claiming = vec![profile("boiler-*", "pulses")];
        decoder.set_profiles(Profiles { claiming, ..named("boiler-2", profile("x", "ticks")) });
        let mut read = |topic: &str, payload: &[u8]| {
            let message = Message { topic, payload, retained: false, received_at: None };
            match decoder.decode(&message).1 {
                Ok(Decoded::Readings(readings)) => readings.len(),
                _ => 0,
            }
        };
        assert_eq!(read("site/boiler-1/up", br#"{"pulses":7}"#), 1);
        assert_eq!(read("site/oven-1/up", br#"{"pulses":7}"#), 0);
        // What the register names goes before.
        assert_eq!(read("site/boiler-2/up", br#"{"pulses":7}"#), 0);
        assert_eq!(read("site/boiler-2/up", br#"{"ticks":7}"#), 1);
    }

    #[test]
    fn a_profile_scales_knows_its_own_sentinels_and_words_and_needs_no_route() {
        let text = r#"
            [[name]]
            quantity = "gas"
            unit = "m3"
            scale = 0.01
            sentinels = [65535]
            names = ["meter.pulses"]
            [[name]]
            quantity = "occupied"
            names = ["belegung"]
            [words]
            true = ["belegt"]
            [sentinels]
            words = ["keine"]
            [ignore]
            names = ["temperature"]
        "#;
        let mut decoder = Decoder::new(Routes::defaults());
        let profile = Arc::new(Profile::parse(text).unwrap());
        decoder.set_profiles(named("m1", profile));
        let mut read = |payload: &str| {
            let payload = payload.as_bytes();
            let message = Message { topic: "x/m1/up", payload, retained: false, received_at: None };
            match decoder.decode(&message) {
                (Some(Format::VendorJson), Ok(Decoded::Readings(found))) => found,
                (_, other) => panic!("{other:?}"),
            }
        };
        let found = read(r#"{"meter":{"pulses":1234},"belegung":"belegt","temperature":21}"#);
        let found: Vec<_> = found.iter().map(|r| (r.quantity, (r.value * 100.0).round() / 100.0)).collect();
        assert_eq!(found, [(model::Quantity::Gas, 12.34), (model::Quantity::Occupied, 1.0)]);
        let missing = read(r#"{"meter":{"pulses":65535}}"#);
        assert!(missing[0].flags.has(model::Flags::SENTINEL));
        let other = Message {
            topic: "x/m2/up",
            payload: br#"{"meter":{"pulses":1}}"#,
            retained: false,
            received_at: None,
        };
        assert_eq!(decoder.decode(&other), (None, Ok(Decoded::Ignored("no_route"))));
    }

    #[test]
    fn a_profile_reads_what_names_cannot() {
        let mut decoder = Decoder::new(Routes::defaults());
        let profile = Arc::new(Profile::builtin("pulse-electricity-wh").unwrap());
        decoder.set_profiles(named("m1", profile));
        let message =
            Message { topic: "x/m1/up", payload: br#"{"index":1500}"#, retained: false, received_at: None };
        let Ok(Decoded::Readings(found)) = decoder.decode_as(Format::VendorJson, &message) else {
            panic!("no reading")
        };
        assert_eq!((found[0].quantity, found[0].value), (model::Quantity::EnergyImport, 1.5));
    }
}
