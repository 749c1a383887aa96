//! Hostile messages by the million, the same ones each time: the golden cases bent by what breaks readers.

use serde_json::{Map, Number, Value, json};

/// A small generator of numbers (`SplitMix64`): the same seed gives the same messages on every machine.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub(crate) fn one_of<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

/// Texts that have broken readers of text before.
const TEXTS: &[&str] = &[
    "",
    " ",
    "\0",
    "NaN",
    "-Infinity",
    "1e999",
    "-0",
    "0x7fffffff",
    "12,5 kW",
    "２３",
    "°",
    "\u{feff}",
    "\u{202e}abc",
    "𝔘𝔫𝔦",
    "e\u{301}\u{301}\u{301}",
    "会议室",
    "a/b/../c",
    "\"\\\n\r\t",
    "%s%n{}",
    "2026-02-30T25:61:61Z",
    "9999-12-31T23:59:59Z",
    "-1",
    "ß",
    "İ",
    "null",
];

/// Numbers at the edges of what computers hold.
const NUMBERS: &[f64] = &[
    0.0,
    -0.0,
    1e308,
    -1e308,
    5e-324,
    9_007_199_254_740_993.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_615.0,
    253_402_300_800_000.0,
    -62_135_596_801.0,
    65_535.0,
    327.67,
];

/// The golden cases, taken apart.
pub(crate) struct Generator {
    seeds: Vec<(String, Vec<u8>)>,
    trees: Vec<Value>,
    keys: Vec<String>,
}

impl Generator {
    pub(crate) fn new(seeds: Vec<(String, Vec<u8>)>) -> Self {
        let trees: Vec<Value> =
            seeds.iter().filter_map(|(_, payload)| serde_json::from_slice(payload).ok()).collect();
        let mut keys = Vec::new();
        trees.iter().for_each(|tree| collect(tree, &mut keys));
        keys.sort();
        keys.dedup();
        assert!(seeds.len() > 60 && trees.len() > 40 && keys.len() > 100, "the golden cases are gone");
        Self { seeds, trees, keys }
    }

    /// A topic and a payload.
    pub(crate) fn message(&self, dice: &mut Dice) -> (String, Vec<u8>) {
        let (topic, payload) = dice.one_of(&self.seeds).clone();
        let topic = match dice.below(8) {
            0 => self.bent_topic(dice, &topic),
            1 => dice.one_of(&self.seeds).0.clone(),
            _ => topic,
        };
        let mut payload = match serde_json::from_slice::<Value>(&payload) {
            Ok(tree) if dice.below(4) > 0 => self.written(dice, tree),
            _ => payload,
        };
        if dice.below(3) == 0 {
            bend_bytes(dice, &mut payload);
        }
        (topic, payload)
    }

    fn bent_topic(&self, dice: &mut Dice, topic: &str) -> String {
        let mut levels: Vec<String> = topic.split('/').map(str::to_owned).collect();
        let at = dice.below(levels.len());
        match dice.below(4) {
            0 => levels[at] = (*dice.one_of(TEXTS)).to_owned(),
            1 => levels[at] = dice.one_of(&self.keys).repeat(1 + dice.below(40)),
            2 => drop(levels.remove(at)),
            _ => levels.insert(at, dice.one_of(&self.keys).clone()),
        }
        levels.join("/")
    }

    /// A bent tree as text, at times with things that no tree can hold.
    fn written(&self, dice: &mut Dice, mut tree: Value) -> Vec<u8> {
        for _ in 0..1 + dice.below(4) {
            self.bend(dice, &mut tree, 0);
        }
        let text = tree.to_string();
        let text = match dice.below(12) {
            // Keys twice, literals that are none, numbers that no float holds.
            0 => text.replacen('{', "{\"n\":1,\"n\":\"x\",", 1),
            1 => text.replacen(':', ":NaN,\"x\":", 1),
            2 => text.replacen(['1', '2', '3'], "123456789012345678901234567890e400", 1),
            3 => format!("{}{text}{}", "[".repeat(dice.below(40)), "]".repeat(dice.below(40))),
            4 => format!("\u{feff}{text}\0\0"),
            5 => text.replace('"', "'"),
            _ => text,
        };
        text.into_bytes()
    }

    fn bend(&self, dice: &mut Dice, value: &mut Value, depth: usize) {
        let goes_in = depth < 12 && dice.below(6) > 0;
        match value {
            Value::Object(object) if goes_in && !object.is_empty() => {
                let at = dice.below(object.len());
                let key = object.keys().nth(at).unwrap().clone();
                match dice.below(10) {
                    0 => drop(object.remove(&key)),
                    1 => {
                        let inner = object.remove(&key).unwrap();
                        object.insert(dice.one_of(&self.keys).clone(), inner);
                    }
                    2 => drop(object.insert(dice.one_of(&self.keys).clone(), self.value(dice))),
                    3 => drop(object.insert((*dice.one_of(TEXTS)).to_owned(), self.value(dice))),
                    _ => self.bend(dice, object.get_mut(&key).unwrap(), depth + 1),
                }
            }
            Value::Array(list) if goes_in && !list.is_empty() => {
                let at = dice.below(list.len());
                match dice.below(8) {
                    0 => drop(list.remove(at)),
                    1 => list.insert(at, self.value(dice)),
                    2 => {
                        let copies = vec![list[at].clone(); dice.below(30)];
                        list.extend(copies);
                    }
                    _ => self.bend(dice, &mut list[at], depth + 1),
                }
            }
            other => *other = self.value(dice),
        }
    }

    /// Something that does not belong there.
    fn value(&self, dice: &mut Dice) -> Value {
        match dice.below(9) {
            0 => Value::Null,
            1 => Value::Bool(dice.below(2) == 0),
            2 | 3 => Number::from_f64(*dice.one_of(NUMBERS)).map_or(Value::Null, Value::Number),
            4 => Value::from(dice.next().cast_signed()),
            5 => Value::from(*dice.one_of(TEXTS)),
            6 => Value::from(dice.one_of(TEXTS).repeat(dice.below(60))),
            7 => dice.one_of(&self.trees).clone(),
            _ => {
                let mut object = Map::new();
                for _ in 0..dice.below(4) {
                    object.insert(dice.one_of(&self.keys).clone(), json!([*dice.one_of(TEXTS), dice.next()]));
                }
                Value::Object(object)
            }
        }
    }
}

fn collect(tree: &Value, keys: &mut Vec<String>) {
    match tree {
        Value::Object(object) => {
            for (key, inner) in object {
                keys.push(key.clone());
                collect(inner, keys);
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, keys)),
        _ => {}
    }
}

/// Cuts, flips, repeats and inserts bytes.
fn bend_bytes(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..1 + dice.below(4) {
        if bytes.is_empty() {
            return;
        }
        let at = dice.below(bytes.len());
        match dice.below(6) {
            0 => bytes.truncate(at),
            1 => bytes[at] = dice.next() as u8,
            2 => bytes.insert(at, dice.next() as u8),
            3 => bytes[at] ^= 1 << dice.below(8),
            4 => {
                let run = bytes[at..(at + dice.below(32)).min(bytes.len())].repeat(1 + dice.below(8));
                bytes.splice(at..at, run);
            }
            // A length or varint that claims the world.
            _ => drop(bytes.splice(at..at, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])),
        }
    }
}
