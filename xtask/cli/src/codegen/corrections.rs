//! Our own small corrections of the sources.
//!
//! `name: AWS::SQS::Queue DeduplicationScope enum(messageGroup queue)`: the name says what it is about, then the type, the property
//! (`Structure.property` for a nested one, `-` for the type itself), and what is right. A correction that changes nothing fails:
//! either AWS has caught up, or it was never right.

use std::collections::BTreeMap;

use cfn_facts::{Part, Property, Replaces, Resource, Shape, Word, parse_refers, parse_type, split};

use super::Error;
use super::extract::Disagreements;

/// All corrections, in the order of the file.
pub(super) struct Corrections(Vec<Correction>);

struct Correction {
    line: usize,
    name: String,
    resource: String,
    property: String,
    facts: Vec<Part<'static>>,
}

impl Corrections {
    /// Reads the file; all broken lines at once.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let mut corrections = Vec::new();
        let mut wrong = Vec::new();
        for (index, content) in text.lines().enumerate() {
            let content = content.trim();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            match Correction::parse(index + 1, content) {
                Ok(correction) => corrections.push(correction),
                Err(message) => wrong.push(format!("line {}: {message}", index + 1)),
            }
        }
        if wrong.is_empty() { Ok(Self(corrections)) } else { Err(Error::Corrections(wrong)) }
    }

    /// Applies them all; every one that does not apply is told.
    pub(super) fn apply(&self, resources: &mut BTreeMap<String, Resource>, disagreements: &Disagreements) -> Result<(), Error> {
        let mut wrong = Vec::new();
        for correction in &self.0 {
            let result = match resources.get_mut(&correction.resource) {
                Some(resource) => correction.apply(resource, disagreements),
                None => Err(format!("there is no `{}`", correction.resource)),
            };
            if let Err(message) = result {
                wrong.push(format!("line {}, {}: {message}", correction.line, correction.name));
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(Error::Corrections(wrong)) }
    }
}

impl Correction {
    fn parse(line: usize, content: &str) -> Result<Self, String> {
        let (name, rest) = content.split_once(": ").ok_or("a correction begins with its name and a colon")?;
        let parts = split(rest).map_err(|(column, message)| format!("column {}: {message}", name.len() + 2 + column))?;
        let mut parts = parts.into_iter().map(owned);
        match (parts.next(), parts.next()) {
            (Some(Part::Word(resource)), Some(Part::Word(property))) => Ok(Self {
                line,
                name: name.to_owned(),
                resource: resource.into_owned(),
                property: property.into_owned(),
                facts: parts.collect(),
            }),
            _ => Err("a correction names a resource type and a property, then what is right".to_owned()),
        }
    }

    fn apply(&self, resource: &mut Resource, disagreements: &Disagreements) -> Result<(), String> {
        if self.property == "-" {
            return self.facts.iter().try_for_each(|fact| of_resource(resource, fact));
        }
        if let [Part::List(word, kinds), rest @ ..] = self.facts.as_slice()
            && word == "add"
        {
            let kind = parse_type(kinds.first().map_or("", Word::as_ref))?;
            let properties = self.properties(resource);
            if properties.iter().any(|property| property.name == self.short()) {
                return Err("the sources have this property by now".to_owned());
            }
            let mut property = Property::new(self.short().to_owned(), kind);
            rest.iter().try_for_each(|fact| of_property(&mut property, fact, true))?;
            properties.push(property);
            properties.sort_by(|left, right| left.name.cmp(&right.name));
            return Ok(());
        }
        let disputed = disagreements.iter().any(|(name, property)| *name == self.resource && *property == self.property);
        let properties = self.properties(resource);
        let property = properties.iter_mut().find(|property| property.name == self.short()).ok_or("there is no such property")?;
        self.facts.iter().try_for_each(|fact| of_property(property, fact, disputed))
    }

    /// The property's own name.
    fn short(&self) -> &str {
        self.property.rsplit('.').next().unwrap_or(&self.property)
    }

    /// The list that the property is in or belongs into; a structure that is new is made.
    fn properties<'a>(&self, resource: &'a mut Resource) -> &'a mut Vec<Property> {
        let Some((shape, _)) = self.property.rsplit_once('.') else { return &mut resource.properties };
        let index = match resource.shapes.binary_search_by(|one| one.name.as_ref().cmp(shape)) {
            Ok(index) => index,
            Err(index) => {
                resource.shapes.insert(index, Shape { name: shape.to_owned().into(), open: false, properties: Vec::new() });
                index
            }
        };
        &mut resource.shapes[index].properties
    }
}

fn of_resource(resource: &mut Resource, fact: &Part<'static>) -> Result<(), String> {
    match fact {
        Part::Word(word) if word == "stateful" => change(&mut resource.stateful, true),
        Part::Word(word) if word == "stateless" => change(&mut resource.stateful, false),
        Part::List(word, names) if word == "ref" && names.len() == 1 => change(&mut resource.reference, names.first().cloned()),
        Part::Word(word) | Part::List(word, _) => Err(format!("`{word}` corrects nothing about a type")),
    }
}

/// `disputed`: the sources contradict each other over what a change replaces, so that even `may-replace` says something new.
fn of_property(property: &mut Property, fact: &Part<'static>, disputed: bool) -> Result<(), String> {
    let mut replaces = |value| {
        let result = change(&mut property.replaces, value);
        if disputed { Ok(()) } else { result }
    };
    match fact {
        Part::Word(word) => match word.as_ref() {
            "replaces" => replaces(Replaces::Yes),
            "may-replace" => replaces(Replaces::Maybe),
            "keeps" => replaces(Replaces::No),
            "required" => change(&mut property.required, true),
            "optional" => change(&mut property.required, false),
            "no-reference" if property.refers.is_empty() => Err("the sources know of no reference by now".to_owned()),
            "no-reference" => {
                property.refers.clear();
                Ok(())
            }
            "or-text" => change(&mut property.or_text, true),
            other => Err(format!("`{other}` corrects nothing about a property")),
        },
        Part::List(word, words) => match (word.as_ref(), words.as_slice()) {
            ("was", [kind]) if property.kind == parse_type(kind)? => Ok(()),
            ("was", _) => Err(format!("it is no longer that, but {:?}", property.kind)),
            ("is", [kind]) => change(&mut property.kind, parse_type(kind)?),
            ("unit", [unit]) => change(&mut property.unit, Some(unit.clone())),
            ("enum", choices) => change(&mut property.choices, choices.to_vec()),
            ("refers", words) => {
                let wanted = words.iter().map(|word| parse_refers(word)).collect::<Result<Vec<_>, _>>()?;
                let new: Vec<_> = wanted.into_iter().filter(|one| !property.refers.contains(one)).collect();
                if new.is_empty() {
                    return Err("the sources say all of this by now".to_owned());
                }
                property.refers.extend(new);
                Ok(())
            }
            (other, _) => Err(format!("`{other}(…)` corrects nothing about a property")),
        },
    }
}

/// A part that stays when the text is gone.
fn owned(part: Part<'_>) -> Part<'static> {
    match part {
        Part::Word(word) => Part::Word(word.into_owned().into()),
        Part::List(name, words) => Part::List(name.into_owned().into(), words.into_iter().map(|word| word.into_owned().into()).collect()),
    }
}

fn change<T: PartialEq>(fact: &mut T, value: T) -> Result<(), String> {
    if *fact == value {
        return Err("the sources say so by now".to_owned());
    }
    *fact = value;
    Ok(())
}
