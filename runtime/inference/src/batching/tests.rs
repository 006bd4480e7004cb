//! The batching alone, with a model that plays a part: each conversation is its own script.

use std::cell::RefCell;
use std::rc::Rc;

use contract::jobs::Finish;
use tokio::sync::mpsc::Receiver;

use super::*;

/// What the model was asked to do.
#[derive(Debug, Default)]
struct Seen {
    batches: Vec<Vec<Step>>,
    forgotten: Vec<usize>,
    fail_next: bool,
}

/// A model whose prompt is one token per character, and whose answers go through the alphabet for ever, or to `c` after a prompt
/// with a `z`.
#[derive(Debug, Clone, Default)]
struct Script(Rc<RefCell<Seen>>);

const END: Token = -1;

impl Model for Script {
    type Sampler = (Token, bool);

    fn tokens(&self, turns: &[Turn]) -> Result<Vec<Token>, Failure> {
        Ok(turns.iter().flat_map(|turn| turn.content.chars()).map(|character| character as Token).collect())
    }

    fn sampler(&self, prompt: &Prompt) -> Self::Sampler {
        ('a' as Token, prompt.messages[0].content.contains('z'))
    }

    fn decode(&mut self, steps: &[Step]) -> Result<(), String> {
        let mut seen = self.0.borrow_mut();
        seen.batches.push(steps.to_vec());
        if std::mem::take(&mut seen.fail_next) { Err("out of memory".to_owned()) } else { Ok(()) }
    }

    fn choose(&mut self, (next, ends): &mut Self::Sampler, step: usize) -> Token {
        assert!(self.0.borrow().batches.last().unwrap()[step].wanted, "there is no answer to a step that was not wanted");
        if *ends && *next == 'd' as Token {
            return END;
        }
        *next += 1;
        *next - 1
    }

    fn spelling(&self, token: Token) -> Option<Vec<u8>> {
        (token != END).then(|| vec![b'a' + u8::try_from((token - 'a' as Token) % 26).unwrap()])
    }

    fn forget(&mut self, slot: usize) {
        self.0.borrow_mut().forgotten.push(slot);
    }
}

struct House {
    batcher: Batcher<Script>,
    seen: Rc<RefCell<Seen>>,
}

type Reader = Receiver<Result<Piece, Failure>>;

impl House {
    fn new(slots: usize, context: usize, chunk: usize) -> Self {
        let script = Script::default();
        Self { seen: Rc::clone(&script.0), batcher: Batcher::new(script, Limits { slots, context, chunk }) }
    }

    fn ask(&mut self, words: &str, max_tokens: u32) -> Reader {
        let (pieces, reader) = mpsc::channel(READER_PIECES);
        let messages = vec![Turn { role: "user".to_owned(), content: words.to_owned() }];
        self.batcher.push(Request { prompt: Prompt { messages, max_tokens, temperature: 0.0, top_p: 1.0, seed: None }, pieces });
        reader
    }

    fn run(&mut self) {
        while self.batcher.step() == Progress::Made {}
    }
}

/// The text, and how it ended.
fn all(reader: &mut Reader) -> (String, Option<Result<Piece, Failure>>) {
    let mut text = String::new();
    while let Ok(piece) = reader.try_recv() {
        match piece {
            Ok(Piece::Text { text: more, .. }) => text.push_str(&more),
            end @ (Ok(Piece::End { .. }) | Err(_)) => return (text, Some(end)),
        }
    }
    (text, None)
}

fn end(finish: Finish, prompt_tokens: u32) -> Option<Result<Piece, Failure>> {
    Some(Ok(Piece::End { finish, prompt_tokens }))
}

#[test]
fn a_text_ends_when_the_model_says_so_or_when_it_is_long_enough() {
    let mut house = House::new(2, 100, 8);
    let (mut stops, mut goes_on, mut nothing) = (house.ask("xyz", 50), house.ask("xy", 5), house.ask("x", 0));

    house.run();

    assert_eq!(all(&mut stops), ("abc".to_owned(), end(Finish::Stop, 3)));
    assert_eq!(all(&mut goes_on), ("abcde".to_owned(), end(Finish::Length, 2)));
    assert_eq!(all(&mut nothing), (String::new(), end(Finish::Length, 1)));
    assert_eq!(house.seen.borrow().forgotten.len(), 3, "the next text in a slot would begin with the words of the last");
}

#[test]
fn a_context_that_is_full_ends_the_text_and_a_prompt_that_fills_it_is_refused() {
    let mut house = House::new(1, 8, 8);
    let (mut fits, mut full) = (house.ask("123456", 50), house.ask("12345678", 50));

    house.run();

    assert_eq!(all(&mut fits), ("ab".to_owned(), end(Finish::Length, 6)));
    let refused = all(&mut full).1.unwrap().unwrap_err();
    assert!(matches!(&refused, Failure::Refused { reason: "prompt_too_long", .. }), "it would be tried again for ever: {refused:?}");
    assert_eq!(refused.to_string(), "the prompt has 8 tokens, and at most 7 leave room for an answer");
}

#[test]
fn a_long_prompt_is_read_in_parts_beside_texts_that_go_on() {
    let mut house = House::new(2, 100, 4);
    let mut first = house.ask("x", 30);
    house.batcher.step();
    let _second = house.ask("1234567", 2);

    for _ in 0..3 {
        house.batcher.step();
    }

    let seen = house.seen.borrow();
    let sizes: Vec<_> = seen.batches[1..].iter().map(|batch| batch.iter().map(|step| step.slot).collect::<Vec<_>>()).collect();
    assert_eq!(sizes, [vec![0, 1, 1, 1], vec![0, 1, 1, 1], vec![0, 1]], "everybody would wait for the longest prompt");
    let prompt: Vec<_> = seen.batches.iter().flatten().filter(|step| step.slot == 1).map(|step| (step.position, step.wanted)).collect();
    assert_eq!(prompt.last(), Some(&(6, true)), "the answer would not follow the prompt's last word");
    assert!(prompt[..6].iter().all(|(_, wanted)| !wanted), "{prompt:?}");
    assert_eq!(all(&mut first).0, "abcd");
}

#[test]
fn who_goes_away_frees_the_slot_at_once() {
    let mut house = House::new(1, 100, 8);
    let gone = house.ask("x", 90);
    let (never_came, mut next) = (house.ask("y", 90), house.ask("zz", 90));
    house.batcher.step();
    drop(gone);
    drop(never_came);

    house.batcher.step();

    assert_eq!(house.seen.borrow().forgotten, [0]);
    assert_eq!(all(&mut next).0, "a", "a text that nobody reads would be made to its end");
}

#[test]
fn a_slow_reader_holds_up_nobody_and_loses_nothing() {
    let mut house = House::new(2, 1000, 8);
    let mut slow = house.ask("x", 100);
    let mut quick = house.ask("z", 100);

    house.run();
    assert_eq!(all(&mut quick), ("abc".to_owned(), end(Finish::Stop, 1)));
    assert_eq!(house.batcher.step(), Progress::Stalled, "memory would fill with what nobody reads");
    let mut text = String::new();
    loop {
        let (more, ended) = all(&mut slow);
        text.push_str(&more);
        if ended.is_some() {
            break;
        }
        house.run();
    }

    assert_eq!(text.len(), 100);
}

#[test]
fn a_step_that_fails_breaks_the_texts_under_way_and_no_other() {
    let mut house = House::new(1, 100, 8);
    let (mut under_way, mut waiting) = (house.ask("x", 10), house.ask("z", 10));
    house.batcher.step();
    house.seen.borrow_mut().fail_next = true;

    house.run();

    let (text, broken) = all(&mut under_way);
    assert_eq!(text, "a");
    assert!(matches!(&broken, Some(Err(Failure::Broken { message })) if message.contains("out of memory")), "{broken:?}");
    assert_eq!(all(&mut waiting), ("abc".to_owned(), end(Finish::Stop, 1)), "one failure would be the end of the worker");
}

#[test]
fn when_it_stops_everybody_is_told() {
    let mut house = House::new(1, 100, 8);
    let (mut under_way, mut waiting) = (house.ask("x", 10), house.ask("y", 10));
    house.batcher.step();

    house.batcher.stop("enough");

    for reader in [&mut under_way, &mut waiting] {
        let end = all(reader).1;
        assert_eq!(end, Some(Err(Failure::Broken { message: "enough".to_owned() })), "somebody would wait for ever");
    }
    assert_eq!(house.batcher.step(), Progress::Idle);
}
