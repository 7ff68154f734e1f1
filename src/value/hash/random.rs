//! Fields drawn at random, of those whose time has not passed.

use super::{Field, FieldRef, Hash, Table};
use crate::ds::table::Element;
use crate::util::rng::Rng;
use std::collections::HashSet;

/// How often a field is drawn again from a table, after ones whose time has passed.
const TRIES: usize = 100;
/// How many fields at a time are drawn from a packed hash, in one walk over it.
const BATCH: usize = 1000;
/// With less fields than this for each that is asked for, all are walked over instead of drawing some.
const DRAWN_PER_WALKED: usize = 3;

impl Hash {
    /// A field drawn at random.
    pub fn random(&self, moment: i64, rng: &mut Rng) -> Option<FieldRef<'_>> {
        let mut drawn = None;
        self.random_many(1, moment, rng, |f| drawn = Some(f));
        drawn
    }

    /// `count` fields drawn at random, which may be the same. None if all are gone.
    pub fn random_many<'a>(
        &'a self,
        count: usize,
        moment: i64,
        rng: &mut Rng,
        mut visit: impl FnMut(FieldRef<'a>),
    ) {
        if self.len_at(moment) == 0 {
            return;
        }
        match self.table() {
            Some(table) => (0..count).for_each(|_| visit(draw(table, moment, rng).into())),
            None => self.draw_packed(count, moment, rng, visit),
        }
    }

    fn draw_packed<'a>(
        &'a self,
        count: usize,
        moment: i64,
        rng: &mut Rng,
        mut visit: impl FnMut(FieldRef<'a>),
    ) {
        let fields = self.len_at(moment);
        if count == 1 {
            let nth = rng.below(fields as u64) as usize;
            return visit(self.iter_at(moment).nth(nth).expect("there are so many"));
        }
        let mut left = count;
        // Where in the hash, and the how manieth to be drawn: walked over in the order of the one, given in that of the other.
        let mut draws: Vec<(usize, usize)> = Vec::new();
        let mut found = Vec::new();
        while left > 0 {
            draws.clear();
            draws.extend((0..left.min(BATCH)).map(|n| (rng.below(fields as u64) as usize, n)));
            left -= draws.len();
            draws.sort_unstable();
            found.clear();
            let mut walk = self.iter_at(moment).enumerate();
            let mut here = walk.next().expect("there are fields");
            for (at, n) in &draws {
                while here.0 < *at {
                    here = walk.next().expect("there are so many");
                }
                found.push((*n, here.1));
            }
            found.sort_unstable_by_key(|(n, _)| *n);
            found.iter().for_each(|(_, f)| visit(*f));
        }
    }

    /// `count` different fields drawn at random, or all if there are no more.
    pub fn random_unique<'a>(
        &'a self,
        count: usize,
        moment: i64,
        rng: &mut Rng,
        mut visit: impl FnMut(FieldRef<'a>),
    ) {
        let fields = self.len_at(moment);
        match self.table() {
            Some(table) if count.saturating_mul(DRAWN_PER_WALKED) <= fields => {
                let mut drawn = HashSet::with_capacity(count);
                while drawn.len() < count {
                    let field = draw(table, moment, rng);
                    if drawn.insert(field.address()) {
                        visit(field.into());
                    }
                }
            }
            _ => {
                // Each is taken with the odds of how many are still wanted to how many are still to come.
                let (mut wanted, mut left) = (count.min(fields), fields);
                for f in self.iter_at(moment) {
                    if rng.below(left as u64) < wanted as u64 {
                        visit(f);
                        wanted -= 1;
                    }
                    left -= 1;
                }
            }
        }
    }
}

/// A field whose time has not passed, of which there is one.
fn draw<'a>(table: &'a Table<Field>, moment: i64, rng: &mut Rng) -> &'a Field {
    let stays = |field: &&Field| field.expires().is_none_or(|ms| ms >= moment);
    let mut random = || table.random(|| rng.next_u64()).expect("it is not empty");
    let drawn = (0..TRIES).map(|_| random()).find(stays);
    drawn.or_else(|| table.iter().find(stays)).expect("the caller has looked")
}
