//! What people read when a file is wrong.

use super::*;

/// A piece of the right file, what stands in its place, and what is said about it.
type Case = (&'static str, &'static str, &'static [&'static str]);

#[test]
fn a_job_for_a_picture_stays_in_its_queue_for_as_long_as_it_is_wanted() {
    let text = RIGHT.replace("\nimages:", "\nimagegen:\n  retention_days: 1\nimages:");
    let text = text.replace("job_lifetime_minutes: 1440", "job_lifetime_minutes: 1441");

    let mistakes = Environment::read("staging", "staging.yaml", &text).unwrap_err().to_string();

    let expected =
        "`imagegen.retention_days` is 1, which are 1440 minutes, but a job may be wanted for `api.job_lifetime_minutes`, which is 1441";
    assert!(mistakes.contains(expected), "a job would be gone while somebody waits for it: {mistakes}");
}

#[test]
fn every_mistake_is_told_in_words_that_say_what_is_right() {
    for (right, wrong, expected) in CASES {
        assert_eq!(RIGHT.matches(right).count(), 1, "`{right}` must stand once in the right file");

        let said = told(&RIGHT.replacen(right, wrong, 1));

        assert_eq!(&said, expected, "instead of `{right}`: `{wrong}`");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_in_one_go_and_shown_at_their_lines() {
    let text = "\
account: 111111111111
region: eu-central-1
log_retention_days: 30
alerts: {emails: []}
protection:
  termination: yes
  data: keep
jobs:
  visibility_timeout_seconds: 5
  tries: 3
  alarms: {depth: 1, oldest_message_minutes: 9}
  tries: 4
";

    let mistakes = read(text).unwrap_err();

    assert_eq!(mistakes.to_string(), SHOWN);
}

const SHOWN: &str = r#"5 mistakes in environments/test.yaml

the file lacks `images`
 --> environments/test.yaml:1:1
  |
1 | account: 111111111111
  | ^
  = help: set it to a mapping with `memory_mb`, `timeout_seconds`, `concurrency` and `alarms`: The image pipeline: pictures in, smaller JPEGs out.

`account` is `111111111111`, but must be 12 digits in quotes, such as `"111111111111"`
 --> environments/test.yaml:1:10
  |
1 | account: 111111111111
  |          ^^^^^^^^^^^^
  = help: write it in quotes: `"111111111111"`; without them YAML reads a number, and may lose a leading zero

`protection.termination` is `yes`, but must be `true` or `false`
 --> environments/test.yaml:6:16
  |
6 |   termination: yes
  |                ^^^
  = help: YAML 1.2 reads `yes` as text, write `true`

`jobs.visibility_timeout_seconds` is `5`, but must be a whole number from 30 to 43200
 --> environments/test.yaml:9:31
  |
9 |   visibility_timeout_seconds: 5
  |                               ^

`jobs.tries` stands twice
  --> environments/test.yaml:12:3
   |
12 |   tries: 4
   |   ^^^^^
   = see: environments/test.yaml:10:3: it stands here first
   = help: remove one of the two
"#;

/// The right file with the worker's own model in place of a server.
fn with_a_model() -> String {
    RIGHT.replacen("  engine: http\n  engine_url: http://127.0.0.1:8080\n", "", 1)
}

#[test]
fn an_answer_as_long_as_the_context_leaves_no_room_for_its_prompt() {
    let text = with_a_model().replacen("max_tokens: 512", "max_tokens: 2048", 1);

    let [said] = told(&text).try_into().unwrap();

    let expected = "`api.max_tokens` is 2048, but must be less than `fleet.context_tokens`, which is 2048 / see ";
    assert!(said.contains(expected), "every job would be refused by its worker: {said}");
    assert!(read(&with_a_model()).is_ok());
    let asked = RIGHT.replacen("max_tokens: 512", "max_tokens: 2048", 1);
    assert!(read(&asked).is_ok(), "a server has a context of its own, which nobody here knows");
}

#[test]
fn a_job_that_is_wanted_longer_than_the_queue_keeps_it_is_told() {
    let short = "tries: 3\n  retention_days: 1\n  dead_letter_retention_days: 14\n  encryption";
    let text = RIGHT.replacen("tries: 3\n  retention_days: 4\n  dead_letter_retention_days: 14\n  encryption", short, 1);
    let longer = text.replacen("job_lifetime_minutes: 1440", "job_lifetime_minutes: 1441", 1);

    let [said] = told(&longer).try_into().unwrap();

    let expected = "`api.job_lifetime_minutes` is 1441, but must be at most 1440, the minutes in `jobs.retention_days`, which is 1 / see ";
    assert!(said.contains(expected), "SQS would drop the job without a word: {said}");
    assert!(read(&text).is_ok(), "exactly as long is long enough");
}

#[test]
fn all_that_does_not_fit_together_is_told_at_once() {
    let text = with_a_model()
        .replacen("max_prompt_bytes: 16384", "max_prompt_bytes: 70000", 1)
        .replacen("max_tokens: 512", "max_tokens: 4096", 1)
        .replacen("  spot_percent: 0\n  warm_pool: 0", "  spot_percent: 100\n  warm_pool: 2", 1);

    let wrong: Vec<_> = read(&text).unwrap_err().mistakes.into_iter().map(|mistake| mistake.path).collect();

    assert_eq!(wrong, ["api.max_prompt_bytes", "api.max_tokens", "fleet.warm_pool"], "each run would show one mistake more");
}

#[test]
fn servers_that_lack_something_are_found_at_a_desk() {
    let stream = |more: &str, egress: &str| {
        let text = RIGHT.replacen("  jpeg_quality: 80\n", &format!("  jpeg_quality: 80\n  upload:\n    mode: stream\n{more}"), 1);
        text.replacen("egress: endpoints", egress, 1)
    };
    let certificate = "    certificate_arn: arn:aws:acm:eu-central-1:111111111111:certificate/12345678-1234-1234-1234-123456789012\n";
    let digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let image = format!("    image: 111111111111.dkr.ecr.eu-central-1.amazonaws.com/upload@sha256:{digest}\n");
    let tag = "    image: 111111111111.dkr.ecr.eu-central-1.amazonaws.com/upload:latest\n";

    let bare = told(&stream("", "egress: endpoints"));
    let by_tag = told(&stream(&format!("{certificate}{tag}"), "egress: nat"));
    let whole = read(&stream(&format!("{certificate}{image}"), "egress: nat")).unwrap();

    assert!(
        bare.iter().any(|said| said.contains("`images.upload.certificate_arn` is missing")),
        "tokens would go over plain HTTP: {bare:#?}"
    );
    assert!(bare.iter().any(|said| said.contains("`images.upload.image` is missing")), "no server would ever start: {bare:#?}");
    assert!(bare.iter().any(|said| said.contains("the internet is out of reach")), "nobody could reach them: {bare:#?}");
    assert!(by_tag.iter().any(|said| said.contains("a tag could be moved")), "{by_tag:#?}");
    assert_eq!(whole.images.upload.image.unwrap().repository(), ["eu-central-1", "111111111111", "upload"]);
}

#[test]
fn what_is_no_environment_at_all_is_told() {
    let cases: [(&str, &str); 6] = [
        ("", "1:1 the file is empty, it must set `account`,"),
        ("# later\n", "1:1 the file is empty, it must set `account`,"),
        ("- a\n", "1:1 the file is a list, but must be a mapping with `account`,"),
        ("prod\n", "1:1 the file is `prod`, but must be a mapping with `account`,"),
        ("a: 1\n---\nb: 2\n", "2:1 this cannot be read as YAML: a second document starts here, one was expected"),
        ("account:\n\t- x\n", "2:2 this cannot be read as YAML: "),
    ];

    for (text, start) in cases {
        let said = told(text);
        assert!(said[0].starts_with(start), "{text:?}: {said:#?}");
        assert_eq!(said.len(), 1, "{text:?}: one mistake would be told many times: {said:#?}");
    }
}

#[test]
fn an_environment_has_a_name_that_cloudformation_takes() {
    for name in ["", "Prod", "prod_1", "1st", "-x", "a-name-that-is-too-long", "prod/eu", "pröd"] {
        let mistakes = Environment::read(name, "environments/x.yaml", RIGHT).unwrap_err().mistakes;
        assert!(mistakes[0].message.contains("cannot name an environment"), "every stack of `{name}` would be refused in mid-deploy");
    }
    assert_eq!(Environment::read("prod-eu-1", "environments/prod-eu-1.yaml", RIGHT).unwrap().name, "prod-eu-1");
}

#[test]
fn an_alias_stands_for_its_anchor() {
    let text = RIGHT.replacen("retention_days: 4", "retention_days: &wait 4", 1).replacen(
        "tries: 5\n  retention_days: 4",
        "tries: 5\n  retention_days: *wait",
        1,
    );

    assert_eq!(read(&text).unwrap(), read(RIGHT).unwrap());
}

#[test]
fn a_mark_at_the_start_of_the_file_is_no_text() {
    assert_eq!(read(&format!("\u{feff}{RIGHT}")).unwrap(), read(RIGHT).unwrap(), "files saved on Windows would be refused");
}

#[test]
fn what_the_schema_lets_through_and_the_type_does_not_is_a_mistake_too() {
    // Two places where the two readers of YAML disagree: a version, and a number that its tag takes out of its quotes.
    let version = format!("%YAML 1.3\n---\n{RIGHT}");
    let number = RIGHT.replacen("depth: 500", "depth: !!int '500'", 1);

    assert_eq!(told(&version), ["1:1 this cannot be read: found incompatible YAML document"]);
    assert_eq!(
        told(&number),
        ["21:12 this cannot be read: jobs.alarms.depth: invalid type: integer `500`, expected u32 at line 21 column 12"]
    );
}

#[test]
fn what_was_meant_is_found_when_it_is_near() {
    let environments = ["local", "staging", "qa", "prod"];
    let cases = [
        ("stagin", Some("staging")),
        ("stage", Some("staging")),
        ("STAGING", Some("staging")),
        ("prd", Some("prod")),
        ("production", Some("prod")),
        ("loacl", Some("local")),
        ("moon", None),
        ("", None),
        ("x", None),
    ];

    for (typed, expected) in cases {
        assert_eq!(nearest(typed, environments), expected, "`{typed}`");
    }
}

const CASES: &[Case] = &[
    (
        "http://127.0.0.1:8080",
        "http://models.example.com",
        &[
            "93:15 `fleet.engine_url` is `http://models.example.com`, but must begin with `https://` where `fleet.engine_key_parameter` is set / see 94:25 the key is set here / give the server a certificate, or the address of one on the worker's own machine",
        ],
    ),
    (
        "engine_key_parameter: /cloudwright/test/engine-key",
        "engine_key_parameter: sk-the-key-itself",
        &[
            "94:25 `fleet.engine_key_parameter` is `sk-the-key-itself`, but must be the name of a parameter with its path, such as `/cloudwright/prod/engine-key`",
        ],
    ),
    (
        "  express: false",
        "  express: true",
        &[
            "50:12 `deploy.express` is `true`, but must be `false` where `protection.data` is `keep` / see 9:9 `protection.data` is `keep` / leave it out: people rely on an environment that keeps its data, so a deploy must wait until it serves",
        ],
    ),
    (
        "[jobs.OldestJobAlarm]",
        "[jobs/OldestJobAlarm]",
        &[
            "53:14 `deploy.rollback.alarms[0]` is `jobs/OldestJobAlarm`, but must be a stack and the logical ID of one of its alarms, such as `jobs.OldestJobAlarm` / did you mean `jobs.OldestJobAlarm`?",
        ],
    ),
    (
        r#"account: "111111111111""#,
        "account: 111111111111",
        &[
            r#"1:10 `account` is `111111111111`, but must be 12 digits in quotes, such as `"111111111111"` / write it in quotes: `"111111111111"`; without them YAML reads a number, and may lose a leading zero"#,
        ],
    ),
    (
        r#"account: "111111111111""#,
        "account: 012345678901",
        &[
            r#"1:10 `account` is `012345678901`, but must be 12 digits in quotes, such as `"111111111111"` / write it in quotes: `"012345678901"`; without them YAML reads a number, and may lose a leading zero"#,
        ],
    ),
    (
        r#"account: "111111111111""#,
        "account: 11111111111",
        &[r#"1:10 `account` is `11111111111`, but must be 12 digits in quotes, such as `"111111111111"`"#],
    ),
    (
        r#"account: "111111111111""#,
        "account: null",
        &[r#"1:1 `account` has no value, but must be 12 digits in quotes, such as `"111111111111"`"#],
    ),
    ("region: eu-central-1", "region: Frankfurt", &["2:9 `region` is `Frankfurt`, but must be an AWS region, such as `eu-central-1`"]),
    (
        "region: eu-central-1\n",
        "",
        &["1:1 the file lacks `region` / set it to an AWS region, such as `eu-central-1`: AWS region that this environment lives in."],
    ),
    (
        "http://127.0.0.1:4566",
        "localcloud",
        &[
            "3:15 `endpoint_url` is `localcloud`, but must be `local-cloud` or a URL such as `http://127.0.0.1:4566` / did you mean `local-cloud`?",
        ],
    ),
    (
        "log_retention_days: 30",
        "log_retention_days: 31",
        &[
            "4:21 `log_retention_days` is `31`, but must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 / the next one up is 60",
        ],
    ),
    (
        "log_retention_days: 30",
        "log_retention_days: 30d",
        &[
            "4:21 `log_retention_days` is `30d`, but must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 and 3653 / write a number alone: its unit is in the setting's name",
        ],
    ),
    (
        "[a@example.com, b@example.com]",
        "a@example.com",
        &[
            "6:11 `alerts.emails` is `a@example.com`, but must be a list, each item an e-mail address, such as `team@example.com` / write a list: `[a@example.com]`",
        ],
    ),
    (
        "[a@example.com, b@example.com]",
        "[a@example.com, a@example.com]",
        &["6:27 `alerts.emails[1]` is `a@example.com` again / see 6:12 it stands here first / remove one of the two"],
    ),
    (
        "[a@example.com, b@example.com]",
        "[a@example.com, {b: c}, nobody]",
        &[
            "6:27 `alerts.emails[1]` is a mapping, but must be an e-mail address, such as `team@example.com`",
            "6:35 `alerts.emails[2]` is `nobody`, but must be an e-mail address, such as `team@example.com`",
        ],
    ),
    (
        "termination: true",
        "termination: yes",
        &["8:16 `protection.termination` is `yes`, but must be `true` or `false` / YAML 1.2 reads `yes` as text, write `true`"],
    ),
    (
        "termination: true",
        r#"termination: "true""#,
        &[r#"8:16 `protection.termination` is the text `"true"`, but must be `true` or `false` / write it without quotes: `true`"#],
    ),
    ("termination: true", "termination: 1", &["8:16 `protection.termination` is `1`, but must be `true` or `false`"]),
    ("data: keep", "data: Keep", &["9:9 `protection.data` is `Keep`, but must be `keep` or `delete` / did you mean `keep`?"]),
    ("data: keep", "data: forever", &["9:9 `protection.data` is `forever`, but must be `keep` or `delete`"]),
    (
        "artifacts:\n  old_version_days: 30\n  incomplete_upload_days: 7\n",
        "artifacts: 30\n",
        &["10:12 `artifacts` is `30`, but must be a mapping with `old_version_days` and `incomplete_upload_days`"],
    ),
    ("jobs:", "job:", &["13:1 `job` is no setting / did you mean `jobs`?"]),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 2 minutes",
        &[
            "14:31 `jobs.visibility_timeout_seconds` is `2 minutes`, but must be a whole number from 30 to 43200 / write a number alone: its unit is in the setting's name",
        ],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibilityTimeoutSeconds: 120",
        &["14:3 `jobs.visibilityTimeoutSeconds` is no setting / did you mean `visibility_timeout_seconds`?"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120\n  jpeg_quality: 80",
        &["15:3 `jobs.jpeg_quality` is no setting / did you mean `images.jpeg_quality`?"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 43201",
        &["14:31 `jobs.visibility_timeout_seconds` is `43201`, but must be a whole number from 30 to 43200"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120.0",
        &["14:31 `jobs.visibility_timeout_seconds` is `120.0`, but must be a whole number from 30 to 43200 / write it as `120`"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 1_200",
        &["14:31 `jobs.visibility_timeout_seconds` is `1_200`, but must be a whole number from 30 to 43200 / write it as `1200`"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 0120",
        &[
            "14:31 `jobs.visibility_timeout_seconds` is `0120`, but must be a whole number from 30 to 43200 / write it as `120`: readers of YAML take `0120` for different numbers",
        ],
    ),
    (
        "visibility_timeout_seconds: 120",
        r#"visibility_timeout_seconds: "120""#,
        &[
            r#"14:31 `jobs.visibility_timeout_seconds` is the text `"120"`, but must be a whole number from 30 to 43200 / write it without quotes: `120`"#,
        ],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: !Ref Timeout",
        &["14:31 `jobs.visibility_timeout_seconds` carries the tag `!Ref`, which means nothing here / write the value itself"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120\n  visibility_timeout_seconds: 60",
        &["15:3 `jobs.visibility_timeout_seconds` stands twice / see 14:3 it stands here first / remove one of the two"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120\n  visibility_timeout_second: 60",
        &["15:3 `jobs.visibility_timeout_second` is no setting / did you mean `visibility_timeout_seconds`? It is set already"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120\n  <<: {tries: 3}",
        &["15:3 `jobs.<<` is no setting / nothing is merged here: write the settings out"],
    ),
    (
        "visibility_timeout_seconds: 120",
        "visibility_timeout_seconds: 120\n  ? [a]\n  : b",
        &["15:5 a list cannot be a key, a key is a word"],
    ),
    (
        r##"background: "#ffffff""##,
        "background: #ffffff",
        &[
            r##"30:3 `images.background` has no value, but must be a colour in quotes, such as `"#ffffff"` / `#` starts a comment: write the value in quotes"##,
        ],
    ),
    (
        r##"background: "#ffffff""##,
        "background: white",
        &[r##"30:15 `images.background` is `white`, but must be a colour in quotes, such as `"#ffffff"`"##],
    ),
    (
        "architecture: x86_64",
        "architecture: arm",
        &["27:17 `images.architecture` is `arm`, but must be `x86_64` or `arm64` / did you mean `arm64`?"],
    ),
    (
        "alarms:\n    depth: 500\n    oldest_message_minutes: 60",
        "alarms:",
        &["20:3 `jobs.alarms` has no value, but must be a mapping with `depth` and `oldest_message_minutes`"],
    ),
    ("boxes: [2048, 1024]", "boxes: []", &["28:10 `images.boxes` has 0 items, but must have at least 1 and at most 8"]),
    (
        "boxes: [2048, 1024]",
        "boxes: [1024, 2048]",
        &["28:17 `images.boxes[1]` is 2048, but must be less than 1024, which stands before it / write the largest box first"],
    ),
    (
        "max_decoded_megabytes: 1216",
        "max_decoded_megabytes: 4096",
        &[
            "24:14 `images.memory_mb` is 1536, but must be at least 4160 for pictures that take 4096 MiB to decode / see 34:26 `images.max_decoded_megabytes` is 4096 / set it to 4160, or lower `images.max_decoded_megabytes`",
        ],
    ),
    (
        "  data: keep\n",
        "\tdata: keep\n",
        &["8:16 this cannot be read as YAML: while scanning a plain scalar, found a tab / indent with spaces: YAML allows no tabs there"],
    ),
    (
        "region: eu-central-1",
        "region: 'eu-central-1",
        &[
            "2:9 this cannot be read as YAML: invalid indentation in quoted scalar / a text that starts with a quote must end with the same one",
        ],
    ),
    (
        "region: eu-central-1",
        "region: eu: central",
        &[
            "2:11 this cannot be read as YAML: mapping values are not allowed in this context / indent keys of one mapping alike, and put a text that holds `: ` in quotes",
        ],
    ),
    (
        "tries: 3\n  retention_days: 4",
        "tries: 3\n  retention_days: 15",
        &["16:19 `jobs.retention_days` is `15`, but must be a whole number from 1 to 14"],
    ),
    (
        "tries: 3\n  retention_days: 4\n  dead_letter_retention_days: 14",
        "tries: 3\n  retention_days: 4\n  dead_letter_retention_days: 3",
        &[
            "17:31 `jobs.dead_letter_retention_days` is 3, but must be at least `jobs.retention_days`, which is 4 / see 16:19 `jobs.retention_days` is 4 / keep dead letters for longer: they would be gone before anybody has looked",
        ],
    ),
    (
        "tries: 5\n  retention_days: 4\n  dead_letter_retention_days: 14",
        "tries: 5\n  dead_letter_retention_days: 3",
        &[
            "38:31 `images.dead_letter_retention_days` is 3, but must be at least `images.retention_days`, which is 4 by default / keep dead letters for longer: they would be gone before anybody has looked",
        ],
    ),
    (
        "\nimages:",
        "\nimagegen:\n  family: amazon\nimages:",
        &[
            "24:11 `imagegen.family` is `amazon`, but `imagegen.model` is `stability.stable-image-core-v1:1` / set the family to the provider at the beginning of the model's id",
        ],
    ),
    (
        "\nimages:",
        "\nimagegen:\n  model: us.stability.stable-image-core-v1:1\nimages:",
        &[
            "24:10 `imagegen.model` is `us.stability.stable-image-core-v1:1`, but must be the id of an image model of Amazon or Stability, such as `stability.stable-image-core-v1:1` / did you mean `stability.stable-image-core-v1:1`?",
        ],
    ),
    (
        "\nimages:",
        "\nimagegen:\n  model: amazon.nova-canvas-v1:0\nimages:",
        &[
            "24:10 `imagegen.family` is `stability`, but `imagegen.model` is `amazon.nova-canvas-v1:0` / set the family to the provider at the beginning of the model's id",
        ],
    ),
    (
        "visibility_timeout_seconds: 120\n  tries: 3\n  retention_days: 4",
        "visibility_timeout_seconds: 43200\n  tries: 3\n  retention_days: 1",
        &[
            "16:19 `jobs.retention_days` is 1, but 3 tries of 43200 seconds can take 129600 of its 86400 seconds / see 14:31 `jobs.visibility_timeout_seconds` is 43200 / a job would be dropped before its last try: keep it for longer, or try less often",
        ],
    ),
    (
        "depth: 500\n    oldest_message_minutes: 60",
        "depth: 500\n    oldest_message_minutes: 5760",
        &[
            "22:29 `jobs.alarms.oldest_message_minutes` is 5760, but must be less than 5760, the minutes in `jobs.retention_days`, which is 4 / see 16:19 `jobs.retention_days` is 4 / no message gets so old, so this alarm would never be raised",
        ],
    ),
    (
        "oldest_message_minutes: 30",
        "oldest_message_minutes: 5760",
        &[
            "41:29 `images.alarms.oldest_message_minutes` is 5760, but must be less than 5760, the minutes in `images.retention_days`, which is 4 / see 38:19 `images.retention_days` is 4 / no message gets so old, so this alarm would never be raised",
        ],
    ),
    (
        "max_prompt_bytes: 16384",
        "max_prompt_bytes: 65536",
        &[
            "63:21 `api.max_prompt_bytes` is 65536, but must be less than `api.max_body_bytes`, which is 65536 / see 62:19 `api.max_body_bytes` is 65536 / a prompt comes as JSON within the body: let bodies be larger, or prompts shorter",
        ],
    ),
    (
        "  max_body_bytes: 65536\n  max_prompt_bytes: 16384",
        "  max_body_bytes: 16384",
        &[
            "62:19 `api.max_prompt_bytes` is 16384 by default, but must be less than `api.max_body_bytes`, which is 16384 / a prompt comes as JSON within the body: let bodies be larger, or prompts shorter",
        ],
    ),
    (
        "job_lifetime_minutes: 1440",
        "job_lifetime_minutes: 5761",
        &["65:25 `api.job_lifetime_minutes` is `5761`, but must be a whole number from 1 to 5760"],
    ),
    (
        "engine: http\n  engine_url: http://127.0.0.1:8080",
        "engine: http",
        &[
            "92:11 `fleet.engine_url` is missing, but must be a URL where `fleet.engine` is `http` / set `fleet.engine_url` to the server's address, such as `http://127.0.0.1:8080`",
        ],
    ),
    (
        "engine: http",
        "engine: llama",
        &[
            "93:15 `fleet.engine_url` is `http://127.0.0.1:8080`, but must be left out where `fleet.engine` is `llama` / see 92:11 `fleet.engine` is `llama` / the worker computes by itself and would ask nobody: set `fleet.engine` to `http`, or leave the URL out",
        ],
    ),
    (
        "  engine: http\n",
        "",
        &[
            "92:15 `fleet.engine_url` is `http://127.0.0.1:8080`, but must be left out where `fleet.engine` is `llama`, as it is by default / the worker computes by itself and would ask nobody: set `fleet.engine` to `http`, or leave the URL out",
        ],
    ),
    (
        "  spot_percent: 0\n  warm_pool: 0",
        "  spot_percent: 50\n  warm_pool: 1",
        &[
            "90:14 `fleet.warm_pool` is 1, but must be 0 where `fleet.spot_percent` is more than 0: it is 50 / see 89:17 `fleet.spot_percent` is 50 / Spot instances cannot wait stopped: set `fleet.spot_percent` to 0, or do without a warm pool",
        ],
    ),
    (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "0000000000000000000000000000000000000000000000000000000000000000",
        &[
            "98:13 `fleet.model.sha256` is 64 zeros, but must be the SHA-256 of the model's file / `sha256sum FILE` tells it; until there is a file, leave it out: a deploy says when it is needed",
        ],
    ),
];
