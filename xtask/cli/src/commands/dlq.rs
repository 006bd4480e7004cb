//! `cargo xtask dlq`: what nobody could get done, and what becomes of it.

use std::io::Write;

use clap::Subcommand;
use protocol::{Answer, DeadLetter, DeadLetters, Done, Event, Fate, Outcome as EngineOutcome, Request, Undertaking};

use super::{jobs, json_line, line};
use crate::age::{age, now_milliseconds};
use crate::ask::{Yes, ask};
use crate::cli::Context;
use crate::engine::Listener;
use crate::error::{Error, count};
use crate::interrupts::Interrupts;
use crate::outcome::Outcome;
use crate::progress::tell;
use crate::session::Session;

/// Look at what nobody could get done, and send it back or delete it
///
/// A dead-letter queue is one that another queue's redrive policy names. To look at messages they have to be received: nobody else sees
/// them for that second, and they are given back then (or show again by themselves half a minute later). Each look counts as a receive.
/// Of one message group, SQS shows ten at a time.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "\
Examples:
  cargo xtask dlq list --env prod
  cargo xtask dlq show --env prod 01KATX3W7G2M8Z9QCVB4R5NDEF
  cargo xtask dlq redrive --env prod 01KATX3W7G2M8Z9QCVB4R5NDEF
  cargo xtask dlq drop --env local --all --yes")]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line per dead letter: job, reason, receives, age
    List {
        #[command(flatten)]
        place: Place,
    },
    /// One dead letter whole, with its body
    Show {
        #[command(flatten)]
        place: Place,
        /// The job's id, or the message's
        id: String,
    },
    /// Send dead letters to the queue that they came from, once more
    ///
    /// The job is queued again first, then its message is sent with the group and the attributes that it had, then the dead letter is
    /// deleted: interrupted anywhere, the same command goes on where it stopped. A job that is done stays so.
    Redrive {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Which,
    },
    /// Delete dead letters for good; their jobs stay failed
    Drop {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        which: Which,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

/// Where to look.
#[derive(Debug, clap::Args)]
struct Place {
    /// Environment to look at, as named in environments/
    #[arg(long, value_name = "ENVIRONMENT")]
    env: String,
    /// Only this dead-letter queue: its logical ID, as in `queues`
    #[arg(long, value_name = "LOGICAL_ID")]
    queue: Option<String>,
    /// Write one JSON object per message on stdout, for other programs
    #[arg(long)]
    json: bool,
}

/// Which of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The job's id, or the message's
    id: Option<String>,
    /// All of them
    #[arg(long)]
    all: bool,
}

pub(crate) fn run(args: &Args, ctx: &Context, out: &mut dyn Write) -> Result<Outcome, Error> {
    let (place, what) = match &args.action {
        Action::List { place } => (place, Undertaking::List),
        Action::Show { place, id } => (place, Undertaking::Show { id: id.clone() }),
        Action::Redrive { place, which } => (place, Undertaking::Redrive { id: which.id.clone() }),
        Action::Drop { place, which, yes } => {
            ctx.terminal.can_answer(!yes, &place.env)?;
            (place, Undertaking::Drop { id: which.id.clone(), ask: !yes })
        }
    };
    let session = Session::open(ctx, &place.env)?;
    let request = Request::DeadLetters(DeadLetters {
        target: session.target(),
        stacks: session.stack_refs(),
        queue: place.queue.clone(),
        jobs: jobs::stack(&session)?,
        what: what.clone(),
    });
    let interrupts = Interrupts::catch()?;
    let mut hearing = Hearing { letters: Vec::new(), fates: Vec::new(), json: place.json, out: &mut *out, interrupts: &interrupts };
    let end = session.converse(&request, &interrupts, &mut hearing)?;
    let Hearing { letters, fates, .. } = hearing;
    if !place.json {
        let now = now_milliseconds();
        let lines = match &what {
            Undertaking::List => list(&letters, now),
            Undertaking::Show { .. } => letters.iter().flat_map(|letter| whole(letter, now)).collect(),
            Undertaking::Redrive { .. } | Undertaking::Drop { .. } => Vec::new(),
        };
        lines.iter().try_for_each(|text| line(out, text))?;
        tell(&summary(&what, &letters, &fates));
    }
    Ok(match end.outcome {
        EngineOutcome::Declined => Outcome::Declined,
        EngineOutcome::Changed | EngineOutcome::Unchanged | EngineOutcome::Read => Outcome::Done,
    })
}

/// Writes down what it hears, and puts the question.
struct Hearing<'a> {
    letters: Vec<DeadLetter>,
    fates: Vec<Fate>,
    json: bool,
    out: &'a mut dyn Write,
    interrupts: &'a Interrupts,
}

impl Listener for Hearing<'_> {
    fn hear(&mut self, event: &Event) -> Result<(), Error> {
        if let Event::DeadLetter(letter) = event {
            if self.json {
                json_line(self.out, letter)?;
            }
            self.letters.push((**letter).clone());
        } else if let Event::Fate(fate) = event {
            if self.json {
                json_line(self.out, fate)?;
            } else {
                line(self.out, &fate_line(fate))?;
            }
            self.fates.push(fate.clone());
        } else if let Event::Note { text } = event {
            tell(text);
        }
        Ok(())
    }

    fn answer(&mut self, question: &str) -> Answer {
        ask(question, Yes::Word, self.interrupts)
    }
}

fn name(job_id: Option<&String>, message_id: &str) -> String {
    job_id.cloned().unwrap_or_else(|| message_id.to_owned())
}

fn fate_line(fate: &Fate) -> String {
    let name = name(fate.job_id.as_ref(), &fate.message_id);
    match (fate.fate, &fate.why) {
        (Done::Redriven, _) => format!("{name}  waits in its queue again"),
        (Done::Dropped, _) => format!("{name}  deleted"),
        (Done::Left, Some(why)) => format!("{name}  left where it is: {why}"),
        (Done::Left, None) => format!("{name}  left where it is"),
    }
}

fn list(letters: &[DeadLetter], now: u64) -> Vec<String> {
    let cells = |letter: &DeadLetter| {
        let reason = letter.reason.clone().unwrap_or_else(|| "too many receives".to_owned());
        let (queue, name) = (format!("{}.{}", letter.stack, letter.queue), name(letter.job_id.as_ref(), &letter.message_id));
        [queue, name, reason, format!("{} receives", letter.received), age(now.saturating_sub(letter.sent_at) / 1000)]
    };
    let rows: Vec<_> = letters.iter().map(cells).collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or_default();
    let line = |row: &[String; 5]| {
        let cells = row.iter().enumerate().map(|(column, cell)| format!("{cell:width$}", width = width(column)));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

fn whole(letter: &DeadLetter, now: u64) -> Vec<String> {
    let mut lines = vec![
        format!("queue     {}.{}", letter.stack, letter.queue),
        format!("message   {}", letter.message_id),
        format!("receives  {}", letter.received),
        format!("age       {}", age(now.saturating_sub(letter.sent_at) / 1000)),
    ];
    lines.extend(letter.group.iter().map(|group| format!("group     {group}")));
    lines.extend(letter.attributes.iter().map(|(name, value)| format!("{name:9} {value}")));
    lines.push(String::new());
    lines.push(letter.body.clone());
    lines
}

fn summary(what: &Undertaking, letters: &[DeadLetter], fates: &[Fate]) -> String {
    let number = |wanted: Done| fates.iter().filter(|fate| fate.fate == wanted).count();
    match what {
        Undertaking::List | Undertaking::Show { .. } if letters.is_empty() => "nothing waits in the dead-letter queues".to_owned(),
        Undertaking::List | Undertaking::Show { .. } => {
            format!("{}; held for a moment to be read, and given back", count(letters.len(), "message"))
        }
        Undertaking::Redrive { .. } => format!("{} sent again, {} left", count(number(Done::Redriven), "message"), number(Done::Left)),
        Undertaking::Drop { .. } => format!("{} deleted", count(number(Done::Dropped), "message")),
    }
}
