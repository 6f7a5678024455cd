//! Buckets that nodes share, in a Redis that the tests start: they do what the arithmetic says, by Redis's clock.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tollgate_domain::owed_tokens::OwedTokens;
use tollgate_domain::throttle::TokenRate;
use tollgate_domain::token_draw::{BucketDraw, PortionAsk, TokenDraw, TokenGrant};
use tollgate_domain::{IdSource, ThrottleSettings};
use tollgate_store::{RedisBuckets, RedisSettings};

/// Ends the server when there is nothing more to read, also because whoever started it was killed.
const KEEPER: &str = r#"redis-server "$@" & server=$!; trap "kill -KILL $server" EXIT; echo ready; read -r _"#;

/// A server that ends with the test.
struct Redis {
    port: u16,
    _folder: tempfile::TempDir,
    _lines: ChildStdin,
    _keeper: Child,
}

impl Redis {
    fn start(password: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|taken| taken.local_addr()).expect("a port").port();
        let folder = tempfile::tempdir().expect("a directory");
        let mut keeper = Command::new("bash")
            .args(["-c", KEEPER, "redis", "--bind", "127.0.0.1", "--save", "", "--logfile", "redis.log"])
            .args(["--requirepass", password, "--port", &port.to_string()])
            .arg("--dir")
            .arg(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("bash starts");
        let (lines, said) = (keeper.stdin.take().expect("piped"), keeper.stdout.take().expect("piped"));
        BufReader::new(said).read_line(&mut String::new()).expect("it says something");
        Self { port, _folder: folder, _lines: lines, _keeper: keeper }
    }

    async fn buckets(&self, password: &str) -> RedisBuckets {
        let settings = RedisSettings {
            url: format!("redis://127.0.0.1:{}", self.port),
            password: Some(password.to_owned()),
            sentinel_password: None,
            root_certificate: None,
            prefix: "test:".to_owned(),
        };
        let buckets = RedisBuckets::new(&settings).expect("an address");
        for _ in 0..200 {
            match buckets.draw(&[]).await {
                Err(error) if error.to_string().contains("refused") => {
                    tokio::time::sleep(Duration::from_millis(25)).await;
                }
                _ => break,
            }
        }
        buckets
    }

    /// What `redis-cli` answers.
    fn ask(&self, words: &[&str]) -> String {
        let port = self.port.to_string();
        let done = Command::new("redis-cli")
            .args(["-p", &port, "-a", "secret", "--no-auth-warning"])
            .args(words)
            .output()
            .expect("redis-cli runs");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }
}

fn rate(rate: f64, burst: i32) -> TokenRate {
    ThrottleSettings::new(rate, burst).token_rate().expect("a limit")
}

fn draw(bucket: &str, rate: TokenRate, want: u64) -> BucketDraw {
    BucketDraw { bucket: bucket.into(), draw: TokenDraw::of(rate, want) }
}

async fn one(buckets: &RedisBuckets, draw: BucketDraw) -> TokenGrant {
    buckets.draw(&[draw]).await.expect("drawn").0[0]
}

#[tokio::test]
async fn a_draw_in_redis_is_a_draw_by_the_arithmetic() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    let ids = IdSource::seeded(7);
    for (per_second, burst) in [(1e6, 1000), (700_000.0, 1), (1000.0, 100), (3.0, 7), (0.1, 5), (0.001, 3)] {
        let (rate, name) = (rate(per_second, burst), format!("{per_second}"));
        let mut expected = None::<OwedTokens>;
        for _ in 0..100 {
            let (want, debt) = (ids.word() % 9, u64::from(ids.word().is_multiple_of(10)));
            let mut asked = draw(&name, rate, want);
            asked.draw.debt = debt;
            let grant = one(&buckets, asked.clone()).await;
            let kept = expected.get_or_insert_with(|| OwedTokens::none(rate, grant.at));
            assert_eq!(grant, kept.draw(asked.draw, grant.at), "{per_second} a second, burst {burst}");
        }
    }
}

/// What one of a few nodes asks next, under one of a few settings.
fn any_draw(ids: &IdSource, settings: &[TokenRate]) -> BucketDraw {
    let upto = |most: u64| ids.word() % most;
    let rate = settings[if upto(12) == 0 { upto(settings.len() as u64) as usize } else { 0 }];
    let mut asked = draw("parts", rate, upto(6) * upto(6));
    asked.draw.debt = u64::from(upto(20) == 0);
    let portion = PortionAsk { node: u64::MAX - upto(4), held: upto(3), want: upto(9), term: 1000 + upto(60_000) };
    asked.draw.portion = (upto(3) > 0).then_some(portion);
    asked
}

#[tokio::test]
async fn portions_in_redis_are_portions_by_the_arithmetic() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    let ids = IdSource::seeded(8);
    let mut given = 0;
    for settings in
        [[rate(1000.0, 100), rate(500.0, 37), rate(2000.0, 250)], [rate(333.3, 70), rate(701.0, 5), rate(250.0, 0)]]
    {
        redis.ask(&["DEL", "test:{parts}"]);
        let (mut expected, mut lone) = (None::<OwedTokens>, None);
        for step in 0..600 {
            let mut asked = any_draw(&ids, &settings);
            asked.draw.undo = if step % 7 == 0 { lone } else { None };
            let grant = one(&buckets, asked.clone()).await;
            let kept = expected.get_or_insert_with(|| OwedTokens::none(asked.draw.rate, grant.at));
            assert_eq!(grant, kept.draw(asked.draw, grant.at), "step {step}: {asked:?}, then {kept:?}");
            (given, lone) = (given + u64::from(grant.portion > 0), grant.lone());
            if step % 5 == 0 {
                tokio::time::sleep(Duration::from_millis(ids.word() % 12)).await;
            }
        }
    }
    assert!(given > 100, "{given}");
}

#[tokio::test]
async fn a_bucket_is_kept_until_what_portions_had_has_come_back() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    let mut asked = draw("parts", rate(1.0, 100), 3);
    asked.draw.portion = Some(PortionAsk { node: 7, held: 0, want: 5, term: 10_000_000 });
    assert_eq!(one(&buckets, asked).await.portion, 5);
    let left: i64 = redis.ask(&["PTTL", "test:{parts}"]).parse().expect("a time");
    assert!((17_500..=18_000).contains(&left), "the term, and eight tokens: {left}");
}

#[tokio::test]
async fn an_edit_keeps_the_tokens_that_are_owed() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    assert_eq!(one(&buckets, draw("edited", rate(0.001, 10), 4)).await.granted, 4);
    assert_eq!(one(&buckets, draw("edited", rate(0.01, 10), 10)).await.granted, 6);
    assert_eq!(one(&buckets, draw("edited", rate(0.01, 15), 10)).await.granted, 5, "a raised burst is there at once");
    assert_eq!(one(&buckets, draw("edited", rate(0.01, 5), 10)).await.granted, 0);
}

#[tokio::test]
async fn a_draw_of_one_token_can_be_undone_until_the_next() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    let mut again = draw("undone", rate(0.001, 1), 1);
    let first = one(&buckets, again.clone()).await;
    again.draw.undo = first.lone();
    assert_eq!(one(&buckets, again.clone()).await.granted, 1);
    assert_eq!(one(&buckets, again).await.granted, 0, "only once");
}

#[tokio::test]
async fn a_bucket_is_gone_when_it_is_full_and_a_server_that_forgot_the_script_is_told_it_anew() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("secret").await;
    one(&buckets, draw("slow/{id}", rate(0.01, 10), 3)).await;
    let left: i64 = redis.ask(&["PTTL", "test:{slow/{id}}"]).parse().expect("a time");
    assert!((290_000..=300_000).contains(&left), "{left}");
    assert_eq!(redis.ask(&["DBSIZE"]), "1");
    redis.ask(&["SCRIPT", "FLUSH"]);
    let (grants, round_trips) =
        buckets.draw(&[draw("a", rate(1.0, 1), 1), draw("b", rate(1.0, 1), 1)]).await.expect("drawn");
    assert_eq!((grants.len(), round_trips), (2, 2));
    assert_eq!(buckets.draw(&[draw("a", rate(1.0, 1), 0), draw("b", rate(1.0, 1), 0)]).await.expect("drawn").1, 1);
}

#[tokio::test]
async fn many_nodes_draw_what_one_bucket_holds() {
    let redis = Redis::start("secret");
    let nodes: Vec<Arc<RedisBuckets>> =
        [redis.buckets("secret").await, redis.buckets("secret").await, redis.buckets("secret").await]
            .map(Arc::new)
            .into();
    let mut tasks = tokio::task::JoinSet::new();
    for node in nodes.into_iter().cycle().take(30) {
        tasks.spawn(async move {
            let mut granted = 0;
            for _ in 0..10 {
                granted += one(&node, draw("shared", rate(0.001, 100), 7)).await.granted;
            }
            granted
        });
    }
    assert_eq!(tasks.join_all().await.iter().sum::<u64>(), 100);
}

#[tokio::test]
async fn a_wrong_password_is_told_without_being_repeated() {
    let redis = Redis::start("secret");
    let buckets = redis.buckets("wr0ng").await;
    let error = buckets.draw(&[draw("a", rate(1.0, 1), 1)]).await.expect_err("refused").to_string();
    assert!(!error.contains("wr0ng"), "{error}");
    assert!(!format!("{buckets:?}").contains("wr0ng"));
}
