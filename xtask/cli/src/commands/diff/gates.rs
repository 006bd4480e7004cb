//! What a pipeline does not let through.

use cfn_kit::{Action, Class, Diff};

use crate::guards::Compared;

/// A gate that a difference can close.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Gate {
    /// Anything differs
    Any,
    /// A resource is or may be replaced or renamed, or nobody knows whether it is
    Replace,
    /// A resource is or may be deleted, or replaced with what it holds
    #[value(alias = "destructive")]
    Delete,
    /// More is granted or opened than before
    #[value(alias = "broadening")]
    Broaden,
}

/// The most that are named on one line.
const NAMED: usize = 5;

impl Gate {
    fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Broaden => "broaden",
        }
    }

    /// What closes it, in one line; none where it stays open.
    pub(super) fn closed_by(self, differing: &[Compared]) -> Option<String> {
        let named = |one: &Compared| -> Vec<String> {
            let prefix = one.stack.as_ref().map(|stack| format!("{stack}/")).unwrap_or_default();
            self.causes(&one.diff).into_iter().map(|name| format!("{prefix}{name}")).collect()
        };
        let mut causes: Vec<String> = differing.iter().flat_map(named).collect();
        causes.dedup();
        let more = causes.len().saturating_sub(NAMED);
        causes.truncate(NAMED);
        if causes.is_empty() {
            return None;
        }
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("`--fail-on {}` closed: {}{more}", self.word(), causes.join(", ")))
    }

    fn causes(self, diff: &Diff) -> Vec<String> {
        let resources = |closes: &dyn Fn(&cfn_kit::ResourceDiff) -> bool| -> Vec<String> {
            diff.resources.iter().filter(|one| closes(one)).map(|one| one.id.clone()).collect()
        };
        match self {
            Self::Any => {
                let entries = diff.entries.iter().map(|entry| format!("{} {}", entry.section, entry.id).trim_end().to_owned());
                resources(&|_| true).into_iter().chain(entries).collect()
            }
            Self::Replace => resources(&|one| matches!(one.class, Class::Replace | Class::MayReplace | Class::Unknown)),
            Self::Delete => {
                let destroyed: Vec<&str> = diff.destructive().map(|one| one.id.as_str()).collect();
                resources(&|one| {
                    let ends = one.action == Action::Renamed || matches!(one.class, Class::Delete | Class::MayDelete);
                    destroyed.contains(&one.id.as_str()) && (ends || one.stateful || one.lost.is_some())
                })
            }
            Self::Broaden => {
                let mut ids: Vec<String> = diff.broadened().map(|change| change.resource.clone()).collect();
                ids.dedup();
                ids
            }
        }
    }
}

/// A change of what must never change.
pub(crate) struct Refused {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Every change that the templates themselves refuse, but for those that are allowed.
pub(crate) fn refused(differing: &[Compared], allowed: &[String]) -> Vec<Refused> {
    let of = |one: &Compared| -> Vec<Refused> {
        let stack = one.stack.as_ref().map(|stack| format!("{stack}/")).unwrap_or_default();
        let told = |change: &cfn_kit::GuardedChange| {
            let name = change.name();
            let why = change.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            Refused { text: format!("refused: {stack}{name} must never change{why}"), name }
        };
        one.diff.refused(allowed).map(told).collect()
    };
    differing.iter().flat_map(of).collect()
}

/// What was allowed and needs no allowing: most likely a slip of the fingers.
pub(super) fn needless<'a>(differing: &[Compared], allowed: &'a [String]) -> impl Iterator<Item = &'a String> {
    let guarded: Vec<String> = differing.iter().flat_map(|one| one.diff.refused(&[])).map(cfn_kit::GuardedChange::name).collect();
    allowed.iter().filter(move |name| !guarded.contains(name))
}
