//! ImportApiKeys: a CSV file of keys and their plans, taken whole or, on the caller's word, not at all.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use serde::Serialize;
use tollgate_domain::{ApiKey, ApiKeyId, Catalog, Tags, UnixMillis, UsagePlanId};
use tollgate_store::KeyImport;

use crate::Control;
use crate::answer::{Answer, Reply};
use crate::conflict::Conflict;
use crate::request::Request;
use crate::resources::{api_key, usage_plan};

#[derive(Serialize)]
struct ApiKeyIdsWire {
    ids: Vec<String>,
    warnings: Vec<String>,
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

pub(crate) async fn import(control: &Control, request: &Request) -> Reply {
    if !request.query("format").is_some_and(|format| format.eq_ignore_ascii_case("csv")) {
        return Err(Conflict::BadKeyFile("the format must be csv".to_owned()).into());
    }
    let rows = read_rows(request.bytes())?;
    let _turn = control.writer().turn().await?;
    let fresh = || control.ids().api_key_id();
    let known = control.store().plans_of_values(rows.iter().map(|row| row.value.clone()).collect()).await?;
    let (keys, warnings) = decide(&control.catalog(), rows, known, fresh, request.now());
    if request.flag("failonwarnings") && !warnings.is_empty() {
        return Err(Conflict::BadKeyFile(warnings.join("; ")).into());
    }
    let callers = control.store().import_keys(keys).await?;
    callers.iter().for_each(|caller| control.gate().put_key(caller));
    let ids = callers.iter().map(|caller| caller.id.to_string()).collect();
    Answer::json(&ApiKeyIdsWire { ids, warnings })
}

/// The keys to import and what is doubtful about the file. A row that can't become a key is left out. `joined` has the
/// plans that each value's key is in already.
fn decide(
    catalog: &Catalog,
    rows: Vec<Row>,
    mut joined: HashMap<String, Vec<UsagePlanId>>,
    fresh: impl Fn() -> ApiKeyId,
    now: UnixMillis,
) -> (Vec<KeyImport>, Vec<String>) {
    let mut warnings = Vec::new();
    let mut keys = Vec::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        // The header is line 1.
        let mut warn = |text: String| warnings.push(format!("Row {}: {text}", index + 2));
        let key = ApiKey {
            id: fresh(),
            name: Some(row.name).filter(|name| !name.is_empty()),
            description: Some(row.description).filter(|text| !text.is_empty()),
            customer_id: None,
            enabled: enabled(row.enabled.as_deref(), &mut warn),
            created: now,
            updated: now,
            stage_keys: Vec::new(),
            tags: Tags::new(),
        };
        if let Err(conflict) = api_key::check(&key).and_then(|()| api_key::check_value(&row.value)) {
            warn(conflict.to_string());
            continue;
        }
        let joined = joined.entry(row.value.clone()).or_default();
        let plans = plans(catalog, &row.plans, joined, &mut warn);
        joined.extend(&plans);
        keys.push(KeyImport { key, value: row.value, plans });
    }
    (keys, warnings)
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

/// Reads the file: a header, then a row for each key. Names of columns are in any case and order.
fn read_rows(file: &[u8]) -> Result<Vec<Row>, Conflict> {
    let bad = |text: String| Conflict::BadKeyFile(text);
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(file);
    let header = reader.headers().map_err(|error| bad(error.to_string()))?.clone();
    let column = |name: &str| header.iter().position(|title| title.eq_ignore_ascii_case(name));
    let required = |name: &str| column(name).ok_or_else(|| bad(format!("the column {name} is missing")));
    let (name, value) = (required("Name")?, required("Key")?);
    let (description, enabled, plans) = (column("Description"), column("Enabled"), column("UsagePlanIds"));
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| bad(error.to_string()))?;
        let cells = join_quoted(record.iter());
        let cell = |column: usize| cells.get(column).map(String::as_str).unwrap_or_default();
        let optional = |column: Option<usize>| column.map(cell).filter(|text| !text.is_empty());
        let ids = optional(plans).unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
        rows.push(Row {
            name: cell(name).to_owned(),
            value: cell(value).to_owned(),
            description: optional(description).unwrap_or_default().to_owned(),
            enabled: optional(enabled).map(str::to_owned),
            plans: ids.map(str::to_owned).collect::<BTreeSet<_>>().into_iter().collect(),
        });
    }
    Ok(rows)
}

/// Joins cells that a reader of standard CSV splits: AWS also takes single quotes, and blanks before a quote.
fn join_quoted<'a>(cells: impl Iterator<Item = &'a str>) -> Vec<String> {
    let cells: Vec<&str> = cells.collect();
    let mut joined = Vec::with_capacity(cells.len());
    let mut rest = cells.as_slice();
    while let Some((first, after)) = rest.split_first() {
        let quote = first.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let end = quote.and_then(|quote| {
            let closes = |(index, cell): (usize, &&str)| cell.ends_with(quote) && (index > 0 || cell.len() > 1);
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

    use tollgate_domain::{ApiStage, Edit, Record, RestApiId, StageName, UsagePlan};

    use super::*;

    const VALUE: &str = "apikey1234abcdefghij0123456789";

    fn rows(file: &str) -> Vec<Row> {
        read_rows(file.as_bytes()).expect("a readable file")
    }

    fn decided(file: &str) -> (Vec<KeyImport>, Vec<String>) {
        let ids = tollgate_domain::IdSource::seeded(1);
        decide(&Catalog::default(), rows(file), HashMap::new(), || ids.api_key_id(), UnixMillis(0))
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
    }

    #[test]
    fn a_file_without_names_or_keys_is_refused() {
        for file in ["", "Name\na\n", "Key\nb\n"] {
            assert!(matches!(read_rows(file.as_bytes()), Err(Conflict::BadKeyFile(_))), "{file}");
        }
        assert!(read_rows(b"Name,Key\n\xff,b\n").is_err());
    }

    #[test]
    fn what_is_doubtful_is_told_by_row() {
        let file = format!("Name,Key,Enabled,UsagePlanIds\na,short,,\nb,{VALUE},perhaps,nosuch\n");
        let (keys, warnings) = decided(&file);
        assert_eq!(keys.len(), 1);
        assert!(!keys[0].key.enabled);
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
        let ids = tollgate_domain::IdSource::seeded(1);
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
        let joined = HashMap::from([(VALUE.to_owned(), vec![plan("gold").id])]);
        let (keys, warnings) = decide(&catalog, rows(&file), joined, || ids.api_key_id(), UnixMillis(0));
        let plans: Vec<_> = keys.into_iter().map(|key| key.plans).collect();
        assert_eq!(plans, [vec![], vec![plan("gold").id], vec![]]);
        assert_eq!(warnings.len(), 2);
    }

    #[test]
    fn missing_cells_are_empty_and_enabled() {
        let (keys, warnings) = decided(&format!("Name,Key,Description,Enabled\na,{VALUE}\n"));
        assert_eq!((keys[0].key.enabled, keys[0].key.description.is_none(), warnings.len()), (true, true, 0));
    }

    proptest! {
        #[test]
        fn any_file_is_answered(file in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_rows(&file);
            let _ = read_rows(&[b"Name,Key,UsagePlanIds\n".as_slice(), &file].concat());
        }
    }
}
