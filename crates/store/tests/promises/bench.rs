//! An empty store to try promises on.

use std::collections::BTreeMap;
use std::sync::Arc;

use tollgate_domain::{
    Adjustment, ApiKey, ApiKeyId, Day, Draw, IdSource, QuotaPeriod, QuotaSettings, UnixMillis, UsageDelta, UsagePlan,
    UsagePlanId,
};
use tollgate_store::{DataDir, KeyQuery, Secrets, Store, StoreError, UsageQuery};

use crate::server::Server;

pub(crate) const TODAY: Day = Day(20_779);

/// Where a store keeps its state.
enum Place {
    Folder(tempfile::TempDir),
    /// A database of its own on the server of all tests.
    Database(String),
}

pub(crate) struct Bench {
    place: Place,
    pub(crate) ids: Arc<IdSource>,
    pub(crate) store: Option<Store>,
}

impl Bench {
    pub(crate) async fn sqlite() -> Self {
        Self::on(Place::Folder(tempfile::tempdir().expect("a directory"))).await
    }

    pub(crate) async fn postgres() -> Self {
        Self::on(Place::Database(Server::of_all_tests().make_database().await)).await
    }

    async fn on(place: Place) -> Self {
        let mut bench = Self { place, ids: Arc::new(IdSource::seeded(3)), store: None };
        bench.reopen().await;
        bench
    }

    /// Opens the store as a process that starts anew does.
    pub(crate) async fn reopen(&mut self) {
        self.store = None;
        self.store = Some(self.open(Secrets::new(&[1; 32])).await.expect("opens"));
    }

    /// Opens the store once more.
    pub(crate) async fn open(&self, secrets: Secrets) -> Result<Store, StoreError> {
        match &self.place {
            Place::Folder(_) => Store::open(self.directory(), secrets, Arc::clone(&self.ids)),
            Place::Database(name) => {
                let settings = Server::of_all_tests().settings(name);
                Store::connect(&settings, secrets, Arc::clone(&self.ids)).await
            }
        }
    }

    /// Whether whoever has the disk or the database can read a text there.
    pub(crate) async fn keeps(&self, text: &str) -> bool {
        let kept: Vec<u8> = match &self.place {
            Place::Folder(folder) => {
                let files = std::fs::read_dir(folder.path()).expect("a directory");
                files.flat_map(|file| std::fs::read(file.expect("a file").path()).expect("readable")).collect()
            }
            Place::Database(name) => Server::of_all_tests().dump(name).await.into_bytes(),
        };
        // PostgreSQL shows bytes as hexadecimal digits.
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        [text, &digits].iter().any(|wanted| kept.windows(wanted.len()).any(|window| window == wanted.as_bytes()))
    }

    /// The lock is free once the writing thread has ended, which is moments after the store was dropped.
    fn directory(&self) -> DataDir {
        let Place::Folder(folder) = &self.place else { panic!("there is no folder") };
        (0..10_000).find_map(|_| DataDir::open(folder.path()).ok()).expect("the directory gets free")
    }

    pub(crate) fn store(&self) -> &Store {
        self.store.as_ref().expect("open")
    }

    pub(crate) fn key(&self, name: &str) -> ApiKey {
        ApiKey {
            id: self.ids.api_key_id(),
            name: Some(name.to_owned()),
            description: None,
            customer_id: None,
            enabled: true,
            created: UnixMillis(1),
            updated: UnixMillis(1),
            stage_keys: Vec::new(),
            tags: BTreeMap::new(),
        }
    }

    pub(crate) async fn add(&self, name: &str) -> ApiKeyId {
        let key = self.key(name);
        let id = key.id;
        self.store().create_key(key, format!("value of the key {id}")).await.expect("created");
        id
    }

    pub(crate) async fn names(&self, query: KeyQuery) -> (Vec<String>, bool) {
        let page = self.store().list_keys(query).await.expect("listed");
        (page.rows.into_iter().filter_map(|row| row.key.name).collect(), page.more)
    }
}

pub(crate) fn plan_id(text: &str) -> UsagePlanId {
    UsagePlanId::parse(text).expect("an id")
}

pub(crate) fn plan(id: &str) -> UsagePlan {
    UsagePlan {
        id: plan_id(id),
        name: id.to_owned(),
        description: None,
        api_stages: Vec::new(),
        throttle: None,
        quota: None,
        product_code: None,
        tags: BTreeMap::new(),
    }
}

pub(crate) fn monthly(limit: u32) -> QuotaSettings {
    QuotaSettings { limit, offset: 0, period: QuotaPeriod::Month }
}

pub(crate) struct Account {
    pub(crate) plan: UsagePlanId,
    pub(crate) key: ApiKeyId,
}

impl Account {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self { plan: plan_id("plan"), key: bench.ids.api_key_id() }
    }

    pub(crate) fn draw(&self, quota: QuotaSettings, units: i64) -> Draw {
        let period = quota.period_at(TODAY);
        Draw { plan: self.plan, key: self.key, quota, period, units, opening: false }
    }

    pub(crate) fn left(&self, quota: QuotaSettings, remaining: u64) -> Adjustment {
        Adjustment { plan: self.plan, key: self.key, quota, period: quota.period_at(TODAY), remaining }
    }

    pub(crate) fn used(&self, day: Day, calls: u64) -> UsageDelta {
        UsageDelta { plan: self.plan, key: self.key, day, calls }
    }

    pub(crate) async fn report(&self, bench: &Bench, quota: Option<QuotaSettings>, unspent: i64) -> Vec<(u64, i64)> {
        let query = UsageQuery {
            plan: self.plan,
            key: Some(self.key),
            first: TODAY.plus(-1),
            last: TODAY,
            after: None,
            limit: 25,
            quota,
            unspent: Arc::new(move |_| Some((quota?.period_at(TODAY), unspent))),
        };
        let page = bench.store().usage(query).await.expect("read");
        page.keys[0].days.iter().map(|day| (day.used, day.remaining)).collect()
    }
}
