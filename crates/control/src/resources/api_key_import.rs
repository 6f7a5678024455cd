//! ImportApiKeys: a CSV file of keys and their plans, taken whole or, on the caller's word, not at all.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;

use serde::{Serialize, Serializer};
use tollgate_domain::{ApiKeyId, Catalog, KeyDigest, UsagePlanId};
use tollgate_store::{CallerRow, ListedKey, SealedValue};

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::error::Failure;
use crate::request::Request;
use crate::resources::{api_key, usage_plan};

/// Rows that are read, sealed and judged at once. So there is little of a file beside what it comes to.
const ROWS_AT_ONCE: usize = 1_000;

#[derive(Serialize)]
struct ApiKeyIdsWire {
    #[serde(rename = "ids", serialize_with = "ids")]
    keys: Vec<ListedKey>,
    warnings: Vec<String>,
}

fn ids<S: Serializer>(keys: &[ListedKey], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.iter().map(|key| key.id))
}

/// One row of the file, as it was written.
#[derive(Clone, Default, PartialEq, Eq)]
struct Row {
    name: String,
    value: String,
    description: String,
    enabled: Option<String>,
    plans: Vec<String>,
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The value is a secret.
        f.debug_struct("Row").field("name", &self.name).field("plans", &self.plans).finish_non_exhaustive()
    }
}

/// What a file comes to, row by row.
#[derive(Default)]
struct Import {
    /// The keys to import. A row that can't become a key is left out.
    keys: Vec<ListedKey>,
    /// What is doubtful about the file.
    warnings: Vec<String>,
    /// The plans of each value that has come up: those that its key was in before, and those that it joins.
    joined: HashMap<KeyDigest, Vec<UsagePlanId>>,
    rows: usize,
}

pub(crate) async fn import(control: &Control, request: &Request) -> Reply {
    if !request.query("format").is_some_and(|format| format.eq_ignore_ascii_case("csv")) {
        return Err(Conflict::BadKeyFile("the format must be csv".to_owned()).into());
    }
    let file = KeyFile::open(request.bytes())?;
    let _turn = control.writer().turn().await?;
    let (keys, warnings) = judge(control, file).await?;
    if request.flag("failonwarnings") && !warnings.is_empty() {
        return Err(Conflict::BadKeyFile(warnings.join("; ")).into());
    }
    let keys = control.store().import_keys(keys, request.now()).await?;
    // Of several rows of a value the last one counts; what the others would have made of it was never in force.
    let mut shown = HashSet::with_capacity(keys.len());
    let last = keys.iter().rev().filter(|key| shown.insert(key.value.digest()));
    last.for_each(|key| control.gate().put_key(&CallerRow::from(key)));
    Answer::json(&ApiKeyIdsWire { keys, warnings })
}

/// The keys that a file comes to, and what is doubtful about it.
async fn judge(control: &Control, mut file: KeyFile<'_>) -> Result<(Vec<ListedKey>, Vec<String>), Failure> {
    let (catalog, mut import) = (control.catalog(), Import::default());
    loop {
        let rows = file.next_rows(ROWS_AT_ONCE)?;
        if rows.is_empty() {
            return Ok((import.keys, import.warnings));
        }
        let ids: Vec<ApiKeyId> = rows.iter().map(|_| control.ids().api_key_id()).collect();
        let values = ids.iter().copied().zip(rows.iter().map(|row| row.value.clone())).collect();
        let sealed = control.store().seal_values(values).await?;
        for ((row, id), (value, plans)) in rows.into_iter().zip(ids).zip(sealed) {
            import.add(&catalog, row, id, value, plans);
        }
    }
}

impl Import {
    /// Takes a row, and the plans that the key of its value is in already.
    fn add(&mut self, catalog: &Catalog, row: Row, id: ApiKeyId, value: SealedValue, before: Vec<UsagePlanId>) {
        let Self { keys, warnings, joined, rows } = self;
        *rows += 1;
        // The header is line 1.
        let line = *rows + 1;
        let mut warn = |text: String| warnings.push(format!("Row {line}: {text}"));
        let enabled = enabled(row.enabled.as_deref(), &mut warn);
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        let (name, description) = (text(row.name), text(row.description));
        let checked = api_key::check(name.as_deref(), description.as_deref());
        if let Err(conflict) = checked.and_then(|()| api_key::check_value(&row.value)) {
            return warn(conflict.to_string());
        }
        let joined = joined.entry(value.digest()).or_insert(before);
        let plans = plans(catalog, &row.plans, joined, &mut warn);
        joined.extend(&plans);
        let (name, description, plans) = (name.map(Into::into), description.map(Into::into), plans.into());
        keys.push(ListedKey { id, name, description, enabled, value, plans });
    }
}

fn enabled(cell: Option<&str>, warn: &mut impl FnMut(String)) -> bool {
    match cell {
        None => true,
        Some(text) if text.eq_ignore_ascii_case("true") => true,
        Some(text) if text.eq_ignore_ascii_case("false") => false,
        Some(text) => {
            warn(format!("Invalid value for Enabled: {text}. The key is disabled"));
            false
        }
    }
}

/// The plans of a row that exist and whose stages overlap neither with each other nor with those of plans that the key
/// has `joined` before.
fn plans(catalog: &Catalog, ids: &[String], joined: &[UsagePlanId], warn: &mut impl FnMut(String)) -> Vec<UsagePlanId> {
    let mut plans = joined.to_vec();
    for text in ids {
        let plan = UsagePlanId::parse(text).ok().and_then(|id| catalog.usage_plans.get(&id));
        match plan {
            None => warn(format!("Invalid Usage Plan ID specified: {text}")),
            Some(plan) if plans.contains(&plan.id) => {}
            Some(plan) => match usage_plan::shared_stage(catalog, plan, &plans) {
                Some(stage) => warn(format!(
                    "Usage Plan {text} is left out: an API Key cannot reference multiple Usage Plans with the same API \
                     stage: {}:{}",
                    stage.api_id, stage.stage
                )),
                None => plans.push(plan.id),
            },
        }
    }
    plans.split_off(joined.len())
}

/// A file of keys: a header, then a row for each key. Names of columns are in any case and order.
struct KeyFile<'a> {
    reader: csv::Reader<&'a [u8]>,
    name: usize,
    value: usize,
    description: Option<usize>,
    enabled: Option<usize>,
    plans: Option<usize>,
}

impl<'a> KeyFile<'a> {
    /// Reads the header.
    fn open(file: &'a [u8]) -> Result<Self, Conflict> {
        let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
        let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
        let header = reader.headers().map_err(unreadable)?;
        let column = |name: &str| header.iter().position(|title| title.eq_ignore_ascii_case(name));
        let required =
            |name: &str| column(name).ok_or_else(|| Conflict::BadKeyFile(format!("the column {name} is missing")));
        let (name, value) = (required("Name")?, required("Key")?);
        let (description, enabled, plans) = (column("Description"), column("Enabled"), column("UsagePlanIds"));
        Ok(Self { reader, name, value, description, enabled, plans })
    }

    /// The next rows, at most so many; none at the end.
    fn next_rows(&mut self, most: usize) -> Result<Vec<Row>, Conflict> {
        let Self { ref mut reader, name, value, description, enabled, plans } = *self;
        let row = |record: csv::Result<csv::StringRecord>| {
            let record = record.map_err(unreadable)?;
            let cells = join_quoted(record.iter(), plans);
            let cell = |column: usize| cells.get(column).map(String::as_str).unwrap_or_default();
            let optional = |column: Option<usize>| column.map(cell).filter(|text| !text.is_empty());
            let ids = optional(plans).unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
            Ok(Row {
                name: cell(name).to_owned(),
                value: cell(value).to_owned(),
                description: optional(description).unwrap_or_default().to_owned(),
                enabled: optional(enabled).map(str::to_owned),
                plans: ids.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect(),
            })
        };
        reader.records().take(most).map(row).collect()
    }
}

fn unreadable(error: csv::Error) -> Conflict {
    Conflict::BadKeyFile(error.to_string())
}

/// Joins cells that a reader of standard CSV splits: AWS also takes blanks before a quote, and single quotes around `plans`.
fn join_quoted<'a>(cells: impl Iterator<Item = &'a str>, plans: Option<usize>) -> Vec<String> {
    let cells: Vec<&str> = cells.collect();
    let mut joined = Vec::with_capacity(cells.len());
    let mut rest = cells.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let quote = first.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let end = quote.and_then(|quote| {
            let closes = |(index, cell): (usize, &&str)| cell.ends_with(quote) && (index > 0 || cell.len() > 1);
            // Elsewhere a single quote may be an apostrophe.
            let may_join = quote == '"' || plans == Some(joined.len());
            let rest = if may_join { rest } else { &rest[..1] };
            rest.iter().enumerate().position(closes)
        });
        match (quote, end) {
            (Some(quote), Some(end)) => {
                joined.push(rest[..=end].join(",").trim_matches(quote).trim().to_owned());
                rest = &rest[end + 1..];
            }
            _ => {
                joined.push((*first).to_owned());
                rest = after;
            }
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::collections::BTreeMap;

    use tollgate_domain::{ApiStage, Edit, IdSource, Record, RestApiId, StageName, Tags, UsagePlan};
    use tollgate_store::Secrets;

    use super::*;

    const VALUE: &str = "apikey1234abcdefghij0123456789";

    fn rows(file: &str) -> Vec<Row> {
        KeyFile::open(file.as_bytes()).and_then(|mut file| file.next_rows(99)).expect("a readable file")
    }

    /// What a file comes to, where the keys of its values are in the plans that `before` tells.
    fn imported(file: &str, catalog: &Catalog, before: impl Fn(&str) -> Vec<UsagePlanId>) -> Import {
        let (ids, secrets) = (IdSource::seeded(1), Secrets::new(&[1; 32]));
        let mut import = Import::default();
        for row in rows(file) {
            let id = ids.api_key_id();
            let value = SealedValue::new(&secrets, id, &row.value, &ids).expect("sealed");
            let before = before(&row.value);
            import.add(catalog, row, id, value, before);
        }
        import
    }

    fn decided(file: &str) -> (Vec<ListedKey>, Vec<String>) {
        let Import { keys, warnings, .. } = imported(file, &Catalog::default(), |_| Vec::new());
        (keys, warnings)
    }

    #[test]
    fn the_sample_of_the_guide_is_read() {
        let file = format!("Name,key,description,Enabled,usageplanIds\n importedKey_1, , {VALUE}, tRuE, n371pt \n");
        let read = rows(&file.replace("key,description", "description,key"));
        assert_eq!(
            read,
            [Row {
                name: "importedKey_1".to_owned(),
                value: VALUE.to_owned(),
                enabled: Some("tRuE".to_owned()),
                plans: vec!["n371pt".to_owned()],
                ..Row::default()
            }]
        );
    }

    #[test]
    fn plans_may_stand_in_either_kind_of_quotes_and_after_blanks() {
        for cell in ["\"n371pt,e74sz0\"", "'n371pt,e74sz0'", "'n371pt, e74sz0'", " \"n371pt,e74sz0\""] {
            let read = rows(&format!("UsagePlanIds,Name,Key\n{cell},a,{VALUE}\n"));
            assert_eq!((read[0].name.as_str(), read[0].plans.len()), ("a", 2), "{cell}");
        }
        let read = rows(&format!("Name,Key\n'tis,{VALUE}\n"));
        assert_eq!(read[0].name, "'tis");
        let read = rows(&format!("Name,Key,Description,UsagePlanIds\na,{VALUE},'90s client,'n371pt,e74sz0'\n"));
        assert_eq!((read[0].description.as_str(), read[0].plans.len()), ("'90s client", 2));
    }

    #[test]
    fn a_file_without_names_or_keys_is_refused() {
        for file in ["", "Name\na\n", "Key\nb\n"] {
            assert!(matches!(KeyFile::open(file.as_bytes()), Err(Conflict::BadKeyFile(_))), "{file}");
        }
        assert!(KeyFile::open(b"Name,Key\n\xff,b\n").expect("a header").next_rows(1).is_err());
    }

    #[test]
    fn what_is_doubtful_is_told_by_row() {
        let file = format!("Name,Key,Enabled,UsagePlanIds\na,short,,\nb,{VALUE},perhaps,nosuch\n");
        let (keys, warnings) = decided(&file);
        assert_eq!(keys.len(), 1);
        assert!(!keys[0].enabled);
        assert_eq!(
            warnings,
            [
                "Row 2: API Key value should be at least 20 characters",
                "Row 3: Invalid value for Enabled: perhaps. The key is disabled",
                "Row 3: Invalid Usage Plan ID specified: nosuch",
            ]
        );
    }

    #[test]
    fn a_key_joins_no_second_plan_of_a_stage_not_even_one_from_before() {
        let stage = ApiStage { api_id: RestApiId::new("api"), stage: StageName::new("dev"), throttle: BTreeMap::new() };
        let plan = |id: &str| UsagePlan {
            id: UsagePlanId::parse(id).expect("an id"),
            name: id.to_owned(),
            description: None,
            api_stages: vec![stage.clone()],
            throttle: None,
            quota: None,
            product_code: None,
            tags: Tags::new(),
        };
        let edits = ["gold", "silver"].map(|id| Edit::put(Record::UsagePlan(plan(id))));
        let catalog = Catalog::default().apply(&edits);
        let file = format!("Name,Key,UsagePlanIds\na,{VALUE},silver\nb,{VALUE}x,gold\nb,{VALUE}x,silver\n");
        let before = |value: &str| if value == VALUE { vec![plan("gold").id] } else { Vec::new() };
        let Import { keys, warnings, .. } = imported(&file, &catalog, before);
        let plans: Vec<_> = keys.into_iter().map(|key| key.plans.into_vec()).collect();
        assert_eq!(plans, [vec![], vec![plan("gold").id], vec![]]);
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn missing_cells_are_empty_and_enabled() {
        let (keys, warnings) = decided(&format!("Name,Key,Description,Enabled\na,{VALUE}\n"));
        assert_eq!((keys[0].enabled, keys[0].description.is_none(), warnings.len()), (true, true, 0));
    }

    proptest! {
        #[test]
        fn any_file_is_answered(file in prop::collection::vec(any::<u8>(), 0..200)) {
            let read = |file: &[u8]| KeyFile::open(file).and_then(|mut file| file.next_rows(99)).is_ok();
            let _ = (read(&file), read(&[b"Name,Key,UsagePlanIds\n".as_slice(), &file].concat()));
        }
    }
}
