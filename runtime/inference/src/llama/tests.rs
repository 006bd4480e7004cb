//! The real engine with the tiny model.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use contract::jobs::{Finish, Turn};

use super::*;
use crate::{Piece, tiny};

const SETTINGS: Settings = Settings { slots: 4, context_tokens: 256, gpu_layers: 0, threads: Some(1) };

/// The tiny model in a folder of its own.
fn file() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tiny.gguf");
    tiny::write(&path).unwrap();
    (folder, path)
}

fn engine(settings: Settings) -> Llama {
    let (_folder, path) = file();
    // The file may go: the weights are mapped.
    Llama::load(&path, settings).unwrap()
}

fn prompt(words: &str, max_tokens: u32) -> Prompt {
    let messages = vec![Turn { role: "user".to_owned(), content: words.to_owned() }];
    Prompt { messages, max_tokens, temperature: 0.0, top_p: 1.0, seed: None }
}

fn sampled(words: &str, seed: u64) -> Prompt {
    Prompt { temperature: 1.0, top_p: 0.95, seed: Some(seed), ..prompt(words, 40) }
}

/// What came of a text.
#[derive(Debug, Clone, PartialEq)]
struct Whole {
    text: String,
    tokens: u32,
    end: Result<(Finish, u32), Failure>,
}

fn whole(mut generation: Generation) -> Whole {
    let (mut text, mut tokens) = (String::new(), 0);
    loop {
        match generation.pieces.blocking_recv().expect("a text without an end") {
            Ok(Piece::Text { text: more, tokens: and }) => {
                text.push_str(&more);
                tokens += and;
            }
            Ok(Piece::End { finish, prompt_tokens }) => return Whole { text, tokens, end: Ok((finish, prompt_tokens)) },
            Err(failure) => return Whole { text, tokens, end: Err(failure) },
        }
    }
}

fn refused(whole: &Whole) -> (&'static str, &str) {
    match &whole.end {
        Err(Failure::Refused { reason, message }) => (reason, message),
        Err(Failure::Broken { .. }) | Ok(_) => ("", ""),
    }
}

#[test]
fn a_text_has_as_many_tokens_as_were_asked_for_and_says_how_long_the_prompt_was() {
    let engine = engine(SETTINGS);

    let [short, long] = [("hello there", 5), ("hello there", 50)].map(|(words, most)| whole(engine.start(prompt(words, most))));

    // `<s>`, and each piece of `<|user|>\n…</s>\n<|assistant|>\n` that the vocabulary has.
    assert!(matches!(short.end, Ok((Finish::Length, 20..60))), "{short:?}");
    assert_eq!((short.tokens, long.tokens), (5, 50), "somebody would pay for another number of tokens: {long:?}");
    // A text may end within a character, for which another sign stands.
    let beginning = short.text.trim_end_matches('\u{fffd}');
    assert!(long.text.starts_with(beginning) && !long.text.is_empty(), "{short:?} {long:?}");
}

#[test]
fn the_same_seed_gives_the_same_text_and_another_seed_another() {
    let engine = engine(SETTINGS);

    let [first, again, other] = [7, 7, 8].map(|seed| whole(engine.start(sampled("tell me", seed))));
    let [drawn, anew] = [(); 2].map(|()| whole(engine.start(Prompt { seed: None, ..sampled("tell me", 0) })));

    assert_eq!(first, again, "nobody could have a text a second time");
    assert_ne!(first.text, other.text);
    assert_ne!(drawn.text, anew.text, "everybody would get the same text");
}

#[test]
fn a_text_is_the_same_alone_and_beside_others() {
    let engine = engine(SETTINGS);
    let words = ["one", "a longer prompt than the others have", "two", "three"];
    let alone = words.map(|words| whole(engine.start(prompt(words, 30))));

    let together = words.map(|words| engine.start(prompt(words, 30))).map(whole);

    assert_eq!(together, alone, "a neighbour's prompt would change the answer");
    let texts: HashSet<_> = alone.iter().map(|whole| &whole.text).collect();
    assert_eq!(texts.len(), 4, "the prompts would make no difference: {texts:?}");
}

#[test]
fn twice_as_many_texts_as_slots_all_end() {
    let engine = engine(SETTINGS);

    let all: Vec<_> = (0..8).map(|seed| engine.start(sampled("go on", seed))).collect();

    for whole in all.into_iter().map(whole) {
        assert!(whole.end.is_ok() && 0 < whole.tokens, "{whole:?}");
    }
}

#[test]
fn a_text_that_nobody_reads_gives_its_slot_to_the_next() {
    let engine = engine(Settings { slots: 1, ..SETTINGS });
    let mut endless = engine.start(prompt("for ever", 200));
    assert!(endless.pieces.blocking_recv().is_some_and(|piece| piece.is_ok()));
    let next = engine.start(prompt("and now", 3));

    drop(endless);

    assert_eq!(whole(next).tokens, 3);
    assert_eq!(
        whole(engine.start(prompt("and now", 3))),
        whole(engine.start(prompt("and now", 3))),
        "the next would read on from the last"
    );
}

#[test]
fn a_reader_may_stop_reading_for_a_while() {
    let engine = engine(SETTINGS);
    let slow = engine.start(prompt("slowly", 150));

    // More than a reader's channel holds, several times over.
    let quick = whole(engine.start(prompt("quickly", 150)));

    assert_eq!((quick.tokens, whole(slow).tokens), (150, 150), "a slow reader would stop everybody, or lose a part");
}

#[test]
fn a_model_says_itself_when_a_text_is_complete() {
    let engine = engine(SETTINGS);

    // Each token ends the text with a chance of one in 300 or so, so one of a hundred such texts ends early, whatever the processor.
    let ends = (0..100).map(|seed| whole(engine.start(Prompt { temperature: 2.0, max_tokens: 200, ..sampled("stop", seed) })));
    let stopped = ends.into_iter().find(|whole| matches!(whole.end, Ok((Finish::Stop, _))));

    let stopped = stopped.expect("a model could never say that it is done");
    assert!(stopped.tokens < 200 && !stopped.text.contains("</s>"), "{stopped:?}");
}

#[test]
fn a_prompt_that_is_too_long_is_refused_with_both_numbers() {
    let engine = engine(SETTINGS);

    let long = whole(engine.start(prompt(&"word ".repeat(500), 5)));
    let full = whole(engine.start(prompt(&"x".repeat(200), 500)));

    let (reason, message) = refused(&long);
    assert_eq!(reason, "prompt_too_long");
    assert!(message.starts_with("the prompt has ") && message.ends_with(" tokens, and at most 255 leave room for an answer"), "{message}");
    let Ok((Finish::Length, prompt_tokens)) = full.end else { panic!("{full:?}") };
    assert_eq!(prompt_tokens + full.tokens, 256, "the text would go on beyond its room");
}

#[test]
fn a_role_that_no_model_knows_is_refused() {
    let mut robot = prompt("beep", 5);
    robot.messages[0].role = "robot".to_owned();

    assert_eq!(refused(&whole(engine(SETTINGS).start(robot))).0, "bad_role");
}

#[test]
fn a_file_says_what_it_is() {
    let facts = engine(SETTINGS).facts().clone();

    assert_eq!((facts.name.as_deref(), facts.context_tokens, facts.layers), (Some("tiny"), 2048, 2));
    assert!((370_000..390_000).contains(&facts.parameters) && facts.bytes == 4 * facts.parameters, "{facts:?}");
}

#[test]
fn what_cannot_be_run_is_named() {
    let (folder, path) = file();
    let [text, cut, absent] = ["text", "cut", "absent"].map(|name| folder.path().join(name));
    fs::write(&text, "<html>not found</html>").unwrap();
    fs::write(&cut, &fs::read(&path).unwrap()[..100_000]).unwrap();
    let error = |path: &Path, settings: Settings| Llama::load(path, settings).unwrap_err().to_string();

    assert!(error(&text, SETTINGS).ends_with("is no model: it begins with `<htm` instead of `GGUF`"));
    assert!(error(&cut, SETTINGS).contains("the file is cut off or damaged"), "a download that broke off would go unnoticed");
    assert!(error(&absent, SETTINGS).starts_with("cannot read the model `"));
    let much = error(&path, Settings { context_tokens: 4096, ..SETTINGS });
    assert_eq!(much, "`context_tokens` is 4096, but the model was trained on 2048 tokens at once");
    assert_eq!(error(&path, Settings { slots: 0, ..SETTINGS }), "`slots` is 0: a model without it makes no text");
    if cfg!(not(feature = "cuda")) {
        assert!(
            error(&path, Settings { gpu_layers: 9, ..SETTINGS }).starts_with("`gpu_layers` is 9, but"),
            "a GPU would be paid for and idle"
        );
    }
}

#[test]
fn an_engine_that_goes_away_breaks_what_is_under_way() {
    let engine = engine(Settings { slots: 1, ..SETTINGS });
    let (under_way, waiting) = (engine.start(prompt("one", 200)), engine.start(prompt("two", 200)));

    drop(engine);

    for mut generation in [under_way, waiting] {
        let mut last = None;
        while let Some(piece) = generation.pieces.blocking_recv() {
            last = Some(piece);
        }
        // A reader without room learns it from the end of the channel alone.
        assert!(!matches!(last, Some(Ok(Piece::End { .. }))), "half a text would be taken for a whole one: {last:?}");
    }
}
