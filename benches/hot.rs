//! The hot parts of the service, each by itself. `benches/compare` holds them against another commit.
#![allow(clippy::unwrap_used, missing_docs, reason = "measurements, not part of the service")]

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use normwatch::bench::hot::{Decoding, FORMATS, Hours};

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, format) in FORMATS {
        let mut decoding = Decoding::of(format);
        group.throughput(Throughput::Elements(decoding.run()));
        group.bench_function(name, |b| b.iter(|| decoding.run()));
    }
    group.finish();
}

fn readings(c: &mut Criterion) {
    let hours = Hours::new().unwrap();
    let blocks = hours.encoded();
    let mut group = c.benchmark_group("readings");
    group.sample_size(20).throughput(Throughput::Elements(hours.len() as u64));
    group.bench_function("engine", |b| {
        b.iter_batched(|| hours.engine(), |mut engine| hours.take(&mut engine), BatchSize::LargeInput);
    });
    group.bench_function("line-protocol", |b| b.iter(|| hours.lines()));
    group.bench_function("block-encode", |b| b.iter(|| hours.encode()));
    group.bench_function("block-decode", |b| b.iter(|| Hours::decode(&blocks)));
    group.finish();
}

criterion_group!(benches, decode, readings);
criterion_main!(benches);
