//! A list as a query string: the one that parses to it.

use super::{Cursors, ListQuery, ast::Window};

impl ListQuery {
    /// The query string that parses to this query.
    pub fn print(&self, cursors: &Cursors) -> String {
        match &self.window {
            Window::Page(page) => format!("page={page}&limit={}", self.limit),
            Window::Cursor(None) => format!("cursor=&limit={}", self.limit),
            Window::Cursor(Some(position)) => {
                format!("cursor={}&limit={}", cursors.seal(position), self.limit)
            }
        }
    }

    /// What decides which rows there are and in which order.
    pub(super) fn print_selection(&self) -> String {
        format!("{:?} {:?} {:?}", self.filter, self.search, self.sort)
    }
}
