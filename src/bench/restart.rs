//! How long a restart takes: register, rules, engine, and the checkpoint taken up.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use model::Register;
use rules::{Engine, LiveClause};

use super::{
    Options,
    office::{self, START},
    progress::Progress,
    report::{Row, Section, figure},
    scale::{self, Sensors, engine, files, judge},
    series::PACKS,
    system::{number, timed},
};
use crate::{
    pipeline::pieces::{engine_pieces, restore_engine},
    spool::Position,
    state::{Checkpoint, State, Step},
};

/// Ten minutes each.
const STEPS: u32 = 18;

pub(super) fn measure(
    options: &Options,
    folder: &Path,
    progress: &mut Progress<'_>,
) -> anyhow::Result<Section> {
    let sizes: &[usize] = match (options.is_large, options.is_quick) {
        (true, _) => &[10_000, 100_000, 1_000_000],
        (false, false) => &[10_000, 100_000],
        (false, true) => &[10_000],
    };
    let mut section = Section::new("Restart with a checkpoint");
    for series in sizes {
        if let Err(short) = scale::room_for(*series) {
            section.note(short);
            continue;
        }
        progress.step(format_args!("Restart with {series} series"));
        let path = folder.join(format!("restart-{series}.sqlite"));
        let files = files(*series, &PACKS)?;
        let (write, bytes) = write(&files, &path, progress)?;
        progress.step(format_args!("Restart with {series} series: taking up"));
        let (load, loaded) = timed(|| load(&files));
        let (register, clauses) = loaded?;
        let (build, mut engine) = timed(|| engine(&register, &clauses));
        let (read, restored) = timed(|| read(&path, &mut engine));
        restored?;
        anyhow::ensure!(engine.event_time().is_some(), "the checkpoint held nothing");
        let count = number(*series as u64);
        let figures = vec![
            figure("starts in", load + build + read, "s"),
            figure("register and packs", load, "s"),
            figure("engine", build, "s"),
            figure("checkpoint", read, "s"),
            figure("written in", write, "s"),
            figure("file", number(bytes) / count, "bytes/series"),
        ];
        progress.row(&mut section, Row::new(format!("{series} series"), figures));
        std::fs::remove_file(&path)?;
    }
    section.note("the engine's state after three hours of readings; the spool's tail and the pages' newest readings come on top");
    Ok(section)
}

type Files = BTreeMap<String, Vec<u8>>;

fn load(files: &Files) -> anyhow::Result<(Arc<Register>, Vec<LiveClause>)> {
    let register = office::register(files)?;
    let clauses = office::catalogue(&[])?.live(&register);
    Ok((Arc::new(register), clauses))
}

/// Writes the checkpoint of an engine that has seen some hours: seconds and size.
fn write(files: &Files, path: &Path, progress: &mut Progress<'_>) -> anyhow::Result<(f64, u64)> {
    let (register, clauses) = load(files)?;
    let mut engine = engine(&register, &clauses);
    judge(&mut engine, &Sensors::of(&register), 0..STEPS, progress);
    let state = State::open(path)?;
    let (secs, written) = timed(|| {
        let changed = engine_pieces(&mut engine)?;
        let size = changed.iter().map(|(_, body)| body.len() as u64).sum();
        let checkpoint =
            Checkpoint { position: Position::new(1), event_time: Some(START), changed, removed: Vec::new() };
        state.commit(&Step { checkpoint: Some(checkpoint), ..Step::default() })?;
        anyhow::Ok(size)
    });
    Ok((secs, written?))
}

fn read(path: &Path, engine: &mut Engine) -> anyhow::Result<()> {
    if let Some(saved) = State::open(path)?.engine(0)? {
        restore_engine(engine, &saved.pieces)?;
    }
    Ok(())
}
