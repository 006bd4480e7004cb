//! What a person would want to try after a local deploy.

use indexmap::IndexMap;
use protocol::Outputs;
use serde_json::json;
use tera::{Context, Tera};

use crate::error::Error;
use crate::surroundings::Surroundings;

/// The template's name in templates/.
const NAME: &str = "try-next.txt.tera";

/// A few commands, with this environment's own names in them.
pub(crate) fn text(environment: &str, surroundings: &Surroundings, outputs: &IndexMap<String, Outputs>) -> Result<String, Error> {
    let broken = |source| Error::Text { name: NAME, source };
    let mut tera = Tera::default();
    tera.add_raw_template(NAME, include_str!("../../../templates/try-next.txt.tera")).map_err(broken)?;

    let mut context = Context::new();
    context.insert("environment", environment);
    context.insert("outputs", outputs);
    let variables: Vec<_> = surroundings.variables().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    context.insert("variables", &variables);
    tera.render(NAME, &context).map(|text| text.trim_end().to_owned()).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(pairs: &[(&str, &str)]) -> Outputs {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn every_command_can_be_copied_as_it_stands() {
        let surroundings = Surroundings::local("http://127.0.0.1:4566", "000000000000", "us-east-1");
        let images = outputs(&[("SourceBucketName", "photos-in"), ("DestinationBucketName", "photos-out")]);

        let text = text("local", &surroundings, &IndexMap::from([("images".to_owned(), images)])).unwrap();

        insta::assert_snapshot!(text);
    }

    #[test]
    fn without_the_image_pipeline_there_is_no_picture_to_try() {
        let surroundings = Surroundings::local("http://127.0.0.1:4566", "000000000000", "us-east-1");

        let text = text("local", &surroundings, &IndexMap::new()).unwrap();

        assert!(!text.contains("s3 cp") && text.contains("cargo xtask logs --env local"), "{text}");
    }
}
