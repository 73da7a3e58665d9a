use graylane_proxy::Ledger;
use tokio::sync::mpsc::UnboundedReceiver;

use super::Signals;
use crate::handover::{House, Leaving, Phase, Returned, Word};

/// Why the process ends.
pub(super) enum End {
    /// It was told to by that signal, and drains; what had become of connections before.
    Signal(&'static str, Ledger),
    /// Another process goes on.
    Leaving(Leaving),
    /// The process before goes on.
    Returned(Returned),
}

/// Waits until the process is to end. A handover under way is called off by a signal, and ends first: then somebody else
/// serves, or nobody is to.
pub(super) async fn wait(house: &House, signals: &mut Signals, words: &mut UnboundedReceiver<Word>) -> End {
    let name = tokio::select! {
        end = word(words) => return end,
        name = signals.next() => name,
    };
    house.tell_to_end();
    let mut phases = house.parts().record.phases();
    loop {
        if let Some(mark) = house.drain_alone() {
            return End::Signal(name, mark);
        }
        log::info!("{name}: the handover under way is called off");
        house.call_off(&format!("it was told to end by {name}"));
        tokio::select! {
            biased;
            end = word(words) => return end,
            // Where the next one has come by now, that is called off too.
            _ = phases.wait_for(|phase| *phase == Phase::Serving) => {}
            name = signals.next() => return End::Signal(name, house.drain()),
        }
    }
}

async fn word(words: &mut UnboundedReceiver<Word>) -> End {
    match words.recv().await {
        Some(Word::Leaving(leaving)) => End::Leaving(leaving),
        Some(Word::Returned(returned)) => End::Returned(returned),
        // The house, which has the other end, outlives this.
        None => std::future::pending().await,
    }
}
