//! How words of the configuration meet the words of records: without regard to case.

/// Trimmed, in lower case.
pub(crate) fn lower(text: &str) -> String {
    text.trim().to_lowercase()
}

/// An action as it is compared: lower case, spaces and hyphens as `_`.
pub(crate) fn action(text: &str) -> String {
    lower(text).replace([' ', '-'], "_")
}

/// Whether `text` contains `phrase` as whole words; both in lower case.
pub(crate) fn has_words(text: &str, phrase: &str) -> bool {
    let words = |text: &str| {
        let parts = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
        format!(" {} ", parts.collect::<Vec<_>>().join(" "))
    };
    words(text).contains(&words(phrase))
}
