//! CLIENT TRACKING, CACHING, GETREDIR and TRACKINGINFO: client-side caching.

use crate::client::tracking::{ClientTracking, TrackingModes};
use crate::client::{Client, ClientId};
use crate::commands::container::c_str;
use crate::commands::parse::{integer, is_word};
use crate::protocol::{Args, CmdError, CmdResult};
use crate::server::Server;

/// What CLIENT TRACKING is given.
#[derive(Default)]
struct Options<'a> {
    modes: TrackingModes,
    redirect: Option<ClientId>,
    prefixes: Vec<&'a [u8]>,
}

impl<'a> Options<'a> {
    fn parse(server: &Server, args: Args<'a>) -> CmdResult<Self> {
        let mut options = Options::default();
        let mut at = 3;
        while let Some(option) = args.get(at) {
            let value = args.get(at + 1);
            match (option, value) {
                (word, Some(number)) if is_word(word, "redirect") => {
                    if options.redirect.is_some() {
                        return Err(CmdError::err("A client can only redirect to a single other client"));
                    }
                    let number = integer(number)?;
                    let found = u64::try_from(number).ok().and_then(|n| server.clients.by_number(n));
                    let unknown = || CmdError::err("The client ID you want redirect to does not exist");
                    options.redirect = Some(found.ok_or_else(unknown)?);
                    at += 1;
                }
                (word, Some(prefix)) if is_word(word, "prefix") => {
                    options.prefixes.push(prefix);
                    at += 1;
                }
                (word, _) => options.modes |= mode(word).ok_or(CmdError::SYNTAX)?,
            }
            at += 1;
        }
        Ok(options)
    }

    /// Whether the options go together, and with how the client tracks already.
    fn check(&self, now: Option<&ClientTracking>) -> CmdResult {
        use TrackingModes as Mode;
        let wants = |mode| self.modes.contains(mode);
        let has = |mode| now.is_some_and(|now| now.modes.contains(mode));
        let error = if !wants(Mode::BCAST) && !self.prefixes.is_empty() {
            "PREFIX option requires BCAST mode to be enabled"
        } else if now.is_some() && has(Mode::BCAST) != wants(Mode::BCAST) {
            "You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with \
             a different mode."
        } else if wants(Mode::BCAST) && self.modes.intersects(Mode::OPTIN | Mode::OPTOUT) {
            "OPTIN and OPTOUT are not compatible with BCAST"
        } else if wants(Mode::OPTIN) && wants(Mode::OPTOUT) {
            "You can't specify both OPTIN mode and OPTOUT mode"
        } else if wants(Mode::OPTIN) && has(Mode::OPTOUT) || wants(Mode::OPTOUT) && has(Mode::OPTIN) {
            "You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with \
             a different mode."
        } else {
            return self.check_prefixes(now);
        };
        Err(CmdError::err(error))
    }

    /// No key may have two prefixes of one client: it would be told twice.
    fn check_prefixes(&self, now: Option<&ClientTracking>) -> CmdResult {
        let overlap = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
        let error = |prefix: &[u8], other: &[u8], which: &[u8]| {
            let (prefix, other) = (c_str(prefix), c_str(other));
            let rest = b"'. Prefixes for a single client must not overlap.";
            CmdError::err(
                [b"Prefix '", prefix, b"' overlaps with ", which, b" prefix '", other, rest].concat(),
            )
        };
        // Two of them overlap if, in their order, two neighbours do.
        let mut sorted = self.prefixes.clone();
        sorted.sort_unstable();
        let alone = sorted.windows(2).all(|pair| !overlap(pair[0], pair[1]));
        for (i, prefix) in self.prefixes.iter().enumerate() {
            if let Some(other) = now.and_then(|now| now.overlapping(prefix)) {
                return Err(error(prefix, other, b"an existing"));
            }
            let others = if alone { &[] } else { &self.prefixes[i + 1..] };
            if let Some(other) = others.iter().find(|other| overlap(other, prefix)) {
                return Err(error(prefix, other, b"another provided"));
            }
        }
        Ok(())
    }
}

fn mode(word: &[u8]) -> Option<TrackingModes> {
    Some(match word {
        word if is_word(word, "bcast") => TrackingModes::BCAST,
        word if is_word(word, "optin") => TrackingModes::OPTIN,
        word if is_word(word, "optout") => TrackingModes::OPTOUT,
        word if is_word(word, "noloop") => TrackingModes::NOLOOP,
        _ => return None,
    })
}

pub(super) fn tracking(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let options = Options::parse(server, args)?;
    match args.at(2) {
        word if is_word(word, "on") => {
            options.check(server.client_mut(id).tracking.as_deref())?;
            server.track(id, options.modes, options.redirect, &options.prefixes);
        }
        word if is_word(word, "off") => server.track_no_more(id),
        _ => return Err(CmdError::SYNTAX),
    }
    server.reply(id).ok();
    Ok(())
}

pub(super) fn caching(server: &mut Server, id: ClientId, args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    let Some(tracking) = &mut client.tracking else {
        return Err(CmdError::err(
            "CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled",
        ));
    };
    let (mode, error) = match args.at(2) {
        word if is_word(word, "yes") => {
            (TrackingModes::OPTIN, "CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")
        }
        word if is_word(word, "no") => (
            TrackingModes::OPTOUT,
            "CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
        ),
        _ => return Err(CmdError::SYNTAX),
    };
    if !tracking.modes.contains(mode) {
        return Err(CmdError::err(error));
    }
    tracking.modes.insert(TrackingModes::CACHING);
    client.reply.ok();
    Ok(())
}

pub(super) fn getredir(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let client = server.client_mut(id);
    client.reply.int(client.redirects_to());
    Ok(())
}

pub(super) fn trackinginfo(server: &mut Server, id: ClientId, _args: Args<'_>) -> CmdResult {
    let Client { reply, tracking, .. } = server.client_mut(id);
    let tracking = tracking.as_deref();
    let modes = tracking.map_or(TrackingModes::empty(), |tracking| tracking.modes);
    let caching = modes.contains(TrackingModes::CACHING);
    let (optin, optout) = (modes.contains(TrackingModes::OPTIN), modes.contains(TrackingModes::OPTOUT));
    let words = [
        (tracking.is_some(), "on"),
        (tracking.is_none(), "off"),
        (modes.contains(TrackingModes::BCAST), "bcast"),
        (optin, "optin"),
        (optin && caching, "caching-yes"),
        (optout, "optout"),
        (optout && caching, "caching-no"),
        (modes.contains(TrackingModes::NOLOOP), "noloop"),
        (modes.contains(TrackingModes::BROKEN_REDIRECT), "broken_redirect"),
    ];
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(words.iter().filter(|(holds, _)| *holds).count());
    words.iter().filter(|(holds, _)| *holds).for_each(|(_, word)| reply.bulk(word.as_bytes()));
    reply.bulk(b"redirect");
    let to = |tracking: &ClientTracking| tracking.redirect.map_or(0, |to| to.number as i64);
    reply.int(tracking.map_or(-1, to));
    reply.bulk(b"prefixes");
    match tracking {
        Some(tracking) => reply.bulks(tracking.prefixes()),
        None => reply.bulks([].into_iter()),
    }
    Ok(())
}
