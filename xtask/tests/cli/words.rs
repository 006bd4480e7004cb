//! Help texts and completions.

use crate::world::World;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["render"],
    &["check"],
    &["diff"],
    &["graph"],
    &["preflight"],
    &["deploy"],
    &["destroy"],
    &["verify"],
    &["drift"],
    &["status"],
    &["outputs"],
    &["logs"],
    &["smoke"],
    &["token"],
    &["hardening"],
    &["local"],
    &["local", "up"],
    &["local", "down"],
    &["local", "status"],
    &["build"],
    &["codegen"],
    &["schema"],
    &["test"],
    &["bench"],
    &["bench", "kit"],
    &["bench", "edit"],
    &["bench", "compile"],
    &["bench", "peers"],
    &["bench", "reproducible"],
    &["bench", "deploys"],
    &["bench", "kills"],
    &["completions"],
    &["queues"],
    &["send"],
    &["jobs"],
    &["dlq"],
    &["dlq", "list"],
    &["dlq", "show"],
    &["dlq", "redrive"],
    &["dlq", "drop"],
    &["image"],
    &["import"],
    &["publish"],
    &["releases"],
    &["rollback"],
    &["unlock"],
    &["gc"],
];

#[test]
fn every_command_explains_itself() {
    let world = World::new();

    let help: Vec<String> = COMMANDS
        .iter()
        .map(|command| {
            let ran = world.run(&[*command, &["--help"][..]].concat());
            assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "help is an answer, and goes to stdout");
            format!("$ cargo xtask {}\n\n{}", [*command, &["--help"][..]].concat().join(" "), ran.stdout)
        })
        .collect();

    insta::assert_snapshot!(help.join(&format!("\n{}\n", "=".repeat(100))));
}

#[test]
fn a_word_that_is_no_command_is_answered_with_the_nearest_one() {
    let world = World::new();

    let ran = world.run(&["delpoy"]);

    assert_eq!(ran.code, Some(2), "a script could not tell a typing error from a failed deploy");
    assert!(ran.stderr.contains("'deploy'"), "{}", ran.stderr);
}

#[test]
fn shells_get_completions_for_every_command() {
    let world = World::new();

    let scripts = ["bash", "elvish", "fish", "powershell", "zsh"].map(|shell| world.run(&["completions", shell]));

    for script in scripts {
        assert_eq!(script.code, Some(0), "{}", script.stderr);
        let missing: Vec<_> = COMMANDS.iter().filter_map(|words| words.first()).filter(|word| !script.stdout.contains(**word)).collect();
        assert!(missing.is_empty(), "the tab key would not know {missing:?}");
    }
}
