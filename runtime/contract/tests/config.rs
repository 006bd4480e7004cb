//! The configuration as the function meets it: environment variables.
#![cfg(test)]

use contract::{
    Problem, Problems,
    images::{Colour, Limits, Proxies, TranscodeConfig, variable},
};
use proptest::prelude::*;

fn config() -> TranscodeConfig {
    TranscodeConfig::new("photos-in".to_owned(), "photos-out".to_owned())
}

/// Reads the configuration back, with some variables changed, and without those changed to `None`.
fn read_with(changes: &[(&str, Option<&str>)]) -> Result<TranscodeConfig, Problems> {
    let variables = config().variables();
    TranscodeConfig::read(|name| match changes.iter().find(|(changed, _)| *changed == name) {
        Some((_, value)) => value.map(str::to_owned),
        None => variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()),
    })
}

fn variables_at_fault(read: Result<TranscodeConfig, Problems>) -> Vec<&'static str> {
    let Err(problems) = read else { return Vec::new() };
    problems.0.iter().map(|problem| problem.variable).collect()
}

#[test]
fn a_function_that_starts_bare_hears_of_every_missing_variable_at_once() {
    let every_variable: Vec<_> = config().variables().into_iter().map(|(name, _)| name).collect();

    let problems = TranscodeConfig::read(|_| None).expect_err("nothing is set");

    let missing: Vec<_> = problems.0.iter().map(|problem| problem.variable).collect();
    assert_eq!(missing, every_variable, "twelve deploys would be needed to find twelve mistakes");
    assert!(problems.0.iter().all(|problem| problem.value.is_none()));
}

#[test]
fn a_wrong_value_is_told_with_the_right_ones() {
    let changes = [(variable::JPEG_QUALITY, Some("best")), (variable::BOXES, Some("1024,2048"))];

    let problems = read_with(&changes).expect_err("both are wrong");

    assert_eq!(
        problems.to_string(),
        "`TRANSCODE_JPEG_QUALITY` is `best`, it must be a whole number from 1 to 100; \
         `TRANSCODE_BOXES` is `1024,2048`, it must be 1 to 8 different numbers from 16 to 16384, largest first, such as `2048,1024`"
    );
}

#[test]
fn each_value_out_of_bounds_is_found() {
    let wrong = [
        (variable::JPEG_QUALITY, "0"),
        (variable::JPEG_QUALITY, "101"),
        (variable::JPEG_QUALITY, "-1"),
        (variable::BOXES, "2048,2048"),
        (variable::BOXES, "2048,,1024"),
        (variable::BOXES, "8"),
        (variable::BACKGROUND, "white"),
        (variable::MAX_PIXELS, "0"),
        (variable::MAX_WIDTH, "4294967296"),
        (variable::MAX_HEIGHT, "0"),
        (variable::MAX_INPUT_BYTES, "100MB"),
        (variable::MAX_DECODED_BYTES, "1"),
        (variable::INCOMING_PREFIX, "in"),
        (variable::INCOMING_PREFIX, "/"),
        (variable::REJECT_PREFIX, "/rejected/"),
        (variable::SOURCE_BUCKET, ""),
    ];

    for (variable, value) in wrong {
        let read = read_with(&[(variable, Some(value))]);

        assert_eq!(variables_at_fault(read), [variable], "`{variable}` = `{value}` would fail at the first picture, not at the start");
    }
}

#[test]
fn a_destination_that_is_the_source_is_refused() {
    let same = [(variable::DESTINATION_BUCKET, Some("photos-in"))];

    let problems = read_with(&same).expect_err("an endless loop");

    let expected = "another bucket than the source, or every proxy would be an input again";
    let problem = Problem { variable: variable::DESTINATION_BUCKET, value: Some("photos-in".to_owned()), expected: expected.to_owned() };
    assert_eq!(problems.0, [problem], "each proxy would be transcoded again, for ever, and paid for");
}

#[test]
fn refused_pictures_never_arrive_again() {
    let within = [(variable::REJECT_PREFIX, Some("in/rejected/"))];

    let read = read_with(&within);

    assert_eq!(variables_at_fault(read), [variable::REJECT_PREFIX], "a refused picture would be refused again, for ever");
}

#[test]
fn the_stack_may_put_a_reference_where_the_function_has_text() {
    #[derive(Debug, PartialEq)]
    enum Text {
        Reference(&'static str),
        Literal(String),
    }
    impl From<String> for Text {
        fn from(text: String) -> Self {
            Self::Literal(text)
        }
    }
    let in_the_stack = TranscodeConfig::new(Text::Reference("SourceBucket"), Text::Reference("DestinationBucket"));

    let variables = in_the_stack.variables();

    assert_eq!(variables[0], (variable::SOURCE_BUCKET, Text::Reference("SourceBucket")));
    assert_eq!(variables[4], (variable::BOXES, Text::Literal("2048,1024".to_owned())));
}

prop_compose! {
    fn any_config()(
        boxes in prop::collection::btree_set(16_u32..=16_384, 1..=8),
        jpeg_quality in 1_u8..=100,
        (red, green, blue) in any::<(u8, u8, u8)>(),
        linear_light in any::<bool>(),
        max_input_bytes in 1_u64..=480 << 20,
        max_pixels in 1_u64..=1_000_000_000,
        (max_width, max_height) in (1_u32..=1_000_000, 1_u32..=1_000_000),
        max_decoded_bytes in (1_u64 << 20)..=(8 << 30),
    ) -> TranscodeConfig {
        let boxes = boxes.into_iter().rev().collect();
        TranscodeConfig {
            proxies: Proxies { boxes, jpeg_quality, background: Colour { red, green, blue }, linear_light },
            limits: Limits { max_input_bytes, max_pixels, max_width, max_height, max_decoded_bytes },
            ..config()
        }
    }
}

proptest! {
    #[test]
    fn what_the_stack_writes_the_function_reads(config in any_config()) {
        let variables = config.clone().variables();

        let read = TranscodeConfig::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()));

        prop_assert_eq!(read, Ok(config), "the function would work with other settings than the environment names");
    }
}
