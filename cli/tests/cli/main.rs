//! The built command, as a shell would use it: one file a question, and `sandbox` for what they share.
//!
//! Nothing here sleeps to wait for something, or asserts how long something took: `sandbox::eventually` waits for
//! conditions, with a deadline that only a hang reaches.

mod broadcast;
mod crashes;
mod demo;
mod facts;
mod failures;
mod feed;
mod follow;
mod forged_words;
mod hostile_texts;
mod output;
mod queue;
mod raw;
mod rpc;
mod sandbox;
mod signals;
mod stale;
mod transfer;
mod watch;
