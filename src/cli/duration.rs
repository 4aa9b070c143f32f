//! Lengths of time on the command line: `90m`, `8h`, `30d`, `2w`.

/// Seconds of a length of time above zero and of at most `days_max` days.
///
/// # Errors
/// What is expected, when the text is something else.
pub fn parse_seconds(text: &str, days_max: i64) -> Result<i64, String> {
    let expected =
        || format!("expected a number with s, m, h, d or w, such as 90m, at most {days_max}d");
    let unit = text.chars().last().ok_or_else(expected)?;
    let factor = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(expected()),
    };
    let number = text.strip_suffix(unit).ok_or_else(expected)?;
    let number: i64 = number.parse().map_err(|_| expected())?;
    number
        .checked_mul(factor)
        .filter(|seconds| (1..=days_max.saturating_mul(86_400)).contains(seconds))
        .ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::parse_seconds;

    #[test]
    fn lengths_have_a_unit_and_a_bound() {
        assert_eq!(parse_seconds("90m", 1), Ok(5_400));
        assert_eq!(parse_seconds("2w", 14), Ok(14 * 86_400));
        for text in ["", "7", "d", "0d", "-1d", "15d", "1 d", "1dd", "99999999999999999w"] {
            assert!(parse_seconds(text, 14).is_err(), "{text}");
        }
    }
}
