//! The paging of every list: a page limit, an opaque position, and an order that holds while others write.
//!
//! A position names the last item of a page, so that items added or removed in between shift nothing.

use crate::request::Request;

const DEFAULT_PAGE_LIMIT: usize = 25;
const MAX_PAGE_LIMIT: usize = 500;

/// What a position could not be read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PageError {
    #[error("Invalid position parameter specified")]
    BadPosition,
    #[error("Invalid limit parameter specified")]
    BadLimit,
}

/// Which page of a list is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PageQuery {
    /// The list that positions belong to; one of another list is refused.
    list: &'static str,
    pub(crate) limit: usize,
    /// The cursor of the last item of the page before.
    pub(crate) after: Option<String>,
}

/// One page, and the position of the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) position: Option<String>,
}

impl PageQuery {
    pub(crate) fn of(request: &Request, list: &'static str) -> Result<Self, PageError> {
        let limit = request.query("limit").map(page_limit).transpose()?.unwrap_or(DEFAULT_PAGE_LIMIT);
        let after = request.query("position").map(|position| read_position(list, position)).transpose()?;
        Ok(Self { list, limit, after })
    }

    /// The page of `rows` that is asked for. Each row has a cursor; rows come in the order of their cursors.
    pub(crate) fn page<T>(&self, rows: impl Iterator<Item = (String, T)>) -> Page<T> {
        let rest = rows.skip_while(|(cursor, _)| self.after.as_ref().is_some_and(|after| cursor <= after));
        let mut rows: Vec<_> = rest.take(self.limit + 1).collect();
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let last = rows.last().map(|(cursor, _)| cursor.clone());
        self.finish(rows.into_iter().map(|(_, row)| row).collect(), last.filter(|_| more))
    }

    /// A page that the store cut; `next` is the cursor of its last item when more follow.
    pub(crate) fn finish<T>(&self, items: Vec<T>, next: Option<String>) -> Page<T> {
        Page { items, position: next.map(|cursor| hex::encode(format!("{}:{cursor}", self.list))) }
    }

    /// The cursor as whatever the store sorts by.
    pub(crate) fn after_as<T: std::str::FromStr>(&self) -> Result<Option<T>, PageError> {
        self.after.as_deref().map(|cursor| cursor.parse().map_err(|_| PageError::BadPosition)).transpose()
    }
}

/// AWS answers a page limit of -1 like any other, and never gives more than 500.
fn page_limit(text: &str) -> Result<usize, PageError> {
    let limit: i64 = text.parse().map_err(|_| PageError::BadLimit)?;
    Ok(usize::try_from(limit).ok().filter(|limit| *limit > 0).unwrap_or(DEFAULT_PAGE_LIMIT).min(MAX_PAGE_LIMIT))
}

fn read_position(list: &'static str, position: &str) -> Result<String, PageError> {
    let bytes = hex::decode(position).map_err(|_| PageError::BadPosition)?;
    let text = String::from_utf8(bytes).map_err(|_| PageError::BadPosition)?;
    let cursor = text.strip_prefix(list).and_then(|rest| rest.strip_prefix(':'));
    cursor.map(str::to_owned).ok_or(PageError::BadPosition)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use proptest::prelude::*;
    use tollgate_domain::UnixMillis;

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Result<PageQuery, PageError> {
        let pairs = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        PageQuery::of(&Request::new(Vec::new(), pairs, Bytes::new(), UnixMillis(0)), "things")
    }

    fn pages(rows: &BTreeSet<String>, limit: usize) -> Vec<Vec<String>> {
        let (mut out, mut position) = (Vec::new(), String::new());
        loop {
            let query = query(&[("limit", &limit.to_string()), ("position", &position)]).expect("a query");
            let page = query.page(rows.iter().map(|row| (row.clone(), row.clone())));
            out.push(page.items);
            match page.position {
                Some(next) => position = next,
                None => return out,
            }
        }
    }

    proptest! {
        #[test]
        fn pages_give_each_item_once_in_order(
            rows in prop::collection::btree_set("[a-z]{1,4}", 0..60),
            limit in 1usize..20,
        ) {
            let pages = pages(&rows, limit);
            prop_assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit));
            prop_assert_eq!(pages.concat(), rows.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_position_is_answered(position in ".*") {
            let _ = query(&[("position", &position)]);
        }
    }

    #[test]
    fn limits_are_tolerated_as_aws_does() {
        let limit = |text: &str| query(&[("limit", text)]).map(|query| query.limit);
        assert_eq!(limit("-1"), Ok(25));
        assert_eq!(limit("0"), Ok(25));
        assert_eq!(limit("9999"), Ok(500));
        assert_eq!(limit("x"), Err(PageError::BadLimit));
    }

    #[test]
    fn a_position_of_another_list_is_refused() {
        let other = hex::encode("others:abc");
        assert_eq!(query(&[("position", &other)]), Err(PageError::BadPosition));
        assert_eq!(query(&[("position", "zz")]), Err(PageError::BadPosition));
    }
}
