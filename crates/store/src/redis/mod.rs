//! Token buckets that nodes share, in Redis or Valkey: alone, watched by sentinels, or a cluster.
//!
//! A bucket is one key and a draw one script that touches nothing else, so that it runs in one slot. The time is the
//! server's.

mod address;
mod link;

use std::path::PathBuf;

use ::redis::{Cmd, ErrorKind, FromRedisValue, Pipeline, RedisError, Script, ServerErrorKind};
use futures_util::future::join_all;
use tollgate_domain::Ticks;
use tollgate_domain::token_draw::{BucketDraw, PortionAsk, TokenGrant};

use crate::error::StoreError;
pub use address::is_bucket_address;
use link::{Link, Links};

/// The script that draws.
const DRAW: &str = include_str!("draw.lua");

/// Where buckets are kept that nodes share.
#[derive(Clone)]
pub struct RedisSettings {
    /// Such as `redis://host:6379`, `redis+sentinel://host:26379,host:26379/service` or
    /// `redis-cluster://host:6379,host:6379`; `rediss` in place of `redis` is TLS.
    pub url: String,
    /// The password, if the address has none.
    pub password: Option<String>,
    /// The password of the sentinels, which the address cannot have.
    pub sentinel_password: Option<String>,
    /// A file of certificates in PEM: who vouches for the server.
    pub root_certificate: Option<PathBuf>,
    /// What keys begin with.
    pub prefix: String,
}

/// The buckets.
pub struct RedisBuckets {
    links: Links,
    script: Script,
    prefix: String,
}

impl std::fmt::Debug for RedisBuckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address may have a password.
        f.debug_struct("RedisBuckets").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// How the script is named: by its digest, or whole, where the server does not know it.
#[derive(Clone, Copy)]
enum Naming {
    Digest,
    Whole,
}

impl RedisBuckets {
    /// Reads the address. Nothing is connected yet.
    pub fn new(settings: &RedisSettings) -> Result<Self, StoreError> {
        let links = Links::new(settings)?;
        Ok(Self { links, script: Script::new(DRAW), prefix: settings.prefix.clone() })
    }

    /// Draws from buckets; what each was granted, and how often was sent and waited.
    ///
    /// A draw whose answer is lost is not repeated: its tokens are lost, and were given out once.
    pub async fn draw(&self, draws: &[BucketDraw]) -> Result<(Vec<TokenGrant>, u64), StoreError> {
        let link = self.links.get().await?;
        let drawn = match link.link.clone() {
            Link::One(connection) => self.draw_together(connection, draws).await,
            Link::Cluster(connection) => self.draw_one_by_one(connection, draws).await,
        };
        if drawn.is_err() {
            // The next draw connects anew, maybe to another server.
            self.links.drop(&link);
        }
        drawn.map_err(unavailable)
    }

    /// Sends all draws at once.
    async fn draw_together(
        &self,
        mut connection: ::redis::aio::MultiplexedConnection,
        draws: &[BucketDraw],
    ) -> Result<(Vec<TokenGrant>, u64), RedisError> {
        let pipeline = |naming| {
            let mut pipeline = Pipeline::with_capacity(draws.len());
            for draw in draws {
                pipeline.add_command(self.command(draw, naming));
            }
            pipeline
        };
        match pipeline(Naming::Digest).query_async::<Vec<Granted>>(&mut connection).await {
            Ok(granted) => Ok((granted.into_iter().map(TokenGrant::from).collect(), 1)),
            Err(error) if is_unknown(&error) => {
                let granted = pipeline(Naming::Whole).query_async::<Vec<Granted>>(&mut connection).await?;
                Ok((granted.into_iter().map(TokenGrant::from).collect(), 2))
            }
            Err(error) => Err(error),
        }
    }

    /// Sends each draw to the server that has its slot, at the same time.
    async fn draw_one_by_one(
        &self,
        connection: ::redis::cluster_async::ClusterConnection,
        draws: &[BucketDraw],
    ) -> Result<(Vec<TokenGrant>, u64), RedisError> {
        let answers = join_all(draws.iter().map(|draw| {
            let mut connection = connection.clone();
            async move {
                let command = self.command(draw, Naming::Digest);
                match command.query_async::<Granted>(&mut connection).await {
                    Err(error) if is_unknown(&error) => {
                        let command = self.command(draw, Naming::Whole);
                        Ok((command.query_async::<Granted>(&mut connection).await?, 2))
                    }
                    answer => answer.map(|granted| (granted, 1)),
                }
            }
        }));
        let answers: Vec<(Granted, u64)> = answers.await.into_iter().collect::<Result<_, RedisError>>()?;
        let round_trips = answers.iter().map(|(_, round_trips)| round_trips).sum();
        Ok((answers.into_iter().map(|(granted, _)| granted.into()).collect(), round_trips))
    }

    fn command(&self, draw: &BucketDraw, naming: Naming) -> Cmd {
        let BucketDraw { bucket, draw } = draw;
        let mut command = match naming {
            Naming::Digest => ::redis::cmd("EVALSHA"),
            Naming::Whole => ::redis::cmd("EVAL"),
        };
        match naming {
            Naming::Digest => command.arg(self.script.get_hash()),
            Naming::Whole => command.arg(DRAW),
        };
        // Names may have braces: with our own first, a server takes no part of a path for what slots go by.
        command.arg(1).arg(format!("{}{{{bucket}}}", self.prefix));
        for number in [draw.rate.token_time().0, draw.rate.fill_time().0, draw.want, draw.debt] {
            command.arg(number);
        }
        match draw.undo {
            Some(undone) => command.arg(undone.at).arg(undone.owed.0),
            None => command.arg("").arg(""),
        };
        if let Some(PortionAsk { node, held, want, term }) = draw.portion {
            command.arg(node).arg(held).arg(want).arg(term);
        }
        command
    }
}

/// What the script returns.
struct Granted([i64; 5]);

impl FromRedisValue for Granted {
    fn from_redis_value(value: ::redis::Value) -> Result<Self, ::redis::ParsingError> {
        let (granted, owed, retry_after, at, portion) = FromRedisValue::from_redis_value(value)?;
        Ok(Self([granted, owed, retry_after, at, portion]))
    }
}

impl From<Granted> for TokenGrant {
    fn from(Granted(numbers): Granted) -> Self {
        let [granted, owed, retry_after, at, portion] = numbers.map(|number| u64::try_from(number).unwrap_or(0));
        Self { granted, owed: Ticks(owed), retry_after: Ticks(retry_after), at, portion }
    }
}

fn is_unknown(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

fn unavailable(error: RedisError) -> StoreError {
    StoreError::Unavailable(format!("redis: {error}"))
}
