//! A flood of hostile messages: fifty thousand in the suite, any number by `NORMWATCH_HOSTILE_CASES`.

use std::collections::BTreeMap;

use ingest::{Decoded, Decoder, Diagnostics, Format, Message, Routes};
use model::Instant;

use crate::{
    generator::{Dice, Generator},
    seeds, sound,
};

/// Messages of one decoder, before it is exchanged for a new one: what it remembers must not break it either.
const OF_ONE: usize = 20_000;

fn cases() -> usize {
    let asked = std::env::var_os("NORMWATCH_HOSTILE_CASES");
    asked.and_then(|text| text.to_str()?.parse().ok()).unwrap_or(50_000)
}

#[test]
fn a_flood_of_hostile_messages_never_panics_and_lets_no_broken_reading_through() {
    let generator = Generator::new(seeds());
    let mut dice = Dice::new(0x6e6f_726d);
    let mut decoder = Decoder::new(Routes::defaults());
    let mut diagnostics = Diagnostics::default();
    let mut outcomes: BTreeMap<&str, usize> = BTreeMap::new();
    let began = tokio::time::Instant::now();
    let cases = cases();
    for case in 0..cases {
        if case % OF_ONE == 0 {
            decoder = Decoder::new(Routes::defaults());
        }
        let (topic, payload) = generator.message(&mut dice);
        let now = Instant::from_millis(1_773_100_800_000 + case as i64 * 10);
        let received_at = (dice.below(2) == 0).then_some(now);
        let message =
            Message { topic: &topic, payload: &payload, retained: dice.below(16) == 0, received_at };
        let outcome = decoder.decode_message(&message);
        diagnostics.note(&topic, &outcome.result, now);
        diagnostics.take_due(now, 4);
        let forced = decoder.decode_as(*dice.one_of(Format::ALL), &message);
        for result in [&outcome.result, &forced] {
            let name = match result {
                Ok(decoded) => {
                    sound(decoded);
                    if matches!(decoded, Decoded::Readings(_)) { "readings" } else { "ignored" }
                }
                Err(error) => error.kind.name(),
            };
            *outcomes.entry(name).or_default() += 1;
        }
    }
    println!("{cases} messages, each read twice, in {:?}: {outcomes:?}", began.elapsed());
    let one_in = |name: &str| 2 * cases / outcomes.get(name).copied().unwrap_or(0).max(1);
    // A generator that only makes rubbish would test nothing behind the first check.
    assert!(one_in("readings") < 20, "{outcomes:?}");
    assert!(one_in("not_json") < 50 && one_in("wrong_type") < 200, "{outcomes:?}");
}
