//! The demo from its beginning to its end: one measurement after the other, and what is told of each.

use super::arguments::Arguments;
use super::crew::run_crew;
use super::feed::Feed;
use super::peer::{NUMBER, Pace, PeerRole, goes_to_all, is_shared};
use super::report::{self, FixedRate, FullSpeed, Killed, Summary};
use crate::failure::Outcome;
use crate::output;
use crate::streams::Output;
use memlane::Kind;
use memlane::any::{Channel, Options};

/// Slots, in a channel that has some: each is as large as the largest message.
const SLOTS: usize = 256;

/// Who receives what a sender sends through a channel of this kind.
fn receivers(kind: Kind) -> Vec<PeerRole> {
    vec![PeerRole::Receiver; if is_shared(kind) || goes_to_all(kind) { 3 } else { 1 }]
}

/// Runs the demo.
pub fn run(arguments: &Arguments) -> Outcome {
    // A demo that nobody can see is not worth its time.
    Output::standard()?;
    let feed = Feed::load(arguments.file.as_deref())?;
    let channel = fresh_channel(arguments.kind, &feed)?;
    let tell = |text: String| if arguments.json { Ok(()) } else { output::print(&text) };
    let mut receivers = receivers(arguments.kind);
    tell(report::introduction(arguments, &feed, &channel.info()))?;
    let full_speed = FullSpeed::of(&run_crew(arguments, &channel, Pace::FullSpeed, &receivers)?, arguments.kind)?;
    tell(full_speed.describe())?;
    let fixed_rate = run_crew(arguments, &channel, Pace::FixedRate, &receivers)?;
    let fixed_rate = FixedRate::of(arguments, &fixed_rate)?;
    tell(fixed_rate.describe())?;
    let mut killed = None;
    if is_shared(arguments.kind) {
        receivers[0] = PeerRole::Victim;
        let killing = Killed::of(run_crew(arguments, &channel, Pace::UntilKilled, &receivers)?)?;
        tell(killing.describe())?;
        killed = Some(killing);
    }
    let summary = Summary::new(arguments, &feed, &channel.info(), full_speed, fixed_rate, killed);
    if arguments.json { output::print_json(&summary) } else { output::print(&summary.describe()) }
}

/// A channel without a name, so that nothing is left of it, however the demo ends: the peers get its descriptors.
fn fresh_channel(kind: Kind, feed: &Feed) -> Outcome<Channel> {
    let number = if is_shared(kind) { NUMBER } else { 0 };
    let options = Options::new(kind).max_message(number + feed.longest());
    let options = if kind.has_option("slots") { options.slots(SLOTS) } else { options };
    Ok(options.anonymous()?)
}
