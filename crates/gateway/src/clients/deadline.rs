//! Time limits that cost nothing where they are kept.
//!
//! To arm and disarm a timer costs a call as much as a decision. What takes less than a tick needs none: the tick
//! wakes what is still waiting, and only that arms a timer, for the rest of its time.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tollgate_domain::{Clock, Ticks};

use super::Client;

/// The shortest limit that waits for a tick, which is a second at most.
const LONG: Duration = Duration::from_secs(2);

/// Runs a task of a call by `client` until it ends; `None` when `limit` is over before, which is counted from when it
/// `began`.
pub(crate) async fn within<T>(
    client: &Client,
    limit: Duration,
    began: Ticks,
    clock: &dyn Clock,
    task: impl Future<Output = T>,
) -> Option<T> {
    let (mut task, mut timer) = (pin!(task), None);
    let tick = client.tick();
    poll_fn(|cx| {
        if let Poll::Ready(outcome) = task.as_mut().poll(cx) {
            return Poll::Ready(Some(outcome));
        }
        if timer.is_none() && limit >= LONG && client.tick() == tick && client.wake_at_tick() {
            return Poll::Pending;
        }
        let left = || limit.saturating_sub(clock.ticks().since(began));
        let timer = timer.get_or_insert_with(|| Box::pin(tokio::time::sleep(left())));
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::rc::Rc;

    use tokio::time::Instant;
    use tollgate_domain::UnixMillis;
    use tollgate_domain::clock::ManualClock;

    use super::super::{Arrival, Clients};
    use super::*;
    use crate::clients::until_expired;
    use crate::config::GatewayConfig;

    /// How long a task that never ends is waited for, at half a tick after the last one.
    async fn waited(limit: Duration) -> Duration {
        let clients = Rc::new(Clients::new(&GatewayConfig::default()));
        let arrival = Arrival { peer: ([10, 0, 0, 1], 4321).into(), port: 8080, secured: false };
        let registered = clients.register(arrival);
        let clock = ManualClock::at(UnixMillis(0));
        let ticking = async { clients.watch().await };
        let waiting = async {
            tokio::time::sleep(Duration::from_millis(1500)).await;
            let began = Instant::now();
            let client = &*registered.client;
            // Only the task of a connection is woken by ticks.
            let outcome = until_expired(client, within(client, limit, clock.ticks(), &clock, pending::<()>())).await;
            assert_eq!(outcome, Some(None));
            began.elapsed()
        };
        tokio::select! {
            () = ticking => unreachable!("ticks have no end"),
            waited = waiting => waited,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_is_kept_to_within_a_tick() {
        // The clock of this test stands still, so that what passes until the tick is not taken off.
        let waited = waited(Duration::from_secs(29)).await;
        assert!(waited >= Duration::from_secs(29) && waited <= Duration::from_secs(30), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_short_limit_waits_for_no_tick() {
        let waited = waited(Duration::from_millis(50)).await;
        assert!(waited >= Duration::from_millis(50) && waited < Duration::from_millis(60), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_passed_since_the_task_began_is_taken_off() {
        let client = Client::new(([10, 0, 0, 1], 4321).into(), 8080);
        let clock = ManualClock::at(UnixMillis(0));
        let began = clock.ticks();
        clock.advance(Duration::from_secs(10));
        let waits = Instant::now();
        assert_eq!(within(&client, Duration::from_secs(29), began, &clock, pending::<()>()).await, None);
        assert_eq!(waits.elapsed().as_secs(), 19);
        clock.advance(Duration::from_secs(20));
        let waits = Instant::now();
        assert_eq!(within(&client, Duration::from_secs(29), began, &clock, pending::<()>()).await, None);
        assert!(waits.elapsed() < Duration::from_millis(10), "it was over before");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_without_ticks_is_limited_too() {
        let client = Client::new(([10, 0, 0, 1], 4321).into(), 8080);
        let clock = ManualClock::at(UnixMillis(0));
        let began = Instant::now();
        assert_eq!(within(&client, Duration::from_secs(29), clock.ticks(), &clock, pending::<()>()).await, None);
        assert!(began.elapsed() < Duration::from_millis(29_100));
        assert_eq!(
            within(&client, Duration::from_secs(29), clock.ticks(), &clock, std::future::ready(1)).await,
            Some(1)
        );
    }
}
