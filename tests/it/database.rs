//! A database per test, and the same suite on both kinds.

use crate::postgres;
use store::{Store, StoreOptions};
use tempfile::TempDir;

/// A migrated database; its file, if it has one, goes with it.
pub struct TestDb {
    pub store: Store,
    pub url: String,
    _folder: Option<TempDir>,
}

pub fn options(url: &str) -> StoreOptions {
    StoreOptions { url: url.to_owned(), connections: 4, acquire_ms: 10_000, statement_ms: 60_000 }
}

impl TestDb {
    pub async fn sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite:{}", folder.path().join("test.db").display());
        Self::at(url, Some(folder)).await
    }

    pub async fn postgres() -> Option<Self> {
        let url = postgres::new_database()?;
        Some(Self::at(url, None).await)
    }

    /// The database at an address, migrated.
    pub async fn at(url: String, folder: Option<TempDir>) -> Self {
        let store = Store::connect(&options(&url)).await.unwrap();
        store.migrate().await.unwrap();
        Self { store, url, _folder: folder }
    }
}

/// Runs a test on SQLite and on PostgreSQL: `on_both!(a_sentence_as_name, async |db| { ... });`.
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            #[tokio::test(flavor = "multi_thread")]
            async fn on_sqlite() {
                let db = crate::database::TestDb::sqlite().await;
                ($body)(&db).await;
            }
            #[tokio::test(flavor = "multi_thread")]
            async fn on_postgres() {
                if let Some(db) = crate::database::TestDb::postgres().await {
                    ($body)(&db).await;
                }
            }
        }
    };
}
pub(crate) use on_both;
