//! Times of decisions, grouped by theme.

mod scenarios;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::time::Instant;

fn decisions(criterion: &mut Criterion) {
    for scenario in scenarios::all() {
        let mut parts = scenario.name.splitn(3, '/');
        let [theme, what, size] = [(); 3].map(|()| parts.next().unwrap_or_default());
        let mut group = criterion.benchmark_group(theme);
        if scenario.bytes > 0 {
            group.throughput(Throughput::Bytes(scenario.bytes as u64));
        }
        let mut run = None;
        group.bench_function(BenchmarkId::new(what, size), |bencher| {
            // Prepared here, so that scenarios that the command line leaves out are not prepared at all.
            let run = run.get_or_insert_with(|| scenario.prepare());
            bencher.iter_custom(|count| {
                let start = Instant::now();
                run(count);
                start.elapsed()
            });
        });
    }
}

criterion_group!(benches, decisions);
criterion_main!(benches);
