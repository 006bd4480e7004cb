//! The comment for a pull request.

use cfn_kit::{Action, Area, Class, Diff, Direction, SecurityChange};
use serde::Serialize;
use tera::{Context, Tera};

use crate::error::{Error, count};
use crate::guards::Compared;

/// The template's name in templates/.
const NAME: &str = "diff.md.tera";

/// GitHub refuses a longer comment. It counts characters; we count bytes, of which there are never fewer.
const LONGEST: usize = 65_536;

/// A part of the comment that is cut when the whole is too long.
#[derive(Debug, Serialize)]
struct Part {
    lines: Vec<String>,
    /// How many lines are left out.
    left_out: usize,
}

impl Part {
    fn new(lines: Vec<String>) -> Self {
        Self { lines, left_out: 0 }
    }

    fn length(&self) -> usize {
        self.lines.iter().map(|line| line.len() + 1).sum()
    }

    fn halve(&mut self) {
        let kept = self.lines.len() / 2;
        self.left_out += self.lines.len() - kept;
        self.lines.truncate(kept);
    }
}

/// One stack as the template wants it.
#[derive(Debug, Serialize)]
struct Section {
    name: String,
    summary: String,
    /// What is or may be lost, replaced, refused: one line each.
    alarms: Part,
    iam: Part,
    network: Part,
    details: Part,
    /// Longer than any run of backticks in the details.
    fence: String,
}

impl Section {
    fn of(one: &Compared) -> Self {
        let security = |area| {
            let rows = one.diff.security.iter().filter(|change| change.area == area);
            Part::new(rows.map(row).collect())
        };
        // The tables stand above already.
        let rest = Diff { security: Vec::new(), ..one.diff.clone() };
        let details: Vec<String> = rest.lines().iter().map(ToString::to_string).collect();
        Self {
            name: one.stack.as_deref().map(escaped).unwrap_or_default(),
            summary: summary(&one.diff),
            alarms: Part::new(alarms(&one.diff)),
            iam: security(Area::Iam),
            network: security(Area::Network),
            fence: fence(&details),
            details: Part::new(details),
        }
    }

    fn parts(&mut self) -> [&mut Part; 4] {
        [&mut self.details, &mut self.iam, &mut self.network, &mut self.alarms]
    }
}

/// The comment, short enough for GitHub: the longest parts are cut until it fits, and say so.
pub(super) fn comment(heading: &str, command: &str, differing: &[Compared]) -> Result<String, Error> {
    let mut sections: Vec<Section> = differing.iter().map(Section::of).collect();
    loop {
        let text = render(heading, command, &sections)?;
        if text.len() <= LONGEST {
            return Ok(text);
        }
        let longest = sections.iter_mut().flat_map(Section::parts).filter(|part| !part.lines.is_empty()).max_by_key(|part| part.length());
        match longest {
            Some(part) => part.halve(),
            // So many stacks that their names alone are too long: the last ones are left out.
            None => {
                let Some(_) = sections.pop() else { return Ok(text.chars().take(LONGEST / 4).collect()) };
            }
        }
    }
}

fn render(heading: &str, command: &str, sections: &[Section]) -> Result<String, Error> {
    let broken = |source| Error::Text { name: NAME, source };
    let mut tera = Tera::default();
    tera.add_raw_template(NAME, include_str!("../../../../../templates/diff.md.tera")).map_err(broken)?;
    let mut context = Context::new();
    context.insert("heading", heading);
    context.insert("command", command);
    context.insert("stacks", sections);
    tera.render(NAME, &context).map(|text| text.trim().to_owned()).map_err(broken)
}

/// `2 added, 1 replaced`: the worst last, where the eye ends.
fn summary(diff: &Diff) -> String {
    let classes = [
        (Class::Add, "added"),
        (Class::Update, "updated"),
        (Class::Unknown, "updated, perhaps replaced"),
        (Class::Keep, "left behind"),
        (Class::MayReplace, "may be replaced"),
        (Class::MayDelete, "may go with their condition"),
        (Class::Replace, "replaced"),
        (Class::Delete, "deleted"),
    ];
    let mut words: Vec<String> = Vec::new();
    for (class, word) in classes {
        let number = diff.resources.iter().filter(|one| one.class == class && one.action != Action::Renamed).count();
        if number > 0 {
            words.push(format!("{number} {word}"));
        }
    }
    let renamed = diff.resources.iter().filter(|one| one.action == Action::Renamed).count();
    if renamed > 0 {
        words.push(format!("{renamed} renamed"));
    }
    if !diff.entries.is_empty() {
        words.push(count(diff.entries.len(), "other change"));
    }
    words.join(", ")
}

/// What a reviewer must not overlook.
fn alarms(diff: &Diff) -> Vec<String> {
    let mut alarms: Vec<String> = diff
        .refused(&[])
        .map(|change| {
            let why = change.why.as_ref().map(|why| format!(": {}", escaped(why))).unwrap_or_default();
            format!("**{}** must never change{why}", escaped(&change.name()))
        })
        .collect();
    for one in &diff.resources {
        let what = match (one.action, one.class) {
            (Action::Renamed, _) => "is renamed, which makes a new one",
            (_, Class::Replace) => "is replaced",
            (_, Class::MayReplace) => "may be replaced",
            (_, Class::Delete) => "is deleted",
            (_, Class::MayDelete) => "may go with its condition",
            (_, Class::Keep) => "leaves the stack and stays",
            (_, Class::Add | Class::Update | Class::Unknown) => continue,
        };
        let lost = one.lost.as_ref().map(|lost| format!("; lost: {}", escaped(lost))).unwrap_or_default();
        alarms.push(format!("**{}** ({}) {what}{lost}", escaped(&one.id), escaped(&one.type_name)));
    }
    alarms
}

/// A row of a table of what is granted or opened.
fn row(change: &SecurityChange) -> String {
    let sign = match change.direction {
        Direction::Broadened => "➕",
        Direction::Narrowed => "➖",
    };
    let wild = if change.wildcard { " ⚠️" } else { "" };
    let cell = |words: &[String]| words.iter().map(|word| code(word)).collect::<Vec<_>>().join("<br>");
    let mut on = cell(&change.on);
    if let Some(when) = &change.when {
        on.push_str(&format!("<br>when {}", code(when)));
    }
    let direction = match change.direction {
        Direction::Broadened => "broader",
        Direction::Narrowed => "narrower",
    };
    format!(
        "| {sign} {direction}{wild} | {} | {} | {} | {on} | {} |",
        escaped(&change.effect),
        cell(&change.who),
        cell(&change.what),
        escaped(&change.resource)
    )
}

fn code(word: &str) -> String {
    format!("<code>{}</code>", escaped(word))
}

/// A text that says itself in a cell of a table, whatever is in it.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // Signs that Markdown or GitHub read: tables, emphasis, links, and people who would get a mail.
            '|' | '*' | '_' | '`' | '[' | ']' | '@' | '#' | '\\' | '~' => safe.push_str(&format!("&#{};", u32::from(letter))),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

/// A fence that no line can close.
fn fence(lines: &[String]) -> String {
    let longest = lines.iter().flat_map(|line| line.split(|letter| letter != '`')).map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use cfn_kit::Json;
    use serde_json::json;

    use super::*;

    fn compared(stack: &str, old: &Json, new: &Json) -> Compared {
        Compared { stack: Some(stack.to_owned()), exists: true, diff: cfn_kit::diff(old, new) }
    }

    fn template(number: usize, name: &str) -> Json {
        let topic = |index: usize| {
            (format!("Topic{index}"), json!({ "Type": "AWS::SNS::Topic", "Properties": { "TopicName": format!("{name}-{index}") } }))
        };
        json!({ "Resources": (0..number).map(topic).collect::<serde_json::Map<_, _>>() })
    }

    #[test]
    fn a_comment_is_never_too_long_for_github() {
        let large = compared("large", &template(490, &"a".repeat(90)), &template(490, &"b".repeat(90)));
        let small = compared("small", &template(1, "a"), &template(1, "b"));

        let text = comment("`prod`", "cargo xtask diff --env prod", &[large, small]).unwrap();

        assert!(text.len() <= LONGEST, "GitHub would refuse it: {}", text.len());
        assert!(LONGEST / 3 < text.len(), "more was left out than had to be: {}", text.len());
        assert!(text.contains("a-0") && text.contains("left out"), "what is small is whole, what is cut says so");
    }

    #[test]
    fn nothing_in_a_template_ends_the_block_or_calls_anybody() {
        let with = |text: &str| json!({ "Resources": { "A": { "Type": "Custom::A", "Properties": { "X": text, "P": { "Statement": [{ "Effect": "Allow", "Principal": "@team|<b>", "Action": "a:b", "Resource": "`x`" }] } } } } });

        let text = comment("", "", &[compared("s", &json!({}), &with("```\n</details> ````"))]).unwrap();
        let changed = comment("", "", &[compared("s", &with("a"), &with("````\n</details>"))]).unwrap();

        assert!(!text.contains("@team") && !text.contains("<b>"), "{text}");
        assert!(changed.contains("`````diff"), "{changed}");
    }
}
