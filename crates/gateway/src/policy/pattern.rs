//! Patterns of policies: `*` is any text, `?` any one character.

/// Whether a pattern fits all of a text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    // Where to go on when the text after the last star does not fit: the star, and what it has to swallow by then.
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p + 1, t));
                p += 1;
            }
            Some(b'?') => {
                p += 1;
                t += 1;
                // The rest of a character of several bytes goes with its first.
                while text.get(t).is_some_and(|byte| byte & 0xc0 == 0x80) {
                    t += 1;
                }
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match &mut retry {
                Some((after_star, swallowed)) => {
                    *swallowed += 1;
                    (p, t) = (*after_star, *swallowed);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stars_and_question_marks_stand_for_text() {
        let arn = "arn:aws:execute-api:us-east-1:1:api/prod/GET/pets/7";
        for pattern in ["*", "arn:*", "*/GET/*", "*/pets/?", "arn:aws:execute-api:*:*:api/*/GET/pets/*", arn] {
            assert!(fits(pattern, arn), "{pattern}");
        }
        for pattern in ["", "?", "*/POST/*", "*/pets/", "*/pets/??", "arn:aws:execute-api:us-east-1:1:api/prod/GET"] {
            assert!(!fits(pattern, arn), "{pattern}");
        }
        assert!(fits("a?c", "aéc"));
    }

    proptest! {
        #[test]
        fn a_pattern_means_what_its_regular_expression_means(pattern in "[ab*?]{0,8}", text in "[ab]{0,8}") {
            let expression = pattern.replace('*', ".*").replace('?', ".");
            let expression = regex::Regex::new(&format!("^(?:{expression})$")).expect("an expression");
            prop_assert_eq!(fits(&pattern, &text), expression.is_match(&text));
        }
    }
}
