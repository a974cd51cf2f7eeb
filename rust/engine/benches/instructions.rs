//! `instructions NAME COUNT` makes a decision so often, for a count of its instructions; without
//! these arguments it lists the names, and the bytes of what is long in the request.

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
        eprintln!("there is no scenario {name:?}, or {count:?} is no number");
        return ExitCode::FAILURE;
    };
    scenario.prepare()(count);
    ExitCode::SUCCESS
}
