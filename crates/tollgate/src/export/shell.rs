//! Text in scripts for a shell.

/// Text as one word, whatever is in it.
pub(super) fn word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Text in a here-document in which variables stand for what they hold.
pub(super) fn here(text: &str) -> String {
    text.replace('\\', r"\\").replace('$', r"\$").replace('`', r"\`")
}

/// Text in a remark: one line.
pub(super) fn remark(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn a_shell_reads_what_was_written() {
        for text in ["plain", "it's", "$HOME `id` $(id)", r#"\ \\ \n \" "{}""#, "a\nb", "'", "!", ""] {
            let script = format!("printf %s {}; printf '|'; cat <<END\n{}\nEND\n", word(text), here(text));
            let output = Command::new("bash").args(["-c", &script]).output().expect("a shell");
            assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{text}|{text}\n"));
        }
    }
}
