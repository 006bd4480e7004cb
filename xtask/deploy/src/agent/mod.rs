//! The compute of the local cloud: worker processes, as many as its Auto Scaling groups ask for.
//!
//! The local cloud keeps groups and launch templates and starts nothing. This runs beside it, in the engine's binary, since it needs
//! the engine's clients. It looks each second: desired capacity, launch template, user data; takes the worker's settings and its zip
//! from there, as an instance does; and starts, stops and replaces processes. What they write it brings to the log group that the user data
//! names, as the CloudWatch agent of an instance does. What it starts, it ends: on SIGTERM, and when the local
//! cloud does not answer any more.

mod launch;
pub(crate) mod leash;
mod recipe;
mod roster;
mod shipper;
mod worker;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::aws::Aws;
use launch::Group;
use recipe::Recipe;
use roster::Roster;

/// How often to look.
const GLANCE: Duration = Duration::from_secs(1);

/// A local cloud that does not answer for so long is gone.
const GONE_AFTER: Duration = Duration::from_secs(60);

/// How long a group's last lines may take to be brought when all ends.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// How long workers may take to end when all ends.
const LAST_DRAIN: Duration = Duration::from_secs(8);

/// Keeps the workers of all groups until it is told to end. Everything of theirs is in `folder`.
pub(crate) fn run(folder: &Path) -> ExitCode {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return ExitCode::FAILURE };
    runtime.block_on(async {
        let (Ok(terminate), Ok(interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            return ExitCode::FAILURE;
        };
        // Outside the local cloud there are instances; processes here would be workers that nobody knows of.
        let (Some(_), Ok(region)) = (std::env::var_os("AWS_ENDPOINT_URL"), std::env::var("AWS_REGION")) else {
            say("the compute agent needs AWS_ENDPOINT_URL and AWS_REGION: it only works beside a local cloud");
            return ExitCode::FAILURE;
        };
        let mut agent =
            Agent { aws: Aws::new(&region).await, folder: folder.to_owned(), rosters: BTreeMap::new(), recipes: BTreeMap::new() };
        agent.work(terminate, interrupt).await;
        agent.end().await;
        ExitCode::SUCCESS
    })
}

struct Agent {
    aws: Aws,
    folder: PathBuf,
    /// The workers of each group.
    rosters: BTreeMap<String, Roster>,
    /// What each version of a launch template says; a version never changes.
    recipes: BTreeMap<(String, String), Option<Recipe>>,
}

impl Agent {
    async fn work(&mut self, mut terminate: Signal, mut interrupt: Signal) {
        let mut answered = Instant::now();
        let mut last_words = String::new();
        loop {
            match self.look().await {
                Ok(()) => answered = Instant::now(),
                Err(words) => {
                    if words != last_words {
                        say(&words);
                    }
                    last_words = words;
                }
            }
            if GONE_AFTER < answered.elapsed() {
                return say("the local cloud does not answer any more");
            }
            tokio::select! {
                () = tokio::time::sleep(GLANCE) => {}
                _ = terminate.recv() => return say("told to end"),
                _ = interrupt.recv() => return say("told to end"),
            }
        }
    }

    async fn look(&mut self) -> Result<(), String> {
        let groups = launch::groups(&self.aws).await?;
        // A group that is deleted wants no workers.
        for (name, roster) in &mut self.rosters {
            if groups.iter().all(|group| group.name != *name) {
                roster.fit(0, None, Instant::now());
            }
        }
        let mut trouble = None;
        for group in groups {
            if let Err(words) = self.fit(&group).await {
                trouble = Some(format!("{}: {words}", group.name));
            }
        }
        for (name, roster) in &mut self.rosters {
            if let Err(words) = roster.ship(&self.aws).await {
                trouble = Some(format!("{name}: what its workers write cannot be brought to their log group: {words}"));
            }
        }
        self.rosters.retain(|_, roster| !roster.is_empty());
        // It answered, whatever else is wrong.
        if let Some(words) = trouble {
            say(&words);
            tokio::time::sleep(GLANCE * 4).await;
        }
        Ok(())
    }

    async fn fit(&mut self, group: &Group) -> Result<(), String> {
        let Some(recipe) = self.recipe(group).await? else { return Ok(()) };
        let roster = self.rosters.entry(group.name.clone()).or_insert_with(|| Roster::new(&group.name, &self.folder));
        roster.bury(Instant::now());
        let launch = if group.desired > 0 { Some(launch::prepare(&self.aws, &recipe, &self.folder).await?) } else { None };
        roster.fit(group.desired, launch.as_ref(), Instant::now());
        Ok(())
    }

    /// None for a group whose user data starts no worker of ours.
    async fn recipe(&mut self, group: &Group) -> Result<Option<Recipe>, String> {
        let Some((template, version)) = &group.template else { return Ok(None) };
        let is_number = version.bytes().all(|byte| byte.is_ascii_digit());
        let key = (template.clone(), version.clone());
        if let Some(known) = self.recipes.get(&key).filter(|_| is_number) {
            return Ok(known.clone());
        }
        let recipe = launch::user_data(&self.aws, template, version).await?.as_deref().and_then(Recipe::of);
        self.recipes.insert(key, recipe.clone());
        Ok(recipe)
    }

    /// Ends every worker: asked first, then made to. Their last lines are brought while there is time.
    async fn end(&mut self) {
        for roster in self.rosters.values_mut() {
            roster.fit(0, None, Instant::now());
        }
        let until = Instant::now() + LAST_DRAIN;
        while Instant::now() < until && !self.rosters.is_empty() {
            for roster in self.rosters.values_mut() {
                roster.bury(Instant::now());
                // Beside a local cloud that is gone there is no log group either.
                drop(tokio::time::timeout(LAST_WORDS, roster.ship(&self.aws)).await);
            }
            self.rosters.retain(|_, roster| !roster.is_empty());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.rosters.values_mut().for_each(Roster::kill);
    }
}

/// The agent's standard error is its log file.
fn say(words: &str) {
    use std::io::Write;
    // There is nowhere to tell that nothing can be told.
    drop(writeln!(std::io::stderr(), "{words}"));
}
