#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(clippy::panic, clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::unreachable, clippy::todo)
)]

mod agent;
mod aws;

use std::io::{BufRead, Write};
use std::process::ExitCode;

use aws::Aws;
use engine::{Engine, Interrupt, Talk, Wish, Wishes};
use protocol::{Answer, Event, Failure, FailureKind, Request, Sent, Target};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Mutex, mpsc};

/// Events go to standard output as JSON lines; answers come from standard input.
#[derive(Debug)]
struct Lines {
    answers: Mutex<mpsc::UnboundedReceiver<String>>,
}

impl Talk for Lines {
    fn tell(&self, event: Event) {
        tell(&event);
    }

    async fn ask(&self, question: String) -> Answer {
        tell(&Event::Confirm { question });
        self.answer().await
    }

    async fn review(&self) -> Answer {
        tell(&Event::Review);
        self.answer().await
    }
}

impl Lines {
    async fn answer(&self) -> Answer {
        let line = self.answers.lock().await.recv().await;
        line.and_then(|line| serde_json::from_str(&line).ok()).unwrap_or(Answer::No)
    }
}

fn tell(event: &Event) {
    let Ok(line) = serde_json::to_string(event) else { return };
    let mut out = std::io::stdout().lock();
    // A listener that is gone cannot be told so; CloudFormation goes on by itself, and the next deploy finds out.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Read answers until the input ends. Its end means that the other program wants to stop, or is gone: the same as Ctrl-C.
///
/// A wish to stop comes the same way, for an engine that Ctrl-C itself does not reach.
fn listen(wishes: Wishes) -> mpsc::UnboundedReceiver<String> {
    let (sender, answers) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            match serde_json::from_str(&line) {
                Ok(protocol::Wish::Stop) => wishes.make(Wish::Stop),
                Ok(protocol::Wish::Cancel) => wishes.make(Wish::Cancel),
                Err(_) => {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            }
        }
        // The receiver is dropped only when everything is over.
        wishes.make(Wish::Stop);
    });
    answers
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    match (arguments.next(), arguments.next(), arguments.next()) {
        (Some(mode), Some(folder), None) if mode == "agent" => return agent::run(std::path::Path::new(&folder)),
        (Some(mode), Some(parent), Some(program)) if mode == agent::leash::MODE => return agent::leash::run(&parent, &program, arguments),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return refuse(format!("the engine cannot start: {error}")),
    };
    // From the first moment on: a signal that comes before its handler would end the process without a word.
    let ctrl_c = match runtime.block_on(async { signal(SignalKind::interrupt()) }) {
        Ok(ctrl_c) => ctrl_c,
        Err(error) => return refuse(format!("the engine cannot listen to Ctrl-C: {error}")),
    };
    let mut line = String::new();
    if let Err(error) = std::io::stdin().lock().read_line(&mut line) {
        return refuse(format!("the engine got no request: {error}"));
    }
    let request: Request = match serde_json::from_str(&line) {
        Ok(request) => request,
        Err(error) => return refuse(format!("the engine does not understand the request: {error}")),
    };
    let done = runtime.block_on(fulfil(&request, ctrl_c));
    if done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn fulfil(request: &Request, mut ctrl_c: Signal) -> bool {
    let (wishes, interrupt) = Interrupt::new();
    let lines = Lines { answers: Mutex::new(listen(wishes.clone())) };
    let pressed = async move {
        let mut signals = Signals::default();
        while ctrl_c.recv().await.is_some() {
            wishes.make(signals.next());
        }
        std::future::pending::<()>().await;
    };
    let work = async {
        let cloud = Aws::new(&target(request).region).await;
        Engine::new(&cloud, &lines, interrupt).run(request).await
    };
    tokio::select! {
        done = work => done,
        () = pressed => false,
    }
}

/// How often Ctrl-C was pressed. Counted here and not by the wishes: each press comes as a line as well, and is one wish all the same.
#[derive(Debug, Default)]
struct Signals {
    pressed: u32,
}

impl Signals {
    /// What one more press wishes.
    fn next(&mut self) -> Wish {
        self.pressed = self.pressed.saturating_add(1);
        if self.pressed == 1 { Wish::Stop } else { Wish::Cancel }
    }
}

fn target(request: &Request) -> &Target {
    match request {
        Request::Deploy(deploy) | Request::Plan(deploy) => &deploy.target,
        Request::Execute(plan) => &plan.deploy.target,
        Request::Destroy(destroy) => &destroy.target,
        Request::Status(stacks) | Request::Outputs(stacks) | Request::Templates(stacks) => &stacks.target,
        Request::Queues(stacks) => &stacks.target,
        Request::Send(send) => &send.target,
        Request::Overview(overview) => &overview.stacks.target,
        Request::Submit(submit) => &submit.target,
        Request::Jobs(list) => &list.target,
        Request::Job(find) => &find.target,
        Request::DeadLetters(letters) => &letters.target,
        Request::Logs(logs) => &logs.target,
        Request::Import(import) => &import.target,
        Request::Publish(publish) => &publish.target,
        Request::Push(push) => &push.target,
        Request::Releases(list) => &list.ledger.target,
        Request::Release(find) => &find.ledger.target,
        Request::Unlock(unlock) => &unlock.ledger.target,
        Request::Collect(collect) => &collect.ledger.target,
        Request::Verify(verify) => &verify.target,
        Request::Drift(drift) => &drift.target,
        Request::Preflight(preflight) => &preflight.target,
    }
}

fn refuse(message: String) -> ExitCode {
    let hint = "the engine is driven by `cargo xtask`; nothing was sent".to_owned();
    let failure = Failure { kind: FailureKind::Request, message, causes: Vec::new(), source: None, hint, sent: Sent::Nothing };
    tell(&Event::Failed(failure));
    ExitCode::FAILURE
}
