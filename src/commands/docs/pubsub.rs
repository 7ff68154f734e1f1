//! What COMMAND DOCS tells of the pubsub group.

use super::{Arg, Docs};

const CHANNELS: Arg = Arg::string("channel").multiple();
const SHARD_CHANNELS: Arg = Arg::string("shardchannel").multiple();
const MESSAGE: Arg = Arg::string("message");

/// Sorted by full name.
pub const DOCS: &[Docs] = &[
    Docs::new(
        "psubscribe",
        "2.0.0",
        "Listen to all channels whose names match patterns",
        "O(N), N being the number of patterns",
    )
    .args(&[Arg::block("pattern", &[Arg::pattern("pattern")]).multiple()]),
    Docs::new(
        "publish",
        "2.0.0",
        "Send a message to those who listen to a channel",
        "O(N+M), N being the number of clients that get it and M that of the patterns that begin like the channel",
    )
    .args(&[Arg::string("channel"), MESSAGE]),
    Docs::new("pubsub", "2.8.0", "Commands about who listens to what", "That of the subcommand."),
    Docs::new(
        "pubsub|channels",
        "2.8.0",
        "The channels that somebody listens to",
        "O(N), N being the number of such channels",
    )
    .args(&[Arg::pattern("pattern").optional()]),
    Docs::new("pubsub|help", "6.2.0", "What the subcommands are for", "O(1)"),
    Docs::new("pubsub|numpat", "2.8.0", "How many different patterns have subscribers", "O(1)"),
    Docs::new(
        "pubsub|numsub",
        "2.8.0",
        "How many clients are subscribed to channels",
        "O(N), N being the number of channels",
    )
    .args(&[CHANNELS.optional()]),
    Docs::new(
        "pubsub|shardchannels",
        "7.0.0",
        "The shard channels that somebody listens to",
        "O(N), N being the number of such channels",
    )
    .args(&[Arg::pattern("pattern").optional()]),
    Docs::new(
        "pubsub|shardnumsub",
        "7.0.0",
        "How many clients are subscribed to shard channels",
        "O(N), N being the number of channels",
    )
    .args(&[SHARD_CHANNELS.optional()]),
    Docs::new(
        "punsubscribe",
        "2.0.0",
        "Listen no more to channels that match patterns",
        "O(N), N being the number of patterns",
    )
    .args(&[Arg::pattern("pattern").multiple().optional()]),
    Docs::new(
        "spublish",
        "7.0.0",
        "Send a message to those who listen to a shard channel",
        "O(N), N being the number of clients that get it",
    )
    .args(&[Arg::string("shardchannel"), MESSAGE]),
    Docs::new(
        "ssubscribe",
        "7.0.0",
        "Listen to shard channels",
        "O(N), N being the number of channels",
    )
    .args(&[SHARD_CHANNELS]),
    Docs::new("subscribe", "2.0.0", "Listen to channels", "O(N), N being the number of channels")
        .args(&[CHANNELS]),
    Docs::new(
        "sunsubscribe",
        "7.0.0",
        "Listen no more to shard channels",
        "O(N), N being the number of channels",
    )
    .args(&[SHARD_CHANNELS.optional()]),
    Docs::new(
        "unsubscribe",
        "2.0.0",
        "Listen no more to channels",
        "O(N), N being the number of channels",
    )
    .args(&[CHANNELS.optional()]),
];
