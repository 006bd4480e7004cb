//! Nothing that anybody sends makes reading or checking panic, hang, or eat the memory.

#![cfg(test)]

use std::time::{Duration, Instant};

use cfn_kit::{Document, Json, Severity, check, read};
use proptest::prelude::*;

/// Much more than the largest of these texts needs, even on a busy machine without optimisation.
const LONG: Duration = Duration::from_secs(20);

/// Reads and checks; what comes out only has to come.
fn survive(text: &str) {
    let start = Instant::now();
    match read(text, "fuzz.yaml") {
        Ok(document) => drop(check(&document)),
        Err(error) => assert!(error.at.line >= 1 && error.at.column >= 1, "{error}"),
    }
    assert!(start.elapsed() < LONG, "took {:?}: {}", start.elapsed(), text.chars().take(200).collect::<String>());
}

/// The error about a text that is refused, as `line:column`.
fn refused_at(text: &str) -> String {
    read(text, "fuzz.yaml").unwrap_err().at.to_string()
}

fn good_templates() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check/good");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

#[test]
fn depth_bombs_are_errors_with_line_and_column() {
    let deep = 100_000;
    let cases = [
        ("[".repeat(deep), "1:129"),
        ("{\"a\":".repeat(deep), "1:641"),
        (format!("Resources:\n  A: {}", "[".repeat(deep)), "2:261"),
        (format!("a: {}", "{a: ".repeat(deep)), "1:512"),
        ((0..1_000).map(|level| " ".repeat(level) + "a:\n").collect(), "129:129"),
        ("- ".repeat(deep), "1:257"),
    ];
    for (text, at) in cases {
        assert_eq!(refused_at(&text), at, "{}", &text[..20]);
    }
}

#[test]
fn a_value_that_was_built_too_deep_is_a_finding() {
    let mut deep = Json::from("Queue");
    for _ in 0..100_000 {
        deep = Json::Array(vec![deep]);
    }
    let document = Document::from_json(Json::Object([("Resources".to_owned(), deep)].into_iter().collect()));

    let found = check(&document);

    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].rule.as_str(), found[0].severity), ("limit", Severity::Error));
    // serde_json frees a value level by level on the stack, which this one would overflow.
    std::mem::forget(document);
}

#[test]
fn aliases_cannot_grow_without_bound() {
    let mut laughs = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (name, before) in ('b'..='m').zip('a'..) {
        laughs += &format!("{name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(", "));
    }

    let error = read(&laughs, "fuzz.yaml").unwrap_err();

    assert!(error.message.contains("aliases"), "{error}");
    assert!(error.at.line > 1, "{error}");
    survive("a: &a { b: *a }");
    survive("a: &a [*a, *a]");
}

#[test]
fn odd_texts_are_read_or_refused() {
    let long = "x".repeat(2_000_000);
    let cases = [
        "",
        "\u{feff}",
        "\0",
        "a\0b: c",
        "\u{feff}{\"a\":1}",
        "<<: {a: 1}\nb: 2",
        "a: &x {b: 1}\nc: {<<: *x}",
        "a: 1\na: 2\na: 3",
        "{\"a\":1,\"a\":2}",
        "\"\\ud800\"",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":\"\\udc00\\ud800\"}",
        "Resources:\r\n  A:\r\n    Type: Custom::X\r\n",
        "a: 'open",
        "a: \"open",
        "a: |",
        "a: >\n",
        "[1, 2",
        "{\"a\": ",
        "!Sub",
        "!Ref",
        "!GetAtt",
        "a: !Sub [",
        "? [a, b]\n: c",
        "!!binary aGk=",
        "!<tag:x,2000:y> z",
        "a: !Ref [1]",
        "a: !GetAtt [a, b, c]",
        "a: !GetAtt ''",
        "a: !If",
        "%YAML 1.1\n---\na: 1",
        "---\na\n---\nb",
        "\t",
        "a:\tb",
        "{\"a\": 1e999}",
        "{\"a\": -0}",
        "a: 0o777777777777777777777777",
        "a: .nan",
        "a: 1e400",
        "Resources: !Sub x",
        "Resources: {A: !Ref x}",
        "Resources: {A: {Type: !Ref B, Properties: !If [a, {}, {}]}}",
        "Transform: [1, {Name: []}]\nResources: {Fn::ForEach::A: 1}",
        "Conditions: {A: {Condition: A}}\nResources: {R: {Type: 'AWS::SQS::Queue', Condition: A, Properties: {DelaySeconds: !If [A, 1, 2]}}}",
        "Conditions: {A: !Not [{Condition: B}], B: !Not [{Condition: A}]}\nResources: {R: {Type: 'AWS::SQS::Queue', Condition: A}}",
        "Mappings: {M: {a: {b: {c: 1}}}}\nResources: {R: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [M, a, b]}}}",
        "Resources: {R: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${'}}}",
        "Resources: {R: {Type: '::::', Properties: {}}}",
        "Resources: {R: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${}${!}${a.b.c}${.}${é}'}}}",
    ];
    for text in cases {
        survive(text);
    }
    survive(&format!("a: {long}"));
    survive(&format!("{{\"{long}\": \"{long}\"}}"));
    survive(&format!("Resources: {{ A: {{ Type: 'AWS::SQS::Queue', Properties: {{ QueueName: {long}, Tags: [{{ Key: {long} }}] }} }} }}"));
    survive(&format!("Resources: {{ A: {{ Type: 'AWS::{long}' }} }}"));
}

#[test]
fn many_conditions_that_lie_within_each_other_take_no_time() {
    let mut conditions = "Conditions:\n  C0: !Equals [a, b]\n".to_owned();
    for level in 1..200 {
        let before = level - 1;
        conditions +=
            &format!("  C{level}: !And [{{ Condition: C{before} }}, {{ Condition: C{before} }}, !Not [{{ Condition: C{before} }}]]\n");
    }
    let value = (0..100).fold("1".to_owned(), |value, level| format!("!If [C{level}, {value}, 2]"));

    survive(&format!(
        "{conditions}Resources:\n  Q:\n    Type: AWS::SQS::Queue\n    Condition: C199\n    Properties:\n      DelaySeconds: {value}\n"
    ));
}

/// One change of a text, such as a careless hand or a broken tool makes.
fn mutate(text: &str, changes: &[(usize, u8, String)]) -> String {
    let mut text = text.to_owned();
    for (place, what, piece) in changes {
        let at = (0..=place % (text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        let end = (at..=text.len()).skip(1 + place % 7).find(|end| text.is_char_boundary(*end)).unwrap_or(text.len());
        match what % 5 {
            0 => text.insert_str(at, piece),
            1 => text.replace_range(at..end, ""),
            2 => text.replace_range(at..end, piece),
            3 => text.truncate(at),
            _ => {
                let copy = text[at..end].repeat(3);
                text.insert_str(at, &copy);
            }
        }
    }
    text
}

const PIECE: &str = "([ \\n\\t:,\\[\\]{}'\"&*!|>%@#?~\\\\$.-]|Ref|Fn::If|Fn::Sub|Fn::GetAtt|!Ref |!Sub |!If |!GetAtt |AWS::NoValue|null|true|-1|1e9|<<|\\$\\{|[a-zé\\x00]){0,4}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in prop_oneof![any::<String>(), PIECE, "(Resources|A|Type|Properties|  |\\n|: |- |AWS::SQS::Queue|!Ref |\\[|\\]|\\{|\\}|,|'|\"){0,40}"]) {
        survive(&text);
    }

    #[test]
    fn a_template_that_was_damaged_is_survived(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), PIECE), 1..6),
    ) {
        let templates = good_templates();
        survive(&mutate(which.get(&templates).as_str(), &changes));
    }

    #[test]
    fn any_json_in_a_template_is_survived(value in json(), place in 0..6usize) {
        let template = match place {
            0 => value,
            1 => serde_json::json!({ "Resources": value }),
            2 => serde_json::json!({ "Resources": { "A": value } }),
            3 => serde_json::json!({ "Resources": { "A": { "Type": "AWS::Lambda::Function", "Properties": value } } }),
            4 => serde_json::json!({ "Parameters": { "A": value.clone() }, "Conditions": { "A": value.clone() }, "Mappings": value, "Resources": {} }),
            _ => serde_json::json!({ "Outputs": { "A": value.clone() }, "Rules": value.clone(), "Transform": value.clone(), "Description": value }),
        };
        drop(check(&Document::from_json(template)));
    }
}

fn json() -> impl Strategy<Value = Json> {
    let key = prop_oneof![
        Just("Ref"),
        Just("Fn::If"),
        Just("Fn::Sub"),
        Just("Fn::Join"),
        Just("Fn::Select"),
        Just("Fn::GetAtt"),
        Just("Fn::FindInMap"),
        Just("Fn::Equals"),
        Just("Fn::Not"),
        Just("Condition"),
        Just("Type"),
        Just("Value"),
        Just("Export"),
        Just("Name"),
        Just("Default"),
        Just("AllowedValues"),
        Just("Environment"),
        Just("Variables"),
        Just("Role"),
        Just("Code"),
        Just("Tags"),
        Just("Timeout"),
        Just("Layers"),
        Just("DependsOn"),
        Just("A"),
    ];
    let text = prop_oneof![
        Just("A".to_owned()),
        Just("AWS::NoValue".to_owned()),
        Just("A.Arn".to_owned()),
        Just("${A}".to_owned()),
        Just("String".to_owned()),
        any::<String>()
    ];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<f64>().prop_map(Json::from),
        text.prop_map(Json::from)
    ];
    leaf.prop_recursive(6, 48, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            prop::collection::vec((key.clone(), inner), 1..4)
                .prop_map(|entries| Json::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())),
        ]
    })
}
