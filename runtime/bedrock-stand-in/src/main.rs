//! The stand-in as a program: `bedrock-stand-in <port>`, on loopback, until it is ended.

use std::{io::Write, process::ExitCode};

use bedrock_stand_in::StandIn;

fn main() -> ExitCode {
    let mut errors = std::io::stderr();
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok());
    let Some(port) = port else {
        let _ = writeln!(errors, "usage: bedrock-stand-in <port>");
        return ExitCode::from(2);
    };
    match StandIn::start(port) {
        Ok(stand_in) => {
            let _ = writeln!(errors, "a stand-in for Bedrock's image models, which is no model, answers at {}", stand_in.url());
            stand_in.serve();
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(errors, "port {port} of loopback cannot be had: {error}");
            ExitCode::FAILURE
        }
    }
}
