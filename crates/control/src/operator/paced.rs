//! Answers that take long on a full node, worked out no more often than the node can afford.

use std::future::Future;

use tokio::sync::Mutex;
use tollgate_domain::Clock;

/// An answer is given again for so many times as long as it took to work out: at most one twentieth of one core.
const RESTS: u64 = 20;

/// The last answer to a question that many may ask. Those who ask meanwhile wait for the same answer.
#[derive(Debug, Default)]
pub(crate) struct Paced<T>(Mutex<Option<Kept<T>>>);

#[derive(Debug)]
struct Kept<T> {
    /// Ticks of the clock until which it is given again.
    until: u64,
    answer: T,
}

impl<T: Clone> Paced<T> {
    /// The last answer, if it is due again, or else a new one.
    pub(crate) async fn get<E>(&self, clock: &dyn Clock, work_out: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let mut kept = self.0.lock().await;
        let began = clock.now().ticks.0;
        if let Some(kept) = kept.as_ref().filter(|kept| began < kept.until) {
            return Ok(kept.answer.clone());
        }
        let answer = work_out.await?;
        let ended = clock.now().ticks.0;
        let until = ended.saturating_add((ended - began).saturating_mul(RESTS));
        *kept = Some(Kept { until, answer: answer.clone() });
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use tollgate_domain::UnixMillis;
    use tollgate_domain::clock::ManualClock;

    use super::*;

    #[tokio::test]
    async fn an_answer_that_took_long_is_given_again_for_a_while() {
        let (clock, paced) = (ManualClock::at(UnixMillis(0)), Paced::default());
        let ask = async |answer: u32, took: Duration| {
            let work = async {
                clock.advance(took);
                Ok::<_, Infallible>(answer)
            };
            paced.get(&clock, work).await.expect("an answer")
        };
        assert_eq!(ask(1, Duration::ZERO).await, 1);
        assert_eq!(ask(2, Duration::from_secs(1)).await, 2, "what took no time is worked out anew");
        clock.advance(Duration::from_secs(19));
        assert_eq!(ask(3, Duration::ZERO).await, 2);
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(4, Duration::ZERO).await, 4);
    }
}
