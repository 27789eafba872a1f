//! What the others get while somebody stands still that reaps: everything, what the dead one held, too.

use super::task::{OTHERS, PATIENCE};
use crate::numbered::{number_of, payload};
use crate::steps::account::Account;
use crate::subject::{Subject, opened};
use anyhow::{Context, Result, ensure};

/// All messages come, those of the dead one with a mark; all slots can be used.
pub fn get_everything<K: Subject>(name: &str, queued: &[u64], account: &mut Account) -> Result<()> {
    account.begin("join");
    let channel = opened::<K>(name)?;
    let (mut tx, mut rx) = (channel.sender()?, channel.receiver()?);
    account.begin("recv_timeout");
    let mut came = Vec::new();
    for _ in queued {
        let message = rx.recv_timeout(PATIENCE).with_context(|| format!("of {queued:?} came {came:?}"))?;
        came.push((number_of(&message.to_vec()).context("a message is damaged")?, K::is_marked(&message)));
        message.ack()?;
    }
    came.sort_unstable();
    let expected: Vec<_> = queued.iter().enumerate().map(|(at, &number)| (number, at == 0)).collect();
    ensure!(came == expected, "{came:?} came instead of {expected:?}");
    account.begin("send_timeout");
    let slots = channel.info().queue.context("the channel has no queue")?.slots;
    for number in OTHERS..OTHERS + slots {
        tx.send_timeout(&payload(number), PATIENCE).context("a slot is held up")?;
    }
    for number in OTHERS..OTHERS + slots {
        let message = rx.try_recv().context("a message that was sent does not come")?;
        ensure!(number_of(&message.to_vec()) == Some(number), "another message than {number}");
    }
    Ok(())
}
