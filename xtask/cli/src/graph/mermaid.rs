//! A drawing as Mermaid text, which GitHub and most editors show as a picture.

use std::fmt::Write;

use super::drawing::Drawing;
use super::model::EdgeKind;

/// The drawing as a flowchart.
pub(crate) fn mermaid(drawing: &Drawing) -> String {
    let mut lines = vec!["flowchart LR".to_owned()];
    for (number, stack) in drawing.stacks.iter().enumerate() {
        lines.push(format!("  subgraph {}[\"{}\"]", group(number), escaped(&stack.name)));
        for (place, one) in drawing.boxes.iter().enumerate().filter(|(_, one)| one.stack == number) {
            let mut text = format!("{}<br/><small>{}</small>", escaped(&one.title), escaped(&one.kind));
            for attached in &one.attached {
                // Writing to a text cannot fail.
                let _ = write!(text, "<br/><small>+ {}</small>", escaped(attached));
            }
            lines.push(format!("    n{place}[\"{text}\"]"));
        }
        lines.push("  end".to_owned());
    }
    for arrow in &drawing.arrows {
        let line = line(arrow.kind);
        let label = if arrow.label.is_empty() { String::new() } else { format!("|\"{}\"|", escaped(&arrow.label)) };
        lines.push(format!("  n{} {line}{label} n{}", arrow.from, arrow.to));
    }
    lines.join("\n") + "\n"
}

/// Not the stack's name: `end` and `style` are words of the language.
fn group(number: usize) -> String {
    format!("s{number}")
}

/// What flows is thick, what is allowed is dotted, what is only named is thin.
fn line(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Event | EdgeKind::DeadLetters | EdgeKind::Wire => "==>",
        EdgeKind::Permission => "-.->",
        EdgeKind::Watch | EdgeKind::Alarm | EdgeKind::Reference | EdgeKind::Dependency => "-->",
    }
}

/// Mermaid's own form of what would end a text or be a tag.
fn escaped(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace('>', "#gt;")
}
