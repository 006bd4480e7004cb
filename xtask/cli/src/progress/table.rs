//! Changes of resources as a table: one line each, aligned, with a sign that needs no colour.

use super::Paint;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Add,
    Change,
    /// It may be replaced: only the deploy itself will tell.
    MayReplace,
    Replace,
    Remove,
    Unknown,
}

impl Sign {
    fn text(self) -> &'static str {
        match self {
            Self::Add => "  +",
            Self::Change => "  ~",
            Self::MayReplace => "~/?",
            Self::Replace => "-/+",
            Self::Remove => "  -",
            Self::Unknown => "  ?",
        }
    }

    fn paint(self, paint: Paint, text: &str) -> String {
        match self {
            Self::Add => paint.good(text),
            Self::Change | Self::Unknown | Self::MayReplace => paint.notable(text),
            Self::Replace | Self::Remove => paint.bad(text),
        }
    }

    /// What the sign means for what is stored in the resource; shouted where that is lost.
    fn warning(self) -> Option<&'static str> {
        match self {
            Self::Replace => Some("REPLACED: a new one takes its place, what is in it is lost"),
            Self::MayReplace => Some("MAY BE REPLACED: only the deploy will tell"),
            Self::Add | Self::Change | Self::Remove | Self::Unknown => None,
        }
    }

    fn count(self, number: usize) -> String {
        match self {
            Self::Add => format!("{number} to add"),
            Self::Change => format!("{number} to change"),
            Self::MayReplace => format!("{number} to change or REPLACE"),
            Self::Replace => format!("{number} to REPLACE"),
            Self::Remove => format!("{number} to remove"),
            Self::Unknown => format!("{number} that cannot be foretold"),
        }
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) sign: Sign,
    pub(crate) logical_id: String,
    pub(crate) resource_type: String,
    /// The properties that differ.
    pub(crate) properties: Vec<String>,
    /// The line of Rust that made the resource.
    pub(crate) source: Option<String>,
}

/// The table: a sum, then one line per change.
pub(crate) fn table(heading: &str, rows: &[Row], paint: Paint) -> Vec<String> {
    let width = |cell: fn(&Row) -> &str| rows.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0);
    let (ids, types) = (width(|row| &row.logical_id), width(|row| &row.resource_type));

    let mut lines = vec![format!("{}  {}", paint.strong(heading), sum(rows))];
    lines.extend(rows.iter().map(|row| {
        let mut cells = vec![
            row.sign.paint(paint, row.sign.text()),
            format!("{:ids$}", row.logical_id),
            paint.dim(&format!("{:types$}", row.resource_type)),
        ];
        cells.extend((!row.properties.is_empty()).then(|| row.properties.join(", ")));
        cells.extend(row.sign.warning().map(|warning| paint.bad(warning)));
        cells.extend(row.source.as_ref().map(|source| paint.dim(source)));
        cells.join("  ").trim_end().to_owned()
    }));
    lines
}

fn sum(rows: &[Row]) -> String {
    let parts: Vec<_> = [Sign::Add, Sign::Change, Sign::MayReplace, Sign::Replace, Sign::Remove, Sign::Unknown]
        .into_iter()
        .filter_map(|sign| {
            let number = rows.iter().filter(|row| row.sign == sign).count();
            (0 < number).then(|| sign.count(number))
        })
        .collect();
    if parts.is_empty() { "no resource changes".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(sign: Sign, logical_id: &str, resource_type: &str, properties: &[&str]) -> Row {
        Row {
            sign,
            logical_id: logical_id.to_owned(),
            resource_type: resource_type.to_owned(),
            properties: properties.iter().map(ToString::to_string).collect(),
            source: Some("stacks/src/jobs.rs:13".to_owned()),
        }
    }

    #[test]
    fn a_replacement_is_shouted_and_everything_is_counted() {
        let rows = [
            row(Sign::Add, "DeadLetterQueue", "AWS::SQS::Queue", &[]),
            row(Sign::Change, "JobQueue", "AWS::SQS::Queue", &["VisibilityTimeout", "Tags"]),
            row(Sign::Replace, "Jobs", "AWS::DynamoDB::Table", &["KeySchema"]),
            Row { source: None, ..row(Sign::Remove, "Old", "AWS::SNS::Topic", &[]) },
        ];

        let lines = table("jobs", &rows, Paint::default());

        insta::assert_snapshot!(lines.join("\n"));
    }

    #[test]
    fn a_change_set_without_resources_says_so() {
        let rows = [];

        let lines = table("jobs", &rows, Paint::default());

        assert_eq!(lines, ["jobs  no resource changes"], "an empty table would look like an error");
    }
}
