//! Lists as Relay connections: pages, cursors, page info.
//!
//! Owns the cursor's form: the place of a row in its list, unreadable on purpose but without
//! secrets. A cursor names the list it belongs to, so one of another field or ordering is refused
//! instead of answering something else.

use crate::errors::Refusal;
use async_graphql::connection::PageInfo;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The cursor of a place in a list.
pub(crate) fn cursor<K: Serialize>(list: &str, key: &K) -> String {
    // Integers and strings cannot fail to serialise.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, key)).unwrap_or_default())
}

/// The place that a cursor names.
pub(crate) fn place<K: DeserializeOwned>(
    argument: &str,
    list: &str,
    text: &str,
) -> Result<K, Refusal> {
    let wrong = || {
        Refusal::bad_input(format!(
            "'{argument}' is not a cursor of this list: pass a cursor that the same field gave \
             with the same order, or leave '{argument}' out to start at the beginning"
        ))
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| wrong())?;
    let (of, key): (String, serde_json::Value) =
        serde_json::from_slice(&bytes).map_err(|_| wrong())?;
    if of != list {
        return Err(wrong());
    }
    serde_json::from_value(key).map_err(|_| wrong())
}

/// Rows of a page with their cursors.
pub(crate) struct Page<N> {
    pub rows: Vec<(String, N)>,
    pub has_previous: bool,
    pub has_next: bool,
}

impl<N> Page<N> {
    /// A page walked forward: `rows` holds up to one row more than `first`, which tells that the
    /// list goes on.
    pub(crate) fn forward(
        rows: impl IntoIterator<Item = (String, N)>,
        first: u32,
        after: bool,
    ) -> Self {
        let mut rows: Vec<_> = rows.into_iter().collect();
        let has_next = rows.len() > first as usize;
        rows.truncate(first as usize);
        Self { rows, has_previous: after, has_next }
    }

    pub(crate) fn info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.rows.first().map(|(cursor, _)| cursor.clone()),
            end_cursor: self.rows.last().map(|(cursor, _)| cursor.clone()),
        }
    }
}

/// Declares a connection and its edge for a node type. With `total`, `totalCount` runs a statement
/// of its own, and only when it is selected.
macro_rules! connection {
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $connection {
            /// The entries of this page.
            edges: Vec<$edge>,
            /// Whether and how to go on.
            page_info: async_graphql::connection::PageInfo,
        }
        impl From<$crate::connection::Page<$node>> for $connection {
            fn from(page: $crate::connection::Page<$node>) -> Self {
                let page_info = page.info();
                let edges = page.rows.into_iter().map(|(cursor, node)| $edge { cursor, node });
                Self { edges: edges.collect(), page_info }
            }
        }
        $crate::connection::edge!($edge, $node);
    };
    ($(#[$doc:meta])* $connection:ident, $edge:ident, $node:ty, total) => {
        $(#[$doc])*
        #[derive(async_graphql::SimpleObject)]
        #[graphql(complex)]
        pub(crate) struct $connection {
            /// The entries of this page.
            edges: Vec<$edge>,
            /// Whether and how to go on.
            page_info: async_graphql::connection::PageInfo,
            #[graphql(skip)]
            total: $crate::loaders::Total,
        }
        #[async_graphql::ComplexObject]
        impl $connection {
            /// How many entries the whole list has. Counted only when selected.
            async fn total_count(
                &self,
                ctx: &async_graphql::Context<'_>,
            ) -> Option<async_graphql::Result<i32>> {
                $crate::asked::shown(async {
                    Ok(Some(self.total.count(ctx).await?))
                })
                .await
            }
        }
        impl $connection {
            pub(crate) fn new(
                page: $crate::connection::Page<$node>,
                total: $crate::loaders::Total,
            ) -> Self {
                let page_info = page.info();
                let edges = page.rows.into_iter().map(|(cursor, node)| $edge { cursor, node });
                Self { edges: edges.collect(), page_info, total }
            }
        }
        $crate::connection::edge!($edge, $node);
    };
}
pub(crate) use connection;

macro_rules! edge {
    ($edge:ident, $node:ty) => {
        /// An entry of a list with its place in it.
        #[derive(async_graphql::SimpleObject)]
        pub(crate) struct $edge {
            /// The place in the list: pass it as `after` to go on behind it.
            cursor: String,
            /// The entry.
            node: $node,
        }
    };
}
pub(crate) use edge;
