//! Names as Rust spells them.

/// `KMSMasterKeyID` becomes `kms_master_key_id`, `TargetGroupARNs` `target_group_arns`; keywords get a `_`.
pub fn snake(name: &str) -> String {
    let mut words = String::new();
    for word in words_of(name) {
        if !words.is_empty() {
            words.push('_');
        }
        words.push_str(&word.to_ascii_lowercase());
    }
    if words.starts_with(|character: char| character.is_ascii_digit()) || words.is_empty() {
        words.insert(0, '_');
    }
    if is_keyword(&words) {
        words.push('_');
    }
    words
}

/// `messageGroup` becomes `MessageGroup`, `PAY_PER_REQUEST` `PayPerRequest`, `nodejs22.x` `Nodejs22X`, `1.0` `V1_0`.
pub fn pascal(name: &str) -> String {
    let mut out = String::new();
    let shouting = !name.chars().any(|character| character.is_ascii_lowercase());
    for piece in name.split(|character: char| !character.is_ascii_alphanumeric()).filter(|piece| !piece.is_empty()) {
        // `1.0` and `10` must not become the same.
        if out.ends_with(|character: char| character.is_ascii_digit()) && piece.starts_with(|character: char| character.is_ascii_digit()) {
            out.push('_');
        }
        let mut characters = piece.chars();
        out.extend(characters.next().map(|character| character.to_ascii_uppercase()));
        // `S3` and `EC2` read well as they are, `HASH` and `PAY_PER_REQUEST` do not.
        match shouting && !piece.chars().any(|character| character.is_ascii_digit()) {
            true => out.push_str(&characters.as_str().to_ascii_lowercase()),
            false => out.push_str(characters.as_str()),
        }
    }
    if out.is_empty() {
        out.push_str("Value");
    }
    if out.starts_with(|character: char| character.is_ascii_digit()) {
        out.insert(0, 'V');
    }
    if out == "Self" {
        out.push('_');
    }
    out
}

fn words_of(name: &str) -> Vec<String> {
    // The one name of AWS that mixes its cases in mid-word.
    let name = name.replace("IPv", "Ipv");
    let characters: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = vec![String::new()];
    for (index, &character) in characters.iter().enumerate() {
        if !character.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let before = index.checked_sub(1).map(|before| characters[before]);
        if character.is_ascii_uppercase() && starts_word(before, &characters[index..]) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether the capital at the head of `rest` begins a word: behind a small letter or a digit, or as the last capital
/// of a row that small letters follow, unless these are the `s` of a plural such as `ARNs`.
fn starts_word(before: Option<char>, rest: &[char]) -> bool {
    let Some(before) = before else { return false };
    if before.is_ascii_lowercase() || before.is_ascii_digit() {
        return true;
    }
    let small = |index: usize| rest.get(index).is_some_and(char::is_ascii_lowercase);
    let plural = rest.get(1) == Some(&'s') && !small(2);
    before.is_ascii_uppercase() && small(1) && !plural
}

fn is_keyword(word: &str) -> bool {
    const KEYWORDS: [&str; 52] = [
        "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
        "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod", "move", "mut", "new", "override",
        "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized",
        "use", "virtual", "where", "while", "yield",
    ];
    KEYWORDS.contains(&word)
}
