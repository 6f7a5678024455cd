//! The ways in which callers name a function.

/// The version that runs: there are no others.
pub const LATEST: &str = "$LATEST";
/// The name whose qualifiers are the built-in functions, as in `tollgate:echo`.
const BUILT_IN: &str = "tollgate";
const NAME_LIMIT: usize = 64;
const QUALIFIER_LIMIT: usize = 128;

/// Text that names no function in any of Lambda's forms.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the name or ARN of a function: {0}")]
pub struct NotAFunctionName(pub String);

/// A function as a caller names it: `name`, `name:qualifier`, `account:function:name` or the full ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionRef {
    /// Its name: up to 64 letters, digits, `-` and `_`.
    pub name: String,
    /// A version or alias, if one is named.
    pub qualifier: Option<String>,
}

impl FunctionRef {
    /// Reads a name in any of Lambda's forms. Region and account of an ARN are not looked at: there is one of each.
    pub fn parse(text: &str) -> Result<Self, NotAFunctionName> {
        let parts: Vec<&str> = text.split(':').collect();
        let (name, qualifier) = match *parts {
            ["arn", _, "lambda", _, _, "function", ref rest @ ..] | [_, "function", ref rest @ ..] => match *rest {
                [name] => (name, None),
                [name, qualifier] => (name, Some(qualifier)),
                _ => return Err(NotAFunctionName(text.to_owned())),
            },
            [name] => (name, None),
            [name, qualifier] => (name, Some(qualifier)),
            _ => return Err(NotAFunctionName(text.to_owned())),
        };
        if !is_word(name, NAME_LIMIT) || !qualifier.is_none_or(is_qualifier) {
            return Err(NotAFunctionName(text.to_owned()));
        }
        Ok(Self { name: name.to_owned(), qualifier: qualifier.map(str::to_owned) })
    }

    /// The built-in function that this names, if it names one.
    pub fn built_in(&self) -> Option<&str> {
        self.qualifier.as_deref().filter(|_| self.name == BUILT_IN)
    }

    /// Whether this names the version that runs.
    pub fn is_latest(&self) -> bool {
        self.qualifier.as_deref().is_none_or(|qualifier| qualifier == LATEST)
    }
}

fn is_word(text: &str, limit: usize) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=limit).contains(&text.len()) && text.bytes().all(word)
}

fn is_qualifier(text: &str) -> bool {
    text == LATEST || is_word(text, QUALIFIER_LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Option<(String, Option<String>)> {
        FunctionRef::parse(text).ok().map(|found| (found.name, found.qualifier))
    }

    #[test]
    fn every_form_of_lambda_names_the_same_function() {
        let plain = Some(("pets".to_owned(), None));
        for text in ["pets", "123456789012:function:pets", "arn:aws:lambda:eu-west-1:123456789012:function:pets"] {
            assert_eq!(parts(text), plain, "{text}");
        }
        let latest = Some(("pets".to_owned(), Some("$LATEST".to_owned())));
        for text in ["pets:$LATEST", "1:function:pets:$LATEST", "arn:aws:lambda:r:1:function:pets:$LATEST"] {
            assert_eq!(parts(text), latest, "{text}");
        }
    }

    #[test]
    fn what_names_no_function_is_refused() {
        let long = "x".repeat(65);
        for text in ["", "a b", "pets:", ":x", "../etc", "arn:aws:s3:::bucket", "a:b:c:d", "pets:$OLD", &long] {
            assert_eq!(FunctionRef::parse(text), Err(NotAFunctionName(text.to_owned())));
        }
    }

    #[test]
    fn built_in_functions_have_a_name_of_their_own() {
        let built_in = |text: &str| FunctionRef::parse(text).ok()?.built_in().map(str::to_owned);
        assert_eq!(built_in("tollgate:echo").as_deref(), Some("echo"));
        assert_eq!(built_in("arn:aws:lambda:r:1:function:tollgate:echo").as_deref(), Some("echo"));
        assert_eq!(built_in("pets:echo"), None);
    }
}
