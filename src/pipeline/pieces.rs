//! The state of the engine, and of what checkpoints hold beside it, as named pieces of bytes.

use std::{collections::BTreeMap, sync::Arc};

use model::Register;
use rules::{Engine, EngineOptions, LiveClause, Part, RegisterChecks, SavedRegisterChecks};
use serde::{Serialize, de::DeserializeOwned};

use super::acts::Acts;
use crate::notify::Dispatcher;

/// What was in force at the checkpoint.
pub(super) const RULEBOOK: &str = "rulebook";
/// Days that late data has touched.
pub(super) const LATE: &str = "late";
/// Up to where events have been told.
pub(super) const MARKED: &str = "marked";
const REGISTER: &str = "register-checks";
const DISPATCHER: &str = "dispatcher";
const ACTS: &str = "acts";
const ENGINE: &str = "engine/";

/// Why a checkpoint cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// A piece has no binary form.
    #[error("state `{0}` cannot be encoded")]
    Encode(String, #[source] rmp_serde::encode::Error),
    /// A piece is damaged, or of a release that this one does not know.
    #[error(
        "state `{0}` cannot be read: start from a backup, or move the state file away to rebuild from the spool"
    )]
    Decode(String, #[source] rmp_serde::decode::Error),
}

/// The parts that a checkpoint holds.
pub(super) struct Parts<'a> {
    pub(super) engine: &'a mut Engine,
    pub(super) register: &'a mut RegisterChecks,
    pub(super) dispatcher: &'a mut Dispatcher,
    pub(super) acts: &'a mut Acts,
}

impl Parts<'_> {
    /// What changed since the last call.
    pub(super) fn take_changed(&mut self) -> Result<Vec<(String, Vec<u8>)>, CheckpointError> {
        let mut changed = engine_pieces(self.engine)?;
        if let Some(saved) = self.register.take_changed() {
            changed.push(encode(REGISTER.to_owned(), &saved)?);
        }
        changed.push(encode(DISPATCHER.to_owned(), self.dispatcher)?);
        changed.push(encode(ACTS.to_owned(), self.acts)?);
        Ok(changed)
    }

    /// Takes up all pieces; unknown names are left alone.
    pub(super) fn restore(&mut self, pieces: &BTreeMap<String, Vec<u8>>) -> Result<(), CheckpointError> {
        restore_engine(self.engine, pieces)?;
        if let Some(body) = pieces.get(REGISTER) {
            let saved: SavedRegisterChecks = decode(REGISTER, body)?;
            self.register.restore(saved);
        }
        if let Some(body) = pieces.get(DISPATCHER) {
            *self.dispatcher = decode(DISPATCHER, body)?;
        }
        if let Some(body) = pieces.get(ACTS) {
            *self.acts = decode(ACTS, body)?;
        }
        Ok(())
    }
}

/// What the state calls a piece of the engine.
pub(super) fn engine_piece(key: &str) -> String {
    format!("{ENGINE}{key}")
}

/// The pieces of an engine that changed since the last call.
pub(crate) fn engine_pieces(engine: &mut Engine) -> Result<Vec<(String, Vec<u8>)>, CheckpointError> {
    let changed = engine.take_changed().into_iter();
    changed.map(|(key, saved)| encode(engine_piece(&key), &saved)).collect()
}

/// An engine that has seen nothing yet, its buildings set up by as many threads as there are processors.
pub(crate) fn set_up(register: Arc<Register>, clauses: &[LiveClause], options: EngineOptions) -> Engine {
    Engine::built_by(register, clauses, options, |count, build| {
        let each = count.div_ceil(super::cores()).max(1);
        let ranges = (0..count).step_by(each).map(|from| from..count.min(from + each));
        std::thread::scope(|scope| {
            let at_work: Vec<_> =
                ranges.map(|range| (range.clone(), scope.spawn(move || build(range)))).collect();
            // A thread that cannot do it panics; doing it here says why.
            at_work.into_iter().map(|(range, done)| done.join().unwrap_or_else(|_| build(range))).collect()
        })
    })
}

/// So many pieces are worth a second thread.
const MANY: usize = 512;

/// Takes up the pieces that are the engine's, in the order of their names: as many threads as there are processors,
/// each with buildings of its own.
pub(crate) fn restore_engine(
    engine: &mut Engine,
    pieces: &BTreeMap<String, Vec<u8>>,
) -> Result<(), CheckpointError> {
    let own: Vec<(&str, &[u8])> = pieces
        .range(ENGINE.to_owned()..)
        .map_while(|(name, body)| Some((name.strip_prefix(ENGINE)?, body.as_slice())))
        .collect();
    let threads = if own.len() > MANY { super::cores() } else { 1 };
    let take_up = |mut part: Part<'_>| -> Result<(), CheckpointError> {
        for (key, body) in &own {
            if part.owns(key) {
                part.restore(key, decode(key, body)?);
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let parts = engine.parts(threads).into_iter();
        let at_work: Vec<_> = parts.map(|part| scope.spawn(|| take_up(part))).collect();
        at_work
            .into_iter()
            .try_for_each(|done| done.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })?;
    for (key, body) in own.iter().filter(|(key, _)| Engine::is_of_body(key)) {
        engine.restore(key, decode(key, body)?);
    }
    Ok(())
}

pub(super) fn encode<T: Serialize>(name: String, value: &T) -> Result<(String, Vec<u8>), CheckpointError> {
    match rmp_serde::to_vec_named(value) {
        Ok(body) => Ok((name, body)),
        Err(error) => Err(CheckpointError::Encode(name, error)),
    }
}

pub(super) fn decode<T: DeserializeOwned>(name: &str, body: &[u8]) -> Result<T, CheckpointError> {
    rmp_serde::from_slice(body).map_err(|error| CheckpointError::Decode(name.to_owned(), error))
}

#[cfg(test)]
mod tests {
    use model::{Id, Instant, Quantity, Reading, Series};
    use rules::{Catalogue, Output, SavedShard};

    use super::*;

    const MINUTE: i64 = 60_000;

    /// How an engine is set up.
    type By = fn(Arc<Register>, &[LiveClause], EngineOptions) -> Engine;

    /// Two rooms in each of so many buildings, and no reading yet.
    fn engine(buildings: usize, by: By) -> Engine {
        let mut places = "place,kind,parent,use,usable_area_m2\ns,site,,,\n".to_owned();
        let mut sensors = "sensor,place,interval_s\n".to_owned();
        for building in 0..buildings {
            places += &format!("b{building},building,s,,\n");
            for room in [2 * building, 2 * building + 1] {
                places += &format!("r{room},room,b{building},office,24\n");
                sensors += &format!("n{room},r{room},600\n");
            }
        }
        let site =
            "id = \"s\"\ntime_zone = \"Asia/Shanghai\"\npacks = [\"gb-t-18883-2022\", \"cn-42-2007\"]\n";
        let files = [("register.toml", site), ("places.csv", &places), ("sensors.csv", &sensors)];
        let files =
            files.into_iter().map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).collect();
        let register = Arc::new(Register::load(&files).unwrap());
        let live = Catalogue::load(&[], None).unwrap().live(&register);
        by(register, &live, EngineOptions::default())
    }

    /// What is said of the readings between two minutes of a day.
    fn judged(engine: &mut Engine, rooms: i32, minutes: std::ops::Range<i32>) -> Vec<Output> {
        let start = Instant::parse("2026-03-02T08:00:00+08:00").unwrap();
        let mut out = Vec::new();
        for minute in minutes.step_by(10) {
            for room in 0..rooms {
                let wave = f64::from((room + minute) % 900);
                for (quantity, value) in
                    [(Quantity::Co2, 700.0 + wave), (Quantity::Temperature, 18.5 + wave / 90.0)]
                {
                    let series =
                        Series { sensor: Id::parse(&format!("n{room}")).unwrap(), quantity, channel: None };
                    let reading =
                        Reading::new(series, start.plus_ms(i64::from(minute) * MINUTE), value).unwrap();
                    engine.observe(&reading, &mut out);
                }
            }
        }
        out
    }

    fn taken_up(mut engine: Engine, pieces: Vec<(String, Vec<u8>)>) -> Engine {
        restore_engine(&mut engine, &pieces.into_iter().collect()).unwrap();
        engine
    }

    /// A piece in the words of 0.1: times and readings as text, windows with names.
    fn in_old_words(key: String, saved: &SavedShard) -> (String, Vec<u8>) {
        let mut body = Vec::new();
        let mut writer = rmp_serde::Serializer::new(&mut body).with_struct_map().with_human_readable();
        saved.serialize(&mut writer).unwrap();
        (engine_piece(&key), body)
    }

    #[test]
    fn an_engine_goes_on_from_its_pieces_however_many_threads_made_it_and_in_the_words_of_the_first_files_too()
     {
        // So many that more than one thread takes them up.
        let (buildings, rooms) = (400, 800_i32);
        let mut first = engine(buildings, Engine::new);
        assert!(!judged(&mut first, rooms, 0..200).is_empty());
        let saved = first.take_changed();
        let pieces: Vec<_> =
            saved.iter().map(|(key, saved)| encode(engine_piece(key), saved).unwrap()).collect();
        assert!(pieces.len() > MANY, "{}", pieces.len());
        let old: Vec<_> = saved.into_iter().map(|(key, saved)| in_old_words(key, &saved)).collect();
        let size = |pieces: &[(String, Vec<u8>)]| pieces.iter().map(|(_, body)| body.len()).sum::<usize>();
        assert!(size(&pieces) * 5 < size(&old) * 4, "{} of {}", size(&pieces), size(&old));
        let told = judged(&mut first, rooms, 200..500);
        assert!(told.len() > 800);
        for (pieces, by) in [(pieces, set_up as By), (old, Engine::new)] {
            let mut later = taken_up(engine(buildings, by), pieces);
            assert_eq!(judged(&mut later, rooms, 200..500), told);
            assert_eq!(later.alerts(), first.alerts());
        }
    }

    #[test]
    fn a_damaged_piece_is_named_and_nothing_waits_for_ever() {
        let mut first = engine(300, Engine::new);
        judged(&mut first, 600, 0..10);
        let mut pieces: BTreeMap<String, Vec<u8>> = engine_pieces(&mut first).unwrap().into_iter().collect();
        let name = "engine/place/r7".to_owned();
        assert!(pieces.insert(name.clone(), vec![0xc1]).is_some());
        let error = restore_engine(&mut engine(300, set_up), &pieces).unwrap_err();
        assert!(error.to_string().contains("place/r7"), "{error}");
    }
}
