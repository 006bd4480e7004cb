//! Container images.

use serde_json::Value as Json;

use super::sketches::{UNKNOWN, shown, sketch};
use super::view::{Res, View};
use super::{Broken, Rule};
use crate::finding::Severity;

/// An image that can change under the same name.
pub(super) const MUTABLE_IMAGE_TAG: Rule = Rule {
    id: "mutable-image-tag",
    severity: Severity::Warning,
    title: "a container image is named by its digest",
    why: "a tag can point to another image tomorrow: two tasks of one service run different code, a \
          rollback brings back the wrong one, and CloudFormation sees no change",
    check: mutable_image_tag,
};

/// Where types name images; `*` stands for every item of a list.
const PLACES: &[(&str, &str)] = &[
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions/*/Image"),
    ("AWS::Lambda::Function", "Code/ImageUri"),
    ("AWS::Batch::JobDefinition", "ContainerProperties/Image"),
    ("AWS::Batch::JobDefinition", "EcsProperties/TaskProperties/*/Containers/*/Image"),
    ("AWS::Batch::JobDefinition", "NodeProperties/NodeRangeProperties/*/Container/Image"),
    ("AWS::AppRunner::Service", "SourceConfiguration/ImageRepository/ImageIdentifier"),
    ("AWS::SageMaker::Model", "PrimaryContainer/Image"),
    ("AWS::SageMaker::Model", "Containers/*/Image"),
];

fn mutable_image_tag(view: &View<'_>, broken: &mut Broken<'_>) {
    for resource in view.all() {
        for (_, place) in PLACES.iter().filter(|(kind, _)| *kind == resource.kind) {
            for (path, image) in found(resource, place) {
                let repository = || view.target_of(image, "AWS::ECR::Repository").map(|repository| repository.id);
                let text = match sketch(image).filter(|text| text.chars().any(|character| character != UNKNOWN)) {
                    Some(text) => text,
                    None => match repository() {
                        Some(id) => id.into(),
                        None => continue,
                    },
                };
                let Some(wrong) = mistake(&text) else { continue };
                broken.at(
                    &resource.path(&path),
                    format!("`{}` runs the image `{}`, {wrong}", resource.id, shown(&text)),
                    "name it by digest, as `repository@sha256:…`, or take it from a parameter that the build fills in",
                );
            }
        }
    }
}

/// What is wrong with an image's name, as far as it is known.
fn mistake(image: &str) -> Option<String> {
    if image.contains('@') {
        return None;
    }
    let known = image.rsplit_once(UNKNOWN).map_or(image, |(_, known)| known);
    let is_whole = known.len() == image.len() || known.contains('/');
    let name = known.rsplit('/').next().unwrap_or(known);
    match name.split_once(':') {
        Some((_, tag)) if !tag.is_empty() => Some(format!("whose tag `{tag}` can be moved")),
        None if is_whole => Some("which means the tag `latest`".to_owned()),
        _ => None,
    }
}

/// The values at a path with `*` in it, each with its own path.
fn found<'a>(resource: Res<'a>, place: &str) -> Vec<(String, &'a Json)> {
    let mut steps = place.split('/');
    let first = steps.next().unwrap_or_default();
    let mut places: Vec<(String, &'a Json)> = resource.properties.get(first).map(|value| (first.to_owned(), value)).into_iter().collect();
    for step in steps {
        places = places
            .into_iter()
            .flat_map(|(path, value)| -> Vec<(String, &'a Json)> {
                match (step, value) {
                    ("*", Json::Array(items)) => items.iter().enumerate().map(|(index, item)| (format!("{path}/{index}"), item)).collect(),
                    ("*", _) => Vec::new(),
                    (step, value) => value.get(step).map(|value| (format!("{path}/{step}"), value)).into_iter().collect(),
                }
            })
            .collect();
    }
    places
}
