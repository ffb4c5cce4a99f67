use std::process::ExitCode;

fn main() -> ExitCode {
    flowkeep::cli::main()
}
