//! A program whose instructions are counted.
//!
//! `instructions NAME COUNT` runs a scenario `COUNT` times. Without these arguments the program lists the name of
//! each scenario, and the length in bytes of the long part of its request.

mod scenarios;

use std::env::args;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut scenarios = scenarios::all().into_iter();
    let arguments: Vec<String> = args().skip(1).collect();
    let [name, count] = arguments.as_slice() else {
        scenarios.for_each(|scenario| println!("{}\t{}", scenario.name, scenario.bytes));
        return ExitCode::SUCCESS;
    };
    let (Some(scenario), Ok(count)) = (scenarios.find(|scenario| scenario.name == *name), count.parse()) else {
        eprintln!("{name:?} is not the name of a scenario, or {count:?} is not a number");
        return ExitCode::FAILURE;
    };
    scenario.prepare()(count);
    ExitCode::SUCCESS
}
