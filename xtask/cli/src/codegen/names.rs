//! Paths in schemas.

/// `/properties/A/items/properties/B` and `/properties/A/*/B` both become `A/*/B`.
pub(super) fn path_of(pointer: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    let mut parts = pointer.split('/').filter(|part| !part.is_empty()).peekable();
    let mut keyword = true;
    while let Some(part) = parts.next() {
        match part {
            "properties" if keyword => keyword = false,
            "items" if keyword && parts.peek() == Some(&"properties") => steps.push("*"),
            other => {
                steps.push(other);
                // A property may itself be called `items` or `properties`, but never directly behind a name and before another.
                keyword = matches!(parts.peek(), Some(&"properties" | &"items"));
            }
        }
    }
    steps.join("/")
}
