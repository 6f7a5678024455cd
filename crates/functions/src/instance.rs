//! One instance of a function: a process and its Runtime API, from start to end.

use std::io;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::error::InvokeError;
use crate::fault::Fault;
use crate::host::Presence;
use crate::invocation::{Invocation, PAYLOAD_LIMIT};
use crate::pool::{Place, Pool};
use crate::process::Process;
use crate::runtime_api::{Ask, Delivery, Posted, RuntimeApi};
use crate::work::{Outcome, Work};

/// Why an instance is not ready to work.
#[derive(Clone, Debug)]
pub(crate) enum StartFailure {
    /// The function's fault: it could not be loaded, took too long, or ended. The error, as JSON.
    Faulty(Bytes),
    /// Ours: there is no process.
    NoProcess { name: String, cause: String },
    /// It was told to end.
    Stopping,
}

impl StartFailure {
    /// What a call ends in that waited for the instance.
    pub(crate) fn outcome(&self) -> Outcome {
        match self {
            Self::Faulty(error) => Ok(Invocation::failed(error.clone(), Bytes::new())),
            Self::NoProcess { name, cause } => {
                Err(InvokeError::CannotStart { name: name.clone(), cause: cause.clone() })
            }
            Self::Stopping => Err(InvokeError::Stopping),
        }
    }
}

/// Runs an instance to its end, which `pool` decides, or the process.
pub(crate) async fn run(pool: Arc<Pool>, _presence: Presence) {
    let started = Instance::start(&pool).await;
    match started {
        Ok(instance) => {
            pool.started();
            instance.serve().await;
            pool.ended();
        }
        Err(failure) => {
            tracing::warn!(target: "tollgate::function", "{}: an instance did not start: {failure:?}", pool.function.name);
            pool.start_failed(failure);
        }
    }
}

struct Instance {
    pool: Arc<Pool>,
    process: Process,
    api: RuntimeApi,
    /// Where the process waits for its next call, when it does.
    next: Option<oneshot::Sender<Delivery>>,
}

/// How a call ended.
enum Ended {
    Answered(Posted),
    Exited(io::Result<ExitStatus>),
    TimedOut,
    Stopped,
}

impl Instance {
    /// Starts a process and waits until it asks for its first call.
    async fn start(pool: &Arc<Pool>) -> Result<Self, StartFailure> {
        let no_process =
            |error: io::Error| StartFailure::NoProcess { name: pool.function.name.clone(), cause: error.to_string() };
        let api = RuntimeApi::start().await.map_err(no_process)?;
        let process =
            Process::start(&pool.host, &pool.function, &pool.process, api.address).await.map_err(no_process)?;
        let mut instance = Self { pool: Arc::clone(pool), process, api, next: None };
        match instance.initialise().await {
            Ok(()) => Ok(instance),
            Err(failure) => {
                instance.process.kill().await;
                Err(failure)
            }
        }
    }

    async fn initialise(&mut self) -> Result<(), StartFailure> {
        let pool = Arc::clone(&self.pool);
        let limit = pool.host.config.init_timeout;
        let late = tokio::time::sleep(limit);
        tokio::pin!(late);
        loop {
            tokio::select! {
                biased;
                Some(ask) = self.api.asks.recv() => match ask {
                    Ask::Next(next) => {
                        self.next = Some(next);
                        return Ok(());
                    }
                    Ask::InitError(error) => return Err(StartFailure::Faulty(error)),
                    Ask::Answer { known, .. } => drop(known.send(false)),
                },
                status = self.process.ended() => return Err(StartFailure::Faulty(self.exited("", status).payload())),
                () = &mut late => return Err(StartFailure::Faulty(self.timed_out("", limit).payload())),
                () = pool.host.told_to_end() => return Err(StartFailure::Stopping),
            }
        }
    }

    /// Does one call after the other.
    async fn serve(mut self) {
        while let Some(work) = self.wait_for_work().await {
            if !self.perform(work).await {
                break;
            }
        }
        self.process.kill().await;
    }

    /// The next call, unless this instance is to end.
    async fn wait_for_work(&mut self) -> Option<Work> {
        let pool = Arc::clone(&self.pool);
        let mut place = match pool.next_work()? {
            Ok(work) => return Some(work),
            Err(place) => place,
        };
        let work = self.idle(&mut place).await;
        if work.is_none() {
            pool.leave(place);
        }
        work
    }

    async fn idle(&mut self, place: &mut Place) -> Option<Work> {
        let pool = Arc::clone(&self.pool);
        let too_long = tokio::time::sleep(pool.host.config.idle);
        tokio::pin!(too_long);
        loop {
            tokio::select! {
                work = place.work() => return work,
                Some(ask) = self.api.asks.recv() => self.hear(ask),
                _ = self.process.ended() => return None,
                () = &mut too_long => return None,
                () = pool.host.told_to_end() => return None,
            }
        }
    }

    /// Does one call. False when the process cannot do another.
    async fn perform(&mut self, work: Work) -> bool {
        let pool = Arc::clone(&self.pool);
        let timeout = pool.function.timeout;
        let (began, id) = (Instant::now(), work.request_id.clone());
        self.process.output.begin(&format!("START RequestId: {id} Version: $LATEST\n"));
        let ended = self.deliver(&work, began + timeout).await;
        let answered = matches!(ended, Ended::Answered(_));
        let log = self.process.output.end(&self.report(&id, began)).await;
        work.end(match ended {
            Ended::Answered(Posted::Response(payload)) => Ok(Invocation::returned(payload, log)),
            Ended::Answered(Posted::Error(error)) => Ok(Invocation::failed(error, log)),
            Ended::Answered(Posted::TooLarge) => {
                Ok(Invocation::failed(Fault::response_too_large(PAYLOAD_LIMIT).payload(), log))
            }
            Ended::Exited(status) => Ok(Invocation::failed(self.exited(&id, status).payload(), log)),
            Ended::TimedOut => Ok(Invocation::failed(self.timed_out(&id, timeout).payload(), log)),
            Ended::Stopped => Err(InvokeError::Stopping),
        });
        // The function's timeout covers what it does after its answer, too.
        answered && self.ready_by(began + timeout).await
    }

    /// Hands the call to the process and waits for its end.
    async fn deliver(&mut self, work: &Work, deadline: Instant) -> Ended {
        let pool = Arc::clone(&self.pool);
        let mut delivery = Some(self.delivery(work));
        loop {
            // A connection that broke took its request for a call with it; the process may ask on another.
            if let (Some(call), Some(next)) = (delivery.take(), self.next.take_if(|next| !next.is_closed())) {
                delivery = next.send(call).err();
            }
            tokio::select! {
                biased;
                Some(ask) = self.api.asks.recv() => match ask {
                    Ask::Answer { request_id, answer, known } if request_id == work.request_id => {
                        let _ = known.send(true);
                        return Ended::Answered(answer);
                    }
                    other => self.hear(other),
                },
                status = self.process.ended() => return Ended::Exited(status),
                () = tokio::time::sleep_until(deadline) => return Ended::TimedOut,
                () = pool.host.told_to_end() => return Ended::Stopped,
            }
        }
    }

    /// Waits until the process asks for its next call.
    async fn ready_by(&mut self, deadline: Instant) -> bool {
        let pool = Arc::clone(&self.pool);
        while self.next.is_none() {
            tokio::select! {
                biased;
                Some(ask) = self.api.asks.recv() => self.hear(ask),
                _ = self.process.ended() => return false,
                () = tokio::time::sleep_until(deadline) => return false,
                () = pool.host.told_to_end() => return false,
            }
        }
        true
    }

    /// Takes what the process says out of turn.
    fn hear(&mut self, ask: Ask) {
        match ask {
            Ask::Next(next) => self.next = Some(next),
            Ask::Answer { known, .. } => drop(known.send(false)),
            Ask::InitError(_) => {}
        }
    }

    fn delivery(&self, work: &Work) -> Delivery {
        let timeout = i64::try_from(self.pool.function.timeout.as_millis()).unwrap_or(i64::MAX);
        Delivery {
            request_id: work.request_id.clone(),
            arn: self.pool.function.arn.clone(),
            deadline: self.pool.host.clock.now().wall.0.saturating_add(timeout),
            payload: work.payload.clone(),
        }
    }

    fn report(&self, id: &str, began: Instant) -> String {
        let millis = began.elapsed().as_secs_f64() * 1000.0;
        format!(
            "END RequestId: {id}\nREPORT RequestId: {id}\tDuration: {millis:.2} ms\tBilled Duration: {:.0} ms\tMemory \
             Size: {} MB\n",
            millis.ceil(),
            self.pool.process.memory_mb
        )
    }

    fn exited(&self, id: &str, status: io::Result<ExitStatus>) -> Fault {
        match status {
            Ok(status) => Fault::exited(id, status),
            Err(error) => Fault::new("Runtime.ExitError", format!("RequestId: {id} Error: {error}")),
        }
    }

    fn timed_out(&self, id: &str, limit: Duration) -> Fault {
        Fault::timed_out(self.pool.host.clock.now().wall, id, limit)
    }
}
