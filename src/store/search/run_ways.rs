//! The ways to the runs of a page: in the order of a metric's values, through an index that few rows are in, or one run
//! after the other.
//!
//! Which is best hangs on the rows. They are counted first, no further than it matters. The databases' own statistics say
//! nothing about the values of one metric in one experiment.

use diesel::prelude::*;

use super::first_by_value::{Database, FirstByValue, IsAmongFirst, RowsByValue};
use super::keyset::{Key, behind, read_page};
use super::lookup::{FEW, Lookup, rounded_up};
use super::run_conditions::condition;
use super::run_keys::keys;
use super::run_search::{Part, RunSearch, Start};
use super::token::{KeyValue, of_other_search};
use super::value_range::{CountInRange, InRange, ValueRange};
use crate::error::Result;
use crate::search::{Entity, Relation};
use crate::store::runs::RunRow;
use crate::store::schema::runs;
use crate::store::{Backend, Condition, Db};

/// In so many experiments at most a search goes through the values of each.
const MOST_WALKS: usize = 16;
/// So many experiments at most are looked up in the table of values at once.
const MOST_EXPERIMENTS: usize = 1_000;
/// A page that begins or ends further behind is not looked for by values.
const LONGEST_WALK: i64 = 4_096;
/// So many rows are rather fetched and sorted than looked for by the values of another metric.
const VERY_FEW: i64 = 512;
/// Of so many metrics in a filter at most, the values are counted.
const MOST_RANGES: usize = 3;
/// Where a walk may be in vain, it visits a quarter of the rows at most, and never more than this.
const BUDGET: i64 = 4_096;

/// An index that leads to few rows.
enum Leader {
    /// Stands for the condition at a place.
    Tag(usize, Lookup),
    Values(ValueRange),
}

/// The rows of a page, and one more if there is another page.
pub fn rows(db: &mut Db, search: &RunSearch) -> Result<Vec<RunRow>> {
    let walk = Walk::of(search);
    let (leader, fewest) = leader(db, search, walk.as_ref())?;
    if let Some(walk) = walk
        && fewest > VERY_FEW
        && let Some(rows) = walk.rows(db, search)?
    {
        return Ok(rows);
    }
    rows_in_order(db, search, leader)
}

/// The index that leads to the fewest rows, if few enough, and how many.
fn leader(db: &mut Db, search: &RunSearch, walk: Option<&Walk>) -> Result<(Option<Leader>, i64)> {
    let mut leader = None;
    // All of the page has to be fetched anyway.
    let mut fewest = FEW.max(
        search
            .offset()
            .saturating_add(search.limit)
            .saturating_add(1),
    );
    // PostgreSQL knows by itself how rare the value of a tag is.
    if matches!(db, Db::Sqlite(_)) || walk.is_some() {
        for (place, asked) in search.conditions.iter().enumerate() {
            if let Some(lookup) = Lookup::of_runs(asked) {
                let rows = lookup.count(db, fewest)?;
                if rows < fewest {
                    fewest = rows;
                    leader = Some(Leader::Tag(place, lookup));
                }
            }
        }
    }
    for range in ranges(search, walk) {
        let count = CountInRange {
            range: &range,
            experiments: search.experiments,
            upto: rounded_up(fewest),
        };
        if let Some(rows) = count.count(db)?.rows
            && rows < fewest
        {
            fewest = rows;
            leader = Some(Leader::Values(range));
        }
    }
    Ok((leader, fewest))
}

/// What the filter says about metrics, but for the one that the order goes by.
fn ranges(search: &RunSearch, walk: Option<&Walk>) -> Vec<ValueRange> {
    let mut ranges: Vec<ValueRange> = Vec::new();
    if search.experiments.is_empty() || search.experiments.len() > MOST_EXPERIMENTS {
        return ranges;
    }
    for key in search.conditions.iter().filter_map(ValueRange::key_of) {
        let is_new = ranges.iter().all(|range| range.key != key)
            && walk.is_none_or(|walk| walk.range.key != key);
        if is_new && ranges.len() < MOST_RANGES {
            ranges.push(ValueRange::of(key, search.conditions));
        }
    }
    ranges
}

fn rows_in_order(db: &mut Db, search: &RunSearch, leader: Option<Leader>) -> Result<Vec<RunRow>> {
    let keys = keys(search.order)?;
    let mut load = |behind, limit| {
        let (leading, stands_for) = match &leader {
            None => (None, None),
            Some(Leader::Tag(place, lookup)) => (Some(boxed(lookup.clone())), Some(*place)),
            Some(Leader::Values(range)) => {
                let in_range = InRange {
                    range: range.clone(),
                    experiments: search.experiments.to_vec(),
                };
                (Some(boxed(in_range)), None)
            }
        };
        let part = Part {
            leading,
            stands_for,
            behind,
            limit,
        };
        search.load(db, part)
    };
    let Start::Behind(Some(after)) = &search.start else {
        return load(None, search.limit + 1);
    };
    let by_column = search
        .order
        .first()
        .is_none_or(|first| first.field.entity == Entity::Attribute);
    if by_column {
        return read_page(&keys, Some(after), search.limit, load);
    }
    // No index begins at a place in another order: two parts would read all runs twice.
    let behind = behind(&keys, after).ok_or_else(of_other_search)?;
    load(Some(behind), search.limit + 1)
}

fn boxed<C>(condition: C) -> Condition<runs::table>
where
    C: diesel::expression::BoxableExpression<
            runs::table,
            Backend,
            SqlType = diesel::sql_types::Bool,
        > + 'static,
{
    Box::new(condition)
}

/// A way through the values of the metric that comes first in the order.
struct Walk {
    /// What the filter says about the metric.
    range: ValueRange,
    ascending: bool,
    /// The value at which the page begins.
    from: Option<f64>,
}

impl Walk {
    fn of(search: &RunSearch) -> Option<Self> {
        let first = search.order.first()?;
        let rows = search.offset().saturating_add(search.limit);
        let is_short = rows < LONGEST_WALK && (1..=MOST_WALKS).contains(&search.experiments.len());
        if first.field.entity != Entity::Metric || !is_short {
            return None;
        }
        let from = match &search.start {
            Start::Behind(Some(after)) => match after.as_slice() {
                [KeyValue::Boolean(false), KeyValue::Float(bits), ..] => {
                    Some(f64::from_bits(*bits))
                }
                // What comes now has no number.
                _ => return None,
            },
            Start::Behind(None) | Start::At(_) => None,
        };
        Some(Self {
            range: ValueRange::of(&first.field.key, search.conditions),
            ascending: first.ascending,
            from,
        })
    }

    /// The rows of the page, or `None` if values do not lead to all of them.
    fn rows(&self, db: &mut Db, search: &RunSearch) -> Result<Option<Vec<RunRow>>> {
        let others: Vec<_> = search
            .conditions
            .iter()
            .filter(|asked| ValueRange::key_of(asked) != Some(&self.range.key))
            .cloned()
            .collect();
        // Runs without such a number come behind all others, unless the filter leaves them out.
        let is_complete = self.range.is_bounded();
        let may_be_in_vain = !is_complete && !others.is_empty();
        let count = CountInRange {
            range: &self.range,
            experiments: search.experiments,
            upto: if may_be_in_vain { BUDGET * 4 } else { 0 },
        };
        let state = count.count(db)?;
        let Some(count) = state.rows else {
            return Ok(None);
        };
        let rows = search.offset() + search.limit + 1;
        // There shall not be many statements that differ in it alone.
        let most = if rows > 128 { rounded_up(rows) } else { rows };
        let is_one = search.experiments.len() == 1;
        let budget = may_be_in_vain.then_some(count / 4);
        if budget.is_some_and(|budget| budget < most || !is_one) {
            return Ok(None);
        }
        let keys = keys(search.order)?;
        let place = || match &search.start {
            Start::Behind(Some(after)) => {
                behind(&keys, after).ok_or_else(of_other_search).map(Some)
            }
            _ => Ok(None),
        };
        let mut conditions = vec![search.of_stages()];
        for asked in others {
            conditions.push(condition(asked)?);
        }
        conditions.extend(place()?);
        let first = FirstByValue {
            range: self.range_from_start(),
            experiments: search.experiments.to_vec(),
            ascending: self.ascending,
            // The first two keys are the metric's.
            ties: keys.iter().skip(2).map(Key::order).collect(),
            conditions,
            most,
            budget,
            database: Database::of(db),
        };
        let rows = if is_one && !state.is_marked {
            read(db, first, search.offset())?
        } else {
            let part = Part {
                leading: Some(boxed(IsAmongFirst(first))),
                stands_for: None,
                behind: place()?,
                limit: search.limit + 1,
            };
            search.load(db, part)?
        };
        let is_full = super::room(&rows, search.limit) <= 0;
        Ok((is_complete || is_full).then_some(rows))
    }

    fn range_from_start(&self) -> ValueRange {
        let mut range = self.range.clone();
        let relation = if self.ascending {
            Relation::GreaterOrEqual
        } else {
            Relation::LessOrEqual
        };
        range.bounds.extend(self.from.map(|from| (relation, from)));
        range
    }
}

/// Reads the runs themselves in the order of the values.
fn read(db: &mut Db, first: FirstByValue, offset: i64) -> Result<Vec<RunRow>> {
    let query = RowsByValue {
        first,
        columns: <RunRow as Selectable<Backend>>::construct_selection(),
    };
    let mut rows: Vec<RunRow> = query.load(db)?;
    let before = usize::try_from(offset)
        .unwrap_or(usize::MAX)
        .min(rows.len());
    rows.drain(..before);
    Ok(rows)
}
