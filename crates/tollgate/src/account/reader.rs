//! Reads answers of a management API: one, or a list page by page.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// Pages of one list at most: a list that never ends is no list.
const PAGES: usize = 100_000;

/// Why something could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Unread {
    /// The status of the answer; zero where there was none.
    pub(crate) status: u16,
    /// What it said.
    pub(crate) message: String,
}

/// What can be asked with GET.
pub(crate) trait Reader {
    /// Reads one answer; the path has its query.
    async fn read(&self, path: &str) -> Result<Value, Unread>;

    /// Reads a list page by page, and gives each page to `take`.
    async fn pages(&self, path: &str, mut take: impl FnMut(Vec<Value>)) -> Result<(), Unread> {
        let sign = if path.contains('?') { '&' } else { '?' };
        let first = format!("{path}{sign}limit=500");
        let mut position = None::<String>;
        for _ in 0..PAGES {
            let page = match &position {
                Some(position) => format!("{first}&position={}", segment(position)),
                None => first.clone(),
            };
            let mut answer = self.read(&page).await?;
            if let Value::Array(items) = answer["item"].take() {
                take(items);
            }
            match answer["position"].as_str().filter(|next| Some(*next) != position.as_deref()) {
                Some(next) => position = Some(next.to_owned()),
                None => return Ok(()),
            }
        }
        Err(Unread { status: 0, message: format!("the list {path} does not end") })
    }

    /// Reads a whole list.
    async fn items(&self, path: &str) -> Result<Vec<Value>, Unread> {
        let mut items = Vec::new();
        self.pages(path, |page| items.extend(page)).await?;
        Ok(items)
    }
}

/// Text as one segment of a path, or a value of a query.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// A member that is text; empty where it is not.
pub(crate) fn text<'a>(item: &'a Value, member: &str) -> &'a str {
    item[member].as_str().unwrap_or_default()
}
