//! Lists that are read a page at a time, in the order of their rows' ids.

/// A request for one page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// The id of the last row of the page before; zero for the first page.
    pub after: i64,
    /// The maximum number of items on the page.
    pub limit: i64,
}

impl PageRequest {
    /// Returns how many rows to read: one more than the page has, which shows whether another page follows.
    pub fn rows(self) -> i64 {
        self.limit.saturating_add(1)
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paged<T> {
    pub items: Vec<T>,
    /// The id after which the next page begins. `None` on the last page.
    pub next: Option<i64>,
}

impl<T> Default for Paged<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            next: None,
        }
    }
}

impl<T> Paged<T> {
    /// Makes a page of the rows that were read for a request.
    pub fn of(mut rows: Vec<T>, request: PageRequest, id: impl Fn(&T) -> i64) -> Self {
        let limit = usize::try_from(request.limit).unwrap_or(usize::MAX);
        let is_more = rows.len() > limit;
        rows.truncate(limit);
        Self {
            next: rows.last().filter(|_| is_more).map(id),
            items: rows,
        }
    }

    /// Converts each item.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Paged<U> {
        Paged {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_begins() {
        let request = PageRequest { after: 0, limit: 2 };
        assert_eq!(request.rows(), 3);
        let page = |rows: &[i64]| Paged::of(rows.to_vec(), request, |row| *row);
        assert_eq!(page(&[]).next, None);
        assert_eq!(page(&[4, 5]).next, None);
        let first = page(&[4, 5, 6]);
        assert_eq!((first.items, first.next), (vec![4, 5], Some(5)));
    }
}
