//! Holds the tree of an environment file against its schema, and notes every mistake.

use super::MAXIMUM_NAME_LENGTH;
use super::mistakes::{Mistake, Mistakes, Related};
use super::nearest::nearest;
use super::schema::{self, SCHEMA};
use cfn_kit::yaml::{self, Node, Position, Value};
use serde_json::Value as Json;

mod value;

#[cfg(test)]
pub(super) use value::fits_json;
use value::show;

/// What is being checked, and what has been found.
pub(super) struct Check<'a> {
    file: &'a str,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl<'a> Check<'a> {
    pub(super) fn new(file: &'a str, text: &'a str) -> Self {
        Self { file, text, mistakes: Vec::new() }
    }

    /// All mistakes in the order of the text, when there are any.
    pub(super) fn finish(mut self) -> Result<(), Mistakes> {
        self.mistakes.sort_by_key(|mistake| (mistake.line, mistake.column));
        if self.mistakes.is_empty() { Ok(()) } else { Err(Mistakes { file: self.file.to_owned(), mistakes: self.mistakes }) }
    }

    /// Whether a setting, or something within it, is wrong already.
    pub(super) fn is_wrong(&self, path: &str) -> bool {
        self.mistakes
            .iter()
            .any(|mistake| mistake.path == path || mistake.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('[')))
    }

    /// Notes that something is wrong with a value or key.
    pub(super) fn wrong(&mut self, node: &Node, path: &str, message: String) -> &mut Mistake {
        self.note(Mistake::of_node(self.text, node, path, message))
    }

    fn note(&mut self, mistake: Mistake) -> &mut Mistake {
        self.mistakes.push(mistake);
        let last = self.mistakes.len() - 1;
        &mut self.mistakes[last]
    }

    /// The environment's name becomes part of stack names, so it must be a word that CloudFormation takes.
    pub(super) fn name(&mut self, name: &str) {
        let letters = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if !(letters && name.starts_with(|first: char| first.is_ascii_lowercase()) && name.len() <= MAXIMUM_NAME_LENGTH) {
            let message = format!(
                "`{}` cannot name an environment, it must be 1 to {MAXIMUM_NAME_LENGTH} small letters, digits and hyphens, a letter first",
                show(name)
            );
            self.note(Mistake::new(self.text, Position::START, 1, "", message)).help = Some("rename the file".to_owned());
        }
    }

    /// Notes where the text stops being YAML.
    pub(super) fn not_yaml(&mut self, error: &yaml::Error) {
        let mistake = self.note(Mistake::new(self.text, error.at(), 1, "", format!("this cannot be read as YAML: {error}")));
        mistake.help = syntax_help(&error.to_string(), &mistake.source).map(str::to_owned);
    }

    /// Checks a whole file.
    pub(super) fn document(&mut self, root: &Node) {
        if root.is_null() {
            let required = schema::list(schema::required(&SCHEMA));
            let message = format!("the file is empty, it must set {required}");
            self.wrong(root, "", message).help = Some("start with a copy of another environment".to_owned());
        } else {
            self.value(root, &SCHEMA, "", None);
        }
    }

    /// Checks one value. `key` is the key that it belongs to.
    fn value(&mut self, node: &Node, schema: &Json, path: &str, key: Option<&Node>) {
        if let Some(tag) = node.tag.as_deref().filter(|tag| !tag.starts_with(yaml::CORE_SCHEMA)) {
            let message = format!("`{path}` carries the tag `{}`, which means nothing here", show(tag));
            self.wrong(node, path, message).help = Some("write the value itself".to_owned());
            return;
        }
        match (schema.get("type").and_then(Json::as_str), &node.value) {
            (Some("object"), Value::Mapping(entries)) => self.mapping(node, entries, schema, path, key),
            (Some("array"), Value::Sequence(items)) => self.sequence(node, items, schema, path),
            _ => self.scalar(node, schema, path, key),
        }
    }

    fn mapping(&mut self, node: &Node, entries: &[(Node, Node)], schema: &Json, path: &str, key: Option<&Node>) {
        let mut meant = Vec::new();
        for (index, (key, value)) in entries.iter().enumerate() {
            let Some(name) = key.scalar().map(|scalar| scalar.text.as_str()) else {
                self.wrong(key, path, format!("{} cannot be a key, a key is a word", key.what()));
                continue;
            };
            let path = join(path, name);
            let twin = entries[..index].iter().find(|(earlier, _)| earlier.scalar().is_some_and(|scalar| scalar.text == name));
            if let Some((first, _)) = twin {
                let mistake = self.wrong(key, &path, format!("`{}` stands twice", show(&path)));
                mistake.see = Some(Related::new(first, "it stands here first".to_owned()));
                mistake.help = Some("remove one of the two".to_owned());
            }
            match schema::property(schema, name) {
                Some(property) => self.value(value, property, &path, Some(key)),
                None => meant.extend(self.unknown_key(key, name, &path, entries, schema)),
            }
        }
        let present = |name: &str| entries.iter().any(|(key, _)| key.scalar().is_some_and(|scalar| scalar.text == name));
        for name in schema::required(schema).filter(|name| !present(name) && !meant.contains(name)) {
            self.missing_key(name, node, schema, path, key);
        }
    }

    /// Notes a key that the schema does not know, and returns the one that was most likely meant.
    fn unknown_key<'s>(&mut self, key: &Node, name: &str, path: &str, entries: &[(Node, Node)], schema: &'s Json) -> Option<&'s str> {
        let absent = |known: &&str| !entries.iter().any(|(key, _)| key.scalar().is_some_and(|scalar| scalar.text == *known));
        let meant = nearest(name, schema::keys(schema).filter(absent));
        let help = if let Some(meant) = meant {
            format!("did you mean `{meant}`?")
        } else if let Some(path) = find(&SCHEMA, name, "") {
            format!("did you mean `{path}`?")
        } else if let Some(present) = nearest(name, schema::keys(schema)) {
            format!("did you mean `{present}`? It is set already")
        } else if name == "<<" {
            "nothing is merged here: write the settings out".to_owned()
        } else {
            format!("known here are {}", schema::list(schema::keys(schema)))
        };
        self.wrong(key, path, format!("`{}` is no setting", show(path))).help = Some(help);
        meant
    }

    fn missing_key(&mut self, name: &str, node: &Node, schema: &Json, path: &str, key: Option<&Node>) {
        let whose = if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") };
        let full = join(path, name);
        let property = schema::property(schema, name).unwrap_or(&Json::Null);
        let purpose = schema::purpose(property).map(|purpose| format!(": {purpose}")).unwrap_or_default();
        let place = key.unwrap_or(node);
        // The file as a whole starts at its first line, whatever key stands there.
        let mistake = if path.is_empty() {
            self.note(Mistake::new(self.text, place.start, 1, &full, format!("{whose} lacks `{name}`")))
        } else {
            self.wrong(place, &full, format!("{whose} lacks `{name}`"))
        };
        mistake.help = Some(format!("set it to {}{purpose}", schema::expected(property)));
    }

    fn sequence(&mut self, node: &Node, items: &[Node], schema: &Json, path: &str) {
        let bound = |name: &str| schema.get(name).and_then(Json::as_u64).and_then(|bound| usize::try_from(bound).ok());
        let (least, most) = (bound("minItems").unwrap_or(0), bound("maxItems").unwrap_or(usize::MAX));
        if !(least..=most).contains(&items.len()) {
            let most = if most == usize::MAX { String::new() } else { format!(" and at most {most}") };
            self.wrong(node, path, format!("`{path}` has {} items, but must have at least {least}{most}", items.len()));
        }
        let unique = schema.get("uniqueItems").and_then(Json::as_bool).unwrap_or(false);
        for (index, item) in items.iter().enumerate() {
            let path = format!("{path}[{index}]");
            if let Some(item_schema) = schema.get("items") {
                self.value(item, item_schema, &path, None);
            }
            let twin = items[..index].iter().find(|earlier| item.scalar().is_some() && earlier.scalar() == item.scalar());
            if let Some(first) = twin.filter(|_| unique) {
                let shown = item.scalar().map(|scalar| show(&scalar.text)).unwrap_or_default();
                let mistake = self.wrong(item, &path, format!("`{path}` is `{shown}` again"));
                mistake.see = Some(Related::new(first, "it stands here first".to_owned()));
                mistake.help = Some("remove one of the two".to_owned());
            }
        }
    }

    /// Checks a single value, or notes that something else stands where one should.
    fn scalar(&mut self, node: &Node, schema: &Json, path: &str, key: Option<&Node>) {
        if value::fits(node, schema) {
            return;
        }
        let found = match node.scalar() {
            None => format!("is {}", node.what()),
            Some(_) if node.is_null() => "has no value".to_owned(),
            Some(scalar) if value::is_quoted_needlessly(scalar, schema) => format!("is the text `\"{}\"`", show(&scalar.text)),
            Some(scalar) => format!("is `{}`", show(&scalar.text)),
        };
        let subject = if path.is_empty() { "the file".to_owned() } else { format!("`{path}`") };
        let message = format!("{subject} {found}, but must be {}", schema::expected(schema));
        // A value that is not there is best shown by its key.
        let place = if node.is_null() { key.unwrap_or(node) } else { node };
        let line = self.text.lines().nth(place.start.line.saturating_sub(1)).unwrap_or_default();
        let help = value::help(node, schema, line);
        self.wrong(place, path, message).help = help;
    }
}

/// What most often lies behind words of the YAML grammar that few people know.
fn syntax_help(error: &str, line: &str) -> Option<&'static str> {
    if error.contains("tab") || line.chars().take_while(|c| c.is_whitespace()).any(|c| c == '\t') {
        Some("indent with spaces: YAML allows no tabs there")
    } else if error.contains("quoted scalar") {
        Some("a text that starts with a quote must end with the same one")
    } else if error.contains("mapping values are not allowed") {
        Some("indent keys of one mapping alike, and put a text that holds `: ` in quotes")
    } else {
        None
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// The path of a setting of this name, anywhere in the schema.
fn find(schema: &Json, name: &str, path: &str) -> Option<String> {
    schema::keys(schema).find_map(|key| {
        let path = join(path, key);
        if key == name { Some(path) } else { find(schema::property(schema, key)?, name, &path) }
    })
}
