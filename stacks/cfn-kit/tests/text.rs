//! Templates as text: written, read back, and never misread.

use cfn_kit::{read, to_json, to_yaml};
use proptest::prelude::*;
use serde_json::{Map, Value as Json, json};

/// Texts that have gone wrong in somebody's YAML.
const TRAPS: [&str; 40] = [
    "",
    " ",
    "yes",
    "No",
    "ON",
    "off",
    "y",
    "n",
    "true",
    "Null",
    "~",
    "-",
    "- a",
    "?",
    ": ",
    "a: b",
    "a:",
    "a #b",
    "#",
    "012345678901",
    "0o14",
    "0x1F",
    "1e3",
    "1_000",
    "12:30:00",
    "2012-10-17",
    ".5",
    ".inf",
    "<<",
    "=",
    "!Ref x",
    "&a",
    "*a",
    "%a",
    "@a",
    "`a",
    "a\tb",
    "trailing ",
    "'",
    "\"",
];

fn leaf() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        any::<u64>().prop_map(Json::from),
        any::<f64>().prop_filter("JSON has no infinity", |number| number.is_finite()).prop_map(Json::from),
        words().prop_map(Json::from),
    ]
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::sample::select(TRAPS.as_slice()).prop_map(ToOwned::to_owned),
        ".*",
        "[ -~]{0,12}",
        "[a-z \n#:]{0,20}",
        "[a-zA-Z0-9]{1,8}(\n[ a-z${}:]{0,8}){0,4}\n{0,3}",
    ]
}

/// Functions with the arguments that they take, and ones that they do not.
fn function(argument: impl Strategy<Value = Json> + Clone) -> impl Strategy<Value = Json> {
    let names = proptest::sample::select(vec![
        "Ref",
        "Condition",
        "Fn::GetAtt",
        "Fn::Sub",
        "Fn::Join",
        "Fn::If",
        "Fn::Base64",
        "Fn::Select",
        "Fn::ImportValue",
        "Fn::Transform",
        "Fn::ForEach::X",
        "Fn::Unknown",
    ]);
    let pair =
        prop_oneof![Just(json!(["Queue", "Arn"])), Just(json!(["Stack", "Outputs.Url"])), Just(json!(["a.b", "c"])), Just(json!("A.B"))];
    (names, prop_oneof![argument, pair]).prop_map(|(name, argument)| json!({ name: argument }))
}

fn template() -> impl Strategy<Value = Json> {
    leaf().prop_recursive(5, 48, 5, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
            proptest::collection::btree_map(words(), inner.clone(), 0..5).prop_map(|entries| Json::Object(Map::from_iter(entries))),
            function(inner),
        ]
    })
}

proptest! {
    #[test]
    fn yaml_read_back_is_the_same_template(template in template()) {
        let yaml = to_yaml(&template);

        let document = read(&yaml, "template.yaml").map_err(|error| TestCaseError::fail(format!("{error}\n{yaml}")))?;

        prop_assert_eq!(&document.template, &template, "something else would be deployed:\n{}", yaml);
        prop_assert!(document.findings.is_empty(), "{:?}\n{}", document.findings, yaml);
    }

    #[test]
    fn json_read_back_is_the_same_template(template in template()) {
        let document = read(&to_json(&template), "template.json").unwrap();

        prop_assert_eq!(document.template, template);
    }

    #[test]
    fn no_text_makes_the_reader_or_the_check_panic(text in prop_oneof![".*", "[-!&*\\[\\]{}:, \na-zRef|>\"'#%?]{0,60}"]) {
        if let Ok(document) = read(&text, "broken.yaml") {
            cfn_kit::check(&document);
        }
    }
}

#[test]
fn a_short_tag_never_directly_holds_another() {
    let nested = json!({ "UserData": { "Fn::Base64": { "Fn::Sub": "#!/bin/sh\necho ${AWS::Region}\n" } }, "Zone": { "Fn::Select": [0, { "Fn::GetAZs": "" }] } });

    let yaml = to_yaml(&nested);

    let expected = "\
UserData:
  Fn::Base64: !Sub |
    #!/bin/sh
    echo ${AWS::Region}
Zone: !Select
  - 0
  - !GetAZs ''
";
    assert_eq!(yaml, expected, "CloudFormation refuses two tags in a row");
}

#[test]
fn a_broken_text_says_where() {
    let error = read("Resources:\n  Queue: [\n", "stack.yaml").unwrap_err();

    assert_eq!(error.file, "stack.yaml");
    assert!(error.to_string().starts_with("stack.yaml:"), "an editor could not jump there: {error}");
    assert!(error.at.line >= 2, "{error}");
}

#[test]
fn what_people_write_is_read_as_cloudformation_reads_it() {
    let text = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      FifoQueue: yes
      Arn: !GetAtt Other.Nested.Arn
      Text: !Sub
        - '${A}'
        - A: !Ref B
      Account: 012345678901
      Mode: 0644
      Quoted: 'yes'
";

    let document = read(text, "a.yaml").unwrap();

    let properties = &document.template["Resources"]["Queue"]["Properties"];
    assert_eq!(properties["FifoQueue"], true, "`yes` is a truth to CloudFormation");
    assert_eq!(properties["Arn"], json!({ "Fn::GetAtt": ["Other", "Nested.Arn"] }));
    assert_eq!(properties["Text"], json!({ "Fn::Sub": ["${A}", { "A": { "Ref": "B" } }] }));
    assert_eq!(properties["Account"], "012345678901", "no digit of an account may be lost");
    assert_eq!(properties["Mode"], 0o644);
    assert_eq!(properties["Quoted"], "yes");
    assert_eq!(document.findings.len(), 1, "the octal number deserves a word: {:?}", document.findings);
    assert_eq!(document.sources.of("Resources/Queue/Properties/Text/Fn::Sub/1"), Some("a.yaml:9"));
}
