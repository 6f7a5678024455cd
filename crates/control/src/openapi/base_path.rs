//! What an import does with the base path of a document.

use crate::conflict::Conflict;

/// The query parameter `basepath`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BasePath {
    /// Paths stay as they are.
    #[default]
    Ignore,
    /// The whole base path goes before each path.
    Prepend,
    /// Its first segment is for a custom domain's mapping; the rest goes before each path.
    Split,
}

impl BasePath {
    pub(crate) fn parse(text: Option<&str>) -> Result<Self, Conflict> {
        match text.map(str::to_ascii_lowercase).as_deref() {
            None | Some("ignore") => Ok(Self::Ignore),
            Some("prepend") => Ok(Self::Prepend),
            Some("split") => Ok(Self::Split),
            Some(_) => Err(Conflict::NotAnOption { member: "basepath", options: "ignore,prepend,split" }),
        }
    }

    /// The whole path of a resource.
    pub(crate) fn place(self, base_path: &str, path: &str) -> String {
        let base = base_path.trim_matches('/');
        let before = match self {
            Self::Ignore => "",
            Self::Prepend => base,
            Self::Split => base.split_once('/').map_or("", |(_, rest)| rest),
        };
        match (before, path.trim_start_matches('/')) {
            ("", path) => format!("/{path}"),
            (before, "") => format!("/{before}"),
            (before, path) => format!("/{before}/{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_is_ignored_prepended_or_split() {
        let placed = |mode: BasePath| [mode.place("/a/b/c", "/e/f"), mode.place("/a/", "/")];
        assert_eq!(placed(BasePath::Ignore), ["/e/f", "/"]);
        assert_eq!(placed(BasePath::Prepend), ["/a/b/c/e/f", "/a"]);
        assert_eq!(placed(BasePath::Split), ["/b/c/e/f", "/"]);
        assert_eq!(BasePath::Prepend.place("", "/pets/"), "/pets/");
        assert!(BasePath::parse(Some("other")).is_err());
    }
}
