use super::*;
use proptest::prelude::*;
use std::fmt::Write;

fn tree(text: &str) -> Node {
    read(text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", error.at())).root
}

/// One line per scalar: where it stands, its path, its tag and its text.
fn flat(node: &Node) -> String {
    fn walk(node: &Node, path: &str, out: &mut String) {
        let tag = node.tag.as_ref().map(|tag| format!("{tag} ")).unwrap_or_default();
        match &node.value {
            Value::Scalar(scalar) => writeln!(out, "{} {path} = {tag}{:?}", node.start, scalar.text).unwrap(),
            Value::Sequence(items) => items.iter().enumerate().for_each(|(index, item)| walk(item, &format!("{path}{tag}/{index}"), out)),
            Value::Mapping(entries) => {
                for (key, value) in entries {
                    walk(value, &format!("{path}{tag}/{}", key.scalar().map_or("?", |key| &key.text)), out);
                }
            }
        }
    }
    let mut out = String::new();
    walk(node, "", &mut out);
    out
}

#[test]
fn short_tags_keep_their_name_and_their_place() {
    let template = "\
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Dead: !GetAtt Letters.Arn
      Name: !Sub
        - '${Env}-jobs'
        - Env: !Ref Env
      Zone: !Select [0, !GetAZs '']
";

    let root = tree(template);

    assert_eq!(
        flat(&root),
        "3:11 /Resources/Queue/Type = \"AWS::SQS::Queue\"\n\
         5:13 /Resources/Queue/Properties/Dead = !GetAtt \"Letters.Arn\"\n\
         7:11 /Resources/Queue/Properties/Name!Sub /0 = \"${Env}-jobs\"\n\
         8:16 /Resources/Queue/Properties/Name!Sub /1/Env = !Ref \"Env\"\n\
         9:22 /Resources/Queue/Properties/Zone!Select /0 = \"0\"\n\
         9:25 /Resources/Queue/Properties/Zone!Select /1 = !GetAZs \"\"\n"
    );
}

#[test]
fn a_value_points_back_at_its_own_characters() {
    let text = "ключ: 'значение'\nlist:\n- a\n- {b: 12, c: \"é\\n\"}\n";

    let root = tree(text);

    assert_eq!(flat(&root), "1:7 /ключ = \"значение\"\n3:3 /list/0 = \"a\"\n4:7 /list/1/b = \"12\"\n4:14 /list/1/c = \"é\\n\"\n");
}

#[test]
fn scalars_mean_what_the_core_schema_says_and_nothing_more() {
    let cases: [(&str, Meaning<'_>); 38] = [
        ("null", Meaning::Null),
        ("~", Meaning::Null),
        ("true", Meaning::Bool(true)),
        ("FALSE", Meaning::Bool(false)),
        ("yes", Meaning::String("yes")),
        ("off", Meaning::String("off")),
        ("tRUE", Meaning::String("tRUE")),
        ("0", Meaning::Integer(0)),
        ("-12", Meaning::Integer(-12)),
        ("+12", Meaning::Integer(12)),
        ("012345678901", Meaning::Integer(12_345_678_901)),
        ("0o17", Meaning::Integer(15)),
        ("0x1F", Meaning::Integer(31)),
        ("0x-1", Meaning::String("0x-1")),
        ("9223372036854775807", Meaning::Integer(i64::MAX)),
        ("9223372036854775808", Meaning::Float(9_223_372_036_854_775_808.0)),
        ("1.5", Meaning::Float(1.5)),
        ("1.", Meaning::Float(1.0)),
        (".5", Meaning::Float(0.5)),
        ("1e3", Meaning::Float(1000.0)),
        ("-1.5E-1", Meaning::Float(-0.15)),
        (".inf", Meaning::Float(f64::INFINITY)),
        ("-.INF", Meaning::Float(f64::NEG_INFINITY)),
        ("inf", Meaning::String("inf")),
        ("nan", Meaning::String("nan")),
        ("1_000", Meaning::String("1_000")),
        ("1.2.3", Meaning::String("1.2.3")),
        ("1e", Meaning::String("1e")),
        ("-", Meaning::String("-")),
        ("+.inf", Meaning::Float(f64::INFINITY)),
        (".", Meaning::String(".")),
        ("2010-09-09", Meaning::String("2010-09-09")),
        ("'12'", Meaning::String("12")),
        ("\"true\"", Meaning::String("true")),
        ("!!str 12", Meaning::String("12")),
        ("!!int '12'", Meaning::Integer(12)),
        ("!Ref 12", Meaning::String("12")),
        ("! 12", Meaning::String("12")),
    ];

    for (text, meaning) in cases {
        // `-` alone would open a list.
        let text = if text == "-" { "'-'" } else { text };
        assert_eq!(tree(text).meaning(), Some(meaning), "`{text}` would be read as something else than people and AWS read");
    }
}

#[test]
fn the_words_that_yaml_1_1_takes_for_truth_values_are_told() {
    let legacy = |text: &str| tree(text).scalar().unwrap().yaml_1_1_bool();

    assert_eq!((legacy("yes"), legacy("Off"), legacy("'yes'"), legacy("maybe")), (Some(true), Some(false), None, None));
}

#[test]
fn a_key_that_stands_twice_is_told_and_both_values_stay() {
    for text in ["a: 1\nb: {x: 1, x: 2}\na: 3\n", "{\"a\": 1,\n\"b\": {\"x\": 1, \"x\": 2},\n\"a\": 3}"] {
        let document = read(text).unwrap();

        let told: Vec<_> =
            document.duplicates.iter().map(|duplicate| (duplicate.key.as_str(), duplicate.first.line, duplicate.again.line)).collect();
        assert_eq!(told, [("x", 2, 2), ("a", 1, 3)]);
        assert_eq!(document.root.entries().unwrap().len(), 3);
    }
}

#[test]
fn duplicates_in_a_long_mapping_are_found_as_well() {
    let lines: String = (0..100).map(|index| format!("key{}: {index}\n", index % 99)).collect();

    let duplicates = read(&lines).unwrap().duplicates;

    assert_eq!(duplicates, [Duplicate { key: "key0".into(), first: Position::START, again: Position { line: 100, column: 1 } }]);
}

#[test]
fn an_alias_stands_for_what_its_anchor_holds_and_is_told() {
    let document = read("a: &x {k: v}\nb: *x\n<<: *x\n").unwrap();

    assert_eq!(flat(&document.root), "1:11 /a/k = \"v\"\n1:11 /b/k = \"v\"\n1:11 /<</k = \"v\"\n");
    assert_eq!(document.aliases, [Position { line: 2, column: 4 }, Position { line: 3, column: 5 }]);
}

#[test]
fn a_billion_laughs_end_in_an_error() {
    let mut bomb = "a0: &a0 [lol]\n".to_owned();
    for level in 1..40 {
        writeln!(bomb, "a{level}: &a{level} [*a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}, *a{0}]", level - 1).unwrap();
    }

    let error = read(&bomb).unwrap_err();

    assert!(matches!(error, Error::AliasExpansion { .. }), "a small file could fill the memory: {error}");
}

#[test]
fn depth_is_bounded_however_it_is_reached() {
    let flow = format!("{}{}", "[".repeat(MAXIMUM_DEPTH + 1), "]".repeat(MAXIMUM_DEPTH + 1));
    let not_json = format!("- {flow}");
    let block = "- ".repeat(MAXIMUM_DEPTH + 1);
    let mut chain = "a0: &a0 [x]\n".to_owned();
    (1..300).for_each(|level| writeln!(chain, "a{level}: &a{level} [*a{}]", level - 1).unwrap());

    for text in [&flow, &not_json, &block, &chain] {
        let error = read(text).unwrap_err();
        assert!(matches!(error, Error::TooDeep { .. }), "a reader of the tree could run out of stack: {error}");
    }
    let deepest = format!("{}{}", "[".repeat(MAXIMUM_DEPTH), "]".repeat(MAXIMUM_DEPTH));
    assert!(read(&deepest).is_ok());
    assert!(read(&"- ".repeat(MAXIMUM_DEPTH)).is_ok());
}

#[test]
fn what_is_no_document_is_told_with_its_place() {
    let cases = [
        ("a: b: c\n", "1:5"),
        ("a:\n\t- b\n", "2:2"),
        ("a: 'open\n", "1:4"),
        ("a: *nobody\n", "1:4"),
        ("a: &x [*x]\n", "1:8"),
        ("a: 1\n---\nb: 2\n", "2:1"),
        ("a: 1\n b: 2\n", "2:3"),
        ("{\"a\": 1,,}", "1:9"),
        ("{\"a\" 1}", "1:6"),
        ("{\"é\": 1 \"b\": 2}", "1:9"),
        ("{\"a\": 1} x", "1:10"),
        ("{\n  \"a\": \"open\n}", "2:13"),
        ("{\"a\": \"\\x\"}", "1:8"),
        ("{\"a\": \"\\ud800\"}", "1:8"),
        ("[1, nul]]", "1:5"),
    ];

    for (text, place) in cases {
        let error = read(text).expect_err(text);
        assert_eq!(error.at().to_string(), place, "`{text}`: {error}");
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn nothing_is_a_document_that_is_null() {
    for text in ["", "\n", "# only a comment\n", "---\n", "\u{feff}"] {
        assert!(tree(text).is_null(), "{text:?}");
    }
}

#[test]
fn flow_mappings_that_are_no_json_are_still_yaml() {
    assert_eq!(flat(&tree("{a: [b, !Ref c], # note\n 'd': 0x10}")), "1:6 /a/0 = \"b\"\n1:9 /a/1 = !Ref \"c\"\n2:7 /d = \"0x10\"\n");
}

#[test]
fn strings_in_json_lose_their_escapes() {
    assert_eq!(tree(r#"["\"\\\/\b\f\n\r\tA\u00e9\ud83d\ude00"]"#).items().unwrap()[0].as_str(), Some("\"\\/\u{8}\u{c}\n\r\tAé😀"));
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e9..1e9).prop_map(|number: f64| number.into()),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(5, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            prop::collection::vec((".{0,8}", inner), 0..6).prop_map(|entries| serde_json::Value::Object(entries.into_iter().collect())),
        ]
    })
}

fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Sequence(items) => items.iter().map(to_json).collect(),
        Value::Mapping(entries) => {
            serde_json::Value::Object(entries.iter().map(|(key, value)| (key.scalar().unwrap().text.clone(), to_json(value))).collect())
        }
        Value::Scalar(_) => match node.meaning().unwrap() {
            Meaning::Null => serde_json::Value::Null,
            Meaning::Bool(truth) => truth.into(),
            Meaning::Integer(number) => number.into(),
            Meaning::Float(number) => number.into(),
            Meaning::String(text) => text.into(),
        },
    }
}

proptest! {
    #[test]
    fn every_json_document_reads_as_what_it_is(value in prop::collection::vec(json(), 1..4).prop_map(serde_json::Value::from)) {
        for text in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&to_json(&tree(&text)), &value);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in prop_oneof![
        any::<String>(),
        "[ \\t\\n\\-:,\\[\\]{}'\"&*!|>%@#?a-c01.~\\\\]{0,80}",
        "([ ]{0,4}(- |\\? |[ab]: |&a |\\*a |!t |!!str |'|\"|\\||>|%YAML 1.2|---|\\.\\.\\.|#|\\{|\\}|\\[|\\]|,|é|x){0,4}\\n){0,12}",
    ]) {
        if let Err(error) = read(&text) {
            let line = text.split('\n').nth(error.at().line - 1);
            prop_assert!(line.is_some(), "{} is no line of {text:?}", error.at());
        }
    }
}
