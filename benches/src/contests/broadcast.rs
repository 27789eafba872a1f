//! The tables of `broadcast`.

use crate::contest::{Contest, Crew, Family, Work};
use crate::peer::Shape;
#[cfg(feature = "peers")]
use crate::peers::iceoryx2::PublishSubscribe;
use crate::peers::memlane::{Broadcast, Spsc};
use crate::peers::spsc_each::SpscFan;
#[cfg(feature = "peers")]
use crate::peers::tokio_broadcast::TokioBroadcast;
use crate::shapes::{beside_onlookers, many, many_threads, one_way, one_way_threads};
use memlane::Strategy;
use memlane::broadcast::Policy;

const ROOM: usize = 48 * 1024;

/// So many receivers, where there are many.
const MANY: usize = 8;

/// What gates cost beside the one lane of `spsc`, and beside a channel of its own for each of eight receivers. And what programs that look on
/// cost, which is nothing.
pub fn families() -> Vec<Family> {
    let one = Shape { room: ROOM, batch: 1 };
    let sixteen = Shape { room: ROOM, batch: 16 };
    let (lane, broadcast) = (Spsc::copying(Strategy::Adaptive), Broadcast::copying(Strategy::Adaptive));
    let family = |title: &str, contests| Family {
        title: format!("broadcast, 48 bytes, {title}"),
        work: Work::Messages { bytes: 48 },
        position: None,
        contests,
    };
    let mut to_one = vec![
        one_way::<48, _>(lane, one, None).of_table("broadcast"),
        one_way::<48, _>(broadcast, one, None),
        one_way::<48, _>(broadcast, sixteen, None),
        one_way_threads::<48, _>(broadcast, one, None),
    ];
    let mut to_many = vec![
        many::<48, _>(SpscFan(MANY), one, Crew::fan(MANY), None),
        many::<48, _>(broadcast, one, Crew::fan(MANY), None),
        many::<48, _>(broadcast, sixteen, Crew::fan(MANY), None),
        many_threads::<48, _>(broadcast, one, Crew::fan(MANY), None),
    ];
    to_one.extend(of_others(one, 1));
    to_many.extend(of_others(one, MANY));
    let looked_at = |policy| [false, true].map(|has| beside_onlookers::<48>(ROOM, policy, has)).into();
    vec![
        family("1 to 1", to_one),
        family("1 to 8", to_many),
        family("waiting, beside programs that look on", looked_at(Policy::Block)),
        family("overwriting, beside programs that look on", looked_at(Policy::Overwrite)),
    ]
}

/// What other crates take.
#[cfg(feature = "peers")]
fn of_others(shape: Shape, receivers: usize) -> Vec<Contest> {
    match receivers {
        1 => vec![
            one_way::<48, _>(PublishSubscribe(1), shape, None).of_table("broadcast"),
            one_way_threads::<48, _>(TokioBroadcast, shape, None),
        ],
        _ => vec![
            many::<48, _>(PublishSubscribe(receivers), shape, Crew::fan(receivers), None),
            many_threads::<48, _>(TokioBroadcast, shape, Crew::fan(receivers), None),
        ],
    }
}

#[cfg(not(feature = "peers"))]
fn of_others(_: Shape, _: usize) -> Vec<Contest> {
    Vec::new()
}
