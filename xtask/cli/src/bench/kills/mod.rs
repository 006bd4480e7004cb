//! `cargo xtask bench kills`: kill -9 at random moments of a deploy, then the same deploy again.
//!
//! Whatever was killed when, the next deploy has to end well: every stack complete, every resource there once, nothing left lying
//! about. Half of the deploys that are killed create everything, half change one property; in every other pair the engine alone is
//! killed, and the command line that listens to it stays.

mod census;
mod deploy;
mod moment;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use self::census::{Census, Expected, expected};
use self::deploy::{Ended, Running, Victim};
use self::moment::Moments;
use super::ground::{Ground, Version};
use super::{Error, Figure, make_folder, stats};
use crate::cli::Context;
use crate::interrupts::Interrupts;
use crate::python::{Lookup, Purpose, Venv};

/// How often a deploy is timed undisturbed, to know which moments there are.
const UNDISTURBED: usize = 3;

/// How often the cloud is told to forget before it counts as one that cannot.
const EMPTYINGS: usize = 5;

/// What the rounds share.
struct Setting<'a> {
    ground: &'a Ground,
    python: PathBuf,
    expected: Expected,
    tell: &'a dyn Fn(&str),
}

/// One kill: of which deploy, and of whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kill {
    version: Version,
    victim: Victim,
    after: Duration,
}

/// What came of it.
#[derive(Debug, Clone)]
struct Came {
    phase: String,
    recovery_seconds: f64,
    mistakes: Vec<String>,
}

pub(super) fn measure(
    ctx: &Context,
    times: u32,
    seed: Option<u64>,
    interrupts: &Interrupts,
    tell: &dyn Fn(&str),
) -> Result<Vec<Figure>, Error> {
    let workspace = ctx.workspace()?;
    let folder = workspace.scratch().join("bench/kills");
    make_folder(&folder.join("home"))?;
    let ground = Ground::prepare(ctx, &folder, tell)?;
    let venv = Venv::ensure(&Purpose::LOCAL_CLOUD, workspace.target(), &Lookup::from_environment(), tell)?;
    let setting =
        Setting { ground: &ground, python: venv.program("python"), expected: expected(&ground.stacks(ctx, Version::Written)?), tell };
    let seed = seed.unwrap_or_else(|| u64::from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos()));
    tell(&format!("seed {seed}: `cargo xtask bench kills --times {times} --seed {seed}` draws the same moments"));
    let (create, update) = undisturbed(&setting)?;
    tell(&format!("undisturbed, a first deploy takes {create:.2} s and an update {update:.2} s"));

    let mut moments = Moments::of_seed(seed);
    let mut all = Vec::new();
    for number in 0..times {
        if 0 < interrupts.count() {
            return Err(Error::Interrupted);
        }
        let kill = draw(number, create, update, &mut moments);
        let came = setting.kill(kill)?;
        let good = if came.mistakes.is_empty() { "good" } else { "NOT GOOD" };
        tell(&format!("{} of {times}: {}: {}; again in {:.2} s: {good}", number + 1, kill.words(), came.phase, came.recovery_seconds));
        all.push(came);
    }
    Ok(figures(&all, create, update))
}

/// The kinds of kills in turn, each at a moment of its own.
fn draw(number: u32, create: f64, update: f64, moments: &mut Moments) -> Kill {
    let (version, seconds) = if number.is_multiple_of(2) { (Version::Written, create) } else { (Version::Changed, update) };
    let victim = if number % 4 < 2 { Victim::Everything } else { Victim::Engine };
    Kill { version, victim, after: moments.within(Duration::from_secs_f64(seconds)) }
}

/// How long a first deploy and an update take at least. Also that what they end with is what is expected later on.
fn undisturbed(setting: &Setting<'_>) -> Result<(f64, f64), Error> {
    let (mut creates, mut updates) = (Vec::new(), Vec::new());
    for round in 0..=UNDISTURBED {
        setting.empty()?;
        let create = setting.whole(Version::Written)?;
        let update = setting.whole(Version::Changed)?;
        // The first one may have to build everything.
        if 0 < round {
            creates.push(create.seconds);
            updates.push(update.seconds);
        }
    }
    let mistakes = Census::take(setting.ground, &setting.python)?.mistakes(&setting.expected);
    if let Some(mistake) = mistakes.first() {
        return Err(Error::Answer { program: "an undisturbed deploy", what: mistake.clone() });
    }
    // The fastest: later than that, many would have ended before they are killed.
    let fastest = |times: &[f64]| times.iter().copied().reduce(f64::min).unwrap_or_default();
    Ok((fastest(&creates), fastest(&updates)))
}

impl Setting<'_> {
    fn empty(&self) -> Result<(), Error> {
        let mut left = Census::default();
        // A function that the cloud ends while it forgets says its last words afterwards, and so makes its log group again.
        for _ in 0..EMPTYINGS {
            self.ground.empty()?;
            left = Census::take(self.ground, &self.python)?;
            if left.is_empty() {
                return Ok(());
            }
        }
        Err(Error::Answer { program: "the local cloud", what: format!("it was told to forget everything, and still holds {left:?}") })
    }

    /// A deploy that nobody disturbs.
    fn whole(&self, version: Version) -> Result<Ended, Error> {
        let ended = Running::start(self.ground, version)?.end()?;
        if ended.code == Some(0) {
            return Ok(ended);
        }
        self.show("an undisturbed deploy", &ended);
        Err(Error::Answer { program: "an undisturbed deploy", what: format!("it ended with {:?}", ended.code) })
    }

    fn kill(&self, kill: Kill) -> Result<Came, Error> {
        self.empty()?;
        if kill.version == Version::Changed {
            self.whole(Version::Written)?;
        }
        let running = Running::start(self.ground, kill.version)?;
        running.kill_after(kill.after, kill.victim);
        let killed = running.end()?;

        let again = Running::start(self.ground, kill.version)?.end()?;
        let mut mistakes = Census::take(self.ground, &self.python)?.mistakes(&self.expected);
        if again.code != Some(0) {
            mistakes.insert(0, format!("the next deploy ended with {:?}", again.code));
        }
        if !mistakes.is_empty() {
            self.show("the deploy that was killed", &killed);
            self.show("the deploy after it", &again);
            mistakes.iter().for_each(|mistake| (self.tell)(&format!("  MISTAKE: {mistake}")));
        }
        Ok(Came { phase: killed.phase(), recovery_seconds: again.seconds, mistakes })
    }

    fn show(&self, what: &str, ended: &Ended) {
        (self.tell)(&format!("  {what} ended with {:?} after {:.2} s and told:", ended.code, ended.seconds));
        ended.events.iter().chain(&ended.words).for_each(|line| (self.tell)(&format!("    {line}")));
    }
}

impl Kill {
    fn words(self) -> String {
        let what = match self.version {
            Version::Written => "first deploy",
            Version::Changed => "update",
        };
        let whom = match self.victim {
            Victim::Everything => "everything",
            Victim::Engine => "the engine",
        };
        format!("{what}, {whom} killed after {:.2} s", self.after.as_secs_f64())
    }
}

fn figures(all: &[Came], create: f64, update: f64) -> Vec<Figure> {
    let mut phases: BTreeMap<String, u64> = BTreeMap::new();
    all.iter().for_each(|came| *phases.entry(came.phase.clone()).or_default() += 1);
    let bad = all.iter().filter(|came| !came.mistakes.is_empty()).count();
    let seconds: Vec<_> = all.iter().map(|came| came.recovery_seconds).collect();
    let mut kills = Figure::new("deploys that did not end well after a kill", bad as f64, "").at_most(0.0);
    kills.add("kills", Some(all.len() as f64));
    let places: Vec<_> = phases.iter().map(|(phase, count)| format!("{count} {phase}")).collect();
    let kills = kills.note(format!("killed {}", places.join(", "))).counts(phases);
    let mut recovery = Figure::new("slowest deploy after a kill", seconds.iter().copied().fold(0.0, f64::max), "s");
    recovery.add("median_s", stats::median(&seconds));
    recovery.add("first_deploy_s", Some(create));
    recovery.add("update_s", Some(update));
    vec![kills, recovery.note("undisturbed, the fastest")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_four_kinds_of_kills_have_their_turn() {
        let mut moments = Moments::of_seed(3);

        let kills: Vec<_> = (0..8).map(|number| draw(number, 4.0, 2.0, &mut moments)).collect();

        let of = |version, victim| kills.iter().filter(|kill| kill.version == version && kill.victim == victim).count();
        for version in [Version::Written, Version::Changed] {
            assert_eq!([Victim::Everything, Victim::Engine].map(|victim| of(version, victim)), [2, 2], "one kind would never be tried");
        }
        assert!(kills.iter().all(|kill| kill.version == Version::Written || kill.after < Duration::from_secs(2)), "{kills:?}");
    }

    #[test]
    fn one_bad_end_is_enough_to_fail() {
        let came = |mistakes: &[&str]| Came {
            phase: "after identity".to_owned(),
            recovery_seconds: 2.0,
            mistakes: mistakes.iter().map(|mistake| (*mistake).to_owned()).collect(),
        };

        let good = figures(&[came(&[]), came(&[])], 3.0, 1.0);
        let bad = figures(&[came(&[]), came(&["stack `x` is missing"])], 3.0, 1.0);

        assert_eq!((good[0].holds(), bad[0].holds()), (Some(true), Some(false)), "a lost stack would pass as a figure");
        assert_eq!(good[0].counts["after identity"], 2);
    }
}
