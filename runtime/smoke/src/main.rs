//! Reads what to test, tests it, and tells how it goes.

use std::{
    env,
    io::{self, Write},
    process::ExitCode,
};

use contract::smoke::{Event, Request, variable};
use smoke::{Failure, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut tell = |event: &Event| -> io::Result<()> {
        let mut line = serde_json::to_vec(event)?;
        line.push(b'\n');
        let mut out = io::stdout().lock();
        out.write_all(&line)?;
        out.flush()
    };
    let result = match serde_json::from_reader::<_, Request>(io::stdin().lock()) {
        Ok(request) => run(&request, known(), &mut tell).await,
        Err(error) => Err(Failure {
            message: "stdin does not say what to test".to_owned(),
            hint: "nothing was sent; `cargo xtask smoke --env local` writes it".to_owned(),
            source: Some(error.into()),
        }),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // When not even this can be told, the exit code still says it.
            let _ = tell(&failure.into_event());
            ExitCode::FAILURE
        }
    }
}

/// The user that a person has named.
fn known() -> Option<(String, String)> {
    let of = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    of(variable::USER).zip(of(variable::PASSWORD))
}
