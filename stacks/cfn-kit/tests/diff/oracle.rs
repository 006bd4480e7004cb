//! Whether we see what AWS's own differ sees, and why not where we do not. `README.md` says how its answers are fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cfn_kit::{Action, Class, Diff, Fate, Json, diff};

/// Logical IDs by what becomes of them.
type Sets = BTreeMap<&'static str, BTreeSet<String>>;

const SETS: [&str; 4] = ["replaced", "may_replace", "destroyed", "orphaned"];

/// Where we say something else: pair, set, logical ID, whether it is ours or theirs alone, and why.
const ARGUED: [(&str, &str, &str, Whose, &str); 13] = [
    ("cascade-attribute", "may_replace", "Rule", Whose::Ours, PORT),
    ("cascade-attribute", "replaced", "Rule", Whose::Theirs, PORT),
    ("cascade-sub", "replaced", "Work", Whose::Ours, "theirs follows `Ref` and `Fn::GetAtt` and does not read `Fn::Sub`"),
    ("if-branch", "may_replace", "Jobs", Whose::Ours, BRANCH),
    ("if-branch", "replaced", "Jobs", Whose::Theirs, BRANCH),
    ("join-sub", "replaced", "Jobs", Whose::Theirs, SAME),
    ("literal-to-parameter", "may_replace", "Jobs", Whose::Ours, PARAMETER),
    ("literal-to-parameter", "replaced", "Jobs", Whose::Theirs, PARAMETER),
    ("mapping", "replaced", "Jobs", Whose::Ours, "theirs does not look a mapping's rows up"),
    ("may-cascade", "may_replace", "Subnet", Whose::Ours, "theirs follows only what is certain to be replaced"),
    ("no-value", "replaced", "Jobs", Whose::Theirs, SAME),
    ("parameter-default", "may_replace", "Jobs", Whose::Ours, "theirs does not follow a parameter's default"),
    ("sub-ref", "replaced", "Subnet", Whose::Theirs, SAME),
];

const SAME: &str = "both texts give the same value: CloudFormation finds nothing to update";
const BRANCH: &str = "the condition may choose the other branch, which did not change: change sets call this conditional";
const PARAMETER: &str = "the parameter may give the very name that was written out: change sets call this conditional";
const PORT: &str = "only an ID, a name or an ARN is sure to be another; the port of a new database is most likely the same";

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Whose {
    Ours,
    Theirs,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/diff")
}

/// Every pair, by the name of its file.
fn pairs() -> BTreeMap<String, Json> {
    let files = fs::read_dir(folder().join("pairs")).unwrap().map(|file| file.unwrap().path());
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let document = cfn_kit::read(&text, &path.display().to_string()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), document.template)
    };
    files.map(read).collect()
}

fn ours(diff: &Diff) -> Sets {
    let mut sets: Sets = SETS.iter().map(|set| (*set, BTreeSet::new())).collect();
    for resource in &diff.resources {
        let set = match (resource.action, resource.class, resource.fate) {
            (Action::Renamed, _, Some(Fate::Retained)) => "orphaned",
            (Action::Renamed, ..) | (_, Class::Delete, _) => "destroyed",
            (_, Class::Keep, _) => "orphaned",
            (_, Class::Replace, _) => "replaced",
            (_, Class::MayReplace, _) => "may_replace",
            (_, Class::Add | Class::Update | Class::Unknown | Class::MayDelete, _) => continue,
        };
        let id = resource.renamed_from.as_ref().unwrap_or(&resource.id);
        sets.get_mut(set).unwrap().insert(id.clone());
    }
    sets
}

fn theirs(answer: &Json) -> Sets {
    let ids = |set: &str| answer[set].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    SETS.iter().map(|set| (*set, ids(set))).collect()
}

#[test]
fn what_we_say_is_what_awss_own_differ_says_or_is_argued() {
    let oracle: Json = serde_json::from_str(&fs::read_to_string(folder().join("oracle.json")).unwrap()).unwrap();
    let pairs = pairs();
    assert_eq!(oracle["version"], "2.187.5");
    assert!(pairs.len() >= 40, "the corpus shrank to {}", pairs.len());
    assert_eq!(
        pairs.keys().collect::<BTreeSet<_>>(),
        oracle["pairs"].as_object().unwrap().keys().collect(),
        "see README.md: ask the judge again"
    );

    let mut found = BTreeSet::new();
    for (name, pair) in &pairs {
        let (ours, theirs) = (ours(&diff(&pair["old"], &pair["new"])), theirs(&oracle["pairs"][name]));
        for set in SETS {
            found.extend(ours[set].difference(&theirs[set]).map(|id| (name.clone(), set.to_owned(), id.clone(), Whose::Ours)));
            found.extend(theirs[set].difference(&ours[set]).map(|id| (name.clone(), set.to_owned(), id.clone(), Whose::Theirs)));
        }
    }

    let argued: BTreeSet<_> =
        ARGUED.iter().map(|(pair, set, id, whose, _)| ((*pair).to_owned(), (*set).to_owned(), (*id).to_owned(), *whose)).collect();
    assert_eq!(found.difference(&argued).collect::<Vec<_>>(), [] as [&(String, String, String, Whose); 0], "nobody has said why");
    assert_eq!(argued.difference(&found).collect::<Vec<_>>(), [] as [&(String, String, String, Whose); 0], "no longer so: strike the line");
}
