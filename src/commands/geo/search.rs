//! The members in an area: GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS family.

use super::{metres, place, reply_distance, reply_place};
use crate::commands::parse::{integer, is_word};
use crate::commands::row::{access, acl, flags, key_at, key_behind};
use crate::commands::sorted_set::reply_member;
use crate::config::NotifyFlags;
use crate::protocol::args::c_str;
use crate::protocol::{Args, CmdError, CmdResult, Reply};
use crate::server::command::{Command, Exec, Group, Run};
use crate::value::SortedSet;
use crate::value::sorted_set::{Bounds, Builder, Item, ScoreRange};
use c_compat::geohash::{self, Found, Place, Search, Shape};
use c_compat::listpack::IntText;
use c_compat::number::double;
use std::cmp::Ordering;

/// `GEORADIUS`
pub static GEORADIUS: Command = Command {
    name: "georadius",
    arity: -6,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | GEO | SLOW),
    keys: &[
        key_at(1, access!(RO | ACCESS)),
        key_behind("STORE", 6, access!(OW | UPDATE)),
        key_behind("STOREDIST", 6, access!(OW | UPDATE)),
    ],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(georadius),
    subcommands: &[],
};

fn georadius(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Radius { by_member: false, may_store: true })
}

/// `GEORADIUS_RO`
pub static GEORADIUS_RO: Command = Command {
    name: "georadius_ro",
    arity: -6,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(georadius_ro),
    subcommands: &[],
};

fn georadius_ro(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Radius { by_member: false, may_store: false })
}

/// `GEORADIUSBYMEMBER`
pub static GEORADIUSBYMEMBER: Command = Command {
    name: "georadiusbymember",
    arity: -5,
    flags: flags!(WRITE | DENYOOM | MOVABLEKEYS),
    acl: acl!(WRITE | GEO | SLOW),
    keys: &[
        key_at(1, access!(RO | ACCESS)),
        key_behind("STORE", 5, access!(OW | UPDATE)),
        key_behind("STOREDIST", 5, access!(OW | UPDATE)),
    ],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(georadiusbymember),
    subcommands: &[],
};

fn georadiusbymember(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Radius { by_member: true, may_store: true })
}

/// `GEORADIUSBYMEMBER_RO`
pub static GEORADIUSBYMEMBER_RO: Command = Command {
    name: "georadiusbymember_ro",
    arity: -5,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(georadiusbymember_ro),
    subcommands: &[],
};

fn georadiusbymember_ro(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Radius { by_member: true, may_store: false })
}

/// `GEOSEARCH`
pub static GEOSEARCH: Command = Command {
    name: "geosearch",
    arity: -7,
    flags: flags!(READONLY),
    acl: acl!(READ | GEO | SLOW),
    keys: &[key_at(1, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geosearch),
    subcommands: &[],
};

fn geosearch(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Search { stores: false })
}

/// `GEOSEARCHSTORE`
pub static GEOSEARCHSTORE: Command = Command {
    name: "geosearchstore",
    arity: -8,
    flags: flags!(WRITE | DENYOOM),
    acl: acl!(WRITE | GEO | SLOW),
    keys: &[key_at(1, access!(OW | UPDATE)), key_at(2, access!(RO | ACCESS))],
    group: Group::Geo,
    tips: &[],
    run: Run::Data(geosearchstore),
    subcommands: &[],
};

fn geosearchstore(e: &mut Exec<'_>) -> CmdResult {
    search(e, Form::Search { stores: true })
}

/// The command's own grammar.
#[derive(Clone, Copy)]
enum Form {
    /// Center and radius stand at fixed places.
    Radius { by_member: bool, may_store: bool },
    /// They are options.
    Search { stores: bool },
}

/// A member that was found.
struct Point<'s> {
    item: Item<'s>,
    found: Found,
}

fn search(e: &mut Exec<'_>, form: Form) -> CmdResult {
    let key = e.args.at(if let Form::Search { stores: true } = form { 2 } else { 1 });
    let is_there = e.ks.read_as::<SortedSet>(e.db, key)?.is_some();
    let set = e.ks.peek_as::<SortedSet>(e.db, key).filter(|_| is_there);
    let request = Request::parse(e.args, form, set)?;
    let (Some(set), Some(center), Some(shape)) = (set, request.center, request.shape) else {
        match request.store {
            Some(store) => finish_store(e, store.key, None, form),
            None => e.reply.array(0),
        }
        return Ok(());
    };
    let search = Search { center, shape, metres: request.metres };
    let mut points = find(set, &search, if request.any { request.count } else { None });
    request.sort(&mut points);
    match request.store {
        None => reply_points(e.reply, &points, &request),
        Some(store) => {
            let mut result = Builder::default();
            let mut room = IntText::new();
            for Point { item, found } in &points {
                let distance = found.distance / request.metres;
                let score = if store.distances { distance } else { item.score() };
                result.insert(item.member.text(&mut room), score);
            }
            let stored = (!points.is_empty()).then(|| {
                let limits = &e.ks.limits.sorted_set;
                (points.len(), SortedSet::from_builder(result, limits))
            });
            finish_store(e, store.key, stored, form);
        }
    }
    Ok(())
}

/// The members inside, area by area; with `enough` not many more than that.
fn find<'s>(set: &'s SortedSet, search: &Search, enough: Option<usize>) -> Vec<Point<'s>> {
    let mut points = Vec::new();
    let is_enough = |points: &Vec<Point<'_>>| enough.is_some_and(|enough| points.len() >= enough);
    for (min, max) in search.ranges() {
        let range = ScoreRange { min: min as f64, max: max as f64, min_open: false, max_open: true };
        for item in set.range(set.span(&Bounds::Score(range), false, None), false) {
            if is_enough(&points) {
                return points;
            }
            if let Some(found) = search.within(item.score()) {
                points.push(Point { item, found });
            }
        }
    }
    points
}

fn reply_points(reply: &mut Reply, points: &[Point<'_>], request: &Request<'_>) {
    let extras = [request.with_distance, request.with_hash, request.with_place];
    let extras = extras.into_iter().filter(|with| *with).count();
    reply.array(points.len());
    for Point { item, found } in points {
        if extras > 0 {
            reply.array(1 + extras);
        }
        reply_member(reply, item.member);
        if request.with_distance {
            reply_distance(reply, found.distance / request.metres);
        }
        if request.with_hash {
            reply.int(item.score() as i64);
        }
        if request.with_place {
            reply_place(reply, found.place);
        }
    }
}

/// Puts the result, if there is any, in the place of what the key holds, and replies how many members were found.
fn finish_store(e: &mut Exec<'_>, key: &[u8], stored: Option<(usize, SortedSet)>, form: Form) {
    let Some((found, result)) = stored else {
        if e.ks.delete(e.db, key) {
            e.notify(NotifyFlags::GENERIC, "del", key);
            e.ks.effects.dirty += 1;
        }
        return e.reply.int(0);
    };
    e.ks.store(e.db, key, result);
    let event = if let Form::Search { .. } = form { "geosearchstore" } else { "georadiusstore" };
    e.notify(NotifyFlags::ZSET, event, key);
    e.ks.effects.dirty += found as u64;
    e.reply.int(found as i64);
}

/// Where a result is put, and whether with distances as scores.
#[derive(Clone, Copy)]
struct Store<'a> {
    key: &'a [u8],
    distances: bool,
}

struct Request<'a> {
    /// None if it was to be a member's place and there is no sorted set, or by mistake.
    center: Option<Place>,
    shape: Option<Shape>,
    metres: f64,
    with_distance: bool,
    with_hash: bool,
    with_place: bool,
    order: Option<Order>,
    count: Option<usize>,
    any: bool,
    store: Option<Store<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Nearest,
    Farthest,
}

/// Where a search's center is said to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Member,
    Place,
}

impl<'a> Request<'a> {
    fn parse(args: Args<'a>, form: Form, set: Option<&SortedSet>) -> CmdResult<Self> {
        let mut request = Request {
            center: None,
            shape: None,
            metres: 1.0,
            with_distance: false,
            with_hash: false,
            with_place: false,
            order: None,
            count: None,
            any: false,
            store: None,
        };
        let from = match form {
            Form::Radius { by_member: false, .. } => {
                request.center = Some(place(args.at(2), args.at(3))?);
                request.circle(args.at(4), args.at(5))?;
                6
            }
            Form::Radius { by_member: true, .. } => {
                if set.is_some() {
                    request.center = place_of(set, args.at(2))?;
                    request.circle(args.at(3), args.at(4))?;
                }
                5
            }
            Form::Search { stores: false } => 2,
            Form::Search { stores: true } => {
                request.store = Some(Store { key: args.at(1), distances: false });
                3
            }
        };
        request.parse_options(args, from, form, set)?;
        Ok(request)
    }

    fn parse_options(
        &mut self,
        args: Args<'a>,
        from: usize,
        form: Form,
        set: Option<&SortedSet>,
    ) -> CmdResult {
        let (is_search, search_stores, may_store) = match form {
            Form::Search { stores } => (true, stores, false),
            Form::Radius { may_store, .. } => (false, false, may_store),
        };
        let mut center_from = None;
        let mut at = from;
        while at < args.len() {
            let word = args.at(at);
            let behind = args.len() - at - 1;
            let arg = |n: usize| args.at(at + n);
            let is = |name| is_word(word, name);
            if is("withdist") {
                self.with_distance = true;
            } else if is("withhash") {
                self.with_hash = true;
            } else if is("withcoord") {
                self.with_place = true;
            } else if is("any") {
                self.any = true;
            } else if is("asc") {
                self.order = Some(Order::Nearest);
            } else if is("desc") {
                self.order = Some(Order::Farthest);
            } else if is("count") && behind >= 1 {
                let count = usize::try_from(integer(arg(1))?).ok().filter(|n| *n > 0);
                self.count = Some(count.ok_or_else(|| CmdError::err("COUNT must be > 0"))?);
                at += 1;
            } else if may_store && behind >= 1 && (is("store") || is("storedist")) {
                self.store = Some(Store { key: arg(1), distances: is("storedist") });
                at += 1;
            } else if search_stores && is("storedist") {
                self.store = self.store.map(|store| Store { distances: true, ..store });
            } else if is_search && behind >= 1 && center_from != Some(From::Place) && is("frommember") {
                self.center = place_of(set, arg(1))?;
                center_from = Some(From::Member);
                at += 1;
            } else if is_search && behind >= 2 && center_from != Some(From::Member) && is("fromlonlat") {
                self.center = Some(place(arg(1), arg(2))?);
                center_from = Some(From::Place);
                at += 2;
            } else if is_search
                && behind >= 2
                && !matches!(self.shape, Some(Shape::Box { .. }))
                && is("byradius")
            {
                self.circle(arg(1), arg(2))?;
                at += 2;
            } else if is_search
                && behind >= 3
                && !matches!(self.shape, Some(Shape::Circle { .. }))
                && is("bybox")
            {
                self.rectangle(arg(1), arg(2), arg(3))?;
                at += 3;
            } else {
                return Err(CmdError::SYNTAX);
            }
            at += 1;
        }
        self.check(args, is_search, search_stores, center_from)
    }

    /// What does not go together.
    fn check(
        &self,
        args: Args<'_>,
        is_search: bool,
        search_stores: bool,
        center_from: Option<From>,
    ) -> CmdResult {
        if self.store.is_some() && (self.with_distance || self.with_hash || self.with_place) {
            let what = if search_stores { "GEOSEARCHSTORE" } else { "STORE option in GEORADIUS" };
            return Err(CmdError::err(format!(
                "{what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            )));
        }
        let for_command = |text: &str| CmdError::err([text.as_bytes(), c_str(args.at(0))].concat());
        if is_search && center_from.is_none() {
            return Err(for_command("exactly one of FROMMEMBER or FROMLONLAT can be specified for "));
        }
        if is_search && self.shape.is_none() {
            return Err(for_command("exactly one of BYRADIUS and BYBOX can be specified for "));
        }
        if self.any && self.count.is_none() {
            return Err(CmdError::err("the ANY argument requires COUNT argument"));
        }
        Ok(())
    }

    fn circle(&mut self, radius: &[u8], unit: &[u8]) -> CmdResult {
        let radius = double::parse(radius).ok_or_else(|| CmdError::err("need numeric radius"))?;
        if radius < 0.0 {
            return Err(CmdError::err("radius cannot be negative"));
        }
        self.metres = metres(unit)?;
        self.shape = Some(Shape::Circle { radius });
        Ok(())
    }

    fn rectangle(&mut self, width: &[u8], height: &[u8], unit: &[u8]) -> CmdResult {
        let width = double::parse(width).ok_or_else(|| CmdError::err("need numeric width"))?;
        let height = double::parse(height).ok_or_else(|| CmdError::err("need numeric height"))?;
        if width < 0.0 || height < 0.0 {
            return Err(CmdError::err("height or width cannot be negative"));
        }
        self.metres = metres(unit)?;
        self.shape = Some(Shape::Box { width, height });
        Ok(())
    }

    /// Puts the points in order and keeps as many as are asked for. A count alone asks for the nearest, but with ANY for
    /// those that were found first.
    fn sort(&self, points: &mut Vec<Point<'_>>) {
        let nearest = (self.count.is_some() && !self.any).then_some(Order::Nearest);
        let count = self.count.unwrap_or(usize::MAX);
        if let Some(order) = self.order.or(nearest) {
            let compare = |a: &Point<'_>, b: &Point<'_>| {
                let nearer = a.found.distance.partial_cmp(&b.found.distance).unwrap_or(Ordering::Equal);
                if order == Order::Nearest { nearer } else { nearer.reverse() }
            };
            if count < points.len() {
                points.select_nth_unstable_by(count, compare);
                points.truncate(count);
            }
            points.sort_by(compare);
        }
        points.truncate(count);
    }
}

/// A member's place; none without a sorted set.
fn place_of(set: Option<&SortedSet>, member: &[u8]) -> CmdResult<Option<Place>> {
    let Some(set) = set else { return Ok(None) };
    let score = set.get(member);
    let score = score.ok_or_else(|| CmdError::err("could not decode requested zset member"))?;
    Ok(Some(geohash::decode(score)))
}
