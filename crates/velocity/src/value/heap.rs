//! Where lists and maps live while a template is rendered.
//!
//! They are named by number, so that two variables can share one, a cycle leaks nothing, and all of it goes away at
//! once. The heap pays for what it keeps from the rendering's [`Budget`].

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use regex::Regex;

use super::Value;
use crate::{error::Fault, limits::Budget};

/// What an item of a list or map is taken to cost beside its text.
const ITEM_BYTES: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ListId(usize);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct MapId(usize);

/// How a list prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ListStyle {
    /// Read from JSON: prints as JSON, with everything in it.
    Json,
    /// Made by the template: prints as Java's lists do.
    Java,
}

#[derive(Debug)]
struct List {
    items: Vec<Value>,
    style: ListStyle,
}

#[derive(Debug)]
pub(crate) struct Heap {
    pub(crate) budget: Budget,
    /// Regular expressions compiled so far.
    pub(crate) patterns: HashMap<String, Regex>,
    lists: Vec<List>,
    maps: Vec<IndexMap<String, Value>>,
}

impl Heap {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, patterns: HashMap::new(), lists: Vec::new(), maps: Vec::new() }
    }

    pub(crate) fn text(&mut self, text: impl Into<Arc<str>>) -> Result<Value, Fault> {
        let text = text.into();
        self.budget.allocate(text.len())?;
        Ok(Value::Text(text))
    }

    pub(crate) fn list(&mut self, items: Vec<Value>, style: ListStyle) -> Result<Value, Fault> {
        self.budget.allocate((items.len() + 1) * ITEM_BYTES)?;
        Ok(self.input_list(items, style))
    }

    pub(crate) fn map(&mut self, entries: IndexMap<String, Value>) -> Result<Value, Fault> {
        let keys: usize = entries.keys().map(String::len).sum();
        self.budget.allocate((entries.len() + 1) * ITEM_BYTES + keys)?;
        Ok(Value::Map(self.input_map(entries)))
    }

    /// Keeps a list that came with the call: it is bounded already, and costs the template nothing.
    pub(super) fn input_list(&mut self, items: Vec<Value>, style: ListStyle) -> Value {
        self.lists.push(List { items, style });
        Value::List(ListId(self.lists.len() - 1))
    }

    /// Keeps a map that came with the call.
    pub(crate) fn input_map(&mut self, entries: IndexMap<String, Value>) -> MapId {
        self.maps.push(entries);
        MapId(self.maps.len() - 1)
    }

    pub(crate) fn items(&self, list: ListId) -> &[Value] {
        &self.lists[list.0].items
    }

    pub(crate) fn items_mut(&mut self, list: ListId) -> &mut Vec<Value> {
        &mut self.lists[list.0].items
    }

    pub(crate) fn style(&self, list: ListId) -> ListStyle {
        self.lists[list.0].style
    }

    pub(crate) fn entries(&self, map: MapId) -> &IndexMap<String, Value> {
        &self.maps[map.0]
    }

    pub(crate) fn entries_mut(&mut self, map: MapId) -> &mut IndexMap<String, Value> {
        &mut self.maps[map.0]
    }

    /// A map's keys, as values.
    pub(crate) fn keys(&mut self, map: MapId) -> Result<Vec<Value>, Fault> {
        self.look_at_entries(map)?;
        self.budget.allocate(self.maps[map.0].keys().map(String::len).sum())?;
        Ok(self.maps[map.0].keys().map(|key| key.as_str().into()).collect())
    }

    /// A copy of a map's entries.
    pub(crate) fn cloned_entries(&mut self, map: MapId) -> Result<IndexMap<String, Value>, Fault> {
        self.look_at_entries(map)?;
        Ok(self.maps[map.0].clone())
    }

    /// Pays for going over all entries of a map.
    fn look_at_entries(&mut self, map: MapId) -> Result<(), Fault> {
        let entries = &self.maps[map.0];
        self.budget.visit(entries.len())?;
        self.budget.look_at(entries.keys().map(String::len).sum())
    }

    pub(crate) fn get(&self, map: MapId, key: &str) -> Value {
        self.maps[map.0].get(key).cloned().unwrap_or(Value::Null)
    }

    /// Puts a value into a map and gives back what was there.
    pub(crate) fn put(&mut self, map: MapId, key: &str, value: Value) -> Result<Value, Fault> {
        self.budget.allocate(ITEM_BYTES + key.len())?;
        Ok(self.maps[map.0].insert(key.to_owned(), value).unwrap_or(Value::Null))
    }

    /// Adds items to a list.
    pub(crate) fn extend(&mut self, list: ListId, items: Vec<Value>) -> Result<(), Fault> {
        self.budget.allocate(items.len() * ITEM_BYTES)?;
        self.lists[list.0].items.extend(items);
        Ok(())
    }
}
